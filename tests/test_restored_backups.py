"""A database that was put back: erasures and withdrawals since are in force as soon as it is opened."""

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, make_url

from errors import DataError
from finetune.erase import Wish, erase
from profiles.customer import Customer
from profiles.observation import Authority
from profiles.privacy.consent_file import WITHDRAWN, last_words
from profiles.privacy.consents import Consent
from profiles.privacy.excluded import barred
from profiles.privacy.keys import customer_key
from profiles.privacy.purposes import Purpose
from profiles.shop.imports import open_store
from profiles.storage.database import DATABASE, DATABASE_FILE, open_database, reading, writing
from profiles.store import ProfileStore
from tests.profiles_shop import START, observation, write_shop

ADA, BO = "C1001", "C1002"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shop(tmp_path_factory.mktemp("shop") / "shop")


class Backup:
    """All rows of a database as they were when it was made; `put_back` leaves the state directory as it is."""

    def __init__(self, url: str) -> None:
        self._url, self._tables = url, MetaData()
        with reading(engine := open_database(url)) as connection:
            self._tables.reflect(connection)
            self._rows = {
                table.name: [row._asdict() for row in connection.execute(table.select())]
                for table in self._tables.sorted_tables
            }
        engine.dispose()

    def put_back(self) -> None:
        with writing(engine := open_database(self._url)) as connection:
            for table in self._tables.sorted_tables:
                connection.execute(table.delete())
                if rows := self._rows[table.name]:
                    connection.execute(table.insert(), rows)
        engine.dispose()


def opened(shop: Path, state: Path, url: str) -> ProfileStore:
    return open_store(shop, state, url)


def said(customer: str, purpose: Purpose, granted: bool, day: float = 1.0) -> Consent:
    return Consent(customer, purpose, granted, START + timedelta(days=day), "letter", "Ada")


def agreeing(shop: Path, state: Path, url: str) -> ProfileStore:
    """A store of two customers who agree to everything, and of whom something was learnt."""
    store = opened(shop, state, url)
    everything = {purpose.value: True for purpose in Purpose}
    store.put_customers([Customer(name, "Somebody", consent=everything) for name in (ADA, BO)])
    for name in (ADA, BO):
        seen = observation(f"{name}-seen", "size", "M", by=Authority.OBSERVED, customer=name)
        store.append([seen, observation(f"{name}-said", "need", "socks", polarity="like", customer=name)])
    return store


def learnt(store: ProfileStore, customer: str) -> set[str]:
    return {trait.attribute for trait in store.read(customer).traits}


def test_who_withdrew_since_the_backup_has_withdrawn_when_it_is_back(shop: Path, url: str, tmp_path: Path) -> None:
    store = agreeing(shop, tmp_path, url)
    backup = Backup(url)
    store.record_consents([said(ADA, Purpose.PROFILING, False), said(ADA, Purpose.TRAINING, False)])
    store.engine.dispose()
    backup.put_back()
    assert customer_key(ADA, store.salt or b"") in barred(tmp_path, url)  # even before anybody opens it
    back = opened(shop, tmp_path, url)
    assert [purpose for purpose in Purpose if back.allows(ADA, purpose)] == [Purpose.SERVICE]
    assert learnt(back, ADA) == {"need"} and learnt(back, BO) == {"need", "size"}
    assert all(back.allows(BO, purpose) for purpose in Purpose)
    assert [line.source for line in back.consent_history(ADA)[-2:]] == [WITHDRAWN, WITHDRAWN]
    count = len(back.consent_history(ADA))
    back.engine.dispose()
    assert len(opened(shop, tmp_path, url).consent_history(ADA)) == count  # once


def test_who_agreed_again_agrees_and_what_a_newer_database_says_stays(shop: Path, url: str, tmp_path: Path) -> None:
    store = agreeing(shop, tmp_path, url)
    store.record_consents([said(ADA, Purpose.TRAINING, False, 1.0)])
    backup = Backup(url)
    store.record_consents([said(ADA, Purpose.TRAINING, True, 2.0)])
    before = store.consent_history(ADA)
    store.engine.dispose()
    assert opened(shop, tmp_path, url).consent_history(ADA) == before
    backup.put_back()
    assert opened(shop, tmp_path, url).allows(ADA, Purpose.TRAINING)


