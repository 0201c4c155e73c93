"""The commands that look back and take back: as-of, diff, explain, history, undo, merge."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from errors import NotFound, Refused
from profiles.__main__ import main
from profiles.customer import Customer
from profiles.intents.intent import State
from profiles.intents.journal import close, intent_id, say
from profiles.observation import Authority, Evidence, Observation
from profiles.shop.imports import ensure_imported, open_store
from profiles.storage.database import open_database
from profiles.storage.tables import projections
from profiles.store import ProfileStore
from tests.profile_stores import merged_into
from tests.profiles_shop import PRIVACY, SCHEMA, START, observation, write_shop

YESTERDAY = datetime.now(UTC) - timedelta(days=1)  # an intent that nobody comes back to fades
TOLD = [
    observation("s1", "size", "M", customer="C1001"),
    observation("s2", "size", "L", customer="C1001", days=2),
    observation("b1", "budget", 100.0, customer="C1001", turn="t1", confidence=0.5),
    observation("b2", "budget", 100.0, customer="C1001", turn="t2", confidence=0.5, days=3),
    observation("n1", "need", "warm", customer="C1001", polarity="like", days=1),
    observation("n2", "need", "warm", customer="C1001", op="retract", days=3),
    observation("n3", "need", "light", customer="C1001", polarity="like", days=3),
]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = write_shop(tmp_path / "shop", customers=2, events=20)
    store = open_store(folder, folder / "state")
    ensure_imported(folder, store)
    store.append(TOLD)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    return ProfileStore(open_database(tmp_path / "a.db"), SCHEMA, PRIVACY)


class Shell:
    """Runs commands on a shop and remembers what they print."""

    def __init__(self, shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._shop, self._capsys = shop, capsys

    def __call__(self, *arguments: str) -> str:
        assert main([*arguments, "--shop", str(self._shop)]) == 0
        return self._capsys.readouterr().out

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))

    def fails(self, *arguments: str) -> tuple[int, str]:
        code = main([*arguments, "--shop", str(self._shop)])
        return code, self._capsys.readouterr().err


@pytest.fixture
def shell(shop: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(shop, capsys)


def values(traits: list[dict[str, Any]]) -> dict[str, Any]:
    return {trait["attribute"]: trait["value"] for trait in traits}


def test_as_of_shows_the_profile_at_the_end_of_a_day_or_at_a_time(shell: Shell) -> None:
    then = shell.json("as-of", "C1001", "2026-10-02")
    assert values(then["traits"])["size"] == "M" and then["as_of"].startswith("2026-10-02T23:59:59")
    assert values(shell.json("as-of", "C1001", "2026-10-03T11:59")["traits"])["size"] == "M"
    assert values(shell.json("as-of", "C1001", "2026-10-03")["traits"])["size"] == "L"
    assert "as of 2026-10-02" in shell("as-of", "C1001", "2026-10-02")
    code, err = shell.fails("as-of", "C1001", "yesterday")
    assert code == 2 and "2026-05-31" in err


def test_diff_tells_what_happened_between_two_moments(shell: Shell) -> None:
    told = shell.json("diff", "C1001", "2026-10-02", "2026-10-05")
    assert values(told["added"]) == {"size": "L", "need": "light"}
    assert values(told["superseded"]) == {"size": "M"}
    assert values(told["retracted"]) == {"need": "warm"}
    (changed,) = (trait for trait in told["changed"] if trait["attribute"] == "budget")
    assert changed["confidence_before"] < changed["confidence"]
    out = shell("diff", "C1001", "2026-10-05", "2026-10-02")
    assert "superseded:" in out and "changed:" in out and out.splitlines()[0].startswith("C1001  from 2026-10-02")
    assert "nothing changed" in shell("diff", "C1002", "2026-10-05", "2026-10-05")


def test_explain_tells_what_was_replaced_who_may_write_and_how_sure_it_is(shell: Shell) -> None:
    size = shell.json("explain", "C1001", "size")
    assert size["writers"] == ["shop", "stated", "observed", "inferred"]
    (held,) = size["holds"]
    assert [old["value"] for old in held["replaced"]] == ["M"]
    assert [old["value"] for old in size["held"]] == ["M"]
    (budget,) = shell.json("explain", "C1001", "budget")["holds"]
    assert [part["confidence"] for part in budget["confidence_from"]] == [0.5, 0.5]
    left = [1 - part["now"] for part in budget["confidence_from"]]
    assert budget["confidence"] == pytest.approx(1 - left[0] * left[1], abs=0.001)
    out = shell("explain", "C1001", "budget")
    assert "to half in 30 days" in out and "together" in out
    assert "replaced M" in shell("explain", "C1001", "size")


def test_undo_takes_one_observation_back_and_history_shows_both(shell: Shell) -> None:
    assert "[s2]" in shell("history", "C1001")
    undone = shell.json("undo", "s2", "--reason", "misheard")
    assert values(undone["added"]) == {"size": "M"} and values(undone["superseded"]) == {"size": "L"}
    assert "nothing changed" in shell("undo", "s2")
    history = {item["id"]: item for item in shell.json("history", "C1001")}
    (tombstone,) = (item for item in history.values() if item["op"] == "undo")
    assert history["s2"]["undone"] and not history["s1"]["undone"]
    assert (tombstone["value"], tombstone["evidence"]["quote"]) == ("s2", "misheard")
    assert "(undone)" in shell("history", "C1001") and "undoes" in shell("history", "C1001")
    assert values(shell.json("show", "C1001")["traits"])["size"] == "M"
    assert values(shell.json("as-of", "C1001", "2026-10-05")["traits"])["size"] == "L"  # as was believed then
    shell("undo", tombstone["id"])
    assert values(shell.json("show", "C1001")["traits"])["size"] == "L"
    code, err = shell.fails("undo", "nothing")
    assert code == 4 and "nothing" in err


def test_undo_of_what_an_intent_rests_on_says_what_became_of_the_intent(shell: Shell, shop: Path) -> None:
    told, name = looking("C1001"), intent_id("C1001", 0)
    at, evidence = YESTERDAY + timedelta(hours=1), Evidence("turn", "t:9", "rather navy")
    _, red, opened = told
    navy = say(name, "color", "navy", "C1001", evidence, at)
    again = say(name, "kind", "find", "C1001", evidence, at)
    done = close(name, State.DONE, "C1001", evidence, at)
    open_store(shop, shop / "state").append([*told, navy, again, done])
    assert f"intent: {name}.color: navy" in shell("history", "C1001")
    assert shell("undo", done.id) == f"intent {name}: state done -> open\n"
    assert shell("undo", done.id) == "nothing changed\n"
    (change,) = shell.json("undo", navy.id)["intents"]
    assert [slot["value"] for end in ("before", "after") for slot in change[end]["slots"]] == ["navy", "red"]
    assert shell("undo", red.id) == f"intent {name}: color red -> nothing\n"
    assert shell("undo", again.id) == f"intent {name}: find, open: as before, for other reasons\n"
    assert shell("undo", opened.id) == f"gone: intent {name}: find, open\n"
    (tombstone,) = (item["id"] for item in shell.json("history", "C1001") if item["value"] == opened.id)
    assert shell("undo", tombstone) == f"added: intent {name}: find, open\n"
    assert shell("audit", "C1001").count("changed") == 7


def looking(customer: str) -> list[Observation]:
    """Somebody looks for something red."""
    evidence, name = Evidence("turn", "t:1", "a red jacket"), intent_id(customer, 0)
    slots = {"kind": "find", "color": "red"}
    told = [say(name, slot, value, customer, evidence, YESTERDAY) for slot, value in slots.items()]
    return [*told, close(name, State.OPEN, customer, evidence, YESTERDAY)]


def test_merge_makes_a_visitor_the_customer(shell: Shell, shop: Path) -> None:
    store = open_store(shop, shop / "state")
    store.append([replace(observation("v1", "recipient", "wife", days=1), customer="visitor-1")])
    assert "visitor-1" in shell("list")
    assert values(shell.json("merge", "visitor-1", "C1001")["added"])["recipient"] == "wife"
    assert "visitor-1" not in shell("list")
    assert shell.json("merge", "visitor-1", "C1001") == {"added": [], "superseded": [], "retracted": [], "intents": []}
    assert {item["customer"] for item in shell.json("history", "C1001")} == {"C1001", "visitor-1"}
    assert merged_into(store, "C1001") == ["visitor-1"]
    code, err = shell.fails("merge", "visitor-1", "C1002")
    assert code == 5 and "C1001" in err


def test_an_account_is_merged_only_if_somebody_says_that_it_is_the_same_person(shell: Shell, shop: Path) -> None:
    before = shell("show", "C1002")
    code, err = shell.fails("merge", "C1002", "C1001")
    assert code == 5 and "'C1002' is an account" in err and "--same-person" in err
    assert shell("show", "C1002") == before
    shell("merge", "C1002", "C1001", "--same-person")
    assert merged_into(open_store(shop, shop / "state"), "C1001") == ["C1002"]


def test_explain_says_who_withdrew_a_value_and_in_which_words(shell: Shell) -> None:
    (warm,) = shell.json("explain", "C1001", "need")["held"]
    (retraction,) = (item for item in shell.json("history", "C1001") if item["op"] == "retract")
    assert warm["value"] == "warm" and warm["withdrawn_by"] == retraction["evidence"]
    assert f"withdrawn by stated, turn {retraction['evidence']['id']}" in shell("explain", "C1001", "need")
    (medium,) = shell.json("explain", "C1001", "size")["held"]
    assert medium["value"] == "M" and medium["withdrawn_by"] is None, "a newer value ended it"


def test_a_moment_outside_the_calendar_is_no_date(shell: Shell) -> None:
    for moment in ("0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00"):
        code, err = shell.fails("as-of", "C1001", moment)
        assert code == 2 and moment in err
    assert "nothing was known yet" in shell("as-of", "C1001", "1999-12-31")


def test_what_the_customer_said_later_wins_over_the_visitors_words(store: ProfileStore) -> None:
    store.append([observation("1", "size", "M", customer="C1", days=3)])
    store.append([observation("2", "size", "L", customer="V", days=1), observation("3", "size", "S", customer="V")])
    store.merge("V", "C1")
    profile = store.read("C1")
    assert [trait.value for trait in profile.traits] == ["M"]
    assert {trait.value for trait in profile.past} == {"L", "S"}


def test_a_merged_visitor_is_the_customer_in_everything(store: ProfileStore) -> None:
    store.put_customers([Customer("C1", "Ada", consent={"profiling": True})])
    store.merge("V", "C1")
    change = store.append([observation("1", "size", "M", customer="V")])
    assert [trait.value for trait in change.added] == ["M"]
    later = START + timedelta(days=1)
    assert store.read("V", later) == store.read("C1", later) and store.read("C1", later).traits
    assert (store.customer("V").name, store.consents("V")) == ("Ada", {"profiling": True})
    assert store.history("V") == store.history("C1")


def test_merges_follow_each_other_and_survive_a_rebuild(store: ProfileStore) -> None:
    for number, name in enumerate(("V", "C1", "C2")):
        store.append([observation(f"{number}", "need", name, polarity="like", customer=name)])
    store.merge("V", "C1")
    store.merge("C1", "C2")
    assert {trait.value for trait in store.read("V").traits} == {"V", "C1", "C2"}
    assert merged_into(store, "C2") == ["C1", "V"]
    assert store.rebuild() == 1
    assert {trait.value for trait in store.read("C1").traits} == {"V", "C1", "C2"}
    for visitor, customer in (("C2", "V"), ("C2", "C2")):
        with pytest.raises(Refused, match="one customer"):
            store.merge(visitor, customer)


def test_only_the_shop_undoes_and_only_what_is_there(store: ProfileStore) -> None:
    store.append([observation("1", "size", "M")])
    with pytest.raises(Refused, match="only the shop"):
        store.append([observation("2", "size", "1", op="undo")])
    with pytest.raises(NotFound, match="'7'"):
        store.undo("7")
    store.append([observation("3", "size", "1", op="undo", by=Authority.SHOP, days=1)])
    assert not store.read("C1").traits and not store.read("C1").past


def test_a_database_without_projections_reads_and_goes_on_from_its_journal(store: ProfileStore) -> None:
    store.append([observation("1", "size", "M"), observation("2", "budget", 100.0)])
    with store.engine.begin() as connection:
        connection.execute(projections.delete())
    assert {trait.value for trait in store.read("C1", START).traits} == {"M", 100.0}
    store.append([observation("3", "size", "L", days=1)])
    assert {trait.value for trait in store.read("C1").traits} == {"L", 100.0}
