"""The tool for what customers decide about their data: stop, resume, a copy, erasure, and purchases that were gifts.

In: an action, and for a gift the order or words for what was in it. Out: an `Outcome` of kind "data", or for an erasure
a proposal that waits for the customer's yes. Errors: `RefusedWrite` where it is not clear which order is meant.
"""

from collections.abc import Sequence
from typing import Any

from agent.context import TurnContext
from agent.orders.items import pieces_of
from agent.orders.order import Order, OrderRefused
from agent.orders.proposals import ERASE_DATA
from agent.replies.composer import Artifact, Composer
from agent.tools.orders import known_customer, not_found
from agent.tools.outcome import Outcome, RefusedWrite, Runtime, outcome
from agent.tools.proposals import PROPOSAL
from agent.tools.schemas import Json, arguments, choice, text
from agent.tools.tool import Tool
from errors import DataError, NotFound, choices

NAME = "manage_data"
ACTIONS = ("stop", "resume", "export", "erase", "exclude_order")
_NAMED = 5  # orders that a question names


def manage_data(action: str, runtime: Runtime, order_id: str | None = None, words: str | None = None) -> Outcome:
    """Do what the customer decides; an erasure is only proposed."""
    context = runtime.context
    data, wanted = context.services.data, action.strip().casefold()
    match wanted:
        case "stop":
            data.stop(context.customer, context.consultation, context.now)
        case "resume":
            data.resume(context.customer, context.consultation, context.now)
        case "export":
            pass
        case "erase":
            return _erasure(context)
        case "exclude_order":
            return _left_out(runtime, order_id or "", words or "")
        case _:
            raise DataError(f"no action {action!r}; there are {choices(ACTIONS)}")
    return outcome(context, {"kind": "data", "action": wanted}, f"{wanted}: done")


def _erasure(context: TurnContext) -> Outcome:
    """What goes, and what stays."""
    services = context.services
    orders = () if context.is_visitor else services.orders.list(context.customer)
    summary = {"known": len(services.profiles.read(context.customer).everyone), "orders_kept": len(orders)}
    proposal = services.proposals.keep(context.consultation, context.customer, ERASE_DATA, {}, summary, context.now)
    brief = "proposed to erase everything about the customer, waiting for their yes"
    return outcome(context, {"kind": PROPOSAL, "proposal": proposal.to_json()}, brief)


def _left_out(runtime: Runtime, order_id: str, words: str) -> Outcome:
    context = known_customer(runtime.context)
    order = _order(order_id, words, runtime)
    context.services.data.leave_out(context.customer, order.id, context.consultation, context.now)
    items = [{"title": item.title, "quantity": item.quantity} for item in order.items]
    artifact: Json = {"kind": "data", "action": "exclude_order", "order_id": order.id, "items": items}
    return outcome(context, artifact, f"order {order.id} says nothing of the customer's tastes any more")


def _order(order_id: str, words: str, runtime: Runtime) -> Order:
    """The order by its id, else the one that has what the words name. Errors: `RefusedWrite` that asks which."""
    context = runtime.context
    own = context.services.orders.list(context.customer)
    if order_id.strip():
        try:
            return context.services.orders.get(context.customer, order_id)
        except NotFound as error:
            if not words.strip():
                raise not_found(order_id, runtime, error) from error
    found = [order for order in own if words.strip() and _has(order, words)]
    if len(found) != 1:
        named = "; ".join(_named(order) for order in (found or own)[:_NAMED])
        if not named:
            raise RefusedWrite("no orders", "orders_none")
        raise RefusedWrite(f"{words or order_id!r} fits {named}", "gift_which", orders=named)
    return found[0]


def _has(order: Order, words: str) -> bool:
    try:
        return bool(pieces_of(order, [words]))
    except OrderRefused:
        return False


def _named(order: Order) -> str:
    return f"{order.id} ({', '.join(item.title for item in order.items)})"


def say(composer: Composer, artifact: Artifact) -> str:
    """What holds from now on."""
    action = artifact["action"]
    if action != "exclude_order":
        return composer.say(f"data_{action}")
    return composer.say("data_exclude_order", id=artifact["order_id"], items=_items(composer, artifact["items"]))


def _items(composer: Composer, items: Sequence[dict[str, Any]]) -> str:
    return composer.say("comma").join(str(item["title"]) for item in items)


def parameters(_: object) -> Json:
    """The action; the others are for a gift."""
    return arguments(
        {
            "action": choice(
                ACTIONS,
                "stop: note nothing any more; resume: note again; export: get a copy of all data; erase: delete "
                "everything; exclude_order: a purchase was a gift or for somebody else, so do not go by it.",
            ),
            "order_id": text("With exclude_order: the order's id as the customer wrote it, or last, if they name one."),
            "words": text("With exclude_order: the customer's words for what was in the order."),
        },
        required=("action",),
    )


TOOL = Tool(
    name=NAME,
    brief="stop, resume, copy or erase what is known of the customer",
    when=(
        "Do what the customer decides about their data: stop or resume remembering, tell where they get a copy, delete "
        "everything, or leave a purchase that was a gift out of what is known of their taste. Use it only when they "
        "ask for one of these. Deleting is only proposed: their yes carries it out without another call. To forget one "
        "thing use update_profile, to show what is known get_profile."
    ),
    parameters=parameters,
    function=manage_data,
    kind="data",
    say=say,
)
