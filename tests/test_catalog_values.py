"""Prices, SKUs, barcodes and options of catalogue lines: read exactly, or refused with advice and never guessed."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.shop.files import load_facets, load_products
from retrieval.catalog import Catalog, Product, load_catalog
from tests.profiles_shop import SCHEMA
from tests.retrieval_shop import product, write_shop


def read(folder: Path, *lines: str) -> Catalog:
    return load_catalog(write_shop(folder, list(lines)) / "catalog.jsonl")


def line(**changes: object) -> str:
    return json.dumps(product(1, **changes), ensure_ascii=False)


def priced(text: str) -> str:
    """A line with the price written so, as JSON."""
    return line(price="PRICE").replace('"PRICE"', text)


def only(catalog: Catalog) -> Product:
    assert not catalog.rejected, catalog.rejected
    (found,) = catalog.products
    return found


def why_not(catalog: Catalog) -> str:
    assert not catalog.products
    (rejected,) = catalog.rejected
    assert rejected.line_number == 1
    return rejected.reason


@pytest.mark.parametrize(
    ("written", "price"),
    [("12.5", "12.5"), ("0.1", "0.1"), ("1299", "1299"), ('"19.99"', "19.99"), ("104.30000000000001", "104.30"),
     ("1.299", "1.299"), ("0", "0")],
)  # fmt: skip
def test_a_price_is_the_decimal_that_is_written(tmp_path: Path, written: str, price: str) -> None:
    assert only(read(tmp_path, priced(written))).price == Decimal(price)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ('"1e5"', "price: asks for a look: write the price as a plain number, like 1299.50, not '1e5'"),
        ("1e5", "price: asks for a look: write the price out, like 100000, not 1E+5"),
        ('"1.299,00"', "price: asks for a look"),
        ('"12,50"', "price: asks for a look"),
        ('"1.299"', "price: asks for a look"),
        ('"$19.99"', "price: asks for a look"),
        ("1.23456", "price: asks for a look: no currency has so many decimals"),
        ("-0.01", "price: input should be greater than or equal to 0, not -0.01"),
        ("true", "price: "),
        ("null", "price: "),
        ("[1]", "price: "),
    ],
)
def test_a_price_with_two_readings_or_none_is_refused_with_the_reason(
    tmp_path: Path, written: str, reason: str
) -> None:
    assert why_not(read(tmp_path, priced(written))).startswith(reason)


@given(cents=st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_prices_add_up_exactly(tmp_path_factory: pytest.TempPathFactory, cents: list[int]) -> None:
    variants = [{"sku": f"V{n}", "size": f"S{n}", "price": amount / 100, "stock": 1} for n, amount in enumerate(cents)]
    found = only(read(tmp_path_factory.mktemp("sums"), line(variants=variants)))
    assert sum(variant.price for variant in found.variants) == Decimal(sum(cents)).scaleb(-2)


@pytest.mark.parametrize("sku", ["007", "90.750", "1e5x", "7E11", "0", "12345678901234567890", "6.93E"])
def test_an_sku_stays_the_text_it_is(tmp_path: Path, sku: str) -> None:
    catalog = read(tmp_path, line(sku=sku, variants=[{"sku": f"{sku}-M", "size": "M", "stock": 1}]))
    assert only(catalog).sku == sku and catalog.find(f"{sku}-M").sku == sku


@pytest.mark.parametrize("number", ["7", "90.750", "6.93217E+12"])
def test_an_sku_that_is_a_number_is_refused_with_advice(tmp_path: Path, number: str) -> None:
    of_product = line(sku="SKU").replace('"SKU"', number)
    assert 'sku: must be a text in quotes, like "007"' in why_not(read(tmp_path, of_product))
    of_variant = line(variants=[{"sku": "SKU", "size": "M", "stock": 1}]).replace('"SKU"', number)
    assert "variants.0.sku: must be a text" in why_not(read(tmp_path, of_variant))


@pytest.mark.parametrize("ruined", ["6.93217E+12", "6,93217E+12", "7E+11", "6.9e+12"])
def test_a_code_that_a_spreadsheet_has_rounded_is_reported(tmp_path: Path, ruined: str) -> None:
    variants = [{"sku": ruined, "stock": 1}]
    for changes in ({"sku": ruined}, {"variants": variants}, {"facets": {"barcode": ruined}}, {"EAN": ruined}):
        reason = why_not(read(tmp_path, line(**changes)))
        assert ruined in reason and "export the column as text" in reason
    number = line(facets={"gtin": "CODE"}).replace('"CODE"', "6.93217E+12")
    assert "gtin: '6.93217E+12'" in why_not(read(tmp_path, number))
    assert only(read(tmp_path, line(facets={"barcode": "4006381333931"}))).facets["barcode"] == ("4006381333931",)


PLACEHOLDERS = ("Default Title", "default title", "", None, " ", "undefined", "null")


@pytest.mark.parametrize("size", PLACEHOLDERS)
def test_a_placeholder_is_no_size_and_the_product_is_a_plain_one(tmp_path: Path, size: str | None) -> None:
    row = {"sku": "A-1", "color": size, "size": size, "stock": 3}
    facets = {"size": size or "", "material": ["wool", "Default Title"]}
    shop = write_shop(tmp_path, [line(variants=[row], facets=facets)])
    (variant,) = only(load_catalog(shop / "catalog.jsonl")).variants
    assert (variant.sku, variant.color, variant.size, variant.stock) == ("A-1", "", "one size", 3)
    bare = {name: value for name, value in row.items() if name not in ("color", "size")}
    assert only(read(tmp_path / "bare", line(variants=[bare]))).variants == (variant,)
    assert only(load_catalog(shop / "catalog.jsonl")).facets == {"material": ("wool",)}
    known = load_facets(shop)
    assert not known.get("size") and not known.get("color") and list(known["material"]) == ["wool"]
    assert not load_products(shop, SCHEMA)["A-1"].get("size")


def test_a_row_without_an_option_is_no_variant_beside_real_ones(tmp_path: Path) -> None:
    blank = {"sku": "", "size": "", "stock": 0}
    real = {"sku": "P-001-M", "size": "M", "stock": 2}
    of_product = {"sku": "P-001", "size": "Default Title", "stock": 5}
    found = only(read(tmp_path, line(variants=[blank, real, of_product])))
    assert [variant.sku for variant in found.variants] == ["P-001-M"]
    plain = only(read(tmp_path, line(variants=[{"size": "", "stock": 4}])))
    assert [(variant.sku, variant.size, variant.stock) for variant in plain.variants] == [("P-001", "one size", 4)]
    assert why_not(read(tmp_path, line(variants=[blank | {"stock": -1}]))).startswith("variants.0.stock")


def test_reading_twice_doubles_nothing_and_a_line_that_comes_twice_is_reported(tmp_path: Path) -> None:
    shop = write_shop(tmp_path, [line(variants=[{"sku": "", "size": "Default Title", "stock": 1}])])
    first, second = (load_catalog(shop / "catalog.jsonl") for _ in range(2))
    assert first == second and len(only(first).variants) == 1
    again = read(tmp_path, line(), line())
    assert len(again.products) == 1 and again.rejected[0].reason == "duplicate sku 'P-001'"


def test_a_file_with_a_mark_of_its_encoding_and_two_signs_at_the_end_of_a_line_is_read(tmp_path: Path) -> None:
    shop = write_shop(tmp_path, [line(), json.dumps(product(2, description="one\u2028two"), ensure_ascii=False)])
    path = shop / "catalog.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    catalog = load_catalog(path)
    assert [found.sku for found in catalog.products] == ["P-001", "P-002"] and not catalog.rejected
    assert {"P-001", "P-002"} <= set(load_products(shop, SCHEMA))
