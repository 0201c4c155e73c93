"""What customers say about their orders: where is it, what have I bought, cancel it, send it back, send it elsewhere.

In: a `Speaker`, the shop, the `Dialogue` so far. Out: a `DialogueAct`, or None where it makes no sense now. The gold
id:
- an id that the customer types, as it is typed ("10482", "ap 10482"): which order that names is for the tool to say;
- "last" where the message says last, latest or newest, and where no order was shown in this consultation yet;
- otherwise the order shown or proposed most recently ("cancel it").
What the shop's rules forbid is asked for all the same: the tool refuses it, and the call is still right.
"""

import re
from dataclasses import replace
from typing import Any

from agent.models.calls import Call
from agent.orders.confirm import read_answer
from agent.orders.order import NEWEST
from finetune.selfplay.scenarios import Dialogue, DialogueAct
from finetune.selfplay.shops.bank import LANGUAGES
from finetune.selfplay.shopview import OrderView, ShopView
from finetune.selfplay.words.message import Part, Said, Span, Speaker, keep
from finetune.selfplay.words.numbers import write_order

_SAYS_LAST = re.compile(
    r"\b(last|latest|newest|most recent|recent)\b(?! week| month)|最近|最后|上一|上个|上次", re.IGNORECASE
)
_CANCELLABLE = ("processing", "paid")


