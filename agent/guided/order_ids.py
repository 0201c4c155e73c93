"""Which order a call means, where a small model may write an id that nobody has said.

In: the id that the model wrote, the turn's context, and the messages so far. Out: the id to act on. What the customer
wrote as an id and is none of theirs stays as it is: there is no such order, and no other one takes its place.
"""

import re
from collections.abc import Sequence

from langchain_core.messages import AnyMessage

from agent.context import TurnContext
from agent.orders.book import order_key
from agent.orders.meant import orders_shown, without
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
    if not re.search(r"\d", wrote) or (shown and re.fullmatch(r"\d{1,2}", wrote)):
        return wrote  # in words, or a place in the list that was shown
    return shown[-1] if shown else NEWEST
