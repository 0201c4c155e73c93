"""The laws of the fold: who wins, what ends what, what stays retracted, and how sure the profile is."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.fold import fold
from profiles.observation import Authority, Observation, Op, Polarity, Profile
from tests.profiles_shop import SCHEMA, START, observation

SHOP, STATED, OBSERVED, INFERRED = Authority
LATER = START + timedelta(days=1000)


@st.composite
def journals(draw: st.DrawFn) -> list[Observation]:
    """Any observations of two attributes, one single-valued and one with likes and dislikes."""
    found = []
    for number in range(draw(st.integers(0, 12))):
        attribute, values = draw(st.sampled_from([("size", ("S", "M", "L")), ("color", ("red", "navy"))]))
        op: Op = draw(st.sampled_from(["assert", "assert", "assert", "retract"]))
        value = draw(st.sampled_from([*values, "*"] if op == "retract" else values))
        polarity: Polarity = "fact"
        if attribute == "color":
            polarity = draw(st.sampled_from(["like", "dislike"]))
        by = draw(st.sampled_from(list(Authority)))
        days, turn = draw(st.integers(0, 6)), draw(st.sampled_from("abcd"))
        found.append(
            observation(f"{number:02d}", attribute, value, by=by, days=days, polarity=polarity, op=op, turn=turn)
        )
    return found


def values(profile: Profile, attribute: str) -> set[tuple[str, str]]:
    return {(str(trait.value), trait.polarity) for trait in profile.of(attribute)}


@given(journals(), st.randoms())
def test_the_order_of_arrival_does_not_matter(journal: list[Observation], random: Random) -> None:
    shuffled = list(journal)
    random.shuffle(shuffled)
    assert fold(shuffled, SCHEMA, LATER).traits == fold(journal, SCHEMA, LATER).traits


@given(journals())
def test_folding_an_observation_twice_changes_nothing(journal: list[Observation]) -> None:
    assert fold([*journal, *journal], SCHEMA, LATER) == fold(journal, SCHEMA, LATER)


@given(journals())
def test_a_weaker_authority_never_wins(journal: list[Observation]) -> None:
    for trait in fold(journal, SCHEMA, LATER).traits:
        assert all(challenge.authority.rank > trait.authority.rank for challenge in trait.challenges)


@given(journals(), st.sampled_from(["size", "color"]), st.integers(0, 6))
def test_a_weaker_claim_changes_no_stronger_one(journal: list[Observation], name: str, days: int) -> None:
    held = {(t.attribute, t.value, t.polarity, t.authority) for t in fold(journal, SCHEMA, LATER).traits}
    guess = observation("guess", name, "L" if name == "size" else "red", by=INFERRED, days=days, polarity="like")
    after = {(t.attribute, t.value, t.polarity, t.authority) for t in fold([*journal, guess], SCHEMA, LATER).traits}
    assert {item for item in held if item[3] is not INFERRED} <= after


@given(journals(), st.integers(0, 6))
def test_a_retraction_is_final_for_older_and_for_weaker_ones(journal: list[Observation], days: int) -> None:
    gone = observation("gone", "color", "*", days=days, op="retract")
    for trait in fold([*journal, gone], SCHEMA, LATER).of("color"):
        again = [
            item
            for item in journal
            if (item.attribute, item.value, item.op) == ("color", trait.value, "assert")
            and item.authority.rank <= STATED.rank
            and (item.at >= gone.at or item.authority is SHOP)
        ]
        assert again, f"{trait} came back with no newer word of the customer"


@given(journals())
def test_likes_and_dislikes_of_one_value_never_both_hold(journal: list[Observation]) -> None:
    held = [trait.value for trait in fold(journal, SCHEMA, LATER).of("color")]
    assert len(held) == len(set(held))
    assert len(fold(journal, SCHEMA, LATER).of("size")) <= 1


@given(journals())
def test_confidence_is_a_probability_and_never_rises_with_time(journal: list[Observation]) -> None:
    soon, late = fold(journal, SCHEMA, LATER), fold(journal, SCHEMA, LATER + timedelta(days=100))
    for before, after in zip(soon.traits, late.traits, strict=True):
        assert 0.0 <= after.confidence <= before.confidence <= 1.0


@pytest.mark.parametrize(("first", "second"), [("like", "dislike"), ("dislike", "like")])
def test_a_dislike_ends_a_like_and_the_other_way_round(first: Polarity, second: Polarity) -> None:
    journal = [
        observation("1", "color", "red", polarity=first),
        observation("2", "color", "navy", polarity="like"),
        observation("3", "color", "red", polarity=second, days=1),
    ]
    profile = fold(journal, SCHEMA, LATER)
    assert values(profile, "color") == {("red", second), ("navy", "like")}
    assert [(trait.value, trait.polarity, trait.until) for trait in profile.past] == [
        ("red", first, START + timedelta(days=1))
    ]


def test_a_newer_statement_supersedes_and_the_older_keeps_its_dates() -> None:
    profile = fold([observation("1", "budget", 100.0), observation("2", "budget", 150.0, days=3)], SCHEMA, LATER)
    assert [trait.value for trait in profile.traits] == [150.0]
    assert [(trait.value, trait.since, trait.until) for trait in profile.past] == [
        (100.0, START, START + timedelta(days=3))
    ]


def test_what_was_said_and_what_was_done_both_stay_and_are_marked() -> None:
    journal = [
        observation("1", "material", "wool", polarity="dislike"),
        observation("2", "material", "wool", polarity="like", by=OBSERVED, days=2),
    ]
    (trait,) = fold(journal, SCHEMA, LATER).traits
    assert (trait.polarity, trait.authority) == ("dislike", STATED)
    assert [(item.polarity, item.authority) for item in trait.challenges] == [("like", OBSERVED)]


def test_a_weaker_claim_that_agrees_is_support_and_not_a_challenge() -> None:
    stated, seen = observation("1", "size", "M"), observation("2", "size", "M", by=OBSERVED, confidence=0.5)
    (trait,) = fold([stated, seen], SCHEMA, LATER).traits
    assert not trait.challenges and len(trait.evidence) == 2 and trait.confidence == pytest.approx(0.95)


def test_the_customer_may_state_again_what_they_had_retracted() -> None:
    journal = [
        observation("1", "color", "red", polarity="like"),
        observation("2", "color", "red", op="retract", days=1),
        observation("3", "color", "red", polarity="like", by=OBSERVED, days=2),
    ]
    assert not fold(journal, SCHEMA, LATER).traits
    again = observation("4", "color", "red", polarity="like", days=3)
    assert values(fold([*journal, again], SCHEMA, LATER), "color") == {("red", "like")}


def test_a_retraction_and_a_statement_of_one_turn_leave_the_statement() -> None:
    journal = [observation("1", "size", "M"), observation("a", "size", "L", days=1)]
    gone = observation("z", "size", "*", op="retract", days=1)
    assert values(fold([*journal, gone], SCHEMA, LATER), "size") == {("L", "fact")}


def test_a_customer_cannot_retract_what_the_shop_knows() -> None:
    journal = [observation("1", "size", "M", by=SHOP), observation("2", "size", "*", op="retract", days=1)]
    assert values(fold(journal, SCHEMA, LATER), "size") == {("M", "fact")}


def test_only_independent_evidence_makes_surer() -> None:
    once = observation("1", "size", "M", turn="t1", confidence=0.5)
    same = observation("2", "size", "M", turn="t1", confidence=0.5)
    other = observation("3", "size", "M", turn="t2", confidence=0.5)
    assert fold([once, same], SCHEMA, LATER).traits[0].confidence == pytest.approx(0.5)
    assert fold([once, other], SCHEMA, LATER).traits[0].confidence == pytest.approx(0.75)


def test_confidence_halves_in_the_half_life() -> None:
    journal = [observation("1", "budget", 100.0, confidence=0.8)]
    assert fold(journal, SCHEMA, START + timedelta(days=30)).traits[0].confidence == pytest.approx(0.4)


def test_the_profile_can_be_seen_as_of_an_earlier_day() -> None:
    journal = [observation("1", "size", "M"), observation("2", "size", "L", days=5)]
    assert values(fold(journal, SCHEMA, START + timedelta(days=4)), "size") == {("M", "fact")}


def test_an_attribute_that_the_schema_has_lost_is_left_out() -> None:
    assert not fold([observation("1", "shoe_color", "red")], SCHEMA, LATER).traits


def test_what_a_later_turn_of_the_same_moment_takes_back_is_gone() -> None:
    noted = observation("b", "size", "M", turn="web:9")
    gone = observation("a", "size", "*", op="retract", turn="web:10")
    again = observation("0", "size", "L", turn="web:11")
    assert not fold([noted, gone], SCHEMA, LATER).traits
    assert values(fold([again, gone, noted], SCHEMA, LATER), "size") == {("L", "fact")}
