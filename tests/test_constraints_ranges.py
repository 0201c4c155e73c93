"""Ranges and values per key that the model may write: those that were said, and the write validator takes them all."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from langchain_core.messages import BaseMessage, HumanMessage

from agent.lexicon import ShopLexicon
from agent.prompt import customer_card
from agent.tools.schemas import plain
from agent.tools.update_profile import parameters
from profiles.observation import Profile, Value
from profiles.schema import Schema
from profiles.validator import ProposedChange, WriteValidator
from tests.guided import TODAY, supported
from tests.profiles_shop import ATTRIBUTES, FACETS, START

_ONLY = ("price_range", "size_in", "price_in")
_KEYED = {"name": "price_in", "type": "money", "range": True, "per": "category", "writers": ["stated"]}
_KEPT = [one for one in ATTRIBUTES if one["name"] in (*_ONLY, "category")]
SCHEMA = Schema.parse({"attributes": [*_KEPT, _KEYED]})
WITH_SIZE = Schema.parse(
    {"attributes": [*_KEPT, {"name": "size", "type": "choice", "facet": "size", "writers": ["stated"]}]}
)
_SIZES = ("S", "M", "L", "XL", "42", "43")
_KINDS = {"jackets": ("jacket", "coat"), "boots": ("boots",)}
_KINDS_ZH = {"jackets": "外套", "boots": "靴子"}


def _offered(said: str, schema: Schema = SCHEMA, card: str = "") -> dict[str, list[tuple[Value, tuple[str, ...]]]]:
    """By attribute: each value with the polarities it may have."""
    words = ShopLexicon.of(schema, FACETS, set(FACETS["category"]))
    tools = [{"function": {"name": "update_profile", "parameters": plain(parameters(schema))}}]
    talk: list[BaseMessage] = [customer_card(card), HumanMessage(said)]
    changes: Any = supported(talk, tools, words)["update_profile.changes"]
    found: dict[str, list[tuple[Value, tuple[str, ...]]]] = {}
    for kind in changes["items"]["anyOf"] if changes else ():
        fields = kind["properties"]
        for value in fields["value"].get("enum") or [fields["value"]["const"]]:
            found.setdefault(fields["attribute"]["const"], []).append((value, tuple(fields["polarity"]["enum"])))
    return found


def _values(said: str, name: str, schema: Schema = SCHEMA) -> list[Value]:
    return [value for value, polarities in _offered(said, schema).get(name, ()) if polarities != ("forget",)]


def _admits(said: str, name: str, value: Value, schema: Schema = SCHEMA, quote: str = "") -> bool:
    change = ProposedChange(quote or said, name, value, "fact")
    admitted = WriteValidator(schema, FACETS).admit([change], {"t1": said}, "C1", START, "t1", Profile("C1"))
    return [item.value for item in admitted.observations] == [schema.attribute(name).clean(value, FACETS)]


_PRICES = st.integers(2, 5000)
_RANGES = st.sampled_from(
    (
        ("between {} and {}", "{}..{}"),
        ("my budget is {} to {} dollars", "{}..{}"),
        ("at least {}, at most {} dollars", "{}..{}"),
        ("预算{}到{}", "{}..{}"),
        ("至少{}，最多{}元", "{}..{}"),
    )
)


@given(_PRICES, _PRICES, _RANGES)
def test_a_range_that_was_said_is_offered_alone_and_admitted(one: int, other: int, saying: tuple[str, str]) -> None:
    low, high = sorted((one, other + 5001))
    said = saying[0].format(low, high)
    assert _values(said, "price_range") == [saying[1].format(low, high)]
    assert _admits(said, "price_range", f"{low}..{high}")


@given(_PRICES, st.sampled_from(("no more than {}", "under ${}", "不超过{}元", "{}以内", "I can't spend more than {}")))
def test_an_upper_limit_is_a_range_open_below(price: int, saying: str) -> None:
    said = saying.format(price)
    assert _values(said, "price_range") == [f"..{price}"]
    assert _admits(said, "price_range", f"..{price}")


_SAID = st.one_of(
    st.builds(
        "{} {} for {}".format,
        st.sampled_from(("size", "I take")),
        st.sampled_from(_SIZES),
        st.sampled_from(["jackets", "boots"]),
    ),
    st.builds("{}穿{}".format, st.sampled_from(["外套", "靴子"]), st.sampled_from(_SIZES)),
    st.builds("between {} and {} dollars".format, _PRICES, _PRICES),
    st.builds("{} for {}".format, _PRICES, st.sampled_from(["boots", "my jacket", "3 people"])),
    st.builds("a {} in {}".format, st.sampled_from(["jacket", "coat"]), st.sampled_from(_SIZES)),
    st.builds("预算{}到{}".format, _PRICES, _PRICES),
    st.builds("about {}".format, _PRICES),
    st.sampled_from(["I'm fine", "I'm between jobs", "boots please", "no wool", "30 to 40 litres", "身高175cm以上"]),
)


@given(st.lists(_SAID, min_size=1, max_size=3, unique=True), st.sampled_from([", ", " and ", "，", ". "]))
@example(["外套穿42", "100 for boots"], "，")
def test_everything_offered_passes_the_validator(parts: list[str], joint: str) -> None:
    said = joint.join(parts)
    for schema in (SCHEMA, WITH_SIZE):
        for name in _ONLY:
            for value in _values(said, name, schema) if name in schema.attributes else ():
                assert _admits(said, name, value, schema), (said, name, value)


@given(st.lists(_SAID, min_size=1, max_size=3, unique=True))
def test_what_nobody_said_is_not_offered(parts: list[str]) -> None:
    said = ", ".join(parts)
    for value in _values(said, "size_in"):
        key, _, size = str(value).rpartition(": ")
        assert size in said
        assert not key or any(word in said for word in (*_KINDS[key], _KINDS_ZH[key]))


@given(st.permutations(_SIZES), st.permutations(["jackets", "boots"]))
def test_each_key_gets_the_value_that_was_said_for_it(sizes: list[str], kinds: list[str]) -> None:
    wanted = {f"{kind}: {size}" for kind, size in zip(kinds, sizes, strict=False)}
    first, second = zip(kinds, sizes, strict=False)
    for saying in (
        "size {1} for {0}, {3} for {2}",
        "I wear {1} in {0} and {3} in {2}",
        "for {0} I take {1}, for {2} {3}",
    ):
        assert set(_values(saying.format(*first, *second), "size_in")) == wanted
    chinese = [_KINDS_ZH[kind] for kind in kinds]
    assert set(_values(f"{chinese[0]}穿{first[1]}，{chinese[1]}穿{second[1]}", "size_in")) == wanted


@pytest.mark.parametrize(
    ("said", "offered"),
    [
        ("M in jackets and boots", ["jackets: M", "boots: M"]),
        ("I'm looking for boots. I take M in jackets", ["jackets: M"]),
        ("i wear m in jackets", ["jackets: M"]),
        ("我穿M码的外套，靴子穿42", ["jackets: M", "boots: 42"]),
        ("靴子42码", ["boots: 42", "42"]),  # it may be no more than what is looked for
        ("boots. And I wear 42.", ["boots: 42", "42"]),  # open: both are offered
        ("I take an L", ["L"]),
        ("I'm in need of boots", []),
    ],
)
def test_values_are_offered_under_the_keys_they_were_said_for(said: str, offered: list[str]) -> None:
    assert sorted(map(str, _values(said, "size_in"))) == sorted(offered)


def test_what_is_said_of_one_kind_is_no_size_of_everything() -> None:
    assert _values("size M for jackets, and I wear L", "size", WITH_SIZE) == ["L", "l"]
    assert _values("size M for jackets, and I wear L", "size_in", WITH_SIZE) == ["jackets: M"]
    assert "M" in _values("a jacket in M", "size", WITH_SIZE)  # which may be no more than what is looked for


def test_a_size_of_boots_is_no_budget() -> None:
    assert _values("boots under 150, I wear 43 in boots", "price_range") == ["..150"]
    assert _values("I wear 43 in boots", "price_range") == []


def test_what_is_kept_per_key_is_forgotten_by_the_key_that_is_named() -> None:
    held = "size_in: boots 42, jackets M"
    assert ("boots: *", ("forget",)) in _offered("forget my boots size", card=held)["size_in"]
    assert ("*", ("forget",)) in _offered("forget my sizes", card=held)["size_in"]


def test_more_than_is_nothing_to_forget() -> None:
    assert ("*", ("forget",)) not in _offered("no more than 150", card="price_range: 100..200")["price_range"]


def test_a_quote_cut_from_a_range_or_from_its_key_is_taken() -> None:
    assert _admits("at least 50, at most 80 dollars", "price_range", "50..80", quote="at least 50")
    assert _admits("I take an L in jackets", "size_in", "jackets: L", quote="an L")
    assert not _admits("jackets? I take an L", "size_in", "jackets: L", quote="an L")


@pytest.mark.parametrize(
    ("said", "words"),
    [("my sizes: M in jackets!", ["M in jackets"]), ("外套，我一般穿M", []), ("外套我一般穿M", ["外套我一般穿M"])],
)
def test_a_pair_has_the_words_that_say_it(said: str, words: list[str]) -> None:
    vocabulary = ShopLexicon.of(SCHEMA, FACETS, set(FACETS["category"]))
    found = vocabulary.read(said, TODAY).notes["size_in"].pairs.values()
    assert [pair.words for pair in found if pair.is_plain] == words
