"""Errands of a customer in a `World`: words in the second person, and the changes that an annotator would write down.

In: a `World` and a random generator. Out: `Errand`s. Which changes they lead to follows the shop's rules: a pending
order can be changed or cancelled, a delivered one returned or exchanged, once; a refund goes to the order's own payment
method or to a gift card. Where the rules forbid what is asked, there is no change.
"""

import random
from collections.abc import Callable, Mapping

from finetune.corpora.tau2 import exchanges, pending_orders, returns
from finetune.corpora.tau2.errand import Desk, Errand
from finetune.corpora.tau2.world import World

_TRIES = 10
Maker = Callable[[Desk], Errand | None]
_KINDS: Mapping[Maker, int] = {
    exchanges.exchange: 30,
    exchanges.modify: 30,
    exchanges.every_item: 5,
    returns.some_items: 14,
    returns.several_orders: 6,
    returns.whole_order: 5,
    returns.everything: 2,
    returns.one_of_two: 3,
    pending_orders.cancel: 11,
    pending_orders.cancel_all: 3,
    pending_orders.remove: 6,
    pending_orders.readdress: 12,
    pending_orders.readdress_all: 2,
    pending_orders.move: 1,
    pending_orders.pay_otherwise: 2,
    pending_orders.ask: 3,
}
_ONCE = (
    pending_orders.move,
    pending_orders.readdress_all,
    pending_orders.ask,
    pending_orders.cancel_all,
    pending_orders.pay_otherwise,
)
_REPEATABLE = ("calculate", "modify_pending_order_address", "modify_user_address")


def draw_errands(world: World, rng: random.Random, wanted: int) -> list[Errand]:
    """Up to so many errands; no order is changed twice, but its address and then its items can be."""
    desk = Desk(world, rng)
    errands: list[Errand] = []
    made: set[Maker] = set()
    for _ in range(3 * _TRIES):
        kind = rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        errand = None if kind in _ONCE and kind in made else _try(kind, desk)
        if errand:
            made.add(kind)
            errands.append(errand)
            desk.busy |= {write.arguments["order_id"] for write in errand.writes if write.name not in _REPEATABLE}
        if len(errands) == wanted:
            break
    return errands


def _try(kind: Maker, desk: Desk) -> Errand | None:
    return next((errand for errand in (kind(desk) for _ in range(_TRIES)) if errand), None)
