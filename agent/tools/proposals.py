"""A change of an order as a proposal: which order is meant, how the proposal is put to the customer, and its card.

In: the model's arguments and the turn's context. Out: the `Outcome` of a proposal, or the question which order is
meant. Nothing is changed here: a proposal waits for the customer's yes, which code reads
(`agent.middleware.shortcuts`). Errors: `RefusedWrite` with the phrase that tells the customer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

from agent.context import TurnContext
from agent.orders.acts import Kind, OrderKind
from agent.orders.confirm import agrees_in_part, agrees_somehow
from agent.orders.items import Wording
from agent.orders.meant import orders_meant
from agent.orders.order import Order, OrderRefused
from agent.orders.proposals import CASE_CHARS, Proposal
from agent.replies.card import Card, Row
from agent.replies.composer import Artifact, Composer, variant_of
from agent.shown import SPEAKS_OF
from agent.tools.case_telling import say_case
from agent.tools.order_telling import some_orders
from agent.tools.orders import SHOWN, clues_of, known_customer, names_in, not_found, order_json, written
from agent.tools.outcome import Outcome, RefusedWrite, Runtime, outcome, refusal_of
from errors import NotFound
from retrieval.facets import VARIANT_FACETS

PROPOSAL = "proposal"  # the kind of artifact
REPORT_PROBLEM: OrderKind = "report_problem"
_SPOKEN_OF = 3  # items at most that "those" may mean behind a proposal
_TOOLS = {"exchange_items": "exchange_item"}  # those that are not called as the kind of their proposals
_AS_GIVEN = ("reason", "address", "problem", "wish")  # of a summary: arguments of the call
_MONEY = ("total", "amount")
_LINES = ("items", "to", "kept")  # of a summary: lists of items
_IN_WORDS = ("problem", "wish")  # of a summary: values that phrases put into words


class Asked(TypedDict):
    """Of a proposal: its kind, its order, and the languages that an answer may be in."""

    kind: Kind
    order_id: str
    served: tuple[str, ...]


def propose(
    kind: OrderKind,
    runtime: Runtime,
    order_id: str | None,
    items: Sequence[str] = (),
    **arguments: Any,
) -> Outcome:
    """Propose a change of the order that is meant; it waits for the customer's yes."""
    meant = order_for(kind, runtime, order_id, items, address=str(arguments.get("address", "")))
    if not isinstance(meant, Order):
        return meant
    return propose_for(meant, kind, runtime, items, **arguments)


def order_for(
    kind: OrderKind,
    runtime: Runtime,
    order_id: str | None,
    items: Sequence[str],
    allows: Callable[[Order], bool] | None = None,
    address: str = "",
) -> Order | Outcome:
    """The order that is meant, or the question which."""
    context = known_customer(runtime.context)
    services = context.services
    own, named = services.orders.list(context.customer), written(order_id)
    may = allows or (lambda order: services.proposals.allows(order, kind, context.now))
    try:
        meant = orders_meant(own, clues_of(runtime, named, items, names_in(services), address), may)
    except NotFound as error:
        raise not_found(named, runtime, error) from error
    if not own:
        raise RefusedWrite("the customer has no orders", "orders_none")
    if not meant:
        raise RefusedWrite(
            "none of the customer's orders has these items",
            "items_in_no_order",
            items=", ".join(items),
            own=", ".join(order.id for order in own[:SHOWN]),
        )
    return meant[0] if len(meant) == 1 else some_orders(meant, context, "claim" if kind == REPORT_PROBLEM else "which")


def propose_for(
    order: Order, kind: OrderKind, runtime: Runtime, items: Sequence[str] = (), **arguments: Any
) -> Outcome:
    """Propose a change of this order."""
    context = runtime.context
    proposals = context.services.proposals
    before = proposals.pending(context.consultation, context.now)
    wording = Wording(names_in(context.services), context.heard.get(context.turn, ""))
    wish = {**arguments, "order_id": order.id, "items": list(items)}
    try:
        proposal = proposals.propose(context.consultation, context.customer, kind, wish, context.now, wording)
    except OrderRefused as error:
        raise refusal_of(error, order.id) from error
    if before is not None and _is_same(before, proposal) and _agrees(context, before):
        done = proposals.confirm(context.consultation, context.customer, context.now).proposal
        told = _artifact(done.to_json(), order, False, context) | {"case": done.id[:CASE_CHARS]}
        return outcome(context, told, f"done: {kind} {order.id}")
    is_amended = before is not None and (before.kind, before.summary.get("order_id")) == (kind, order.id)
    brief = f"proposed {kind} {order.id}, waiting for the customer's yes"
    return outcome(context, _artifact(proposal.to_json(), order, is_amended, context), brief)


def asked_of(newest: Proposal, context: TurnContext) -> Asked:
    """What the reading of an answer has to know of the proposal."""
    served = (*context.services.shop.languages, context.spoken)
    return {"kind": newest.kind, "order_id": str(newest.summary.get("order_id", "")), "served": served}


