"""The catalogue of a random shop: which facets it has under which names, and its products.

In: a random generator, a vertical, a `Style`. Out: `Facets` as declared in shop.toml, and catalogue lines. Every word
that the bank has for a value becomes an alias, so that the tools understand what customers say.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from finetune.selfplay.shops.bank import Aspect, Kindred, Value, Vertical, aspects

Style = Literal["en", "zh", "both"]
LANGUAGES_OF: Mapping[Style, tuple[str, ...]] = {"en": ("en",), "zh": ("zh", "en"), "both": ("en", "zh")}
CATEGORY_NAMES = ("category",) * 6 + ("type", "kind", "product_type", "section")
_CLOTHES = ("XS", "S", "M", "L", "XL", "XXL")
_SHOES = tuple(str(size) for size in range(36, 47))
_LINES = (
    "Aster", "Birch", "Comet", "Dune", "Ember", "Fjord", "Grove", "Heron", "Indigo", "Juno", "Koi", "Lotus", "Mistral",
    "Nova", "Onyx", "Plume", "Quest", "Ridge", "Sable", "Tidal", "Umber", "Vega", "Willow", "Yarrow", "Zest",
)  # fmt: skip
_LINES_ZH = (
    "星语",
    "青禾",
    "山岚",
    "晨光",
    "拾光",
    "木心",
    "海盐",
    "云朵",
    "素履",
    "知夏",
    "南风",
    "半山",
    "橙果",
    "白露",
)
_MOST_VARIANTS = 8


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet of this shop: the aspect behind it, its name here, and the values that its products use."""

    aspect: Aspect
    name: str
    values: tuple[Value, ...]

    @property
    def on_variant(self) -> bool:
        return self.name in ("color", "size")


@dataclass(frozen=True, slots=True)
class Range:
    """What a shop sells: its categories, its brands, and its facets by aspect key."""

    vertical: Vertical
    style: Style
    categories: tuple[Kindred, ...]
    category_facet: str
    category_names: Mapping[str, str]
    brands: tuple[str, ...]
    facets: Mapping[str, Facet]

    @property
    def language(self) -> str:
        """The one that the catalogue is written in."""
        return "zh" if self.style == "zh" else "en"

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that the shop serves people in, its own first."""
        return LANGUAGES_OF[self.style]


def draw_range(rng: random.Random, vertical: Vertical, style: Style) -> Range:
    """Some of the vertical's categories, and the facets that this shop has for them."""
    count = rng.randint(min(4, len(vertical.categories)), min(9, len(vertical.categories)))
    chosen = {kindred.name for kindred in rng.sample(vertical.categories, count)}
    categories = tuple(kindred for kindred in vertical.categories if kindred.name in chosen)
    keys = list(dict.fromkeys(["brand", "need", *(key for kindred in categories for key in kindred.aspects)]))
    if any(kindred.sizes for kindred in categories):
        keys.append("size")
    brands = tuple(rng.sample(vertical.brands, min(len(vertical.brands), rng.randint(4, 8))))
    facets: dict[str, Facet] = {}
    taken = {"query", "sort", "min_price", "max_price"}
    for key in keys:
        facet = _facet(rng, aspects()[key], vertical, brands, taken)
        if facet is not None:
            facets[key] = facet
            taken.add(facet.name)
    form = rng.choice(("plural", "plural", "plural", "single", "title"))
    named = {kindred.name: _category_name(kindred, style, form) for kindred in categories}
    free = [name for name in CATEGORY_NAMES if name not in taken]
    return Range(vertical, style, categories, rng.choice(free), named, brands, facets)


def draw_products(rng: random.Random, offer: Range, currency_rate: float) -> list[dict[str, Any]]:
    """Catalogue lines, 60 to 120 of them; prices in the shop's currency."""
    lines: list[dict[str, Any]] = []
    titles: set[str] = set()
    total = rng.randint(60, 120)
    for place, kindred in enumerate(offer.categories):
        share = total // len(offer.categories) + 1
        for number in range(3 * share):
            line = _product(rng, offer, kindred, f"{kindred.name[:3].upper()}{place}{1000 + number}", currency_rate)
            if line["title"] not in titles and share:
                titles.add(line["title"])
                lines.append(line)
                share -= 1
    return lines


def facet_tables(offer: Range) -> dict[str, dict[str, Any]]:
    """The `[facets]` of shop.toml, with every other word as an alias."""
    tables = {offer.category_facet: _table("product", False, _category_aliases(offer))}
    for facet in offer.facets.values():
        many = facet.aspect.key in ("need", "use", "material", "flavor", "device")
        tables[facet.name] = _table("variant" if facet.on_variant else "product", many, _aliases(facet, offer))
    return tables


