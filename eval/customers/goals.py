"""Draws goals for a shop's customers and puts them into words: one `Plan` for each trial of a goal.

In: `ShopFacts`, a seed, how many goals and trials. Out: `Plan`s, the same for the same seed and files. What is asked
for can be had: orders in the right state, products in stock, values of the schema. Whatever escapes this is found by
a model that knows what is right (`eval.customers.play`) and counted as the simulator's fault.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from eval.customers.facts import CustomerFacts, OrderFacts, ShopFacts
from eval.customers.plan import Ask, Plan, Task, Trait, Wish
from eval.customers.tastes import correcting, forgetting, stating
from eval.customers.utterances import LANGUAGES, Wording
from eval.customers.wants import asking, searching

Made = Callable[[Wording], tuple[Task, ...]]
_SECOND = 0.25  # customers who write in the shop's second language
_TASKS = ((1, 40), (2, 40), (3, 20))  # how many things a customer wants, and how often
_KINDS: Mapping[str, int] = {
    "cancel": 14, "return": 12, "address": 8, "decline": 5, "refused": 8, "lookup": 8, "state": 14, "correct": 7,
    "forget": 6, "search": 22, "question": 12, "person": 4,
}  # fmt: skip
_TRIES = 40


def plans(facts: ShopFacts, seed: str, goals: int, trials: int) -> Iterator[Plan]:
    """`goals` times `trials` plans; the trials of a goal follow one another."""
    for number in range(goals):
        rng = random.Random(f"{seed}:{number}")
        customer, made = _goal(rng, facts, number)
        language = language_of(rng, facts.shop.languages)
        for trial in range(trials):
            wording = Wording(random.Random(f"{seed}:{number}:{trial}"), language)
            tasks = tuple(task for make in made for task in make(wording))
            yield Plan(goal=f"{seed}:{number}", trial=trial, customer=customer.id, language=language, tasks=tasks)


def language_of(rng: random.Random, languages: Sequence[str]) -> str:
    """Mostly the shop's first language; of those that the wordings have."""
    spoken = [language for language in languages if language in LANGUAGES] or ["en"]
    return spoken[-1] if rng.random() < _SECOND else spoken[0]


def _goal(rng: random.Random, facts: ShopFacts, number: int) -> tuple[CustomerFacts, list[Made]]:
    """A customer and what they want; goals about orders go to those who have the orders for it."""
    count = rng.choices([n for n, _ in _TASKS], [weight for _, weight in _TASKS])[0]
    made: list[Made] = []
    kinds = list(_KINDS)
    first = rng.choices(kinds, list(_KINDS.values()))[0]
    for _ in range(_TRIES):
        customer = rng.choice(facts.customers)
        used: set[str] = set()
        start = _make(first, rng, facts, customer, used)
        if start is None:
            continue
        made = [start]
        while len(made) < count and first != "person":
            kind = rng.choices(kinds, list(_KINDS.values()))[0]
            more = _make(kind, rng, facts, customer, used)
            made += [more] if more else []
            if kind == "person" and more:
                break
        return customer, made
    customer = rng.choice(facts.customers)
    search = searching(rng, facts, customer, set())
    return customer, [search] if search else [_person]


def _make(kind: str, rng: random.Random, facts: ShopFacts, customer: CustomerFacts, used: set[str]) -> Made | None:
    """A task of this kind, or None where this customer cannot have it. `used`: orders and attributes taken."""
    match kind:
        case "person":
            return _person
        case "search":
            return searching(rng, facts, customer, used)
        case "question":
            return asking(rng, facts)
        case "state":
            return stating(rng, facts, customer, used)
        case "correct":
            return correcting(rng, facts, customer, used)
        case "forget":
            return forgetting(rng, facts, customer, used)
    fates = {"lookup": ("cancel", "return", "fixed"), "return": ("return",), "refused": ("fixed", "late")}
    fitting = [
        order for order in customer.orders if order.fate in fates.get(kind, ("cancel",)) and order.id not in used
    ]
    if not fitting:
        return None
    order = rng.choice(fitting)
    used.add(order.id)
    return _ORDERS[kind](rng, order)


def _person(wording: Wording) -> tuple[Task, ...]:
    calls = (("hand_off", {"reason": "wants a person"}),)
    first, again = wording.pair("person")
    asks = Ask(text=first, calls=calls), Ask(text=again, calls=calls)
    return (Task(kind="person", name="person", first=asks[0], again=asks[1]),)


def _cancel(rng: random.Random, order: OrderFacts, *, agrees: bool = True) -> Made:
    by_last = order.newest and rng.random() < 0.4

    def make(wording: Wording) -> tuple[Task, ...]:
        wish = Wish(kind="cancel_order", order=order.id)
        calls = (("cancel_order", {"order_id": order.id}),)
        name = "cancel" if agrees else "decline"
        first = _said(wording, "cancel_last" if by_last else "cancel_order", order)
        return _order_task(wording, name, wish, first, _again(wording, "cancel_order", order), calls, agrees)

    return make


