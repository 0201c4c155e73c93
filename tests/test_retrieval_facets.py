"""Facets: how people write values, and what the catalogue calls them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import ConfigError
from language.matching import covers
from retrieval.catalog import Catalog, load_catalog
from retrieval.facets import FacetSpace
from tests.retrieval_shop import write_shop

FACETS = {
    "category": {"type": "choice", "level": "product"},
    "color": {"type": "choice", "level": "variant", "aliases": {"深绿色": "dark green", "黑色": "black"}},
    "size": {"type": "choice", "level": "variant"},
    "material": {"type": "choice", "level": "product"},
    "vegan": {"type": "boolean", "level": "product"},
    "liters": {"type": "number", "level": "product"},
}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(write_shop(tmp_path_factory.mktemp("shop")) / "catalog.jsonl")


@pytest.fixture(scope="module")
def space(catalog: Catalog) -> FacetSpace:
    return FacetSpace.from_shop(FACETS, catalog)


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("color", "Dark Green", "dark green"),
        ("color", "dark-green", "dark green"),
        ("color", "green", "green"),
        ("color", "forest green", "green"),
        ("color", "gray", "grey"),
        ("color", "深绿色", "dark green"),
        ("color", "要黑色的", "black"),
        ("color", "purple", None),
        ("category", "jacket", "jackets"),
        ("category", "jaket", "jackets"),
        ("category", "rain jacket", "jackets"),
        ("category", "skirts", None),
        ("size", "medium", "M"),
        ("size", "extra large", "XL"),
        ("size", "m", "M"),
        ("size", "EU 42", "42"),
        ("size", "大码", None),
        ("material", "merino", "merino wool"),
        ("material", "Goretex", "gore-tex"),
        ("material", "faux wool", None),
        ("material", "", None),
        ("material", "no wool", None),
        ("vegan", "Yes", "true"),
        ("vegan", "nein", "false"),
        ("liters", "about 20 l", "20"),
    ],
)
def test_what_people_write_is_matched_to_the_catalogues_value(
    space: FacetSpace, name: str, raw: str, value: str | None
) -> None:
    assert space.match(name, raw) == value


def test_wool_covers_merino_wool_but_down_does_not_cover_synthetic_down(space: FacetSpace) -> None:
    assert space.members("material", "wool") == {"wool", "merino wool"}
    assert space.members("material", "merino wool") == {"merino wool"}
    assert space.members("material", "down") == {"down"}
    assert space.members("color", "green") == {"dark green"}


def test_an_unknown_facet_is_refused_with_the_known_ones(space: FacetSpace) -> None:
    with pytest.raises(ConfigError, match="unknown facet 'colour'; facets: category, color"):
        space.match("colour", "red")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"x": {"type": "text"}}, "unknown type 'text'"),
        ({"x": {"level": "shelf"}}, "unknown level 'shelf'"),
        ({"material": {"level": "variant"}}, "variant facets are color, size"),
        ({"x": "choice"}, "must be a table"),
    ],
)
def test_a_wrong_declaration_is_refused(catalog: Catalog, table: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        FacetSpace.from_shop(table, catalog)


@given(data=st.data())
def test_every_value_matches_itself_in_any_case(space: FacetSpace, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["category", "color", "size", "material"]))
    value = data.draw(st.sampled_from(space.values(name)))
    assert space.match(name, value) == space.match(name, value.upper()) == space.match(name, f" {value} ") == value


@given(raw=st.text(max_size=20), name=st.sampled_from(sorted(FACETS)))
def test_any_text_matches_something_that_has_members_or_nothing(space: FacetSpace, raw: str, name: str) -> None:
    value = space.match(name, raw)
    assert value is None or name in ("vegan", "liters") or space.members(name, value)


@given(word=st.sampled_from(["wool", "green", "nylon"]), more=st.sampled_from(["dark", "merino", "recycled"]))
def test_a_family_covers_its_kinds_and_never_the_other_way_round(word: str, more: str) -> None:
    assert covers(word, f"{more} {word}")
    assert not covers(f"{more} {word}", word)


def test_the_fixture_is_whole(catalog: Catalog) -> None:
    assert len(catalog.products) == 40 and not catalog.rejected


def test_values_list_sizes_in_their_order(space: FacetSpace) -> None:
    sizes = [size for size in space.values("size") if size in ("S", "M", "XL")]
    assert sizes == ["S", "M", "XL"]
