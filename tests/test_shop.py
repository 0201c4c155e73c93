"""The demo shop's files: what is committed is what the generator makes, and its parts fit each other."""

import gzip
import json
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from agent.orders.order import STATUSES
from agent.shop import load_shop
from language.matching import covers
from retrieval.catalog import Catalog, Product, load_catalog
from retrieval.facets import FacetSpace, facet_values
from shop.generator.__main__ import generate, main
from shop.generator.ranges import CATEGORIES

SHOP = Path(__file__).parents[1] / "shop"
GENERATED = ("catalog.jsonl", "customers.jsonl", "orders.jsonl", "events.jsonl.gz")


@cache
def rows(name: str) -> list[dict[str, Any]]:
    data = (SHOP / name).read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8")
    return [json.loads(line) for line in text.splitlines()]


@cache
def catalog() -> Catalog:
    return load_catalog(SHOP / "catalog.jsonl")


def materials(product: Product) -> tuple[str, ...]:
    return facet_values(product, None, "material")


def test_the_committed_files_are_what_the_generator_makes(tmp_path: Path) -> None:
    generate(tmp_path, seed=7)
    assert [name for name in GENERATED if (tmp_path / name).read_bytes() != (SHOP / name).read_bytes()] == []


def test_another_seed_makes_another_shop_of_the_same_size(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path), "--seed", "8"]) == 0
    for name in ("catalog.jsonl", "customers.jsonl", "orders.jsonl"):
        other = (tmp_path / name).read_bytes()
        assert other != (SHOP / name).read_bytes() and other.count(b"\n") == len(rows(name))


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0 and "exit codes" in capsys.readouterr().out


def test_the_command_says_in_one_line_that_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(["--out", str(tmp_path / "file" / "shop")]) == 7
    assert capsys.readouterr().err.startswith("error: cannot write")


def test_counts_and_sizes_are_those_of_a_small_real_shop() -> None:
    assert len(catalog().products) >= 420 and catalog().rejected == ()
    assert (len(rows("customers.jsonl")), len(rows("orders.jsonl"))) == (300, 800)
    assert len(rows("events.jsonl.gz")) == 30_000
    assert (SHOP / "catalog.jsonl").stat().st_size < 2_000_000
    assert (SHOP / "events.jsonl.gz").stat().st_size < 1_500_000


def test_titles_and_descriptions_are_never_the_same() -> None:
    products = rows("catalog.jsonl")
    for key in ("sku", "title", "title_zh", "description"):
        assert len({product[key] for product in products}) == len(products)


def test_every_category_has_cheap_and_dear_products_in_several_colours_and_materials() -> None:
    by_category = defaultdict(list)
    for product in catalog().products:
        by_category[product.category].append(product)
    assert set(by_category) == set(CATEGORIES)
    for category, products in by_category.items():
        prices = sorted(product.price for product in products)
        assert prices[-1] >= 3 * prices[0], category
        assert len({v.color for product in products for v in product.variants}) >= 6, category
        assert len({product.facets["material"] for product in products}) >= 3, category
        assert {v.stock > 0 for product in products for v in product.variants} == {True, False}, category


def test_every_facet_is_declared_and_every_alias_leads_to_a_value() -> None:
    table = load_shop(SHOP).facets
    space = FacetSpace.from_shop(table, catalog())
    assert {name for product in catalog().products for name in product.facets} <= set(table)
    for name, facet in space.facets.items():
        assert set(facet.label) == {"en", "zh"} and space.values(name), name
        assert set(facet.aliases.values()) <= set(space.values(name)), name
        assert facet.type != "number" or table[name]["unit"]


@pytest.mark.parametrize(("low", "high"), [(0, 150), (150, 200)])
def test_someone_who_cannot_stand_wool_finds_a_dark_green_rain_jacket_in_m(low: float, high: float) -> None:
    found = {
        product.facets["gender"]
        for product in catalog().products
        if product.category == "jackets" and product.facets["waterproof"] is True
        if not any(covers("wool", name) for name in materials(product))
        for v in product.variants
        if (v.color, v.size) == ("dark green", "M") and v.stock > 0 and low <= v.price <= high
    }
    assert {("men",), ("women",)} <= found


def test_facets_agree_with_each_other() -> None:
    animal = {"wool", "merino wool", "down", "leather"}
    for product in rows("catalog.jsonl"):
        facets = product["facets"]
        assert ("waterproof" in facets.get("features", [])) == facets.get("waterproof", False), product["title"]
        vegan = "vegan" in facets.get("ethics", [])
        assert vegan == animal.isdisjoint(facets["material"]), product["title"]


