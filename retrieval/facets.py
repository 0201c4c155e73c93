"""The facets of a shop: the `[facets]` table and the catalogue come in, validated names and values go out.

People write "Medium", "gray", "jaket" or "green"; the catalogue says "M", "grey", "jackets" and "dark green".
`FacetSpace.match` finds what the catalogue calls it, or a *family*: the last words that several values share
("green" stands for "dark green", "wool" for "wool" and "merino wool"). Of numbers, a span is such a family: "20..30"
stands for all that lie in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from errors import ConfigError, choices
from language.matching import choose, covers, shared_synonyms
from language.names import flat_aliases, own_words
from language.numbers import find_numbers
from language.people import GROUPS, Group
from language.truth import truth_of
from retrieval.catalog import Catalog, Product, Variant
from retrieval.spans import span_of

FacetType = Literal["choice", "number", "boolean"]
Wish = Literal["at_least", "at_most", "about"]
VARIANT_FACETS = ("color", "size")
# How likely a customer knows and minds, when asked, where the shop does not say: `ask` of the facet.
_ASK = {"category": 0.95, "size": 0.9, "color": 0.7, "brand": 0.35}
_ASK_OTHERS = 0.6

_SIZES = ("XS", "S", "M", "L", "XL", "XXL", "one size")  # in this order


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet as `shop.toml` declares it.

    `aliases` maps other words, in any language, to catalogue values; `own_words` are those that the shop gave for one
    language, by language and value. `ask`: how likely a customer who is asked about
    it knows and minds, 0 to 1. `suits_all`: a value of products that any other value finds too ("unisex"). `wish`: what
    a customer who names a number means by it. `unless_asked`: values that are not shown to who does not ask for them.
    `people`: by group of people, the value of products that are made for them. `gives_way`: where nothing fits all that
    is asked for, it is given up first, as what a product is for goes before what it is.
    """

    name: str
    type: FacetType
    level: Literal["product", "variant"]
    many: bool
    label: Mapping[str, str]
    aliases: Mapping[str, str]
    values: tuple[str, ...]
    ask: float = _ASK_OTHERS
    own_words: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    suits_all: str = ""
    wish: Wish = "about"
    unless_asked: tuple[str, ...] = ()
    people: Mapping[Group, str] = field(default_factory=dict)
    gives_way: bool = False