def _return(rng: random.Random, order: OrderFacts) -> Made:
    titles = [item["title"] for item in order.items]
    single = [n for n, item in enumerate(order.items) if item["quantity"] == 1 and titles.count(item["title"]) == 1]
    part = rng.choice(single) if len(titles) > 1 and single and rng.random() < 0.6 else None

    def make(wording: Wording) -> tuple[Task, ...]:
        chosen = order.items if part is None else (order.items[part],)
        wish = Wish(kind="return_items", order=order.id, skus=tuple(item["sku"] for item in chosen))
        slots = {} if part is None else {"item": titles[part]}
        items = {} if part is None else {"items": [titles[part]]}
        intent = "return_order" if part is None else "return_item"
        calls = (("return_items", {"order_id": order.id} | items),)
        first = _said(wording, intent, order, **slots)
        return _order_task(wording, "return", wish, first, _again(wording, intent, order, **slots), calls)

    return make


def _address(rng: random.Random, order: OrderFacts) -> Made:
    place = random.Random(rng.random())
    addresses = {language: Wording(place, language).address() for language in LANGUAGES}  # one for all trials

    def make(wording: Wording) -> tuple[Task, ...]:
        address = addresses[wording.language]
        wish = Wish(kind="change_address", order=order.id, address=address)
        calls = (("change_address", {"order_id": order.id, "address": address}),)
        first = _said(wording, "change_address", order, address=address)
        again = _again(wording, "change_address", order, address=address)
        return _order_task(wording, "address", wish, first, again, calls)

    return make


def _refused(rng: random.Random, order: OrderFacts) -> Made:
    intent = "return_order" if order.fate == "late" else "cancel_order"

    def make(wording: Wording) -> tuple[Task, ...]:
        wish = Wish(kind="return_items" if order.fate == "late" else "cancel_order", order=order.id)
        calls = ((wish.kind, {"order_id": order.id}),)
        first = Ask(text=_said(wording, intent, order), calls=calls)
        again = Ask(text=_again(wording, intent, order), calls=calls)
        no = wording.phrase("decline")
        return (Task(kind="refused", name="refused", first=first, again=again, wish=wish, no=no),)

    return make


def _lookup(rng: random.Random, order: OrderFacts) -> Made:
    by_last = order.newest and rng.random() < 0.5

    def make(wording: Wording) -> tuple[Task, ...]:
        calls = (("get_order", {"order_id": order.id}),)
        first = Ask(text=_said(wording, "lookup_last" if by_last else "lookup", order), calls=calls)
        again = Ask(text=_again(wording, "lookup", order), calls=calls)
        return (Task(kind="lookup", name="lookup", first=first, again=again, order=order.id),)

    return make


def _said(wording: Wording, intent: str, order: OrderFacts, **slots: str) -> str:
    named = wording.phrase("the_order", id=order.id)
    return wording.voiced(wording.rng.choice(wording.lines(intent)), order=named, **slots)


def _again(wording: Wording, intent: str, order: OrderFacts, **slots: str) -> str:
    return wording.phrase(intent, order=order.id, **slots)


def _order_task(
    wording: Wording, name: str, wish: Wish, first: str, again: str, calls: Sequence[tuple[str, dict[str, Any]]],
    agrees: bool = True,
) -> tuple[Task, ...]:  # fmt: skip
    task = Task(
        kind="order",
        name=name,
        first=Ask(text=first, calls=tuple(calls)),
        again=Ask(text=again, calls=tuple(calls)),
        wish=wish,
        agrees=agrees,
        yes=wording.phrase("confirm"),
        no=wording.phrase("decline"),
    )
    return (task,)


def demanded(plan: Plan) -> tuple[set[Trait], set[tuple[str, str | float]], set[Trait]]:
    """Over all tasks: traits that must hold at the end, values that must not, and traits that may be there."""
    must: set[Trait] = set()
    gone: set[tuple[str, str | float]] = set()
    may: set[Trait] = set()
    for task in plan.tasks:
        must = {trait for trait in must if trait[:2] not in task.gone} | set(task.must)
        gone = {pair for pair in gone if pair not in {trait[:2] for trait in task.must}} | set(task.gone)
        may |= set(task.may)
    return must, gone, may


_ORDERS: Mapping[str, Callable[[random.Random, OrderFacts], Made]] = {
    "cancel": _cancel,
    "decline": lambda rng, order: _cancel(rng, order, agrees=False),
    "return": _return,
    "address": _address,
    "refused": _refused,
    "lookup": _lookup,
}
