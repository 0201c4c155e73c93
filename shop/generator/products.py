"""The catalogue: ranges, brands and a seed come in, products with variants, facets and words go out."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shop.generator.describe import Teller
from shop.generator.ranges import Brand, Kind, Range, load_words

CLOTHING = ("XS", "S", "M", "L", "XL", "XXL")
SIZES = {
    "clothing": CLOTHING,
    "gloves": ("XS", "S", "M", "L", "XL"),
    "socks": ("S", "M", "L", "XL"),
    "hats": ("S", "M", "L"),
    "one": ("one size",),
}
SHOES = {"men": (40, 47), "women": (36, 42), "unisex": (37, 46), "kids": (36, 39)}
ANIMAL = ("wool", "down", "leather")
BANDS = ("low", "mid", "high")
TITLE_GENDERS = {"women": ("Women's ", "女款"), "men": ("Men's ", "男款"), "kids": ("Kids' ", "儿童")}


@dataclass(frozen=True, slots=True)
class Article:
    """A variant. `price` in dollars."""

    sku: str
    color: str
    size: str
    price: float
    stock: int


@dataclass(frozen=True, slots=True)
class Product:
    """A product and the hidden things (`kind`, `band`) that customers' tastes are matched against."""

    sku: str
    title: str
    title_zh: str
    description: str
    category: str
    brand: str
    price: float
    facets: dict[str, Any]
    rating: float
    reviews: int
    articles: tuple[Article, ...]
    kind: Kind
    band: str

    def to_json(self) -> dict[str, Any]:
        """One line of catalog.jsonl."""
        variants = [
            {"sku": a.sku, "color": a.color, "size": a.size, "price": a.price, "stock": a.stock} for a in self.articles
        ]
        return {
            "sku": self.sku, "title": self.title, "title_zh": self.title_zh, "description": self.description,
            "category": self.category, "brand": self.brand, "price": self.price, "facets": self.facets,
            "rating": self.rating, "reviews": self.reviews, "variants": variants,
        }  # fmt: skip


def make_products(ranges: Sequence[Range], brands: Sequence[Brand], seed: int) -> tuple[Product, ...]:
    """Every product of the shop, category by category. The same seed gives the same products."""
    return tuple(product for goods in ranges for product in _make_range(goods, brands, seed))


def _make_range(goods: Range, brands: Sequence[Brand], seed: int) -> Iterator[Product]:
    rng = random.Random(f"{seed}/{goods.category}")
    names: list[str] = load_words("names")
    names = rng.sample(names, len(names))
    teller = Teller(goods, rng)
    number = 1001
    for kind in goods.kinds:
        nouns, genders = list(kind.nouns), _deal(kind.genders or ["unisex"], kind.count, rng)
        for index in range(kind.count):
            level = index / max(1, kind.count - 1)
            noun = nouns[index % len(nouns)]
            title = (names.pop(), noun, genders[index])
            yield _make_product(f"{goods.code}-{number}", title, goods, kind, brands, level, rng, teller)
            number += 1


def _make_product(
    sku: str, parts: tuple[str, str, str], goods: Range, kind: Kind, brands: Sequence[Brand], level: float,
    rng: random.Random, teller: Teller,
) -> Product:  # fmt: skip
    """One product at `level`, 0 (the kind's cheapest) to 1 (its dearest)."""
    name, noun, gender = parts
    band = BANDS[min(2, int(level * 3))]
    brand = _pick_brand(brands, goods.category, band, gender == "kids", rng)
    low, high = kind.price
    kids_share = 0.7 if gender == "kids" else 1.0
    price = _round_price(low * (high / low) ** min(1.0, max(0.0, level + rng.uniform(-0.06, 0.06))) * kids_share, rng)
    numbers = {key: _at_level(values, level, rng) for key, values in kind.numbers.items()}
    by_price = kind.materials[min(len(kind.materials) - 1, int(level * len(kind.materials)))]
    materials = kind.made_of.get(noun, by_price)
    facets = _make_facets(kind, brand, gender, materials, numbers, rng)
    en, zh = TITLE_GENDERS.get(gender, ("", ""))
    noun_en, noun_zh = (text.format_map(_plain(numbers)) for text in (noun, kind.nouns[noun]))
    words = {"name": name, "brand": brand.name, "material": materials[0]} | _plain(numbers)
    return Product(
        sku=sku,
        title=f"{name} {en}{noun_en}",
        title_zh=f"{name} {zh}{noun_zh}",
        description=teller.describe(kind, materials, words),
        category=goods.category,
        brand=brand.name,
        price=price,
        facets=facets,
        rating=round(min(4.9, max(3.1, rng.gauss(4.3, 0.33))), 1),
        reviews=int(rng.lognormvariate(3.9, 1.0)) + 1,
        articles=tuple(_make_articles(sku, price, goods, kind, gender, rng)),
        kind=kind,
        band=band,
    )


