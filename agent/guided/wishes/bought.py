"""What a message says of things that the customer has ordered: which order, and which items of it.

In: the turn's context and the consultation's messages. Out: arguments of the tools that change orders: an order's id
where the message names it, and words for items as the tools read them. Nothing is guessed: what is not named is left
out, and the tool asks.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache

from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.messages.tool import ToolCall

from agent.guided.wishes.choice import WISH_OF
from agent.guided.wishes.ordered import Json, Ordered, reply_before
from agent.guided.wishes.pieces import variant_of
from agent.guided.wishes.references import has_form
from agent.middleware.lapsing import QUESTION
from agent.middleware.shortcuts import agrees_too, amends
from agent.orders.address import corrected
from agent.orders.amending import count_meant
from agent.orders.kept import kept_items
from agent.orders.meant import SURE as CERTAIN
from agent.orders.meant import holding, wants_of, without
from agent.orders.naming import item_words, likeness, telling
from agent.orders.proposals import Proposal
from agent.shop_reading import ShopReading
from agent.tools.exchange_item import OPTIONS, options_before
from agent.tools.find_orders import NAME as FIND_ORDERS
from agent.tools.order_telling import ONE, SEVERAL
from agent.tools.orders import names_in
from agent.tools.outcome import REFUSED
from agent.tools.proposals import PROPOSAL, REPORT_PROBLEM, call_again
from language.clauses import clauses
from language.negation import any_of
from language.people import spoken_in
from language.quantities import leading_count
from language.size_steps import step_words
from language.text import fold, has_han
from language.words import tokens

CANCEL = "cancel_order"
EXCHANGE = "exchange_item"
ADDRESS = "change_address"
_TWO = 2
_ACTS = {"cancel", "return", "exchange", "problem"}
_OF_OWN = {"answer", "orders", "cancel", "return", "exchange"}  # wishes that may be about own orders
_CHOOSING = {"cart", "product", "search", "yes", "no", "talk", "orders", "exchange", "note", "forget"}  # "ok, S then"
_OF_GOODS = {"search", "product", "compare", "cart", "total", "return", "exchange", "cancel"}
_PAYING = (CANCEL, "return_items")
_BEFORE_ITEM = 4  # words or Chinese characters before an item that may count it
_BEFORE_REPLY = 3  # messages from the end: the result, the reply that was made of it, and what is said now
_TOLD = (ONE, SEVERAL)  # kinds of results that tell orders
_OF_ITEMS = (CANCEL, "return_items", "report_problem")  # what is about items that are told by their names


@dataclass(frozen=True)
class Bought(Ordered):
    """Reads what the newest message wants of what was ordered."""

    @property
    def _waiting(self) -> Proposal | None:
        """What waits for a yes in this consultation."""
        return self.context.services.proposals.pending(self.context.consultation, self.context.now)

    @property
    def _before(self) -> ToolMessage | None:
        """The result of which the reply right before this message was made."""
        result = self.messages[-_BEFORE_REPLY] if len(self.messages) >= _BEFORE_REPLY else None
        return result if isinstance(result, ToolMessage) and result.artifact else None

    def _newest(self, *kinds: str) -> ToolMessage | None:
        """The newest result of these kinds, or of any."""
        results = (m for m in reversed(self.messages) if isinstance(m, ToolMessage) and m.artifact)
        return next((one for one in results if not kinds or one.artifact.get("kind") in kinds), None)

    def amended(self, wishes: Collection[str]) -> Iterator[tuple[str, Json]]:
        """What waits for a yes, of fewer items ("no wait, I keep the small one. just the big one"), or still wanted
        though it is no yes: a parcel that was looked for and is nowhere."""
        waiting = self._waiting
        if is_nowhere(waiting, self.reading) and waiting is not None:
            if not {*wishes} - {"no", "talk", "problem"}:
                told = ((name, waiting.summary.get(name)) for name in ("order_id", "problem", "wish"))
                yield REPORT_PROBLEM, {name: value for name, value in told if value}
            return
        if waiting is None or waiting.kind not in WISH_OF or {*wishes} - {"no", "talk", WISH_OF[waiting.kind]}:
            return
        if waiting.kind in _OF_ITEMS and (words := self._only_of(waiting)):
            yield waiting.kind, {"order_id": waiting.summary["order_id"], "items": words}
        elif self._counts(waiting) or ("no" in wishes and amends(self.context, waiting)):
            yield self._meant(waiting)

    def corrected(self, wishes: Collection[str]) -> Iterator[tuple[str, Json]]:
        """The address that waits with a number of it corrected: "it is number 72, I turned it round"."""
        waiting = self._waiting
        if waiting is None or waiting.kind != ADDRESS or _OF_GOODS & {*wishes} or self.reading.order_ids:
            return
        if address := corrected(str(waiting.summary["address"]), self.text):
            yield ADDRESS, {"order_id": waiting.summary["order_id"], "address": address}

    def order_for(self, address: str) -> Json:
        """The order that is to go to an address, as the message tells it beside that: "the one with the tent"."""
        beside = self._as_if(without(address, self.text))
        words = beside.words() if beside.text != self.text else []
        return beside.order() or ({"items": words} if words else {})

    def again(self, wishes: Collection[str]) -> Iterator[tuple[str, Json]]:
        """What was proposed, once more: to a yes that is not certain, or comes when it waits no longer, and to one that
        a no stands beside."""
        newest = self.context.services.proposals.last(self.context.consultation)
        if newest is None or newest.customer != self.context.customer or self.context.now >= newest.expires:
            return
        if newest.kind not in WISH_OF or {*wishes} - {"yes", "no", "talk", WISH_OF[newest.kind]} or self.words():
            return
        is_open = newest.status == "pending" or (newest.status == "lapsed" and not self._is_asked())
        if is_open and ("yes" in wishes or ("no" in wishes and agrees_too(self.context, newest))):
            yield self._meant(newest)

    def _meant(self, proposal: Proposal) -> tuple[str, Json]:
        """The call of what was proposed, in the color and size and of so many pieces as the message says."""
        name, call = call_again(proposal)
        if count := self._counts(proposal):
            call |= {"items": [f"{count} {proposal.summary['items'][0]['title']}"]}
        return name, call | (self._wanted() if name == EXCHANGE else {})

    def _counts(self, proposal: Proposal) -> int | None:
        """How many pieces are meant, where other than so many were proposed."""
        if "order_id" not in proposal.summary:
            return None
        order = self.context.services.orders.get(self.context.customer, str(proposal.summary["order_id"]))
        return count_meant(proposal, order, self.text)

    def _is_asked(self) -> bool:
        """Whether the reply before this message asks for something: a yes then means that."""
        return reply_before(self.messages).endswith(QUESTION)

    def wished(self, wishes: set[str]) -> set[str]:
        """The wishes, where cues and the customer's own items tell more than the recogniser."""
        cues = self.reading.cues
        if "asks_ordered" in cues and "orders" in wishes:
            return wishes - {"cancel", "return", "exchange"}
        if self._chosen_of():
            return {"exchange"} | wishes & {"note", "forget"} if wishes <= _CHOOSING else wishes
        if "asks_in_time" in cues and wishes & _OF_OWN and self._is_own():
            told_by = "answer" if "exchange" in wishes else "orders"  # an order tells its day of returns
            return wishes - _OF_OWN | {told_by}
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
        waiting = self._waiting
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
        if self._waiting:
            yield call_again(newest)
        elif newest.status == "done":
            yield FIND_ORDERS, {"order_id": order_id}

    def _chosen_of(self) -> Json:
        """The item whose colors and sizes were just told, where the message chooses one of them: "ok, S then"."""
        artifact = options_before(self.messages)
        names_kind = any(value.facet in self.reading.kinds for value in self.reading.values)
        of_list = any(len(tokens(each.text)) > 1 for each in self.reading.references)  # "the second one", not "them"
        if not artifact or names_kind or self.reading.is_question or of_list:
            return {}
        if not (variant_of(self.reading) or self.offered_color()):
            return {}
        return {"order_id": artifact["order_id"], "items": [str(artifact["item"]["title"])]}

    def exchanged(self) -> Json:
        """The item that is to be exchanged, its order, and the color and size that are wanted for it."""
        wanted = self._wanted()
        color = {} if "color" in wanted else self.offered_color()
        return (self._chosen_of() or self.order() | self.items(EXCHANGE)) | wanted | color

    def _swapped(self) -> list[str]:
        """What is to be exchanged, which a single color or "one size larger" does not tell: that is wanted instead."""
        colors = {value.value for value in self.reading.values if value.facet == "color" and not value.denied}
        step = step_words(self.text)
        return self._as_if(self.text.replace(step, " ") if step else self.text).words(by_color=len(colors) > 1)

    def _as_if(self, text: str) -> "Bought":
        """As if only this had been said."""
        return replace(self, context=self.context.as_if(text))

    def _wanted(self) -> Json:
        """The color and size that the message asks for."""
        return variant_of(self._of_customer()) or variant_of(self.reading)

    def _of_customer(self) -> ShopReading:
        """The message without what it says of somebody else: "brown, please. my sister has the grey"."""
        parts = map(self.context.read, clauses(self.text, is_spaced=True))
        return self.context.read(", ".join(part.text for part in parts if not (spoken_in(part) or part.others)))

    def _only_of(self, waiting: Proposal) -> list[str]:
        """The items of a proposal that are still meant: those said to be the only ones, or all but those that stay."""
        items = waiting.summary.get("items", ())
        if len(items) < _TWO or self._names_all():
            return []
        others = [part for part in clauses(self.text) if not _keeps().search(fold(part).text)]
        only = [part for part in others if any(has_form(part, word) for word in item_words().only)]
        if only:
            return self._as_if(". ".join(only)).words()
        services = self.context.services
        order = services.orders.get(self.context.customer, str(waiting.summary["order_id"]))
        kept = {order.items[index].sku for index in kept_items(order, self.text, names_in(services))}
        rest_of = [str(item["title"]) for item in items if item["sku"] not in kept]
        return rest_of if len(rest_of) < len(items) else []

    def told_which(self) -> Iterator[tuple[str, Json]]:
        """The call of which it was asked just now which order is meant, with what this message calls it: "the little
        one, for 2"."""
        result = self._before
        if result is None or result.artifact.get("why") not in ("which", "claim"):
            return
        words = self.words({order["id"] for order in result.artifact.get("orders", ())})
        if words:
            asked = self._call_of(result)
            named = {"words": " ".join(words)} if asked["name"] == FIND_ORDERS else {"items": words}
            yield asked["name"], {**asked["args"], **named}

    def items(self, of: str = "") -> Json:
        """The items that are named; "the small one too" adds them to those of a proposal of this kind that waits."""
        words, waiting = self._swapped() if of == EXCHANGE else self.words(), self._waiting
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
        result = self._before
        if result is None or result.artifact.get("kind") != ONE:
            return []
        words, services = telling(str(self._call_of(result)["args"].get("words", ""))), self.context.services
        order = services.orders.get(self.context.customer, str(result.artifact["order"]["id"]))
        alike = [(likeness(words, item, names_in(services)).all, item.title) for item in order.items]
        found = [title for share, title in alike if share == max(alike)[0] and share >= CERTAIN]
        return found if len(found) == 1 else []  # of several, "it" is the parcel

    def _names_all(self) -> bool:
        """Whether the message speaks of all of an order."""
        text = _no_all().sub(" ", fold(self.text).text)
        return any(has_form(text, each) for each in item_words().all)

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
        newest = self._newest(OPTIONS, PROPOSAL, REFUSED, *_TOLD)
        if newest is None:
            return []
        if newest.artifact["kind"] == REFUSED:  # "money back for the boots" was too late: "is there a 41, then?"
            return [*map(str, self._call_of(newest)["args"].get("items") or ())]
        return [str(newest.artifact["item"]["title"])] if newest.artifact["kind"] == OPTIONS else []

    def offered_color(self) -> Json:
        """Of the colors that were just given to choose from, the one that the message has a word of: "k green"."""
        newest = self._newest()
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


def is_nowhere(waiting: Proposal | None, reading: ShopReading) -> bool:
    """Whether a parcel that is to be reported was looked for, and did not turn up."""
    is_lost = waiting and waiting.kind == REPORT_PROBLEM and waiting.summary.get("problem") == "not_received"
    return bool(is_lost) and "looked_around" in reading.cues and "turned_up" not in reading.cues


@cache
def _keeps() -> re.Pattern[str]:
    """Words that are said of what stays."""
    return re.compile(any_of(item_words().keep))


@cache
def _no_all() -> re.Pattern[str]:
    """Words that have one for all, and do not mean it: "after all"."""
    return re.compile(any_of(item_words().no_all))
