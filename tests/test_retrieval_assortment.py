"""What a shop sells: the things that its titles end in, and the kind that is nearest to one that it has not."""

from pathlib import Path

import pytest

from retrieval.assortment import Assortment
from retrieval.catalog import load_catalog
from retrieval.facets import FacetSpace
from retrieval.search import read_facets

DEMO = Path("shop")


@pytest.fixture(scope="module")
def assortment() -> Assortment:
    catalog = load_catalog(DEMO / "catalog.jsonl")
    return Assortment(catalog, FacetSpace.from_shop(read_facets(DEMO), catalog), frozenset({"category"}))


@pytest.mark.parametrize("thing", ["headlamp", "headlamps", "mug", "trekking pack", "thermo flask", "帐篷"])
def test_what_titles_end_in_is_sold(assortment: Assortment, thing: str) -> None:
    assert assortment.has(thing)


@pytest.mark.parametrize("thing", ["umbrella", "trekking pole", "rain cover", "登山杖", ""])
def test_what_is_in_no_title_is_not(assortment: Assortment, thing: str) -> None:
    assert not assortment.has(thing)


def test_a_word_of_a_makers_name_is_no_thing_that_is_sold(assortment: Assortment) -> None:
    named = [product for product in assortment.catalog.products if "Lantern" in product.title]
    assert len({product.category for product in named}) > 1 and not assortment.has("lantern")


def test_the_nearest_kind_means_nearly_the_same_and_is_no_mere_part_of_the_name(assortment: Assortment) -> None:
    assert assortment.nearest("lantern") == ("category", "headlamps")
    assert assortment.nearest("jeans") == ("category", "trousers")
    assert assortment.nearest("tent pegs") is assortment.nearest("guitar") is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a bag for my books and lunch, for school", "backpacks"),
        ("those lights that you wear on your head, please", "headlamps"),
        ("戴在头上的灯", "headlamps"),
        ("need a bag for school n biking", "backpacks"),
        ("ice cream", None),
        ("something nice for my brother, he likes running", None),
        ("lighter ones please", None),
        ("foam mats", None),
        ("something warm", None),  # a jacket, a base layer or a hat
        ("", None),
    ],
)
def test_a_kind_may_be_described_where_no_other_is_nearly_as_near(
    assortment: Assortment, text: str, kind: str | None
) -> None:
    assert assortment.described(text) == (("category", kind) if kind else None)


def test_a_kind_is_plainly_described_by_all_words_of_its_name(assortment: Assortment) -> None:
    assert assortment.described("need a bag for school", plainly=True) == ("category", "backpacks")
    assert assortment.described("those lights that you wear on your head", plainly=True) is None
