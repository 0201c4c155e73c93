"""Turns to the right product, with the best next question, with questions in a fixed order, and at random.

In: the demo shop and random shops (``--shops`` or ``--set random=N``; ``--shop`` for the other). A simulated customer
wants one article and begins with one thing about it: half of them with its category, half with something else. Each
turn shows the first three that meet what was said; if the right one is not among them, the agent asks, and the customer
answers with what is true of the article, or says that they do not know or do not mind. How often they do is near to
what the facet declares, each customer in their own way. When nothing is left to ask, the next three are shown. The
fixed order is a script: the search tool's facets, then the others as shop.toml lists them, each that some product left
has. "sparing" is the same script, but it skips a question whose answer could tell nothing at all, and so does chance.
"least" knows the article and every answer beforehand, and asks the few questions that show it soonest: what no way of
asking can beat. Needs no model.

Out: mean turns by way of asking, and how many fewer the best one takes, as a share ("saved" against the fixed order,
"saved_of_sparing" and "saved_of_random" against the others; "saved_at_most" is what "least" saves of the fixed order),
of all, by kind of shop and by what was said first.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path

from agent.shop import load_shop
from errors import ConfigError, DataError, choices
from eval.shops import VARIED, chosen_shops
from eval.suite import Case, Options, Record, Suite
from retrieval.asking import Candidate, best_question, gain, values_of
from retrieval.catalog import Product, Variant, load_catalog
from retrieval.facets import FacetSpace, facet_values
from retrieval.filters import Filters, prepare

WAYS = ("best", "fixed", "sparing", "random")
SHOWN = 3
_ENOUGH = 3  # questions that "least" asks; nobody has needed more
_MOODS = 0.15  # how far a customer's readiness to answer is from what the shop declares, as a standard deviation
_SHOPS = 8
Wanted = tuple[Product, Variant]
Choose = Callable[[Sequence[Candidate], Mapping[str, float]], str | None]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A shop's catalogue, its facets that may be asked about in the fixed order, and how likely they are answered."""

    products: tuple[Product, ...]
    space: FacetSpace
    category: str
    chances: Mapping[str, float]


