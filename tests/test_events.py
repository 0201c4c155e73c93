"""Events become affinities, numbers and traits, the same whatever way they arrive, on SQLite and PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.customer import Customer
from profiles.database import open_database
from profiles.events.affinity import half_life, score_at
from profiles.events.intake import EventIntake
from profiles.events.report import Report
from profiles.observation import Authority
from tests.events_shop import CUSTOMERS, NOW, PRODUCTS, event, histories, open_intake, order, outcome, refund
from tests.postgresql_server import Server, postgresql
from tests.profiles_shop import SCHEMA, START, observation

Database = Callable[[], str | Path]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgresql() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Call it for a new, empty database."""
    if request.param == "postgresql":
        running: Server = request.getfixturevalue("server")
        return running.database
    return lambda: tmp_path / f"{len(list(tmp_path.iterdir()))}.db"


@pytest.fixture
def intake(database: Database) -> EventIntake:
    return open_intake(database())


def lines(intake: EventIntake, customer: str = "C1") -> list[tuple[str, str, str]]:
    return [(item.op, item.attribute, str(item.value)) for item in intake.store.history(customer)]


def adds_up(report: Report) -> bool:
    counted = report.taken + report.duplicates + report.passed_over + sum(report.aside.values())
    return report.read + report.returned == counted


def take_in_parts(intake: EventIntake, events: list[dict[str, Any]], sizes: list[int]) -> None:
    rest = list(events)
    for size in sizes:
        assert adds_up(intake.take(rest[:size]))
        rest = rest[size:]
    intake.take(rest)
    intake.link("b1", "C1")


def check_law(database: Database, events: list[dict[str, Any]], random: Random, sizes: list[int]) -> None:
    """In order at once, and in any order, batches and repetition."""
    first, second = open_intake(database()), open_intake(database())
    take_in_parts(first, sorted(events, key=lambda item: str(item["timestamp"])), [])
    shuffled = [*events, *random.sample(events, len(events) // 2)]
    random.shuffle(shuffled)
    take_in_parts(second, shuffled, sizes)
    for customer in CUSTOMERS:
        (said, scores), (said_again, scores_again) = outcome(first, customer), outcome(second, customer)
        assert said == said_again
        assert scores == pytest.approx(scores_again, rel=1e-9, abs=1e-9)
    for intake in (first, second):
        intake.store.engine.dispose()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), st.randoms(), st.lists(st.integers(0, 8), max_size=4))
def test_order_batches_and_repetition_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, events: list[dict[str, Any]], random: Random, sizes: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("law")
    check_law(lambda: folder / f"{len(list(folder.glob('*.db')))}.db", events, random, sizes)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), st.randoms(), st.lists(st.integers(0, 8), max_size=4))
def test_nor_do_they_on_postgresql(
    server: Server, events: list[dict[str, Any]], random: Random, sizes: list[int]
) -> None:
    check_law(server.database, events, random, sizes)


def test_writers_at_once_count_everything_once(database: Database) -> None:
    place = database()
    events = [event(number, sku=("P1", "P2")[number % 3 == 0], days=number / 10) for number in range(60)]
    waiting = [event(1000 + number, userId="C9") for number in range(30)]

    def write(seed: int) -> None:
        intake, mine = open_intake(place), [*events, *waiting]
        Random(seed).shuffle(mine)
        for start in range(0, len(mine), 15):
            intake.take(mine[start : start + 15])

    open_intake(place)
    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (said, scores), (expected, alone) = outcome(open_intake(place), "C1"), outcome(_alone(database, events), "C1")
    assert said == expected and scores == pytest.approx(alone, rel=1e-9)
    assert open_intake(place, ("C9",)).settle().returned == 30


def _alone(database: Database, events: list[dict[str, Any]]) -> EventIntake:
    intake = open_intake(database())
    intake.take(events)
    return intake


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
    assert [(item.id, item.quote) for item in trait.evidence] == [("e009", "viewed 4, bought 1")]


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


def test_money_counts_an_order_once_and_takes_refunds_off(intake: EventIntake) -> None:
    intake.take(
        [order(1, "A", 60.0), order(2, "A", 60.0, days=1), order(3, "B", 40.0, days=2), order(4, "C", 9.0, days=3)]
    )
    intake.take([refund(5, "A", 15.5, days=4), refund(6, "C", None, days=5), refund(6, "C", None, days=5)])
    bought = intake.activity("C1").purchases
    assert (bought.orders, bought.spent, bought.last) == (2, 84.5, START + timedelta(days=2))
    assert intake.activity("C1").last_at == START + timedelta(days=3)


def test_people_who_become_known_get_what_they_did_before(intake: EventIntake) -> None:
    acts = [event(number, userId="C9") for number in range(4)]
    assert intake.take(acts).aside == {"unknown customer": 4}
    assert intake.take(acts).duplicates == 4
    intake.store.put_customers([Customer("C9", consent={"profiling": True})])
    report = intake.take([event(9, userId="C9")])
    assert (report.taken, report.returned) == (5, 4)
    assert intake.store.read("C9").of("color")[0].evidence[0].quote == "viewed 5"
    assert intake.take(acts).duplicates == 4


