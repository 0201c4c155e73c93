"""What a message calls things that the customer has ordered: which order it names, and the words for its items.

In: the turn's context and the consultation's messages. Out: an order's id, and words for items as the tools read them.
Nothing is guessed: what is not named is left out.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

from agent.context import TurnContext
from agent.guided.wishes.measures import EXTENTS, measures
from agent.guided.wishes.references import names_of, of_extent
from agent.orders.meant import SURE as CERTAIN
from agent.orders.meant import holding, wants_of
from agent.orders.naming import item_words
from agent.orders.order import NEWEST, Order, OrderItem
from agent.shop_reading import ShopReading
from agent.tools.orders import names_in
from language.clauses import clause_at
from language.negation import any_of, denied
from language.reading import ShopValue
from language.text import HAN, fold
from language.words import bare, stem, stop_words, tokens
from retrieval.catalog import Product

Json = dict[str, Any]
_TWO = 2
_MONTH = 27  # days from the first to the last of one, at least
_HALF_A_YEAR = 183  # days


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

    @property
    def days(self) -> list[date]:
        """The ends of the times that the message names.

        A month to come ("in August"), of orders, is the last one, and so is a day that is more than half a year away. A
        nearer day to come is that of no order.
        """
        days = list[date]()
        for each in self.reading.dates:
            ends = [day for day in (each.first, each.last) if day]
            if ends and min(ends) > self.context.today:
                is_long = (max(ends) - min(ends)).days >= _MONTH
                is_far = (min(ends) - self.context.today).days > _HALF_A_YEAR
                ends = [_year_before(day) for day in ends] if is_long or is_far else []
            days += ends
        return days


@dataclass(frozen=True)
class Ordered(Heard):
    """Reads the newest message. `units`: what the numbers of a facet count, by facet."""

    units: Mapping[str, str]

    def order(self) -> Json:
        """The order that the message names."""
        own = [each.id for each in self.reading.order_ids]
        if own:
            return {"order_id": own[-1]}
        if _newest().search(fold(self.text).text) and not self.reading.cues & {"all_orders", "asks_until"}:
            return {"order_id": NEWEST}
        return self._of_days()

    def _of_days(self) -> Json:
        """The one order that was placed or came in the days that the message names, and has what it names."""
        context, days = self.context, self.days
        if not days or context.is_visitor:
            return {}
        first, last = min(days), max(days)
        own = context.services.orders.list(context.customer)
        found = [order for order in own if any(first <= day <= last for day in self._happened(order))]
        if len(found) > 1 and (wants := wants_of(self.words())):
            found = [*holding(found, wants, names_in(context.services), CERTAIN)]
        return {"order_id": found[0].id} if len(found) == 1 else {}

    def _happened(self, order: Order) -> Iterator[date]:
        """The days on which it was placed and came."""
        yield self.context.day_of(datetime.fromisoformat(order.placed))
        if order.delivered:
            yield date.fromisoformat(order.delivered[:10])

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

    def words(self, among: Collection[str] = (), *, by_color: bool = True) -> list[str]:
        """What the message calls things that the customer has ordered: kinds of product, and words of their titles.

        `among`: of these orders alone; `by_color`: things may be called by their color alone.
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
        kinds = _joined(self._kinds(), self.reading.text)
        sizes = [value for value in self.reading.values if value.facet == "size"]
        covered = [(value.start, value.end) for value in (*kinds, *sizes)]
        named = [
            word
            for word in tokens(self.text)
            if stem(bare(word)) in titles
            and not any(start <= word.start < end for start, end in covered)
            and (
                not denied(self.text, (word.start, word.end), self.reading.languages)
                or self._is_unneeded(word.start, word.end)
            )
        ]
        if not named and not kinds:
            left, near = ([i for o in some for i in o.items if i.left] for some in (orders, spoken_of or orders))
            colored = self._colored(near) if by_color else []
            return self._in_han(near) or colored or self._in_han(left)
        if len(kinds) < _TWO:
            words = [*(word.text for word in named), *(kind.text for kind in kinds)]
            return [" ".join(words)] if words else []
        ends = [0, *(kind.end for kind in kinds)]
        before = [
            [word.text for word in named if end <= word.start < kind.start]
            for end, kind in zip(ends[:-1], kinds, strict=True)
        ]
        return [" ".join([*words, kind.text]) for words, kind in zip(before, kinds, strict=True)]

    def _kinds(self) -> list[ShopValue]:
        """The kinds of product that the message names."""
        kinds = (value for value in self.reading.values if value.facet in self.reading.kinds)
        return [value for value in kinds if not value.denied or self._is_unneeded(value.start, value.end)]

    def _is_unneeded(self, start: int, end: int) -> bool:
        """Whether the clause of these words says that something is not needed, or does not fit: that denies no item, it
        names one."""
        return _unneeded().search(fold(clause_at(self.text, start, end)).text) is not None

    def _in_han(self, items: Sequence[OrderItem]) -> list[str]:
        """Titles of the items whose Chinese title has most characters of the message in a row, two at least."""
        by_sku = self.context.services.retriever.catalog.by_sku
        sold = ((item.title, by_sku[item.sku]) for item in items if item.sku in by_sku)
        text = self._without_people()
        shared = {title: max((_in_a_row(han, text) for han in one.titles.values()), default=0) for title, one in sold}
        most = max(shared.values(), default=0)
        return [title for title, count in shared.items() if count == most >= _TWO]

    def _without_people(self) -> str:
        """The message without the words for whom things are made: all men's titles have those."""
        space, text = self.context.services.retriever.facets, self.text
        for value in self.reading.values:
            if value.facet in space.names and space.facet(value.facet).people:
                text = text.replace(value.text, " ")
        return text

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
        kinds = {value.value for value in self._kinds()}
        found = (retriever.catalog.by_sku.get(item.sku) for item in items)
        products = [one for one in found if one and (not kinds or one.category in kinds)]
        fitting = [one for one in products if any(one.facets.get(name) == size for name, size in sizes)]
        fitting = fitting or [one for one in products if self._bare_numbers() & _extents(one, self.units)]
        fitting = fitting or of_extent(self.text, products, self.units)
        return list(dict.fromkeys(one.title for one in fitting))


