"""What an errand is, and the desk at which errands are made up.

In: a `World` and a random generator. Out: `Desk`, which knows what is still free to be changed and how to say things,
and the changes as `Action`s.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from finetune.corpora.tau2.data import Action
from finetune.corpora.tau2.descriptions import Naming
from finetune.corpora.tau2.signatures import ADDRESS
from finetune.corpora.tau2.world import World, words

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Errand:
    """A wish in words: a clause that follows "you want to", or, if `whole`, sentences of their own.

    `needs` are the orders that must be read for it; `named` if the words give their ids; `products` those that must
    be read before the changes; `profile` if the customer's profile is needed; `after` are sentences that follow.
    """

    text: str
    writes: tuple[Action, ...] = ()
    needs: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    after: str = ""
    whole: bool = False
    named: bool = False
    profile: bool = False
    every_order: bool = False


@dataclass(slots=True)
class Desk:
    """One customer's errands in the making; the orders in `busy` are not to be changed again."""

    world: World
    rng: random.Random
    busy: set[str] = field(default_factory=set)
    naming: Naming = field(init=False)

    def __post_init__(self) -> None:
        self.naming = Naming(self.world, self.rng)

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return self.rng.random() < share

    def say(self, *path: str, **slots: Any) -> str:
        """One of the wordings at this place of words.yaml, filled in."""
        wordings: Any = words()
        for part in path:
            wordings = wordings[part]
        return self.naming.pick(wordings).format(**slots)

    def free(self, status: str) -> list[Json]:
        """The orders of this status that nothing is to be done with yet."""
        return [o for o in self.world.orders if o["status"] == status and o["order_id"] not in self.busy]

    def all_free(self, status: str) -> list[Json]:
        """All orders of this status; none if one of them is busy."""
        orders = self.free(status)
        return orders if len(orders) == sum(status in order["status"] for order in self.world.orders) else []

    def order(self, status: str) -> Json | None:
        """One free order of this status."""
        orders = self.free(status)
        return self.rng.choice(orders) if orders else None

    def elsewhere(self) -> Json | None:
        """An order that went to an address in a city of its own."""
        home = self.world.user["address"]
        found = [o for o in self.world.orders if o["address"]["city"] != home["city"]]
        cities = [o["address"]["city"] for o in found]
        alone = [o for o in found if cities.count(o["address"]["city"]) == 1]
        return self.rng.choice(alone) if alone else None


def returning(order: Json, items: Sequence[Json], method: str) -> Action:
    """The call that returns these items."""
    ids = [item["item_id"] for item in items]
    arguments = {"order_id": order["order_id"], "item_ids": ids, "payment_method_id": method}
    return Action("return_delivered_order_items", arguments)


def cancelling(order: Json, reason: str) -> Action:
    """The call that cancels the order."""
    return Action("cancel_pending_order", {"order_id": order["order_id"], "reason": reason})


def sending(order: Json, target: Json) -> Action:
    """The call that sends the order to another address."""
    return Action("modify_pending_order_address", {"order_id": order["order_id"], **_parts(target)})


def moving(user: Json, target: Json) -> Action:
    """The call that changes the customer's own address."""
    return Action("modify_user_address", {"user_id": user["user_id"], **_parts(target)})


def _parts(place: Json) -> Json:
    return {part: place.get(part, "") for part in ADDRESS}


def original_method(order: Json) -> str:
    """The payment method that the order was paid with."""
    return str(order["payment_history"][0]["payment_method_id"])
