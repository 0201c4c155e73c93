"""Carts by UCP: made, shown, filled anew, emptied.

In: a call, a cart's id, all lines that it is to have. Out: UCP's carts. A cart is the customer's own, the one that the
agent fills while it talks to them: what is made for somebody who has one goes into it. What cannot be had is left out,
and a message says so. An emptied cart is none any more; the customer can take that back in the conversation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.cart.bill import Priced, delivered, priced
from agent.cart.cart import Cart, Line, Lines, joined
from agent.shop import CART, Shop
from errors import NotFound
from language.decimals import exact
from retrieval.catalog import Catalog, Product, Variant
from ui.access.caller import Scope
from ui.ucp.call import Call
from ui.ucp.envelope import Capability, Json, enveloped, error, failed, not_found, warning
from ui.ucp.money import minor
from ui.ucp.policies import policies
from ui.ucp.products import choices_of, title_of
from ui.ucp.requests import CartContents, LineItem


@dataclass(frozen=True, slots=True)
class _Fillable:
    """The lines that can be had, and what of the others is to be said."""

    lines: Lines
    messages: tuple[Json, ...]


def create(call: Call, asked: CartContents) -> Json:
    """A cart with these lines, beside what its holder has put in already."""
    holder = call.acting_for_anybody(Scope.CHAT)
    new = _fillable(asked.line_items, call.services.retriever.catalog)
    if not new.lines:
        nothing = error("invalid_request", "a cart needs one line at least", "recoverable", "$.line_items")
        return failed(Capability.CART, *(new.messages or (nothing,)))
    cart = call.services.carts.change(holder, lambda lines: joined(lines, new.lines)).cart
    call.note(holder, "cart")
    return _told(call, cart, asked.context.tongue, new.messages)


def get(call: Call, id: str) -> Json:
    """The cart as it is now."""
    holder, cart = _held(call, id)
    if not cart.lines:
        return _none(id)
    call.note(holder, "cart")
    return _told(call, cart, "")


def update(call: Call, id: str, asked: CartContents) -> Json:
    """The cart with these lines in place of its own."""
    holder, cart = _held(call, id)
    if not cart.lines:
        return _none(id)
    new = _fillable(asked.line_items, call.services.retriever.catalog)
    if new.messages and not new.lines:
        return failed(Capability.CART, *new.messages)
    changed = call.services.carts.change(holder, lambda lines: new.lines).cart
    return _told(call, changed, asked.context.tongue, new.messages)


def cancel(call: Call, id: str) -> Json:
    """The cart as it was; it is empty from now on."""
    holder, cart = _held(call, id)
    if not cart.lines:
        return _none(id)
    call.services.carts.change(holder, lambda lines: ())
    return _told(call, cart, "")


def _held(call: Call, id: str) -> tuple[str, Cart]:
    """Whose it is, and the cart; an empty one where the caller has none of that id."""
    call.caller.needs(Scope.CHAT)
    holder = call.services.carts.holder(id)
    try:
        owner = call.may_act_for(holder, Scope.CHAT) if holder else ""
    except NotFound:
        return "", Cart()
    cart = call.services.carts.get(owner) if owner else Cart()
    return owner, cart if cart.id == id else Cart()


def _none(id: str) -> Json:
    return not_found(Capability.CART, f"there is no cart {id[:80]!r}, or it was emptied")


def _fillable(items: Sequence[LineItem], catalog: Catalog) -> _Fillable:
    lines: dict[str, Line] = {}
    messages = list[Json]()
    for place, item in enumerate(items):
        path = f"$.line_items[{place}]"
        product = catalog.by_sku.get(item.item.id)
        variant = _variant(product, item.item.id)
        if product is None or variant is None:
            said = f"no variant {item.item.id!r} is sold; the catalogue has the ids of a product's variants"
            messages.append(error("item_unavailable", said, "recoverable", path))
            continue
        held = lines[variant.sku].quantity if variant.sku in lines else 0
        pieces = min(held + item.quantity, variant.stock)
        if not pieces:
            messages.append(error("out_of_stock", f"{variant.sku} is sold out", "recoverable", path))
            continue
        if pieces < held + item.quantity:
            said = f"there are {variant.stock} of {variant.sku}, not {held + item.quantity}; the cart has {pieces}"
            messages.append(warning("quantity_adjusted", said, path))
        lines[variant.sku] = Line.of(product, variant, pieces)
    return _Fillable(tuple(lines.values()), tuple(messages))


def _variant(product: Product | None, id: str) -> Variant | None:
    """The variant of that id; a product's own will do where it comes in one form."""
    variants = product.variants if product else ()
    return next((one for one in variants if one.sku == id), variants[0] if len(variants) == 1 else None)


def _told(call: Call, cart: Cart, language: str, messages: Sequence[Json] = ()) -> Json:
    shop = call.services.shop
    sold = [one for one in priced(cart.lines, call.services.retriever.catalog) if one.product and one.variant]
    gone = len(cart.lines) - len(sold)
    left = [warning("item_unavailable", f"{gone} of its lines are sold no more, and left out")] if gone else []
    where = cart.checkout or (shop.checkout_url or "").replace(CART, cart.id)
    body: Json = {
        "id": cart.id,
        "line_items": [_line(one, shop.currency, language) for one in sold],
        "currency": shop.currency,
        "totals": _totals(sold, shop),
    }
    body |= ({"continue_url": where} if where else {}) | policies(shop.facts)
    return enveloped(Capability.CART, body, [*messages, *left])


def _line(one: Priced, currency: str, language: str) -> Json:
    assert one.product is not None and one.variant is not None
    words = ", ".join(choices_of(one.variant).values())
    title = title_of(one.product, language)
    amount = minor(one.amount, currency)
    return {
        "id": one.variant.sku,
        "item": {
            "id": one.variant.sku,
            "title": f"{title} ({words})" if words else title,
            "price": minor(one.variant.price, currency),
        },
        "quantity": one.line.quantity,
        "totals": [{"type": "subtotal", "amount": amount}, {"type": "total", "amount": amount}],
    }


def _totals(sold: Sequence[Priced], shop: Shop) -> list[Json]:
    """The goods, standard delivery where the shop says what it costs, and both."""
    goods = sum((one.amount for one in sold), exact(0))
    added = delivered(shop, goods) if sold else {}
    rows: list[Json] = [{"type": "subtotal", "amount": minor(goods, shop.currency)}]
    if added:
        fee = minor(exact(added["shipping_fee"]), shop.currency)
        rows.append({"type": "fulfillment", "display_text": "Standard delivery", "amount": fee})
    total = minor(exact(added["total"]) if added else goods, shop.currency)
    return [*rows, {"type": "total", "amount": total}]
