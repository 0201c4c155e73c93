"""What plainly stands in a message reaches the search and the profile, also where the model forgot it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from agent.lexicon import ShopLexicon
from agent.tools.schemas import plain
from agent.tools.update_profile import parameters
from profiles.attribute import Facets
from profiles.schema import Schema
from tests.guided import completed

_STATED = ["stated"]
SCHEMA = Schema.parse(
    {
        "attributes": [
            {"name": "budget", "type": "money", "bound": "max_price", "writers": _STATED},
            {"name": "least", "type": "money", "bound": "min_price", "writers": _STATED},
            {"name": "material", "type": "choice", "facet": "material", "many": True, "polarity": True}
            | {"writers": _STATED},
        ]
    }
)
FACETS: Facets = {"material": {"wool": (), "cotton": ()}, "kind": {"jackets": ("夹克",), "boots": ("靴子",)}}
WORDS = ShopLexicon.of(SCHEMA, FACETS, {"boots", "jackets"})
_TEXT = {"type": "string"}
_PRICE = {"type": "number"}
SEARCH = {
    "query": _TEXT,
    "kind": {**_TEXT, "enum": ["boots", "jackets"]},
    "material": {**_TEXT, "enum": ["cotton", "wool"]},
    "min_price": _PRICE,
    "max_price": _PRICE,
}
TOOLS = [
    {"function": {"name": "search_products", "parameters": {"type": "object", "properties": SEARCH}}},
    {"function": {"name": "update_profile", "parameters": plain(parameters(SCHEMA))}},
]


def _complete(said: str, *calls: tuple[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    answer = AIMessage("", tool_calls=[{"name": name, "args": args, "id": name} for name, args in calls])
    talk: list[BaseMessage] = [HumanMessage(said)]
    return [(call["name"], call["args"]) for call in completed(answer, talk, TOOLS, WORDS).tool_calls]


def _change(quote: str, attribute: str, value: Any, polarity: str = "fact") -> dict[str, Any]:
    return {"quote": quote, "attribute": attribute, "value": value, "polarity": polarity}


def test_a_limit_a_dislike_and_the_kind_that_the_model_forgot_are_added() -> None:
    noted, searched = _complete(
        "A warm jacket, nothing over $150, and I can't stand wool", ("search_products", {"query": "warm jacket"})
    )
    assert searched == ("search_products", {"query": "warm jacket", "kind": "jackets", "max_price": 150})
    budget = _change("over $150", "budget", 150)
    wool = _change("can't stand wool", "material", "wool", "dislike")
    assert noted == ("update_profile", {"changes": [budget, wool]})


def test_a_family_that_is_ruled_out_is_noted_once() -> None:
    facets: Facets = {**FACETS, "material": {"merino wool": (), "lamb's wool": ()}}
    words = ShopLexicon.of(SCHEMA, facets, {"boots", "jackets"})
    search = [{"name": "search_products", "args": {"query": "boots"}, "id": "1"}]
    noted, _ = completed(AIMessage("", tool_calls=search), [HumanMessage("boots, no wool")], TOOLS, words).tool_calls
    assert noted["args"]["changes"] == [_change("no wool", "material", "wool", "dislike")]


def test_what_the_model_wrote_stays_as_it_is() -> None:
    mine = {"changes": [_change("under 80", "budget", 80), _change("no wool", "material", "wool", "dislike")]}
    wanted = {"query": "boots", "kind": "boots", "max_price": 80}
    said = "boots under 80, no wool"
    calls: list[tuple[str, dict[str, Any]]] = [("update_profile", mine), ("search_products", wanted)]
    assert _complete(said, *calls) == calls


@pytest.mark.parametrize(
    "said",
    ["boots that last more than 10 years", "boots for at least 3 people", "boots of order 2026/00123", "boots in 42"],
)
def test_a_number_that_is_no_price_limits_no_price(said: str) -> None:
    assert _complete(said, ("search_products", {"query": "boots"})) == [
        ("search_products", {"query": "boots", "kind": "boots"})
    ]


@pytest.mark.parametrize(
    ("said", "material"),
    [
        ("jackets made of cotton", "cotton"),
        ("jackets, cotton as the material", "cotton"),
        ("jackets in wool or in cotton", None),
        ("jackets, nothing in wool", None),
        ("jackets, I like everything in wool", None),  # a taste is no condition
        ("jackets for cotton lovers", None),
    ],
)
def test_a_filter_is_added_where_the_words_ask_for_it(said: str, material: str | None) -> None:
    *_, (_, wanted) = _complete(said, ("search_products", {"query": "jackets"}))
    assert wanted.get("material") == material


def test_what_is_no_search_is_left_alone() -> None:
    calls = [("find_answer", {"question": "is delivery free over $50"})]
    assert _complete("is delivery free over $50, no wool", *calls) == calls


@given(st.integers(2, 4000), st.sampled_from(["under ${}", "{} EUR at most", "no more than {}", "不超过{}元"]))
def test_a_price_limit_is_never_lost(price: int, words: str) -> None:
    noted, searched = _complete(f"boots, {words.format(price)}", ("search_products", {"query": "boots"}))
    assert searched[1]["max_price"] == price
    assert [(one["attribute"], one["value"]) for one in noted[1]["changes"]] == [("budget", price)]


STOCK = ["is the jacket for my son still in stock?", "Are those jackets sold out", "这件夹克还有货吗", "夹克卖完了吗"]


@pytest.mark.parametrize("said", STOCK)
def test_a_question_for_stock_is_told_by_a_search(said: str) -> None:
    searched = ("search_products", {"query": "jackets", "kind": "jackets"})
    assert _complete(said, ("get_order", {"order_id": "last"})) == [searched]
    assert _complete(said, ("get_profile", {})) == [searched]
    assert _complete(said, ("find_answer", {"question": said})) == [searched]
    assert _complete(said, ("search_products", {"query": "boots", "kind": "boots"})) == [searched]


def test_a_question_for_stock_stays_as_it_is_where_an_order_an_answer_or_nothing_of_the_shop_is_meant() -> None:
    order = ("get_order", {"order_id": "last"})
    for said in ("is the jacket of my order in stock?", "is it in stock?", "are jackets or boots in stock?"):
        assert _complete(said, order) == [order]
    answer = ("find_answer", {"question": "when are jackets back in stock"})
    assert _complete("when are jackets back in stock?", answer) == [answer]
    later = ("find_answer", {"question": "夹克什么时候补货"})
    assert _complete("夹克什么时候补货", later) == [later]


def test_both_ends_of_prices_are_noted_where_the_model_noted_one() -> None:
    for words, attribute, price in (("make that 120 to 180", "budget", 180), ("预算120到180", "least", 120)):
        quote = words.removeprefix("make that ")
        (noted,) = _complete(words, ("update_profile", {"changes": [_change(quote, attribute, price)]}))
        assert {(one["attribute"], one["value"]) for one in noted[1]["changes"]} == {("budget", 180), ("least", 120)}
    alone = ("update_profile", {"changes": [_change("no wool", "material", "wool", "dislike")]})
    assert _complete("no wool, at most 3 pieces", alone) == [alone]


RANGED = Schema.parse(
    {
        "attributes": [
            {"name": "spend", "type": "money", "range": True, "writers": _STATED},
            {"name": "kind", "type": "choice", "facet": "kind", "writers": ["observed"]},
            {"name": "size", "type": "choice", "values": ["S", "M", "42"], "per": "kind", "writers": _STATED},
        ]
    }
)


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ("boots between 100 and 200", [("spend", "100..200")]),
        ("靴子，预算100到200", [("spend", "100..200")]),
        ("boots, at least 50, at most 80 dollars", [("spend", "50..80")]),
        ("boots under 150, 42 in boots", [("spend", "..150"), ("size", "boots: 42")]),
        ("size M for jackets, 42 for boots", [("size", "jackets: M"), ("size", "boots: 42")]),
        ("夹克穿M，靴子穿42", [("size", "jackets: M"), ("size", "boots: 42")]),
        ("boots in 42", []),
        ("boots for 30 to 40 litres of water", []),
    ],
)
def test_ranges_and_what_is_said_of_one_kind_are_noted(said: str, changes: list[tuple[str, str]]) -> None:
    words = ShopLexicon.of(RANGED, FACETS, {"boots", "jackets"})
    tools = [TOOLS[0], {"function": {"name": "update_profile", "parameters": plain(parameters(RANGED))}}]
    search = [{"name": "search_products", "args": {"query": "boots"}, "id": "1"}]
    calls = completed(AIMessage("", tool_calls=search), [HumanMessage(said)], tools, words).tool_calls
    noted = [change for call in calls if call["name"] == "update_profile" for change in call["args"]["changes"]]
    assert [(one["attribute"], one["value"]) for one in noted] == changes
    assert all(one["quote"] in said for one in noted)