def test_order_totals_are_goods_and_the_fee_that_the_facts_say() -> None:
    facts = {name: float(load_shop(SHOP).facts[name]) for name in ("standard_fee", "express_fee")}
    abroad_fee, free_from = 19.95, float(load_shop(SHOP).facts["free_shipping_from"])
    for order in rows("orders.jsonl"):
        goods = sum(item["price"] * item["quantity"] for item in order["items"])
        assert order["total"] == pytest.approx(goods + order["shipping_fee"], abs=0.005), order["id"]
        abroad = order["address"].endswith(("Canada", "United Kingdom"))
        standard = 0.0 if goods >= free_from else facts["standard_fee"]
        fees = {abroad_fee} if abroad else {standard, facts["express_fee"]}
        assert order["shipping_fee"] in fees, order["id"]


def test_every_order_item_is_a_variant_of_the_catalogue_at_its_price() -> None:
    variants = {v.sku: (product, v) for product in catalog().products for v in product.variants}
    for order in rows("orders.jsonl"):
        for item in order["items"]:
            product, variant = variants[item["sku"]]
            assert (product.title, float(variant.price)) == (item["title"], item["price"])
            assert (variant.color, variant.size) == (item["color"], item["size"])


def test_all_statuses_are_there_and_their_dates_make_sense() -> None:
    assert {order["status"] for order in rows("orders.jsonl")} == set(STATUSES)
    arrived = {"delivered", "returned", "return_requested"}
    for order in rows("orders.jsonl"):
        assert (order["delivered"] is not None) == (order["status"] in arrived), order["id"]
        assert order["placed"] < "2026-11-21" and (order["delivered"] or "2026") < "2026-11-21"
        assert (order["delivered"] or "9") > order["placed"][:10]
        unsent = order["status"] in ("processing", "paid", "cancelled")
        assert (order["tracking"] is None) == unsent == (order["carrier"] is None)


def test_the_first_customers_have_orders_and_ten_can_still_cancel_the_newest() -> None:
    owned = defaultdict(list)
    for order in rows("orders.jsonl"):
        owned[order["customer"]].append(order)
    assert all(len(owned[f"C{number}"]) >= 2 for number in range(1001, 1021))
    for number in range(1001, 1011):
        newest = max(owned[f"C{number}"], key=lambda order: order["placed"])
        assert newest["status"] in ("processing", "paid")


def test_events_speak_of_real_customers_products_and_orders() -> None:
    customers = {customer["id"] for customer in rows("customers.jsonl")}
    orders = {order["id"]: order for order in rows("orders.jsonl")}
    completed = Counter[str]()
    for event in rows("events.jsonl.gz"):
        properties = event["properties"]
        assert event["userId"] in customers
        for item in properties.get("products", [properties] if "product_id" in properties else []):
            product = catalog().find(item["product_id"])
            assert product is catalog().find(item.get("sku", product.sku))
        if event["event"] == "Order Completed":
            order = orders[properties["order_id"]]
            completed[order["id"]] += 1
            assert (order["customer"], order["placed"]) == (event["userId"], event["timestamp"])
            assert order["total"] == properties["total"]
            assert [item["sku"] for item in order["items"]] == [item["sku"] for item in properties["products"]]
    assert completed == Counter(list(orders))


def test_events_are_in_the_order_of_time_and_within_a_year() -> None:
    times = [event["timestamp"] for event in rows("events.jsonl.gz")]
    assert times == sorted(times) and times[0] >= "2025-11-19" and times[-1] < "2026-11-21"
    assert len({event["messageId"] for event in rows("events.jsonl.gz")}) == len(times)


def test_customers_never_buy_what_they_said_they_avoid() -> None:
    bought: dict[str, set[str]] = defaultdict(set)
    for order in rows("orders.jsonl"):
        for item in order["items"]:
            bought[order["customer"]] |= set(materials(catalog().find(item["sku"])))
    avoiders = 0
    for customer in rows("customers.jsonl"):
        for trait in customer["traits"]:
            if (trait["attribute"], trait["polarity"]) == ("material", "dislike"):
                avoiders += 1
                assert not any(covers(trait["value"], name) for name in bought[customer["id"]])
    assert avoiders >= 10


def test_tastes_that_were_stated_show_in_what_is_looked_at() -> None:
    viewed: dict[str, Counter[str]] = defaultdict(Counter)
    for event in rows("events.jsonl.gz"):
        if event["event"] == "Product Viewed":
            viewed[event["userId"]][event["properties"]["brand"]] += 1
    total = sum(viewed.values(), Counter[str]())
    ratios = []
    for customer in rows("customers.jsonl"):
        mine = viewed[customer["id"]]
        for trait in customer["traits"]:
            if trait["attribute"] == "brand" and mine.total() >= 20:
                usual = total[trait["value"]] / total.total()
                ratios.append(mine[trait["value"]] / mine.total() / usual)
    assert len(ratios) >= 10 and sorted(ratios)[len(ratios) // 2] > 2
