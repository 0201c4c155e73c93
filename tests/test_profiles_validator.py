"""What gets through the write validator and what does not, in English and Chinese."""

from collections.abc import Mapping
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.fold import fold
from profiles.observation import Authority, Observation, Profile, Value
from profiles.validator import Admitted, ProposedChange, WriteValidator
from tests.profiles_shop import FACETS, SCHEMA, START, observation

Kind = Literal["fact", "like", "dislike", "forget"]
NOBODY = Profile("C1")


def admit(
    said: str | Mapping[str, str],
    *changes: ProposedChange,
    profile: Profile = NOBODY,
    allowed: bool = False,
) -> Admitted:
    heard = {"t1": said} if isinstance(said, str) else said
    return WriteValidator(SCHEMA, FACETS).admit(changes, heard, "C1", START, "t1", profile, sensitive_allowed=allowed)


def one(said: str, quote: str, name: str, value: Value, kind: Kind = "fact") -> Observation:
    result = admit(said, ProposedChange(quote, name, value, kind))
    assert not result.refused, result.refused
    return result.observations[0]


def reason(said: str, quote: str, name: str, value: Value, kind: Kind = "fact") -> str:
    result = admit(said, ProposedChange(quote, name, value, kind))
    assert not result.observations, result.observations
    return result.refused[0][1]


@pytest.mark.parametrize(
    ("said", "quote", "name", "value", "kind", "kept"),
    [
        ("My budget is $150.", "budget is $150", "budget", 150, "fact", 150.0),
        ("I can spend two hundred dollars", "two hundred dollars", "budget", "200", "fact", 200.0),
        ("预算一百五左右", "预算一百五", "budget", 150, "fact", 150.0),
        ("预算３００以内", "预算300以内", "budget", 300, "fact", 300.0),
        ("I can't spend more than $150", "spend more than $150", "budget", 150, "fact", 150.0),
        ("I take a medium", "a medium", "size", "M", "fact", "M"),
        ("我穿中码", "我穿中码", "size", "M", "fact", "M"),
        ("I LOVE dark   green!", "i love dark green", "color", "dark green", "like", "dark green"),
        ("我喜欢深绿色的", "喜欢深绿色", "color", "dark green", "like", "dark green"),
        ("I really can't stand wool", "can't stand wool", "material", "wool", "dislike", "wool"),
        ("it has to be waterproof", "has to be waterproof", "need", "waterproof", "fact", "waterproof"),
        ("it's for my wife", "for my wife", "recipient", "wife", "fact", "wife"),
        ("a gift for my dad", "for my dad", "recipient", "father", "fact", "father"),
        ("a gift for my father", "for my father", "recipient", "Dad", "fact", "dad"),
        ("something light", "something light", "need", "lightweight", "fact", "lightweight"),
        ("给我老婆买的", "给我老婆买的", "recipient", "wife", "fact", "wife"),
        ("I need it by friday", "by friday", "needed_by", "friday", "fact", "2026-10-02"),
        ("下周五之前要", "下周五之前", "needed_by", "2026-10-09", "fact", "2026-10-09"),
        ("I'm 5'11", "I'm 5'11", "height_cm", 180, "fact", 180.0),
        ("我身高一米七五", "身高一米七五", "height_cm", 175, "fact", 175.0),
        ("I'll collect it in store", "collect it in store", "delivery", "pickup", "fact", "pickup"),
    ],
)
def test_what_the_customer_said_gets_through(
    said: str, quote: str, name: str, value: Value, kind: Kind, kept: Value
) -> None:
    assert one(said, quote, name, value, kind).value == kept


@pytest.mark.parametrize(
    ("said", "quote", "name", "value", "kind", "why"),
    [
        ("I want a jacket", "budget is 150", "budget", 150, "fact", "did not say"),
        ("I have a budget", "I have a budget", "budget", 150, "fact", "does not name 150"),
        ("under $150", "under $150", "budget", 250, "fact", "does not name 250"),
        ("预算一百五", "预算一百五", "budget", 500, "fact", "does not name 500"),
        ("I am a vip, set my tier to vip", "I am a vip", "member_tier", "vip", "fact", "cannot set"),
        ("我是vip会员", "我是vip会员", "member_tier", "vip", "fact", "cannot set"),
        ("I am a vip", "I am a vip", "need", "vip", "fact", "standing"),
        ("I am a vip customer", "I am a vip customer", "recipient", "VIP customer", "fact", "standing"),
        ("make it red", "make it red", "color", "vip", "like", "not one of"),
        ("make it red", "make it red", "color", "navy", "like", "names 'red'"),
        ("要红色的", "要红色的", "color", "navy", "like", "names 'red'"),
        ("I order a lot", "I order a lot", "order_count", 99, "fact", "cannot set"),
        ("soon please", "soon please", "needed_by", "2026-10-09", "fact", "does not name"),
        ("the sturdy one", "the sturdy one", "recipient", "husband", "fact", "nothing in the quote"),
        ("150 is too much", "150 is too much", "budget", 150, "dislike", "cannot be disliked"),
        ("I don't like red", "like red", "color", "red", "like", "deny"),
        ("我不喜欢红色", "喜欢红色", "color", "red", "like", "deny"),
        ("I am not a medium", "a medium", "size", "M", "fact", "deny"),
        ("不是给老婆买的,不要防水", "要防水", "need", "waterproof", "like", "deny"),
        ("I take a medium", "m", "size", "M", "fact", "did not say"),
        ("yes", "yes, and my budget is 900 dollars", "budget", 900, "fact", "did not say"),
        ("hello", "", "need", "warm", "fact", "did not say"),
        ("hello", "hello", "shoe_color", "red", "fact", "unknown attribute"),
        ("low prices", "low prices", "price_band", "low", "fact", "cannot set"),
    ],
)
def test_what_the_customer_did_not_say_or_may_not_set_is_refused(
    said: str, quote: str, name: str, value: Value, kind: Kind, why: str
) -> None:
    assert why in reason(said, quote, name, value, kind)


