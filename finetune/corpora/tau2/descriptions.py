"""How a customer names things and payment methods, so that what is meant is certain.

In: a `World` and a random generator. Out: words for an ordered item or a payment method, and the method that an
exchange or a refund goes to by the shop's rules. None where there are no words that mean one thing alone.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from finetune.corpora.tau2.world import World, words

Json = dict[str, Any]

_LIVE = ("pending", "delivered")


@dataclass(frozen=True, slots=True)
class Paying:
    """A payment method's id, what is said about it ("" for nothing), and whether the profile is needed to know it."""

    method: str
    said: str = ""
    profile: bool = False


@dataclass(frozen=True, slots=True)
class Naming:
    """Names for what one customer has. `named` orders are those whose id is in the words."""

    world: World
    rng: random.Random

    def pick(self, options: Sequence[str]) -> str:
        """One of several wordings."""
        return self.rng.choice(options)

    def item(self, item: Json, order: Json, named: bool) -> str | None:
        """A name for the item that means it alone among the things of pending and delivered orders."""
        rivals = self._rivals(item, order, named)
        noun = self._noun(item)
        if not rivals:
            return f"the {noun}"
        if all(rival_order["status"] != order["status"] for _, rival_order in rivals) and self.rng.random() < 0.7:
            return self.pick(words()["status_cues"][order["status"]]).format(noun=noun)
        for name, value in self.rng.sample(list(item["options"].items()), len(item["options"])):
            if all(other["options"].get(name) != value for other, _ in rivals):
                short = value in ("yes", "no", "none") or len(value) <= 2
                return f"the {noun} with {name} {value}" if short else f"the {value} {noun}"
        return None

    def _rivals(self, item: Json, order: Json, named: bool) -> list[tuple[Json, Json]]:
        return [
            (other, rival)
            for rival in self.world.orders
            for other in rival["items"]
            if other is not item
            and other["product_id"] == item["product_id"]
            and (rival is order or (not named and rival["status"] in _LIVE))
        ]

    def _noun(self, item: Json) -> str:
        """The product's name, or its last word if no other thing ends so."""
        noun: str = item["name"].lower() if self.rng.random() < 0.8 else item["name"]
        things = {other["name"] for order in self.world.orders for other in order["items"]} - {item["name"]}
        last = noun.split()[-1]
        if self.rng.random() < 0.3 and last.lower() not in {name.split()[-1].lower() for name in things}:
            return last
        return noun

    def methods(self) -> list[Json]:
        """The customer's payment methods."""
        return list(self.world.user["payment_methods"].values())

    def method(self, method: Json) -> str | None:
        """What the customer calls a payment method."""
        kin = [other for other in self.methods() if other["source"] == method["source"]]
        if len(kin) == 1:
            return self.pick(words()["methods"][method["source"]])
        brand = method.get("brand")
        return f"your {brand} card" if brand and [m.get("brand") for m in kin].count(brand) == 1 else None

    def payment(self, order: Json, amount: float) -> Paying | None:
        """Who pays the difference of an exchange: mostly the order's own method; None if a gift card cannot."""
        original = order["payment_history"][0]["payment_method_id"]
        chosen = self.rng.choice(self.methods())
        said = self.method(chosen)
        if self.rng.random() < 0.55 or said is None or not _covers(chosen, amount):
            own = self.world.user["payment_methods"].get(original, {})
            return Paying(original, self._original()) if _covers(own, amount) else None
        others = [name for name in (self.method(m) for m in self.methods() if m is not chosen) if name]
        if others and self.rng.random() < 0.15:
            text = self.pick(words()["payment"]["change_mind"]).format(first=others[0], method=said)
        else:
            text = self.pick(words()["payment"]["prefer"]).format(method=said)
        return Paying(chosen["id"], text, profile=True)

    def refund(self, order: Json) -> Paying:
        """Where a refund goes: to the order's own method or, if wished, to a gift card."""
        original = order["payment_history"][0]["payment_method_id"]
        chosen = self.rng.choice(self.methods())
        said = self.method(chosen)
        if self.rng.random() < 0.6 or said is None or chosen["id"] == original:
            return Paying(original, self._original())
        if chosen["source"] == "gift_card":
            return Paying(chosen["id"], self.pick(words()["payment"]["refund"]).format(method=said), profile=True)
        return Paying(original, self.pick(words()["payment"]["refused"]).format(method=said), profile=True)

    def _original(self) -> str:
        return self.pick(words()["payment"]["original"]) if self.rng.random() < 0.2 else ""


def _covers(method: Json, amount: float) -> bool:
    return method.get("source") != "gift_card" or bool(method["balance"] >= amount)
