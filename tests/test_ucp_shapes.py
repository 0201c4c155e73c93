"""UCP's shapes as pure functions: minor units, filters, what a choice leaves, an order that stands as it stands."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.orders.order import STATUSES, Order, OrderItem
from agent.shop import load_shop
from retrieval.catalog import Catalog, Product, Variant, load_catalog
from retrieval.facets import FacetSpace
from retrieval.filters import prepare
from retrieval.search import read_facets
from tests.agent_shop import SHOP
from ui.mcp.schema import input_schema
from ui.mcp.tools import TOOLS
from ui.ucp.filters import wanted
from ui.ucp.money import major, minor
from ui.ucp.orders import order_shape
from ui.ucp.policies import policies
from ui.ucp.products import availability, product_shape
from ui.ucp.requests import Context, Filters
from ui.ucp.selection import select, select_variant, signalled

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "HUF", "CLF", "XYZ"])
UNITS = st.integers(0, 2**53 - 1)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(SHOP / "catalog.jsonl")


@pytest.fixture(scope="module")
def space(catalog: Catalog) -> FacetSpace:
    return FacetSpace.from_shop(read_facets(SHOP), catalog)


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [("59.00", "USD", 5900), ("59", "JPY", 59), ("1.234", "KWD", 1234), ("0.005", "EUR", 1), ("990", "HUF", 99000)],
)
def test_money_is_whole_minor_units_of_its_currency(amount: str, currency: str, units: int) -> None:
    assert minor(Decimal(amount), currency) == units


@given(UNITS, CURRENCIES)
def test_minor_units_come_back_as_they_were(units: int, currency: str) -> None:
    assert minor(major(units, currency), currency) == units


@given(st.lists(UNITS, max_size=20), CURRENCIES)
def test_a_sum_is_the_same_in_either_unit(units: list[int], currency: str) -> None:
    assert minor(sum((major(one, currency) for one in units), Decimal()), currency) == sum(units)


@given(low=st.none() | st.integers(0, 60_000), high=st.none() | st.integers(0, 60_000), available=st.booleans())
def test_a_price_filter_keeps_exactly_the_variants_within_it(
    catalog: Catalog, space: FacetSpace, low: int | None, high: int | None, available: bool
) -> None:
    raw = {"price": {"min": low, "max": high}, "available": available}
    asked = wanted(Filters.model_validate(raw), Context.model_validate({}), catalog, space, "USD")
    test = prepare(asked.filters, space)
    for product in catalog.products[:40]:
        kept = {
            variant.sku
            for variant in product.variants
            if (low is None or minor(variant.price, "USD") >= low)
            and (high is None or minor(variant.price, "USD") <= high)
            and (variant.stock or not available)
        }
        assert {variant.sku for variant in test.passing(product)} == kept


@pytest.mark.parametrize(
    ("filters", "passes", "codes"),
    [
        ({"categories": ["jackets"]}, lambda p: p.category == "jackets", []),
        ({"categories": ["Jackets", "外套"]}, lambda p: p.category == "jackets", []),
        ({"categories": ["boots", "spaceships"]}, lambda p: p.category == "boots", []),
        ({"categories": ["spaceships"]}, lambda p: False, []),
        ({"categories": []}, lambda p: False, []),
        ({"brand": "Greenshank"}, lambda p: p.brand == "Greenshank", []),
        ({"brand": "Nike"}, lambda p: False, ["unknown_value"]),
        ({"waterproof": True}, lambda p: p.facets.get("waterproof") is True, []),
        ({"weight": {"max": 400}}, lambda p: float(p.facets.get("weight", 9e9)) <= 400, []),
        ({"wings": 2}, lambda p: True, ["unknown_filter"]),
        ({"price": {"max": 1}, "categories": ["boots"]}, lambda p: False, []),
    ],
)
def test_filters_are_ucps_and_the_shops_facets(
    catalog: Catalog, space: FacetSpace, filters: Any, passes: Any, codes: list[str]
) -> None:
    asked = wanted(Filters.model_validate(filters), Context.model_validate({}), catalog, space, "USD")
    test = prepare(asked.filters, space)
    assert [p.sku for p in catalog.products if test.passing(p)] == [p.sku for p in catalog.products if passes(p)]
    assert [message["code"] for message in asked.messages] == codes


def test_a_price_in_another_currency_is_passed_over_and_said_so(catalog: Catalog, space: FacetSpace) -> None:
    asked = Filters.model_validate({"price": {"max": 1}})
    found = wanted(asked, Context.model_validate({"currency": "EUR"}), catalog, space, "USD")
    assert found.filters.max_price is None and found.messages[0]["code"] == "currency_unsupported"


def shirt(*variants: tuple[str, str, int]) -> Product:
    """A product with these colors, sizes and stocks."""
    made = tuple(
        Variant(f"S-{n}", color, size, Decimal(20 + n), stock) for n, (color, size, stock) in enumerate(variants)
    )
    return Product("S", "Shirt", {"en": "Shirt"}, "", "shirts", "", Decimal(20), {}, None, 0, made)


SHIRT = shirt(("red", "S", 2), ("red", "M", 0), ("blue", "M", 3), ("blue", "L", 1))


@pytest.mark.parametrize(
    ("asked", "preferences", "chosen", "variants"),
    [
        ([], [], {"Color": "red", "Size": "S"}, ["S-0"]),
        ([("Color", "blue")], [], {"Color": "blue"}, ["S-2", "S-3"]),
        ([("colour", "Blue"), ("SIZE", "l")], [], {"Color": "blue", "Size": "L"}, ["S-3"]),
        ([("Color", "red"), ("Size", "L")], ["Color", "Size"], {"Color": "red"}, ["S-0", "S-1"]),
        ([("Color", "red"), ("Size", "L")], ["Size", "Color"], {"Size": "L"}, ["S-3"]),
        ([("Color", "red"), ("Size", "L")], ["size"], {"Color": "red"}, ["S-0", "S-1"]),
        ([("Color", "green")], [], {}, ["S-0", "S-2", "S-3", "S-1"]),
        ([("Sleeve", "long"), ("Color", "red")], [], {"Color": "red"}, ["S-0", "S-1"]),
    ],
)
def test_a_choice_gives_way_from_the_end_of_the_preferences(
    asked: list[tuple[str, str]], preferences: list[str], chosen: dict[str, str], variants: list[str]
) -> None:
    found = select(SHIRT, asked, preferences)
    assert (dict(found.chosen), [variant.sku for variant in found.variants]) == (chosen, variants)


def test_a_variant_determines_the_choice_and_comes_first() -> None:
    found = select_variant(SHIRT, SHIRT.variants[1])
    assert dict(found.chosen) == {"Color": "red", "Size": "M"} and found.variants[0].sku == "S-1"


def test_signals_tell_what_there_is_and_what_can_be_bought_beside_the_choice() -> None:
    sizes = {value["label"]: value for value in signalled(SHIRT, {"Color": "red"})[1]["values"]}
    assert sizes["S"] == {"label": "S", "available": True, "exists": True}
    assert sizes["M"] == {"label": "M", "available": False, "exists": True}
    assert sizes["L"] == {"label": "L", "available": False, "exists": False}


def test_what_the_catalogue_does_not_say_is_left_out() -> None:
    plain = shirt(("", "one size", 0))
    shape = product_shape(plain, plain.variants, "USD", "zh")
    assert shape["options"] == [] and "rating" not in shape and "url" not in shape and "media" not in shape
    assert shape["variants"][0]["title"] == "Shirt" and shape["description"] == {"plain": "Shirt"}
    assert availability(plain.variants[0]) == {"available": False, "status": "out_of_stock"}
    assert policies({}) == {}


@pytest.mark.parametrize("status", STATUSES)
def test_an_orders_parts_add_up_whatever_became_of_it(status: Any) -> None:
    items = (
        OrderItem("A", "Jacket", 2, Decimal("59.95"), "navy", "M", returned=1 if status == "return_requested" else 0),
        OrderItem("B", "Socks", 3, Decimal("9.99"), "", "", cancelled=1),
    )
    delivered = "2026-10-10" if status in ("delivered", "return_requested", "returned") else None
    order = Order(
        "AP-1/2", "C1", "2026-10-02T00:00:00Z", status, items, Decimal("150.00"), Decimal("4.95"), "12 Elm Street",
        "UPS", "1Z", "2026-10-12", delivered,
    )  # fmt: skip
    shape = order_shape(order, load_shop(Path("shop")), "https://shop.example")
    totals = {row["type"]: row["amount"] for row in shape["totals"]}
    assert totals["total"] == sum(amount for kind, amount in totals.items() if kind != "total") == 15000
    assert (totals["subtotal"], totals["fulfillment"], totals["discount"]) == (14987, 495, -482)
    for line in shape["line_items"]:
        quantity = line["quantity"]
        derived = "removed" if not quantity["total"] else "processing"
        derived = "fulfilled" if quantity["total"] and quantity["fulfilled"] == quantity["total"] else derived
        assert line["status"] == derived and quantity["fulfilled"] <= quantity["total"] <= quantity["original"]
    assert shape["permalink_url"].endswith("/orders/AP-1%2F2")
    events = shape["fulfillment"]["events"]
    assert bool(events) == (delivered is not None)
    if events:
        assert events[0]["occurred_at"].startswith("2026-10-10T12:00:00")


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_tools_schema_stands_by_itself(tool: Any) -> None:
    text = str(input_schema(tool.arguments))
    assert "$ref" not in text and "$defs" not in text and "'title'" not in text