def last_order(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """Where is my (last) order?"""
    said = speaker.say("last_order")
    meant = _meant(said, dialogue)
    return _looked(said, meant, "last_order", dialogue) if meant else None


def order_that(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """More about the order that was just shown."""
    if dialogue.order is None:
        return None
    return _looked(speaker.say("order_that"), dialogue.order, "order_that", dialogue)


def after_done(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """Was it really done?"""
    if dialogue.order is None or not dialogue.cancelled or dialogue.pending:
        return None
    return _looked(speaker.say("after_done"), dialogue.order, "after_done", dialogue)


def order_by_id(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """One of the customer's own orders, by its id."""
    if not dialogue.customer.orders:
        return None
    order = speaker.rng.choice(dialogue.customer.orders[:4])
    typed = _typed(speaker, order.id)
    return _looked(speaker.say("order_by_id", order=typed.text), order.id, "order_by_id", dialogue, typed.span)


def foreign_order(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """Somebody else's order, or one that there is not: the tool says so."""
    rng = speaker.rng
    own = {order.id for order in dialogue.customer.orders}
    wanted = rng.choice([other for other in shop.order_ids if other not in own])
    if rng.random() < 0.25:  # one that there is not, of as many digits
        wanted = re.sub(r"\d(?=\d{0,3}$)", lambda _: str(rng.randrange(10)), wanted)
    typed = _typed(speaker, wanted)
    said = speaker.say("foreign_order", order=typed.text)
    call = Call("get_order", {"order_id": typed.span})
    return DialogueAct((Part(said.text, (), (call,)),), "foreign_order", replace(dialogue, order=None, shown=True))


def list_orders(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """All orders, or those of one status; afterwards "it" means none of them."""
    after = replace(dialogue, order=None, shown=True)
    if speaker.rng.random() < 0.5:
        said = speaker.say("list_orders")
        return DialogueAct((Part(said.text, (), (Call("list_orders", {}),)),), "list_orders", after)
    status, _, phrase = speaker.rng.choice(speaker.words.lines("list_status")).partition(" = ")
    part = Part(speaker.fill(phrase).text, (), (Call("list_orders", {"status": status}),))
    return DialogueAct((part,), "list_status", after)


def cancel(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """Cancel it, my last order, or one by id."""
    return _wish(speaker, dialogue, "cancel", "cancel_order", {})


def send_back(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """Return an order or some of its items, maybe with the reason in the customer's words."""
    rng = speaker.rng
    orders = dialogue.customer.orders
    reason = speaker.say("return_reason") if rng.random() < 0.35 else None
    if orders and rng.random() < 0.35:
        order = rng.choice(orders[:4])
        item = _item_words(speaker, rng.choice(order.titles))
        typed = _typed(speaker, order.id)
        said = speaker.say("return_items", order=typed.text, item=keep(item))
        given = {"order_id": typed.span, "items": [said.span]}
        return _proposed(said, order.id, "return", "return_items", given, dialogue, reason, speaker)
    return _wish(speaker, dialogue, "return", "return_items", {}, reason)


def readdress(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """Send an order to another address, which is repeated as typed."""
    rng = speaker.rng
    street, city = (rng.choice(speaker.words.lines(name)) for name in ("streets", "cities"))
    number = rng.randint(1, 980)
    if speaker.language == "zh":
        address = f"{city}{street}{number}号" + rng.choice(
            ("", f"{rng.randint(1, 9)}栋{rng.randint(1, 30)}0{rng.randint(1, 4)}室")
        )
    else:
        more = rng.choice(("", "", f", Apt {rng.randint(1, 40)}"))
        address = rng.choice(
            (f"{number} {street}{more}, {city}", f"{number} {street}{more}, {city} {rng.randint(10000, 98000)}")
        )
    return _wish(speaker, dialogue, "address", "change_address", {"address": None}, address=keep(address))


def answer(kind: str, speaker: Speaker, dialogue: Dialogue) -> DialogueAct | None:
    """Yes or no ("confirm", "decline") to what was proposed: read by code, so nothing is learnt from it."""
    if dialogue.pending is None:
        return None
    done = kind == "confirm"
    cancelled = dialogue.cancelled | {dialogue.order} if done and dialogue.order else dialogue.cancelled
    after = replace(dialogue, pending=None, done=done, cancelled=frozenset(cancelled))
    return DialogueAct((Part(speaker.say(kind).text),), kind, after)


def understood(text: str, language: str, kind: str, dialogue: Dialogue) -> bool:
    """Whether code takes the message the way it was meant: an answer as that answer, all else as no answer."""
    if dialogue.pending is None and not dialogue.done:
        return True
    proposed: Any = dialogue.pending or "cancel_order"
    read = read_answer(text, language, kind=proposed, order_id=dialogue.order or "", served=LANGUAGES)
    return read == {"confirm": "yes", "decline": "no"}.get(kind, "unclear")


def _wish(
    speaker: Speaker, dialogue: Dialogue, intent: str, tool: str, arguments: dict[str, Any], reason: Said | None = None,
    address: str = "",
) -> DialogueAct | None:  # fmt: skip
    """A change of "it", of the last order, or of one by id."""
    rng, orders = speaker.rng, dialogue.customer.orders
    slots = {"address": address} if address else {}
    draw = rng.random()
    if dialogue.order and draw < 0.6:
        said, meant = speaker.say(f"{intent}_that", **slots), dialogue.order
    elif orders and draw < 0.8:
        fitting = [order for order in orders if order.id not in dialogue.cancelled and _fits(order, tool)]
        order = rng.choice(fitting or list(orders[:4]))
        typed = _typed(speaker, order.id)
        said, meant = speaker.say(f"{intent}_id", order=typed.text, **slots), order.id
        arguments = {"order_id": typed.span} | arguments
    else:
        said = speaker.say(f"{intent}_last", **slots)
        last = _meant(said, dialogue)
        if last is None:
            return None
        meant = last
    given = arguments | ({"address": said.span} if address else {})
    return _proposed(said, meant, intent, tool, given, dialogue, reason, speaker)


def _proposed(
    said: Said, meant: str, kind: str, tool: str, arguments: dict[str, Any], dialogue: Dialogue, reason: Said | None,
    speaker: Speaker,
) -> DialogueAct:  # fmt: skip
    text = said.text
    given = {"order_id": meant} | arguments
    if reason is not None:
        joint = "，" if speaker.language == "zh" else speaker.rng.choice((", ", " - ", ". "))
        text += joint + reason.text
        given["reason"] = reason.span
    order_id = _resolved(meant, dialogue)
    view = next((order for order in dialogue.customer.orders if order.id == order_id), None)
    allowed = view is not None and view.id not in dialogue.cancelled and _fits(view, tool)
    after = replace(dialogue, order=order_id, shown=True, pending=tool if allowed else None)
    return DialogueAct((Part(text, (), (Call(tool, given),)),), kind, after)


def _fits(order: OrderView, tool: str) -> bool:
    return order.returnable if tool == "return_items" else order.status in _CANCELLABLE and order.total <= order.cap


def _typed(speaker: Speaker, order_id: str) -> Said:
    """An order's id as a customer types it."""
    return speaker.quote(keep(write_order(speaker.rng, order_id)))


def _looked(said: Said, meant: str, kind: str, dialogue: Dialogue, typed: Span | None = None) -> DialogueAct:
    call = Call("get_order", {"order_id": meant if typed is None else typed})
    after = replace(dialogue, order=_resolved(meant, dialogue), shown=True)
    return DialogueAct((Part(said.text, (), (call,)),), kind, after)


def _meant(said: Said, dialogue: Dialogue) -> str | None:
    """ "last" or the order shown; None where the words would be ambiguous."""
    if _SAYS_LAST.search(said.text) or not dialogue.shown:
        return NEWEST
    return dialogue.order


def _resolved(meant: str, dialogue: Dialogue) -> str | None:
    orders = dialogue.customer.orders
    return meant if meant != NEWEST else orders[0].id if orders else None


def _item_words(speaker: Speaker, title: str) -> str:
    words = title.split()
    short = " ".join(words[-speaker.rng.choice((1, 2, 2)) :])
    return title if speaker.rng.random() < 0.5 or any(c.isdigit() for c in short) else short.lower()
