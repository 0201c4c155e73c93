"""Routes of orders: a customer's own, as the order book has them. They are changed in a consultation, by a yes.

In: a caller and a customer, an order's id. Out: orders with exact amounts. Errors: `NotFound`, the same for no order
and for somebody else's.
"""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from agent.orders.order import Order, OrderItem, Status
from profiles.privacy.audit import Act
from ui.access.caller import Caller, Scope
from ui.access.request import authenticated
from ui.api.money import Money, money
from ui.api.problems import documented
from ui.api.router import CustomerId, RecordId, group
from ui.api.who import customer_of, note

if TYPE_CHECKING:
    from ui.server import Site


class OrderedItem(BaseModel):
    """One line of an order. `price` is of one piece."""

    sku: str = Field(examples=["JKT-1001-NVY-M"])
    title: str
    color: str
    size: str
    quantity: int
    price: Money
    returned: int = Field(description="Pieces that are asked back.")
    cancelled: int = Field(description="Pieces that are not sent.")
    instead_of: str = Field(description="The variant that this line takes the place of, after an exchange.")


class PlacedOrder(BaseModel):
    """An order as the shop knows it."""

    id: str = Field(examples=["AP-10734"])
    placed: str = Field(description="When, in UTC.", examples=["2026-11-20T09:12:00+00:00"])
    status: Status
    items: list[OrderedItem]
    total: Money
    shipping_fee: Money
    address: str
    carrier: str | None
    tracking: str | None
    eta: str | None = Field(description="The day on which it is expected.", examples=["2026-12-03"])
    delivered: str | None = Field(description="The day on which it came.")


class PlacedOrders(BaseModel):
    """A customer's orders, the newest first."""

    orders: list[PlacedOrder]


def routes(site: "Site") -> APIRouter:
    """Of one shop."""
    router = group("Orders")
    asking = Depends(authenticated(site.access))
    services = site.shopkeeper.services
    store, currency = services.profiles, services.shop.currency

    @router.get(
        "/customers/{customer}/orders", response_model=PlacedOrders, responses=documented(404), summary="List orders"
    )
    def list_orders(
        customer: CustomerId,
        caller: Annotated[Caller, asking],
        status: Annotated[Status | None, Query(description="Only those.")] = None,
    ) -> PlacedOrders:
        """A customer's orders, the newest first. A visitor has none."""
        customer = customer_of(site.shopkeeper, caller, customer, Scope.ORDERS)
        note(store, caller, customer, Act.READ, "api orders")
        found = services.orders.list(customer, status)
        return PlacedOrders(orders=[_placed(order, currency) for order in found])

    @router.get(
        "/customers/{customer}/orders/{order}",
        response_model=PlacedOrder,
        responses=documented(404),
        summary="Read an order",
    )
    def read_order(customer: CustomerId, order: RecordId, caller: Annotated[Caller, asking]) -> PlacedOrder:
        """One order, by its id as people write it, or `last` for the newest."""
        customer = customer_of(site.shopkeeper, caller, customer, Scope.ORDERS)
        note(store, caller, customer, Act.READ, "api orders")
        return _placed(services.orders.get(customer, order), currency)

    return router


def _placed(order: Order, currency: str) -> PlacedOrder:
    return PlacedOrder(
        id=order.id,
        placed=order.placed,
        status=order.status,
        items=[_item(item, currency) for item in order.items],
        total=money(order.total, currency),
        shipping_fee=money(order.shipping_fee, currency),
        address=order.address,
        carrier=order.carrier,
        tracking=order.tracking,
        eta=order.eta,
        delivered=order.delivered,
    )


def _item(item: OrderItem, currency: str) -> OrderedItem:
    return OrderedItem(**item.to_json() | {"price": money(item.price, currency)})
