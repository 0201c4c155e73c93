"""Which items of an order a customer means: "the green jacket", "one of the socks", a SKU.

In: an order and the items in the customer's words (none: all that is left). Out: pieces by item index, or
`OrderRefused` that names what the order has. The customer sees the items again before anything is done.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from agent.orders.order import Order, OrderItem, OrderRefused
from language.packs import Section, languages, section
from language.quantities import leading_count
from language.slips import is_like_han, is_slip
from language.text import HAN, fold, has_han
from language.words import bare, stem, tokens

_MOST = 0.6  # of a wish's words, when no item has them all
_HAN_RUN = re.compile(f"[{HAN}]+")


class ItemWords(Section):
    """What a language's pack says of items of an order."""

    noise: tuple[str, ...] = ()  # tell no item from another
    all: tuple[str, ...] = ()  # the whole order
    plural: tuple[str, ...] = ()  # in a wish: several items are meant


def pieces_of(order: Order, wishes: Sequence[str]) -> dict[int, int]:
    """Quantities by the index of the item. Errors: `OrderRefused` with rule "items" or "already_returned"."""
    left = {index: item.quantity - item.returned for index, item in enumerate(order.items)}
    left = {index: count for index, count in left.items() if count}
    if not left:
        raise OrderRefused(f"all items of order {order.id} are asked back already", "already_returned", items="")
    wanted: dict[int, int] = {}
    for wish in wishes or ("all",):
        words = " ".join(fold(wish).text.split()).strip(" .,!")
        if words in _words().all:
            return left
        count, rest = _counted(words, order)
        for index in _meant(order, rest, wish):
            wanted[index] = max(wanted.get(index, 0), count or left.get(index, 0) or 1)
    return wanted


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of all languages."""

    noise: frozenset[str]
    all: frozenset[str]
    plural: tuple[str, ...]


@cache
def _words() -> _Words:
    packs = [pack for code in languages() if (pack := section(code, "items", ItemWords))]
    return _Words(
        frozenset(word for pack in packs for word in pack.noise),
        frozenset(word for pack in packs for word in pack.all),
        tuple(word for pack in packs for word in pack.plural),
    )


def _counted(words: str, order: Order) -> tuple[int | None, str]:
    """A quantity in front, unless it is part of a title: "2-person tent"."""
    count, rest = leading_count(words)
    written = words.removesuffix(rest).split("-")[0].strip()
    if any(written in _tokens(item.title) for item in order.items):
        return None, words
    return count, rest


def _meant(order: Order, words: str, wish: str) -> Sequence[int]:
    """The items that fit best; several only for a plural."""
    exact = [index for index, item in enumerate(order.items) if words.upper() == item.sku.upper()]
    if exact:
        return exact
    tokens = [token for token in _tokens(words) if token not in _words().noise]
    scores = {index: _share(tokens, item) for index, item in enumerate(order.items)}
    best = max(scores.values())
    found = [index for index, score in scores.items() if score == best]
    several = len(found) > 1 and not (words.endswith("s") or any(word in words for word in _words().plural))
    if best < _MOST or several:
        named = "; ".join(_name(item) for item in order.items)
        problem = "fits several items" if best >= _MOST else "is not an item"
        raise OrderRefused(
            f"{wish[:60]!r} {problem} of order {order.id}; it has: {named}",
            "items",
            items=named,
            wish=wish[:60],
        )
    return found


def _share(tokens: Sequence[str], item: OrderItem) -> float:
    """How many of the words the item has, from 0 to 1; a title in Chinese is compared as a whole."""
    if not tokens:
        return 0.0
    own = _tokens(f"{item.title} {item.color} {item.size} {item.sku}")
    return sum(max(_alike(token, word) for word in own) for token in tokens) / len(tokens)


def _alike(token: str, word: str) -> float:
    if has_han(token):
        return float(has_han(word) and is_like_han(token, word))
    return float(stem(token) == stem(word) or is_slip(token, word))


def _tokens(text: str) -> list[str]:
    return [*(bare(word) for word in tokens(text)), *_HAN_RUN.findall(fold(text).text)]


def _name(item: OrderItem) -> str:
    detail = ", ".join(part for part in (item.color, item.size) if part)
    return f"{item.title} ({detail})" if detail else item.title
