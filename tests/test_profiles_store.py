"""The store loses nothing: not when repeated, not with several writers, not on a full disk."""

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select

from errors import ConfigError, DataError, NotFound, Refused, StorageError
from profiles.customer import Customer
from profiles.fold import fold
from profiles.observation import Authority, Observation
from profiles.schema import Schema
from profiles.storage.database import open_database
from profiles.storage.tables import projections
from profiles.store import ProfileStore
from tests.profiles_shop import PRIVACY, SCHEMA, START, observation
from tests.test_profiles_fold import journals


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    return ProfileStore(open_database(tmp_path / "state" / "shopkeeper.db"), SCHEMA, PRIVACY)


def bodies(store: ProfileStore) -> dict[tuple[str, str], str]:
    with store.engine.connect() as connection:
        return {(row.customer, row.attribute): row.body for row in connection.execute(select(projections))}


def permitted(journal: list[Observation]) -> list[Observation]:
    """Those the schema lets their authority write."""
    return [item for item in journal if item.authority in SCHEMA.attribute(item.attribute).writers]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(journals(), st.integers(1, 4))
def test_projection_fold_and_rebuild_agree_however_the_journal_arrives(
    tmp_path_factory: pytest.TempPathFactory, journal: list[Observation], size: int
) -> None:
    store = ProfileStore(open_database(tmp_path_factory.mktemp("db") / "a.db"), SCHEMA, PRIVACY)
    written = permitted(journal)
    for start in range(0, len(written), size):
        store.append(written[start : start + size])
        store.append(written[start : start + size])
    at = START + timedelta(days=20)
    expected = fold(written, SCHEMA, at)
    assert (store.read("C1", at).traits, store.read("C1", at).past) == (expected.traits, expected.past)
    before = bodies(store)
    store.rebuild()
    assert {k: sorted(v) for k, v in bodies(store).items()} == {k: sorted(v) for k, v in before.items()}
    assert (store.read("C1", at).traits, store.read("C1", at).past) == (expected.traits, expected.past)


def test_a_schema_that_changed_is_followed_at_once(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "a.db")
    ProfileStore(engine, SCHEMA, PRIVACY).append([observation("1", "size", "M"), observation("2", "size", "L", days=1)])
    several = Schema(dict(SCHEMA.attributes) | {"size": replace(SCHEMA.attribute("size"), many=True)})
    store = ProfileStore(engine, several, PRIVACY)
    assert {trait.value for trait in store.read("C1").traits} == {"M", "L"}
    store.append([observation("3", "size", "S", days=2)])
    assert {trait.value for trait in store.read("C1").traits} == {"S", "M", "L"}


def test_appending_twice_writes_once(store: ProfileStore) -> None:
    item = observation("1", "size", "M")
    first, second = store.append([item, item]), store.append([item])
    assert [trait.value for trait in first.added] == ["M"]
    assert (second.added, second.superseded, second.retracted) == ((), (), ())
    assert store.history("C1") == [item]


def test_an_append_says_what_became_of_the_traits(store: ProfileStore) -> None:
    store.append([observation("1", "size", "M"), observation("2", "budget", 100.0)])
    change = store.append(
        [observation("3", "size", "L", days=1), observation("4", "budget", "*", op="retract", days=1)]
    )
    assert [trait.value for trait in change.added] == ["L"]
    assert [trait.value for trait in change.superseded] == ["M"]
    assert [trait.value for trait in change.retracted] == [100.0]


def test_the_profile_of_an_earlier_day_can_be_read(store: ProfileStore) -> None:
    store.append([observation("1", "size", "M"), observation("2", "size", "L", days=5)])
    assert [trait.value for trait in store.read("C1", START + timedelta(days=1)).traits] == ["M"]
    assert [trait.value for trait in store.read("C1").traits] == ["L"]


