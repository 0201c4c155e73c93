"""Which of a shop's values a text names, and what may be noted and asked for because of it."""

from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agent.lexicon import ShopLexicon
from agent.tools.schemas import plain
from agent.tools.update_profile import parameters
from language.reading import Reading
from profiles.attribute import Facets
from profiles.schema import Schema
from tests.guided import TODAY, supported

_STATED = ["stated"]
SCHEMA = Schema.parse(
    {
        "attributes": [
            {"name": "budget", "type": "money", "bound": "max_price", "writers": _STATED},
            {"name": "color", "type": "choice", "facet": "color", "many": True, "polarity": True, "writers": _STATED},
            {"name": "size", "type": "choice", "values": ["S", "M", "XL"], "writers": _STATED},
            {"name": "business", "type": "boolean", "writers": _STATED},
            {"name": "city", "type": "text", "label": {"en": "Home town"}, "writers": _STATED},
            {"name": "nickname", "type": "text", "cues": ["call me", "叫"], "writers": _STATED},
        ]
    }
)
FACETS: Facets = {
    "color": {"dark green": ("深绿",), "grey": (), "black": ("黑色",)},
    "material": {"merino wool": (), "cotton": ()},
    "kind": {"jackets": (), "boots": ()},
}
WORDS = ShopLexicon.of(SCHEMA, FACETS, {"boots", "jackets"})


def read(text: str) -> Reading:
    return WORDS.read(text, TODAY)


def _search(**facets: Sequence[str]) -> dict[str, Any]:
    properties = {name: {"type": "string"} | ({"enum": [*values]} if values else {}) for name, values in facets.items()}
    return {"function": {"name": "search_products", "parameters": {"type": "object", "properties": properties}}}


def _kinds_asked(messages: Sequence[str], words: ShopLexicon = WORDS) -> Any:
    """The kinds of product that a search may be for."""
    tool = _search(kind=[*words.facets["kind"]])
    return supported([HumanMessage(text) for text in messages], [tool], words)["search_products.kind"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("something in dark green", ["dark green"]),
        ("I'd like it green", ["dark green"]),
        ("a gray one", ["grey"]),
        ("balck please", ["black"]),
        ("blackk please", ["black"]),
        ("brick please", []),
        ("我想要深绿的", ["dark green", "grey"]),  # of grey nobody has said what it is in Chinese
        ("a tent", []),
    ],
)
def test_a_value_is_named_in_any_of_its_spellings(text: str, values: list[str]) -> None:
    assert list(read(text).facets["color"].may) == values


@pytest.mark.parametrize("text", ["no merino wool please", "without any merino wool", "not merino wool, cotton"])
def test_what_is_only_ruled_out_is_not_asked_for(text: str) -> None:
    named = read(text).facets["material"]
    assert list(named.ruled_out) == ["merino wool"]
    assert "merino wool" not in named.may
    assert list(read("不要黑色").facets["color"].ruled_out) == ["black"]
    assert not read("no, merino wool is fine").facets["material"].ruled_out


@pytest.mark.parametrize(
    "text",
    [
        "nothing in black",
        "anything but black",
        "everything except black",
        "I don't want black",
        "I'd rather not wear black",
        "no grey or black",
        "除了黑色都行",
        "别的颜色，不要黑色",
    ],
)
def test_a_ruled_out_value_is_no_filter_however_it_is_ruled_out(text: str) -> None:
    named = read(text).facets["color"]
    assert "black" in named.ruled_out
    assert "black" not in named.may


@pytest.mark.parametrize(
    "text", ["isn't there a black one?", "有没有黑色的？", "not only black", "why not black?", "no, the black one"]
)
def test_what_only_sounds_like_a_denial_rules_nothing_out(text: str) -> None:
    named = read(text).facets["color"]
    assert not named.ruled_out
    assert "black" in named.may


def test_a_family_that_is_ruled_out_rules_out_its_kinds() -> None:
    ruled = read("no wool please").facets["material"].ruled_out["merino wool"]
    assert ruled.quote == "no wool"
    assert ruled.word == "wool"


