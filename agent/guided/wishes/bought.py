"""What a message says of things that the customer has ordered: which order, and which items of it.

In: the turn's context and the consultation's messages. Out: arguments of the tools that change orders: an order's id
where the message names it, and words for items as the tools read them. Nothing is guessed: what is not named is left
out, and the tool asks.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

from agent.context import TurnContext
from agent.guided.wishes.measures import EXTENTS, measures
from agent.guided.wishes.references import has_form, names_of, of_extent
from agent.orders.naming import item_words
from agent.orders.order import NEWEST, Order, OrderItem
from agent.orders.proposals import Proposal
from agent.shop_reading import ShopReading
from agent.tools.exchange_item import OPTIONS
from agent.tools.find_orders import NAME as FIND_ORDERS
from agent.tools.order_telling import ONE, SEVERAL
from agent.tools.proposals import PROPOSAL, REPORT_PROBLEM
from language.clauses import clauses
from language.negation import any_of, denied
from language.text import fold, has_han
from language.words import bare, mentions, stem, stop_words, tokens
from retrieval.catalog import Product

Json = dict[str, Any]
_TWO = 2
_BEFORE_REPLY = 3  # messages from the end: the result, the reply that was made of it, and what is said now
_TOLD = (ONE, SEVERAL)  # kinds of results that tell orders
_OF_ITEMS = {"return_items": "return", "cancel_order": "cancel", "report_problem": "problem"}  # their wishes


@dataclass(frozen=True)
class Heard:
    """The newest message of a turn, and the consultation's messages."""

    context: TurnContext
    messages: Sequence[AnyMessage]

    @property
    def reading(self) -> ShopReading:
        """The newest message."""
        return self.context.reading

    @property
    def text(self) -> str:
        """Its words."""
        return self.reading.text.strip()


