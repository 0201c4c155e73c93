"""From wishes to calls: what code calls for a message, what the small model writes, and what is only said.

In: the probability of each wish, the turn's context, the messages. Out: a `Plan`, or None where the recogniser is not
sure: the model then decides alone. Arguments are taken from the reading of the message; what nobody said is left out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from agent.context import TurnContext
from agent.guided.notes import NoteJudge, as_noted, is_named, spoken_of
from agent.guided.recogniser.labels import GOES_ON, detail, of_wish
from agent.guided.wishes.bought import CANCEL, Bought
from agent.guided.wishes.changes import changes_of
from agent.guided.wishes.choice import PROFILE, by_words, chosen, is_unclear, one_act, taken_out
from agent.guided.wishes.measures import measures, units_of
from agent.guided.wishes.ordered import Heard, reply_before
from agent.guided.wishes.pieces import Parts, says_also, variant_of
from agent.guided.wishes.references import (
    Products,
    asked_by_name,
    by_rank,
    called_by_name,
    cheaper_than,
    in_color,
    is_both,
    referred,
    speaks_of_list,
)
from agent.guided.wishes.searches import Searches, Whom, limits_before
from agent.guided.wishes.shares import SAID, SURE, Clause, Words, by_kinds, own_words, with_clauses
from agent.middleware.lapsing import QUESTION
from agent.tools.get_profile import NAME as GET_PROFILE
from agent.tools.get_profile import attributes_named
from agent.tools.proposals import REPORT_PROBLEM
from agent.tools.search_wish import AMONG_SHOWN, NOT
from agent.tools.update_profile import NAME as UPDATE_PROFILE
from agent.tools.variants import own_sizes
from agent.unsold import unsold_things
from language.aspects import find_aspects
from language.clauses import clauses, sentences
from language.countries import countries_in
from language.cues import cues_in
from language.people import group_of, spoken_in
from language.recipients import recipients_in
from retrieval.facets import VARIANT_FACETS

Json = dict[str, Any]
Call = tuple[str, Json]
_ORDER = (
    "forget", "note", "data", "profile", "cancel", "return", "exchange", "address", "problem", "orders", "search",
    "product", "compare", "cart", "total", "answer", "person",
)  # fmt: skip
_ABOUT_ONE = ("search", "product", "answer", *PROFILE)  # what a message wants that asks for a product by its name
_REMEDY = 0.5
_AGREED = 0.7  # of a yes to the offer of a person
_RARELY = 0.03  # that a search goes on, for a message that names conditions and no kind: 97 % of those do
_OR_SEARCH = 0.3  # that a question about a product may be a search instead
_OR_PRODUCT = 0.03  # that a question with an "it" is about the product spoken of last, where it seems to be talk
_TWO = 2
_MOST_COMPARED = 4
_SURE_ANSWER = 0.8


@dataclass(frozen=True, slots=True)
class Plan:
    """`calls` are made by code; of `model_tools` the model writes the calls; `said`: what is said without any."""

    calls: tuple[Call, ...] = ()
    model_tools: tuple[str, ...] = ()
    said: str = ""
    of_order: Callable[[str], Json] = lambda address: {}  # what tells which order is to go to an address


def planned(
    chances: Mapping[str, float],
    clauses: Sequence[Clause],
    context: TurnContext,
    messages: Sequence[AnyMessage],
    judge: NoteJudge,
) -> Plan | None:
    """What to do about the newest message, whose `clauses` were also read one by one."""
    if not any(char.isalnum() for char in context.reading.text):
        return Plan(said="nothing")
    chances = taken_out(by_words(with_clauses(chances, clauses), context.reading), clauses)
    act = Act(context, messages, chances)
    wishes = chosen(chances) if not act.asks_of_profile() else {"profile"}
    if address := tuple(act.bought.corrected(wishes)):
        return Plan(address)
    if not wishes:
        return Plan(told) if (told := tuple(act.bought.told_which())) else None
    wishes = act.bought.wished(one_act(wishes, chances, clauses, context.reading))
    for reading in (act.bought.again, act.bought.amended, act.bought.amount_asked):
        if of_proposal := tuple(reading(wishes)):
            return Plan(of_proposal)
    if "search" in wishes and wishes <= {*_ABOUT_ONE} and act.asks_of_one():
        wishes = wishes - {"search"} | {"product"}
    if "search" in wishes and not act.refers:  # of products that are still to be found nothing can be said
        wishes -= {"product"}
    if "search" in wishes and (cheaper_than(act.reading, act.products, act.refers) or act.is_best_of_all()):
        wishes -= {"compare"}
    changes = changes_of(wishes, chances, clauses, context, judge)
    acting = [wish for wish in _ORDER if wish in wishes and wish not in PROFILE]
    words = own_words(context.reading.text, clauses, acting)
    calls = [call for wish in acting for call in act.within(words.get(wish)).calls(wish)]
    calls = [_as_noted(call, changes, context) for call in calls]
    if changes:
        calls.insert(0, (UPDATE_PROFILE, {"changes": changes}))
    model_tools = _left_to_model(wishes, changes, act)
    if calls or model_tools:
        return Plan(tuple(calls), model_tools, of_order=act.bought.order_for)
    if told := tuple(act.bought.told_which()):
        return Plan(told)
    if chances.get("yes", 0.0) >= _AGREED and offered_person(messages):
        return Plan(tuple(act.calls("person")))
    if chances.get("product", 0.0) >= _OR_PRODUCT and act.asks_of_it():
        return Plan(tuple(act.calls("product")))
    said = next((wish for wish in SAID if wish in wishes), "talk")
    return Plan(said="unclear" if said == "talk" and is_unclear(chances, context.reading) else said)


def _as_noted(call: Call, changes: Sequence[Json], context: TurnContext) -> Call:
    name, arguments = call
    return name, as_noted(name, arguments, changes, context.services.schema)


def _left_to_model(wishes: set[str], changes: Sequence[Json], act: "Act") -> tuple[str, ...]:
    """The tools whose calls the model writes: notes in words that no list has, and addresses."""
    tools = [UPDATE_PROFILE] if wishes & set(PROFILE) and not changes and act.is_told_freely(wishes) else []
    if "address" in wishes and any(char.isdigit() for char in act.text):
        tools.append("change_address")
    return tuple(tools)


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

    def within(self, words: Words | None) -> "Act":
        """Of these words of the message alone; what names no kind of product may be of the words ahead of it too, and
        its products are those of the message up to there where it names none: "is the Larch there? add one"."""
        if words is None:
            return self
        part = self._said(words.own)
        if part.kinds_named:
            return part
        part = self._said(words.ahead + words.own) if words.ahead else part
        if not part.refers and not part.kinds_named:
            end = self.text.find(words.own) + len(words.own)
            before = self._said(self.text[:end]) if words.own in self.text else self
            object.__setattr__(part, "refers", before.refers)
        return part

    def _said(self, words: str) -> "Act":
        """As if only these words had been said."""
        return replace(self, context=self.context.as_if(words))

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
        who = spoken_of(self.context)
        parts = by_kinds(self.text, lambda sentence: self._said(sentence).kinds_named)
        for act in [self] if len(parts) < _TWO else [self._said(part) for part in parts]:
            whole = act is self or act.reading.about is None
            yield from act.search(who if whole else spoken_of(act.context), goes_on=goes_on)

    def search(self, who: str, *, goes_on: bool = False) -> Iterator[Call]:
        """The search for what is said here, for `who`."""
        chance = 1.0 if goes_on else self.chances.get(GOES_ON, 0.0)
        among = detail(self.chances, "search", SURE) if self.products.shown.listed else None
        of_shown = not self.kinds_named or self._names_kind_of(self.refers)
        if self.products.shown.listed and set(self.refers) == set(self.products.shown.listed) and of_shown:
            among = AMONG_SHOWN
        may_go_on = chance >= _RARELY or self._is_for_me_instead()
        before = self._searches().before(self.reading.kinds, self.messages, self._whom(who), self.products.in_focus)
        before |= limits_before(self.messages) if "that_limit" in self.reading.cues else {}
        searches = self._searches().asked(self.reading, before, chance >= SURE, may_go_on)
        cheaper = cheaper_than(self.reading, self.products, self.refers) if chance >= _RARELY or self.refers else None
        if cheaper and (self.refers or not self.reading.limits):
            searches = [{**one, "max_price": min(cheaper, one.get("max_price", cheaper))} for one in searches]
        beside = ({"among": among} if among else {}) | ({"about": who} if who else {})
        for arguments in searches:
            yield "search_products", arguments | beside

    def _whom(self, who: str) -> Whom:
        """What the consultation and the profile tell of whom a search is for."""
        traits = self.context.services.profiles.read(self.context.customer).traits
        own = frozenset(str(trait.value) for trait in traits if not trait.about)
        group = group_of(who, self.context.readings) if who else None
        return Whom(who, group, says_also(self.text), own)

    def asks_of_one(self) -> bool:
        """Whether it asks for one product by its name: "have you the Firn in grey", not "something like the Firn"."""
        sku = asked_by_name(self.reading, self.products)
        is_of_kind = not self.kinds_named or self._names_kind_of([sku] if sku else ())
        return bool(sku) and is_of_kind and not cheaper_than(self.reading, self.products, [sku])

    def asks_of_it(self) -> bool:
        """Whether it asks something of the one product that was spoken of last: "you'd trust it in proper rain?"."""
        is_of_it = bool(self.reading.references) and self.products.in_focus is not None
        return self.reading.is_question and is_of_it and not self.refers and not self.kinds_named

    def _is_for_me_instead(self) -> bool:
        """Whether it speaks of the customer, behind a message that spoke of somebody else: "for me something dark"."""
        earlier = self.context.readings[-2:-1]
        return self.reading.about == "self" and any(one.name for each in earlier for one in spoken_in(each))

    def _product(self) -> Iterator[Call]:
        if self._adds_condition():
            yield from self._search(goes_on=True)
            return
        is_other = bool(self.kinds_named) and not self._names_kind_of(self.refers)  # of a kind that was not shown
        if is_other or (not self.refers and (not self.products.recent or self._is_unsold())):
            yield from self._search()
            return
        asked: Json = {"product": list(self.refers) or "it", "question": self.text}
        yield "get_product", asked | self._own_size() | variant_of(self.reading)
        if self.chances.get("answer", 0.0) < SURE:
            yield from self._answered_beside()

    def _adds_condition(self) -> bool:
        """Whether it says what those of the list have to be, and asks nothing of them: "has to be waterproof"."""
        is_told = "must_be" in self.reading.cues and not self.reading.is_question and not self.refers
        conditions = [value for value in self.reading.values if value.facet not in self.reading.kinds]
        return is_told and bool(conditions) and len(self.products.shown.focus) > 1

    def _own_size(self) -> Json:
        """The size that is worn by whoever a message speaks of, of the one product that it asks about: "in my size"."""
        is_own, who = "own_size" in self.reading.cues, spoken_of(self.context)
        meant = self.refers or self.products.shown.focus
        product = self.products.catalog.by_sku.get(meant[0]) if len(meant) == 1 else None
        if product is None or not (is_own or ("their_size" in self.reading.cues and who)):
            return {}
        sizes = own_sizes(product, self.context, "" if is_own else who)
        return {"size": next(iter(sizes))} if len(sizes) == 1 else {}

    def _answered_beside(self) -> Iterator[Call]:
        """What an approved answer surely says of a clause beside others that asks for no fact: "can it be washed"."""
        context = self.context
        parts = [*clauses(self.text, is_spaced=True)]
        for part in parts if len(parts) > 1 else ():
            values = (value for value in context.read(part).values if value.facet not in self.reading.kinds)
            if find_aspects(part, self._labels) or any(True for _ in values):
                continue
            hit = context.services.retriever.answer(part, context.language)
            if hit and hit.template.of_products and hit.score >= _SURE_ANSWER:
                yield "find_answer", {"question": part}
                return

    @property
    def _labels(self) -> Mapping[str, Mapping[str, str]]:
        """What the shop calls its facets, by facet and language."""
        return {name: facet.label for name, facet in self.context.services.retriever.facets.facets.items()}

    def _names_kind_of(self, skus: Sequence[str]) -> bool:
        """Whether any of these is of a kind that the message names."""
        return any(self.products.catalog.by_sku[sku].category in self.kinds_named for sku in skus)

    @property
    def kinds_named(self) -> set[str]:
        """The kinds of product that the message names."""
        return {value for kind in self.reading.kinds for value in self.reading.facets[kind].wanted}

    def _is_unsold(self) -> bool:
        """Whether it asks for something that the shop does not have, rather than for a part of what was shown."""
        if self.reading.references or self.chances.get("search", 0.0) < _OR_SEARCH:
            return False
        return bool(unsold_things(self.reading, self.context.services.assortment))

    def _compare(self) -> Iterator[Call]:
        is_ranked = any(aspect.direction for aspect in find_aspects(self.text, self._labels))
        by = {"by": self.text} if is_ranked else {}
        if len(ordered := self._ordered()) >= _TWO:
            yield "compare_products", {"products": ordered, **by}
            return
        focus = self.products.shown.focus
        if self.is_best_of_all():
            yield from self._search(goes_on=bool(self.products.recent or self.refers))
            return
        is_by_rank = is_ranked and {*self.refers} <= {*by_rank(self.reading, self.products)}
        meant = [] if is_by_rank else list(self.refers)  # two may be equally light: all are compared
        meant = [*focus] if is_both(self.reading) and len(focus) == _TWO else meant
        if len(meant) == 1 and len(focus) == 1 and focus[0] != meant[0]:
            meant = [*focus, *meant]
        if len(meant) < _TWO and not is_ranked:
            meant = list(dict.fromkeys([*meant, *self._sized()]))
        yield "compare_products", {"products": meant if len(meant) > 1 else "shown", **by}
        best = [*by_rank(self.reading, self.products)] if is_ranked else []
        if best and any(aspect.name in VARIANT_FACETS for aspect in find_aspects(self.text, self._labels)):
            yield "get_product", {"product": best, "question": self.text}  # "which is cheaper, and in what colors"

    def _ordered(self) -> list[str]:
        """The products of the order that was spoken of last of the kind that the message names, if none of that kind
        was shown: "there are two headlamps in it, which weighs less?"."""
        order_id = self.bought.in_focus()
        if not order_id or any(product.category in self.kinds_named for product in self.products.recent):
            return []
        items = self.context.services.orders.get(self.context.customer, order_id).items
        sold = (self.products.catalog.by_sku.get(item.sku) for item in items)
        return list(dict.fromkeys(one.sku for one in sold if one and one.category in self.kinds_named))

    def is_best_of_all(self) -> bool:
        """Whether what is to be compared is still to be found: a search says which is the best."""
        if not self.products.recent and not self.refers:
            return True
        return any(aspect.direction for aspect in find_aspects(self.text, self._labels)) and self._asks_more()

    def _asks_more(self) -> bool:
        """Whether the best is asked for of all that meet a condition, and not of what was shown: "the cheapest one that
        really does -12"."""
        if speaks_of_list(self.reading) or detail(self.chances, "search", SURE):
            return False
        if called_by_name(self.reading, self.products):
            return False
        asked = self._searches().asked(self.reading, {}, goes_on=False, may_go_on=False)
        return any(one.keys() - {"query", "sort", NOT, *self.reading.kinds} for one in asked)

    def _sized(self) -> list[str]:
        """All that the shop has of the kind that was spoken of, in the size that the message names: "the two 5-person
        ones side by side"."""
        sizes, kinds = {*measures(self.reading, self.products.units)}, {p.category for p in self.products.recent[:1]}
        same = (one for one in self.products.catalog.products if one.category in kinds)
        found = [one.sku for one in same if any(one.facets.get(name) == size for name, size in sizes)]
        return found if _TWO <= len(found) <= _MOST_COMPARED else []

    def _total(self) -> Iterator[Call]:
        is_of_cart = self.chances.get("cart", 0.0) >= SURE  # what is put in is part of it
        named = () if is_of_cart or self._means_cart() else self.refers
        pieces = self._parts(may_ask=True).pieces(self.reading, named) if named else []
        items = [{"product": each.product, "quantity": each.quantity or 1} for each in pieces]
        yield "get_total", ({"items": items} if items else {}) | self._delivery()

    def _means_cart(self) -> bool:
        """Whether "everything" is what is in the cart: it points to nothing, and there is something in it."""
        is_all = {*self.refers} == {*self.products.shown.listed} and not self.reading.references
        return is_all and bool(self.context.services.carts.get(self.context.customer).lines)

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
        action, variant = detail(self.chances, "cart") or "add", variant_of(self.reading)
        is_named = called_by_name(self.reading, self.products)
        if action == "clear" and (variant or is_named):  # "scrap the yellow one" leaves the others
            action = "remove"
        if action in ("undo", "show", "checkout", "clear"):
            yield "cart", {"action": action}
            return
        of_lines = action == "remove" and variant and not is_named  # the color tells lines of the cart apart
        is_it = action == "add" and "beside_those" in self.reading.cues and len(self.products.shown.focus) == 1
        focus = self.products.shown.focus
        meant: Sequence[str] = () if of_lines else focus if is_it else self.refers
        if action == "add" and not meant and len(focus) != 1:
            meant = in_color(self.reading, self.products)
        for each in self._parts(may_vary=action != "change").pieces(self.reading, meant):
            quantity = {"quantity": each.quantity} if each.quantity else {}
            yield "cart", {"action": action, "product": each.product, **each.variant, **quantity}

    def _parts(self, *, may_ask: bool = False, may_vary: bool = True) -> Parts:
        return Parts(self.products, self.context.read, self.chances.get("search", 0.0) >= SURE, may_ask, may_vary)

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
        words = [*variant_of(self.reading).values(), *items] if items else []
        found: Json = {"words": " ".join(map(str, words))} if words and "order_id" not in self.bought.order() else {}
        days = self.days
        if days and "order_id" not in self.bought.order():
            found |= {"since": min(days).isoformat(), "until": max(days).isoformat()}
        if not (found or self.bought.order()) and "all_orders" not in self.reading.cues:
            found = {"order_id": self.bought.in_focus()} if self.bought.in_focus() else {}
        yield "find_orders", self.bought.order() | found

    def _cancel(self) -> Iterator[Call]:
        yield "cancel_order", self.bought.order() | self.bought.items(CANCEL)

    def _return(self) -> Iterator[Call]:
        yield "return_items", self.bought.order() | self.bought.items("return_items") | {"reason": self.text[:200]}

    def _exchange(self) -> Iterator[Call]:
        yield "exchange_item", self.bought.exchanged()

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
        if not asked and not self.reading.cues.isdisjoint(("asks_saved", "asks_noted_now")):
            asked = {"newest": True}
        is_why = detail(self.chances, "profile", SURE) or "asks_why_known" in self.reading.cues
        yield GET_PROFILE, asked | ({"why": True} if is_why else {})

    def asks_of_profile(self) -> bool:
        """Whether it asks, right after the profile was spoken of, what stands in it: "is the 90 still in there?"."""
        if "in_profile" not in self.reading.cues or not self.reading.is_question or self.kinds_named:
            return False
        turns = [place for place, message in enumerate(self.messages) if isinstance(message, HumanMessage)][-2:]
        last = [message for message in self.messages[min(turns, default=0) :] if isinstance(message, AIMessage)]
        called = {call["name"] for message in last for call in message.tool_calls}
        return bool(called) and called <= {UPDATE_PROFILE, GET_PROFILE} and bool(self._attributes_named())

    def _attributes_named(self) -> list[str]:
        """What is asked about: attributes by name, and those of which a noted value is named, with whose value it is
        where that is one other person alone; else the people that are named."""
        services = self.context.services
        traits, people = services.profiles.read(self.context.customer).everyone, recipients_in(self.text)
        valued = [trait for trait in traits if is_named(trait, self.reading, services.schema)]
        valued = [trait for trait in valued if trait.value not in people]
        by_name = attributes_named(self.text, services.schema, services.shop.languages, is_whole=True)
        whose = {trait.about for trait in valued} if self.reading.about != "self" else set()
        names = sorted(name.replace("_", " ") for name in {trait.attribute for trait in valued} | by_name)
        return [*names, *(people or (who for who in whose if who and len(whose) == 1))]

    def _data(self) -> Iterator[Call]:
        actions = [name for name in of_wish("data") if self.chances.get(f"data.{name}", 0.0) >= SURE]
        for action in actions or [detail(self.chances, "data") or ""]:
            yield "manage_data", {"action": action, **(self._gift() if action == "exclude_order" else {})}

    def _gift(self) -> Json:
        """The order that says nothing of the customer: by its id, by the days that the message names, by its items."""
        days = self.days
        named = self.bought.order() or (self.bought.placed(min(days), max(days)) if days else {})
        items = self.bought.words()
        return named or ({"words": " ".join(items)} if items else {})

    def _person(self) -> Iterator[Call]:
        yield "hand_off", {"reason": self.text[:200]}


def offered_person(messages: Sequence[AnyMessage]) -> bool:
    """Whether the reply before this message asked whether to bring in a person: a yes then means that."""
    text = reply_before(messages)
    return text.endswith(QUESTION) and "asks_person" in cues_in(sentences(text)[-1])