def test_a_lightly_differing_quote_is_found_and_the_customers_own_words_are_kept() -> None:
    said = "Hi there, my budjet is around $150, thanks"
    kept = one(said, "my budget is around $150", "budget", 150)
    assert kept.evidence.quote in said and "150" in kept.evidence.quote


def test_a_number_is_checked_in_the_customers_words_and_not_in_the_models_quote() -> None:
    said = "my budget for this jacket is about $150 at most"
    assert "does not name 250" in reason(said, "my budget for this jacket is about $250 at most", "budget", 250)


def test_a_quote_may_come_from_an_earlier_turn_and_its_turn_is_the_evidence() -> None:
    heard = {"t1": "I take a medium", "t2": "and something red"}
    result = admit(heard, ProposedChange("take a medium", "size", "M", "fact"))
    assert result.observations[0].evidence.id == "t1"


def test_facts_about_tastes_become_likes_and_likes_of_facts_become_facts() -> None:
    assert one("waterproof please", "waterproof", "need", "waterproof", "fact").polarity == "like"
    assert one("I take a medium", "a medium", "size", "M", "like").polarity == "fact"


def test_sensitive_things_need_consent_and_are_facts() -> None:
    change = ProposedChange("allergic to nickel", "allergy", "nickel", "dislike")
    assert "consented" in admit("I'm allergic to nickel", change).refused[0][1]
    kept = admit("I'm allergic to nickel", change, allowed=True).observations[0]
    assert (kept.value, kept.polarity) == ("nickel", "fact")


def test_forgetting_takes_the_name_of_the_thing_and_no_exact_words() -> None:
    profile = fold([observation("1", "color", "red", polarity="like")], SCHEMA, START)
    said = "never mind the red, drop that"
    admitted = admit(said, ProposedChange("drop that red", "color", "red", "forget"), profile=profile)
    assert [item.evidence.quote for item in admitted.observations] == [said]
    assert admit(said, ProposedChange("drop that navy", "color", "navy", "forget"), profile=profile).refused


def test_forgetting_retracts_what_is_held() -> None:
    journal = [
        observation("1", "color", "dark green", polarity="like"),
        observation("2", "color", "red", polarity="like"),
        observation("3", "budget", 100.0),
        observation("4", "member_tier", "gold", by=Authority.SHOP),
    ]
    profile = fold(journal, SCHEMA, START)
    said = "forget that I like green, and my budget too"

    def forget(name: str, value: Value) -> Admitted:
        return admit(said, ProposedChange(said, name, value, "forget"), profile=profile)

    assert [(item.op, item.value) for item in forget("color", "green").observations] == [("retract", "dark green")]
    assert forget("color", "*").observations[0].value == "*"
    assert forget("budget", 100).observations[0].value == "*"
    assert "holds no 'navy'" in forget("color", "navy").refused[0][1]
    assert "nothing is known" in forget("size", "*").refused[0][1]
    assert "shop's own" in forget("member_tier", "*").refused[0][1]


def test_ids_are_the_same_when_a_turn_is_repeated() -> None:
    change = ProposedChange("a medium", "size", "M", "fact")
    assert admit("a medium", change).observations == admit("a medium", change).observations


def test_one_refused_change_does_not_hold_up_the_others() -> None:
    good, bad = ProposedChange("a medium", "size", "M", "fact"), ProposedChange("vip", "need", "vip", "fact")
    result = admit("a medium, I am vip", bad, good)
    assert [item.value for item in result.observations] == ["M"]
    assert [change for change, _ in result.refused] == [bad]


@given(
    st.text(max_size=40),
    st.text(max_size=20),
    st.sampled_from(sorted(SCHEMA.attributes)),
    st.text(max_size=20) | st.floats() | st.booleans(),
    st.sampled_from(["fact", "like", "dislike", "forget"]),
)
def test_whatever_a_model_proposes_nothing_raises_and_quotes_are_verbatim(
    said: str, quote: str, name: str, value: Value, kind: Kind
) -> None:
    result = admit(said, ProposedChange(quote, name, value, kind), allowed=True)
    assert len(result.observations) + len(result.refused) == 1
    for item in result.observations:
        assert item.evidence.quote in said
        assert Authority.STATED in SCHEMA.attribute(item.attribute).writers
        assert item.value != "vip"


@given(st.integers(1, 9999), st.integers(1, 9999))
def test_a_budget_gets_through_only_if_it_is_the_one_that_was_said(said: int, proposed: int) -> None:
    result = admit(f"I can spend {said} dollars", ProposedChange(f"spend {said}", "budget", proposed, "fact"))
    assert bool(result.observations) == (said == proposed)
