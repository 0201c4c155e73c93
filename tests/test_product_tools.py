"""Products are spoken of by what was shown: facts, stock, side by side, sums; nothing that no catalogue says."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import ToolMessage

from agent.context import Services
from agent.models.scripted import ScriptedModel
from agent.shop import Delivery
from agent.shopkeeper import Shopkeeper
from agent.shown import SHOWS, SPEAKS_OF, Shown, Unclear, product_meant, products_meant, shown_in
from agent.turn import Turn
from language.aspects import Aspect, find_aspects
from tests.agent_shop import keeper

TENTS = ("search_products", {"query": "family tent", "category": "tents"})


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def agent(services: Services, model: ScriptedModel) -> Iterator[Shopkeeper]:
    with keeper(services, model) as shopkeeper:
        yield shopkeeper


def ask(agent: Shopkeeper, model: ScriptedModel, text: str, *calls: tuple[str, dict[str, Any]]) -> Turn:
    model.script[:] = [list(calls)]
    turn = agent.reply("visitor-products", "products", text)
    assert turn.gate["blocked"] == 0
    return turn


def artifact(**values: Any) -> ToolMessage:
    return ToolMessage("", tool_call_id="1", artifact=values)


def test_the_newest_list_has_the_positions_and_what_was_spoken_of_last_is_it() -> None:
    messages = [artifact(**{SHOWS: ["A", "B"]}), artifact(**{SPEAKS_OF: ["B"]}), artifact(kind="answer")]
    assert shown_in(messages) == Shown(("A", "B"), ("B",))
    assert shown_in([*messages, artifact(**{SHOWS: ["C"]})]) == Shown(("C",), ("C",))


def test_a_product_is_meant_by_its_place_by_it_by_its_sku_and_by_words_of_its_title(services: Services) -> None:
    catalog = services.retriever.catalog
    first, second = catalog.products[:2]
    shown = Shown((first.sku, second.sku), (second.sku,))
    for reference in (1, "1", "1.0", first.sku, first.sku.lower(), first.title):
        assert product_meant(reference, shown, catalog) == first
    assert product_meant("it", shown, catalog) == second
    assert products_meant("both", shown, catalog) == [first, second]
    assert products_meant([2, 1, 2], shown, catalog) == [second, first]


@pytest.mark.parametrize("reference", [3, "0", "no such thing", "99"])
def test_a_reference_that_fits_nothing_is_no_product(services: Services, reference: str | int) -> None:
    catalog = services.retriever.catalog
    with pytest.raises(Unclear) as error:
        product_meant(reference, Shown((catalog.products[0].sku,)), catalog)
    assert error.value.candidates == ()


def test_where_two_fit_nothing_is_guessed(agent: Shopkeeper, model: ScriptedModel) -> None:
    turn = ask(agent, model, "how heavy is the ibex", ("get_product", {"product": "ibex", "question": "how heavy"}))
    assert turn.reply.startswith("Which one do you mean: Ibex")
    assert not turn.tools[0].ok


def test_facts_are_those_of_the_catalogue(agent: Shopkeeper, model: ScriptedModel) -> None:
    ask(agent, model, "family tents", TENTS)
    headwater = {"product": "headwater", "question": "is it waterproof, and what does it weigh?"}
    reply = ask(agent, model, headwater["question"], ("get_product", headwater)).reply
    assert "waterproof" in reply and "6.5 kg" in reply and "Yes" in reply
    reply = ask(agent, model, "breathable?", ("get_product", {"product": "it", "question": "is it breathable"})).reply
    assert "isn't listed" in reply and "Yes" not in reply
    reply = ask(agent, model, "reviews?", ("get_product", {"product": "it", "question": "what do people say"})).reply
    assert "4.2 out of 5" in reply


def test_a_color_that_is_not_there_is_answered_with_those_that_are(agent: Shopkeeper, model: ScriptedModel) -> None:
    badger = {"product": "JKT-1001", "question": "the navy one in L?", "color": "navy", "size": "L"}
    assert ask(agent, model, "in navy, L?", ("get_product", badger)).reply.startswith("Yes, the Badger")
    reply = ask(agent, model, "orange, L?", ("get_product", badger | {"color": "orange"})).reply
    assert "out of stock" in reply and "navy L" in reply
    assert "doesn't come in pink" in ask(agent, model, "pink?", ("get_product", badger | {"color": "pink"})).reply


def test_two_products_side_by_side_say_where_they_differ(agent: Shopkeeper, model: ScriptedModel) -> None:
    ask(agent, model, "family tents", TENTS)
    turn = ask(agent, model, "the first two side by side", ("compare_products", {"products": [1, 2]}))
    assert "$150.00" in turn.reply and "6.5 kg" in turn.reply
    turn = ask(agent, model, "which is lightest?", ("compare_products", {"products": "shown", "by": "lightest"}))
    assert "Headwater" in turn.reply.split(".")[0]
    reply = ask(agent, model, "and its price", ("get_product", {"product": "it", "question": "how much is it"})).reply
    assert reply == "The Headwater 4-Person Family Tent costs $150.00."


def test_those_that_share_the_least_are_named_and_the_others_are_not_said_to_be_alike(
    agent: Shopkeeper, model: ScriptedModel
) -> None:
    jackets = {"products": ["JKT-1001", "JKT-1002", "JKT-1008"], "by": "lightest"}
    said, others = ask(agent, model, "lightest?", ("compare_products", jackets)).reply.split("The others:")
    assert "410 g" in said and "Badger" in said and "Granite" in said and "Spruce" not in said
    assert "Spruce" in others and "620 g" in others


def test_a_total_has_the_delivery_of_the_shop(agent: Shopkeeper, model: ScriptedModel) -> None:
    items = [{"product": "JKT-1001", "quantity": "1"}]
    assert "$63.95 altogether" in ask(agent, model, "total?", ("get_total", {"items": items})).reply
    two = [{"product": "JKT-1001", "quantity": 2}]
    assert "free, so $118.00 altogether" in ask(agent, model, "two?", ("get_total", {"items": two})).reply
    express = {"items": items, "delivery": "express"}
    assert "$71.95 altogether" in ask(agent, model, "express?", ("get_total", express)).reply


@given(st.decimals("0", "999", places=2), st.decimals("0", "99", places=2), st.decimals("0", "999", places=2))
def test_delivery_is_free_from_its_threshold_on_and_else_costs_its_fee(
    goods: Decimal, fee: Decimal, free_from: Decimal
) -> None:
    assert Delivery(fee).cost(goods) == fee
    assert Delivery(fee, free_from).cost(goods) == (0 if goods >= free_from else fee)


def test_a_search_takes_any_facet_as_a_condition_and_sorts_by_any_number(
    agent: Shopkeeper, model: ScriptedModel, services: Services
) -> None:
    where = {"capacity": {"min": 5}}
    search = TENTS[1] | {"where": where, "sort": "weight_low"}
    turn = ask(agent, model, "lightest for five", ("search_products", search))
    facets = [services.retriever.catalog.find(hit["sku"]).facets for hit in turn.products]
    weights = [facet["weight"] for facet in facets]
    assert weights and weights == sorted(weights)
    assert all(facet["capacity"] >= 5 for facet in facets)  # type: ignore[operator]
    among = {"query": "tent", "among": "shown", "not": {"color": [turn.products[0]["color"]]}}
    kept = ask(agent, model, "not that color", ("search_products", among)).products
    assert {hit["sku"] for hit in kept} <= {hit["sku"] for hit in turn.products}
    assert turn.products[0]["color"] not in {hit["color"] for hit in kept}


def test_what_suits_all_is_found_too(agent: Shopkeeper, model: ScriptedModel) -> None:
    call = ("search_products", {"query": "gloves", "category": "gloves", "where": {"gender": "men"}})
    products = ask(agent, model, "men's gloves", call).products
    found = {value for hit in products for value in hit["facets"]["gender"]}
    assert found <= {"men", "unisex"}


def test_what_the_shop_does_not_sell_is_said_to_be_so(agent: Shopkeeper, model: ScriptedModel) -> None:
    turn = ask(agent, model, "yoga mats?", ("search_products", {"query": "yoga mat"}))
    assert turn.products == () and "can't find any “yoga mat”" in turn.reply


@pytest.mark.parametrize(
    ("text", "aspects"),
    [
        ("which one is the lightest?", (Aspect("weight", "least"),)),
        ("how much does it weigh, and what do people say?", (Aspect("weight"), Aspect("rating"))),
        ("哪个最轻？", (Aspect("weight", "least"),)),
        ("welcher ist am besten bewertet?", (Aspect("rating", "most"),)),
        ("tell me a joke", ()),
    ],
)
def test_what_is_asked_of_a_product(text: str, aspects: tuple[Aspect, ...]) -> None:
    assert find_aspects(text, {"weight": {"en": "Weight"}, "material": {}}) == aspects