def test_settling_counts_what_waited(intake: EventIntake) -> None:
    intake.take([event(number, userId="C9") for number in range(4)])
    assert intake.settle() == Report()
    intake.store.put_customers([Customer("C9", consent={"profiling": True})])
    assert adds_up(intake.settle()) and intake.activity("C9").acts == 4
    assert intake.settle() == Report()


@pytest.mark.parametrize("how", ["link", "identify"])
def test_what_a_visitor_did_is_the_customers_after_login(intake: EventIntake, how: str) -> None:
    acts = [event(number, userId=None, anonymousId="b1") for number in range(4)]
    assert intake.take(acts[:3]).aside == {"unknown customer": 3}
    if how == "link":
        assert intake.link("b1", "C1").taken == 3
    else:
        login = {"type": "identify", "messageId": "i", "userId": "C1", "anonymousId": "b1"}
        assert intake.take([login | {"timestamp": acts[0]["timestamp"]}]).taken == 3
    assert intake.take(acts[3:]).taken == 1  # and from then on
    assert intake.store.read("C1").of("color")[0].evidence[0].quote == "viewed 4"
    assert intake.link("b1", "C2").taken == 0 and not intake.activity("C2").acts  # a browser has one owner


def test_without_consent_nothing_is_kept(intake: EventIntake) -> None:
    intake.take([event(1, userId="C8")])
    intake.store.put_customers([Customer("C8", consent={"service": True})])
    report = intake.take([event(2, userId="C8")])
    assert report.aside == {"no consent to profiling": 2} and adds_up(report)
    intake.store.put_customers([Customer("C8", consent={"profiling": True})])
    intake.take([event(3, userId="C8")])
    assert intake.activity("C8").acts == 1


def test_a_product_that_is_not_in_the_catalogue_says_nothing_but_is_named(intake: EventIntake) -> None:
    report = intake.take([event(number, sku="GONE") for number in range(4)])
    assert report.aside == {"unknown product": 4} and adds_up(report)
    assert {item.detail for item in intake.asides()} == {"GONE"}
    assert not intake.store.read("C1").traits


def test_examples_of_what_could_not_count_are_kept_but_not_all(intake: EventIntake) -> None:
    report = intake.take(["{broken", event(1, properties={"sku": "P1", "price": -3}), *range(150)])
    assert report.aside == {"malformed": 151, "impossible value": 1} and adds_up(report)
    kept = intake.asides()
    assert [item.body for item in kept].count("{broken") == 1 and len(kept) == 101


def fast(count: int, seconds: float, first: int = 0) -> list[dict[str, Any]]:
    return [event(first + number, days=(first + number) * seconds / 86_400) for number in range(count)]


def test_acts_that_come_too_fast_for_a_person_do_not_count(intake: EventIntake) -> None:
    person = [event(1000 + number, sku="P2", days=2) for number in range(4)]
    intake.take(person)
    assert intake.take(fast(150, 1.0)).taken == 150
    assert "navy" in {trait.value for trait in intake.store.read("C1").of("color")}
    report = intake.take(fast(100, 1.0, first=150))
    assert report.aside == {"too fast for a person": 100} and report.withdrawn == 150 and adds_up(report)
    assert {trait.value for trait in intake.store.read("C1").of("color")} == {"red"}
    assert intake.activity("C1").acts == 4
    assert intake.take(fast(10, 1.0, first=250)).aside == {"too fast for a person": 10}


def test_a_machine_is_found_in_whatever_order_its_acts_arrive(database: Database) -> None:
    acts = [*fast(260, 1.0), *(event(1000 + number, sku="P2", days=2) for number in range(4))]
    first, second = open_intake(database()), open_intake(database())
    first.take(acts)
    Random(3).shuffle(acts)
    for start in range(0, len(acts), 40):
        second.take(acts[start : start + 40])
    assert outcome(first, "C1") == outcome(second, "C1")


def test_who_never_pauses_is_no_person_however_slow(intake: EventIntake) -> None:
    report = intake.take(fast(4000, 30.0))
    assert report.aside["too fast for a person"] > 2000 and adds_up(report)


def test_orders_count_even_if_the_browsing_was_a_machines(intake: EventIntake) -> None:
    intake.take([*fast(260, 1.0), order(999, "A", 20.0, days=0.001)])
    assert intake.activity("C1").purchases.spent == 20.0


def test_reports_add_up() -> None:
    one = Report(read=3, taken=1, aside={"malformed": 2})
    both = one + Report(read=2, duplicates=1, aside={"malformed": 1})
    assert both == Report(read=5, taken=1, duplicates=1, aside={"malformed": 3})
    assert any("malformed" in line and line.endswith("3") for line in both.lines())


def test_a_schema_without_the_attribute_forgets_it(database: Database) -> None:
    intake = open_intake(engine := open_database(database()))
    intake.take([event(number) for number in range(4)])
    attributes = dict(intake.store.schema.attributes)
    changed = replace(attributes.pop("category"), name="kind")
    schema = replace(intake.store.schema, attributes=attributes | {"kind": changed})
    store = type(intake.store)(engine, schema)
    later = EventIntake(store, PRODUCTS, lambda: NOW)
    later.take([event(9)])
    assert [trait.attribute for trait in store.read("C1").traits] == ["color"]
