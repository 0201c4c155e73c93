"""Consent by purpose, retention, export and audit, on SQLite and PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from agent.tools.update_profile import note
from errors import ConfigError, DataError, Refused
from profiles.customer import Customer
from profiles.events.intake import EventIntake
from profiles.intents.intent import State
from profiles.intents.journal import KIND, close, intent_id, say
from profiles.intents.reads import read_intents
from profiles.observation import Authority, Evidence, Observation
from profiles.privacy.audit import Act, Audit, note_consultation
from profiles.privacy.consents import Consent
from profiles.privacy.export import as_text, export
from profiles.privacy.purposes import Purpose
from profiles.privacy.retain import retain
from profiles.privacy.retention import cutoffs_of, still_kept
from profiles.privacy.settings import Privacy, PrivacyFile
from profiles.schema import Schema
from profiles.shop.files import load_privacy
from profiles.storage.database import open_database, reading
from profiles.storage.tables import observations
from profiles.store import ProfileStore
from profiles.validator import WriteValidator
from tests.events_shop import NOW, PRODUCTS, event
from tests.profile_journals import JOURNALS
from tests.profile_stores import somebody, told_of
from tests.profiles_shop import ATTRIBUTES, FACETS, PRIVACY, SCHEMA, START, observation

KEPT = [item | {"keep": "90d"} if item["name"] in ("color", "need", "size") else item for item in ATTRIBUTES]
KEEPING = Schema.parse({"attributes": KEPT})
TODAY = datetime.now(UTC)


@pytest.fixture
def store(url: str) -> Iterator[ProfileStore]:
    opened = ProfileStore(open_database(url), SCHEMA)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def keeping(url: str) -> Iterator[ProfileStore]:
    opened = ProfileStore(open_database(url), KEEPING, replace(PRIVACY, keep_events_days=100.0))
    yield opened
    opened.engine.dispose()


def said(purpose: Purpose, granted: bool, customer: str = "C1") -> Consent:
    return Consent(customer, purpose, granted, START, "account page", "Ada")


def intake(store: ProfileStore) -> EventIntake:
    return EventIntake(store, PRODUCTS, lambda: NOW)


def old(item: Observation, days: float) -> Observation:
    return replace(item, at=TODAY - timedelta(days=days))


def test_the_last_word_on_a_purpose_holds_and_every_word_is_kept(store: ProfileStore) -> None:
    store.put_customers([Customer("C1", "Ada", consent={"training": True})])
    store.record_consents([said(Purpose.TRAINING, False)])
    store.put_customers([Customer("C1", "Ada L.", consent={"training": True})])  # the same record, read again
    assert not store.allows("C1", Purpose.TRAINING) and store.customer("C1").consent == {"training": False}
    store.put_customers([Customer("C1", "Ada L.", consent={"training": False})])
    store.put_customers([Customer("C1", "Ada L.", consent={"training": True})])  # the shop's record has changed
    assert store.allows("C1", Purpose.TRAINING)
    lines = [(line.granted, line.source, line.by) for line in store.consent_history("C1")]
    assert lines[:2] == [(True, "record", "shop"), (False, "account page", "Ada")] and len(lines) == 4


def test_who_has_said_nothing_is_served_and_no_more_unless_the_shop_says_so(store: ProfileStore) -> None:
    assert [purpose for purpose in Purpose if store.allows("visitor-1", purpose)] == [Purpose.SERVICE]
    open_handed = ProfileStore(store.engine, SCHEMA, Privacy({Purpose.PROFILING: True}))
    assert open_handed.allows("visitor-1", Purpose.PROFILING) and not open_handed.allows("visitor-1", Purpose.TRAINING)


def test_what_is_stated_to_be_served_is_kept_and_what_is_seen_or_guessed_or_sensitive_is_not(
    store: ProfileStore,
) -> None:
    store.append([observation("1", "size", "M")])
    refused = (
        observation("2", "size", "L", by=Authority.OBSERVED),
        observation("3", "size", "L", by=Authority.INFERRED),
        observation("4", "allergy", "nickel"),
    )
    for item in refused:
        with pytest.raises(Refused, match="does not consent to profiling"):
            store.append([item])
    store.record_consents([said(Purpose.PROFILING, True)])
    store.append(refused)
    assert {trait.attribute for trait in store.read("C1").traits} == {"size", "allergy"}


def test_who_withdraws_consent_to_profiling_keeps_only_what_they_said(store: ProfileStore) -> None:
    store.put_customers([Customer("C1", "Ada", consent={"profiling": True})])
    intake(store).take([event(number) for number in range(5)])
    store.append([observation("1", "need", "socks"), observation("2", "allergy", "nickel")])
    assert store.read("C1").of("color") and intake(store).affinities("C1")
    store.record_consents([said(Purpose.PROFILING, False)])
    assert [trait.value for trait in store.read("C1").traits] == ["socks"]
    assert not intake(store).affinities("C1") and not intake(store).activity("C1").acts
    assert intake(store).take([event(9)]).aside == {"no consent to profiling": 1}


def test_a_visitor_who_turns_out_to_be_somebody_without_consent_brings_nothing_seen(store: ProfileStore) -> None:
    store.record_consents([said(Purpose.PROFILING, True, "V")])
    seen = observation("1", "size", "L", by=Authority.OBSERVED, customer="V")
    store.append([seen, observation("2", "need", "socks", customer="V")])
    store.merge("V", "C1")
    assert [trait.value for trait in store.read("C1").traits] == ["socks"]


def test_a_visitor_who_turns_out_to_be_somebody_who_refuses_service_brings_nothing_said(store: ProfileStore) -> None:
    forgotten = observation("2", "need", "socks", customer="V", op="retract")
    store.append([observation("1", "size", "L", customer="V"), forgotten])
    store.append([observation("3", "size", "M", customer="V2")])
    store.merge("V2", "V")
    store.record_consents([said(Purpose.SERVICE, False)])
    store.merge("V", "C1")
    assert store.read("C1").traits == () and [item.id for item in store.history("C1")] == ["2"]


def test_the_agent_notes_nothing_of_who_does_not_agree_to_service_but_forgets_what_they_say(
    store: ProfileStore,
) -> None:
    store.append([observation("1", "need", "socks", polarity="like")])
    store.record_consents([said(Purpose.SERVICE, False)])
    heard = {"t1": "size M please, and forget the socks"}
    changes = [
        {"quote": "size M", "attribute": "size", "value": "M", "polarity": "fact"},
        {"quote": "forget the socks", "attribute": "need", "value": "socks", "polarity": "forget"},
    ]
    validator = WriteValidator(SCHEMA, FACETS)
    change, refused = note(
        changes, store, validator, heard=heard, customer="C1", at=TODAY, id_prefix="t1", sensitive_allowed=False
    )
    assert [trait.value for trait in change.retracted] == ["socks"] and not change.added
    assert "does not agree" in refused[0][1]


def test_reads_never_show_what_is_too_old_whether_it_was_removed_or_not(keeping: ProfileStore) -> None:
    keeping.append(
        [
            old(observation("1", "need", "a tent", polarity="like"), 100),
            old(observation("2", "need", "socks", polarity="like"), 10),
            old(observation("3", "budget", 150.0), 1000),
            old(observation("4", "size", "S"), 95),
            old(observation("5", "size", "L"), 10),
        ]
    )
    for _ in range(2):
        profile = keeping.read("C1")
        assert {trait.value for trait in profile.traits} == {"socks", 150.0, "L"} and not profile.past
        assert {trait.value for trait in keeping.read("C1", TODAY - timedelta(days=92)).traits} == {150.0}
        assert {item.id for item in keeping.history("C1")} == {"2", "3", "5"}
        assert "a tent" not in str(keeping.settled("C1")["need"].slots)
        removed = retain(keeping, "Ada").removed
    assert not removed.get("observations") and "a tent" not in str(export(keeping, "C1"))


def test_intents_are_kept_as_long_as_the_shop_keeps_what_it_learns_and_exported_until_then(url: str) -> None:
    store = ProfileStore(open_database(url), SCHEMA, replace(PRIVACY, keep_days=90.0))
    store.append([*looking(0, 100, "an old tent"), *looking(1, 10, "warm socks")])
    for _ in range(2):
        assert [intent.values for intent in read_intents(store, "C1")] == [{"query": "warm socks"}]
        assert not read_intents(store, "C1", TODAY - timedelta(days=95))
        data = export(store, "C1")
        assert [intent["slots"][0]["value"] for intent in data["intents"]] == ["warm socks"]
        for shown in (str(data), as_text(data)):
            assert "warm socks" in shown and "an old tent" not in shown
        removed = retain(store, "Ada").removed
    assert not removed.get("observations")
    with reading(store.engine) as connection:
        left = connection.execute(select(observations.c.value)).scalars().all()
    assert len(left) == 3 and "an old tent" not in str(left)
    store.engine.dispose()


def looking(number: int, days: float, query: str) -> list[Observation]:
    """C1 began to look for something, so many days ago."""
    name, evidence, at = intent_id("C1", number), Evidence("turn", f"t{number}", query), TODAY - timedelta(days=days)
    told = [say(name, slot, value, "C1", evidence, at) for slot, value in {KIND: "find", "query": query}.items()]
    return [*told, close(name, State.OPEN, "C1", evidence, at)]


def test_what_was_forgotten_stays_forgotten_when_the_forgetting_is_old(keeping: ProfileStore) -> None:
    keeping.append([old(observation("1", "color", "red", op="retract"), 200)])
    keeping.append([old(observation("2", "color", "red", by=Authority.OBSERVED, polarity="like"), 10)])
    retain(keeping, "Ada")
    assert not keeping.read("C1").of("color")


def test_old_acts_go_and_orders_stay_and_old_ones_do_not_come_in(keeping: ProfileStore) -> None:
    keeping.put_customers([Customer("C1", "Ada", consent={"profiling": True})])
    late = EventIntake(keeping, PRODUCTS, lambda: START + timedelta(days=1))
    bought = {"order_id": "A", "total": 10.0, "products": [{"product_id": "P1"}]}
    late.take([event(1), event(2, "Order Completed", properties=bought)])
    receipt = retain(keeping, "Ada", START + timedelta(days=150))
    assert receipt.removed["events"] == 1
    assert EventIntake(keeping, PRODUCTS, lambda: START + timedelta(days=150)).take([event(3)]).aside == {
        "older than is kept": 1
    }
    assert late.activity("C1").purchases.orders == 1


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(journal=JOURNALS, ages=st.lists(st.integers(0, 200), min_size=12, max_size=12))
def test_removing_what_is_too_old_changes_no_read(
    keeping: ProfileStore, journal: list[Observation], ages: list[int]
) -> None:
    customer = somebody()
    told = [replace(item, at=TODAY - timedelta(days=age)) for item, age in zip(journal, ages, strict=False)]
    keeping.append(told_of(customer, told))
    now = datetime.now(UTC)
    kept = still_kept(keeping.history(customer), cutoffs_of(KEEPING, keeping.privacy, now))
    before = keeping.read(customer, now), keeping.history(customer)
    retain(keeping, "law", now)
    assert (keeping.read(customer, now), keeping.history(customer)) == before
    assert before[1] == kept


def test_an_export_holds_everything_and_can_be_read(store: ProfileStore) -> None:
    store.put_customers([Customer("C1", "Ada", "ada@example.org", consent={"profiling": True})])
    intake(store).take([event(number) for number in range(5)])
    store.append([observation("1", "need", "socks")])
    Audit(store.engine).note("C1", Act.READ, "Bob", detail="show")
    data = export(store, "C1")
    assert data["record"]["email"] == "ada@example.org" and data["consents"][0]["purpose"] == "profiling"
    assert [len(data[name]) for name in ("events", "activity", "accesses")] == [5, 1, 1]
    assert data["affinities"] and {item["value"] for item in data["journal"]} >= {"socks", "navy"}
    assert data["profile"]["traits"][0]["evidence"]
    text = as_text(data)
    for word in ("ada@example.org", "socks", "about socks", "navy", "e004", "Bob"):
        assert word in text


def test_a_consultation_is_one_line_in_the_audit_under_whatever_name(store: ProfileStore) -> None:
    store.append([observation("1", "need", "socks", customer="V")])
    store.merge("V", "C1")
    for name in ("C1", "V", "C1"):
        note_consultation(store, name, "agent", "17")
    note_consultation(store, "C1", "page", "17")
    found = [(line.by, line.detail) for line in Audit(store.engine).of(["C1", "V"])]
    assert found == [("agent", "consultation 17"), ("page", "consultation 17")]


def test_a_shop_says_what_it_keeps_and_for_how_long(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text('[privacy]\nconsents = {profiling = true}\nkeep = "2y"\nkeep_events = "30d"\n')
    assert load_privacy(tmp_path) == Privacy({Purpose.PROFILING: True}, 730.5, 30.0)
    assert PrivacyFile().settings() == Privacy()
    for line, named in (("keep = 90", "90d"), ("keep = '3 moons'", "moons"), ("consents = {ads = true}", "ads")):
        (tmp_path / "shop.toml").write_text(f"[privacy]\n{line}\n")
        with pytest.raises(ConfigError, match=named):
            load_privacy(tmp_path)


def test_mistakes_about_privacy_are_named() -> None:
    with pytest.raises(DataError, match=r"ads.*profiling, service, training"):
        Customer.from_record({"id": "C1", "consent": {"ads": True}})
    for wrong, why in (
        ({"sensitive": True, "writers": ["stated", "inferred"]}, "only be stated"),
        ({"keep": "90d", "writers": ["shop"]}, "own record"),
        ({"keep": "soon", "writers": ["stated"]}, "soon"),
    ):
        with pytest.raises(ConfigError, match=why):
            Schema.parse({"attributes": [{"name": "x", "type": "text", **wrong}]})
