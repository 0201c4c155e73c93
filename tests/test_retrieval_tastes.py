"""Ranges and scopes in the search: what lies in a range goes before its equals outside, and nothing is filtered."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.catalog import Product
from retrieval.filters import Filters, Scope
from retrieval.preferences import PRICE, Taste
from retrieval.search import Boost, ProductHit, Retriever, Sort, reorder
from retrieval.spans import Span, span_of
from tests.retrieval_shop import embedder, product, write_shop

QUERIES = ["", "rain jacket", "hiking boots", "防水夹克", "zzzz"]
EQUALS = 12  # products that differ in their price and their litres alone


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    shop = write_shop(tmp_path_factory.mktemp("shop"))
    yield Retriever.open(shop, shop / "state", embedder())


@pytest.fixture(scope="module")
def equals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    lines = [json.dumps(_equal(number), ensure_ascii=False) for number in range(EQUALS)]
    shop = write_shop(tmp_path_factory.mktemp("equals"), lines)
    yield Retriever.open(shop, shop / "state", embedder())


def _equal(number: int) -> dict[str, Any]:
    sku, price = f"P-{number:03}", 100.0 + 10 * (number * 7 % EQUALS)
    facets = {"material": ["wool"], "vegan": True, "liters": 10 + number * 5 % EQUALS}
    variants = [{"sku": f"{sku}-{color}", "color": color, "size": "M", "stock": 3} for color in ("black", "olive")]
    return product(0, sku=sku, price=price, facets=facets, variants=variants)


def spans(low: int, high: int) -> st.SearchStrategy[str]:
    ends = st.tuples(st.integers(low, high), st.integers(low, high)).map(sorted)
    return ends.flatmap(lambda two: st.sampled_from([f"{two[0]}..{two[1]}", f"{two[0]}..", f"..{two[1]}"]))


def others() -> st.SearchStrategy[list[Taste]]:
    """Tastes beside the range that all equals have or miss alike."""
    some = [
        Taste("color", frozenset({"olive"})),
        Taste("material", frozenset({"wool"})),
        Taste("vegan", frozenset({"yes"})),
        Taste("size", frozenset({"M"})),
        Taste("brand", frozenset({"Nobody's"})),
        Taste(PRICE, frozenset({"500..600"})),
        Taste("liters", frozenset({"900.."})),
    ]
    return st.lists(st.sampled_from(some), unique_by=lambda taste: taste.facet + min(taste.values))


def number_of(hit: ProductHit, facet: str) -> float:
    return float(hit.variant.price) if facet == PRICE else float(str(hit.product.facets[facet]))


@given(
    query=st.sampled_from(QUERIES),
    taste=st.builds(
        Taste,
        *(st.just(PRICE), spans(90, 220).map(lambda text: frozenset({text}))),
    )
    | st.builds(Taste, st.just("liters"), spans(8, 24).map(lambda text: frozenset({text}))),
    beside=others(),
    boost=st.floats(-1, 1),
)
def test_what_is_in_a_range_never_ranks_below_its_equal_outside(
    equals: Retriever, query: str, taste: Taste, beside: list[Taste], boost: float
) -> None:
    (text,) = taste.values
    span = span_of(text)
    hits = equals.search(query, k=50, prefer=[*beside, taste])
    assert span and len(hits) == EQUALS, "a range filters nothing"
    alike = dict.fromkeys([hit.product.sku for hit in hits], Boost(boost))
    for ranked in (hits, reorder(hits, alike)):
        fits = [span.holds(number_of(hit, taste.facet)) for hit in ranked]
        assert fits == sorted(fits, reverse=True)
    for hit in hits:
        assert 0 <= hit.score <= 1
        assert (f"likes {taste.facet}: {text}" in hit.reasons) == span.holds(number_of(hit, taste.facet))


@given(query=st.sampled_from(QUERIES), text=spans(10, 220), sort=st.sampled_from(["price_low", "price_high", "rating"]))
def test_an_order_that_is_asked_for_lowers_nothing(equals: Retriever, query: str, text: str, sort: Sort) -> None:
    taste = Taste(PRICE, frozenset({text}))
    ranked = [hit.variant.price for hit in equals.search(query, k=50, sort=sort, prefer=[taste])]
    if sort != "rating":
        assert ranked == sorted(ranked, reverse=sort == "price_high")


@given(
    query=st.sampled_from(QUERIES),
    key=st.sampled_from(["jackets", "fleeces", "boots", "socks", "tents"]),
    kept=st.sampled_from(
        [("size", "42"), ("size", "M"), ("color", "green"), ("material", "wool"), ("liters", "20..30"), (PRICE, "..60")]
    ),
    category=st.sampled_from([None, "jackets", "boots", "tents"]),
)
def test_what_is_kept_for_one_key_changes_nothing_of_another(
    retriever: Retriever, query: str, key: str, kept: tuple[str, str], category: str | None
) -> None:
    facet, value = kept
    taste = Taste(facet, frozenset({value}), (Scope("category", frozenset({key})),))
    filters = Filters(equals={"category": category} if category else {})
    plain = {hit.product.sku: hit for hit in retriever.search(query, filters, 50)}
    hits = retriever.search(query, filters, 50, prefer=[taste])
    assert {hit.product.sku for hit in hits} == set(plain)
    for hit in hits:
        if hit.product.category != key:
            assert hit == plain[hit.product.sku]
    beyond = Taste(facet, frozenset({value}), (Scope("category", frozenset({key}), beyond=True),))
    for hit in retriever.search(query, filters, 50, prefer=[beyond]):
        if hit.product.category == key:
            assert hit == plain[hit.product.sku]


def test_the_variant_in_the_size_of_the_key_is_shown_with_the_words_given(retriever: Retriever) -> None:
    boots = Scope("category", frozenset({"boots"}))
    hits = retriever.search("boots", k=50, prefer=[Taste("size", frozenset({"42"}), (boots,), "in size 42")])
    found = [hit for hit in hits if hit.product.category == "boots" and in_stock(hit.product, "42")]
    assert found and all(hit.variant.size == "42" and hit.reasons == ("likes in size 42",) for hit in found)


def in_stock(product: Product, size: str) -> bool:
    return any(variant.size == size and variant.stock for variant in product.variants)


def test_of_two_prices_of_one_product_the_one_in_the_range_is_shown(retriever: Retriever) -> None:
    dear = max(retriever.catalog.products, key=lambda product: product.price)
    low, high = sorted({variant.price for variant in dear.variants})
    for price in (low, high):
        hits = retriever.search(
            dear.title, Filters(in_stock=False), 50, prefer=[Taste(PRICE, frozenset({f"{price}..{price}"}))]
        )
        assert next(hit for hit in hits if hit.product.sku == dear.sku).variant.price == price


def test_a_range_of_numbers_stands_for_the_values_in_it_wherever_a_value_may_stand(retriever: Retriever) -> None:
    liters = {hit.product.facets["liters"] for hit in retriever.search("", Filters(equals={"liters": "20..22"}), 50)}
    assert liters == {20, 21, 22}
    without = Filters(without={"liters": frozenset({"20.."})}, in_stock=False)
    assert {hit.product.facets["liters"] for hit in retriever.search("", without, 50)} == set(range(10, 20))


def test_what_is_left_out_of_a_scope_is_found_elsewhere(retriever: Retriever) -> None:
    boots = Scope("category", frozenset({"boots"}))
    everything = retriever.search("", k=50)
    hits = retriever.search("", Filters(without_in={boots: {"material": frozenset({"wool"})}}), 50)
    gone = {hit.product.sku for hit in everything} - {hit.product.sku for hit in hits}
    woollen = {
        hit.product.sku
        for hit in everything
        if hit.product.category == "boots" and {"wool", "merino wool"} & {*hit.product.facets["material"]}  # type: ignore[misc]
    }
    assert gone == woollen and woollen


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("100..200", Span(100, 200)),
        ("50..", Span(low=50)),
        ("..9.5", Span(high=9.5)),
        ("-10..0", Span(-10, 0)),
        ("1.5..2.5", Span(1.5, 2.5)),
        ("..", None),
        ("100", None),
        ("1...2", None),
        ("a..b", None),
        ("", None),
    ],
)
def test_a_span_is_read_from_its_text(text: str, span: Span | None) -> None:
    assert span_of(text) == span


def test_the_command_takes_a_range(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from retrieval.__main__ import main

    shop = write_shop(tmp_path)
    assert main(["search", "jacket", "--shop", str(shop), "--prefer", "price=10..60", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["reasons"] == ["likes price: 10..60"]
