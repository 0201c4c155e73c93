"""A search goes by what is known of the customer's fit, and never against what they ask for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.context import Services, turn_context
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from agent.tools.suited import suited
from agent.turn import Turn
from profiles.attribute import Attribute
from profiles.observation import Authority, Profile, Trait
from profiles.schema import Schema
from retrieval.facets import facet_values
from retrieval.filters import Filters
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


def departments(turn: Turn) -> set[str]:
    return values(turn, "gender")


@pytest.mark.parametrize(
    ("text", "about", "shown", "filters"),
    [
        ("anything warm for my husband", "husband", {"men", "unisex"}, {}),
        ("给老公买件暖和的", "husband", {"men", "unisex"}, {}),
        ("a rain jacket for my mum", "mum", {"women", "unisex"}, {"category": "jackets"}),
        ("给妈妈买件冲锋衣", "mum", {"women", "unisex"}, {"category": "jackets"}),
        ("hats for the kids", "kids", {"kids", "unisex"}, {"category": "hats"}),
        ("给孩子买顶帽子", "kids", {"kids", "unisex"}, {"category": "hats"}),
        ("shirts for my son, he's 9", "son", {"kids"}, {"category": "shirts"}),
        ("给我8岁的孙子买双鞋", "grandson", {"kids"}, {"category": "boots"}),
        ("fleeces for my niece who is 7", "niece", {"kids"}, {"category": "fleeces"}),
        ("boots for my little boy", "son", {"kids"}, {"category": "boots"}),
        ("a shirt for my 25 year old nephew", "nephew", {"men"}, {"category": "shirts"}),
    ],
)
def test_who_it_is_for_tells_the_department(
    agent: Shopkeeper, model: ScriptedModel, text: str, about: str, shown: set[str], filters: dict[str, Any]
) -> None:
    turn = search(agent, model, f"visitor-{text}", text, about=about, **filters)
    assert turn.products and departments(turn) <= shown and turn.gate["blocked"] == 0


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("trousers for my son", "son"),
        ("给女儿买条裤子", "daughter"),
        ("I'm 12, trousers for my partner", "partner"),
        ("what kind of trousers are there", "kids"),  # as German children are called
        ("trousers to go with mom jeans", "mum"),
        ("大哥，有裤子吗", "brother"),
    ],
)
def test_where_the_words_leave_it_open_nothing_is_assumed(
    agent: Shopkeeper, model: ScriptedModel, text: str, about: str
) -> None:
    asked: dict[str, Any] = {"category": "trousers", "sort": "price_low"}
    anybody = search(agent, model, "visitor-anybody", "trousers", **asked)
    turn = search(agent, model, f"visitor-{text}", text, about=about, **asked)
    assert [hit["sku"] for hit in turn.products] == [hit["sku"] for hit in anybody.products]


def test_an_age_that_is_told_later_or_was_told_before_counts(agent: Shopkeeper, model: ScriptedModel) -> None:
    for who, texts in {"en": ("boots for my nephew", "he's 9"), "zh": ("给侄子买双鞋", "他9岁")}.items():
        search(agent, model, f"visitor-{who}", texts[0], about="nephew", category="boots")
        for text in (texts[1], "boots"):
            turn = search(agent, model, f"visitor-{who}", text, about="nephew", category="boots")
            assert departments(turn) == {"kids"}


def test_what_is_asked_for_and_what_is_noted_of_them_go_before_who_they_are(
    agent: Shopkeeper, model: ScriptedModel
) -> None:
    where = {"gender": "women"}
    asked = search(
        agent, model, "visitor-asked", "a women's jacket for my dad", about="dad", category="jackets", where=where
    )
    assert departments(asked) <= {"women", "unisex"} and asked.products
    told = "my wife wears men's"
    model.expect([noting(change("wears men's", "department", "men") | {"about": "wife"})])
    agent.reply("visitor-noted", "suited visitor-noted", told)
    noted = search(agent, model, "visitor-noted", "a shirt for my wife", about="wife", category="shirts")
    assert departments(noted) == {"men"}


def test_a_department_that_leaves_nothing_is_given_up(agent: Shopkeeper, model: ScriptedModel) -> None:
    asked: dict[str, Any] = {"category": "jackets", "where": {"insulation": "down"}}
    anybody = search(agent, model, "visitor-down", "a down jacket", **asked)
    turn = search(agent, model, "visitor-down-kids", "a down jacket for the kids", about="kids", **asked)
    assert turn.products and "kids" not in departments(anybody) | departments(turn)


def test_what_is_for_everybody_is_found_for_anybody(agent: Shopkeeper, model: ScriptedModel) -> None:
    for about, text in {"husband": "a tent for my husband", "kids": "给孩子买顶帐篷"}.items():
        turn = search(agent, model, f"visitor-{about}", text, about=about, category="tents")
        assert departments(turn) == {"unisex"}


@pytest.mark.parametrize(("age", "left_out"), [(9.0, {"men", "women", "unisex"}), (30.0, {"women", "kids"})])
def test_an_age_that_a_shop_keeps_is_known_in_later_consultations(
    services: Services, age: float, left_out: set[str]
) -> None:
    kept = Schema({**services.schema.attributes, "age": Attribute("age", "number")})
    context = turn_context(replace(services, schema=kept), "visitor-kept", "kept", "boots for my nephew", [])
    noted = Trait("age", age, "fact", Authority.STATED, 1.0, (), datetime(2026, 1, 1, tzinfo=UTC), None, about="nephew")
    first = next(suited(context, Profile("visitor-kept", (noted,)), Filters(), "nephew"))
    assert first.without["gender"] == left_out


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("gloves for kids", {"category": "gloves", "where": {"gender": "kids"}}),
        ("gloves for my granddaughter, she's 6", {"category": "gloves", "about": "granddaughter"}),
    ],
)
def test_what_is_made_for_children_is_shown_alone_where_it_fits(
    agent: Shopkeeper, model: ScriptedModel, services: Services, text: str, asked: dict[str, Any]
) -> None:
    gloves = [one for one in services.retriever.catalog.products if one.category == "gloves"]
    assert {"kids", "unisex"} <= {value for one in gloves for value in facet_values(one, None, "gender")}
    assert departments(search(agent, model, f"visitor-{text}", text, **asked)) == {"kids"}
    grown = search(agent, model, "visitor-grown", "gloves for men", category="gloves", where={"gender": "men"})
    assert "unisex" in departments(grown)
