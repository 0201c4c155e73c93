"""A simulated customer at a shelf, served in several ways: turns until the article that they want is shown.

In: a shop directory, who wants what, and a way of asking. Out: how many messages the customer sends. A customer begins
with one thing about the article. Each turn shows the first three that meet what was said; if the right one is not among
them, a question is asked, and the customer answers with what is true of the article, or says that they do not know or
do not mind. When nothing is left to ask, the next three are shown. Errors: `ConfigError`, `DataError`.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from pathlib import Path

from agent.shop import load_shop
from errors import ConfigError, DataError, choices
from retrieval.catalog import Product, Variant, load_catalog
from retrieval.clarification import Candidate, best_question, gain, values_of, weights
from retrieval.facets import FacetSpace, facet_values
from retrieval.filters import Filters, prepare
from retrieval.preferences import Palate, Taste
from retrieval.search import liking

SHOWN = 3
_ENOUGH = 3  # questions that `least` asks; nobody has needed more
_MOODS = 0.15  # how far a customer's readiness to answer is from what the shop declares, as a standard deviation
Wanted = tuple[Product, Variant]
Choose = Callable[[Sequence[Candidate], Mapping[str, float]], str | None]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A shop's catalogue, its facets that may be asked about in the fixed order, and how likely they are answered."""

    products: tuple[Product, ...]
    space: FacetSpace
    category: str
    chances: Mapping[str, float]
    values: Mapping[str, Mapping[str, frozenset[str]]]  # by sku and facet


@dataclass(frozen=True, slots=True)
class Shopper:
    """`said` at once; `answers` to what may be asked; `likes` and `own` (facets) as the shop knows them before."""

    wanted: Wanted
    said: Mapping[str, str]
    answers: Mapping[str, str]
    likes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Way:
    """`choose` what to ask; `knowing`: with the profile; `onward`: what was passed over is shown after all else."""

    choose: Choose
    knowing: bool = False
    onward: bool = False


def serve(shelf: Shelf, shopper: Shopper, way: Way) -> int:
    """Messages of the customer until the article is shown."""
    bonus = _bonuses(shelf, shopper.likes) if way.knowing else {}
    known, asked, turns, passed = dict(shopper.said), set(shopper.said), 1, 0
    asked |= shopper.own if way.knowing else set()
    seen: set[str] = set()
    while True:
        found = found_by(shelf, known, bonus)
        left = sorted(found, key=lambda one: one[1].sku in seen)
        shown = left[passed : passed + SHOWN]
        if any(product is shopper.wanted[0] for product, _ in shown):
            return turns
        turns += 1
        facet = way.choose(_options(shelf, found, bonus), {n: c for n, c in shelf.chances.items() if n not in asked})
        if way.onward:
            seen |= {variant.sku for _, variant in shown}
        elif facet is None:
            passed += SHOWN
        if facet is not None:
            asked.add(facet)
            known |= {facet: shopper.answers[facet]} if facet in shopper.answers else {}


