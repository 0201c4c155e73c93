"""The facets of a shop: the `[facets]` table and the catalogue come in, validated names and values go out.

People write "Medium", "gray", "jaket" or "green"; the catalogue says "M", "grey", "jackets" and "dark green".
`FacetSpace.match` finds what the catalogue calls it, or a *family*: the last words that several values share
("green" stands for "dark green", "wool" for "wool" and "merino wool"). Of numbers, a span is such a family: "20..30"
stands for all that lie in it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import Stemmer
from rapidfuzz import fuzz, process

from errors import ConfigError, choices
from language.numbers import find_numbers
from retrieval.catalog import Catalog, Product, Variant
from retrieval.spans import span_of

FacetType = Literal["choice", "number", "boolean"]
FUZZY_RATIO = 86.0  # "jaket" is jackets (92), "skirts" is not shirts (83)
FUZZY_LENGTH = 4  # shorter words are one slip away from each other: red and bed
VARIANT_FACETS = ("color", "size")
# How likely a customer knows and minds, when asked, where the shop does not say: `ask` of the facet.
_ASK = {"category": 0.95, "size": 0.9, "color": 0.7, "brand": 0.35}
_ASK_OTHERS = 0.6

# After these words (as stems) the noun is not meant: synthetic down is no down, faux leather no leather.
_PRIVATIVE = frozenset(
    {"no", "not", "non", "without", "synthet", "faux", "fake", "imit", "artifici", "vegan", "mock"}
)
_SPELLINGS = {"gray": "grey", "aluminum": "aluminium"}
_SIZES = {
    "XS": "extra small,x small,xsmall,extra-small,加小码,特小码",
    "S": "small,小码,小号",
    "M": "medium,med,mid,中码,中号",
    "L": "large,大码,大号",
    "XL": "extra large,x large,xlarge,1xl,加大码,加大号",
    "XXL": "2xl,xx large,xxlarge,extra extra large,double xl,加加大码,特大码,特大号",
    "one size": "onesize,os,one size fits all,均码",
}
_SIZE_WORDS = {word: size for size, words in _SIZES.items() for word in words.split(",")}
_TRUE, _FALSE = frozenset(("true", "yes", "1", "是")), frozenset(("false", "no", "0", "否"))


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet as `shop.toml` declares it.

    `aliases` maps other words, in any language, to catalogue values. `ask`: how likely a customer who is asked about
    it knows and minds, 0 to 1.
    """

    name: str
    type: FacetType
    level: Literal["product", "variant"]
    many: bool
    label: Mapping[str, str]
    aliases: Mapping[str, str]
    values: tuple[str, ...]
    ask: float = _ASK_OTHERS


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
            word = raw.strip().casefold()
            return "true" if word in _TRUE else "false" if word in _FALSE else None
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


def common_words(name: str, value: str) -> tuple[str, ...]:
    """Other ways to write a value that every shop's customers use: ``common_words("size", "M")`` has "medium"."""
    sizes = tuple(_SIZES[value].split(",")) if name == "size" and value in _SIZES else ()
    spelt = (value.replace(ours, theirs) for theirs, ours in _SPELLINGS.items() if ours in value)
    return (*sizes, *spelt)


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


def covers(wanted: str, actual: str) -> bool:
    """Whether `actual` is `wanted` or a kind of it, by the last words: wool covers merino wool."""
    want, have = stems(wanted), stems(actual)
    if not want or have[-len(want) :] != want:
        return bool(want) and "".join(want) == "".join(have)
    return _PRIVATIVE.isdisjoint(have[: len(have) - len(want)])


@lru_cache(maxsize=20_000)
def stems(text: str) -> tuple[str, ...]:
    """The words of `text` plain: ``stems("Gore-Tex boots") == ("goretex", "boot")``."""
    words = re.findall(r"[^\W_]+", re.sub(r"['’]s\b|[-'’.]", "", text.casefold()))
    # A stemmer of its own per call: PyStemmer's objects may not be shared between threads.
    return tuple(Stemmer.Stemmer("english").stemWords([_SPELLINGS.get(word, word) for word in words]))


