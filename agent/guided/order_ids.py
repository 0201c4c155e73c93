"""Which order a call means, where a small model may write an id that nobody has said.

In: the id that the model wrote, the turn's context, and the messages so far. Out: the id to act on. What the customer
wrote as an id and is none of theirs stays as it is: there is no such order, and no other one takes its place.
"""

import re
from collections.abc import Sequence

from langchain_core.messages import AnyMessage, ToolMessage

from agent.context import TurnContext
from agent.orders.book import order_key
from agent.orders.order import NEWEST
from language.ids import OrderId


def order_meant(wrote: str, context: TurnContext, messages: Sequence[AnyMessage], address: str = "") -> str:
    """The order that is meant by `wrote`. `address` is what the call moves an order to: its numbers name none."""

    def ids(text: str) -> tuple[OrderId, ...]:
        return context.read(text).order_ids

    newest = ids(without(address, context.heard.get(context.turn, "")))
    before = [each for turn, text in context.heard.items() if turn != context.turn for each in ids(text)]
    return chosen_order(wrote, ids(wrote), newest, before, orders_shown(messages))


def chosen_order(
    wrote: str, ids: Sequence[OrderId], newest: Sequence[OrderId], before: Sequence[OrderId], shown: Sequence[str]
) -> str:
    """The order for `wrote`, which has these `ids`, by those of the newest message, of those before, and of results.

    An own id that was said or shown is taken as it is, and so is one that the customer wrote and does not have.
    Otherwise it is a slip: the one own id of the newest message counts, else the order last spoken of, else the newest.
    """
    keys = {order_key(wrote), *(order_key(each.id) for each in ids)}
    was_said = keys & {order_key(each.id) for each in (*newest, *before)}
    if was_said or {each.id for each in ids if each.is_own} & set(shown):
        return wrote
    mine = list(dict.fromkeys(each.id for each in newest if each.is_own))
    if len(mine) == 1:
        return mine[0]
    if newest and not mine:
        return newest[0].written
    if not re.search(r"\d", wrote):
        return wrote
    return shown[-1] if shown else NEWEST


def orders_shown(messages: Sequence[AnyMessage]) -> list[str]:
    """Ids of the orders in the consultation's results, oldest first."""
    shown = list[str]()
    for message in messages:
        artifact = (message.artifact if isinstance(message, ToolMessage) else None) or {}
        match artifact.get("kind"):
            case "order":
                shown.append(artifact["order"]["id"])
            case "orders":
                shown += [order["id"] for order in artifact["orders"]]
            case "proposal":
                shown.append(artifact["proposal"]["summary"]["order_id"])
    return shown


def without(address: str, words: str) -> str:
    """The words with the address taken out: its postcode or flat is no order."""
    place = words.casefold().find(address.casefold()) if address else -1
    return words if place < 0 else f"{words[:place]} {words[place + len(address) :]}"