def test_a_first_record_is_left_to_the_shops_file_and_a_changed_one_is_not(
    shop: Path, url: str, tmp_path: Path
) -> None:
    store = opened(shop, tmp_path, url)
    store.put_customers([Customer(ADA, "Ada", consent={"training": False}), Customer(BO, consent={"training": True})])
    assert last_words(tmp_path) == []
    backup = Backup(url)
    store.put_customers([Customer(BO, consent={"training": False})])
    store.engine.dispose()
    backup.put_back()
    assert not opened(shop, tmp_path, url).allows(BO, Purpose.TRAINING)


def test_who_comes_back_after_the_backup_is_met_by_their_word(shop: Path, url: str, tmp_path: Path) -> None:
    store = opened(shop, tmp_path, url)
    backup = Backup(url)
    store.put_customers([Customer(ADA, "Ada", consent={"profiling": True})])
    store.record_consents([said(ADA, Purpose.PROFILING, False)])
    store.engine.dispose()
    backup.put_back()
    opened(shop, tmp_path, url).put_customers([Customer(ADA, "Ada", consent={"profiling": True})])
    assert not opened(shop, tmp_path, url).allows(ADA, Purpose.PROFILING)


def test_an_erasure_takes_the_words_from_the_file_and_the_file_names_nobody(
    shop: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = agreeing(shop, tmp_path, url)
    backup = Backup(url)
    store.record_consents([said(name, Purpose.TRAINING, False) for name in (ADA, BO)])
    store.engine.dispose()
    assert ADA not in (tmp_path / WITHDRAWN).read_text() and len(last_words(tmp_path)) == 2
    if make_url(url).drivername != "sqlite":
        monkeypatch.setenv(DATABASE, url)
    (receipt,) = erase(Wish(ADA, shop, tmp_path, (), (), "Ada"))
    assert receipt.removed["withdrawals on file"] == 1
    assert [word.customer for word in last_words(tmp_path)] == [customer_key(BO, store.salt or b"")]
    backup.put_back()
    back = opened(shop, tmp_path, url)
    assert ADA not in back.customers() and not back.allows(BO, Purpose.TRAINING)


def test_a_damaged_file_stops_the_start_and_names_its_line(shop: Path, url: str, tmp_path: Path) -> None:
    opened(shop, tmp_path, url).engine.dispose()
    (tmp_path / WITHDRAWN).write_text('{"customer": "k"}\n')
    with pytest.raises(DataError, match=rf"{WITHDRAWN}, line 1"):
        opened(shop, tmp_path, url)


WORDS = st.lists(st.tuples(st.sampled_from((ADA, BO)), st.sampled_from(Purpose), st.booleans()), max_size=12)


@settings(max_examples=25, deadline=None)
@given(WORDS, st.integers(0, 12))
def test_whenever_the_backup_was_made_the_last_word_holds(
    shop: Path, tmp_path_factory: pytest.TempPathFactory, words: list[tuple[str, Purpose, bool]], when: int
) -> None:
    state = tmp_path_factory.mktemp("state")
    url = f"sqlite:///{state / DATABASE_FILE}"
    store = agreeing(shop, state, url)
    backup = Backup(url)
    for number, word in enumerate(words):
        if number == when:
            backup = Backup(url)
        store.record_consents([said(*word, day=number)])
    expected = {(name, purpose): store.allows(name, purpose) for name in (ADA, BO) for purpose in Purpose}
    store.engine.dispose()
    backup.put_back()
    back = opened(shop, state, url)
    assert {(name, purpose): back.allows(name, purpose) for name, purpose in expected} == expected
    back.engine.dispose()


def test_the_commands_of_the_documentation_back_up_and_restore(shop: Path, tmp_path: Path) -> None:
    """As docs/keeping.md has it for SQLite: `.backup` into a copy, and the copy put in place of the file."""
    state = tmp_path / "state"
    store = agreeing(shop, state, f"sqlite:///{state / DATABASE_FILE}")
    copy = tmp_path / "copy.db"
    code = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", code, state / DATABASE_FILE, copy], check=True)
    store.record_consents([said(ADA, Purpose.PROFILING, False)])
    store.engine.dispose()
    for leftover in state.glob(f"{DATABASE_FILE}*"):
        leftover.unlink()
    shutil.copy(copy, state / DATABASE_FILE)
    assert not opened(shop, state, f"sqlite:///{state / DATABASE_FILE}").allows(ADA, Purpose.PROFILING)
