"""A search goes by what is known of the customer's fit, and never against what they ask for."""

from collections.abc import Iterator
from typing import Any

import pytest

from agent.context import Services
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from tests.agent_shop import change, keeper, noting


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def agent(services: Services, model: ScriptedModel) -> Iterator[Shopkeeper]:
    with keeper(services, model) as shopkeeper:
        yield shopkeeper


def search(agent: Shopkeeper, model: ScriptedModel, who: str, text: str, **filters: Any) -> Turn:
    model.expect([("search_products", {"query": text, **filters})])
    return agent.reply(who, f"suited {who}", text)


def values(turn: Turn, facet: str) -> set[str]:
    found = (hit["facets"].get(facet) if facet in hit["facets"] else hit[facet] for hit in turn.products)
    return {value for each in found for value in (each if isinstance(each, list) else [each])}


def test_the_size_and_department_that_are_known_hold_without_being_said(
    agent: Shopkeeper, model: ScriptedModel
) -> None:
    who = "visitor-suited"
    told = "I'm in the women's range, shoe size 38"
    model.expect([noting(change("women's", "department", "women"), change("shoe size 38", "shoe_size", "38"))])
    agent.reply(who, f"suited {who}", told)
    boots = search(agent, model, who, "hiking boots", category="boots")
    assert values(boots, "size") == {"38"} and values(boots, "gender") <= {"women", "unisex"}
    tents = search(agent, model, who, "a tent", category="tents")
    assert tents.products  # no tent has a shoe size
    asked = search(agent, model, who, "boots in 44 for men", category="boots", size="44", where={"gender": "men"})
    assert values(asked, "size") == {"44"} and values(asked, "gender") <= {"men", "unisex"}


def test_childrens_goods_are_shown_to_who_asks_for_them(agent: Shopkeeper, model: ScriptedModel) -> None:
    jackets = search(agent, model, "visitor-adult", "rain jacket", category="jackets")
    assert "kids" not in values(jackets, "gender")
    kids = search(agent, model, "visitor-adult", "rain jacket for kids", category="jackets", where={"gender": "kids"})
    assert values(kids, "gender") <= {"kids", "unisex"} and kids.products
