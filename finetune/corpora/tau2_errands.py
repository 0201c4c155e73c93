"""Errands of a customer in a `World`: words in the second person, and the changes that an annotator would write down.

In: a `World` and a random generator. Out: `Errand`s. Which changes they lead to follows the shop's rules: a pending
order can be changed or cancelled, a delivered one returned or exchanged, once; a refund goes to the order's own payment
method or to a gift card. Where the rules forbid what is asked, there is no change.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from finetune.corpora.tau2 import Action
from finetune.corpora.tau2_tools import ADDRESS, REASONS
from finetune.corpora.tau2_wishes import Wisher, listed
from finetune.corpora.tau2_world import World, address, words

Json = dict[str, Any]

_TRIES = 10
_KINDS = {
    "exchange": 30, "modify": 30, "return": 18, "return all": 6, "cancel": 12, "cancel all": 3, "remove": 6,
    "address": 12, "own address": 1, "payment": 2, "ask": 3,
}  # fmt: skip
_ONCE = ("own address", "ask", "cancel all", "payment")


@dataclass(frozen=True, slots=True)
class Errand:
    """A wish in words: a clause that follows "you want to", or, if `whole`, sentences of their own.

    `needs` are the orders that must be read for it; `named` if the words give their ids; `products` those that must
    be read before the change of the same place; `profile` if the customer's profile is needed.
    """

    text: str
    writes: tuple[Action, ...] = ()
    needs: tuple[str, ...] = ()
    products: tuple[tuple[str, ...], ...] = ()
    after: str = ""
    whole: bool = False
    named: bool = False
    profile: bool = False
    every_order: bool = False


@dataclass(slots=True)
class Errands:
    """Draws errands about one customer; no order is changed twice, but an address and then its items can be."""

    world: World
    rng: random.Random
    busy: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)

    def draw(self) -> Errand | None:
        """An errand of a random kind, or None if that kind does not fit this customer just now."""
        kind = self.rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        if kind in _ONCE and kind in self.made:
            return None
        for _ in range(_TRIES):
            errand = self._of(kind)
            if errand:
                self.made.add(kind)
                return errand
        return None

    def _of(self, kind: str) -> Errand | None:
        made: Mapping[str, Callable[[], Errand | None]] = {
            "exchange": lambda: self._change("delivered"),
            "modify": lambda: self._change("pending"),
            "return": self._return,
            "return all": self._return_all,
            "cancel": self._cancel,
            "cancel all": self._cancel_all,
            "remove": self._remove,
            "address": self._address,
            "own address": self._user_address,
            "payment": self._payment,
            "ask": self._ask,
        }
        return made[kind]()

    def _pick(self, options: Sequence[str]) -> str:
        return self.rng.choice(options)

    def _free(self, status: str) -> list[Json]:
        return [o for o in self.world.orders if o["status"] == status and o["order_id"] not in self.busy]

    def _order(self, status: str) -> Json | None:
        orders = self._free(status)
        return self.rng.choice(orders) if orders else None

    def _called(self, item: Json, order: Json, named: bool) -> str | None:
        """A name for the item that means it alone; None if it has none."""
        rivals = [
            other
            for rival in self.world.orders
            for other in rival["items"]
            if other is not item
            and other["product_id"] == item["product_id"]
            and (rival is order or (not named and rival["status"] == order["status"]))
        ]
        noun = item["name"].lower() if self.rng.random() < 0.75 else item["name"]
        last = noun.split()[-1]
        things = [other["name"] for order_ in self.world.orders for other in order_["items"]]
        heads = [name.split()[-1].lower() for name in things if name != item["name"]]
        if self.rng.random() < 0.3 and last.lower() not in heads:
            noun = last
        if not rivals:
            return f"the {noun}"
        for name, value in self.rng.sample(list(item["options"].items()), len(item["options"])):
            if all(other["options"].get(name) != value for other in rivals):
                short = value in ("yes", "no", "none") or len(value) <= 2
                return f"the {noun} with {name} {value}" if short else f"the {value} {noun}"
        return None

    def _methods(self) -> list[Json]:
        return list(self.world.user["payment_methods"].values())

    def _pay(self, order: Json, amount: float) -> tuple[str, str, bool]:
        """The payment method of an exchange, what is said about it, and whether the profile is needed."""
        original = order["payment_history"][0]["payment_method_id"]
        chosen = self.rng.choice(self._methods())
        short = chosen["source"] == "gift_card" and chosen["balance"] < amount
        if self.rng.random() < 0.55 or short or self._method(chosen) is None:
            return original, self._pick(words()["payment"]["original"]) if self.rng.random() < 0.2 else "", False
        said = self._method(chosen)
        first = [m for m in self._methods() if m is not chosen and self._method(m)]
        if first and self.rng.random() < 0.15:
            text = self._pick(words()["payment"]["change_mind"]).format(first=self._method(first[0]), method=said)
        else:
            text = self._pick(words()["payment"]["prefer"]).format(method=said)
        return chosen["id"], text, True

    def _method(self, method: Json) -> str | None:
        """What the customer calls a payment method, if that means it alone."""
        kin = [other for other in self._methods() if other["source"] == method["source"]]
        if len(kin) == 1:
            return self._pick(words()["methods"][method["source"]])
        brand = method.get("brand")
        return f"your {brand} card" if brand and [m.get("brand") for m in kin].count(brand) == 1 else None

    def _change(self, status: str) -> Errand | None:
        order = self._order(status)
        if order is None:
            return None
        named = self.rng.random() < 0.3
        count = min(len(order["items"]), self.rng.choices((1, 2, 3), (6, 4, 1))[0])
        chosen = self.rng.sample(order["items"], count)
        pairs, swaps, fallback = [], [], None
        for item in chosen:
            wish = Wisher(self.rng, self.world.product(item), item).wish()
            called = self._called(item, order, named)
            if wish is None or called is None or (fallback and wish.item_id is None):
                return None
            text = self._pick(words()["pairs"]).format(item=called, wish=wish.text)
            if wish.item_id is None:
                fallback = self._pick(["skip", "skip", "return" if status == "delivered" else "cancel"])
                if count > 1 and fallback != "skip":
                    return None
                text += self._pick(words()["give_up"][fallback]).format(noun=item["name"].lower())
            else:
                swaps.append((item, wish.item_id, called))
            pairs.append(text)
        return self._changed(status, order, named, listed(pairs), chosen, swaps, fallback)

    def _changed(
        self,
        status: str,
        order: Json,
        named: bool,
        pairs: str,
        chosen: Sequence[Json],
        swaps: list[tuple[Json, str, str]],
        fallback: str | None,
    ) -> Errand | None:
        variants = {v["item_id"]: v for item in chosen for v in self.world.product(item)["variants"].values()}
        after = ""
        if len(swaps) > 1 and fallback is None and self.rng.random() < 0.12:
            swaps = [self.rng.choice(swaps)]
            after = self._pick(words()["twists"]["only"]).format(item=swaps[0][2])
        difference = sum(variants[new]["price"] - item["price"] for item, new, _ in swaps)
        method, said, profile = self._pay(order, difference)
        if not swaps:
            method, said, profile = order["payment_history"][0]["payment_method_id"], "", False
        original = self.world.user["payment_methods"].get(method, {})
        if swaps and original.get("source") == "gift_card" and original["balance"] < difference:
            return None
        target = {"order_id": order["order_id"]}
        writes: list[Action] = []
        if swaps:
            tool = "exchange_delivered_order_items" if status == "delivered" else "modify_pending_order_items"
            ids = {"item_ids": [i["item_id"] for i, _, _ in swaps], "new_item_ids": [new for _, new, _ in swaps]}
            writes.append(Action(tool, {**target, **ids, "payment_method_id": method}))
        elif fallback == "return":
            ids = {"item_ids": [chosen[0]["item_id"]]}
            writes.append(Action("return_delivered_order_items", {**target, **ids, "payment_method_id": method}))
        elif fallback == "cancel":
            writes.append(Action("cancel_pending_order", {**target, "reason": REASONS[0]}))
        self.busy.add(order["order_id"])
        opening = ("exchange" if status == "delivered" else "modify") + ("_in" if named else "")
        text = self._pick(words()["openings"][opening]).format(pairs=pairs, order=order["order_id"])
        products = tuple(dict.fromkeys(item["product_id"] for item in chosen))
        return Errand(
            text, tuple(writes), (order["order_id"],), (products,), f"{said} {after}".strip(), named, named, profile
        )

    def _refund(self, order: Json) -> tuple[str, str, bool]:
        """The payment method of a refund, what is said about it, and whether the profile is needed."""
        original = order["payment_history"][0]["payment_method_id"]
        chosen = self.rng.choice(self._methods())
        said = self._method(chosen)
        if self.rng.random() < 0.6 or said is None or chosen["id"] == original:
            return original, self._pick(words()["payment"]["original"]) if self.rng.random() < 0.2 else "", False
        if chosen["source"] == "gift_card":
            return chosen["id"], self._pick(words()["payment"]["refund"]).format(method=said), True
        return original, self._pick(words()["payment"]["refused"]).format(method=said), True

    def _returned(self, order: Json, items: Sequence[Json], text: str, named: bool, after: str = "") -> Errand:
        method, said, profile = self._refund(order)
        ids = [item["item_id"] for item in items]
        arguments = {"order_id": order["order_id"], "item_ids": ids, "payment_method_id": method}
        self.busy.add(order["order_id"])
        write = Action("return_delivered_order_items", arguments)
        return Errand(text, (write,), (order["order_id"],), (), f"{after} {said}".strip(), named, named, profile)

    def _return(self) -> Errand | None:
        order = self._order("delivered")
        if order is None:
            return None
        named = self.rng.random() < 0.25
        chosen = self.rng.sample(order["items"], self.rng.randint(1, len(order["items"])))
        called = [self._called(item, order, named) for item in chosen]
        if None in called:
            return None
        said, after = called, ""
        if len(chosen) > 1 and self.rng.random() < 0.15:
            said = called[:-1]
            after = self._pick(words()["twists"]["add"]).format(item=called[-1])
        text = self._pick(words()["openings"]["return_in" if named else "return"])
        return self._returned(order, chosen, text.format(items=listed(said), order=order["order_id"]), named, after)

    def _return_all(self) -> Errand | None:
        order = self._order("delivered")
        if order is None:
            return None
        kind = self._pick(["return_all", "return_all_in", "return_except"])
        item = self.rng.choice(order["items"])
        called = self._called(item, order, kind == "return_all_in")
        kept = [other for other in order["items"] if other is not item] if kind == "return_except" else order["items"]
        if called is None or not kept:
            return None
        text = self._pick(words()["openings"][kind]).format(item=called, order=order["order_id"])
        named = kind == "return_all_in"
        return self._returned(order, kept, text, named)

    def _cancelled(self, orders: Sequence[Json], reason: str) -> tuple[Action, ...]:
        self.busy |= {order["order_id"] for order in orders}
        return tuple(Action("cancel_pending_order", {"order_id": o["order_id"], "reason": reason}) for o in orders)

    def _because(self, reason: str) -> str:
        return self._pick(words()["reasons"][reason])

    def _cancel(self) -> Errand | None:
        order = self._order("pending")
        if order is None:
            return None
        named = self.rng.random() < 0.35
        reason = self._pick(REASONS)
        called = self._called(order["items"][0], order, named)
        if called is None:
            return None
        text = self._pick(words()["openings"]["cancel_in" if named else "cancel"])
        said = self._because(reason)
        text = text.format(item=called, order=order["order_id"]).rstrip("." if said else "")
        needs = (order["order_id"],)
        if self.rng.random() < 0.06:
            self.busy.add(order["order_id"])
            regret = self._pick(words()["twists"]["regret"])
            return Errand(f"{text} {said}".strip() + "." * named, (), needs, after=regret, whole=named, named=named)
        closed = f"{text} {said}".strip() + ("." if named and said else "")
        return Errand(closed, self._cancelled([order], reason), needs, whole=named, named=named)

    def _cancel_all(self) -> Errand | None:
        orders = self._free("pending")
        if not orders or len(orders) != sum("pending" in o["status"] for o in self.world.orders):
            return None
        reason = self._pick(REASONS)
        text = f"{self._pick(words()['openings']['cancel_all'])} {self._because(reason)}".strip()
        needs = tuple(order["order_id"] for order in self.world.orders)
        return Errand(text, self._cancelled(orders, reason), needs, every_order=True)

    def _remove(self) -> Errand | None:
        order = self._order("pending")
        if order is None or len(order["items"]) < 2:
            return None
        called = self._called(self.rng.choice(order["items"]), order, False)
        if called is None:
            return None
        needs = (order["order_id"],)
        if self.rng.random() < 0.35:
            self.busy.add(order["order_id"])
            return Errand(self._pick(words()["openings"]["keep"]).format(item=called), (), needs)
        reason = self._pick(REASONS)
        said = self._because(reason)
        text = f"{self._pick(words()['openings']['remove']).format(item=called)} {said}".strip()
        return Errand(text, self._cancelled([order], reason), needs)

    def _elsewhere(self) -> tuple[Json, Json] | None:
        """An order that went to an address that is not the customer's own, in a city of its own; and the address."""
        home = self.world.user["address"]
        found = [o for o in self.world.orders if o["address"]["city"] != home["city"]]
        cities = [o["address"]["city"] for o in found]
        alone = [o for o in found if cities.count(o["address"]["city"]) == 1]
        return (lambda order: (order, order["address"]))(self.rng.choice(alone)) if alone else None

    def _address(self) -> Errand | None:
        order = self._order("pending")
        if order is None:
            return None
        home, kind, target = self.world.user["address"], self._pick(["given", "home", "other"]), None
        needs: tuple[str, ...] = (order["order_id"],)
        if kind == "given":
            target = address(self.rng)
        elif kind == "home":
            target = home if order["address"] != home else None
        elif (found := self._elsewhere()) and found[0] is not order:
            target, needs = found[1], (order["order_id"], found[0]["order_id"])
        named = self.rng.random() < 0.3
        called = self._called(order["items"][0], order, named)
        if target is None or called is None:
            return None
        places = [f"the order with {called}", f"your pending order of {called}"]
        place = order["order_id"] if named else self._pick(places)
        text = self._pick(words()["address"][kind]).format(orders=place, address=spoken(target), city=target["city"])
        writes = [Action("modify_pending_order_address", {"order_id": order["order_id"], **_parts(target)})]
        if kind != "home" and self.rng.random() < 0.25:
            text += self._pick(words()["address"]["also_user"])
            writes.append(self._moved(target))
        if self.rng.random() < 0.6:
            self.busy.add(order["order_id"])
        return Errand(text, tuple(writes), needs, named=named and kind != "other", profile=kind == "home")

    def _moved(self, target: Json) -> Action:
        return Action("modify_user_address", {"user_id": self.world.user["user_id"], **_parts(target)})

    def _user_address(self) -> Errand | None:
        if self.rng.random() < 0.5:
            target = address(self.rng)
            text = self._pick(words()["address"]["user"]).format(address=spoken(target))
            return Errand(text, (self._moved(target),), profile=True)
        found = self._elsewhere()
        if found is None:
            return None
        text = self._pick(words()["address"]["user_other"]).format(city=found[1]["city"])
        return Errand(text, (self._moved(found[1]),), (found[0]["order_id"],), profile=True)

    def _payment(self) -> Errand | None:
        order = self._order("pending")
        if order is None:
            return None
        paid = order["payment_history"][0]
        fitting = [
            method
            for method in self._methods()
            if method["id"] != paid["payment_method_id"] and method.get("balance", paid["amount"]) >= paid["amount"]
        ]
        called = self._called(order["items"][0], order, False)
        if not fitting or called is None or (said := self._method(self.rng.choice(fitting[:1]))) is None:
            return None
        text = self._pick(words()["payment"]["modify"]).format(orders=f"the order with {called}", method=said)
        self.busy.add(order["order_id"])
        arguments = {"order_id": order["order_id"], "payment_method_id": fitting[0]["id"]}
        return Errand(text, (Action("modify_pending_order_payment", arguments),), (order["order_id"],), profile=True)

    def _ask(self) -> Errand | None:
        order = self.rng.choice(self.world.orders)
        called = self._called(self.rng.choice(order["items"]), order, False)
        return called and Errand(self._pick(words()["info"]).format(item=called), (), (order["order_id"],))  # type: ignore[return-value]


def spoken(place: Json) -> str:
    """An address as a customer writes it."""
    return ", ".join(place[part] for part in ("address1", "address2", "city", "state", "zip") if place[part])


def _parts(place: Json) -> Json:
    return {part: place.get(part, "") for part in ADDRESS}
