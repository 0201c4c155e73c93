"""Ranges and values per key as customers meet them: order, variants, reasons, questions, cards.

The demo shop with more attributes in its profile.yaml, the real stores and index, and the write validator.
"""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.context import Services
from agent.models.scripted import ScriptedModel
from agent.replies.composer import shown
from agent.services import open_services
from agent.shop import load_shop
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from profiles.card import card
from profiles.customer import Customer
from profiles.observation import Value
from profiles.schema import Schema
from tests.agent_shop import SHOP, change, keeper, noting
from tests.profiles_shop import observation
from ui.page.text import shown_value

_STATED: dict[str, Any] = {"writers": ["stated"]}
MORE: list[dict[str, Any]] = [
    {"name": "price_range", "type": "money", "range": True, "label": {"en": "Budget", "zh": "预算"}, **_STATED},
    {"name": "price_in", "type": "money", "range": True, "per": "category", "label": {"en": "Budget"}, **_STATED},
    {"name": "pack", "type": "number", "range": True, "facet": "volume", "label": {"en": "Pack size"}, **_STATED},
    {"name": "size_in", "type": "choice", "facet": "size", "per": "category", "label": {"en": "Size"}, **_STATED},
    {"name": "shade", "type": "choice", "facet": "color", "per": "category", "label": {"en": "Shade"}, **_STATED},
    {
        "name": "fabric",
        "type": "choice",
        "facet": "material",
        "per": "category",
        "many": True,
        "polarity": True,
        "label": {"en": "Fabric"},
        **_STATED,
    },
]
JACKETS = {"query": "warm jacket", "category": "jackets"}
BOOTS = {"query": "hiking boots", "category": "boots"}
_numbers = itertools.count()


@pytest.fixture(scope="module")
def services(demo_state: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory) -> Services:
    shop = Path(shutil.copytree(SHOP, tmp_path_factory.mktemp("shop") / "shop", ignore=lambda *_: {"state"}))
    schema = yaml.safe_load((shop / "profile.yaml").read_text(encoding="utf-8"))
    schema["attributes"] += MORE
    (shop / "profile.yaml").write_text(yaml.safe_dump(schema, allow_unicode=True), encoding="utf-8")
    return open_services(load_shop(shop), demo_state())


def customer(services: Services, *held: tuple[str, Value], polarity: str = "fact") -> str:
    """Somebody new, of whom this is known from before."""
    name = f"T{next(_numbers)}"
    services.profiles.put_customers([Customer(name, "New Comer")])
    services.profiles.append(
        [
            observation(f"{name}-{place}", attribute, value, customer=name, polarity=polarity)  # type: ignore[arg-type]
            for place, (attribute, value) in enumerate(held)
        ]
    )
    return name


def search(agent: Shopkeeper, model: ScriptedModel, name: str, text: str = "show me some", **call: Any) -> Turn:
    model.script[:] = [[("search_products", call or JACKETS)]]
    turn = agent.reply(name, f"tastes-{next(_numbers)}", text)
    assert turn.gate["blocked"] == 0
    return turn


def prices(turn: Turn) -> list[float]:
    return [product["price"] for product in turn.products]


def test_a_budget_raises_what_is_within_it_and_the_reason_names_it(
    services: Services, agent: Shopkeeper, model: ScriptedModel
) -> None:
    plain = prices(search(agent, model, customer(services)))
    low = max(plain) + 20
    thrifty = search(agent, model, customer(services, ("price_range", f"{low:g}..{low + 100:g}")))
    assert not all(low <= price <= low + 100 for price in plain)
    assert prices(thrifty)[0] >= low
    assert f"for you: within your budget of ${low:g}-{low + 100:g}" in thrifty.reply
    chinese = search(agent, model, customer(services, ("price_range", "100..200")), "有什么外套")
    assert "适合您：在您的预算（$100-200）之内" in chinese.reply


