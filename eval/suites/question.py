"""Turns to the right product: the agent's questions, others that are no worse informed, and questions in a fixed order.

In: the demo shop and random shops (``--shops`` or ``--set random=N``; ``--shop`` for the other). Half of the
simulated customers (`eval.clarification`) come to the one shop: every second of them a customer of it who wants what
they did order last, known as they were a day before (`eval.returning_customers`), the others newcomers who want
anything. The ways:

- "agent": the best next question, with the profile's likes and without asking for what it holds as a fact, and what
  was passed over is shown after all else: as Shopkeeper does, but for its limits on when to ask at all
  (`agent.clarification`).
- "best": the best next question, and nothing else of that.
- "fixed": a script: the search tool's facets, then the others as shop.toml lists them, each that some product left has.
- "onward": the same script, but what was passed over is shown after all else.
- "sparing": the script skips a question whose answer could tell nothing at all. "random": so does chance.
- "least" knows the article and every answer beforehand, and asks the few questions that show it soonest: what no way of
  asking beats that shows the same three again. Needs no model.

Out: mean turns by way, and how many fewer the best question takes, as a share: "saved" against the fixed order,
"saved_of_sparing" and "saved_of_random" against the others; "saved_by_agent" and "saved_of_onward" are what the agent
saves of the fixed order and of the one that shows what is new. Of all, by kind of customer and by what was said first.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from eval.clarification import Way, best, draw_shopper, least, script, serve, shelf_of, telling
from eval.returning_customers import Returning, returning
from eval.shops import VARIED, chosen_shops
from eval.suite import Case, Options, Record, Suite

WAYS = ("agent", "best", "fixed", "onward", "sparing", "random")
_SHOPS = 8


def cases(options: Options) -> Sequence[Case]:
    """Half of the customers come to `--shop`, half to the others, unless there is only one kind of shop."""
    count = options.integer("customers", 500)
    others = [shop for shop in chosen_shops(options, _SHOPS) if shop != options.shop]
    shops = {"shop": [options.shop], "random": others}
    kinds = [kind for kind, some in shops.items() if some and (kind == "random" or options.shops is None)]
    drawn = [(kinds[number % len(kinds)], number // len(kinds)) for number in range(count)]
    known: list[Returning] = []
    if "shop" in kinds:
        known = returning(options.shop, options.work / "returning")
        random.Random(f"returning:{options.seed}").shuffle(known)
    made = []
    for kind, place in drawn:
        data: dict[str, object] = {"shop": str(shops[kind][place % len(shops[kind])]), "kind": kind}
        if kind == "shop" and place % 2 and place // 2 < len(known):
            data |= {"kind": "returning", **asdict(known[place // 2])}
        made.append(Case(f"{kind}-{place:04}", data, "none"))
    return made


def run(case: Case, subject: object) -> Record:
    """The same customer, served in each way."""
    shelf = shelf_of(case.data["shop"])
    rng = random.Random(f"question:{case.id}")
    shopper = draw_shopper(rng, shelf, case.data.get("wanted"), case.data.get("likes"), case.data.get("own", ()))
    start = "category" if shelf.category in shopper.said else "other"
    order = rng.sample(list(shelf.chances), len(shelf.chances))
    ways = {
        "agent": Way(best, knowing=True, onward=True),
        "best": Way(best),
        "fixed": Way(script(list(shelf.chances))),
        "onward": Way(script(list(shelf.chances)), onward=True),
        "sparing": Way(telling(list(shelf.chances))),
        "random": Way(telling(order)),
    }
    turns = {name: serve(shelf, shopper, ways[name]) for name in WAYS} | {"least": least(shelf, shopper)}
    return {"kind": case.data["kind"], "start": start, "wanted": shopper.wanted[1].sku, "said": shopper.said, **turns}


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

    def saved(by: str, of: str) -> float:
        return 1 - turns[by] / turns[of] if turns[of] else 0.0

    return {f"turns_{way}": value for way, value in turns.items()} | {
        "saved": saved("best", "fixed"),
        "saved_of_sparing": saved("best", "sparing"),
        "saved_of_random": saved("best", "random"),
        "saved_at_most": saved("least", "fixed"),
        "saved_by_agent": saved("agent", "fixed"),
        "saved_of_onward": saved("agent", "onward"),
    }


SUITE = Suite(
    "question",
    "turns to a hidden product: the agent's questions, a fixed order, chance (no model)",
    cases,
    run,
    metrics,
    targets=("saved>=0.3", "saved_by_agent>=0.3"),
    settings={
        "customers": "how many simulated customers (default 500)",
        "random": f"how many fresh random shops beside --shop (default {_SHOPS}; 0: none)",
        **VARIED,
    },
)
