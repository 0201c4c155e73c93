"""A shop's database moved from SQLite to PostgreSQL and back: all of it is there, and the shop goes on where it was."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, func, select, text

from agent.cart.cart import put
from agent.checkpoints import CHECKPOINTS_FILE, open_checkpoints
from agent.conversations import Conversations
from agent.migration.__main__ import main
from agent.migration.shop import TABLES, Kept, move
from agent.models.scripted import Answer, ScriptedModel
from agent.services import open_services
from agent.shop import load_shop
from agent.shopkeeper import Shopkeeper
from errors import DataError, Refused, StorageError
from finetune.__main__ import main as finetune
from profiles.events.act_log import newest_number
from profiles.history.explanation import reasons_of
from profiles.intents.reads import read_intents
from profiles.privacy.audit import Act, Audit
from profiles.privacy.consents import Consent
from profiles.privacy.purposes import Purpose
from profiles.shop.imports import open_intake
from profiles.storage.database import DATABASE, DATABASE_FILE, open_database, reading, writing
from profiles.storage.tables import counted_events, metadata
from retrieval.embedder import Embedder
from tests.agent_shop import change, noting, small_shop
from tests.events_shop import NOW, event, histories, outcome
from tests.events_shop import open_intake as intake_of
from tests.postgresql_server import Server
from tests.profile_stores import merged_into
from tests.profiles_shop import observation
from ui.access.caller import Scope
from ui.access.codes import Codes
from ui.access.keys import Keys
from ui.api.idempotency import KeptAnswers

ADA, GONE = "C1002", "C1003"
LOOK = "I need touchscreen gloves and look for a jacket"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_shop(tmp_path_factory.mktemp("small"), (ADA, GONE))


@cache
def _embedder() -> Embedder:
    return Embedder()


@contextmanager
def opened(shop: Path, state: Path, url: str | None, *answers: Answer) -> Iterator[Shopkeeper]:
    """The shop's agent, as a start of the program has it; the model gives these answers."""
    services = open_services(load_shop(shop), state, _embedder(), database=url)
    with open_checkpoints(services.profiles.engine, state) as checkpoints:
        yield Shopkeeper(services, ScriptedModel(script=list(answers)), checkpoints.saver)
    services.profiles.engine.dispose()


def first_sku(shop: Path) -> str:
    return str(json.loads((shop / "catalog.jsonl").read_text().splitlines()[0])["sku"])


def live(shop: Path, state: Path) -> None:
    """A shop on SQLite that has something in every table."""
    noted, search = noting(change("touchscreen", "need", "touchscreen", "like")), {"query": "jacket"}
    looked, cancel = ("search_products", search), ("cancel_order", {"order_id": "last"})
    with opened(shop, state, None, [noted, looked], [cancel]) as keeper:
        services, store = keeper.services, keeper.services.profiles
        store.record_consents([Consent(ADA, Purpose.PROFILING, True, NOW, "letter", "Ada")])
        keeper.reply(ADA, "talk", LOOK)
        keeper.reply(ADA, "talk", "and cancel my last order")
        services.handoffs.open(ADA, "waits", "wants a person", "summary")
        Conversations(store.engine).begin("talk", ADA, "a digest")
        product = services.retriever.catalog.products[0]
        there = next(variant for variant in product.variants if variant.stock)
        services.carts.change(ADA, lambda lines: put(lines, product, there, 1))
        sku = first_sku(shop)
        acts = [event(number, sku=sku, userId=ADA, timestamp="2026-11-01T10:00:00Z") for number in range(4)]
        acts += [event(8, sku=sku, userId="nobody yet"), event(9, sku="no such", userId=ADA)]
        open_intake(shop, store).take(acts)
        KeptAnswers(store.engine).begin("key", "request", ADA)
        store.merge("visitor-9", ADA)
        Audit(store.engine).note(ADA, Act.READ, "Ada", detail="show")
        Keys(store.engine).create("crm", [Scope.CHAT])
        Codes(store.engine, "secret").make("ada@example.org", ADA)
    assert finetune(["erase", GONE, "--shop", str(shop), "--state", str(state), "--json"]) == 0


def told(keeper: Shopkeeper) -> dict[str, Any]:
    """What a shop knows and holds of Ada."""
    store = keeper.services.profiles
    settled = [(name, item) for name, item in store.settled(ADA).items() if name in store.schema.attributes]
    return {
        "profile": store.read(ADA, NOW),
        "why": sorted((reasons_of(store.schema.attribute(name), item, NOW) for name, item in settled), key=repr),
        "history": store.history(ADA),
        "intents": read_intents(store, ADA, NOW),
        "consents": store.consent_history(ADA),
        "audit": Audit(store.engine).of([ADA]),
        "visitors": merged_into(store, ADA),
        "keys": Keys(store.engine).all(),
        "orders": keeper.services.orders.list(ADA),
        "proposal": keeper.services.proposals.last("talk"),
        "handoffs": keeper.services.handoffs.waiting(),
        "cart": (keeper.services.carts.get(ADA), keeper.services.carts.history(ADA)),
        "messages": [(message.type, message.text, message.id) for message in keeper.messages("talk")],
        "transcript": keeper.transcript("talk"),
        "erased": store.erased_among([GONE, ADA]),
    }


