"""From wishes to calls: what code calls for a message, what the small model writes, and what is only said.

In: the probability of each wish, the turn's context, the messages. Out: a `Plan`, or None where the recogniser is not
sure: the model then decides alone. Arguments are taken from the reading of the message; what nobody said is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from langchain_core.messages import AIMessage, AnyMessage

from agent.context import TurnContext
from agent.guided.notes import NoteJudge, as_noted, forgotten, is_named, spoken_of
from agent.guided.recogniser.labels import GOES_ON, WISHES, detail, of_wish
from agent.guided.wishes.bought import Bought, Heard
from agent.guided.wishes.measures import measures, units_of
from agent.guided.wishes.references import (
    Products,
    by_rank,
    called_by_name,
    cheaper_than,
    is_both,
    referred,
    speaks_of_list,
)
from agent.guided.wishes.searches import Searches
from agent.shop_reading import ShopReading
from agent.tools.get_profile import attributes_named
from agent.tools.proposals import REPORT_PROBLEM
from agent.tools.search_wish import AMONG_SHOWN, NOT
from agent.tools.update_profile import MAX_CHANGES
from agent.tools.update_profile import NAME as UPDATE_PROFILE
from agent.unsold import unsold_things
from language.aspects import find_aspects
from language.clauses import clauses
from language.countries import countries_in
from language.cues import cues_in
from language.indifference import indifferent
from language.quantities import Quantity
from language.size_steps import step_words
from profiles.observation import EVERYTHING
from retrieval.catalog import ONE_SIZE
from retrieval.facets import VARIANT_FACETS

Json = dict[str, Any]
Call = tuple[str, Json]
SURE = 0.5  # probability of a wish that is acted upon
LIKELY = 0.15  # of the likeliest one, where none is sure
_ORDER = (
    "forget", "note", "data", "profile", "cancel", "return", "exchange", "address", "problem", "orders", "search",
    "product", "compare", "total", "cart", "answer", "person",
)  # fmt: skip
_SAID = ("yes", "no", "talk", "offtopic")
_HARMLESS = ("search", "product", "compare", "total", "answer", "orders", "profile", "talk")  # look up, or only say
_PROFILE = ("forget", "note")
_REMEDY = 0.5
_AGREED = 0.7  # of a yes to the offer of a person
_NOTED = 0.1  # of a note, for a message whose possible notes are judged
_MAYBE = 0.05  # of a harmless wish, where none is likely
_RARELY = 0.03  # that a search goes on, for a message that names conditions and no kind: 97 % of those do
_HINT = 0.02  # that a person is wanted, for a message that names one
_CERTAIN, _STRAY = 0.9, 0.15  # of a yes that carries something out; of what else it might be
_BESIDE_NO = 0.25  # of what else a no might be: it carries nothing out
_PLAIN_CHARS = 40  # of a no that is nothing else
_MOST_PIECES = 99
_OR_SEARCH = 0.3  # that a question about a product may be a search instead
_TWO = 2
_MOST_COMPARED = 4
_SURE_ANSWER = 0.8


@dataclass(frozen=True, slots=True)
class Plan:
    """`calls` are made by code; of `model_tools` the model writes the calls; `said`: what is said without any."""

    calls: tuple[Call, ...] = ()
    model_tools: tuple[str, ...] = ()
    said: str = ""


def planned(
    chances: Mapping[str, float], context: TurnContext, messages: Sequence[AnyMessage], judge: NoteJudge
) -> Plan | None:
    """What to do about the newest message."""
    if not any(char.isalnum() for char in context.reading.text):
        return Plan(said="nothing")
    chances = _by_words(chances, context.reading)
    wishes = chosen(chances)
    act = Act(context, messages, chances)
    if not wishes:
        return Plan(told) if (told := tuple(act.bought.told_which())) else None
    if amended := [*act.bought.amended(wishes)]:
        return Plan(tuple(amended))
    if "search" in wishes and not act.refers:  # of products that are still to be found nothing can be said
        wishes -= {"product"}
    if "search" in wishes and cheaper_than(act.reading, act.products, act.refers):
        wishes -= {"compare"}
    changes = _changes(wishes, chances, context, judge)
    calls = [call for wish in _ORDER if wish in wishes and wish not in _PROFILE for call in act.calls(wish)]
    calls = [_as_noted(call, changes, context) for call in calls]
    if changes:
        calls.insert(0, (UPDATE_PROFILE, {"changes": changes}))
    model_tools = _left_to_model(wishes, changes, act)
    if calls or model_tools:
        return Plan(tuple(calls), model_tools)
    if told := tuple(act.bought.told_which()):
        return Plan(told)
    if chances.get("yes", 0.0) >= _AGREED and offered_person(messages):
        return Plan(tuple(act.calls("person")))
    return Plan(said=next((wish for wish in _SAID if wish in wishes), "talk"))


def _changes(wishes: set[str], chances: Mapping[str, float], context: TurnContext, judge: NoteJudge) -> list[Json]:
    """What is to be forgotten, then what is to be noted."""
    waived = _waived(context)
    changes = forgotten(context) if "forget" in wishes or waived else []
    if chances.get("note", 0.0) >= _NOTED or context.reading.plain:
        kept = _forgotten_as(changes, context)  # nothing that is to be forgotten is noted as it was
        stated = [one for one in judge.stated() if str(one["value"]) not in waived and _key(one) not in kept]
        changes = [*_besides(changes, stated), *stated]
    return changes[:MAX_CHANGES]


def _waived(context: TurnContext) -> frozenset[str]:
    """Values of what is noted that the message says do not matter: "never mind the wool"."""
    traits = context.services.profiles.read(context.customer).everyone
    return indifferent(context.reading.text, {str(trait.value): [str(trait.value)] for trait in traits})


def _forgotten_as(changes: Sequence[Json], context: TurnContext) -> frozenset[tuple[str, ...]]:
    """Of single values that are to be forgotten, how they are noted."""
    values = {(str(one["attribute"]), str(one["value"]), str(one.get("about", ""))) for one in changes}
    traits = context.services.profiles.read(context.customer).everyone if values else ()
    noted = ((trait.attribute, str(trait.value), trait.about, str(trait.polarity)) for trait in traits)
    return frozenset(key for key in noted if key[:3] in values)


def _key(change: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(change.get(name) or "") for name in ("attribute", "value", "about", "polarity"))


def _besides(forgets: Sequence[Json], stated: Sequence[Json]) -> list[Json]:
    """Without the forgetting of what the message states anew: "44, not 43" replaces it."""
    anew = {(change["attribute"], str(change["value"]), change.get("about", "")) for change in stated}
    whole = {(attribute, about) for attribute, _, about in anew}
    return [
        one
        for one in forgets
        if (one["attribute"], str(one["value"]), one.get("about", "")) not in anew
        and (one["value"] != EVERYTHING or (one["attribute"], one.get("about", "")) not in whole)
    ]


def _as_noted(call: Call, changes: Sequence[Json], context: TurnContext) -> Call:
    name, arguments = call
    return name, as_noted(name, arguments, changes, context.services.schema)


def _left_to_model(wishes: set[str], changes: Sequence[Json], act: "Act") -> tuple[str, ...]:
    """The tools whose calls the model writes: notes in words that no list has, and addresses."""
    tools = [UPDATE_PROFILE] if wishes & set(_PROFILE) and not changes and act.is_told_freely(wishes) else []
    if "address" in wishes and any(char.isdigit() for char in act.text):
        tools.append("change_address")
    return tuple(tools)


def _by_words(chances: Mapping[str, float], reading: ShopReading) -> Mapping[str, float]:
    """The chances where words leave no doubt: who asks for the manager, and who asks whether this is a person."""
    if "asks_bot" in reading.cues:
        return {**chances, "person": 0.0, "talk": 1.0}
    if "asks_person" in reading.cues and chances.get("person", 0.0) >= _HINT:
        return {**chances, "person": 1.0}
    return chances


def chosen(chances: Mapping[str, float]) -> set[str]:
    """The wishes that are sure, else the likeliest; where none is likely, the likeliest that changes nothing."""
    sure = {wish for wish in WISHES if chances.get(wish, 0.0) >= SURE}
    for wishes, least in ((WISHES, LIKELY), (_HARMLESS, _MAYBE)):
        best = max(wishes, key=lambda wish: chances.get(wish, 0.0))
        sure = sure or ({best} if chances.get(best, 0.0) >= least else set())
    return sure


def is_sure(chances: Mapping[str, float], reading: ShopReading) -> bool:
    """Whether any wish is sure, or nothing is said at all."""
    chances = _by_words(chances, reading)
    is_said = any(char.isalnum() for char in reading.text)
    return not is_said or any(chances.get(wish, 0.0) >= SURE for wish in WISHES)


def plain_answer(chances: Mapping[str, float], reading: ShopReading) -> Literal["yes", "no"] | None:
    """A yes or no that is nothing else. A yes, which carries something out, holds no number and no trace of another
    wish either."""
    apart = {wish: chance for wish, chance in chances.items() if wish in WISHES and wish not in ("yes", "no", "talk")}
    others = max(apart.values(), default=0.0)
    yes, no = chances.get("yes", 0.0), chances.get("no", 0.0)
    if reading.is_question:
        return None
    is_plain = not reading.values and len(reading.text) <= _PLAIN_CHARS
    if no >= SURE and yes < _STRAY and others < _BESIDE_NO and is_plain:
        return "no"
    is_certain = yes >= _CERTAIN and no < _STRAY and others < _STRAY
    return "yes" if is_certain and not (reading.quantities or reading.order_ids) else None


@dataclass(frozen=True)
class Act(Heard):
    """Writes the calls of one message."""

    chances: Mapping[str, float]
    products: Products = field(init=False)
    refers: tuple[str, ...] = field(init=False)
    bought: Bought = field(init=False)

    def __post_init__(self) -> None:
        services = self.context.services
        products = Products.of(self.messages, services.retriever.catalog, units_of(services.shop))
        object.__setattr__(self, "products", products)
        object.__setattr__(self, "refers", tuple(referred(self.reading, self.products)))
        object.__setattr__(self, "bought", Bought(self.context, self.messages, products.units))

    def calls(self, wish: str) -> list[Call]:
        """The calls that one wish takes."""
        write = getattr(self, f"_{wish}")
        return list(write())

    def is_told_freely(self, wishes: set[str]) -> bool:
        """Whether the message may tell an attribute that takes any words: a name, an allergy."""
        free = (attribute.name for attribute in self.reading.reader.stated if attribute.type == "text")
        return "forget" in wishes or any(self.reading.notes[name].may_be_told for name in free)

    def _address(self) -> Iterator[Call]:
        """Where to is still to be said; else the model copies it."""
        if not any(char.isdigit() for char in self.text):
            yield "change_address", {}

    def _searches(self) -> Searches:
        services = self.context.services
        retriever = services.retriever
        return Searches(services.shop, retriever.facets, retriever.catalog, services.assortment)

    def _search(self, *, goes_on: bool = False) -> Iterator[Call]:
        chance = 1.0 if goes_on else self.chances.get(GOES_ON, 0.0)
        among = detail(self.chances, "search", SURE) if self.products.shown.listed else None
        of_shown = not self._kinds_named or self._names_kind_of(self.refers)
        if self.products.shown.listed and set(self.refers) == set(self.products.shown.listed) and of_shown:
            among = AMONG_SHOWN
        searches = self._searches().asked(self.reading, self.messages, chance >= SURE, chance >= _RARELY)
        cheaper = cheaper_than(self.reading, self.products, self.refers) if chance >= _RARELY or self.refers else None
        if cheaper and not self.reading.limits:
            searches = [{**one, "max_price": min(cheaper, one.get("max_price", cheaper))} for one in searches]
        who = spoken_of(self.context)
        beside = ({"among": among} if among else {}) | ({"about": who} if who else {})
        for arguments in searches:
            yield "search_products", arguments | beside

    def _product(self) -> Iterator[Call]:
        is_other = bool(self._kinds_named) and not self._names_kind_of(self.refers)  # of a kind that was not shown
        if is_other or (not self.refers and (not self.products.recent or self._is_unsold())):
            yield from self._search()
            return
        asked: Json = {"product": list(self.refers) or "it", "question": self.text}
        yield "get_product", asked | self._variant()

    def _names_kind_of(self, skus: Sequence[str]) -> bool:
        """Whether any of these is of a kind that the message names."""
        return any(self.products.catalog.by_sku[sku].category in self._kinds_named for sku in skus)

    @property
    def _kinds_named(self) -> set[str]:
        return {value for kind in self.reading.kinds for value in self.reading.facets[kind].wanted}

    def _is_unsold(self) -> bool:
        """Whether it asks for something that the shop does not have, rather than for a part of what was shown."""
        if self.reading.references or self.chances.get("search", 0.0) < _OR_SEARCH:
            return False
        return bool(unsold_things(self.reading, self.context.services.assortment))

    def _compare(self) -> Iterator[Call]:
        if not self.products.recent and not self.refers:
            yield from self._search()
            return
        facets = {name: facet.label for name, facet in self.context.services.retriever.facets.facets.items()}
        is_ranked = any(aspect.direction for aspect in find_aspects(self.text, facets))
        by = {"by": self.text} if is_ranked else {}
        focus = self.products.shown.focus
        if is_ranked and self._asks_more():
            yield from self._search(goes_on=True)
            return
        is_by_rank = is_ranked and {*self.refers} <= {*by_rank(self.reading, self.products)}
        meant = [] if is_by_rank else list(self.refers)  # two may be equally light: all are compared
        meant = [*focus] if is_both(self.reading) and len(focus) == _TWO else meant
        if len(meant) == 1 and len(focus) == 1 and focus[0] != meant[0]:
            meant = [*focus, *meant]
        if len(meant) < _TWO and not is_ranked:
            meant = list(dict.fromkeys([*meant, *self._sized()]))
        yield "compare_products", {"products": meant if len(meant) > 1 else "shown", **by}

    def _asks_more(self) -> bool:
        """Whether the best is asked for of all that meet a condition, and not of what was shown: "the cheapest one that
        really does -12"."""
        if speaks_of_list(self.reading) or detail(self.chances, "search", SURE):
            return False
        if called_by_name(self.reading, self.products):
            return False
        asked = self._searches().asked(self.reading, (), goes_on=False, may_go_on=False)
        return any(one.keys() - {"query", "sort", NOT, *self.reading.kinds} for one in asked)

    def _sized(self) -> list[str]:
        """All that the shop has of the kind that was spoken of, in the size that the message names: "the two 5-person
        ones side by side"."""
        sizes, kinds = {*measures(self.reading, self.products.units)}, {p.category for p in self.products.recent[:1]}
        same = (one for one in self.products.catalog.products if one.category in kinds)
        found = [one.sku for one in same if any(one.facets.get(name) == size for name, size in sizes)]
        return found if _TWO <= len(found) <= _MOST_COMPARED else []

    def _total(self) -> Iterator[Call]:
        counts = [*self._counts()]
        items = [{"product": sku, "quantity": self._count_of(sku, counts)} for sku in self.refers]
        yield "get_total", ({"items": items} if items else {}) | self._delivery()

    def _delivery(self) -> Json:
        """How it is to be sent, by this message, or by the country that one before it names."""
        cues, home = self.reading.cues, self.context.services.shop.country
        if "delivery_express" in cues:
            return {"delivery": "express"}
        named = [countries_in(reading.text) for reading in self.context.readings]
        where = next((codes[-1] for codes in reversed(named) if codes), home)
        is_abroad = bool(home) and where != home
        return {"delivery": "international"} if is_abroad or "delivery_abroad" in cues else {}

    def _cart(self) -> Iterator[Call]:
        action = detail(self.chances, "cart") or "add"
        if action in ("undo", "show", "checkout", "clear"):
            yield "cart", {"action": action}
            return
        counts = [*self._counts()]
        for product in self.refers or ("it",):
            quantity = {"quantity": self._count_of(product, counts)} if counts else {}
            yield "cart", {"action": action, "product": product, **self._variant(), **quantity}

    def _answer(self) -> Iterator[Call]:
        """One call, or one for each of several questions that have surely other answers."""
        retriever, found = self.context.services.retriever, dict[str, str]()
        for part in clauses(self.text, is_spaced=True):
            hit = retriever.answer(part, self.context.language)
            if hit and hit.score >= _SURE_ANSWER:
                found.setdefault(hit.template.id, part)
        for question in [*found.values()][:_TWO] if len(found) >= _TWO else [self.text]:
            yield "find_answer", {"question": question}

    def _orders(self) -> Iterator[Call]:
        items = self.bought.words()
        words = [*self._variant().values(), *items] if items else []
        found: Json = {"words": " ".join(map(str, words))} if words and "order_id" not in self.bought.order() else {}
        days = self._days()
        if days and "order_id" not in self.bought.order():
            found |= {"since": min(days).isoformat(), "until": max(days).isoformat()}
        if not (found or self.bought.order()) and "all_orders" not in self.reading.cues:
            found = {"order_id": self.bought.in_focus()} if self.bought.in_focus() else {}
        yield "find_orders", self.bought.order() | found

    def _days(self) -> list[date]:
        """The days that the message names; "in August", of orders, is the last one."""
        days = [day for each in self.reading.dates for day in (each.first, each.last) if day]
        if not days or min(days) <= self.context.today:
            return list(days)
        return [day.replace(year=day.year - 1, day=min(day.day, 28)) for day in days]

    def _cancel(self) -> Iterator[Call]:
        yield "cancel_order", self.bought.order() | self.bought.items("cancel_order")

    def _return(self) -> Iterator[Call]:
        yield "return_items", self.bought.order() | self.bought.items("return_items") | {"reason": self.text[:200]}

    def _exchange(self) -> Iterator[Call]:
        yield "exchange_item", self.bought.order() | self.bought.items() | self._variant()

    def _problem(self) -> Iterator[Call]:
        remedy = detail(self.chances, "remedy", _REMEDY)
        problem = detail(self.chances, "problem", _REMEDY) or self._told_problem() or detail(self.chances, "problem")
        told = {"problem": problem, **({"wish": remedy} if remedy else {})}
        yield "report_problem", self.bought.order() | self.bought.items() | told

    def _told_problem(self) -> str:
        """What was wrong by the newest claim of the consultation: "money back, rather" says nothing new of that."""
        calls = [call for m in self.messages if isinstance(m, AIMessage) for call in m.tool_calls]
        return next((str(c["args"].get("problem", "")) for c in reversed(calls) if c["name"] == REPORT_PROBLEM), "")

    def _profile(self) -> Iterator[Call]:
        asked: Json = {"attribute": ", ".join(names)} if (names := self._attributes_named()) else {}
        if not asked and "asks_saved" in self.reading.cues:
            asked = {"newest": True}
        yield "get_profile", asked | ({"why": True} if detail(self.chances, "profile", SURE) else {})

    def _attributes_named(self) -> list[str]:
        """What is asked about: attributes by name, and those of which a noted value is named."""
        services = self.context.services
        traits = services.profiles.read(self.context.customer).everyone
        by_value = {trait.attribute for trait in traits if is_named(trait, self.reading, services.schema)}
        by_name = attributes_named(self.text, services.schema, services.shop.languages, is_whole=True)
        return sorted(name.replace("_", " ") for name in by_value | by_name)

    def _data(self) -> Iterator[Call]:
        actions = [name for name in of_wish("data") if self.chances.get(f"data.{name}", 0.0) >= SURE]
        for action in actions or [detail(self.chances, "data") or ""]:
            yield "manage_data", {"action": action, **(self._gift() if action == "exclude_order" else {})}

    def _gift(self) -> Json:
        """The order that says nothing of the customer: by its id, by the days that the message names, by its items."""
        days = self._days()
        named = self.bought.order() or (self.bought.placed(min(days), max(days)) if days else {})
        items = self.bought.words()
        return named or ({"words": " ".join(items)} if items else {})

    def _person(self) -> Iterator[Call]:
        yield "hand_off", {"reason": self.text[:200]}

    def _variant(self) -> Json:
        """The color and size that the message names, a size also as a step ("one up")."""
        named = {name: self.reading.facets[name].wanted for name in VARIANT_FACETS if name in self.reading.facets}
        sure = {(value.facet, value.value) for value in self.reading.values if not value.denied}
        variant = {name: values[-1] for name, values in named.items() if values and (name, values[-1]) in sure}
        step = step_words(self.text) if variant.get("size", ONE_SIZE) == ONE_SIZE else ""
        return variant | ({"size": step} if step else {})

    def _counts(self) -> Iterator[Quantity]:
        """Numbers of pieces."""
        for each in self.reading.quantities:
            whole = each.low is not None and each.low == each.high and each.low == int(each.low)
            if whole and each.counts in (None, "pieces", "pairs") and 0 < int(each.low or 0) <= _MOST_PIECES:
                yield each

    def _count_of(self, sku: str, counts: Sequence[Quantity]) -> int:
        """How many of a product: the number before its kind, or the only one."""
        product = self.products.catalog.by_sku.get(sku)
        if len(self.refers) < 2:
            return int(counts[-1].low or 1) if counts else 1
        places = [v.start for v in self.reading.values if product and v.value == product.category]
        before = [each for each in counts if places and each.end <= places[0]]
        kinds = [value.start for value in self.reading.values if value.facet in self.reading.kinds]
        near = [each for each in before if not any(each.end <= start < places[0] for start in kinds)]
        return int(near[-1].low or 1) if near else 1


def offered_person(messages: Sequence[AnyMessage]) -> bool:
    """Whether the reply before this message asked whether to bring in a person: a yes then means that."""
    last = next((message for message in reversed(messages) if isinstance(message, AIMessage) and message.text), None)
    text = str(last.text).rstrip() if last is not None else ""
    return text.endswith(("?", "？")) and "asks_person" in cues_in(text.splitlines()[-1])