def test_what_is_said_of_the_price_now_counts_alone(
    services: Services, agent: Shopkeeper, model: ScriptedModel
) -> None:
    asked = JACKETS | {"max_price": 90}
    plain = search(agent, model, customer(services), "under $90", **asked)
    known = search(agent, model, customer(services, ("price_range", "100..200")), "under $90", **asked)
    assert known.products == plain.products


def test_a_range_that_nothing_lies_in_leaves_nothing_out(
    services: Services, agent: Shopkeeper, model: ScriptedModel
) -> None:
    plain = search(agent, model, customer(services))
    known = search(agent, model, customer(services, ("price_range", "..1")))
    assert known.products == plain.products and "budget" not in known.reply


def test_a_range_of_numbers_is_about_its_facet(services: Services, agent: Shopkeeper, model: ScriptedModel) -> None:
    turn = search(
        agent, model, customer(services, ("pack", "30..40")), query="backpack for hiking", category="backpacks"
    )
    assert 30 <= turn.products[0]["facets"]["volume"] <= 40
    assert "for you: within your pack size of 30-40 l" in turn.reply


def test_a_size_of_a_key_chooses_the_variant_there_and_says_nothing_elsewhere(
    services: Services, agent: Shopkeeper, model: ScriptedModel
) -> None:
    name = customer(services, ("size_in", "boots: 42"), ("size_in", "gloves: L"))
    boots = search(agent, model, name, **BOOTS)
    assert {product["size"] for product in boots.products} == {"42"}
    assert "for you: in size 42, as you wear in boots" in boots.reply
    plain, known = (search(agent, model, who, **JACKETS) for who in (customer(services), name))
    assert known.products == plain.products


@settings(max_examples=20)
@given(
    kept=st.lists(
        st.sampled_from(
            [
                ("size_in", "boots: 42"),
                ("size_in", "gloves: S"),
                ("shade", "boots: black"),
                ("price_in", "tents: 100..200"),
                ("fabric", "socks: merino wool"),
                ("fabric", "trousers: nylon"),
            ]
        ),
        unique=True,
    ),
    polarity=st.sampled_from(["like", "dislike"]),
)
def test_whatever_is_kept_for_other_keys_a_search_finds_the_same(
    services: Services, kept: list[tuple[str, str]], polarity: str
) -> None:
    many = [item for item in kept if item[0] == "fabric"]
    facts = [item for item in kept if item[0] != "fabric"]
    name = customer(services, *facts)
    services.profiles.append(
        [
            observation(f"{name}-many-{place}", *item, customer=name, polarity=polarity)  # type: ignore[arg-type]
            for place, item in enumerate(many)
        ]
    )
    model = ScriptedModel()
    with keeper(services, model) as agent:
        known, plain = (search(agent, model, who, **JACKETS) for who in (name, customer(services)))
    assert known.products == plain.products
    assert known.reply.partition("\n")[2].partition("\n\n")[0] == plain.reply.partition("\n")[2].partition("\n\n")[0]


def test_what_is_kept_for_the_key_counts_before_what_is_kept_for_all(
    services: Services, agent: Shopkeeper, model: ScriptedModel
) -> None:
    name = customer(services, ("size", "M"), ("size_in", "jackets: L"))
    jackets = search(agent, model, name, **JACKETS)
    assert {product["size"] for product in jackets.products} == {"L"}
    fleeces = search(agent, model, name, query="warm fleece", category="fleeces")
    assert {product["size"] for product in fleeces.products} == {"M"} and "as you wear" not in fleeces.reply
    budgets = customer(services, ("price_range", "100..200"), ("price_in", "jackets: 20..60"))
    assert "for you: within your budget of $20-60 for jackets" in search(agent, model, budgets, **JACKETS).reply


def test_where_a_filter_that_left_nothing_is_dropped_the_profile_counts_again(
    services: Services, agent: Shopkeeper, model: ScriptedModel
) -> None:
    name = customer(services, ("size_in", "boots: 42"))
    boots = search(agent, model, name, "boots in M", **BOOTS, size="M")
    assert boots.tools[0].result["dropped"] == ["size M"]
    assert {product["size"] for product in boots.products} == {"42"}


