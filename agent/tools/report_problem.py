"""The tool for what went wrong: a parcel that did not come or is late, goods that are damaged, wrong or missing.

In: the problem, the items, what the customer would like, an order's id, "last" or none. Out: an `Outcome` of kind
"proposal" to open a case for the staff; of kind "order" where the order's state is the answer; of kind "orders" where
several may be meant. Errors: `RefusedWrite` where a rule forbids it, or where it is not clear which item is meant.
"""

from agent.context import TurnContext
from agent.intents import Telling
from agent.orders.cases import PROBLEMS, WISHES, Problem, is_plausible, needs_case
from agent.orders.order import Order
from agent.tools.order_telling import one_order
from agent.tools.orders import ORDER_KEYS, items_argument, listed, meant_order_argument, written
from agent.tools.outcome import Outcome, Runtime
from agent.tools.proposals import PROPOSAL, REPORT_PROBLEM, order_for, proposal_cards, propose_for, say_proposal
from agent.tools.schemas import arguments, choice
from agent.tools.tool import Source, Tool
from errors import DataError, choices
from language.cues import cue


def report_problem(
    problem: str,
    runtime: Runtime,
    order_id: str | None = None,
    items: list[str] | None = None,
    wish: str | None = None,
) -> Outcome:
    """Propose a case, or tell how the order stands."""
    what, wishes, context = _problem(written(problem)), listed(items), runtime.context

    def allows(order: Order) -> bool:
        return is_plausible(order, what, context.today)

    order = order_for(REPORT_PROBLEM, runtime, order_id, wishes, allows)
    if not isinstance(order, Order):
        return order
    if not needs_case(order, what, context.today):
        return one_order(order, context)
    words = "\n".join((*_said_before(order, context), context.heard.get(context.turn, "")))
    return propose_for(order, REPORT_PROBLEM, runtime, wishes, problem=what, wish=_wish(written(wish)), words=words)


def _said_before(order: Order, context: TurnContext) -> list[str]:
    """The customer's words for what is being amended, or proposed once more."""
    newest = context.services.proposals.last(context.consultation)
    if newest is None or newest.status not in ("pending", "lapsed") or context.now >= newest.expires:
        return []
    is_same = (newest.kind, newest.summary.get("order_id")) == (REPORT_PROBLEM, order.id)
    return [str(newest.arguments["words"])] if is_same else []


def _problem(words: str) -> Problem:
    """Errors: `DataError` for what is no problem that there is."""
    plain = words.casefold().replace(" ", "_").replace("-", "_")
    if plain not in PROBLEMS:
        raise DataError(f"no problem {words[:40]!r}; there are {choices(PROBLEMS)}")
    return plain


def _wish(words: str) -> str:
    """What the customer would like; nothing, for words that say none of it."""
    plain = words.casefold()
    return next((one for one in WISHES if plain == one or cue(f"wish_{one}", plain)), "")


TOOL = Tool(
    name=REPORT_PROBLEM,
    brief="report a problem",
    when=(
        "Report that something is wrong with an order: it did not arrive, is late, or an item of it is damaged, wrong "
        "or missing. Use it for every such complaint; it says what is known and offers to open a case for the staff. "
        "Nothing is opened by the call: the customer's yes does that without another call. For goods that are as "
        "ordered and merely do not please, use return_items or exchange_item."
    ),
    parameters=lambda services: arguments(
        {
            "problem": choice(PROBLEMS, "What is wrong."),
            "order_id": meant_order_argument(),
            "items": items_argument("The items it is about, as the customer names them; leave it out for the parcel."),
            "wish": choice(WISHES, "What the customer would like, only if they say so."),
        },
        required=("problem",),
    ),
    function=report_problem,
    kind=PROPOSAL,
    say=say_proposal,
    cards=proposal_cards,
    keys=ORDER_KEYS,
    sources={"order_id": Source.ORDER_ID},
    intent=Telling.propose,
    pursues=True,
)
