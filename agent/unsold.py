"""What a message asks for and the shop does not sell.

In: the message as it is read, and what the shop sells. Out: the `Thing`s that it asks for which no product is, nor any
value of the shop's facets: those stand in its products.
"""

from agent.shop_reading import ShopReading
from language.negation import denied
from language.things import Thing, things_asked
from retrieval.assortment import Assortment


def unsold_things(reading: ShopReading, assortment: Assortment) -> tuple[Thing, ...]:
    """In the order of the message."""
    return tuple(
        thing
        for thing in things_asked(reading.text)
        if not _is_value(thing, reading)
        and not denied(reading.text, (thing.start, thing.end), reading.languages)
        and not assortment.has(thing.text)
    )


def _is_value(thing: Thing, reading: ShopReading) -> bool:
    """Whether it is a value of the shop, or a kind of one: a desk lamp is a lamp, tent pegs are no tents."""
    return any(value.start < thing.end <= value.end for value in reading.values)
