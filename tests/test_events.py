"""What events add up to does not depend on the way they arrive, on SQLite and PostgreSQL."""

import threading
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.events.intake import EventIntake
from profiles.events.report import Report
from tests.events_shop import CUSTOMERS, adds_up, event, fast, histories, open_intake, outcome
from tests.postgresql_server import Server
from tests.profile_stores import Place

Database = Callable[[], str]


@pytest.fixture
def database(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Call it for a new, empty database."""
    return lambda: place(tmp_path_factory.mktemp("events"))


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
    check_law(lambda: f"sqlite:///{tmp_path_factory.mktemp('law') / 'shopkeeper.db'}", events, random, sizes)


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


def test_a_machine_is_found_in_whatever_order_its_acts_arrive(database: Database) -> None:
    acts = [*fast(260, 1.0), *(event(1000 + number, sku="P2", days=2) for number in range(4))]
    first, second = open_intake(database()), open_intake(database())
    first.take(acts)
    Random(3).shuffle(acts)
    for start in range(0, len(acts), 40):
        second.take(acts[start : start + 40])
    assert outcome(first, "C1") == outcome(second, "C1")


def test_reports_add_up() -> None:
    one = Report(read=3, taken=1, aside={"malformed": 2})
    both = one + Report(read=2, duplicates=1, aside={"malformed": 1})
    assert both == Report(read=5, taken=1, duplicates=1, aside={"malformed": 3})
    assert any("malformed" in line and line.endswith("3") for line in both.lines())
