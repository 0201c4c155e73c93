"""Routes of carts: what is in a customer's, what it comes to, and its changes.

In: a caller and a customer, a variant, a number of pieces. Out: the cart with the prices of now. Each change is one
transaction, and an undo goes back to the state before. Errors: `NotFound` for what is not sold or not in it, `Invalid`
where a product comes in several variants, `NotEnough` where the shop has fewer pieces.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from agent.cart.bill import bill
from agent.cart.cart import Cart, Lines, exchanged, held_of, put, without
from agent.context import Services
from agent.shop import CART
from errors import NotFound
from profiles.privacy.audit import Act
from retrieval.catalog import Product, Variant
from ui.access.caller import Caller, Scope
from ui.access.request import authenticated
from ui.api.idempotency import Keyed, keyed
from ui.api.money import Money, money
from ui.api.problems import Invalid, documented
from ui.api.router import CustomerId, Sku, group
from ui.api.who import customer_of, note

if TYPE_CHECKING:
    from ui.server import Site

_MOST_PIECES = 10_000
_Article = Annotated[str, StringConstraints(min_length=1, max_length=100)]
_Pieces = Annotated[int, Field(ge=1, le=_MOST_PIECES)]
Step = Callable[[Services, Lines], Lines]


class CartLine(BaseModel):
    """So many pieces of a variant, at the prices of now."""

    sku: str = Field(examples=["JKT-1001-NVY-M"])
    product: str | None = Field(description="Null: it is sold no more, and counts nothing.", examples=["JKT-1001"])
    title: str
    color: str
    size: str
    quantity: int
    price: Money | None = Field(description="Of one piece.")
    amount: Money | None = Field(description="Of all its pieces.")
    price_then: Money | None = Field(description="When it was put in, where that was another price.")
    stock: int | None = Field(description="Pieces that are there, where that is fewer than the cart holds.")


class CartHeld(BaseModel):
    """A cart, and what it comes to."""

    id: str = Field(description="Empty until something was put in.")
    lines: list[CartLine]
    pieces: int
    goods: Money
    delivery: str | None = Field(description="The way of delivery that `shipping_fee` is of.", examples=["standard"])
    shipping_fee: Money | None
    total: Money | None = Field(description="With delivery; null where the cart is empty, or the shop has no rule.")
    checkout_url: str | None = Field(description="Where it is paid, if the shop says so.")


class AddedLine(BaseModel):
    """What is put in."""

    model_config = ConfigDict(extra="forbid")
    sku: _Article = Field(description="Of a variant, or of a product that comes in one.", examples=["JKT-1001-NVY-M"])
    quantity: _Pieces = 1


class ChangedLine(BaseModel):
    """What a line is to be."""

    model_config = ConfigDict(extra="forbid")
    sku: _Article | None = Field(default=None, description="Another variant in its place.", examples=["JKT-1001-NVY-L"])
    quantity: _Pieces | None = Field(default=None, description="Pieces from now on; left out: as many as before.")


def routes(site: "Site") -> APIRouter:
    """Of one shop."""
    shopkeeper, store = site.shopkeeper, site.shopkeeper.services.profiles
    router = group("Carts")
    asking, key = Depends(authenticated(site.access)), Depends(keyed(store))
    problems: dict[str, Any] = {"response_model": CartHeld, "responses": documented(404, 409)}
    path = "/customers/{customer}/cart"

    def changed(customer: str, caller: Caller, key: Keyed, step: Step) -> Response:
        owner = customer_of(shopkeeper, caller, customer, Scope.CHAT)

        def act() -> CartHeld:
            services = shopkeeper.services
            cart = services.carts.change(owner, lambda lines: step(services, lines)).cart
            note(store, caller, owner, Act.CHANGED, "api cart")
            return _held(services, cart)

        return key.once(caller, owner, act)

    @router.get(path, response_model=CartHeld, responses=documented(404), summary="Read a cart")
    def read_cart(customer: CustomerId, caller: Annotated[Caller, asking]) -> CartHeld:
        """What is in the cart, at the prices of now, with delivery."""
        owner = customer_of(shopkeeper, caller, customer, Scope.CHAT)
        note(store, caller, owner, Act.READ, "api cart")
        return _held(shopkeeper.services, shopkeeper.services.carts.get(owner))

    @router.post(f"{path}/lines", **problems, summary="Put something in")
    def add_to_cart(
        customer: CustomerId, added: AddedLine, caller: Annotated[Caller, asking], key: Annotated[Keyed, key]
    ) -> Response:
        """Put so many pieces more of a variant in. Refused where the shop has fewer than the cart would hold."""

        def step(services: Services, lines: Lines) -> Lines:
            return put(lines, *_article(services, added.sku), added.quantity)

        return changed(customer, caller, key, step)

    @router.patch(f"{path}/lines/{{sku}}", **problems, summary="Change a line")
    def change_cart_line(
        customer: CustomerId,
        sku: Sku,
        wanted: ChangedLine,
        caller: Annotated[Caller, asking],
        key: Annotated[Keyed, key],
    ) -> Response:
        """Another number of pieces, another variant, or both."""

        def step(services: Services, lines: Lines) -> Lines:
            pieces = wanted.quantity or _pieces(lines, sku)
            _pieces(lines, sku)
            return exchanged(lines, sku, *_article(services, wanted.sku or sku), pieces)

        return changed(customer, caller, key, step)

    @router.delete(f"{path}/lines/{{sku}}", **problems, summary="Take a line out")
    def remove_cart_line(
        customer: CustomerId, sku: Sku, caller: Annotated[Caller, asking], key: Annotated[Keyed, key]
    ) -> Response:
        """All pieces of a variant; also of one that is sold no more."""

        def step(_: Services, lines: Lines) -> Lines:
            _pieces(lines, sku)
            return without(lines, [sku])

        return changed(customer, caller, key, step)

    @router.delete(path, **problems, summary="Empty a cart")
    def clear_cart(customer: CustomerId, caller: Annotated[Caller, asking], key: Annotated[Keyed, key]) -> Response:
        """Nothing is left in it; an undo brings all back."""
        return changed(customer, caller, key, lambda _, lines: ())

    @router.post(f"{path}/undo", **problems, summary="Take the last change back")
    def undo_cart_change(
        customer: CustomerId, caller: Annotated[Caller, asking], key: Annotated[Keyed, key]
    ) -> Response:
        """The cart as it was before its last change; again, and as it was before that."""
        owner = customer_of(shopkeeper, caller, customer, Scope.CHAT)

        def act() -> CartHeld:
            cart = shopkeeper.services.carts.undo(owner).cart
            note(store, caller, owner, Act.CHANGED, "api cart")
            return _held(shopkeeper.services, cart)

        return key.once(caller, owner, act)

    return router


def _article(services: Services, sku: str) -> tuple[Product, Variant]:
    product = services.retriever.catalog.find(sku)
    variants = {one.sku: one for one in product.variants}
    if sku not in variants and len(variants) > 1:
        raise Invalid(f"{sku!r} comes in {len(variants)} variants: name one of them", list(variants))
    return product, variants.get(sku, product.variants[0])


def _pieces(lines: Lines, sku: str) -> int:
    """How many are in the cart. Errors: `NotFound`."""
    if pieces := held_of(lines, sku):
        return pieces
    raise NotFound(f"{sku!r} is not in the cart")


def _held(services: Services, cart: Cart) -> CartHeld:
    shop = services.shop
    told = bill(cart.lines, services.retriever.catalog, shop)
    address = cart.checkout or (shop.checkout_url or "").replace(CART, cart.id)

    def amount(of: dict[str, Any], name: str) -> Money | None:
        return money(of[name], shop.currency) if name in of else None

    return CartHeld(
        id=cart.id,
        lines=[
            CartLine(
                **{name: line[name] for name in ("sku", "title", "quantity")},
                product=line.get("product"),
                color=line.get("color", ""),
                size=line.get("size", ""),
                stock=line.get("stock"),
                price=amount(line, "price"),
                amount=amount(line, "amount"),
                price_then=amount(line, "price_then"),
            )
            for line in told["lines"]
        ],
        pieces=told["pieces"],
        goods=money(told["goods"], shop.currency),
        delivery=told.get("method"),
        shipping_fee=amount(told, "shipping_fee"),
        total=amount(told, "total"),
        checkout_url=address if address and cart.lines else None,
    )