def test_what_a_kind_of_product_must_not_have_is_ruled_out_and_not_the_kind() -> None:
    text = "I don't want a cotton jacket"
    named = read(text).facets
    assert list(named["material"].ruled_out) == ["cotton"]
    assert not named["kind"].ruled_out and named["kind"].wanted == ("jackets",)
    assert list(read("I don't want a jacket").facets["kind"].ruled_out) == ["jackets"]


def test_singular_and_plural_name_the_same_kind() -> None:
    kinds: Facets = {"kind": {"dresses": (), "knives": (), "harnesses": ()}}
    words = ShopLexicon.of(SCHEMA, kinds, set(kinds["kind"]))
    for text, kind in (("a red dress please", "dresses"), ("one knife", "knives"), ("a harness", "harnesses")):
        assert words.read(text, TODAY).facets["kind"].wanted == (kind,)
        assert _kinds_asked([text], words) == [kind]


def test_a_shop_of_another_language_is_asked_in_it() -> None:
    facets: Facets = {"color": {"rojo": (), "negro": ()}, "kind": {"vestidos": (), "zapatos": ()}}
    words = ShopLexicon.of(SCHEMA, facets, set(facets["kind"]), ("es",))
    assert words.read("un vestido rojo", TODAY).facets["kind"].wanted == ("vestidos",)
    assert words.read("zapatos rojos", TODAY).facets["color"].whole == ("rojo",)
    assert list(words.read("no quiero zapatos negros", TODAY).facets["color"].ruled_out) == ["negro"]


@pytest.mark.parametrize(
    ("newest", "kinds"),
    [
        ("show me boots", ["boots"]),
        ("a jakket", ["jackets"]),
        ("boots, no jackets", ["boots"]),
        ("something bootable", []),
    ],
)
def test_the_kind_of_product_is_one_that_was_named(newest: str, kinds: list[str]) -> None:
    assert _kinds_asked([newest]) == kinds


def test_the_newest_message_says_which_kind_is_meant_if_it_names_one() -> None:
    assert _kinds_asked(["jackets", "and boots?"]) == ["boots"]
    assert _kinds_asked(["jackets", "in green"]) == ["jackets"]


WHOLE: Facets = {
    "color": {"green": (), "dark green": ("墨绿",), "pine green": ()},
    "size": {"S": ("小码",), "M": (), "XL": (), "8": ()},
    "shoe": {"women's shoes": (), "shoes": ()},
}
STRICT = ShopLexicon.of(SCHEMA, WHOLE, ())


@pytest.mark.parametrize(
    ("facet", "text", "values"),
    [
        ("color", "a dark green one", ["dark green"]),  # and not green, its family
        ("color", "墨绿色的", ["dark green"]),
        ("color", "dark greeen, or pine", []),
        ("size", "size M please", ["M"]),
        ("size", "in size m", ["M"]),
        ("size", "我穿M码", ["M"]),
        ("size", "ＸＬ", ["XL"]),
        ("size", "I'm sure it’s one of the S's", []),
        ("size", "an m, a T-S cut, 8-10", []),
        ("size", "the 8", ["8"]),
        ("size", "小码的", ["S"]),
        ("shoe", "women's shoes", ["women's shoes"]),
        ("shoe", "no women’s shoes", ["women's shoes"]),  # named all the same
    ],
)
def test_only_what_is_named_whole_counts_where_a_guess_would_narrow_a_search(
    facet: str, text: str, values: list[str]
) -> None:
    assert list(STRICT.read(text, TODAY).facets[facet].whole) == values


def test_what_asks_for_a_size_is_not_misled_by_the_letters_of_other_words() -> None:
    assert STRICT.read("I'm after something in m", TODAY).facets["size"].asked == ("M",)
    assert STRICT.read("it's from a T-shirt brand", TODAY).facets["size"].asked == ()


