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
from finetune.corpora.tau2_naming import Naming
from finetune.corpora.tau2_tools import ADDRESS, REASONS
from finetune.corpora.tau2_wishes import Wish, Wisher, listed
from finetune.corpora.tau2_world import World, address, words

Json = dict[str, Any]

_TRIES = 10
_KINDS = {
    "exchange": 30, "modify": 30, "return": 14, "return several": 6, "return all": 5, "return everything": 2,
    "return dearer": 3, "cancel": 11, "cancel all": 3, "remove": 6, "address": 12, "every address": 2,
    "own address": 1, "payment": 2, "ask": 3, "every item": 5,
}  # fmt: skip
_ONCE = ("own address", "every address", "ask", "cancel all", "payment", "return everything")


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
class Errands:
    """Draws errands about one customer; no order is changed twice, but an address and then its items can be."""

    world: World
    rng: random.Random
    busy: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    naming: Naming = field(init=False)

    def __post_init__(self) -> None:
        self.naming = Naming(self.world, self.rng)

    def draw(self) -> Errand | None:
        """An errand of a random kind, or None if that kind does not fit this customer just now."""
        kind = self.rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        if kind in _ONCE and kind in self.made:
            return None
        for _ in range(_TRIES):
            errand = self._of(kind)
            if errand:
                self.made.add(kind)
                self.busy |= {w.arguments["order_id"] for w in errand.writes if w.name not in _REPEATABLE}
                return errand
        return None

    def _of(self, kind: str) -> Errand | None:
        made: Mapping[str, Callable[[], Errand | None]] = {
            "exchange": lambda: self._change("delivered"),
            "modify": lambda: self._change("pending"),
            "every item": self._every_item,
            "return": self._return,
            "return several": self._return_several,
            "return all": self._return_all,
            "return everything": self._return_everything,
            "return dearer": self._return_dearer,
            "cancel": self._cancel,
            "cancel all": self._cancel_all,
            "remove": self._remove,
            "address": self._address,
            "every address": self._every_address,
            "own address": self._own_address,
            "payment": self._payment,
            "ask": self._ask,
        }
        return made[kind]()

    def _say(self, *path: str, **slots: Any) -> str:
        wordings: Any = words()
        for part in path:
            wordings = wordings[part]
        return self.naming.pick(wordings).format(**slots)

    def _free(self, status: str) -> list[Json]:
        return [o for o in self.world.orders if o["status"] == status and o["order_id"] not in self.busy]

    def _order(self, status: str) -> Json | None:
        orders = self._free(status)
        return self.rng.choice(orders) if orders else None

    def _change(self, status: str) -> Errand | None:
        """One to three items of an order for others of their products."""
        order = self._order(status)
        if order is None:
            return None
        named = self.rng.random() < 0.3
        chosen = self.rng.sample(order["items"], min(len(order["items"]), self.rng.choices((1, 2, 3), (6, 4, 1))[0]))
        wishes = [Wisher(self.rng, self.world.product(item), item).wish() for item in chosen]
        called = [self.naming.item(item, order, named) for item in chosen]
        known = [(item, wish, name) for item, wish, name in zip(chosen, wishes, called, strict=True) if wish and name]
        missing = [wish for _, wish, _ in known if wish.item_id is None]
        if len(known) < len(chosen) or len(missing) > 1:
            return None
        instead = ""
        if missing:
            instead = self.naming.pick(["skip", "skip", "return" if status == "delivered" else "cancel"])
            if instead != "skip" and len(chosen) > 1:
                return None
        pairs = [self._pair(item, wish, name, instead) for item, wish, name in known]
        swaps = [(item, wish.item_id, name) for item, wish, name in known if wish.item_id is not None]
        after = ""
        if len(swaps) > 1 and not missing and self.rng.random() < 0.12:
            swaps = [self.rng.choice(swaps)]
            after = self._say("twists", "only", item=swaps[0][2])
        changed = [(item, new) for item, new, _ in swaps]
        errand = self._swapped(order, changed) if swaps else self._instead(order, chosen[0], instead)
        if errand is None:
            return None
        opening = ("exchange" if status == "delivered" else "modify") + ("_in" if named else "")
        text = self._say("openings", opening, pairs=listed(pairs), order=order["order_id"])
        products = tuple(dict.fromkeys(item["product_id"] for item in chosen))
        said = " ".join(part for part in (errand.after, after) if part)
        return Errand(
            text, errand.writes, (order["order_id"],), products, said, named, named, errand.profile
        )  # fmt: skip

    def _pair(self, item: Json, wish: Wish, called: str, instead: str) -> str:
        text = self._say("pairs", item=called, wish=wish.text)
        return text + (self._say("give_up", instead, noun=item["name"].lower()) if wish.item_id is None else "")

    def _instead(self, order: Json, item: Json, instead: str) -> Errand:
        """What is done where the wish cannot be had."""
        method = order["payment_history"][0]["payment_method_id"]
        if instead == "return":
            return Errand("", (_returning(order, [item], method),))
        return Errand("", (_cancelling(order, REASONS[0]),) if instead == "cancel" else ())

    def _swapped(self, order: Json, swaps: Sequence[tuple[Json, str]]) -> Errand | None:
        """The change itself, with its payment, and now and then a question about the difference."""
        variants = [self.world.product(item)["variants"][new] for item, new in swaps]
        difference = sum(new["price"] - item["price"] for (item, _), new in zip(swaps, variants, strict=True))
        paying = self.naming.payment(order, difference)
        if paying is None:
            return None
        tool = "exchange_delivered_order_items" if order["status"] == "delivered" else "modify_pending_order_items"
        ids = {"item_ids": [item["item_id"] for item, _ in swaps], "new_item_ids": [new for _, new in swaps]}
        write = Action(tool, {"order_id": order["order_id"], **ids, "payment_method_id": paying.method})
        said = paying.said
        if len(swaps) == 1 and self.rng.random() < 0.06:
            said = f"{said} {self._say('totals', 'difference')}".strip()
            sum_ = Action("calculate", {"expression": f"{variants[0]['price']} - {swaps[0][0]['price']}"})
            return Errand("", (sum_, write), after=said, profile=paying.profile)
        return Errand("", (write,), after=said, profile=paying.profile)

    def _every_item(self) -> Errand | None:
        """All items of an order for the cheapest or the dearest variants."""
        order = self._order(self.naming.pick(["pending", "delivered"]))
        if order is None or len(order["items"]) < 2:
            return None
        kind = self.naming.pick(["cheapest", "dearest"])
        named = self.rng.random() < 0.4
        called = self.naming.item(order["items"][0], order, named)
        swaps = []
        for item in order["items"]:
            there = [v for v in self.world.product(item)["variants"].values() if v["available"]]
            best = (min if kind == "cheapest" else max)(there, key=lambda v: v["price"], default=None)
            if best is None or best["item_id"] == item["item_id"]:
                return None
            swaps.append((item, best["item_id"]))
        errand = self._swapped(order, swaps)
        if called is None or errand is None:
            return None
        place = order["order_id"] if named else self._say("places", item=called)
        text = self._say("openings", f"every_{kind}", place=place)
        products = tuple(dict.fromkeys(item["product_id"] for item in order["items"]))
        return Errand(
            text, errand.writes, (order["order_id"],), products, errand.after, named=named, profile=errand.profile
        )

    def _returned(self, order: Json, items: Sequence[Json], text: str, named: bool = False, after: str = "") -> Errand:
        paying = self.naming.refund(order)
        writes = [_returning(order, items, paying.method)]
        said = f"{after} {paying.said}".strip()
        if len(items) > 1 and self.rng.random() < 0.08:
            said = f"{said} {self._say('totals', 'refund')}".strip()
            writes.insert(0, Action("calculate", {"expression": " + ".join(str(item["price"]) for item in items)}))
        return Errand(
            text, tuple(writes), (order["order_id"],), after=said, whole=named, named=named, profile=paying.profile
        )

    def _return(self) -> Errand | None:
        order = self._order("delivered")
        if order is None:
            return None
        named = self.rng.random() < 0.25
        chosen = self.rng.sample(order["items"], self.rng.randint(1, len(order["items"])))
        called = [name for name in (self.naming.item(item, order, named) for item in chosen) if name]
        if len(called) < len(chosen):
            return None
        after = ""
        if len(chosen) > 1 and self.rng.random() < 0.15:
            after = self._say("twists", "add", item=called.pop())
        text = self._say("openings", "return_in" if named else "return", items=listed(called), order=order["order_id"])
        return self._returned(order, chosen, text, named, after)

    def _return_several(self) -> Errand | None:
        """Things of two orders in one breath, each order returned by its own call."""
        orders = self._free("delivered")
        if len(orders) < 2:
            return None
        parts = [(order, self.rng.sample(order["items"], self.rng.randint(1, min(2, len(order["items"])))))
                 for order in self.rng.sample(orders, 2)]  # fmt: skip
        called = [self.naming.item(item, order, False) for order, items in parts for item in items]
        if None in called:
            return None
        text = self._say("openings", "return", items=listed(called))
        return self._returns(parts, text)

    def _returns(self, parts: Sequence[tuple[Json, Sequence[Json]]], text: str) -> Errand:
        writes = [_returning(order, items, order["payment_history"][0]["payment_method_id"]) for order, items in parts]
        return Errand(text, tuple(writes), tuple(order["order_id"] for order, _ in parts))

    def _return_everything(self) -> Errand | None:
        orders = self._free("delivered")
        if not orders or len(orders) != sum(order["status"] == "delivered" for order in self.world.orders):
            return None
        errand = self._returns(
            [(order, order["items"]) for order in orders], self._say("openings", "return_everything")
        )
        return Errand(errand.text, errand.writes, tuple(self.world.user["orders"]), every_order=True)

    def _return_dearer(self) -> Errand | None:
        """Of two things of one product, the dearer or the cheaper one."""
        order = self._order("delivered")
        if order is None:
            return None
        products = [item["product_id"] for item in order["items"]]
        pairs = [[i for i in order["items"] if i["product_id"] == one] for one in products if products.count(one) == 2]
        owned = [item["product_id"] for other in self.world.orders for item in other["items"]]
        pairs = [
            pair for pair in pairs if owned.count(pair[0]["product_id"]) == 2 and pair[0]["price"] != pair[1]["price"]
        ]
        if not pairs:
            return None
        low, high = sorted(pairs[0], key=lambda item: float(item["price"]))
        dear = self.rng.random() < 0.6
        text = self._say("openings", "return_dearer" if dear else "return_cheaper", noun=low["name"].lower())
        return self._returned(order, [high if dear else low], text)

    def _return_all(self) -> Errand | None:
        order = self._order("delivered")
        if order is None:
            return None
        kind = self.naming.pick(["return_all", "return_all_in", "return_except"])
        item = self.rng.choice(order["items"])
        called = self.naming.item(item, order, kind == "return_all_in")
        kept = [other for other in order["items"] if other is not item] if kind == "return_except" else order["items"]
        if called is None or not kept:
            return None
        text = self._say("openings", kind, item=called, order=order["order_id"])
        return self._returned(order, kept, text, named=kind == "return_all_in")

    def _cancel(self) -> Errand | None:
        order = self._order("pending")
        if order is None:
            return None
        named = self.rng.random() < 0.35
        reason = self.naming.pick(REASONS)
        called = self.naming.item(order["items"][0], order, named)
        if called is None:
            return None
        because = self._say("reasons", reason)
        text = self._say("openings", "cancel_in" if named else "cancel", item=called, order=order["order_id"])
        text = " ".join(part for part in (text, because) if part)
        needs = (order["order_id"],)
        if self.rng.random() < 0.06:
            self.busy.add(order["order_id"])
            return Errand(text, (), needs, after=self._say("twists", "regret"), named=named)
        return Errand(text, (_cancelling(order, reason),), needs, named=named)

    def _cancel_all(self) -> Errand | None:
        orders = self._free("pending")
        if not orders or len(orders) != sum("pending" in o["status"] for o in self.world.orders):
            return None
        reason = self.naming.pick(REASONS)
        text = f"{self._say('openings', 'cancel_all')} {self._say('reasons', reason)}".strip()
        writes = tuple(_cancelling(order, reason) for order in orders)
        return Errand(text, writes, tuple(self.world.user["orders"]), every_order=True)

    def _remove(self) -> Errand | None:
        """One thing out of a pending order, which is not possible: the whole order goes, or nothing is done."""
        order = self._order("pending")
        if order is None or len(order["items"]) < 2:
            return None
        called = self.naming.item(self.rng.choice(order["items"]), order, False)
        if called is None:
            return None
        if self.rng.random() < 0.35:
            self.busy.add(order["order_id"])
            return Errand(self._say("openings", "keep", item=called), (), (order["order_id"],))
        reason = self.naming.pick(REASONS)
        text = f"{self._say('openings', 'remove', item=called)} {self._say('reasons', reason)}".strip()
        return Errand(text, (_cancelling(order, reason),), (order["order_id"],))

    def _elsewhere(self) -> Json | None:
        """An order that went to an address in a city of its own."""
        home = self.world.user["address"]
        found = [o for o in self.world.orders if o["address"]["city"] != home["city"]]
        cities = [o["address"]["city"] for o in found]
        alone = [o for o in found if cities.count(o["address"]["city"]) == 1]
        return self.rng.choice(alone) if alone else None

    def _address(self) -> Errand | None:
        order = self._order("pending")
        if order is None:
            return None
        home, kind = self.world.user["address"], self.naming.pick(["given", "home", "other"])
        other = self._elsewhere() if kind == "other" else None
        target = {"given": address(self.rng), "home": home, "other": (other or order)["address"]}[kind]
        named = self.rng.random() < 0.3
        called = self.naming.item(order["items"][0], order, named)
        if called is None or target == order["address"]:
            return None
        place = order["order_id"] if named else self._say("places", item=called)
        text = self._say("address", kind, orders=place, address=spoken(target), city=target["city"])
        writes = [_sending(order, target)]
        if kind != "home" and self.rng.random() < 0.25:
            text += self._say("address", "also_user")
            writes.append(self._moving(target))
        if self.rng.random() < 0.6:
            self.busy.add(order["order_id"])
        needs = (order["order_id"], *([other["order_id"]] if other else []))
        return Errand(text, tuple(writes), needs, named=named and other is None, profile=kind == "home")

    def _every_address(self) -> Errand | None:
        """All pending orders and the profile to one new address."""
        orders = self._free("pending")
        if not orders or len(orders) != sum("pending" in o["status"] for o in self.world.orders):
            return None
        target = address(self.rng)
        writes = (*(_sending(order, target) for order in orders), self._moving(target))
        text = self._say("address", "every", address=spoken(target))
        return Errand(text, writes, tuple(self.world.user["orders"]), every_order=True, profile=True)

    def _moving(self, target: Json) -> Action:
        return Action("modify_user_address", {"user_id": self.world.user["user_id"], **_parts(target)})

    def _own_address(self) -> Errand | None:
        other = self._elsewhere() if self.rng.random() < 0.5 else None
        target = other["address"] if other else address(self.rng)
        kind = "user_other" if other else "user"
        text = self._say("address", kind, address=spoken(target), city=target["city"])
        return Errand(text, (self._moving(target),), (other["order_id"],) if other else (), profile=True)

    def _payment(self) -> Errand | None:
        order = self._order("pending")
        if order is None:
            return None
        paid = order["payment_history"][0]
        fitting = [
            method
            for method in self.naming.methods()
            if method["id"] != paid["payment_method_id"] and method.get("balance", paid["amount"]) >= paid["amount"]
        ]
        called = self.naming.item(order["items"][0], order, False)
        method = self.rng.choice(fitting) if fitting else {}
        said = self.naming.method(method) if method else None
        if called is None or said is None:
            return None
        text = self._say("payment", "modify", orders=self._say("places", item=called), method=said)
        arguments = {"order_id": order["order_id"], "payment_method_id": method["id"]}
        write = Action("modify_pending_order_payment", arguments)
        return Errand(text, (write,), (order["order_id"],), profile=True)

    def _ask(self) -> Errand | None:
        order = self.rng.choice(self.world.orders)
        called = self.naming.item(self.rng.choice(order["items"]), order, False)
        return Errand(self._say("info", item=called), (), (order["order_id"],)) if called else None


_REPEATABLE = ("calculate", "modify_pending_order_address", "modify_user_address")


def spoken(place: Json) -> str:
    """An address as a customer writes it."""
    return ", ".join(place[part] for part in ("address1", "address2", "city", "state", "zip") if place[part])


def _parts(place: Json) -> Json:
    return {part: place.get(part, "") for part in ADDRESS}


def _sending(order: Json, target: Json) -> Action:
    return Action("modify_pending_order_address", {"order_id": order["order_id"], **_parts(target)})


def _cancelling(order: Json, reason: str) -> Action:
    return Action("cancel_pending_order", {"order_id": order["order_id"], "reason": reason})


def _returning(order: Json, items: Sequence[Json], method: str) -> Action:
    ids = [item["item_id"] for item in items]
    arguments = {"order_id": order["order_id"], "item_ids": ids, "payment_method_id": method}
    return Action("return_delivered_order_items", arguments)
