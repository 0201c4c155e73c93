"""Hidden tastes: what a customer truly likes. A random source comes in, `Taste`s go out.

Everything that a customer says, looks at and buys is drawn from these; the shop's files never name them.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from shop.generator.products import ANIMAL, BANDS, CLOTHING, Product

ACTIVITIES = (
    "hiking", "camping", "backpacking", "trail running", "climbing", "mountaineering", "skiing", "cycling",
    "travel", "everyday",
)  # fmt: skip
COLORS = (
    "black",
    "navy",
    "dark green",
    "olive",
    "grey",
    "red",
    "orange",
    "blue",
    "light blue",
    "brown",
    "purple",
)
LOUD = ("pink", "yellow", "orange", "red", "white", "purple")
SHOE_BY_GENDER = {"women": (37, 41), "men": (41, 46)}


@dataclass(frozen=True, slots=True)
class Taste:
    """One customer's hidden tastes. `avoids` is a material (its kinds included) or "", `ethics` may be ""."""

    gender: str
    activities: tuple[str, ...]
    categories: tuple[str, ...]
    brands: tuple[str, ...]
    colors: tuple[str, ...]
    no_color: str
    avoids: str
    likes_material: str
    ethics: str
    band: str
    size: str
    shoe_size: str
    fit: str
    foot_width: str
    skill_level: str
    hurried: bool

    def weight(self, product: Product) -> float:
        """How likely the customer looks at a product: 0 never, about 1 for anything, 100 for a favourite."""
        gender = product.facets.get("gender")
        materials: list[str] = product.facets["material"]
        if gender not in ("unisex", self.gender) and gender != "kids":
            return 0.0
        if self.avoids and any(is_kind(name, self.avoids) for name in materials):
            return 0.0
        if self.ethics == "vegan" and any(is_kind(name, animal) for name in materials for animal in ANIMAL):
            return 0.0
        weight = 0.02 if gender == "kids" else 1.0
        weight *= 4.0 if product.category in self.categories else 0.4
        weight *= 1.0 + 1.5 * len(set(self.activities) & set(product.facets["activity"]))
        weight *= 5.0 if product.brand in self.brands else 1.0
        weight *= (1.0, 0.35, 0.06)[abs(BANDS.index(self.band) - BANDS.index(product.band))]
        weight *= 2.0 if set(self.colors) & {article.color for article in product.articles} else 0.8
        weight *= 1.8 if self.likes_material in materials else 1.0
        return weight * (1.6 if self.ethics in product.facets.get("ethics", ()) else 1.0)

    def wears(self, size: str) -> bool:
        """Whether an article of this size is for this customer."""
        return size in ("one size", self.shoe_size if size.isdigit() else self.size)


def is_kind(material: str, family: str) -> bool:
    """Merino wool is wool; synthetic down is not down."""
    return material == family or (material.endswith(f" {family}") and not material.startswith("synthetic"))


def draw_taste(gender: str, brands: Sequence[str], rng: random.Random) -> Taste:
    """A taste that hangs together: wool haters do not love merino, and vegans avoid nothing twice."""
    categories = {"jackets", "boots"} if rng.random() < 0.5 else {"backpacks"}
    categories |= set(rng.sample(["fleeces", "trousers", "shirts", "baselayers", "socks", "gloves", "hats"], 2))
    categories |= set(rng.sample(["tents", "sleeping bags", "cookware", "headlamps", "bottles"], rng.randint(0, 2)))
    ethics = rng.choices(("", "vegan", "recycled", "fair trade", "PFAS-free"), (60, 10, 16, 8, 6))[0]
    avoids = "" if ethics == "vegan" else rng.choices(("", "wool", "down", "leather", "cotton"), (58, 20, 8, 7, 7))[0]
    liked = ["merino wool", "recycled polyester", "gore-tex", "cotton", "recycled nylon", "titanium"]
    likes = rng.choice(
        [name for name in liked if not is_kind(name, avoids) and (ethics != "vegan" or "wool" not in name)]
    )
    colors = tuple(rng.sample(COLORS, 2))
    sizes = CLOTHING[0:5] if gender == "women" else CLOTHING[1:6]
    first, last = SHOE_BY_GENDER[gender]
    return Taste(
        gender=gender,
        activities=tuple(rng.sample(ACTIVITIES, 2)),
        categories=tuple(sorted(categories)),
        brands=tuple(rng.sample(list(brands), 2)),
        colors=colors,
        no_color=rng.choice([color for color in LOUD if color not in colors]),
        avoids=avoids,
        likes_material=likes,
        ethics=ethics,
        band=rng.choices(BANDS, (30, 45, 25))[0],
        size=rng.choices(sizes, (1, 3, 4, 3, 1))[0],
        shoe_size=str(rng.randint(first, last)),
        fit=rng.choice(("slim", "regular", "relaxed")),
        foot_width=rng.choices(("narrow", "regular", "wide"), (2, 5, 3))[0],
        skill_level=rng.choices(("beginner", "intermediate", "expert"), (4, 4, 2))[0],
        hurried=rng.random() < 0.2,
    )