def reply_before(messages: Sequence[AnyMessage]) -> str:
    """What the agent said last; "" if it has said nothing yet."""
    replies = (message for message in reversed(messages) if isinstance(message, AIMessage) and message.text)
    return str(next(replies, AIMessage("")).text).rstrip()


def _year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def _joined(kinds: Sequence[ShopValue], text: str) -> list[ShopValue]:
    """A kind with the one right before it, which only tells what it is for: "boot socks"."""
    found = list[ShopValue]()
    for kind in kinds:
        if found and not text[found[-1].end : kind.start].strip():
            start = found.pop().start
            kind = replace(kind, start=start, text=text[start : kind.end])
        found.append(kind)
    return found


def _in_a_row(title: str, text: str) -> int:
    """How many Chinese characters of a title at most stand in a row in the text."""
    runs = re.findall(f"[{HAN}]+", title)
    return max((SequenceMatcher(None, run, text, autojunk=False).find_longest_match().size for run in runs), default=0)


def _extents(product: Product, units: Mapping[str, str]) -> set[float]:
    """How many people or litres it holds."""
    values = (product.facets.get(name) for name, unit in units.items() if unit in EXTENTS)
    return {float(value) for value in values if isinstance(value, int | float)}


def _title_stems(orders: Iterable[Order]) -> set[str]:
    return {stem(bare(word)) for order in orders for item in order.items for word in tokens(item.title)}


@cache
def _newest() -> re.Pattern[str]:
    """Words for the newest order, letter by letter: what is late is not the latest."""
    return re.compile(any_of(item_words().newest))


@cache
def _unneeded() -> re.Pattern[str]:
    """Words that are said of what is no longer needed, or does not fit."""
    return re.compile(any_of((*item_words().unneeded, *item_words().unfit)))
