"""Which order a call means, where a small model may write an id that nobody has said.

In: the id that the model wrote, the ids of the customer's own orders, what the customer said, and the orders in the
results so far. Out: the id to act on. What the customer wrote as an id and is none of theirs stays as it is: there is
no such order, and no other one takes its place.
"""

import re
from collections.abc import Mapping, Sequence

from langchain_core.messages import AnyMessage, ToolMessage

from agent.orders.book import order_key
from agent.orders.ids import NEWEST, order_references, spelled_out


def meant_order(
    wrote: str, *, own: Sequence[str], heard: Mapping[str, str], turn: str, shown: Sequence[str], address: str = ""
) -> str:
    """The order that is meant by `wrote`; `heard` are the customer's messages by turn, `shown` the orders in results.

    An own id that was said or shown is taken as it is, and so is one that the customer wrote and does not have.
    Otherwise it is a slip: the one own id of this message counts, else the order last spoken of, else the newest.
    `address` is what the call moves an order to: its numbers name none.
    """
    words = {key: _without(address, text) if key == turn else text for key, text in heard.items()}
    references = {key: order_references(text, own) for key, text in words.items()}
    said = [reference for named in references.values() for reference in named]
    if order_key(spelled_out(wrote)) in {order_key(reference.text) for reference in said}:
        return wrote
    mine = {reference.order for reference in order_references(wrote, own)} - {None}
    if mine & ({reference.order for reference in said} | set(shown)):
        return wrote
    newest = references.get(turn, [])
    named = list(dict.fromkeys(reference.order for reference in newest if reference.order))
    if len(named) == 1:
        return named[0]
    if newest and not named:
        return newest[0].text
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


def _without(address: str, words: str) -> str:
    """The words with the address taken out: its postcode or flat is no order."""
    place = words.casefold().find(address.casefold()) if address else -1
    return words if place < 0 else f"{words[:place]} {words[place + len(address) :]}"