def _is_same(before: Proposal, proposal: Proposal) -> bool:
    """Whether what waited is asked for once more, in whatever words."""
    said, again = ({**one.summary, "reason": ""} for one in (before, proposal))
    return before.kind == proposal.kind and said == again


def _agrees(context: TurnContext, waiting: Proposal) -> bool:
    """Whether a message that asks once more for what waits agrees to it, and names nothing else: "figured. ok go ahead
    w the 42", but not "yes and the socks too"."""
    text, of = context.reading.text, asked_of(waiting, context)
    if not (agrees_somehow(text) or agrees_in_part(text, context.language, **of)):
        return False
    lines = (*waiting.summary.get("items", ()), *waiting.summary.get("to", ()))
    by_sku = context.services.retriever.catalog.by_sku
    known = {line.get(name) for line in lines for name in VARIANT_FACETS}
    known |= {by_sku[line["sku"]].category for line in lines if line["sku"] in by_sku}
    counted = (f"{number:f}" for each in context.reading.quantities for number in each.values)
    return known.issuperset((*(value.value for value in context.reading.values), *counted))


def call_again(proposal: Proposal) -> tuple[str, dict[str, Any]]:
    """The call that proposes the same once more: the tool and its arguments."""
    summary, to = proposal.summary, proposal.summary.get("to", ())
    call = {"order_id": summary["order_id"]} | {name: summary[name] for name in _AS_GIVEN if summary.get(name)}
    if to or "pieces" in proposal.arguments:
        lines = ([line["quantity"], line["title"], line.get("color")] for line in summary["items"])
        call |= {"items": [" ".join(str(part) for part in line if part) for line in lines]}
    call |= {name: to[0][name] for name in VARIANT_FACETS if to and to[0].get(name)}
    return tool_of(proposal.kind), call


def tool_of(kind: str) -> str:
    """The tool that proposes this kind."""
    return _TOOLS.get(kind, kind)


def say_proposal(composer: Composer, artifact: Artifact) -> str:
    """What would be done and what not, and the question whether to."""
    proposal = artifact["proposal"]
    if proposal.get("status") == "done":
        return composer.done(proposal)
    if proposal["kind"] == REPORT_PROBLEM:
        return say_case(composer, artifact)
    parts = [composer.change("amend" if artifact.get("is_amended") else "propose", proposal)]
    if kept := proposal["summary"].get("kept"):
        parts.append(composer.say(f"keeps_{proposal['kind']}", items=_kinds(composer, kept)))
    return " ".join([*parts, composer.say("confirm_ask")])


def _kinds(composer: Composer, items: Sequence[Mapping[str, Any]]) -> str:
    """What stays is named by its kind alone ("boots, backpacks"): titles are for what will be done."""
    by_sku = composer.services.retriever.catalog.by_sku
    sold = ((by_sku.get(item["sku"]), item["title"]) for item in items)
    kinds = (composer.worded("category", product.category) if product else title for product, title in sold)
    return composer.say("comma").join(dict.fromkeys(kinds))


def proposal_cards(composer: Composer, artifact: Artifact) -> Sequence[Card]:
    """What will be done if the customer says yes."""
    proposal = artifact["proposal"]
    summary = {name: value for name, value in proposal["summary"].items() if value not in (None, "", [])}
    rows = tuple(Row(composer.say(f"card_{name}"), _values(composer, name, value)) for name, value in summary.items())
    key = str(summary.get("order_id", proposal["kind"]))
    return (Card(key=key, title=composer.say(f"card_{proposal['kind']}"), rows=rows),)


def _artifact(proposal: Mapping[str, Any], order: Order, is_amended: bool, context: TurnContext) -> dict[str, Any]:
    items = proposal["summary"].get("items") or ()
    skus = list(dict.fromkeys(item["sku"] for item in items if item.get("sku")))
    return {
        "kind": PROPOSAL,
        SPEAKS_OF: skus if len(skus) <= _SPOKEN_OF else [],
        "proposal": dict(proposal),
        "is_amended": is_amended,
        "order": order_json(order, context),
        "contact": context.services.shop.facts.get("support_email"),
    }


def _values(composer: Composer, name: str, value: Any) -> tuple[str, ...]:
    """The lines of a row: items one a line, money in the shop's currency, a problem in words."""
    if name in _LINES:
        return tuple(_item(item) for item in value)
    if name in _IN_WORDS:
        return (composer.say(f"{name}_{value}"),)
    return (composer.money(value) if name in _MONEY else str(value),)


def _item(item: Mapping[str, Any]) -> str:
    """ "2 × Fell Jacket (dark green, M)"."""
    variant = variant_of(item)
    return f"{item.get('quantity', 1)} × {item['title']}" + (f" ({variant})" if variant else "")
