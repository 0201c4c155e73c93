"""Which items of an order a customer means: "the green jacket", "one of the socks", a SKU.

In: an order and the items in the customer's words (none: all that is left). Out: pieces by item index, or
`OrderRefused` that names what the order has. What the message that asked only names to keep is never among them. The
customer sees the items again before anything is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.orders.counts import going
from agent.orders.kept import kept_items
from agent.orders.naming import Likeness, Names, item_words, likeness, own_names, telling
from agent.orders.order import Order, OrderRefused, named, pieces_left
from language.clauses import clause_at
from language.quantities import leading_count
from language.text import fold
from language.words import bare, tokens

LIKE = 0.6  # of a wish's words, when no item has them all


@dataclass(frozen=True, slots=True)
class Wording:
    """How words for items are read: by what each may be called, and beside the message that they are from."""

    names: Names = own_names
    said: str = ""


AS_WRITTEN = Wording()  # by the names that stand in the order


def pieces_of(
    order: Order, wishes: Sequence[str], wording: Wording = AS_WRITTEN, left: Mapping[int, int] | None = None
) -> dict[int, int]:
    """Quantities by the index of the item; `left`: of what there is to choose from, all that has not gone back.

    Errors: `OrderRefused` with rule "items" or "already_returned".
    """
    left = pieces_left(order) if left is None else dict(left)
    if not left:
        raise OrderRefused(f"all items of order {order.id} are asked back already", "already_returned", items="")
    if not wishes and len(left) > 1 and counts_pieces(order, wording):
        raise _unclear(order, "", "does not say of what so many pieces are")
    kept = kept_items(order, wording.said, wording.names)
    wanted: dict[int, int] = {}
    for wish in wishes or (None,):
        wanted = _more(wanted, dict(left) if wish is None else _asked(order, wish, wording, left, kept))
    wanted = {index: count for index, count in wanted.items() if index not in kept}
    if not wanted:
        raise _unclear(order, " ".join(wishes), "names only what stays")
    return _limited(wanted, left, wording.said)


def _limited(wanted: Mapping[int, int], left: Mapping[int, int], said: str) -> dict[int, int]:
    """Of the one line that is meant, as many pieces as the message says."""
    return {
        index: going(said, count) or count if len(wanted) == 1 and count == left.get(index) else count
        for index, count in wanted.items()
    }


def counts_pieces(order: Order, wording: Wording) -> bool:
    """Whether the message says how many pieces go, fewer than there are."""
    return going(wording.said, sum(pieces_left(order).values())) is not None


def whole_order(wish: str) -> bool:
    """Whether a wish is for all of an order: "everything", "the whole order"."""
    return " ".join(fold(wish).text.split()).strip(" .,!") in item_words().all


def counted(wish: str, order: Order) -> tuple[int | None, str]:
    """A quantity in front, and the rest, unless it is part of a title: "2-person tent"."""
    words = " ".join(fold(wish).text.split()).strip(" .,!")
    count, rest = leading_count(words)
    written = words.removesuffix(rest).split("-")[0].strip()
    titles = {bare(word) for item in order.items for word in tokens(item.title)}
    return (None, words) if written in titles else (count, rest)


def _asked(order: Order, wish: str, wording: Wording, left: Mapping[int, int], kept: frozenset[int]) -> dict[int, int]:
    if whole_order(wish) or (len(left) == 1 and not telling(wish)):
        return dict(left)
    if excluded := kept_items(order, wish, wording.names):
        return {index: count for index, count in left.items() if index not in excluded}
    count, rest = counted(wish, order)
    return {index: count or left.get(index, 0) or 1 for index in _meant(order, rest, wish, wording, kept)}


def _more(wanted: Mapping[int, int], others: Mapping[int, int]) -> dict[int, int]:
    return {n: max(wanted.get(n, 0), others.get(n, 0)) for n in (*wanted, *others)}


def _meant(order: Order, words: str, wish: str, wording: Wording, kept: frozenset[int]) -> Sequence[int]:
    """The items that fit best; several only for a plural, or where all of them stay."""
    exact = [index for index, item in enumerate(order.items) if words.upper() == item.sku.upper()]
    if exact:
        return exact
    scores = [likeness(telling(words), item, wording.names) for item in order.items]
    best: Likeness = max(scores)
    found = [index for index, score in enumerate(scores) if score == best]
    if best.all >= LIKE and kept.issuperset(found):
        return found
    is_one_of = len(found) > 1 and not (words.endswith("s") or _is_of_all(words, wording.said))
    if best.all < LIKE or is_one_of:
        raise _unclear(order, wish, "fits several items" if best.all >= LIKE else "is not an item")
    return found


def _is_of_all(words: str, said: str) -> bool:
    """Whether a word like "all" stands with them, in the same clause of the message: 袜子都不要了."""
    place = fold(said).text.find(words)
    beside = clause_at(said, place, place + len(words)) if place >= 0 else ""
    return any(word in words or word in beside for word in item_words().plural)


def _unclear(order: Order, wish: str, problem: str) -> OrderRefused:
    held = "; ".join(map(named, order.items))
    reason = f"{wish[:60]!r} {problem} of order {order.id}; it has: {held}"
    return OrderRefused(reason, "items", items=held, wish=wish[:60])
