"""The tool that finds orders: by number, by what was in them, by status, by when they were placed.

In: what is known of them. Out: an `Outcome` of kind "order" if one is found, else of kind "orders". Errors:
`RefusedWrite` for a visitor, and for a number that none of the customer's orders has.
"""

from collections.abc import Sequence
from datetime import date, datetime

from agent.context import TurnContext
from agent.orders.book import is_newest
from agent.orders.meant import LOOKED_FOR, holding, orders_meant, wants_of
from agent.orders.order import STATUSES, Order
from agent.tools.order_telling import SEVERAL, intent, one_order, say_orders, some_orders
from agent.tools.orders import (
    ORDER_KEYS,
    SHOWN,
    clues_of,
    known_customer,
    listed,
    meant_order_argument,
    names_in,
    not_found,
    written,
)
from agent.tools.outcome import Outcome, Runtime
from agent.tools.schemas import arguments, choice, text
from agent.tools.tool import Source, Tool
from errors import NotFound
from language.cues import cue
from language.dates import find_dates

NAME = "find_orders"


def find_orders(
    runtime: Runtime,
    order_id: str | None = None,
    words: str | None = None,
    status: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> Outcome:
    """The customer's orders that all of this is true of."""
    context = known_customer(runtime.context)
    own = context.services.orders.list(context.customer)
    named, what = written(order_id), listed(words)
    if named and not is_newest(named):
        try:
            clues = clues_of(runtime, named, (), names_in(context.services))
            return one_order(orders_meant(own, clues, lambda order: True)[0], context)
        except NotFound as error:
            raise not_found(named, runtime, error) from error
    wanted = _status(written(status))
    found = [order for order in own if wanted in (None, order.status) and _is_placed(order, since, until, context)]
    if wants := wants_of(what):
        found = [*holding(found, wants, names_in(context.services), LOOKED_FOR)]
    if not found:
        return some_orders(own, context, "none" if own else "list", wanted)
    if len(found) == 1 or named:
        return one_order(found[0], context)
    return some_orders(found, context, "which" if wants else "list", wanted)


def _status(words: str) -> str | None:
    """A status as it is called, or in words: "on the way"; None for words that name none."""
    plain = words.casefold().replace(" ", "_")
    return plain if plain in STATUSES else next((one for one in STATUSES if cue(f"status_{one}", words)), None)


def _is_placed(order: Order, since: str | None, until: str | None, context: TurnContext) -> bool:
    """Whether it was placed in this time; what is no date limits nothing."""
    placed = context.day_of(datetime.fromisoformat(order.placed))
    first, last = _days(since, context), _days(until, context)
    return (not first or min(first) <= placed) and (not last or placed <= max(last))


def _days(words: str | None, context: TurnContext) -> Sequence[date]:
    """The ends of what a date says: of "2026-11", the first and the last of November."""
    mentions = find_dates(written(words), context.today, context.services.shop.languages)
    return [end for each in mentions for end in (each.first, each.last, *each.days) if end]


TOOL = Tool(
    name=NAME,
    brief="find orders",
    when=(
        "Find the customer's own orders: where one is, when it comes, what was in it, what was ordered in a month, or "
        "how far a refund is. Use it for every question about their orders, with what the customer says of the one "
        f"they mean; one that is found is told in full, of several the newest {SHOWN} are listed. Do not call it "
        "before cancel_order, return_items, exchange_item, change_address or report_problem: they find the order "
        "themselves."
    ),
    parameters=lambda services: arguments(
        {
            "order_id": meant_order_argument(),
            "words": text("What was in it, in the customer's words: a product, kind, color or size."),
            "status": choice(STATUSES, "Only orders of this status, if the customer names one."),
            "since": text("Only orders placed on this day or later, as YYYY-MM-DD."),
            "until": text("Only orders placed on this day or before, as YYYY-MM-DD."),
        },
        required=(),
    ),
    function=find_orders,
    kind=SEVERAL,
    say=say_orders,
    keys=ORDER_KEYS,
    sources={"order_id": Source.ORDER_ID, "words": Source.NEWEST_WORDS, "status": Source.STATUS},
    intent=intent,
    keeps_proposal=True,
)