def moved_by_command(capsys: pytest.CaptureFixture[str], shop: Path, state: Path, to: str) -> dict[str, Any]:
    capsys.readouterr()
    code = main(["--shop", str(shop), "--state", str(state), "--to", to, "--json"])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    found: dict[str, Any] = json.loads(printed.out)
    return found


def test_a_shop_goes_on_where_it_was_after_the_move_and_after_the_way_back(
    shop: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    live(shop, tmp_path)
    with opened(shop, tmp_path, None) as keeper:
        before = told(keeper)
    files = {name: (tmp_path / name).read_bytes() for name in (DATABASE_FILE, CHECKPOINTS_FILE)}
    url = server.database()
    there = moved_by_command(capsys, shop, tmp_path, url)
    assert there["left"] == [] and {name: (tmp_path / name).read_bytes() for name in files} == files
    assert [table.name for table in TABLES if not there["tables"][table.name]["rows"]] == [
        "event_file",
        "left_out_order",
        "order_case",
    ]
    assert there["tables"]["checkpoints"]["rows"] and there["tables"]["writes"]["rows"]
    for name in files:
        (tmp_path / name).rename(tmp_path / f"{name}.before")
    with opened(shop, tmp_path, url) as keeper:
        assert told(keeper) == before and before["intents"] and before["why"]
    monkeypatch.setenv(DATABASE, url)
    assert moved_by_command(capsys, shop, tmp_path, "sqlite") == there  # the same digests
    monkeypatch.delenv(DATABASE)
    with opened(shop, tmp_path, None) as keeper:
        assert told(keeper) == before
    with opened(shop, tmp_path, url) as keeper:  # what was opened before the move is done after it
        order = before["proposal"].arguments["order_id"]
        keeper.reply(ADA, "talk", "yes please")
        assert keeper.services.orders.get(ADA, order).status == "cancelled"
        store = keeper.services.profiles
        said = next(item for item in store.history(ADA) if item.value == "touchscreen")
        assert [trait.value for trait in store.undo(said.id).retracted] == ["touchscreen"]
        again = event(8, sku=first_sku(shop), userId="nobody yet")
        assert open_intake(shop, store).take([again]).duplicates == 1
        with pytest.raises(Refused, match="erased"):
            store.append([observation("late", "need", "x", customer=GONE)])


NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(phases=NO_SHRINKING, max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)))
def test_whatever_happened_reads_the_same_in_both_and_more_can_happen(
    server: Server, tmp_path_factory: pytest.TempPathFactory, events: list[dict[str, Any]], words: list[str]
) -> None:
    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    intake = intake_of(folders[0] / "shop.db")
    intake.take(events)
    said = [observation(str(n), "need", word, polarity="like", days=n) for n, word in enumerate(words) if word.strip()]
    intake.store.append(said)
    engines = [intake.store.engine, open_database(server.database()), open_database(folders[1] / "shop.db")]
    kept = [Kept(engine, folder) for engine, folder in zip(engines, (folders[0], *folders), strict=True)]
    there, back = move(kept[0], kept[1]).tables, move(kept[1], kept[2]).tables
    assert {name: back[name] for name in there} == there
    outcomes = []
    for engine in engines:
        again = intake_of(engine)
        assert again.take(events).duplicates == len(events) - again.take([]).read
        again.take([event(500 + number, days=95) for number in range(3)])
        outcomes.append((outcome(again, "C1"), outcome(again, "C2"), again.store.history("C1")))
        engine.dispose()
    assert outcomes[0] == outcomes[1] == outcomes[2]


def small(folder: Path) -> Kept:
    """A database with a few rows."""
    intake = intake_of(folder / "shop.db")
    intake.take([event(number, days=number) for number in range(5)])
    return Kept(intake.store.engine, folder)


def rows_in(kept: Kept) -> int:
    with reading(kept.engine) as connection:
        there = MetaData()
        there.reflect(connection)
        counts = [select(func.count()).select_from(table) for table in there.sorted_tables]
        return sum(connection.execute(count).scalar_one() for count in counts)