def _deal(words: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """`count` words, each about as often as the others, in random order."""
    dealt = [words[index % len(words)] for index in range(count)]
    rng.shuffle(dealt)
    return dealt


def _pick_brand(brands: Sequence[Brand], category: str, band: str, kids: bool, rng: random.Random) -> Brand:
    makers = [brand for brand in brands if (not brand.makes or category in brand.makes) and brand.kids <= kids]
    if any(brand.kids for brand in makers):
        makers = [brand for brand in makers if brand.kids or brand.band == "low"]
    near = [4.0 if brand.band == band else 1.0 if "mid" in (brand.band, band) else 0.0 for brand in makers]
    return rng.choices(makers, near if any(near) else None)[0]


def _make_facets(
    kind: Kind, brand: Brand, gender: str, materials: list[str], numbers: dict[str, float], rng: random.Random
) -> dict[str, Any]:
    extras = rng.sample(kind.extras, min(len(kind.extras), rng.randint(0, 2)))
    facets: dict[str, Any] = {"material": list(materials), "features": [*kind.features, *extras]}
    facets["activity"] = kind.activity[:2] + rng.sample(
        kind.activity[2:], min(len(kind.activity[2:]), rng.randint(0, 2))
    )
    facets |= {"gender": gender, "ethics": _ethics(materials, brand, facets["features"], rng)}
    if kind.season:
        facets["season"] = list(kind.season)
    for key, value in kind.facets.items():
        facets[key] = rng.choice(value) if key == "fit" and isinstance(value, list) else value
    if "waterproof" in facets["features"]:
        facets["waterproof"] = True
    facets |= {key: int(value) if value == int(value) else value for key, value in numbers.items()}
    return {key: value for key, value in facets.items() if value != []}


def _ethics(materials: list[str], brand: Brand, features: list[str], rng: random.Random) -> list[str]:
    words = [] if any(m.endswith(ANIMAL) and m != "synthetic down" for m in materials) else ["vegan"]
    words += ["recycled"] if any(m.startswith("recycled") for m in materials) else []
    words += ["organic"] if "cotton" in materials and rng.random() < 0.5 else []
    words += ["responsible down"] if "down" in materials and rng.random() < 0.7 else []
    return words + [word for word in brand.ethics if word != "PFAS-free" or "waterproof" in features]


def _make_articles(
    sku: str, price: float, goods: Range, kind: Kind, gender: str, rng: random.Random
) -> Iterator[Article]:
    palette: dict[str, list[str]] = load_words("colors")
    pool = [color for color in (kind.colors or palette) if color not in kind.stars]
    colors = [*kind.stars, *rng.sample(pool, min(len(pool), rng.choice((1, 2, 2, 3))))]
    sold_out = not kind.stars and rng.random() < 0.02
    for color in colors:
        for size in sizes_of(kind.sizes or goods.sizes, gender, rng):
            stock = 0 if sold_out or rng.random() < 0.17 else min(40, int(rng.expovariate(1 / 7)) + 1)
            if color in kind.stars and size == "M":
                stock = max(stock, 3)
            code = palette[color][0]
            yield Article(f"{sku}-{code}-{'OS' if size == 'one size' else size}", color, size, price, stock)


def sizes_of(scale: str, gender: str, rng: random.Random) -> list[str]:
    """The sizes one colour comes in: EU numbers for shoes, XS to XL or so for clothes."""
    if scale == "shoes":
        first, last = SHOES[gender]
        return [str(size) for size in range(first, last + 1)]
    sizes = list(SIZES[scale])
    if scale != "clothing":
        return sizes
    if gender == "kids":
        return sizes[:4]
    return sizes[1 if gender == "men" else 0 : 6 if gender != "women" or rng.random() < 0.5 else 5]


def _at_level(values: list[float], level: float, rng: random.Random) -> float:
    """A number of the list that goes with the price, one step off at most."""
    index = round(level * (len(values) - 1)) + rng.choice((-1, 0, 0, 1))
    return values[min(len(values) - 1, max(0, index))]


def _plain(numbers: dict[str, float]) -> dict[str, str]:
    return {key: f"{value:g}" for key, value in numbers.items()}


def _round_price(price: float, rng: random.Random) -> float:
    if price < 60:
        return float(int(price)) + rng.choice((0.5, 0.9, 0.95) if price < 30 else (0.0, 0.0, 0.9, 0.95))
    return float(round(price / 5) * 5 - rng.choice((0, 1, 1, 5)))
