"""A hidden profile that changes mid-way: is the right one held at the end, and is the old one no longer used?

In: shops as for `service`. A customer states a few things about themselves, looks for products, says things that are
about nobody or somebody else, changes some of what was said (corrects it, takes it back), and looks again. Out:
precision, recall and F1 of what is held at the end (attribute, value and polarity; of what was said here); stale use,
the share of searches after a change that still went by the old value; wrong inference, the share of what is held that
the customer never said; evidence precision, the share of quotes that are the customer's words and bear the value out.
"""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from eval.customers.facts import CustomerFacts, ShopFacts
from eval.customers.goals import language_of
from eval.customers.state import plain
from eval.customers.tastes import correcting, stating, taking_back
from eval.customers.utterances import Wording
from eval.customers.wants import browsing
from eval.shops import VARIED, played_shops
from eval.suite import Case, Options, Record, Suite
from profiles.observation import Authority
from profiles.quotes import find_quote
from profiles.shop.files import load_facets

SESSIONS = 8  # a shop


def cases(options: Options) -> Sequence[Case]:
    """One a customer."""
    count = options.integer("sessions", SESSIONS)
    return [
        Case(f"{shop.name}:{options.seed}:{number}", session, shop=shop)
        for shop in played_shops(options, 6)
        for number, session in enumerate(_sessions(shop, options.seed, count))
    ]


def run(case: Case, keeper: Shopkeeper) -> Record:
    """Say everything in turn, then compare."""
    customer, consultation = str(case.data["customer"]), case.id
    gone: set[tuple[str, str]] = set()
    stale: list[bool] = []
    turns = []
    for message in case.data["messages"]:
        turn = keeper.reply(customer, consultation, message["text"])
        gone |= {plain((attribute, value, ""))[:2] for attribute, value in message["gone"]}
        gone -= {plain(trait)[:2] for trait in message["said"]}
        if message["search"] and gone:
            stale.append(any(_uses(turn, value) for _, value in gone))
        calls = [[step.name, step.arguments, step.ok] for step in turn.tools]
        turns.append({"said": message["text"], "calls": calls, "reply": turn.reply})
    held = _held(keeper, customer, consultation)
    truth = {plain(trait) for trait in case.data["truth"]}
    said = {plain(trait) for message in case.data["messages"] for trait in message["said"]}
    found = {plain((trait["attribute"], trait["value"], trait["polarity"])) for trait in held}
    good = [_borne_out(keeper, trait, [message["text"] for message in case.data["messages"]]) for trait in held]
    return {
        "ok": found == truth and not any(stale) and all(good),
        "why": _why(truth, found, stale, good),
        "right": len(truth & found),
        "held": len(found),
        "true": len(truth),
        "never_said": len(found - said),
        "stale": stale,
        "evidence": good,
        "turns": turns,
    }


def metrics(records: Sequence[Record]) -> Mapping[str, float]:
    """Over all slots, searches and quotes of all sessions."""
    right, held, true = (sum(record[name] for record in records) for name in ("right", "held", "true"))
    precision, recall = right / held if held else 0.0, right / true if true else 0.0
    stale = [one for record in records for one in record["stale"]]
    evidence = [one for record in records for one in record["evidence"]]
    return {
        "slot_f1": 2 * precision * recall / (precision + recall) if right else 0.0,
        "slot_precision": precision,
        "slot_recall": recall,
        "stale_use": sum(stale) / len(stale) if stale else 0.0,
        "wrong_inference": sum(record["never_said"] for record in records) / held if held else 0.0,
        "evidence_precision": sum(evidence) / len(evidence) if evidence else 0.0,
        "searches_after_change": len(stale),
    }


def _sessions(shop: Path, seed: int, count: int) -> list[dict[str, Any]]:
    facts = ShopFacts.load(shop)
    return [_session(random.Random(f"drift:{seed}:{shop.name}:{number}"), facts) for number in range(count)]


