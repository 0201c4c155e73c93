"""What a message says of things that the customer has ordered: which order, and which items of it.

In: the turn's context and the consultation's messages. Out: arguments of the tools that change orders: an order's id
where the message names it, and words for items as the tools read them. Nothing is guessed: what is not named is left
out, and the tool asks.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langchain_core.messages.tool import ToolCall

from agent.context import TurnContext
from agent.guided.wishes.measures import EXTENTS, measures
from agent.guided.wishes.pieces import variant_of
from agent.guided.wishes.references import has_form, names_of, of_extent
from agent.orders.kept import kept_items
from agent.orders.meant import SURE as CERTAIN
from agent.orders.meant import holding, wants_of
from agent.orders.naming import item_words, likeness, telling
from agent.orders.order import NEWEST, Order, OrderItem
from agent.orders.proposals import Proposal
from agent.shop_reading import ShopReading
from agent.tools.exchange_item import OPTIONS
from agent.tools.find_orders import NAME as FIND_ORDERS
from agent.tools.order_telling import ONE, SEVERAL
from agent.tools.orders import names_in
from agent.tools.outcome import REFUSED
from agent.tools.proposals import PROPOSAL, REPORT_PROBLEM
from language.clauses import clause_at, clauses
from language.negation import any_of, denied
from language.quantities import leading_count
from language.reading import ShopValue
from language.text import HAN, fold, has_han
from language.words import bare, stem, stop_words, tokens
from retrieval.catalog import Product

Json = dict[str, Any]
CANCEL = "cancel_order"
_TWO = 2
_ACTS = {"cancel", "return", "exchange", "problem"}
_OF_OWN = {"answer", "orders", "cancel", "return", "exchange"}  # wishes that may be about own orders
_CHOOSING = {"cart", "product", "search", "yes", "no", "talk", "orders", "exchange", "note", "forget"}  # "ok, S then"
_PAYING = (CANCEL, "return_items")
_MONTH = 27  # days from the first to the last of one, at least
_HALF_A_YEAR = 183  # days
_BEFORE_ITEM = 4  # words or Chinese characters before an item that may count it
_BEFORE_REPLY = 3  # messages from the end: the result, the reply that was made of it, and what is said now
_TOLD = (ONE, SEVERAL)  # kinds of results that tell orders
_OF_ITEMS = {"return_items": "return", CANCEL: "cancel", "report_problem": "problem"}  # their wishes


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
        if waiting is None or waiting.kind not in _OF_ITEMS or {*wishes} - {"no", "talk", _OF_ITEMS[waiting.kind]}:
            return
        if words := self._only_of(waiting):
            yield waiting.kind, {"order_id": waiting.summary["order_id"], "items": words}

    def wished(self, wishes: set[str]) -> set[str]:
        """The wishes, where cues and the customer's own items tell more than the recogniser."""
        cues = self.reading.cues
        if "asks_ordered" in cues and "orders" in wishes:
            return wishes - {"cancel", "return", "exchange"}
        if self._chosen_of():
            return {"exchange"} | wishes & {"note", "forget"} if wishes <= _CHOOSING else wishes
        if not wishes & _OF_OWN or "supposes" in cues:
            return wishes
        if "asks_until" in cues and (self._returns() or self._is_own()):
            return wishes - _OF_OWN | {"orders"}
        if "asks_money_back" in cues and not wishes & _ACTS and self._is_own():
            return wishes - _OF_OWN | {"return"}
        return wishes

    def _is_own(self) -> bool:
        """Whether the message names what the customer has ordered."""
        context = self.context
        if context.is_visitor:
            return False
        own, wants = context.services.orders.list(context.customer), wants_of(self.words())
        return bool(self.order() or (wants and holding(own, wants, names_in(context.services), CERTAIN)))

    def _returns(self) -> bool:
        """Whether a return waits for a yes."""
        waiting = self.context.services.proposals.pending(self.context.consultation, self.context.now)
        return waiting is not None and waiting.kind == "return_items"

    def amount_asked(self, wishes: Collection[str]) -> Iterator[tuple[str, Json]]:
        """What waits for a yes, or was just done, told again with its amount: "how much do I get back then?"."""
        newest = self.context.services.proposals.last(self.context.consultation)
        cues = self.reading.cues
        is_asked = "asks_amount" in cues and "supposes" not in cues and not {*wishes} - {"talk", "total", *_OF_OWN}
        if not is_asked or newest is None or newest.customer != self.context.customer or newest.kind not in _PAYING:
            return
        if self.words() or self.reading.order_ids:
            return
        order_id = newest.summary["order_id"]
        if self.context.services.proposals.pending(self.context.consultation, self.context.now):
            lines = newest.summary["items"] if "pieces" in newest.arguments else ()
            reason = {"reason": newest.summary["reason"]} if newest.summary.get("reason") else {}
            items = {"items": [f"{line['quantity']} {line['title']}" for line in lines]} if lines else {}
            yield newest.kind, {"order_id": order_id, **items, **reason}
        elif newest.status == "done":
            yield FIND_ORDERS, {"order_id": order_id}

    def _chosen_of(self) -> Json:
        """The item whose colors and sizes were just told, where the message chooses one of them: "ok, S then"."""
        result = self.messages[-_BEFORE_REPLY] if len(self.messages) >= _BEFORE_REPLY else None
        artifact = (result.artifact or {}) if isinstance(result, ToolMessage) else {}
        names_kind = any(value.facet in self.reading.kinds for value in self.reading.values)
        if artifact.get("kind") != OPTIONS or names_kind or self.reading.is_question or self.reading.references:
            return {}
        if not (variant_of(self.reading) or self.offered_color()):
            return {}
        return {"order_id": artifact["order_id"], "items": [str(artifact["item"]["title"])]}

    def exchanged(self) -> Json:
        """The item that is to be exchanged, its order, and the color and size that are wanted for it."""
        wanted = variant_of(self.reading)
        color = {} if "color" in wanted else self.offered_color()
        return (self._chosen_of() or self.order() | self.items()) | wanted | color

    def _only_of(self, waiting: Proposal) -> list[str]:
        """The items of a proposal that are still meant: those said to be the only ones, or all but those that stay."""
        items = waiting.summary.get("items", ())
        if len(items) < _TWO or self._names_all():
            return []
        others = [part for part in clauses(self.text) if not _keeps().search(fold(part).text)]
        only = [part for part in others if any(has_form(part, word) for word in item_words().only)]
        if only:
            rest = replace(self.context, heard={**self.context.heard, self.context.turn: ". ".join(only)})
            return replace(self, context=rest).words()
        services = self.context.services
        order = services.orders.get(self.context.customer, str(waiting.summary["order_id"]))
        kept = {order.items[index].sku for index in kept_items(order, self.text, names_in(services))}
        rest_of = [str(item["title"]) for item in items if item["sku"] not in kept]
        return rest_of if len(rest_of) < len(items) else []

    def told_which(self) -> Iterator[tuple[str, Json]]:
        """The call of which it was asked just now which order is meant, with what this message calls it: "the little
        one, for 2"."""
        result = self.messages[-_BEFORE_REPLY] if len(self.messages) >= _BEFORE_REPLY else None
        artifact = (result.artifact or {}) if isinstance(result, ToolMessage) else {}
        if not isinstance(result, ToolMessage) or artifact.get("why") not in ("which", "claim"):
            return
        words = self.words({order["id"] for order in artifact.get("orders", ())})
        if words:
            asked = self._call_of(result)
            named = {"words": " ".join(words)} if asked["name"] == FIND_ORDERS else {"items": words}
            yield asked["name"], {**asked["args"], **named}

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

    def items(self, of: str = "") -> Json:
        """The items that are named; "the small one too" adds them to those of a proposal of this kind that waits."""
        words, context = self.words(), self.context
        waiting = context.services.proposals.pending(context.consultation, context.now)
        if words and any(has_form(self.text, each) for each in item_words().also):
            words = [*self._open_beside(waiting, of), *words]
        words = [*map(self._in_color, words)] if of in _PAYING else words
        words = [*map(self._counted, words)] or self._open_items(waiting, of)
        return {"items": words} if words else {}

    def _open_beside(self, waiting: Proposal | None, of: str) -> list[str]:
        """The items to which others are added: of a proposal of this kind, or the one that was just asked about."""
        if waiting is None:
            return self._told_item()
        return [str(item["title"]) for item in waiting.summary.get("items", ())] if waiting.kind == of else []

    def _told_item(self) -> list[str]:
        """The item whose order was told right before this message: "until when can the bag go back?"."""
        result = self.messages[-_BEFORE_REPLY] if len(self.messages) >= _BEFORE_REPLY else None
        if not isinstance(result, ToolMessage) or (result.artifact or {}).get("kind") != ONE:
            return []
        words, services = telling(str(self._call_of(result)["args"].get("words", ""))), self.context.services
        order = services.orders.get(self.context.customer, str(result.artifact["order"]["id"]))
        alike = [(likeness(words, item, names_in(services)).all, item.title) for item in order.items]
        found = [title for share, title in alike if share == max(alike)[0] and share >= CERTAIN]
        return found if len(found) == 1 else []  # of several, "it" is the parcel

    def _names_all(self) -> bool:
        """Whether the message speaks of all of an order."""
        return any(has_form(fold(self.text).text, each) for each in item_words().all)

    def _in_color(self, words: str) -> str:
        """The words for an item with the color before them, where own items of these words are of several colors."""
        own = self.context.services.orders.list(self.context.customer)
        colors = {item.color for order in own for item in order.items}
        at = self.text.find(words)
        before = [
            v for v in self.reading.values if v.facet == "color" and not self.text[v.end : max(at, v.end)].strip()
        ]
        named = [v.text for v in before if v.end <= at and v.value in colors]
        return f"{named[-1]} {words}" if named else words

    def _counted(self, words: str) -> str:
        """The words for an item with the number of pieces before them, where fewer than were ordered are meant: "one of
        the gloves"."""
        text = self.text
        at = max(0, fold(text).text.find(fold(words).text.split(maxsplit=1)[0]))
        before, space = (text[:at], "") if has_han(words) else (text[:at].split(), " ")
        own = self.context.services.orders.list(self.context.customer)
        most = max((item.left for order in own for item in order.items), default=0)
        for start in range(max(0, len(before) - _BEFORE_ITEM), len(before)):
            count, rest = leading_count(space.join([*before[start:], words]))
            if count and count < most and not telling(rest.removesuffix(words)):
                return f"{count} {words}"
        return words

    def _open_items(self, waiting: Proposal | None, of: str) -> list[str]:
        """The items of what is still open, a proposal or a choice of sizes, for "forget the swap, send it back".

        None where the message names an order, or all of it.
        """
        if self._names_all() or self.order():
            return []
        if of != CANCEL and (told := self._told_item()):  # an order of several items is cancelled by "cancel it"
            return told
        if waiting is not None:
            return [str(item["title"]) for item in waiting.summary.get("items", ())]
        results = (m for m in reversed(self.messages) if isinstance(m, ToolMessage) and m.artifact)
        kinds = (OPTIONS, PROPOSAL, REFUSED, *_TOLD)
        newest = next((one for one in results if one.artifact.get("kind") in kinds), None)
        if newest is None:
            return []
        if newest.artifact["kind"] == REFUSED:  # "money back for the boots" was too late: "is there a 41, then?"
            return [*map(str, self._call_of(newest)["args"].get("items") or ())]
        return [str(newest.artifact["item"]["title"])] if newest.artifact["kind"] == OPTIONS else []

    def offered_color(self) -> Json:
        """Of the colors that were just given to choose from, the one that the message has a word of: "k green"."""
        results = (m for m in reversed(self.messages) if isinstance(m, ToolMessage) and m.artifact)
        newest = next(results, None)
        if newest is None or newest.artifact.get("kind") != OPTIONS:
            return {}
        said = {word.stem for word in tokens(self.text)}
        colors = dict.fromkeys(str(variant["color"]) for variant in newest.artifact["variants"])
        named = [color for color in colors if said & {word.stem for word in tokens(color)}]
        return {"color": named[0]} if len(named) == 1 else {}

    def _call_of(self, result: ToolMessage) -> ToolCall:
        """The call that had this result."""
        calls = (call for m in reversed(self.messages) if isinstance(m, AIMessage) for call in m.tool_calls)
        return next(call for call in calls if call["id"] == result.tool_call_id)

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
        kinds = [value for value in self.reading.values if value.facet in self.reading.kinds]
        kinds = [value for value in kinds if not value.denied or self._is_unneeded(value.start, value.end)]
        kinds = _joined(kinds, self.reading.text)
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
            return self._in_han(near) or self._colored(near) or self._in_han(left)
        if len(kinds) < _TWO:
            words = [*(word.text for word in named), *(kind.text for kind in kinds)]
            return [" ".join(words)] if words else []
        ends = [0, *(kind.end for kind in kinds)]
        before = [
            [word.text for word in named if end <= word.start < kind.start]
            for end, kind in zip(ends[:-1], kinds, strict=True)
        ]
        return [" ".join([*words, kind.text]) for words, kind in zip(before, kinds, strict=True)]

    def _is_unneeded(self, start: int, end: int) -> bool:
        """Whether the clause of these words says that something is not needed: that denies no item, it names one."""
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
        kinds = {value for kind in self.reading.kinds for value in self.reading.facets[kind].wanted}
        found = (retriever.catalog.by_sku.get(item.sku) for item in items)
        products = [one for one in found if one and (not kinds or one.category in kinds)]
        fitting = [one for one in products if any(one.facets.get(name) == size for name, size in sizes)]
        fitting = fitting or [one for one in products if self._bare_numbers() & _extents(one, self.units)]
        fitting = fitting or of_extent(self.text, products, self.units)
        return list(dict.fromkeys(one.title for one in fitting))


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
def _newest() -> re.Pattern[str]:
    """Words for the newest order, letter by letter: what is late is not the latest."""
    return re.compile(any_of(item_words().newest))


@cache
def _unneeded() -> re.Pattern[str]:
    """Words that are said of what is no longer needed."""
    return re.compile(any_of(item_words().unneeded))


@cache
def _keeps() -> re.Pattern[str]:
    """Words that are said of what stays."""
    return re.compile(any_of(item_words().keep))
