"""Whether a turn of self-play did what it was meant to.

In: the planned `Step`, what the agent made of it, the customer and the shop. Out: None, or the reason why the turn
must not be learnt from, in a few words that can be counted.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import clock
from agent.models.calls import Call
from agent.orders.book import order_key
from agent.orders.order import NEWEST
from agent.orders.proposals import KINDS
from agent.tools import TOOLS
from agent.turn import Step as Taken
from errors import DataError
from finetune.selfplay.replay import Rehearsed
from finetune.selfplay.shopview import CustomerView, ShopView
from finetune.selfplay.words.message import Step

_NOT_THERE = ("order_not_found", "orders_none", "login_first")
_KINDS = {tool.name: tool.kind for tool in TOOLS}


def problem(step: Step, turn: Rehearsed, customer: CustomerView, shop: ShopView, notes: Counter[str]) -> str | None:
    """The first thing that went wrong; `notes` counts what is odd and kept."""
    base = step.kind.split("+")[0]
    if not step.calls and step.reply is None:
        return None if turn.asked == 0 and turn.reply else f"{base}: code did not read it as an answer"
    if turn.asked != 1:
        return f"{base}: the model was asked {turn.asked} times"
    if not step.calls:
        return None if turn.reply == step.reply else f"{base}: the gate changed the words"
    if len(turn.tools) != len(step.calls):
        return f"{base}: {len(turn.tools)} of {len(step.calls)} calls ran"
    for call, taken in zip(step.calls, turn.tools, strict=True):
        if wrong := _call(call, taken, step, customer, shop, notes):
            return f"{base}: {call.name}: {wrong}"
    return None


def _call(
    call: Call, taken: Taken, step: Step, customer: CustomerView, shop: ShopView, notes: Counter[str]
) -> str | None:
    result = taken.result
    if call.name in KINDS or call.name == "get_order":
        return _order(call, taken, customer)
    if not taken.ok:
        known = call.name == "list_orders" and not customer.orders and result.get("phrase") in _NOT_THERE
        return None if known else f"failed: {str(result.get('reason'))[:60]}"
    if result["kind"] != _KINDS[call.name]:
        return f"gave {result['kind']}"
    if call.name == "update_profile":
        return _profile(call, result, customer, shop)
    if call.name == "search_products" and "find_absent" not in step.kind:
        if not result["hits"]:
            return "found nothing"
        return f"dropped {result['dropped'][0].split()[0]}" if result["dropped"] else None
    if call.name == "find_answer" and result["template"] is None:
        notes["question without an approved answer"] += 1
    return None


def _order(call: Call, taken: Taken, customer: CustomerView) -> str | None:
    result, wanted = taken.result, call.arguments["order_id"]
    own = [order.id for order in customer.orders]
    if taken.ok:
        if result["kind"] != _KINDS[call.name]:
            return f"gave {result['kind']}"
        shown = result["order"]["id"] if call.name == "get_order" else result["proposal"]["summary"]["order_id"]
        if call.name in KINDS and result["proposal"]["kind"] != call.name:
            return f"proposed {result['proposal']['kind']}"
        return None if (shown == own[0] if wanted == NEWEST else same_order(wanted, shown)) else "another order"
    phrase = result.get("phrase")
    if any(same_order(wanted, one) for one in own) or (wanted == NEWEST and own):
        return (
            None
            if phrase and phrase not in _NOT_THERE and call.name in KINDS
            else f"failed: {phrase or result.get('reason')}"
        )
    return None if phrase in _NOT_THERE else f"failed otherwise: {phrase or result.get('reason')}"


def same_order(typed: str, order_id: str) -> bool:
    """Whether a customer may mean an order by what they typed: "ap 10482", "10482"."""
    plain, whole = order_key(typed), order_key(order_id)
    return plain == whole or plain == re.sub(r"\D", "", whole)


def _profile(call: Call, result: Mapping[str, Any], customer: CustomerView, shop: ShopView) -> str | None:
    for refused in result["refused"]:
        known = shop.schema.attributes.get(refused["attribute"])
        if known is None or not known.sensitive or customer.consents:
            return f"refused {refused['attribute']}: {str(refused['reason'])[:50]}"
    gone = {t["attribute"] for t in (*result["retracted"], *result["superseded"])}
    meant: dict[str, set[str]] = defaultdict(set)
    for change in call.arguments["changes"]:
        meant[change["attribute"]].add(_clean(shop, change["attribute"], change["value"]))
        if change["polarity"] == "forget" and change["attribute"] not in gone:
            return f"{change['attribute']} was not forgotten"
    for trait in result["added"]:  # what was said before is not added again
        if str(trait["value"]) not in meant[trait["attribute"]]:
            return f"{trait['attribute']} became another value"
    return None


def _clean(shop: ShopView, name: str, value: Any) -> str:
    """The value as the schema writes it; "*" and what no schema knows stay as they are."""
    try:
        return str(shop.schema.attribute(name).clean(value, shop.firewall.facets, shop.firewall.day_of(clock.now())))
    except DataError:
        return str(value)
