"""What customers did, in what they are shown: order, reasons, what others took, and what is owned already."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.context import Services
from agent.models.scripted import ScriptedModel
from agent.replies.gate import Evidence, check
from agent.shopkeeper import Shopkeeper
from agent.tools import TOOLS, evidence_keys
from agent.turn import Turn
from profiles.customer import Customer
from profiles.events.intake import EventIntake
from profiles.shop.imports import open_intake
from retrieval.catalog import Product
from retrieval.filters import Filters
from tests.agent_shop import SHOP, change, noting

KEYS = evidence_keys(TOOLS)
BOOTS = {"query": "hiking boots", "category": "boots"}
_numbers = itertools.count()


@pytest.fixture(scope="module")
def intake(services: Services) -> EventIntake:
    return open_intake(SHOP, services.profiles)


def newcomer(services: Services, *, profiling: bool = True) -> str:
    name = f"N{next(_numbers)}"
    services.profiles.put_customers([Customer(name, "New Comer", consent={"profiling": profiling})])
    return name


def boots(services: Services) -> list[Product]:
    """What the search finds, whoever asks."""
    hits = services.retriever.search(BOOTS["query"], Filters(equals={"category": "boots"}), k=8)
    return [hit.product for hit in hits]


def did(customer: str, name: str, sku: str, at: datetime, **more: Any) -> dict[str, Any]:
    properties = {"product_id": sku} | more
    made = {"userId": customer, "event": name, "timestamp": at.isoformat(), "properties": properties}
    return made | {"messageId": f"m{next(_numbers)}"}


def search(agent: Shopkeeper, model: ScriptedModel, customer: str, text: str = "hiking boots", **more: Any) -> Turn:
    model.script[:] = [[("search_products", BOOTS | more)]]
    return agent.reply(customer, f"personal-{customer}", text)


def test_a_look_moves_a_product_up_and_is_named_with_its_day(
    services: Services, intake: EventIntake, agent: Shopkeeper, model: ScriptedModel
) -> None:
    somebody, customer = newcomer(services), newcomer(services)
    plain = [hit["sku"] for hit in search(agent, model, somebody).products]
    liked = next(product for product in boots(services) if product.sku not in plain)
    at = datetime.now(UTC) - timedelta(days=2)
    intake.take([did(customer, "Product Viewed", liked.sku, at)])
    turn = search(agent, model, customer)
    assert liked.sku in [hit["sku"] for hit in turn.products] and liked.sku not in plain
    assert f"you looked at this on {at.astimezone(services.shop.zone):%A}" in turn.reply
    assert turn.gate["blocked"] == 0 and turn.gate["checked"] > 0
    other = newcomer(services)
    intake.take([did(other, "Product Viewed", liked.sku, at)])
    chinese = search(agent, model, other, "徒步靴")
    assert "看过这款" in chinese.reply and chinese.gate["blocked"] == 0


def test_without_consent_to_profiling_nobody_is_told_what_they_did(
    services: Services, intake: EventIntake, agent: Shopkeeper, model: ScriptedModel
) -> None:
    customer = newcomer(services)
    liked = boots(services)[0]
    intake.take([did(customer, "Product Viewed", liked.sku, datetime.now(UTC) - timedelta(days=2))])
    services.profiles.put_customers([Customer(customer, "New Comer", consent={"profiling": False})])
    turn = search(agent, model, customer)
    assert "you looked" not in turn.reply and all(hit["because"] is None for hit in turn.products)


def test_an_order_by_price_stays_one(
    services: Services, intake: EventIntake, agent: Shopkeeper, model: ScriptedModel
) -> None:
    customer = newcomer(services)
    dear = max(boots(services), key=lambda product: product.price)
    intake.take([did(customer, "Product Viewed", dear.sku, datetime.now(UTC) - timedelta(days=2))])
    prices = [hit["price"] for hit in search(agent, model, customer, sort="price_low").products]
    assert prices == sorted(prices)


def test_what_is_bought_already_stands_behind_what_is_not(
    services: Services, intake: EventIntake, agent: Shopkeeper, model: ScriptedModel
) -> None:
    customer = newcomer(services)
    first = search(agent, model, newcomer(services)).products[0]
    order = {"order_id": f"W{next(_numbers)}", "total": 90.0, "products": [{"product_id": first["sku"]}]}
    bought = did(customer, "Order Completed", first["sku"], datetime.now(UTC) - timedelta(days=9)) | {
        "properties": order
    }
    intake.take([bought])
    assert first["sku"] not in [hit["sku"] for hit in search(agent, model, customer).products]
    by_name = search(agent, model, customer, query=first["title"]).products
    assert by_name[0]["sku"] == first["sku"], "asked for by its name it is there"


def test_what_others_took_is_said_once_if_it_is_well_supported_and_not_disliked(
    services: Services, intake: EventIntake, agent: Shopkeeper, model: ScriptedModel
) -> None:
    shown = search(agent, model, newcomer(services)).products
    sock = next(p for p in services.retriever.catalog.products if p.category == "socks" and p.variants[0].stock > 3)
    at = datetime.now(UTC) - timedelta(days=3)
    for _ in range(9):
        other = newcomer(services)
        intake.take(
            [
                *(did(other, "Product Viewed", hit["sku"], at) for hit in shown),
                did(other, "Product Added", sock.sku, at + timedelta(minutes=5)),
            ]
        )
    customer = newcomer(services)
    turn = search(agent, model, customer)
    assert "Others who looked at the" in turn.reply and sock.title in turn.reply
    assert turn.gate["blocked"] == 0
    assert sock.sku not in [hit["sku"] for hit in turn.products]
    assert sock.title not in search(agent, model, customer).reply, "said once"
    averse = newcomer(services)
    material = str(sock.facets["material"][0])  # type: ignore[index]
    words = f"hiking boots, no {material}"
    model.script[:] = [[noting(change(f"no {material}", "material", material, "dislike")), ("search_products", BOOTS)]]
    assert sock.title not in agent.reply(averse, f"personal-{averse}", words).reply


def test_a_look_on_a_day_promises_nothing_for_that_day() -> None:
    seen = Evidence((json.dumps({"because": "you looked at the Norrland Boots on Tuesday"}),), (), KEYS)
    assert check("Norrland Boots - you looked at the Norrland Boots on Tuesday", seen).blocked == 0
    assert check("It arrives on Tuesday.", seen).blocked == 1
    assert check("You looked at these, and they arrive on Tuesday.", seen).blocked == 1
    assert check("you looked at the Norrland Boots on Tuesday", Evidence(("{}",), (), KEYS)).blocked == 1
    seen = Evidence((json.dumps({"because": "您周二看过这款"}),), (), KEYS)
    assert check("您周二看过这款。周二送达。", seen).blocked == 1