def least(shelf: Shelf, shopper: Shopper) -> int:
    """Messages of the customer if only what helps most is asked, and then three more are shown each turn."""
    open_ones = sorted(set(shopper.answers) - set(shopper.said))
    asked = [some for count in range(_ENOUGH + 1) for some in combinations(open_ones, count)]
    told = ((some, {**shopper.said, **{name: shopper.answers[name] for name in some}}) for some in asked)
    places = ((some, [product for product, _ in found_by(shelf, known, {})]) for some, known in told)
    return min(1 + len(some) + left.index(shopper.wanted[0]) // SHOWN for some, left in places)


def draw_shopper(
    rng: random.Random,
    shelf: Shelf,
    wanted: str | None = None,
    likes: Mapping[str, Sequence[str]] | None = None,
    own: Sequence[str] = (),
) -> Shopper:
    """Somebody who wants this variant, or any; what they say at once and which questions they can answer."""
    article = _article(rng, shelf, wanted)
    true = {name: value for name in shelf.chances if (value := _answer(article, name, rng.random()))}
    others = sorted(name for name in true if name != shelf.category)
    first = rng.choice(others) if others and rng.random() < 0.5 else shelf.category
    moods = {name: chance + rng.gauss(0, _MOODS) for name, chance in shelf.chances.items()}
    draws = {name: (rng.random(), rng.random()) for name in shelf.chances}  # the same answers to the same questions
    minds = [name for name in shelf.chances if draws[name][0] < moods[name]]
    answers = {name: value for name in minds if (value := _answer(article, name, draws[name][1]))}
    return Shopper(article, {first: true[first]}, answers, likes or {}, frozenset(own))


def _article(rng: random.Random, shelf: Shelf, wanted: str | None) -> Wanted:
    if wanted is None:
        product = rng.choice(shelf.products)
        return product, rng.choice([variant for variant in product.variants if variant.stock] or product.variants)
    return next((product, one) for product in shelf.products for one in product.variants if one.sku == wanted)


def _answer(wanted: Wanted, facet: str, draw: float) -> str:
    """The value that they name; empty where the article has none."""
    values = sorted(filter(None, facet_values(*wanted, facet)))
    return values[int(draw * len(values))] if values else ""


def found_by(shelf: Shelf, known: Mapping[str, str], bonus: Mapping[str, float]) -> list[Wanted]:
    """As a search lists them: by what the profile favours, then the best rated first, each in its cheapest variant."""
    test = prepare(Filters(equals=known, in_stock=False), shelf.space)
    found = [(product, variants[0]) for product in shelf.products if (variants := test.passing(product))]
    return sorted(found, key=lambda one: (-bonus.get(one[0].sku, 0.0), -(one[0].rating or 0), one[0].sku))


def _options(shelf: Shelf, found: Sequence[Wanted], bonus: Mapping[str, float]) -> list[Candidate]:
    likely = weights([bonus.get(product.sku, 0.0) for product, _ in found])
    return [Candidate(weight, shelf.values[product.sku]) for weight, (product, _) in zip(likely, found, strict=True)]


def _bonuses(shelf: Shelf, likes: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """What a search adds for a liked facet, by sku."""
    palate = Palate.of([Taste(name, frozenset(values)) for name, values in likes.items()], shelf.space)
    return {
        product.sku: liking(max(len(palate.fit(product, variant).reasons) for variant in product.variants))
        for product in shelf.products
    }


def best(options: Sequence[Candidate], chances: Mapping[str, float]) -> str | None:
    """The question that tells most."""
    question = best_question(options, chances)
    return question.facet if question else None


def script(order: Sequence[str]) -> Choose:
    """The first in this order that a product left has."""

    def choose(options: Sequence[Candidate], chances: Mapping[str, float]) -> str | None:
        return next((name for name in order if name in chances and any(one.values.get(name) for one in options)), None)

    return choose


def telling(order: Sequence[str]) -> Choose:
    """The first in this order whose answer can tell anything."""

    def choose(options: Sequence[Candidate], chances: Mapping[str, float]) -> str | None:
        return next((name for name in order if name in chances and gain(options, name) > 0), None)

    return choose


@lru_cache(maxsize=32)
def shelf_of(shop: str) -> Shelf:
    """The shelf of a shop directory."""
    folder = Path(shop)
    settings, catalog = load_shop(folder), load_catalog(folder / "catalog.jsonl")
    if not catalog.products:
        raise DataError(f"{folder / 'catalog.jsonl'} has no products to look for")
    space = FacetSpace.from_shop(settings.facets, catalog)
    category = next((name for name in space.names if set(space.values(name)) == catalog.categories), None)
    if category is None:
        raise ConfigError(f"{folder}: no facet tells the categories apart; facets: {choices(space.names)}")
    names = dict.fromkeys((*settings.tool_facets, *space.names))
    chances = {name: space.facet(name).ask for name in names if space.facet(name).type == "choice"}
    values = {product.sku: values_of(product, space) for product in catalog.products}
    return Shelf(catalog.products, space, category, chances, values)
