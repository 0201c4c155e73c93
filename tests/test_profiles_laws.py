"""The laws of profiles, on SQLite and on PostgreSQL: what holds for every journal, however it was written."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from profiles.fold import fold
from profiles.observation import Authority, Evidence, Observation, Polarity, Profile
from profiles.store import ProfileStore
from tests.profile_journals import JOURNALS
from tests.profile_stores import NOW, held, somebody, told_of
from tests.profiles_shop import SCHEMA, START, observation

law = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def written(store: ProfileStore, journal: list[Observation], sizes: list[int] | None = None) -> str:
    """A new customer of whom this was written, in batches of these sizes; their id."""
    customer = somebody()
    told, start = told_of(customer, journal), 0
    for size in sizes or []:
        store.append(told[start : start + size])
        start += size
    store.append(told[start:])
    return customer


def read(store: ProfileStore, customer: str, days: float | None = None) -> Profile:
    return store.read(customer, NOW if days is None else START + timedelta(days=days))


def identities(profile: Profile) -> set[tuple[object, ...]]:
    return {(trait.attribute, trait.value, trait.polarity, trait.authority) for trait in profile.traits}


SIZES = st.lists(st.integers(1, 4), max_size=12)


@law
@given(journal=JOURNALS, random=st.randoms(use_true_random=False), sizes=SIZES)
def test_neither_the_order_of_arrival_nor_the_batches_matter(
    store: ProfileStore, journal: list[Observation], random: Random, sizes: list[int]
) -> None:
    shuffled = list(journal)
    random.shuffle(shuffled)
    expected = held(fold(journal, SCHEMA, NOW))
    assert held(read(store, written(store, journal, sizes))) == expected
    assert held(read(store, written(store, shuffled, sizes))) == expected


@law
@given(journal=JOURNALS, sizes=SIZES)
def test_replaying_the_journal_gives_what_the_projection_holds(
    store: ProfileStore, journal: list[Observation], sizes: list[int]
) -> None:
    in_time = sorted(journal, key=lambda item: item.at)
    for customer in (written(store, journal, sizes), written(store, in_time, [1] * len(journal))):
        assert held(read(store, customer)) == held(fold(store.history(customer), SCHEMA, NOW))


@law
@given(journal=JOURNALS)
def test_appending_twice_changes_nothing(store: ProfileStore, journal: list[Observation]) -> None:
    customer = written(store, journal)
    before, history = read(store, customer), store.history(customer)
    change = store.append(told_of(customer, journal))
    assert not (change.added or change.superseded or change.retracted)
    assert (read(store, customer), store.history(customer)) == (before, history)


@law
@given(journal=JOURNALS, days=st.integers(0, 6))
def test_the_profile_as_of_a_moment_is_the_fold_of_what_was_known_then(
    store: ProfileStore, journal: list[Observation], days: int
) -> None:
    at = START + timedelta(days=days)
    known = [item for item in journal if item.at <= at]
    assert held(read(store, written(store, journal), days)) == held(fold(known, SCHEMA, at))


@law
@given(journal=JOURNALS, which=st.sampled_from(["size", "color", "size_in", "price_range"]))
def test_a_retraction_is_final_until_its_authority_speaks_again(
    store: ProfileStore, journal: list[Observation], which: str
) -> None:
    journal = [item for item in journal if (item.op, item.authority) != ("retract", Authority.SHOP)]
    customer = written(store, journal)  # what the shop retracts is not the customer's to bring back
    gone = observation("gone", which, "*", op="retract", days=7)
    said: dict[str, tuple[str, Polarity]] = {
        "size": ("M", "fact"),
        "color": ("red", "like"),
        "size_in": ("boots: 42", "fact"),
        "price_range": ("100..200", "fact"),
    }
    value, polarity = said[which]
    weaker = observation("weaker", which, value, days=8, by=Authority.INFERRED, polarity=polarity)
    again = observation("again", which, value, days=9, polarity=polarity)
    store.append(told_of(customer, [gone]))
    store.append(told_of(customer, [weaker]))
    left = read(store, customer).of(which)
    assert all(trait.authority is Authority.SHOP and not trait.challenges for trait in left)
    store.append(told_of(customer, [again]))
    back = read(store, customer).of(which)
    assert (value, Authority.STATED) in {
        (item.value, item.authority) for trait in back for item in (trait, *trait.challenges)
    } or any(trait.value == value for trait in back)


@law
@given(journal=JOURNALS, which=st.sampled_from(["size", "color"]), days=st.integers(0, 6))
def test_a_weaker_authority_changes_nothing_that_a_stronger_one_holds(
    store: ProfileStore, journal: list[Observation], which: str, days: int
) -> None:
    customer = written(store, journal)
    stronger = {item for item in identities(read(store, customer)) if item[3] is not Authority.INFERRED}
    value = {"size": "M", "color": "red"}[which]
    guess = observation("guess", which, value, by=Authority.INFERRED, days=days, polarity="like")
    store.append(told_of(customer, [guess]))
    assert stronger <= identities(read(store, customer))


@law
@given(journal=JOURNALS, order=st.permutations(["like", "dislike"]))
def test_a_dislike_ends_a_like_and_the_other_way_round(
    store: ProfileStore, journal: list[Observation], order: list[Polarity]
) -> None:
    customer = written(store, journal)
    first, second = order
    for number, polarity in enumerate(order):
        said = observation(f"n{number}", "color", "red", days=7 + number)
        store.append(told_of(customer, [replace(said, polarity=polarity)]))
    (trait,) = (trait for trait in read(store, customer).of("color") if trait.value == "red")
    assert (trait.polarity, trait.authority) == (second, Authority.STATED)
    assert any((old.value, old.polarity) == ("red", first) for old in read(store, customer).past)


@law
@given(journal=JOURNALS, sizes=SIZES)
def test_undoing_the_newest_observation_gives_the_profile_as_before_it(
    store: ProfileStore, journal: list[Observation], sizes: list[int]
) -> None:
    assume(journal)
    *before, newest = sorted(journal, key=lambda item: (item.at, item.op != "retract", item.op == "undo", item.id))
    customer = written(store, [*before, newest], sizes)
    store.undo(f"{customer}:{newest.id}", at=START + timedelta(days=50))
    assert held(read(store, customer)) == held(fold(told_of(customer, before), SCHEMA, NOW))
    assert len(store.history(customer)) == len(journal) + 1
    assert held(read(store, customer, 49)) == held(fold(told_of(customer, journal), SCHEMA, START + timedelta(days=49)))


@law
@given(journal=JOURNALS, which=st.integers(0, 11))
def test_undoing_is_as_if_it_had_never_been_and_can_be_undone(
    store: ProfileStore, journal: list[Observation], which: int
) -> None:
    journal = [item for item in journal if item.op != "undo"]
    assume(which < len(journal))
    customer = written(store, journal)
    whole, target = read(store, customer), f"{customer}:{journal[which].id}"
    store.undo(target)
    store.undo(target)
    without = [item for item in journal if item.id != journal[which].id]
    assert held(read(store, customer)) == held(fold(without, SCHEMA, NOW))
    (tombstone,) = (item for item in store.history(customer) if item.op == "undo")
    store.undo(tombstone.id)
    assert held(read(store, customer)) == held(whole)


@law
@given(theirs=JOURNALS, visitors=JOURNALS, later=JOURNALS)
def test_a_merge_equals_a_journal_in_which_the_visitors_lines_were_the_customers(
    store: ProfileStore, theirs: list[Observation], visitors: list[Observation], later: list[Observation]
) -> None:
    customer, visitor = written(store, theirs), written(store, visitors)
    both = [*store.history(customer), *store.history(visitor)]
    store.merge(visitor, customer)
    store.merge(visitor, customer)
    assert held(read(store, customer)) == held(fold(both, SCHEMA, NOW)) == held(read(store, visitor))
    after = [replace(item, id=f"later-{item.id}", at=item.at + timedelta(days=5)) for item in later]
    said = told_of(visitor, after)
    store.append(said)
    assert held(read(store, customer)) == held(fold([*both, *said], SCHEMA, NOW))
    assert {item.id for item in store.history(customer)} == {item.id for item in [*both, *said]}
    assert {item.customer for item in store.history(customer)} <= {customer, visitor}


@law
@given(
    weights=st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0, 1), st.integers(0, 300)), min_size=1, max_size=8)
)
def test_confidence_rises_with_new_independent_evidence_only(
    store: ProfileStore, weights: list[tuple[str, float, int]]
) -> None:
    customer, seen, sure = somebody(), set[str](), 0.0
    for number, (turn, confidence, days) in enumerate(sorted(weights, key=lambda item: item[2])):
        item = replace(observation(f"{number}", "budget", 100.0, turn=turn), confidence=confidence)
        store.append(told_of(customer, [replace(item, at=START + timedelta(days=days))]))
        (trait,) = read(store, customer).of("budget")
        assert 0.0 <= trait.confidence <= 1.0
        assert trait.confidence <= sure or turn not in seen
        assert trait.confidence >= sure - 1e-12
        seen, sure = seen | {turn}, trait.confidence
        assert {item.id for item in trait.evidence} == seen


@law
@given(journal=JOURNALS, days=st.integers(0, 400))
def test_confidence_stays_a_probability_and_only_fades_with_time(
    store: ProfileStore, journal: list[Observation], days: int
) -> None:
    customer = written(store, journal)
    soon, late = read(store, customer, 10), read(store, customer, 10 + days)
    for before, after in zip(soon.traits, late.traits, strict=True):
        assert 0.0 <= after.confidence <= before.confidence <= 1.0


def test_more_evidence_than_a_profile_shows_never_makes_less_sure(store: ProfileStore) -> None:
    customer, sure = somebody(), 0.0
    for number in range(40):
        store.append(told_of(customer, [observation(f"{number}", "size", "M", confidence=0.05 * (1 + number % 7))]))
        (trait,) = read(store, customer).traits
        assert sure - 1e-12 <= trait.confidence <= 1.0  # the order of a product rounds
        sure = trait.confidence
    assert len(store.history(customer)) == 40
    assert held(read(store, customer)) == held(fold(store.history(customer), SCHEMA, NOW))


def test_counts_of_events_replace_each_other_and_quotes_of_one_turn_count_once(store: ProfileStore) -> None:
    customer = somebody()
    for number, kind in enumerate(["event", "event", "turn", "turn"]):
        item = observation(f"{number}", "color", "red", polarity="like", confidence=0.5, by=Authority.OBSERVED)
        evidence = Evidence(kind, f"e{number}" if kind == "event" else "t", f"viewed {number}")
        store.append(told_of(customer, [replace(item, evidence=evidence, at=START + timedelta(hours=number))]))
    (trait,) = store.read(customer, START + timedelta(hours=3)).traits
    assert [item.id for item in trait.evidence] == ["e1", "t"]
    assert trait.confidence == pytest.approx(0.75, abs=0.01)
