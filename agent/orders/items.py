"""Which items of an order a customer means: "the green jacket", "one of the socks", a SKU.

In: an order and the items in the customer's words (none: all that is left). Out: pieces by item index, or
`OrderRefused` that names what the order has. The customer sees the items again before anything is done.
"""

import re
import unicodedata
from collections.abc import Sequence

from rapidfuzz import fuzz

from agent.orders.order import Order, OrderItem, OrderRefused
from language.cues import cue_words
from language.text import HAN

_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "一": 1, "两": 2, "三": 3}
_TOKEN = re.compile(rf"[{HAN}]+|(?:(?![{HAN}_])\w)+")
_LIKE = 82  # of 100: "jackets" is "jacket", "gray" is not "green"
_MOST = 0.6  # of a wish's words, when no item has them all


def pieces_of(order: Order, wishes: Sequence[str]) -> dict[int, int]:
    """Quantities by the index of the item. Errors: `OrderRefused` with rule "items" or "already_returned"."""
    left = {index: item.quantity - item.returned for index, item in enumerate(order.items)}
    left = {index: count for index, count in left.items() if count}
    if not left:
        raise OrderRefused(
            f"all items of order {order.id} are asked back already", "already_returned", items=""
        )
    wanted: dict[int, int] = {}
    for wish in wishes or ("all",):
        words = " ".join(unicodedata.normalize("NFKC", wish).casefold().split()).strip(" .,!")
        if words in cue_words("all_items"):
            return left
        count, rest = _counted(words, order)
        for index in _meant(order, rest, wish):
            wanted[index] = max(wanted.get(index, 0), count or left.get(index, 0) or 1)
    return wanted


def _counted(words: str, order: Order) -> tuple[int | None, str]:
    """A quantity in front, unless it is part of a title: "2-person tent"."""
    match = re.match(r"(\d{1,2}|[a-z]+|[一两三])(?:\s*[x×]\s+|\s+|(?=[件双个]))[件双个]?(.+)", words)
    if match is None or any(match[1] in _tokens(item.title) for item in order.items):
        return None, words
    count = int(match[1]) if match[1].isdecimal() else _COUNTS.get(match[1])
    return (None, words) if count is None else (count, match[2])


def _meant(order: Order, words: str, wish: str) -> Sequence[int]:
    """The items that fit best; several only for a plural."""
    exact = [index for index, item in enumerate(order.items) if words.upper() == item.sku.upper()]
    if exact:
        return exact
    tokens = [token for token in _tokens(words) if token not in cue_words("item_noise")]
    scores = {index: _share(tokens, item) for index, item in enumerate(order.items)}
    best = max(scores.values())
    found = [index for index, score in scores.items() if score == best]
    several = len(found) > 1 and not (words.endswith("s") or "都" in words)
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
    if not token.isascii() and min(len(token), len(word)) > 1:
        return float(fuzz.partial_ratio(token, word) >= _LIKE)
    same = token == word if min(len(token), len(word)) < 4 else fuzz.ratio(token, word) >= _LIKE
    return float(same)


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def _name(item: OrderItem) -> str:
    detail = ", ".join(part for part in (item.color, item.size) if part)
    return f"{item.title} ({detail})" if detail else item.title