def _session(rng: random.Random, facts: ShopFacts) -> dict[str, Any]:
    """Statements, a search, distraction, changes, a search: texts with what each says and ends."""
    fresh = [customer for customer in facts.customers if not customer.traits] or list(facts.customers)
    customer: CustomerFacts = rng.choice(fresh)
    wording = Wording(rng, language_of(rng, facts.shop.languages))
    used: set[str] = set()
    first, later = [], []
    for maker, many in ((stating, rng.choice((1, 2))), (correcting, rng.choice((1, 2))), (taking_back, 1)):
        for _ in range(many):
            made = maker(rng, facts, customer, used)
            tasks = made(wording) if made else ()
            first += [_message(task.first.text, said=task.must) for task in tasks[:1]]
            later += [_message(task.first.text, said=task.must, gone=task.gone) for task in tasks[1:]]
    rng.shuffle(first)
    rng.shuffle(later)
    apart = [_message(wording.voiced(line)) for line in rng.sample(list(wording.lines("apart")), 2)]
    looks = [_message(text, search=True) for text in browsing(facts, wording)]
    messages = [*first, looks[0], *apart, *later, looks[1]]
    return {"customer": customer.id, "messages": messages, "truth": _truth(messages)}


def _message(text: str, said: Sequence[Any] = (), gone: Sequence[Any] = (), search: bool = False) -> dict[str, Any]:
    return {"text": text, "said": [list(t) for t in said], "gone": [list(pair) for pair in gone], "search": search}


def _truth(messages: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What holds at the end."""
    held: list[Any] = []
    for message in messages:
        held = [trait for trait in held if trait[:2] not in message["gone"]] + message["said"]
    return held


def _held(keeper: Shopkeeper, customer: str, consultation: str) -> list[dict[str, Any]]:
    """Stated traits whose evidence is of this consultation."""
    traits = keeper.services.profiles.read(customer).traits
    return [
        trait.to_json()
        for trait in traits
        if trait.authority is Authority.STATED and any(e.id.startswith(f"{consultation}:") for e in trait.evidence)
    ]


def _uses(turn: Turn, value: str) -> bool:
    """Whether a search of this turn went by the value: in the model's arguments or in the filters that were set."""
    searches = [step for step in turn.tools if step.name == "search_products"]
    used = [step.result.get("filters", {}) for step in searches] + [step.arguments for step in searches]
    return any(_plain_value(value) == _plain_value(one) for filters in used for one in _values(filters))


def _values(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [inner for one in value.values() for inner in _values(one)]
    return [inner for one in value for inner in _values(one)] if isinstance(value, list) else [value]


def _plain_value(value: Any) -> str:
    return plain(("", value, ""))[1]


def _borne_out(keeper: Shopkeeper, trait: Mapping[str, Any], texts: Sequence[str]) -> bool:
    """Whether every quote is in the customer's words and names the value, or one of the words for it."""
    services = keeper.services
    attribute = services.schema.attribute(str(trait["attribute"]))
    value, heard = trait["value"], {str(number): text for number, text in enumerate(texts)}
    quotes = [str(evidence["quote"]) for evidence in trait["evidence"]]
    if any(find_quote(quote, heard) is None for quote in quotes):
        return False
    if isinstance(value, int | float):
        return all(float(value) in attribute.numbers(quote) for quote in quotes)
    ways = attribute.ways_to_say(load_facets(services.shop.root))
    words = [str(value), *ways.get(str(value), ())]
    return all(any(word.casefold() in quote.casefold() for word in words) for quote in quotes)


def _why(truth: set[Any], found: set[Any], stale: Sequence[bool], good: Sequence[bool]) -> str:
    parts = [f"missing {' '.join(trait)}" for trait in sorted(truth - found)]
    parts += [f"wrong {' '.join(trait)}" for trait in sorted(found - truth)]
    parts += [f"stale in {sum(stale)} searches"] if any(stale) else []
    return "; ".join(parts + ([f"{good.count(False)} quotes do not bear the value out"] if not all(good) else []))


SUITE = Suite(
    "drift",
    "a hidden profile that changes mid-way: slot F1, stale use, wrong inference, evidence precision",
    cases,
    run,
    metrics,
    settings={
        "random": "how many fresh random shops (default 6; 0 takes --shop)",
        **VARIED,
        "sessions": "sessions a shop (default 8)",
    },
)