def test_the_store_refuses_what_the_schema_does_not_allow(store: ProfileStore) -> None:
    with pytest.raises(Refused, match="member_tier"):
        store.append([observation("1", "member_tier", "vip")])
    with pytest.raises(Refused, match="shop's own"):
        store.append([observation("2", "member_tier", "*", op="retract")])
    with pytest.raises(DataError, match="unknown attribute"):
        store.append([observation("3", "shoe_color", "red")])
    assert not store.history("C1")


def test_an_unknown_customer_has_an_empty_profile_and_no_record(store: ProfileStore) -> None:
    store.put_customers([Customer("C7", "Ada", consent={"profiling": True})])
    assert not store.read("C9").traits
    assert store.customer("C7").consents("profiling") and not store.customer("C7").consents("training")
    assert store.consents("C7") == store.consents("visitor-1") == {"profiling": True}  # said, and the shop's default
    with pytest.raises(NotFound, match="C7"):
        store.customer("C9")


def test_an_append_does_not_overwrite_the_shops_record(store: ProfileStore) -> None:
    store.put_customers([Customer("C1", "Ada")])
    store.append([observation("1", "size", "M")])
    assert store.customer("C1").name == "Ada"


def test_neither_a_profile_nor_an_append_grows_with_the_journal(store: ProfileStore) -> None:
    def said(number: int) -> Observation:
        value = float(100 + number % 7)
        return observation(f"{number}", "budget", value, days=number / 100, op="assert" if number % 9 else "retract")

    sizes, statements = [], list[str]()
    for start in range(0, 600, 200):
        store.append([said(number) for number in range(start, start + 200)])
        sizes.append(len(bodies(store)["C1", "budget"]))
    assert sizes[2] <= sizes[1] * 1.1
    event.listen(store.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    store.append([said(600)])
    assert not [text for text in statements if "SELECT observation.seq" in text]
    store.append([replace(said(601), at=START)])  # out of the order of time: the attribute is folded again
    assert [text for text in statements if "SELECT observation.seq" in text]


def test_threads_that_share_a_store_lose_nothing(store: ProfileStore) -> None:
    def write(name: str) -> None:
        for number in range(40):
            store.append([observation(f"{name}{number}", "need", f"{name} {number}", polarity="like")])

    threads = [threading.Thread(target=write, args=(name,)) for name in ("c", "d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.history("C1")) == len(store.read("C1").traits) == 80


def limit_pages(engine: Engine, pages: int) -> None:
    """From now on the database may have so many pages, as on a disk that is full."""
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute(f"PRAGMA max_page_count={pages}"))


def test_a_full_disk_is_an_error_and_earlier_writes_remain(store: ProfileStore) -> None:
    store.append([observation("first", "size", "M")])
    limit_pages(store.engine, 1)  # SQLite takes it as: no page more than there are
    long_before = store.history("C1")
    with pytest.raises(StorageError, match="full"):
        for number in range(50):
            noise = [observation(f"{number}-{i}", "need", f"{number} {i} {'x' * 90}") for i in range(50)]
            store.append(noise)
            long_before += noise
    assert {item.id for item in store.history("C1")} == {item.id for item in long_before}
    assert [trait.value for trait in store.read("C1").of("size")] == ["M"]


def test_a_damaged_database_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StorageError, match="not a database"):
        ProfileStore(open_database(tmp_path / "bad.db"), SCHEMA, PRIVACY)


def test_a_url_that_names_no_database_is_a_config_error() -> None:
    with pytest.raises(ConfigError):
        open_database("nosuchdb://host/name")


def test_strongest_authority_first_is_how_profiles_read(store: ProfileStore) -> None:
    store.append(
        [
            observation("1", "size", "M", by=Authority.OBSERVED),
            observation("2", "size", "L", by=Authority.STATED),
        ]
    )
    (trait,) = store.read("C1").traits
    assert (trait.value, [challenge.value for challenge in trait.challenges]) == ("L", ["M"])
