"""What a message asks for and the shop does not sell: nothing that it has is among that."""

import pytest

from agent.lexicon import ShopLexicon
from agent.shop import load_shop
from agent.unsold import unsold_things
from finetune.consultations.shops import now, shop_directory
from profiles.shop.files import load_facets, load_schema
from retrieval.assortment import Assortment
from retrieval.catalog import load_catalog
from retrieval.facets import FacetSpace
from retrieval.search import read_facets


def opened(name: str) -> tuple[ShopLexicon, Assortment]:
    folder = shop_directory(name)
    shop, catalog = load_shop(folder), load_catalog(folder / "catalog.jsonl")
    lexicon = ShopLexicon.of(load_schema(folder), load_facets(folder), catalog.categories, shop.languages)
    return lexicon, Assortment(catalog, FacetSpace.from_shop(read_facets(folder), catalog), lexicon.kinds)


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("do you have a guitar", ["guitar"]),
        ("something for my guitar", []),
        ("no guitars please", []),
        ("a rain jacket", []),
        ("tent pegs?", ["tent pegs"]),
        ("有围巾吗", ["围巾"]),
    ],
)
def test_it_is_what_is_asked_for_and_no_kind_of_what_the_shop_has(text: str, things: list[str]) -> None:
    lexicon, assortment = opened("demo")
    assert [thing.text for thing in unsold_things(lexicon.read(text, now().date()), assortment)] == things


@pytest.mark.parametrize("shop", ["music", "toys", "pets", "diy", "electronics"])
def test_a_shop_that_sells_things_has_them(shop: str) -> None:
    lexicon, assortment = opened(shop)
    for kind in sorted(assortment.catalog.categories):
        asked = lexicon.read(f"do you have {kind}", now().date(), language="en")
        assert not unsold_things(asked, assortment), kind
