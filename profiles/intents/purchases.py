"""Purchases as ends of intents: what a customer bought and what they were looking for in, acts for the journal out."""

from collections.abc import Iterable, Iterator, Sequence

from profiles.events.affinity import Products
from profiles.events.event import Event
from profiles.intents.intent import Intent, Kind, State
from profiles.intents.journal import PRODUCT, close
from profiles.observation import Authority, Evidence, Observation


def bought(
    customer: str, events: Iterable[Event], intents: Sequence[Intent], products: Products
) -> Iterator[Observation]:
    """For each purchase the intent that it ends: open, opened before it, of this kind of product, spoken of last."""
    left = [one for one in intents if one.kind is Kind.FIND and one.state is State.OPEN and PRODUCT in one.values]
    for event in sorted(events, key=lambda item: (item.at, item.id)):
        for sku in event.skus if event.kind == "bought" else ():
            kinds = {value for values in products.get(sku, {}).values() for value in values}
            fitting = [one for one in left if one.values[PRODUCT] in kinds and one.opened <= event.at]
            if fitting:
                done = max(fitting, key=lambda one: (one.touched, one.id))
                left.remove(done)
                evidence = Evidence("event", event.id, f"bought {sku}")
                yield close(done.id, State.DONE, customer, evidence, event.at, Authority.SHOP)