def cases(options: Options) -> Sequence[Case]:
    """Half of the customers come to `--shop`, half to the others, unless there is only one kind of shop."""
    count = options.integer("customers", 500)
    others = [shop for shop in chosen_shops(options, _SHOPS) if shop != options.shop]
    shops = {"shop": [options.shop], "random": others}
    kinds = [kind for kind, some in shops.items() if some and (kind == "random" or options.shops is None)]
    drawn = [(kinds[number % len(kinds)], number // len(kinds)) for number in range(count)]
    return [
        Case(f"{kind}-{place:04}", {"shop": str(shops[kind][place % len(shops[kind])]), "kind": kind}, "none")
        for kind, place in drawn
    ]


def run(case: Case, subject: object) -> Record:
    """The same customer, served in each way."""
    shelf = _shelf(case.data["shop"])
    rng = random.Random(f"question:{case.id}")
    wanted, said = _customer(rng, shelf)
    start = "category" if shelf.category in said else "other"
    moods = {name: chance + rng.gauss(0, _MOODS) for name, chance in shelf.chances.items()}
    draws = {name: (rng.random(), rng.random()) for name in shelf.chances}  # the same answers to the same questions
    minds = [name for name in shelf.chances if draws[name][0] < moods[name]]
    answers = {name: value for name in minds if (value := _answer(wanted, name, draws[name][1]))}
    order = rng.sample(list(shelf.chances), len(shelf.chances))
    choose: dict[str, Choose] = {
        "best": _best,
        "fixed": _script(list(shelf.chances)),
        "sparing": _telling(list(shelf.chances)),
        "random": _telling(order),
    }
    turns = {way: _serve(shelf, wanted, said, answers, choose[way]) for way in WAYS}
    turns["least"] = _least(shelf, wanted, said, answers)
    return {"kind": case.data["kind"], "start": start, "wanted": wanted[1].sku, "said": said, **turns}


def metrics(records: Sequence[Record]) -> Mapping[str, float]:
    """Mean turns, and the share of them that the best question saves."""
    found = _figures(records)
    for key in ("kind", "start"):
        for part in sorted({record[key] for record in records}):
            figures = _figures([record for record in records if record[key] == part])
            found |= {f"{name}/{part}": value for name, value in figures.items()}
    return found


def _figures(records: Sequence[Record]) -> dict[str, float]:
    turns = {way: sum(record[way] for record in records) / max(1, len(records)) for way in (*WAYS, "least")}
    saved = {way: 1 - turns["best"] / turns[way] if turns[way] else 0.0 for way in WAYS[1:]}
    named = {"saved" if way == "fixed" else f"saved_of_{way}": value for way, value in saved.items()}
    named["saved_at_most"] = 1 - turns["least"] / turns["fixed"] if turns["fixed"] else 0.0
    return {f"turns_{way}": value for way, value in turns.items()} | named


def _customer(rng: random.Random, shelf: Shelf) -> tuple[Wanted, dict[str, str]]:
    """What they want, and what they say of it at once."""
    product = rng.choice(shelf.products)
    wanted = product, rng.choice([variant for variant in product.variants if variant.stock] or product.variants)
    true = {name: value for name in shelf.chances if (value := _answer(wanted, name, rng.random()))}
    others = sorted(name for name in true if name != shelf.category)
    first = rng.choice(others) if others and rng.random() < 0.5 else shelf.category
    return wanted, {first: true[first]}


def _answer(wanted: Wanted, facet: str, draw: float) -> str:
    """The value that they name; empty where the article has none."""
    values = sorted(filter(None, facet_values(*wanted, facet)))
    return values[int(draw * len(values))] if values else ""


def _serve(shelf: Shelf, wanted: Wanted, said: Mapping[str, str], answers: Mapping[str, str], choose: Choose) -> int:
    """Messages of the customer until the article is shown."""
    known, asked, turns, passed = dict(said), set(said), 1, 0
    while True:
        left = _found(shelf, known)
        if wanted[0] in left[passed : passed + SHOWN]:
            return turns
        options = [Candidate(1.0, values_of(product, shelf.space)) for product in left]
        facet = choose(options, {name: chance for name, chance in shelf.chances.items() if name not in asked})
        turns += 1
        if facet is None:
            passed += SHOWN
        else:
            asked.add(facet)
            known |= {facet: answers[facet]} if facet in answers else {}


def _least(shelf: Shelf, wanted: Wanted, said: Mapping[str, str], answers: Mapping[str, str]) -> int:
    """Messages of the customer if only what helps most is asked, and then three more are shown each turn."""
    open_ones = sorted(set(answers) - set(said))
    asked = [some for count in range(_ENOUGH + 1) for some in combinations(open_ones, count)]
    places = ((some, _found(shelf, {**said, **{name: answers[name] for name in some}})) for some in asked)
    return min(1 + len(some) + left.index(wanted[0]) // SHOWN for some, left in places)


def _found(shelf: Shelf, known: Mapping[str, str]) -> list[Product]:
    """As a search lists them where nothing else is known: the best rated first."""
    test = prepare(Filters(equals=known, in_stock=False), shelf.space)
    found = [product for product in shelf.products if test.passing(product)]
    return sorted(found, key=lambda product: (-(product.rating or 0), product.sku))


def _best(options: Sequence[Candidate], chances: Mapping[str, float]) -> str | None:
    question = best_question(options, chances)
    return question.facet if question else None


def _script(order: Sequence[str]) -> Choose:
    """The first in this order that a product left has."""

    def choose(options: Sequence[Candidate], chances: Mapping[str, float]) -> str | None:
        return next((name for name in order if name in chances and any(one.values.get(name) for one in options)), None)

    return choose


def _telling(order: Sequence[str]) -> Choose:
    """The first in this order whose answer can tell anything."""

    def choose(options: Sequence[Candidate], chances: Mapping[str, float]) -> str | None:
        return next((name for name in order if name in chances and gain(options, name) > 0), None)

    return choose


@lru_cache(maxsize=32)
def _shelf(shop: str) -> Shelf:
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
    return Shelf(catalog.products, space, category, chances)


SUITE = Suite(
    "question",
    "turns to a hidden product: the best next question, a fixed order, chance (no model)",
    cases,
    run,
    metrics,
    targets=("saved>=0.3",),
    settings={
        "customers": "how many simulated customers (default 500)",
        "random": f"how many fresh random shops beside --shop (default {_SHOPS}; 0: none)",
        **VARIED,
    },
)
