"""Intents and their laws, on SQLite and PostgreSQL: order, as-of, undo, merge, decay, matching, purchases."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from profiles.card import brief, card
from profiles.events.event import Event
from profiles.fold import settle
from profiles.intents.fold import intents_of
from profiles.intents.intent import Intent, State
from profiles.intents.journal import close, intent_id, say, unsay
from profiles.intents.match import looks_back, meant
from profiles.intents.purchases import bought
from profiles.intents.reads import read_intents
from profiles.observation import Authority, Evidence, Observation, Profile
from profiles.reserved import INTENTS
from profiles.schema import Schema
from profiles.store import ProfileStore
from tests.profile_stores import NOW, held, somebody
from tests.profiles_shop import SCHEMA, START, observation

law = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
WITH_INTENTS = Schema({INTENTS.name: INTENTS})
Drawn = tuple[str, str, int, int]


def act(customer: str, number: int, drawn: Drawn) -> Observation:
    """One act on one of two intents of this customer."""
    which, what, value, days = drawn
    intent, at = intent_id(customer, int(which)), START + timedelta(days=days)
    evidence = Evidence("turn", f"{customer}:{number}", f"words {number}")
    match what:
        case "open":
            return close(intent, State.OPEN, customer, evidence, at)
        case "kind":
            return say(intent, "kind", ("find", "return")[value % 2], customer, evidence, at)
        case "done" | "dropped":
            return close(intent, State(what), customer, evidence, at)
        case "bought":
            return close(intent, State.DONE, customer, evidence, at, Authority.SHOP)
        case "unsay":
            return unsay(intent, "color", customer, evidence, at)
    return say(intent, "color", ("red", "navy", "dark green")[value], customer, evidence, at)


ACTS = st.lists(
    st.tuples(
        st.sampled_from("01"),
        st.sampled_from(["kind", "kind", "open", "open", "color", "color", "unsay", "done", "dropped", "bought"]),
        st.integers(0, 2),
        st.integers(0, 6),
    ),
    max_size=10,
)


def acts(customer: str, drawn: list[Drawn]) -> list[Observation]:
    return [act(customer, number, parts) for number, parts in enumerate(drawn)]


def folded(items: list[Observation], days: float = 1000) -> tuple[Intent, ...]:
    """As the rules alone have it."""
    at = START + timedelta(days=days)
    return intents_of(settle([item for item in items if item.at <= at], WITH_INTENTS).get(INTENTS.name), at)


@law
@given(drawn=ACTS, random=st.randoms(use_true_random=False), size=st.integers(1, 4), days=st.integers(0, 6))
def test_order_of_arrival_and_batches_do_not_matter_and_any_moment_can_be_read(
    store: ProfileStore, drawn: list[Drawn], random: Random, size: int, days: int
) -> None:
    customer = somebody()
    told = acts(customer, drawn)
    shuffled = random.sample(told, len(told))
    for start in range(0, len(told), size):
        store.append(shuffled[start : start + size])
    store.append(told)  # again: nothing
    assert read_intents(store, customer, NOW) == folded(told)
    assert read_intents(store, customer, START + timedelta(days=days)) == folded(told, days)
    assert len(store.history(customer)) == len({item.id for item in told})


@law
@given(drawn=ACTS, which=st.integers(0, 9))
def test_what_is_undone_was_never_said_until_the_undoing_is_undone(
    store: ProfileStore, drawn: list[Drawn], which: int
) -> None:
    assume(which < len(drawn))
    customer = somebody()
    told = acts(customer, drawn)
    store.append(told)
    whole = read_intents(store, customer, NOW)
    store.undo(told[which].id, at=START + timedelta(days=50))
    assert read_intents(store, customer, NOW) == folded([item for item in told if item.id != told[which].id])
    assert read_intents(store, customer, START + timedelta(days=49)) == folded(told, 49)
    (tombstone,) = (item for item in store.history(customer) if item.op == "undo")
    store.undo(tombstone.id, at=START + timedelta(days=51))
    assert read_intents(store, customer, NOW) == whole


@law
@given(theirs=ACTS, visitors=ACTS, later=ACTS)
def test_a_visitors_intents_are_the_customers_after_a_merge_and_nobody_elses(
    store: ProfileStore, theirs: list[Drawn], visitors: list[Drawn], later: list[Drawn]
) -> None:
    customer, visitor, other = somebody(), somebody(), somebody()
    both = [*acts(customer, theirs), *acts(visitor, visitors)]
    store.append(both)
    store.merge(visitor, customer)
    after = [replace(item, id=f"{item.id}+", at=item.at + timedelta(days=5)) for item in acts(visitor, later)]
    store.append(after)
    assert read_intents(store, customer, NOW) == read_intents(store, visitor, NOW) == folded([*both, *after])
    assert read_intents(store, other, NOW) == ()


@law
@given(drawn=ACTS)
def test_intents_leave_the_traits_alone_and_a_rebuild_keeps_both(store: ProfileStore, drawn: list[Drawn]) -> None:
    customer = somebody()
    size = replace(observation("size", "size", "M"), id=f"{customer}:size", customer=customer)
    store.append([size])
    before = held(store.read(customer, NOW))
    store.append(acts(customer, drawn))
    intents = read_intents(store, customer, NOW)
    assert held(store.read(customer, NOW)) == before
    assert store.settled(customer).keys() == {"size"}
    store.rebuild()
    assert (held(store.read(customer, NOW)), read_intents(store, customer, NOW)) == (before, intents)


def looking(number: int, days: float = 0, **slots: str) -> list[Observation]:
    """Somebody begins to look for something."""
    at = START + timedelta(days=days)
    evidence = Evidence("turn", f"talk-{number}:1", "a jacket for my son")
    intent = intent_id("C", number)
    told = [say(intent, name, value, "C", evidence, at) for name, value in {"kind": "find", **slots}.items()]
    return [*told, close(intent, State.OPEN, "C", evidence, at)]


def test_every_slot_says_why_it_has_its_value_and_a_newer_word_takes_its_place() -> None:
    told = looking(0, product="jackets", color="red")
    again = say(intent_id("C", 0), "color", "navy", "C", Evidence("turn", "t:9", "rather navy"), START + timedelta(1))
    (intent,) = folded([*told, again], days=2)
    assert intent.values == {"product": "jackets", "color": "navy"}
    assert {slot.name: slot.evidence[-1].quote for slot in intent.slots}["color"] == "rather navy"
    assert (intent.is_of("talk-0"), intent.is_of("t"), intent.is_of("tal")) == (True, True, False)


def test_what_nobody_comes_back_to_is_dropped_by_time_and_speaking_of_it_keeps_it() -> None:
    told = looking(0, product="jackets")
    assert [folded(told, days)[0].state for days in (0, 20, 40)] == [State.OPEN, State.OPEN, State.DROPPED]
    assert folded(told, 40)[0].faded
    touch = close(intent_id("C", 0), State.OPEN, "C", Evidence("turn", "t:2", ""), START + timedelta(days=20))
    assert folded([*told, touch], 40)[0].state is State.OPEN


def test_a_purchase_ends_the_search_for_that_kind_of_product_and_no_other() -> None:
    told = [*looking(0, product="jackets"), *looking(1, product="boots"), *looking(2, days=5, product="jackets")]
    products = {"P1": {"category": ("jackets",)}}
    early = Event("e0", "C", "", "bought", START + timedelta(days=1), ("P1",))
    ends = list(bought("C", [early], folded(told, 6), products))
    assert [(item.value, item.authority) for item in ends] == [
        (f"{intent_id('C', 0)}.state: done", Authority.SHOP)
    ]  # the other jacket was not looked for yet
    states = {intent.id: intent.state for intent in folded([*told, *ends], 6)}
    assert states[intent_id("C", 0)] is State.DONE and states[intent_id("C", 1)] is State.OPEN
    viewed = replace(early, kind="viewed")
    assert not list(bought("C", [viewed], folded(told, 6), products))


def test_a_message_finds_the_intent_by_product_then_slots_then_words() -> None:
    told = [
        *looking(0, days=2, product="jackets", color="navy", query="rain jacket"),
        *looking(1, days=1, product="jackets", recipient="son", query="warm jacket"),
        *looking(2, days=3, product="boots", query="hiking boots"),
    ]
    intents = folded(told, 4)

    def found(text: str, **named: list[str]) -> int | None:
        intent = meant(intents, named, text)
        return next((n for n in range(3) if intent and intent.id == intent_id("C", n)), None)

    assert found("is the jacket for my son still in stock?", product=["jackets"]) == 1
    assert found("is the navy jacket still there?", product=["jackets"], color=["navy"]) == 0
    assert found("do you still have the jacket?", product=["jackets"]) == 0  # spoken of last
    assert found("are those boots still there?", product=["boots"]) == 2
    assert found("is the tent still there?", product=["tents"]) is None
    assert found("where is my order?") is None


@given(st.permutations(range(3)), st.sampled_from(["jackets", "boots"]), st.text(max_size=30))
def test_the_order_of_the_intents_does_not_decide_what_is_meant(order: list[int], product: str, text: str) -> None:
    told = [*looking(0, product="jackets"), *looking(1, product="jackets"), *looking(2, product="boots")]
    intents = folded(told, 1)
    mixed = [intents[place] for place in order]
    assert meant(mixed, {"product": [product]}, text) == meant(intents, {"product": [product]}, text)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("is the jacket for my son still in stock?", True),
        ("上次看的那件外套还有货吗？", True),
        ("what about the boots you showed me", True),
        ("what is the best jacket for hiking?", False),
        ("I need a jacket", False),
        ("有没有防水的外套", False),
    ],
)
def test_only_words_for_what_was_before_look_back(text: str, back: bool) -> None:
    assert looks_back(text) is back


def test_the_card_names_what_is_open_behind_the_traits_and_stays_as_it_was_without() -> None:
    (intent,) = folded(looking(0, product="jackets", color="navy", max_price="150", query="rain jacket"), 1)
    assert brief(intent) == "jackets, navy, max 150"
    assert card(Profile("C"), SCHEMA, [intent]) == "open: jackets, navy, max 150"
    assert card(Profile("C"), SCHEMA) == ""
