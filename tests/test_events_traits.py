"""Acts become affinities and traits, and cease to be ones, on SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import pytest

from profiles.events.affinity import half_life, score_at
from profiles.events.intake import EventIntake
from profiles.observation import Authority
from tests.events_shop import NOW, PRODUCTS, event, open_intake, order
from tests.profiles_shop import SCHEMA, START, observation


@pytest.fixture
def intake(url: str) -> EventIntake:
    return open_intake(url)


def lines(intake: EventIntake, customer: str = "C1") -> list[tuple[str, str, str]]:
    return [(item.op, item.attribute, str(item.value)) for item in intake.store.history(customer)]


def test_an_affinity_halves_in_its_half_life(intake: EventIntake) -> None:
    intake.take([event(1, "Product Added")])
    affinity = intake.affinities("C1")["color"]["navy"]
    assert score_at(affinity, START + timedelta(days=100), half_life(SCHEMA.attribute("color"))) == pytest.approx(1.5)
    intake.take([event(2, days=100)])
    assert intake.affinities("C1")["color"]["navy"].score == pytest.approx(2.5)


def test_what_a_customer_does_often_is_seen_in_the_very_next_read(intake: EventIntake) -> None:
    for number in range(4):
        assert not intake.store.read("C1").of("color")
        assert intake.take([event(number, days=number)]).taken == 1
    (trait,) = intake.store.read("C1").of("color")
    assert (trait.value, trait.polarity, trait.authority) == ("navy", "like", Authority.OBSERVED)
    assert [item.quote for item in trait.evidence] == ["viewed 4"]
    intake.take([order(9, "A", 50.0, days=4)])
    (trait,) = intake.store.read("C1").of("color")
    assert [item.quote for item in trait.evidence] == ["viewed 4, bought 1"]
    assert trait.evidence[0].id.startswith("e009~")


def test_a_single_visit_and_a_product_in_many_colours_say_nothing(intake: EventIntake) -> None:
    intake.take([event(1, sku="P1"), *(event(10 + number, sku="P3") for number in range(5))])
    assert not intake.store.read("C1").traits


def test_the_journal_hears_what_matters_and_not_every_event(intake: EventIntake) -> None:
    for number in range(60):
        intake.take([event(number, days=number / 10)])
    assert len(lines(intake)) < 10
    (trait,) = intake.store.read("C1").of("color")
    assert [item.quote for item in trait.evidence] == ["viewed 60"]


def test_what_no_longer_stands_out_is_not_shown_and_then_retracted(intake: EventIntake) -> None:
    intake.take([event(number, sku="P1") for number in range(4)])
    intake.take([event(10 + number, sku="P2", days=1) for number in range(20)])
    assert {trait.value for trait in intake.store.read("C1").of("color")} == {"red"}
    assert ("retract", "color", "navy") not in lines(intake)
    intake.take([event(40 + number, sku="P2", days=2) for number in range(40)])
    assert ("retract", "color", "navy") in lines(intake)
    assert "navy" in {trait.value for trait in intake.store.read("C1").past}
    intake.take([event(100 + number, sku="P1", days=3) for number in range(60)])
    assert {trait.value for trait in intake.store.read("C1").of("color")} == {"navy", "red"}


def test_late_events_bring_back_what_was_retracted(intake: EventIntake) -> None:
    intake.take([event(number, sku="P1") for number in range(4)])
    intake.take([event(10 + number, sku="P2", days=1) for number in range(60)])
    intake.take([event(100 + number, sku="P1", days=0.5) for number in range(60)])
    assert {trait.value for trait in intake.store.read("C1").of("color")} == {"navy", "red"}


def test_what_was_said_stands_and_what_is_done_stands_beside_it(intake: EventIntake) -> None:
    intake.store.append([observation("1", "color", "navy", polarity="dislike")])
    intake.take([event(number) for number in range(8)])
    (trait,) = intake.store.read("C1").of("color")
    assert (trait.polarity, trait.authority) == ("dislike", Authority.STATED)
    (seen,) = trait.challenges
    assert (seen.authority, seen.evidence[0].quote) == (Authority.OBSERVED, "viewed 8")
    intake.take([event(9)])
    assert intake.store.read("C1").of("color")[0].challenges[0].evidence[0].quote == "viewed 9"


def test_a_weaker_guess_takes_the_place_of_what_does_not_stand_out_just_now(intake: EventIntake) -> None:
    intake.store.append([observation("1", "size", "L", by=Authority.INFERRED)])
    intake.take([event(number, sku="P1-M") for number in range(4)])
    (size,) = intake.store.read("C1").of("size")
    assert (size.value, [item.value for item in size.challenges]) == ("M", ["L"])
    intake.take([event(10 + number, sku="P4") for number in range(4)])
    (size,) = intake.store.read("C1").of("size")
    assert (size.value, size.authority) == ("L", Authority.INFERRED)


def test_a_rebuild_and_an_earlier_day_come_from_the_journal(intake: EventIntake) -> None:
    intake.take([event(number, days=number) for number in range(10)])
    before = intake.store.read("C1", NOW)
    intake.store.rebuild()
    assert intake.store.read("C1", NOW) == before
    assert not intake.store.read("C1", START - timedelta(days=1)).traits


def test_a_schema_without_the_attribute_forgets_it(intake: EventIntake) -> None:
    intake.take([event(number) for number in range(4)])
    attributes = dict(intake.store.schema.attributes)
    changed = replace(attributes.pop("category"), name="kind")
    schema = replace(intake.store.schema, attributes=attributes | {"kind": changed})
    store = type(intake.store)(intake.store.engine, schema)
    later = EventIntake(store, PRODUCTS, lambda: NOW)
    later.take([event(9)])
    assert [trait.attribute for trait in store.read("C1").traits] == ["color"]


def test_a_past_moment_reads_the_same_whatever_is_done_later(intake: EventIntake) -> None:
    intake.take([event(number, days=number) for number in range(6)])
    past = START + timedelta(days=8)
    shown = intake.store.read("C1", past)
    assert [trait.value for trait in shown.of("color")] == ["navy"]
    intake.take([event(10, sku="P2", days=9)])
    before = intake.store.read("C1", past)
    assert [trait.value for trait in before.of("color")] == ["navy"]
    assert before.of("color")[0].confidence == pytest.approx(shown.of("color")[0].confidence, abs=0.1)
    for first in range(11, 61, 10):
        intake.take([event(number, sku="P2", days=9 + number / 20) for number in range(first, first + 10)])
        assert intake.store.read("C1", past) == before
    assert [trait.value for trait in intake.store.read("C1").of("color")] == ["red"]
