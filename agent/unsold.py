"""What a message asks for and the shop does not sell.

In: the message as it is read, and what the shop sells. Out: the `Thing`s that it names which no product is, nor any
value of the shop's facets: those stand in its products.
"""

from agent.shop_reading import ShopReading
from language.negation import denied
from language.things import Thing, things_in
from retrieval.assortment import Assortment


def unsold(reading: ShopReading, assortment: Assortment) -> tuple[Thing, ...]:
    """In the order of the message."""
    known = [(value.start, value.end) for value in reading.values]
    named = things_in(reading.text)
    others = (one for one in named if not any(start <= one.start and one.end <= end for start, end in known))
    wanted = (one for one in others if not denied(reading.text, (one.start, one.end), reading.languages))
    return tuple(one for one in wanted if not assortment.has(one.text))
