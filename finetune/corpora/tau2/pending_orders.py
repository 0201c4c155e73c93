"""Errands about orders that are still pending, and about the customer's address: cancel, readdress, pay otherwise, ask.

In: a `Desk`. Out: an `Errand`, or None where this customer's orders do not allow one just now.
"""

from typing import Any

from finetune.corpora.tau2.data import Action
from finetune.corpora.tau2.errand import Desk, Errand, cancelling, moving, sending
from finetune.corpora.tau2.signatures import REASONS
from finetune.corpora.tau2.world import address

Json = dict[str, Any]


def cancel(desk: Desk) -> Errand | None:
    """One order, by its id or a thing in it; now and then the customer regrets it."""
    order = desk.order("pending")
    if order is None:
        return None
    named = desk.chance(0.35)
    reason = desk.naming.pick(REASONS)
    called = desk.naming.item(order["items"][0], order, named)
    if called is None:
        return None
    asked = desk.say("openings", "cancel_in" if named else "cancel", item=called, order=order["order_id"])
    text = f"{asked} {desk.say('reasons', reason)}".strip()
    needs = (order["order_id"],)
    if desk.chance(0.06):
        desk.busy.add(order["order_id"])
        return Errand(text, (), needs, after=desk.say("twists", "regret"), named=named)
    return Errand(text, (cancelling(order, reason),), needs, named=named)


def cancel_all(desk: Desk) -> Errand | None:
    """All pending orders."""
    orders = desk.all_free("pending")
    if not orders:
        return None
    reason = desk.naming.pick(REASONS)
    text = f"{desk.say('openings', 'cancel_all')} {desk.say('reasons', reason)}".strip()
    writes = tuple(cancelling(order, reason) for order in orders)
    return Errand(text, writes, tuple(desk.world.user["orders"]), every_order=True)


def remove(desk: Desk) -> Errand | None:
    """One thing out of a pending order, which is not possible: the whole order goes, or nothing is done."""
    order = desk.order("pending")
    if order is None or len(order["items"]) < 2:
        return None
    called = desk.naming.item(desk.rng.choice(order["items"]), order, False)
    if called is None:
        return None
    if desk.chance(0.35):
        desk.busy.add(order["order_id"])
        return Errand(desk.say("openings", "keep", item=called), (), (order["order_id"],))
    reason = desk.naming.pick(REASONS)
    text = f"{desk.say('openings', 'remove', item=called)} {desk.say('reasons', reason)}".strip()
    return Errand(text, (cancelling(order, reason),), (order["order_id"],))


def readdress(desk: Desk) -> Errand | None:
    """An order to a new address, to the customer's own, or to that of another order."""
    order = desk.order("pending")
    if order is None:
        return None
    kind = desk.naming.pick(["given", "home", "other"])
    other = desk.elsewhere() if kind == "other" else None
    targets = {"given": address(desk.rng), "home": desk.world.user["address"], "other": (other or order)["address"]}
    target = targets[kind]
    named = desk.chance(0.3)
    called = desk.naming.item(order["items"][0], order, named)
    if called is None or target == order["address"]:
        return None
    place = order["order_id"] if named else desk.say("places", item=called)
    text = desk.say("address", kind, orders=place, address=spoken(target), city=target["city"])
    writes = [sending(order, target)]
    if kind != "home" and desk.chance(0.25):
        text += desk.say("address", "also_user")
        writes.append(moving(desk.world.user, target))
    if desk.chance(0.6):  # else its items may be changed after
        desk.busy.add(order["order_id"])
    needs = (order["order_id"], *([other["order_id"]] if other else []))
    return Errand(text, tuple(writes), needs, named=named and other is None, profile=kind == "home")


def readdress_all(desk: Desk) -> Errand | None:
    """All pending orders and the profile to one new address."""
    orders = desk.all_free("pending")
    if not orders:
        return None
    target = address(desk.rng)
    writes = (*(sending(order, target) for order in orders), moving(desk.world.user, target))
    text = desk.say("address", "every", address=spoken(target))
    return Errand(text, writes, tuple(desk.world.user["orders"]), every_order=True, profile=True)


def move(desk: Desk) -> Errand | None:
    """The customer's own address, to a new one or to that of an order."""
    other = desk.elsewhere() if desk.chance(0.5) else None
    target = other["address"] if other else address(desk.rng)
    kind = "user_other" if other else "user"
    text = desk.say("address", kind, address=spoken(target), city=target["city"])
    needs = (other["order_id"],) if other else ()
    return Errand(text, (moving(desk.world.user, target),), needs, profile=True)


def pay_otherwise(desk: Desk) -> Errand | None:
    """Another payment method for a pending order."""
    order = desk.order("pending")
    if order is None:
        return None
    paid = order["payment_history"][0]
    fitting = [
        method
        for method in desk.naming.methods()
        if method["id"] != paid["payment_method_id"] and method.get("balance", paid["amount"]) >= paid["amount"]
    ]
    method = desk.rng.choice(fitting) if fitting else None
    called = desk.naming.item(order["items"][0], order, False)
    said = desk.naming.method(method) if method else None
    if method is None or called is None or said is None:
        return None
    text = desk.say("payment", "modify", orders=desk.say("places", item=called), method=said)
    arguments = {"order_id": order["order_id"], "payment_method_id": method["id"]}
    return Errand(text, (Action("modify_pending_order_payment", arguments),), (order["order_id"],), profile=True)


def ask(desk: Desk) -> Errand | None:
    """A question that reading an order answers."""
    order = desk.rng.choice(desk.world.orders)
    called = desk.naming.item(desk.rng.choice(order["items"]), order, False)
    return Errand(desk.say("info", item=called), (), (order["order_id"],)) if called else None


def spoken(place: Json) -> str:
    """An address as a customer writes it."""
    return ", ".join(place[part] for part in ("address1", "address2", "city", "state", "zip") if place[part])
