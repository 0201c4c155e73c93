"""Errands about returns: some items, all but one, all of an order, things of several orders, the dearer of two.

In: a `Desk`. Out: an `Errand`, or None where this customer's orders do not allow one just now.
"""

from collections.abc import Sequence
from typing import Any

from finetune.corpora.tau2.data import Action
from finetune.corpora.tau2.errand import Desk, Errand, original_method, returning
from finetune.corpora.tau2.wishes import listed

Json = dict[str, Any]


def some_items(desk: Desk) -> Errand | None:
    """Some items of an order, by name."""
    order = desk.order("delivered")
    if order is None:
        return None
    named = desk.chance(0.25)
    chosen = desk.rng.sample(order["items"], desk.rng.randint(1, len(order["items"])))
    called = [name for name in (desk.naming.item(item, order, named) for item in chosen) if name]
    if len(called) < len(chosen):
        return None
    late = ""
    if len(chosen) > 1 and desk.chance(0.15):
        late = desk.say("twists", "add", item=called.pop())
    text = desk.say("openings", "return_in" if named else "return", items=listed(called), order=order["order_id"])
    return _returned(desk, order, chosen, text, named, late)


def whole_order(desk: Desk) -> Errand | None:
    """All items of an order, or all but one."""
    order = desk.order("delivered")
    if order is None:
        return None
    kind = desk.naming.pick(["return_all", "return_all_in", "return_except"])
    item = desk.rng.choice(order["items"])
    called = desk.naming.item(item, order, kind == "return_all_in")
    kept = [other for other in order["items"] if other is not item] if kind == "return_except" else order["items"]
    if called is None or not kept:
        return None
    text = desk.say("openings", kind, item=called, order=order["order_id"])
    return _returned(desk, order, kept, text, named=kind == "return_all_in")


def several_orders(desk: Desk) -> Errand | None:
    """Things of two orders in one breath, each order returned by its own call."""
    orders = desk.free("delivered")
    if len(orders) < 2:
        return None
    parts = [
        (order, desk.rng.sample(order["items"], desk.rng.randint(1, min(2, len(order["items"])))))
        for order in desk.rng.sample(orders, 2)
    ]
    called = [
        name for name in (desk.naming.item(item, order, False) for order, items in parts for item in items) if name
    ]
    if len(called) < sum(len(items) for _, items in parts):
        return None
    return _returns(parts, desk.say("openings", "return", items=listed(called)))


def everything(desk: Desk) -> Errand | None:
    """All that was ever delivered."""
    orders = desk.all_free("delivered")
    if not orders:
        return None
    made = _returns([(order, order["items"]) for order in orders], desk.say("openings", "return_everything"))
    return Errand(made.text, made.writes, tuple(desk.world.user["orders"]), every_order=True)


def one_of_two(desk: Desk) -> Errand | None:
    """Of two things of one product, the dearer or the cheaper one."""
    order = desk.order("delivered")
    if order is None:
        return None
    owned = [item["product_id"] for other in desk.world.orders for item in other["items"]]
    for product_id in dict.fromkeys(item["product_id"] for item in order["items"]):
        pair = [item for item in order["items"] if item["product_id"] == product_id]
        if len(pair) == 2 and owned.count(product_id) == 2 and pair[0]["price"] != pair[1]["price"]:
            pair.sort(key=lambda item: float(item["price"]))
            dear = desk.chance(0.6)
            noun = pair[0]["name"].lower()
            text = desk.say("openings", "return_dearer" if dear else "return_cheaper", noun=noun)
            return _returned(desk, order, [pair[dear]], text)
    return None


def _returned(desk: Desk, order: Json, items: Sequence[Json], text: str, named: bool = False, late: str = "") -> Errand:
    """A return with its refund, and now and then a question about the sum."""
    paying = desk.naming.refund(order)
    writes = [returning(order, items, paying.method)]
    said = f"{late} {paying.said}".strip()
    if len(items) > 1 and desk.chance(0.08):
        said = f"{said} {desk.say('totals', 'refund')}".strip()
        writes.insert(0, Action("calculate", {"expression": " + ".join(str(item["price"]) for item in items)}))
    return Errand(
        text, tuple(writes), (order["order_id"],), after=said, whole=named, named=named, profile=paying.profile
    )


def _returns(parts: Sequence[tuple[Json, Sequence[Json]]], text: str) -> Errand:
    writes = [returning(order, items, original_method(order)) for order, items in parts]
    return Errand(text, tuple(writes), tuple(order["order_id"] for order, _ in parts))