def _facet(
    rng: random.Random, aspect: Aspect, vertical: Vertical, brands: Sequence[str], taken: set[str]
) -> Facet | None:
    names = [name for name in aspect.facet if name not in taken]
    if not names or (aspect.key not in ("brand", "size") and rng.random() < 0.1):
        return None
    if aspect.key == "brand":
        values: tuple[Value, ...] = tuple(Value({"en": (brand,)}) for brand in brands)
    elif aspect.key == "size":
        values = tuple(value for value in aspect.values if value.name("en") in _CLOTHES)
    elif aspect.key == "need":
        values = vertical.needs
    else:
        values = vertical.values[aspect.key]
    kept = (
        values
        if aspect.key in ("size", "brand")
        else tuple(rng.sample(values, rng.randint(min(4, len(values)), len(values))))
    )
    return Facet(aspect, rng.choice(names), kept)


def _category_name(kindred: Kindred, style: Style, form: str) -> str:
    if style == "zh":
        return kindred.nouns["zh"][0].single
    noun = kindred.nouns["en"][0]
    name = (noun.single or noun.plural) if form == "single" else kindred.name
    return name.title() if form == "title" else name


def _product(rng: random.Random, offer: Range, kindred: Kindred, sku: str, rate: float) -> dict[str, Any]:
    brand = rng.choice(offer.brands)
    low, high = kindred.price
    price = _rounded(rng, low * (high / low) ** rng.random() * rate)
    line: dict[str, Any] = {"sku": sku}
    line |= _titles(rng, offer, kindred, brand)
    facets: dict[str, Any] = {}
    held: list[Value] = []
    for key in ("need", *kindred.aspects):
        facet = offer.facets.get(key)
        if facet is None or facet.on_variant:
            continue
        some = rng.sample(
            facet.values, min(len(facet.values), rng.randint(2, 4) if key == "need" else rng.choice((1, 1, 2)))
        )
        held += some if key == "need" else []
        names = [value.name(offer.language) for value in some]
        facets[facet.name] = names if len(names) > 1 or key in ("need", "use") else names[0]
    if "brand" in offer.facets and offer.facets["brand"].name != "brand":
        facets[offer.facets["brand"].name] = brand
    if offer.category_facet != "category":
        facets[offer.category_facet] = offer.category_names[kindred.name]
    return line | {
        "description": _description(offer, line["title"], held),
        "category": offer.category_names[kindred.name],
        "brand": brand,
        "price": price,
        "facets": facets,
        "rating": round(rng.uniform(3.2, 5.0), 1),
        "reviews": rng.randint(1, 400),
        "variants": _variants(rng, offer, kindred, sku, price),
    }


def _titles(rng: random.Random, offer: Range, kindred: Kindred, brand: str) -> dict[str, str]:
    english = rng.choice(kindred.nouns["en"])
    named = f"{brand} {rng.choice(_LINES)} {(english.single or english.plural).title()}".replace("'S ", "'s ")
    chinese = f"{brand}{rng.choice(_LINES_ZH)}{rng.choice(kindred.nouns['zh']).single}"
    if offer.style == "zh":
        return {"title": chinese}
    return {"title": named} | ({"title_zh": chinese} if offer.style == "both" else {})


def _description(offer: Range, title: str, needs: Sequence[Value]) -> str:
    words = [value.name(offer.language) for value in needs]
    return f"{title}：{'、'.join(words)}。" if offer.language == "zh" else f"{title}: {', '.join(words)}."


def _variants(rng: random.Random, offer: Range, kindred: Kindred, sku: str, price: float) -> list[dict[str, Any]]:
    color = offer.facets.get("color")
    colors = [""]
    if "color" in kindred.aspects and color is not None and color.on_variant:
        colors = [value.name(offer.language) for value in rng.sample(color.values, min(3, len(color.values)))]
    sizes: Sequence[str] = ("one size",)
    if kindred.sizes:
        every = _SHOES if kindred.sizes == "shoes" else _CLOTHES
        start = rng.randrange(0, len(every) - 3)
        sizes = every[start : start + rng.randint(3, 4)]
    made = [(c, s) for c in colors for s in sizes][:_MOST_VARIANTS]
    return [
        {"sku": f"{sku}-{n}", "color": c, "size": s, "price": price, "stock": rng.choice((0, 3, 8, 15, 40)) if n else 9}
        for n, (c, s) in enumerate(made)
    ]


def _rounded(rng: random.Random, price: float) -> float:
    if price < 15:
        return round(price, 1) + rng.choice((0.0, 0.09, 0.05))
    return float(round(price)) - rng.choice((0.0, 0.0, 0.1, 0.01, 0.05))


def _table(level: str, many: bool, aliases: Mapping[str, str]) -> dict[str, Any]:
    table: dict[str, Any] = {"type": "choice", "level": level}
    if many:
        table["many"] = True
    return table | ({"aliases": dict(aliases)} if aliases else {})


def _aliases(facet: Facet, offer: Range) -> dict[str, str]:
    return {
        word.casefold(): value.name(offer.language)
        for value in facet.values
        for code in offer.languages
        for word in value.words.get(code, ())
        if word != value.name(offer.language)
    }


def _category_aliases(offer: Range) -> dict[str, str]:
    return {
        word.casefold(): offer.category_names[kindred.name]
        for kindred in offer.categories
        for code in offer.languages
        for noun in kindred.nouns[code]
        for word in (noun.single, noun.plural)
        if word and word != offer.category_names[kindred.name]
    }