def test_a_filter_takes_what_was_said_in_this_conversation_and_nothing_else() -> None:
    tool = _search(color=["dark green", "grey", "black"], material=[], kind=["jackets", "boots"])
    earlier = AIMessage("", tool_calls=[{"name": "search_products", "args": {"color": "black"}, "id": "1"}])
    talk: list[BaseMessage] = [earlier, HumanMessage("and in merino?")]
    # wool may be written in any words
    assert supported(talk, [tool], WORDS) == {"search_products.color": ["black"], "search_products.kind": []}
    assert supported([HumanMessage("boots")], [tool], WORDS) == {
        "search_products.color": [],
        "search_products.material": [],
        "search_products.kind": ["boots"],
    }


def _kinds(*messages: BaseMessage) -> dict[str, list[tuple[Any, list[str]]]]:
    """What may be noted: by attribute the values (None: any text) with their polarities."""
    function = {"name": "update_profile", "parameters": plain(parameters(SCHEMA))}
    changes: Any = supported(messages, [{"function": function}], WORDS)["update_profile.changes"]
    found: dict[str, list[tuple[Any, list[str]]]] = {}
    for kind in changes["items"]["anyOf"]:
        bound = kind["properties"]
        value = bound["value"].get("enum", bound["value"].get("const"))
        found.setdefault(bound["attribute"]["const"], []).append((value, bound["polarity"]["enum"]))
    return found


FACT, TASTE = ["fact"], ["like", "dislike"]
ALL = ("*", ["forget"])


def test_only_what_the_newest_message_bears_out_can_be_noted() -> None:
    kinds = _kinds(HumanMessage("at most 80"), HumanMessage("I wear medium and love Dark Green, 120 tops"))
    assert kinds == {
        "budget": [([120], FACT)],
        "size": [(["M", "medium"], FACT)],
        "color": [(["dark green", "Dark Green"], TASTE)],
        "city": [(None, FACT)],
    }
    assert _kinds(HumanMessage("this is for my business"))["business"] == [(["yes", "no"], FACT)]
    assert set(_kinds(HumanMessage("hello"))) == {"city"}


def test_what_is_held_or_called_by_its_name_can_be_forgotten_whole() -> None:
    card = SystemMessage("Customer: size: M")
    assert _kinds(card, HumanMessage("forget that"))["size"] == [ALL]
    assert _kinds(HumanMessage("delete my budget"))["budget"] == [ALL]
    assert "color" not in _kinds(card, HumanMessage("forget that"))
    assert _kinds(card, HumanMessage("forget dark green"))["color"] == [(["dark green"], [*TASTE, "forget"])]


def test_what_has_cues_is_noted_only_of_a_message_with_one() -> None:
    assert "nickname" not in _kinds(HumanMessage("I like half shade"))
    assert _kinds(HumanMessage("please call me Bo"))["nickname"] == [(None, FACT)]
    assert _kinds(HumanMessage("叫我小王"))["nickname"] == [(None, FACT)]


def test_nothing_is_forgotten_that_nobody_asked_to_forget() -> None:
    kinds = _kinds(SystemMessage("Customer: size: M"), HumanMessage("in dark green, size XL"))
    assert all("forget" not in polarities for values in kinds.values() for _, polarities in values)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a jacket without PFAS", True),
        ("no pfas please", True),
        ("is it free of any PFAS? free of PFAS, that is", True),
        ("要不含PFAS的", True),
        ("ohne PFAS bitte", True),
        ("the PFAS-free ones", True),
        ("what are PFAS?", False),
        ("does it contain PFAS", False),
        ("without a hood", False),
    ],
)
def test_what_is_free_of_something_is_asked_for_as_being_without_it(text: str, named: bool) -> None:
    words = ShopLexicon.of(SCHEMA, {**FACETS, "ethics": {"PFAS-free": (), "vegan": ()}}, {"boots", "jackets"})
    values = [(value.value, value.denied) for value in words.read(text, TODAY).values if value.facet == "ethics"]
    assert ("PFAS-free", False) in values if named else ("PFAS-free", False) not in values


def test_what_is_not_called_free_of_something_is_still_ruled_out() -> None:
    words = ShopLexicon.of(SCHEMA, {**FACETS, "ethics": {"cruelty-free": ()}}, {"boots", "jackets"})
    assert [value.denied for value in words.read("no cotton", TODAY).values] == [True]