def test_a_number_is_not_given_twice_even_if_its_row_is_gone(server: Server, tmp_path: Path) -> None:
    source, target = small(tmp_path), Kept(open_database(server.database()), tmp_path)
    back = tmp_path / "back" / "shop.db"
    with writing(source.engine) as connection:
        highest = newest_number(connection)
        connection.execute(counted_events.delete().where(counted_events.c.seq == highest))
    move(source, target)
    back.parent.mkdir()
    move(target, Kept(open_database(back), back.parent))
    for engine in (target.engine, open_database(back)):
        intake_of(engine).take([event(700)])
        with reading(engine) as connection:
            assert newest_number(connection) == highest + 1
        engine.dispose()


def test_a_target_that_holds_something_is_refused_and_named(server: Server, tmp_path: Path) -> None:
    source, target = small(tmp_path), Kept(open_database(server.database()), tmp_path)
    move(source, target)
    before = rows_in(target)
    with pytest.raises(Refused, match=r"holds data already \(activity, .*observation"):
        move(source, target)
    assert rows_in(target) == before
    target.engine.dispose()


@pytest.mark.parametrize(("value", "why"), [("x" * 101, "101 characters, at most 100"), ("a\0b", "zero byte")])
def test_what_postgresql_cannot_hold_is_named_and_nothing_is_moved(
    server: Server, tmp_path: Path, value: str, why: str
) -> None:
    source, target = small(tmp_path), Kept(open_database(server.database()), tmp_path)
    with writing(source.engine) as connection:
        connection.execute(text("INSERT INTO access VALUES (77, :who, 'read', 'Ada', '', '')"), {"who": value})
    with pytest.raises(DataError, match=f"access, seq 77: customer has (a )?{why}"):
        move(source, target)
    with reading(target.engine) as connection:
        held = [table.name for table in metadata.sorted_tables if connection.execute(select(table)).first()]
    assert held == []
    with writing(source.engine) as connection:
        connection.execute(text("DELETE FROM access WHERE seq = 77"))
    assert move(source, target).rows  # the same target will do
    target.engine.dispose()


def test_a_row_that_arrives_otherwise_is_found_and_nothing_is_kept(server: Server, tmp_path: Path) -> None:
    source, target = small(tmp_path), Kept(open_database(server.database()), tmp_path)
    move(source, target)
    with writing(target.engine) as connection:
        connection.execute(text("TRUNCATE " + ", ".join(table.name for table in metadata.sorted_tables)))
        connection.execute(
            text("CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.amount = 1; RETURN NEW; END'")
        )
        connection.execute(text("CREATE TRIGGER spoil BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION spoil()"))
    with pytest.raises(StorageError, match=r"^event: 5 rows .* nothing was kept"):
        move(source, target)
    with reading(target.engine) as connection:
        assert [table.name for table in metadata.sorted_tables if connection.execute(select(table)).first()] == []
    target.engine.dispose()


def test_a_source_of_another_version_stays_as_it_is(server: Server, tmp_path: Path) -> None:
    source, target = small(tmp_path), Kept(open_database(server.database()), tmp_path)
    with writing(source.engine) as connection:
        connection.execute(text("UPDATE profiles_version SET version_num = '0003'"))
    with pytest.raises(StorageError, match=r"at revision 0003.*profiles migrate"):
        move(source, target)


def test_whoever_writes_to_the_source_meanwhile_waits(server: Server, tmp_path: Path) -> None:
    source, target = small(tmp_path), Kept(open_database(server.database()), tmp_path)
    refused = []

    def write(line: str) -> None:
        with closing(sqlite3.connect(tmp_path / "shop.db", timeout=0)) as other:
            try:
                other.execute("DELETE FROM customer")
            except sqlite3.OperationalError as error:
                refused.append(str(error))

    move(source, target, write)
    assert set(refused) == {"database is locked"}
    target.engine.dispose()


def test_a_table_of_somebody_elses_is_told_and_left(server: Server, tmp_path: Path) -> None:
    source, target = small(tmp_path), Kept(open_database(server.database()), tmp_path)
    with writing(source.engine) as connection:
        connection.execute(text("CREATE TABLE newsletter (id INTEGER)"))
    done = move(source, target)
    assert done.left == ["newsletter"] and "newsletter" in done.lines()[-1]
    target.engine.dispose()


def test_mistakes_are_named_and_show_no_password(
    shop: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told_by(to: str, code: int) -> str:
        assert main(["--shop", str(shop), "--state", str(tmp_path), "--to", to]) == code
        return capsys.readouterr().err

    url = server.database()
    assert "is on SQLite already" in told_by("sqlite", 2)
    assert DATABASE_FILE in told_by(url, 4)
    assert "hunter2secret" not in (said := told_by("mysql://u:hunter2secret@host/shop", 2)) and "--to" in said
    monkeypatch.setenv(DATABASE, url)
    assert "nothing to move" in told_by(url, 2)
    (tmp_path / DATABASE_FILE).touch()
    assert "is there already" in told_by("sqlite", 5)
    assert [path.name for path in tmp_path.iterdir()] == [DATABASE_FILE]