def test_a_shoe_size_is_a_size_of_shoes(services: Services, agent: Shopkeeper, model: ScriptedModel) -> None:
    name = customer(services, ("shoe_size", "43"), ("size", "L"))
    for call, size in ((BOOTS, "43"), (JACKETS, "L")):
        found = search(agent, model, name, **call).products
        known = {variant.size for one in found for variant in services.retriever.catalog.find(one["sku"]).variants}
        assert size in known and size in {product["size"] for product in found}


def test_what_is_disliked_in_a_key_is_left_out_there_alone(
    services: Services, agent: Shopkeeper, model: ScriptedModel
) -> None:
    name = customer(services, ("fabric", "socks: merino wool"), polarity="dislike")
    socks = search(agent, model, name, query="merino wool socks", category="socks")
    assert socks.products and not any("merino wool" in product["facets"]["material"] for product in socks.products)
    assert socks.tools[0].result["filters"]["not_material"] == ["socks: merino wool"]
    tops = search(agent, model, name, query="merino wool base layer", category="baselayers")
    assert any("merino wool" in product["facets"]["material"] for product in tops.products)


def test_a_value_of_a_key_is_known_where_that_is_searched_and_asked_for_elsewhere(
    services: Services, agent: Shopkeeper, model: ScriptedModel
) -> None:
    """Who is asked for a colour when nothing is known is not where their colour is, and is elsewhere."""
    asked = {"query": "trousers", "category": "trousers"}
    never = customer(services, ("department", "women"), ("fit", "regular"))
    question = search(agent, model, never, **asked).tools[0].result.get("question")
    assert question and question["facet"] == "color"
    for kept, is_known in (("trousers: black", True), ("boots: black", False)):
        name = customer(services, ("department", "women"), ("fit", "regular"), ("shade", kept))
        question = search(agent, model, name, **asked).tools[0].result.get("question")
        assert (question is None or question["facet"] != "color") == is_known


def test_a_range_that_is_noted_is_said_back_as_one(services: Services, agent: Shopkeeper, model: ScriptedModel) -> None:
    model.script[:] = [
        [
            noting(
                change("100 to 200", "price_range", "100..200"),
                change("42 in boots", "size_in", "boots: 42"),
            )
        ],
    ]
    words = "I usually spend 100 to 200 and take 42 in boots"
    turn = agent.reply(customer(services), f"tastes-{next(_numbers)}", words)
    assert "Budget: $100-200" in turn.reply and "Size: boots: 42" in turn.reply and turn.gate["blocked"] == 0


def test_the_card_has_ranges_and_keys_in_few_words(services: Services) -> None:
    name = customer(services, ("price_range", "100..200"), ("size_in", "boots: 42"), ("size_in", "jackets: M"))
    line = card(services.profiles.read(name), services.schema)
    assert line == "price_range: 100..200; size_in: boots 42, jackets M"


@pytest.mark.parametrize(
    ("name", "value", "currency", "words"),
    [
        ("price_range", "100..200", "USD", "$100-200"),
        ("price_range", "99.5..", "EUR", "€99.50+"),
        ("price_range", "..1500", "CHF", "≤1,500 CHF"),
        ("price_range", 150.0, "USD", "$150.00"),
        ("price_in", "boots: 100..200", "USD", "boots: $100-200"),
        ("price_in", "boots: 150", "USD", "boots: $150.00"),
        ("price_in", "boots: *", "USD", "boots: *"),
        ("pack", "30..40", "USD", "30-40"),
        ("size_in", "boots: 42", "USD", "boots: 42"),
        ("size_in", "M", "USD", "M"),
    ],
)
def test_values_are_written_as_people_read_them(name: str, value: Value, currency: str, words: str) -> None:
    kind = {"name": "category", "type": "choice", "facet": "category", **_STATED}
    schema = Schema.parse({"attributes": [kind, *MORE]})
    assert shown(schema.attribute(name), value, currency, "en") == words
    assert shown_value(name, value, schema, currency, "en") == words