def _match_choice(facet: Facet, raw: str) -> str | None:
    spoken = " ".join(raw.casefold().split())
    wanted = stems(facet.aliases.get(spoken, spoken))
    if not wanted:
        return None
    if facet.name == "size" and _SIZE_WORDS.get(spoken) in facet.values:
        return _SIZE_WORDS[spoken]
    names = {stems(value): value for value in facet.values}
    # Later ones win: a value of the catalogue is itself before it is another's alias or family.
    known = {} if facet.name == "size" else _families(facet.values)
    known |= {stems(alias): value for alias, value in facet.aliases.items() if alias.isascii()} | names
    joined = {"".join(key): name for key, name in known.items()}
    found = joined.get("".join(wanted)) or _longest_ending(wanted, known)
    return (
        found
        or _contained_alias(facet, spoken)
        or _only_holder(wanted, names)
        or _fuzzy("".join(wanted), joined)
    )


def _longest_ending(wanted: tuple[str, ...], known: Mapping[tuple[str, ...], str]) -> str | None:
    """ "bright green" is green, "EU 42" is 42; but "faux leather" is nothing we know."""
    for start in range(1, len(wanted)):
        if wanted[start:] in known and _PRIVATIVE.isdisjoint(wanted[:start]):
            return known[wanted[start:]]
    return None


def _contained_alias(facet: Facet, raw: str) -> str | None:
    """Chinese has no spaces, so the longest alias inside the text counts: 深绿色的 holds 深绿."""
    inside = [alias for alias in facet.aliases if not alias.isascii() and alias in raw]
    return facet.aliases[max(inside, key=len)] if inside else None


def _only_holder(wanted: tuple[str, ...], names: Mapping[tuple[str, ...], str]) -> str | None:
    """ "merino" is merino wool, as long as no other value has that word."""
    holders = [value for key, value in names.items() if set(wanted) <= set(key)]
    return holders[0] if len(holders) == 1 and len("".join(wanted)) >= FUZZY_LENGTH else None


def _fuzzy(wanted: str, joined: Mapping[str, str]) -> str | None:
    if len(wanted) < FUZZY_LENGTH or wanted.isdigit():
        return None
    best = process.extractOne(wanted, list(joined), scorer=fuzz.ratio, score_cutoff=FUZZY_RATIO)
    return joined[best[0]] if best else None


def _families(values: Iterable[str]) -> dict[tuple[str, ...], str]:
    """The endings of values of several words: {("green",): "green"} for dark green."""
    endings: dict[tuple[str, ...], str] = {}
    for value in values:
        words = value.split()
        for start in range(1, len(words)):
            ending = " ".join(words[start:])
            if covers(ending, value):
                endings[stems(ending)] = ending
    return endings


def _declare(name: str, raw: Any, catalog: Catalog) -> Facet:
    if not isinstance(raw, Mapping):
        raise ConfigError(f"facet '{name}' must be a table with a type, not {raw!r}")
    kind, level = raw.get("type", "choice"), raw.get("level", "product")
    if kind not in ("choice", "number", "boolean"):
        raise ConfigError(f"facet '{name}': unknown type '{kind}'; types: boolean, choice, number")
    if level not in ("product", "variant"):
        raise ConfigError(f"facet '{name}': unknown level '{level}'; levels: product, variant")
    if (level == "variant") != (name in VARIANT_FACETS):
        raise ConfigError(
            f"facet '{name}': the variant facets are {choices(VARIANT_FACETS)}, all others product"
        )
    ask = raw.get("ask", _ASK.get(name, _ASK_OTHERS))
    if isinstance(ask, bool) or not isinstance(ask, int | float) or not 0 <= ask <= 1:
        raise ConfigError(f"facet '{name}': ask must be a chance from 0 to 1, not {ask!r}")
    found = {value for product in catalog.products for value in facet_values(product, None, name) if value}
    aliases = {str(alias).casefold(): str(value) for alias, value in raw.get("aliases", {}).items()}
    return Facet(
        name,
        kind,
        level,
        bool(raw.get("many", False)),
        dict(raw.get("label", {})),
        aliases,
        _ordered(found, kind),
        float(ask),
    )


def _ordered(values: set[str], kind: FacetType) -> tuple[str, ...]:
    if kind == "number":
        return tuple(sorted(values, key=float))
    sizes = list(_SIZES)
    return tuple(sorted(values, key=lambda v: (sizes.index(v) if v in sizes else -1, v)))
