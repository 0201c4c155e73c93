"""A task of a tau2-style shop as a conversation: the customer's words, then calls and their real results.

In: the database and a `Task`. Out: its `Step`s, and them as messages for the chat template or as a training sample.

Many annotators wrote down only what changes something. Such a call cannot be made by anybody who has not read the
order, so `steps` fills in the lookups that must have come before it, as context: they are marked, never scored and
never learnt. The rule is in `_missing`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from finetune.corpora.tau2.data import Action, Task
from finetune.corpora.tau2.signatures import ITEM_CHANGES, tool_schemas
from finetune.corpora.tau2.tools import RetailTools
from finetune.samples import Sample

Json = dict[str, Any]

INSTRUCTIONS = (
    "You serve the customers of a shop by calling tools, one call at a time. Find the customer first, then read "
    "the orders and products that matter, then do what was asked. A pending order can be changed or cancelled, a "
    "delivered one returned or exchanged, once. Unless the customer says otherwise, use the payment method of the "
    "order; a refund goes there or to a gift card."
)
WRITES = frozenset(
    {
        *ITEM_CHANGES,
        "cancel_pending_order",
        "modify_pending_order_address",
        "modify_pending_order_payment",
        "modify_user_address",
        "return_delivered_order_items",
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """A call with its result; `given` marks a lookup that was filled in and is there to be read only."""

    action: Action
    result: str
    given: bool = False


def steps(db: Json, task: Task) -> list[Step]:
    """The task's calls, executed in order on a copy of the database, with the lookups that they lack."""
    tools = RetailTools(db)
    done: list[Step] = []
    for action in task.actions:
        for lookup in _missing(db, task, done, action):
            done.append(Step(lookup, tools.execute(lookup.name, lookup.arguments), given=True))
        done.append(Step(action, tools.execute(action.name, action.arguments)))
    return done


def _missing(db: Json, task: Task, done: Sequence[Step], action: Action) -> Iterator[Action]:
    """What was not looked up before a change: who it is; if no order was read, the profile and all orders, else the
    order in question; and the products of the items that are changed, in the order's own order."""
    if action.name not in WRITES:
        return
    order = db["orders"].get(action.arguments.get("order_id"))
    user = db["users"].get(order["user_id"] if order else action.arguments.get("user_id"))
    if user is None:
        return
    if not any(step.action.name.startswith("find_user") for step in done):
        yield find_user(user, by_email=user["email"] in task.words)
    if not any(step.action.name == "get_order_details" for step in done):
        if not any(step.action.name == "get_user_details" for step in done):
            yield Action("get_user_details", {"user_id": user["user_id"]})
        if not any(later.name == "get_order_details" for later in task.actions):
            yield from (Action("get_order_details", {"order_id": order_id}) for order_id in user["orders"])
    read = {value for step in done for value in step.action.arguments.values() if isinstance(value, str)}
    if order and order["order_id"] not in read and any(a.name == "get_order_details" for a in task.actions):
        yield Action("get_order_details", {"order_id": order["order_id"]})
    if order and action.name in ITEM_CHANGES:
        changed = set(action.arguments.get("item_ids", ()))
        products = [item["product_id"] for item in order["items"] if item["item_id"] in changed]
        for product_id in dict.fromkeys(products):
            if product_id not in read:
                yield Action("get_product_details", {"product_id": product_id})


def find_user(user: Json, by_email: bool) -> Action:
    """The call that finds this customer."""
    if by_email:
        return Action("find_user_id_by_email", {"email": user["email"]})
    return Action("find_user_id_by_name_zip", {**user["name"], "zip": user["address"]["zip"]})


def opening(task: Task) -> list[Json]:
    """The messages before the first call."""
    return [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": task.words}]


def turn(step: Step) -> list[Json]:
    """A step as messages: the call, and its result."""
    call = {"function": {"name": step.action.name, "arguments": step.action.arguments}}
    made: Json = {"role": "assistant", "content": "", "tool_calls": [call]}
    return [made | ({"learn": False} if step.given else {}), {"role": "tool", "content": step.result}]


def sample(task: Task, done: Sequence[Step], corpus: str) -> Sample:
    """The task as one training sample that ends with its last call."""
    messages = opening(task)
    for step in done:
        messages += turn(step)
    return Sample(messages=messages[:-1], tools=tool_schemas(), meta={"corpus": corpus, "task": task.id})
