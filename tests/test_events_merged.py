"""What a merged visitor did, before and after the merge, is the customer's, on SQLite and PostgreSQL."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from profiles.customer import Customer
from profiles.events.intake import EventIntake
from profiles.observation import Authority
from tests.events_shop import NOW, event, histories, open_intake, order, outcome
from tests.profiles_shop import observation


@pytest.fixture
def intake(url: str) -> Iterator[EventIntake]:
    opened = open_intake(url)
    yield opened
    opened.store.engine.dispose()


def of(customer: str, *acts: dict[str, Any]) -> list[dict[str, Any]]:
    return [act | {"userId": customer} for act in acts]


def test_what_two_customers_did_is_one_customers_after_the_merge(intake: EventIntake) -> None:
    intake.take([event(number) for number in range(3)])
    intake.take(of("C2", *(event(10 + number, days=1) for number in range(3)), order(20, "A", 30.0, days=2)))
    intake.store.merge("C2", "C1")
    assert intake.settle().returned == 4
    assert intake.store.read("C1").of("color")[0].evidence[0].quote == "viewed 6, bought 1"
    assert intake.activity("C1").acts == 7 and intake.activity("C1").purchases.spent == 30.0
    assert intake.store.read("C2", NOW) == intake.store.read("C1", NOW)
    assert intake.activity("C2") == intake.activity("C1") and intake.affinities("C2") == intake.affinities("C1")


def test_what_the_customer_did_too_seldom_to_be_told_adds_up_with_what_the_visitor_was_told_for(
    intake: EventIntake,
) -> None:
    intake.take([event(number) for number in range(2)])
    intake.take(of("C2", *(event(10 + number) for number in range(4))))
    intake.store.merge("C2", "C1")
    intake.settle()
    assert intake.store.read("C1").of("color")[0].evidence[0].quote == "viewed 6"


def test_until_they_are_counted_again_the_profile_says_what_was_told(intake: EventIntake) -> None:
    intake.take(of("C2", *(event(number) for number in range(4))))
    intake.store.merge("C2", "C1")
    assert [trait.value for trait in intake.store.read("C1").of("color")] == ["navy"]


def test_what_comes_from_a_merged_visitor_counts_at_once(intake: EventIntake) -> None:
    intake.store.merge("visitor-1", "C1")
    assert intake.take(of("visitor-1", *(event(number) for number in range(4)))).taken == 4
    by_browser = [event(10 + number, userId=None, anonymousId="visitor-1") for number in range(2)]
    assert intake.take(by_browser).taken == 2
    assert intake.activity("C1").acts == 6


def test_a_visitor_who_was_only_talked_to_is_not_known_and_their_events_wait(intake: EventIntake) -> None:
    intake.store.append([observation("1", "size", "M", customer="visitor-1")])
    acts = of("visitor-1", *(event(number) for number in range(3)))
    acts.append(event(9, userId=None, anonymousId="visitor-1"))
    assert intake.take(acts).aside == {"unknown customer": 4}
    intake.store.merge("visitor-1", "C1")
    assert intake.settle().taken == 4 and intake.settle().read == 0
    assert intake.take(acts).duplicates == 4


def test_a_merge_takes_the_browsers_along(intake: EventIntake) -> None:
    intake.link("b1", "C1")
    intake.store.merge("C1", "C2")
    assert intake.take([event(1, userId=None, anonymousId="b1")]).taken == 1
    assert intake.activity("C2").acts == 1


def test_a_login_never_merges_customers_whatever_the_browser_calls_itself(intake: EventIntake) -> None:
    login = {"type": "identify", "messageId": "i", "timestamp": NOW.isoformat()}
    intake.take([login | {"userId": "C1", "anonymousId": "C2"}, login | {"userId": "visitor:b2", "anonymousId": "b1"}])
    intake.take(of("C2", event(1)))
    assert intake.store.customers() == ["C1", "C2"]
    assert intake.activity("C2").acts == 1 and not intake.activity("C1").acts


def test_the_customers_consent_decides_and_not_the_visitors(intake: EventIntake) -> None:
    intake.store.put_customers([Customer("C1", "Ada", consent={"profiling": False})])
    intake.take(of("C2", event(1)))
    intake.store.merge("C2", "C1")
    assert intake.settle().read == 0
    assert not intake.activity("C1").acts


def test_a_size_that_comes_back_after_another_one_is_told_again(intake: EventIntake) -> None:
    for start, sku, count in ((0, "P1-M", 4), (10, "P4", 6), (20, "P1-M", 8)):
        intake.take([event(start + number, sku=sku, days=start / 10) for number in range(count)])
    (size,) = intake.store.read("C1").of("size")
    assert (size.value, size.authority, size.evidence[0].quote) == ("M", Authority.OBSERVED, "viewed 12")


NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # an example writes two databases; it is short as it is


@settings(phases=NO_SHRINKING, max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), st.randoms(), st.lists(st.integers(0, 8), max_size=4), st.integers(0, 4))
def test_when_the_merge_happens_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, events: list[dict[str, Any]], random: Random, sizes: list[int], when: int
) -> None:
    folder = tmp_path_factory.mktemp("law")
    first, second = open_intake(folder / "1.db"), open_intake(folder / "2.db")
    first.store.merge("C2", "C1")
    first.take(events)
    random.shuffle(events)
    for number, size in enumerate([*sizes, len(events)]):
        if number == when:
            second.store.merge("C2", "C1")
        second.take(events[:size])
        events = events[size:]
    second.store.merge("C2", "C1")
    for intake in (first, second):
        intake.link("b1", "C2")
        intake.settle()
    (said, scores), (said_again, scores_again) = outcome(first, "C1"), outcome(second, "C2")
    assert said == said_again
    assert scores == pytest.approx(scores_again, rel=1e-9, abs=1e-9)
    for intake in (first, second):
        intake.store.engine.dispose()
