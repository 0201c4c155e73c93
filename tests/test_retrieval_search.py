"""Search: filters always hold, likes move products up and say so, and sorts stay among what is relevant."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import ConfigError
from language.matching import covers
from retrieval.facets import facet_values
from retrieval.filters import Filters
from retrieval.preferences import Taste
from retrieval.search import Retriever
from tests.retrieval_shop import embedder, write_shop

QUERIES = ["", "warm jacket for rain", "防水夹克", "two person tent", "socks 羊毛", "zzzz", "?!", "a" * 5000]


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    shop = write_shop(tmp_path_factory.mktemp("shop"))
    yield Retriever.open(shop, shop / "state", embedder())


def _some_filters() -> st.SearchStrategy[Filters]:
    prices = st.none() | st.floats(0, 250)
    equals = st.fixed_dictionaries(
        {},
        optional={
            "category": st.sampled_from(["jackets", "boots", "sock"]),
            "color": st.sampled_from(["green", "blue", "black"]),
            "size": st.sampled_from(["medium", "42", "one size"]),
            "material": st.sampled_from(["wool", "nylon", "down"]),
            "vegan": st.sampled_from(["yes", "no"]),
        },
    )
    words = st.frozensets(st.sampled_from(["wool", "down", "blue", "nylon", "fur"]), max_size=2)
    without = st.dictionaries(st.sampled_from(["material", "color"]), words, max_size=2)
    return st.builds(Filters, equals, without, prices, prices, st.booleans())


@settings(deadline=None, max_examples=150)
@given(
    query=st.sampled_from(QUERIES),
    filters=_some_filters(),
    sort=st.sampled_from([None, "price_low", "price_high", "rating"]),
    liked=st.frozensets(st.sampled_from(["green", "grey", "pink"])),
)
def test_every_hit_satisfies_all_filters_with_one_and_the_same_variant(
    retriever: Retriever, query: str, filters: Filters, sort: None, liked: frozenset[str]
) -> None:
    for hit in retriever.search(query, filters, 50, sort, [Taste("color", liked)]):
        assert hit.variant in hit.product.variants and 0 <= hit.score <= 1
        assert (filters.min_price or 0) <= hit.variant.price <= (filters.max_price or math.inf)
        assert hit.variant.stock > 0 or not filters.in_stock
        for name, raw in filters.equals.items():
            wanted = retriever.facets.match(name, raw)
            values = facet_values(hit.product, hit.variant, name)
            assert wanted and any(covers(wanted, value) for value in values)
        for name, raws in filters.without.items():
            for raw in raws:
                assert not any(covers(raw, value) for value in facet_values(hit.product, hit.variant, name))


@settings(deadline=None, max_examples=40)
@given(query=st.sampled_from(QUERIES), filters=_some_filters(), k=st.integers(1, 10))
def test_fewer_hits_are_the_beginning_of_more_hits(retriever: Retriever, query: str, filters: Filters, k: int) -> None:
    assert retriever.search(query, filters, k) == retriever.search(query, filters, 50)[:k]


@pytest.mark.parametrize(
    ("query", "category"),
    [
        ("something against the rain", "jackets"),
        ("hiking boots", "boots"),
        ("tent for two", "tents"),
        ("登山靴", "boots"),
        ("双人帐篷", "tents"),
        ("保暖抓绒", "fleeces"),
    ],
)
def test_the_first_hit_is_of_the_kind_that_was_asked_for(retriever: Retriever, query: str, category: str) -> None:
    assert retriever.search(query)[0].product.category == category


def test_color_and_size_must_hold_for_one_variant_in_stock(retriever: Retriever) -> None:
    filters = Filters(equals={"color": "dark green", "size": "M"})
    hits = retriever.search("jacket", filters, 50)
    assert hits
    for hit in hits:
        assert (hit.variant.color, hit.variant.size) == ("dark green", "M") and hit.variant.stock > 0


def test_without_wool_leaves_out_merino_wool_too(retriever: Retriever) -> None:
    hits = retriever.search("merino wool socks", Filters(without={"material": frozenset({"wool"})}), 50)
    assert hits
    assert not {value for hit in hits for value in facet_values(hit.product, None, "material") if "wool" in value}


def test_a_like_moves_a_product_up_and_the_reason_names_it(retriever: Retriever) -> None:
    plain = retriever.search("jacket", k=50)
    tastes = [Taste("color", frozenset({"green"})), Taste("mood", frozenset({"x"}))]
    liked = retriever.search("jacket", k=50, prefer=tastes)
    assert liked[0].variant.color == "dark green"
    assert liked[0].reasons == ("likes color: green",)
    assert {hit.product.sku for hit in plain} == {hit.product.sku for hit in liked}
    assert not any(hit.reasons for hit in plain)


def test_a_like_never_lets_the_irrelevant_win(retriever: Retriever) -> None:
    hits = retriever.search("tent", k=3, prefer=[Taste("category", frozenset({"boots"}))])
    assert {hit.product.category for hit in hits} == {"tents"}


def test_the_cheapest_tent_is_a_tent(retriever: Retriever) -> None:
    hits = retriever.search("tent", k=3, sort="price_low")
    assert {hit.product.category for hit in hits} == {"tents"}
    assert [hit.variant.price for hit in hits] == sorted(hit.variant.price for hit in hits)


def test_an_empty_query_lists_the_best_rated(retriever: Retriever) -> None:
    ratings = [hit.product.rating or 0 for hit in retriever.search("", k=10)]
    assert ratings == sorted(ratings, reverse=True)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (Filters(equals={"color": "purple"}), "no color is called 'purple'; values: black, blue"),
        (Filters(equals={"fabric": "wool"}), "unknown facet 'fabric'"),
        (Filters(without={"fabric": frozenset({"wool"})}), "unknown facet 'fabric'"),
        (Filters(max_price=-1), "max_price must be a price of 0 or more, not -1"),
        (Filters(min_price=math.nan), "min_price"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_by_name(retriever: Retriever, filters: Filters, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        retriever.search("jacket", filters)


def test_a_shop_without_answers_and_policy_still_searches(tmp_path: Path) -> None:
    shop = write_shop(tmp_path)
    (shop / "answers.yaml").unlink()
    (shop / "policy.md").unlink()
    bare = Retriever.open(shop, shop / "state", embedder())
    assert bare.search("jacket") and bare.answer("returns?", "en") is None and bare.policy("returns?") is None


def test_an_empty_catalogue_finds_nothing(tmp_path: Path) -> None:
    empty = Retriever.open(write_shop(tmp_path, []), tmp_path / "state", embedder())
    assert empty.search("jacket") == []
