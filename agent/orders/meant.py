"""Which order somebody means: by its id, by what was in it, or as the one that was last spoken of.

In: the customer's orders, newest first, and `Clues`. Out: the orders that fit: one is meant, of several the customer is
asked which. An order whose state forbids the act is left out where another that fits allows it. Errors: `NotFound` for
an id that none of them has.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from langchain_core.messages import AnyMessage, ToolMessage

from agent.orders.book import is_newest, pick
from agent.orders.items import whole_order
from agent.orders.naming import NOTHING, Likeness, Names, item_words, likeness, own_names, telling
from agent.orders.order import Order
from errors import NotFound
from language.negation import any_of
from language.quantities import leading_count
from language.text import fold

LOOKED_FOR = 0.5  # of the words, for an order that is only looked up
SURE = 0.6  # and for one that is to be changed


@dataclass(frozen=True, slots=True)
class Clues:
    """What tells which order is meant.

    `order_id` as it was written, `wishes` words for what was in it, `said` the customer's own ids in the newest
    message. `shown`: ids of the orders that results of the consultation spoke of, by result, the oldest first.
    """

    order_id: str = ""
    wishes: Sequence[str] = ()
    said: Sequence[str] = ()
    shown: Sequence[Sequence[str]] = ()
    names: Names = own_names


def orders_meant(own: Sequence[Order], clues: Clues, allows: Callable[[Order], bool]) -> Sequence[Order]:
    """The orders that fit; none, if none of them holds what was named."""
    wants = wants_of(clues.wishes)
    if clues.order_id and not (wants and is_newest(clues.order_id)):
        return [_by_id(own, clues)]
    if said := [order for order in own if order.id in clues.said]:
        return _allowing(said, allows)
    if wants:
        held = _allowing(holding(own, wants, clues.names, SURE), allows)
        if clues.order_id:
            return held[:1]
        spoken = {each for group in clues.shown[-1:] for each in group} if len(held) > 1 else set()
        return [order for order in held if order.id in spoken] or held
    for group in reversed(clues.shown):
        if spoken_of := [order for order in own if order.id in group]:
            return _allowing(spoken_of, allows)
    return [order for order in own if allows(order)] or own[:1]


def holding(own: Sequence[Order], wants: Sequence[Sequence[str]], names: Names, least: float) -> Sequence[Order]:
    """The orders that have the most of what is wanted, if it is enough."""
    scores = [_score(order, wants, names) for order in own]
    best = max(scores, default=NOTHING)
    return [order for order, score in zip(own, scores, strict=True) if score == best and best.all >= least]


def wants_of(wishes: Sequence[str]) -> list[tuple[str, ...]]:
    """The telling words for each item that is named: "the boots and two socks" has two."""
    pieces = [piece for wish in wishes if not whole_order(wish) for piece in _joint().split(fold(wish).text)]
    told = (telling(leading_count(" ".join(piece.split()))[1]) for piece in pieces)
    return [words for words in told if words]


def results_shown(messages: Sequence[AnyMessage]) -> list[tuple[str, ...]]:
    """Ids of the orders that the consultation's results speak of, by result, the oldest first."""
    artifacts = ((message.artifact if isinstance(message, ToolMessage) else None) or {} for message in messages)
    return [group for artifact in artifacts if (group := _ids(artifact))]


def orders_shown(messages: Sequence[AnyMessage]) -> list[str]:
    """The same, one after the other."""
    return [each for group in results_shown(messages) for each in group]


def without(address: str, words: str) -> str:
    """The words with the address taken out: its postcode or flat is no order."""
    place = words.casefold().find(address.casefold()) if address else -1
    return words if place < 0 else f"{words[:place]} {words[place + len(address) :]}"


def _by_id(own: Sequence[Order], clues: Clues) -> Order:
    """By its id, else by its place in the list that was shown last."""
    try:
        return pick(own, clues.order_id)
    except NotFound:
        listed = clues.shown[-1] if clues.shown else ()
        place = int(clues.order_id) if re.fullmatch(r"\d{1,2}", clues.order_id.strip(), re.ASCII) else 0
        if not 0 < place <= len(listed):
            raise
        return pick(own, listed[place - 1])


def _allowing(orders: Sequence[Order], allows: Callable[[Order], bool]) -> Sequence[Order]:
    return [order for order in orders if allows(order)] or orders


def _score(order: Order, wants: Sequence[Sequence[str]], names: Names) -> Likeness:
    best = [max(likeness(words, item, names) for item in order.items) for words in wants]
    return Likeness(*(sum(part) / len(best) for part in zip(*best, strict=True))) if best else NOTHING


def _ids(artifact: dict[str, object]) -> tuple[str, ...]:
    match artifact:
        case {"kind": "order", "order": {"id": str(order_id)}}:
            return (order_id,)
        case {"kind": "orders", "orders": list(orders)}:
            return tuple(str(order["id"]) for order in orders)
        case {"kind": "proposal", "proposal": {"summary": {"order_id": str(order_id)}}}:
            return (order_id,)
        case {"kind": "refused", "slots": {"id": str(order_id)}} | {"order_id": str(order_id)}:
            return (order_id,)
    return ()


@cache
def _joint() -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{any_of(item_words().joins)}|[,;、+])\s*")