@dataclass(frozen=True)
class Bought(Heard):
    """Reads the newest message. `units`: what the numbers of a facet count, by facet."""

    units: Mapping[str, str]

    def amended(self, wishes: Collection[str]) -> Iterator[tuple[str, Json]]:
        """What waits for a yes, of fewer items ("no wait, I keep the small one. just the big one"), or still wanted
        though it is no yes: a parcel that was looked for and is nowhere."""
        waiting = self.context.services.proposals.pending(self.context.consultation, self.context.now)
        if is_nowhere(waiting, self.reading) and waiting is not None:
            if not {*wishes} - {"no", "talk", "problem"}:
                told = ((name, waiting.summary.get(name)) for name in ("order_id", "problem", "wish"))
                yield REPORT_PROBLEM, {name: value for name, value in told if value}
            return
        if waiting is None or waiting.kind not in _OF_ITEMS or {*wishes} - {"no", _OF_ITEMS[waiting.kind]}:
            return
        if len(waiting.summary.get("items", ())) < _TWO:
            return
        others = [part for part in clauses(self.text) if not _keeps().search(fold(part).text)]
        rest = replace(self.context, heard={**self.context.heard, self.context.turn: ". ".join(others)})
        if any(has_form(rest.reading.text, word) for word in item_words().only):
            words = replace(self, context=rest).words()
            if words:
                yield waiting.kind, {"order_id": waiting.summary["order_id"], "items": words}

    def told_which(self) -> Iterator[tuple[str, Json]]:
        """The call of which it was asked just now which order is meant, with what this message calls it: "the little
        one, for 2"."""
        result = self.messages[-_BEFORE_REPLY] if len(self.messages) >= _BEFORE_REPLY else None
        artifact = (result.artifact or {}) if isinstance(result, ToolMessage) else {}
        if not isinstance(result, ToolMessage) or artifact.get("why") not in ("which", "claim"):
            return
        words = self.words({order["id"] for order in artifact.get("orders", ())})
        calls = (call for m in reversed(self.messages) if isinstance(m, AIMessage) for call in m.tool_calls)
        asked = next((call for call in calls if call["id"] == result.tool_call_id), None)
        if words and asked is not None:
            named = {"words": " ".join(words)} if asked["name"] == FIND_ORDERS else {"items": words}
            yield asked["name"], {**asked["args"], **named}

    def order(self) -> Json:
        """The order that the message names."""
        own = [each.id for each in self.reading.order_ids]
        if own:
            return {"order_id": own[-1]}
        names_newest = any(mentions(self.text, words) for words in item_words().newest)
        return {"order_id": NEWEST} if names_newest and "all_orders" not in self.reading.cues else {}

    def placed(self, since: date, until: date) -> Json:
        """The one order that was placed in these days."""
        context = self.context
        own = context.services.orders.list(context.customer) if not context.is_visitor else ()
        days = {order.id: context.day_of(datetime.fromisoformat(order.placed)) for order in own}
        found = [name for name, day in days.items() if since <= day <= until]
        return {"order_id": found[0]} if len(found) == 1 else {}

    def in_focus(self) -> str:
        """The one order that the results spoke of last."""
        for message in reversed(self.messages):
            artifact = (message.artifact if isinstance(message, ToolMessage) else None) or {}
            if artifact.get("kind") == "order":
                return str(artifact["order"]["id"])
            if artifact.get("kind") == "proposal" and "order_id" in artifact["proposal"]["summary"]:
                return str(artifact["proposal"]["summary"]["order_id"])
            if artifact.get("kind") == "orders":
                return str(artifact["orders"][0]["id"]) if len(artifact["orders"]) == 1 else ""
        return ""

    def items(self, of: str = "") -> Json:
        """The items that are named; "the small one too" adds them to those of a proposal of this kind that waits."""
        words, context = self.words(), self.context
        waiting = context.services.proposals.pending(context.consultation, context.now)
        if (
            words
            and waiting is not None
            and waiting.kind == of
            and any(has_form(self.text, each) for each in item_words().also)
        ):
            words = [*(str(item["title"]) for item in waiting.summary.get("items", ())), *words]
        words = words or self._open_items(waiting)
        return {"items": words} if words else {}

    def _open_items(self, waiting: Proposal | None) -> list[str]:
        """The items of what is still open, a proposal or a choice of sizes, for "forget the swap, send it back".

        None where the message names an order, or all of it.
        """
        names_all = any(has_form(fold(self.text).text, each) for each in item_words().all)
        if names_all or self.order():
            return []
        if waiting is not None:
            return [str(item["title"]) for item in waiting.summary.get("items", ())]
        artifacts = (m.artifact or {} for m in reversed(self.messages) if isinstance(m, ToolMessage))
        newest = next((one for one in artifacts if one.get("kind") in (OPTIONS, PROPOSAL, *_TOLD)), {})
        return [str(newest["item"]["title"])] if newest.get("kind") == OPTIONS else []

    def words(self, among: Collection[str] = ()) -> list[str]:
        """What the message calls things that the customer has ordered: kinds of product, and words of their titles.

        `among`: of these orders alone.
        """
        if self.context.is_visitor:
            return []
        own = self.context.services.orders.list(self.context.customer)
        orders = [order for order in own if not among or order.id in among]
        focus = {each.id for each in self.reading.order_ids} or {self.in_focus()}
        spoken_of = [order for order in orders if order.id in focus]
        for some in (spoken_of, orders):
            if measured := self._measured(item for order in some for item in order.items if item.left):
                return measured
        names = names_of(self.context.services.retriever.catalog).keys()
        titles = _title_stems(orders) & names | _title_stems(spoken_of) - stop_words()
        kinds = [value for value in self.reading.values if value.facet in self.reading.kinds and not value.denied]
        covered = [(value.start, value.end) for value in kinds]
        named = [
            word
            for word in tokens(self.text)
            if stem(bare(word)) in titles
            and not any(start <= word.start < end for start, end in covered)
            and not denied(self.text, (word.start, word.end), self.reading.languages)
        ]
        if not named and not kinds:
            left = [item for order in spoken_of or orders for item in order.items if item.left]
            return self._in_han(left) or self._colored(left)
        if len(kinds) < _TWO:
            words = [*(word.text for word in named), *(kind.text for kind in kinds)]
            return [" ".join(words)] if words else []
        ends = [0, *(kind.end for kind in kinds)]
        before = [
            [word.text for word in named if end <= word.start < kind.start]
            for end, kind in zip(ends[:-1], kinds, strict=True)
        ]
        return [" ".join([*words, kind.text]) for words, kind in zip(before, kinds, strict=True)]

    def _in_han(self, items: Sequence[OrderItem]) -> list[str]:
        """Titles of the items whose Chinese title ends in most characters that the message has, two at least."""
        by_sku = self.context.services.retriever.catalog.by_sku
        sold = ((item.title, by_sku[item.sku]) for item in items if item.sku in by_sku)
        shared = {
            title: max((_ending_in(han, self.text) for han in one.titles.values()), default=0) for title, one in sold
        }
        most = max(shared.values(), default=0)
        return [title for title, count in shared.items() if count == most >= _TWO]

    def _colored(self, items: Iterable[OrderItem]) -> list[str]:
        """Titles of the items in a color that the message names: "lose the red ones"."""
        named = {v.value for v in self.reading.values if v.facet == "color" and not v.denied}
        return list(dict.fromkeys(item.title for item in items if item.color in named))

    def _bare_numbers(self) -> set[float]:
        """Numbers that count nothing: "the tent for 2", "the 60"."""
        bare = (each for each in self.reading.quantities if each.counts is None and each.role == "exact")
        return {float(value) for each in bare for value in each.values}

    def _measured(self, items: Iterable[OrderItem]) -> list[str]:
        """Titles of the items that are as large as the message says, and of a kind that it names, if it names any:
        "the rucksack, the 60 litre one", "just the big one"."""
        retriever, sizes = self.context.services.retriever, {*measures(self.reading, self.units)}
        kinds = {value for kind in self.reading.kinds for value in self.reading.facets[kind].wanted}
        found = (retriever.catalog.by_sku.get(item.sku) for item in items)
        products = [one for one in found if one and (not kinds or one.category in kinds)]
        fitting = [one for one in products if any(one.facets.get(name) == size for name, size in sizes)]
        fitting = fitting or [one for one in products if self._bare_numbers() & _extents(one, self.units)]
        fitting = fitting or of_extent(self.text, products, self.units)
        return list(dict.fromkeys(one.title for one in fitting))


def _ending_in(title: str, text: str) -> int:
    """How many of the last characters of a Chinese title stand in a row in the text."""
    ends = (title[start:] for start in range(len(title)) if has_han(title[start]))
    return next((len(end) for end in ends if end in text), 0)


def is_nowhere(waiting: Proposal | None, reading: ShopReading) -> bool:
    """Whether a parcel that is to be reported was looked for, and did not turn up."""
    is_lost = waiting and waiting.kind == REPORT_PROBLEM and waiting.summary.get("problem") == "not_received"
    return bool(is_lost) and "looked_around" in reading.cues and "turned_up" not in reading.cues


def _extents(product: Product, units: Mapping[str, str]) -> set[float]:
    """How many people or litres it holds."""
    values = (product.facets.get(name) for name, unit in units.items() if unit in EXTENTS)
    return {float(value) for value in values if isinstance(value, int | float)}


def _title_stems(orders: Iterable[Order]) -> set[str]:
    return {stem(bare(word)) for order in orders for item in order.items for word in tokens(item.title)}


@cache
def _keeps() -> re.Pattern[str]:
    """Words that are said of what stays."""
    return re.compile(any_of(item_words().keep))
