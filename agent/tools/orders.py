"""What the order tools share: a change of an order as a proposal, and what is said of one that is not there.

In: the model's arguments and the turn's context. Out: the `Outcome` of a proposal, how it is put to the customer, and
its card. Only the customer's own orders are ever read; nothing is changed here: a proposal waits for the customer's
yes, which code reads (`agent.middleware.shortcuts`). Errors: `RefusedWrite` with the phrase that tells the customer.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agent.context import TurnContext
from agent.orders.order import NEWEST, Order, OrderRefused
from agent.orders.proposals import Kind
from agent.replies.card import Card, Row
from agent.replies.composer import Artifact, Composer
from agent.replies.gate.keys import Keys
from agent.tools.outcome import Outcome, RefusedWrite, Runtime, outcome, refusal_of
from agent.tools.schemas import Json, text
from errors import NotFound

PROPOSAL = "proposal"  # the kind of artifact
ORDER_KEYS = Keys(units={"returned": "spec"})
SHOWN = 5
_MONEY = ("total", "amount")


def order_id_argument() -> Json:
    """The argument that names an order."""
    return text(f'The number of the order as it was written, or "{NEWEST}" for the customer\'s newest order.')


def order_json(order: Order, context: TurnContext) -> dict[str, Any]:
    """An order as plain JSON; the time that it was placed is the shop's, so that its date is."""
    placed = datetime.fromisoformat(order.placed).astimezone(context.services.shop.zone)
    return order.to_json() | {"placed": placed.isoformat()}


def propose(kind: Kind, order_id: str, arguments: dict[str, Any], runtime: Runtime) -> Outcome:
    """Propose a change of an order; it waits for the customer's yes."""
    context = known_customer(runtime.context)
    wish = arguments | {"order_id": order_id}
    proposals = context.services.proposals
    try:
        proposal = proposals.propose(context.consultation, context.customer, kind, wish, context.now)
    except NotFound as error:
        raise not_found(order_id, runtime, error) from error
    except OrderRefused as error:
        raise refusal_of(error, context.services.orders.get(context.customer, wish["order_id"]).id) from error
    brief = f"proposed {kind} {proposal.summary['order_id']}, waiting for the customer's yes"
    return outcome(context, {"kind": PROPOSAL, "proposal": proposal.to_json()}, brief)


def say_proposal(composer: Composer, artifact: Artifact) -> str:
    """What would be done, and the question whether to."""
    return f"{composer.change('propose', artifact['proposal'])} {composer.say('confirm_ask')}"


def proposal_cards(composer: Composer, artifact: Artifact) -> Sequence[Card]:
    """What will be done if the customer says yes."""
    proposal = artifact["proposal"]
    summary = {name: value for name, value in proposal["summary"].items() if value not in (None, "", [])}
    rows = tuple(Row(composer.say(f"card_{name}"), _values(composer, name, value)) for name, value in summary.items())
    key = str(summary.get("order_id", proposal["kind"]))
    return (Card(key=key, title=composer.say(f"card_{proposal['kind']}"), rows=rows),)


def _values(composer: Composer, name: str, value: Any) -> tuple[str, ...]:
    """The lines of a row: items one a line, money in the shop's currency."""
    if name == "items":
        return tuple(_item(item) for item in value)
    return (composer.money(value) if name in _MONEY else str(value),)


def _item(item: Mapping[str, Any]) -> str:
    """ "2 × Fell Jacket (dark green, M)"."""
    variant = ", ".join(str(item[key]) for key in ("color", "size") if item.get(key))
    return f"{item.get('quantity', 1)} × {item['title']}" + (f" ({variant})" if variant else "")


def known_customer(context: TurnContext) -> TurnContext:
    """The context of somebody who has logged in; a visitor has no orders."""
    if context.is_visitor:
        raise RefusedWrite("a visitor has no orders: log in first", "login_first")
    return context


def not_found(order_id: str, runtime: Runtime, error: NotFound) -> RefusedWrite:
    """What is said of an order that the customer does not have."""
    own = runtime.context.services.orders.list(runtime.context.customer)
    if not own:
        return RefusedWrite(str(error), "orders_none")
    return RefusedWrite(str(error), "order_not_found", id=order_id, own=", ".join(order.id for order in own[:SHOWN]))
