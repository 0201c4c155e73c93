"""Errands about items of an order that should be others of their product: exchanges and modifications.

In: a `Desk`. Out: an `Errand`, or None where this customer's orders do not allow one just now.
"""

from collections.abc import Sequence
from typing import Any

from finetune.corpora.tau2.data import Action
from finetune.corpora.tau2.errand import Desk, Errand, cancelling, original_method, returning
from finetune.corpora.tau2.signatures import REASONS
from finetune.corpora.tau2.wishes import Wish, Wisher, listed

Json = dict[str, Any]


def exchange(desk: Desk) -> Errand | None:
    """Other variants for delivered items."""
    return _change(desk, "delivered")


def modify(desk: Desk) -> Errand | None:
    """Other variants for items of a pending order."""
    return _change(desk, "pending")


def _change(desk: Desk, status: str) -> Errand | None:
    """One to three items of an order for others of their products."""
    order = desk.order(status)
    if order is None:
        return None
    named = desk.chance(0.3)
    count = min(len(order["items"]), desk.rng.choices((1, 2, 3), (6, 4, 1))[0])
    chosen = desk.rng.sample(order["items"], count)
    wishes = [Wisher(desk.rng, desk.world.product(item), item).wish() for item in chosen]
    called = [desk.naming.item(item, order, named) for item in chosen]
    known = [(item, wish, name) for item, wish, name in zip(chosen, wishes, called, strict=True) if wish and name]
    missing = [wish for _, wish, _ in known if wish.item_id is None]
    instead = desk.naming.pick(["skip", "skip", "return" if status == "delivered" else "cancel"]) if missing else ""
    if len(known) < count or len(missing) > 1 or (instead not in ("", "skip") and count > 1):
        return None
    pairs = [_pair(desk, item, wish, name, instead) for item, wish, name in known]
    swaps = [(item, wish.item_id, name) for item, wish, name in known if wish.item_id is not None]
    only = ""
    if len(swaps) > 1 and not missing and desk.chance(0.12):
        swaps = [desk.rng.choice(swaps)]
        only = desk.say("twists", "only", item=swaps[0][2])
    changed = [(item, new) for item, new, _ in swaps]
    made = _swapped(desk, order, changed) if swaps else _instead(order, chosen[0], instead)
    if made is None:
        return None
    opening = ("exchange" if status == "delivered" else "modify") + ("_in" if named else "")
    return Errand(
        text=desk.say("openings", opening, pairs=listed(pairs), order=order["order_id"]),
        writes=made.writes,
        needs=(order["order_id"],),
        products=tuple(dict.fromkeys(item["product_id"] for item in chosen)),
        after=" ".join(part for part in (made.after, only) if part),
        whole=named,
        named=named,
        profile=made.profile,
    )


def every_item(desk: Desk) -> Errand | None:
    """All items of an order for the cheapest or the dearest variants."""
    order = desk.order(desk.naming.pick(["pending", "delivered"]))
    if order is None or len(order["items"]) < 2:
        return None
    kind = desk.naming.pick(["cheapest", "dearest"])
    named = desk.chance(0.4)
    called = desk.naming.item(order["items"][0], order, named)
    swaps = [(item, _best(desk, item, kind)) for item in order["items"]]
    if called is None or any(best is None or best == item["item_id"] for item, best in swaps):
        return None
    made = _swapped(desk, order, [(item, str(best)) for item, best in swaps])
    if made is None:
        return None
    place = order["order_id"] if named else desk.say("places", item=called)
    return Errand(
        text=desk.say("openings", f"every_{kind}", place=place),
        writes=made.writes,
        needs=(order["order_id"],),
        products=tuple(dict.fromkeys(item["product_id"] for item in order["items"])),
        after=made.after,
        named=named,
        profile=made.profile,
    )


def _best(desk: Desk, item: Json, kind: str) -> str | None:
    there = [v for v in desk.world.product(item)["variants"].values() if v["available"]]
    there.sort(key=lambda variant: float(variant["price"]))
    return str(there[0 if kind == "cheapest" else -1]["item_id"]) if there else None


def _pair(desk: Desk, item: Json, wish: Wish, called: str, instead: str) -> str:
    text = desk.say("pairs", item=called, wish=wish.text)
    return text + (desk.say("give_up", instead, noun=item["name"].lower()) if wish.item_id is None else "")


def _instead(order: Json, item: Json, instead: str) -> Errand:
    """What is done where the wish cannot be had."""
    if instead == "return":
        return Errand("", (returning(order, [item], original_method(order)),))
    return Errand("", (cancelling(order, REASONS[0]),) if instead == "cancel" else ())


def _swapped(desk: Desk, order: Json, swaps: Sequence[tuple[Json, str]]) -> Errand | None:
    """The change itself, with its payment, and now and then a question about the difference."""
    variants = [desk.world.product(item)["variants"][new] for item, new in swaps]
    difference = sum(new["price"] - item["price"] for (item, _), new in zip(swaps, variants, strict=True))
    paying = desk.naming.payment(order, difference)
    if paying is None:
        return None
    tool = "exchange_delivered_order_items" if order["status"] == "delivered" else "modify_pending_order_items"
    ids = {"item_ids": [item["item_id"] for item, _ in swaps], "new_item_ids": [new for _, new in swaps]}
    writes = [Action(tool, {"order_id": order["order_id"], **ids, "payment_method_id": paying.method})]
    said = paying.said
    if len(swaps) == 1 and desk.chance(0.06):
        said = f"{said} {desk.say('totals', 'difference')}".strip()
        expression = f"{variants[0]['price']} - {swaps[0][0]['price']}"
        writes.insert(0, Action("calculate", {"expression": expression}))
    return Errand("", tuple(writes), after=said, profile=paying.profile)