@dataclass(frozen=True, slots=True)
class FacetSpace:
    """All facets of one shop: ``FacetSpace.from_shop(table, catalog).match("size", "medium") == "M"``."""

    facets: Mapping[str, Facet]

    @classmethod
    def from_shop(cls, toml_facets: Mapping[str, Any], catalog: Catalog) -> "FacetSpace":
        """Read the `[facets]` table and collect each facet's values.

        Raises ConfigError on a bad declaration.
        """
        return cls({name: _declare(name, raw, catalog) for name, raw in toml_facets.items()})

    def other_words(self, product: Product) -> list[str]:
        """The aliases of all values that `product` or a variant of it has: what else customers call them."""
        return [
            alias
            for name, facet in self.facets.items()
            for values in [frozenset(facet_values(product, None, name))]
            for alias, value in facet.aliases.items()
            if value in values
        ]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.facets)

    def facet(self, name: str) -> Facet:
        """The facet called `name`. Raises ConfigError that lists the facets there are."""
        try:
            return self.facets[name]
        except KeyError:
            raise ConfigError(f"unknown facet '{name}'; facets: {choices(self.facets)}") from None

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of the facet in the catalogue, sorted. Raises ConfigError."""
        return self.facet(name).values

    def match(self, name: str, raw: str) -> str | None:
        """What the catalogue calls `raw`: a value or a family of values; None when nothing fits.

        Raises ConfigError.
        """
        facet = self.facet(name)
        if facet.type == "boolean":
            truth = truth_of(raw)
            return None if truth is None else str(truth).lower()
        if facet.type == "number":
            if span_of(raw):
                return raw.strip()
            number = next(iter(find_numbers(raw)), None)
            return f"{float(number.values[0]):g}" if number else None
        value = _match_choice(facet, raw)
        return value if value and self.members(name, value) else None

    def members(self, name: str, value: str) -> frozenset[str]:
        """The catalogue values that `value` covers: itself and those of its family. Raises ConfigError."""
        kind = self.facet(name).type
        if kind == "number" and (span := span_of(value)):
            return frozenset(known for known in self.values(name) if span.holds(float(known)))
        if kind != "choice":
            return frozenset({value}) & frozenset(self.values(name))
        return frozenset(known for known in self.values(name) if covers(value, known))


def facet_values(product: Product, variant: Variant | None, name: str) -> tuple[str, ...]:
    """The values a product (or one of its variants, where the facet is the variant's) has, as text."""
    if name == "category":
        return (product.category,)
    if name == "brand":
        return (product.brand,)
    if name in VARIANT_FACETS:
        of = product.variants if variant is None else (variant,)
        return tuple(v.color if name == "color" else v.size for v in of)
    value = product.facets.get(name, ())
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return (f"{value:g}",) if isinstance(value, float | int) else value


def _match_choice(facet: Facet, raw: str) -> str | None:
    """An alias may stand for a family, which is then a value here."""
    forms: dict[str, list[str]] = {value: [*shared_synonyms(facet.name).get(value, ())] for value in facet.values}
    for alias, value in facet.aliases.items():
        forms.setdefault(value, []).append(alias)
    return choose(raw, forms, families=facet.name != "size")


def _declare(name: str, raw: Any, catalog: Catalog) -> Facet:
    if not isinstance(raw, Mapping):
        raise ConfigError(f"facet '{name}' must be a table with a type, not {raw!r}")
    kind, level = raw.get("type", "choice"), raw.get("level", "product")
    if kind not in ("choice", "number", "boolean"):
        raise ConfigError(f"facet '{name}': unknown type '{kind}'; types: boolean, choice, number")
    if level not in ("product", "variant"):
        raise ConfigError(f"facet '{name}': unknown level '{level}'; levels: product, variant")
    if (level == "variant") != (name in VARIANT_FACETS):
        raise ConfigError(f"facet '{name}': the variant facets are {choices(VARIANT_FACETS)}, all others product")
    ask = raw.get("ask", _ASK.get(name, _ASK_OTHERS))
    if isinstance(ask, bool) or not isinstance(ask, int | float) or not 0 <= ask <= 1:
        raise ConfigError(f"facet '{name}': ask must be a chance from 0 to 1, not {ask!r}")
    found = {value for product in catalog.products for value in facet_values(product, None, name) if value}
    aliases = {alias.casefold(): value for alias, value in flat_aliases(raw.get("aliases", {})).items()}
    return Facet(
        name,
        kind,
        level,
        bool(raw.get("many", False)),
        dict(raw.get("label", {})),
        aliases,
        _ordered(found, kind),
        float(ask),
        own_words(raw.get("aliases", {})),
        str(raw.get("suits_all", "")),
        _wish(name, raw.get("wish", "about")),
        tuple(map(str, raw.get("unless_asked", ()))),
        _people(name, raw.get("people", {}), {*found, *aliases.values()}),
        bool(raw.get("gives_way", False)),
    )


def _people(name: str, raw: object, known: set[str]) -> dict[Group, str]:
    """By group, a value that the catalogue or an alias has; an empty catalogue knows none to tell by."""
    if not isinstance(raw, Mapping):
        raise ConfigError(f"facet '{name}': people must be a table of a value for each group, not {raw!r}")
    for group, value in raw.items():
        if group not in GROUPS:
            raise ConfigError(f"facet '{name}': people names the unknown group {group!r}; groups: {choices(GROUPS)}")
        if known and value not in known:
            raise ConfigError(f"facet '{name}': people gives {group} the value {value!r}; values: {choices(known)}")
    return dict(raw)


def _wish(name: str, raw: object) -> Wish:
    for wish in get_args(Wish):
        if raw == wish:
            return cast(Wish, wish)
    raise ConfigError(f"facet '{name}': unknown wish {raw!r}; wishes: {choices(get_args(Wish))}")


def _ordered(values: set[str], kind: FacetType) -> tuple[str, ...]:
    if kind == "number":
        return tuple(sorted(values, key=float))
    return tuple(sorted(values, key=lambda v: (_SIZES.index(v) if v in _SIZES else -1, v)))
