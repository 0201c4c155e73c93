"""The hand-written side of the shop: the YAML files under `words/` come in, checked ranges and brands go out.

A *range* is one category of the shop, a *kind* one sort of thing in it (rain jackets, parkas).
Errors: `DataError` naming the file and the field.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from errors import DataError, first_mistake

WORDS = Path(__file__).parent / "words"
CATEGORIES = (
    "jackets", "fleeces", "trousers", "shirts", "baselayers", "boots", "socks", "gloves", "hats", "backpacks",
    "tents", "sleeping bags", "cookware", "headlamps", "bottles",
)  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(_Strict):
    """One sort of product. Lists run from the cheapest to the dearest where price goes with them.

    `nouns` maps the English noun of a title to the Chinese one; both may hold number facets as `{volume}`.
    `made_of` gives the materials of a noun that names one, `details` replace those of the range. `stars` are
    colours that every product of the kind has, with size M in stock.
    """

    id: str
    count: int
    nouns: dict[str, str]
    price: tuple[float, float]
    materials: list[list[str]]
    features: list[str] = []
    extras: list[str] = []
    activity: list[str]
    season: list[str] = []
    genders: list[str] = []
    colors: list[str] = []
    stars: list[str] = []
    facets: dict[str, str | bool | list[str]] = {}
    numbers: dict[str, list[float]] = {}
    sizes: str = ""
    made_of: dict[str, list[str]] = {}
    details: list[str] = []
    people: list[str]
    strengths: list[str]
    drawbacks: list[str]
    search_en: list[str]
    search_zh: list[str]


class Range(_Strict):
    """One category: prefix of its SKUs, how it is sized, sentences that fit anything in it, and its kinds."""

    category: str
    code: str
    sizes: str
    details: list[str]
    kinds: list[Kind]


class Brand(_Strict):
    """A maker: price band, categories it makes (empty: all), ethics of all it makes, for children only."""

    name: str
    band: str
    makes: list[str]
    ethics: list[str]
    kids: bool = False


def load_words(name: str) -> Any:
    """The parsed content of `words/<name>.yaml`. Raises DataError when it is not YAML."""
    path = WORDS / f"{name}.yaml"
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise DataError(f"{path.name}: {error}") from error


def load_ranges() -> tuple[Range, ...]:
    """All fifteen categories, in the order of the shop."""
    return tuple(_load_range(category) for category in CATEGORIES)


def load_brands() -> tuple[Brand, ...]:
    """All brands of the shop."""
    return tuple(Brand.model_validate(raw) for raw in load_words("brands"))


def _load_range(category: str) -> Range:
    name = category.replace(" ", "_")
    try:
        return Range.model_validate({"category": category, **load_words(name)})
    except ValidationError as error:
        raise DataError(f"{name}.yaml: {first_mistake(error)}") from error
