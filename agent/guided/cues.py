"""What a message asks for besides values: an order of results, prices, the status of orders, to forget something.

In: the customer's words. Out: which of these they can mean, by the cues of the packs. As generous as `language.matching`:
what is not found here cannot be asked for.
"""

from dataclasses import dataclass

from agent.orders.ids import ids_in
from agent.orders.order import STATUSES
from agent.tools.search_products import SORTS
from language.cues import cue, cue_words
from language.matching import is_named
from language.numbers import as_written
from language.quantities import find_quantities
from profiles.attribute import Bound

_BOUNDS: tuple[Bound, Bound] = ("min_price", "max_price")


@dataclass(frozen=True, slots=True)
class Limit:
    """A price limit as it was said: "under $150" is a `max_price` of 150."""

    bound: Bound
    price: float | int
    words: str


def limits_in(text: str) -> list[Limit]:
    """The price limits that the text names as such; not lengths, ages, days or order ids."""
    return [
        Limit(name, as_written(price), said.text)
        for said in find_quantities(text)
        if said.is_bound and said.may_be("money")
        for name, price in zip(_BOUNDS, said.prices, strict=True)
        if price is not None
    ]


def sorts_in(text: str) -> list[str]:
    """The orders of results that the text may ask for: ``sorts_in("the cheapest") == ["price_low"]``."""
    return [order for order in SORTS if is_named(text, cue_words(f"sort_{order}"), begun=True)]


def statuses_in(text: str) -> list[str]:
    """The statuses of orders that the text may name: ``statuses_in("what has arrived?") == ["delivered"]``."""
    return [status for status in STATUSES if is_named(text, cue_words(f"status_{status}"), begun=True)]


def asks_for_stock(text: str) -> bool:
    """Whether the text asks if the shop has something, and speaks of no order: "is the jacket still in stock?"."""
    return cue("stock", text) and not (cue("ordering", text) or ids_in(text))


def asks_when(text: str) -> bool:
    """Whether the text asks for a later time, or for word of it: "when are they back in stock?"."""
    return cue("later", text)


def asks_to_forget(text: str) -> bool:
    """Whether the text may take something back that was noted."""
    return cue("forget", text) or is_named(text, cue_words("forget"))
