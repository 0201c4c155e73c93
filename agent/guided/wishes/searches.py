"""The search that a message asks for: kinds of product, conditions, prices, and what still holds of the search before.

In: the reading of the message, what an earlier search of the consultation asked for, the shop's facets. Out: the
arguments of `search_products`, one set for each kind of product that is named. A message that names conditions and no
kind goes on with the search before it; one that names a kind begins anew, unless it plainly goes on.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

from agent.guided.wishes.measures import in_unit
from agent.guided.wishes.pieces import joint, says_also
from agent.shop import Shop
from agent.shop_reading import ShopReading
from agent.tools.search_products import NAME
from agent.tools.search_wish import NOT
from agent.unsold import unsold_things
from language.aspects import find_aspects
from language.clauses import clause_at, clauses
from language.indifference import indifferent, price_words
from language.matching import Mention, covers
from language.negation import denied
from language.packs import languages, section
from language.people import Group
from language.placeholders import is_no_option, means_nobody
from language.quantities import Quantity, QuantityWords
from language.reading import ShopValue
from language.recipients import kinds_of
from language.things import Thing, is_beside, is_requested, things_in
from retrieval.assortment import Assortment
from retrieval.catalog import Catalog, Product
from retrieval.facets import VARIANT_FACETS, FacetSpace, Wish, facet_values
from retrieval.search import BASIC_SORTS

Json = dict[str, Any]
_NEAR = (0.75, 1.25)  # of a number that is about what is wished for
_SIZE = "size"
_CHILDREN = frozenset(("child",))
_PRICES = ("min_price", "max_price")
_KINDS = 2  # that are searched for one message
_PEOPLE = 12  # at most that a tent is for
_TELLING = 5  # letters of a misspelt word that tells what is meant
_ABOUT = Decimal("1.2")  # of a price that is about what is to be spent


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a search is for: the name, "" for the customer, and the group as far as it is certain.

    `is_also`: the message asks beside what was asked for before; `own`: values that are known to be the customer's.
    """

    name: str = ""
    group: Group | None = None
    is_also: bool = False
    own: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Searches:
    """Writes the arguments of searches for one shop."""

    shop: Shop
    space: FacetSpace
    catalog: Catalog
    assortment: Assortment

    def before(
        self, kinds: Collection[str], messages: Sequence[AnyMessage], who: Whom, in_focus: Product | None
    ) -> Json:
        """The search that a message may go on from: the newest, or one for products like the one that was spoken of
        since. It keeps who wears it, and what fits, only where it was for `who`."""
        found = _search_before(messages, kinds)
        of_focus = self._like(in_focus, kinds) if in_focus else {}
        if of_focus and not any(found.get(name) == of_focus[name] for name in kinds):
            found = of_focus
        if self._is_for_another(found, who):
            found = self._for_anybody(found)
        return {name: value for name, value in found.items() if name != "about"}

    def _is_for_another(self, found: Json, who: Whom) -> bool:
        """Whether a search was for somebody else: one that named nobody may have been for who is named now, unless it
        has a size of the customer's own or was for other people."""
        was_for = str(found.get("about") or "")
        if was_for == who.name or (who.group == "child" and kinds_of(was_for) == _CHILDREN):  # of the kids, a son
            return False
        made = {name: self.space.facet(name).people.get(who.group) for name in self._people(found) if who.group}
        is_made_for_others = any(value not in (None, found["where"][name]) for name, value in made.items())
        is_own = str(found.get(_SIZE)) in who.own
        return bool(was_for) or who.is_also or is_made_for_others or is_own

    def _for_anybody(self, found: Json) -> Json:
        """A search without whom it was for and their size; its words may tell of them too."""
        where, without = (
            {name: value for name, value in found.get(part, {}).items() if not self._tells_people(name)}
            for part in ("where", NOT)
        )
        left = {name: value for name, value in found.items() if name != _SIZE}
        return {**left, "query": "", "where": where, NOT: {name: v for name, v in without.items() if name != _SIZE}}

    def _like(self, product: Product, kinds: Collection[str]) -> Json:
        """A search for products of the same kind, for the same people."""
        of_kind = {name: value for name in kinds for value in facet_values(product, None, name)[:1]}
        people = {name: {*facet_values(product, None, name)} for name in self.space.names if self._tells_people(name)}
        where = {
            name: values.pop()
            for name, values in people.items()
            if len(values) == 1 and values <= {*self.space.facet(name).people.values()}
        }
        return {**of_kind, "where": where} if of_kind else {}

    def asked(self, reading: ShopReading, earlier: Json, goes_on: bool, may_go_on: bool) -> list[Json]:
        """The arguments, one search for each kind that is named, at most two.

        `goes_on`: from the `earlier` search; `may_go_on`: if the message has conditions to add to it.
        """
        waived = self._waived(reading, earlier)
        limits = {name: earlier[name] for name in _PRICES if name in earlier and "that_limit" in reading.cues}
        conditions = limits | self._conditions(reading, {}, waived)
        kinds, things = self._wanted(reading, is_refined=goes_on and bool(conditions))
        if not kinds and not things:
            described = self.assortment.described(reading.text, plainly=goes_on and not says_also(reading.text))
            kinds = [described] if described else []
        if things:
            own = [{"query": reading.text[:200], name: value, **conditions} for name, value in kinds]
            others = [{"query": thing.text, **conditions} for thing in things]
            own = [self._in_own_sizes(search, *kind) for search, kind in zip(own, kinds, strict=True)]
            return [*own, *others][:_KINDS]
        before = earlier if goes_on or ((conditions or waived) and may_go_on and not kinds) else {}
        if kinds and before:
            before = self._of_kinds(before, kinds)
        conditions = self._conditions(reading, before, waived) if before else conditions
        if not kinds:
            earlier_words = _without(str(before.get("query", "")), waived.values())
            query = " ".join(filter(None, [earlier_words, reading.text]))
            return [{"query": query[:200], **conditions}]
        searches = ({"query": reading.text[:200], kind: value, **conditions} for kind, value in kinds[:_KINDS])
        searches = (self._for_the_same(search, earlier, *kind) for search, kind in zip(searches, kinds, strict=False))
        return [self._in_own_sizes(search, *kind) for search, kind in zip(searches, kinds, strict=False)]

    def _for_the_same(self, search: Json, earlier: Json, kind: str, value: str) -> Json:
        """The search for whom the one before it was, if it names nobody and there are such products: who asked for
        women's boots wants no men's socks."""
        said = {*search.get("where", {}), *search.get(NOT, {})}
        people = self._people(earlier)
        if not people or any(self._tells_people(name) for name in said):
            return search
        of_kind = [one for one in self.catalog.products if value in facet_values(one, None, kind)]
        has = all(any(who in facet_values(one, None, name) for one in of_kind) for name, who in people.items())
        return {**search, "where": {**people, **search.get("where", {})}} if has else search

    def _wanted(self, reading: ShopReading, *, is_refined: bool) -> tuple[list[tuple[str, str]], list[Thing]]:
        """The kinds that are asked for, and what is asked for and not sold.

        `is_refined`: the message has conditions for the search before: "has to be rechargeable, batteries get eaten".
        """
        kinds = [(name, value) for name in sorted(reading.kinds) for value in self._named(reading, name)]
        things = list(unsold_things(reading, self.assortment))
        if not things:
            return kinds, []
        apart = [kind for kind in kinds if self._is_apart(kind, things, reading)]
        if apart:
            return apart, [thing for thing in things if _is_beside_kinds(thing, reading)]
        asked = [thing for thing in things if kinds or not is_refined or is_requested(thing, reading.text)]
        return ([], asked)

    def _named(self, reading: ShopReading, name: str) -> Sequence[str]:
        """The kinds that are named, else the ones that are misspelt."""
        return reading.facets[name].wanted or ([] if reading.facets[name].ruled_out else _misspelt(reading, name))

    def _is_apart(self, kind: tuple[str, str], things: Sequence[Thing], reading: ShopReading) -> bool:
        """Whether a kind is asked for beside what is not sold: not in "tent pegs", nor in "a mat for my tent"."""
        places = [value for value in reading.values if (value.facet, value.value) == kind]
        within = any(_overlaps(place, [(thing.start, thing.end) for thing in things]) for place in places)
        return not (within or all(is_beside(reading.text, place.start) for place in places))

    def _in_own_sizes(self, search: Json, kind: str, value: str) -> Json:
        """The search without a size that nothing of the kind comes in: "a headlamp, 40 for that" means no size; and
        without how many people something is for, where nothing of the kind is for so many: "socks for us four"."""
        products = [one for one in self.catalog.products if value in facet_values(one, None, kind)]
        sizes = {size for one in products for size in facet_values(one, None, "size")}
        kept = {name: wanted for name, wanted in search.items() if name != "size" or {*_listed(wanted)} & sizes}
        of_people = {name for name in self.space.names if self.shop.facets.get(name, {}).get("unit") == "people"}
        idle = {name for name in of_people if not any(name in one.facets for one in products)}
        where = {name: wanted for name, wanted in search.get("where", {}).items() if name not in idle}
        return {name: where if name == "where" else wanted for name, wanted in kept.items() if name != "where" or where}

    def _of_kinds(self, before: Json, kinds: Sequence[tuple[str, str]]) -> Json:
        """What still holds of a search for products of these kinds: of another kind, only for whom it is, and what is
        ruled out."""
        named = dict(kinds)
        if any(before.get(name) == value for name, value in named.items()):
            return {name: value for name, value in before.items() if name not in named}
        return {"where": self._people(before), NOT: before.get(NOT, {})}

    def _conditions(self, reading: ShopReading, before: Mapping[str, Any], waived: Json) -> Json:
        """What the products must be and must not be, with what the search before it asked for and still holds: all but
        what is `waived`."""
        facets = {name: named for name, named in reading.facets.items() if name not in reading.kinds}
        ruled_out = {name: list(named.ruled_out) for name, named in facets.items() if named.ruled_out}
        wanted = dict(self._values(reading))
        wanted |= dict(self._amounts(reading))
        wanted = {name: value for name, value in wanted.items() if name not in waived}
        named = {name: [value for value in values if value != waived.get(name)] for name, values in ruled_out.items()}
        ruled_out = {name: values for name, values in named.items() if values}
        left = {name: value for name, value in before.items() if name not in waived}
        held = {name: value for name, value in left.items() if name not in ("query", "sort", "among", NOT, "where")}
        where = {name: value for name, value in before.get("where", {}).items() if name not in waived}
        for name, value in wanted.items():
            held.pop(name, None)
            where.pop(name, None)
            (held if name in self.shop.tool_facets else where)[name] = value
        both = {**where, **held}
        dropped = {name for name, value in both.items() if _is_dropped(value, ruled_out.get(name))}
        held = {name: value for name, value in held.items() if name not in dropped}
        where = {name: value for name, value in where.items() if name not in dropped}
        prices = {"min_price": reading.price.min, "max_price": reading.price.max or _about(reading, before)}
        held |= {name: float(price) for name, price in prices.items() if price is not None}
        without = _both(_not_wanted(before.get(NOT, {}), wanted), ruled_out)
        optional = {"where": where, NOT: without, "sort": self._sort(reading)}
        return held | {name: value for name, value in optional.items() if value}

    def _waived(self, reading: ShopReading, before: Mapping[str, Any]) -> Json:
        """The conditions, of the search before or named here, that the message says do not matter, with what they were:
        "colour doesn't matter", "forget running"."""
        conditions = {**before, **before.get("where", {})}
        names: dict[str, Sequence[str]] = {name: price_words() for name in _PRICES if name in before}
        values = dict[str, list[str]]()
        for name in set(self.space.names) - set(reading.kinds):
            values[name] = [value.text for value in reading.values if value.facet == name]
            if name in conditions:
                names[name] = [name.replace("_", " "), *self.space.facet(name).label.values()]
                values[name].append(str(conditions[name]))
        return {name: conditions.get(name) for name in indifferent(reading.text, values, names)}

    def _values(self, reading: ShopReading) -> Iterator[tuple[str, Any]]:
        """Values of facets that the message names whole, and does not rule out."""
        kinds = [(value.start, value.end) for value in reading.values if value.facet in reading.kinds]
        taken = [(each.start, each.end) for each in reading.quantities if each.counts not in (None, "size")]
        free = [value for value in reading.values if not _overlaps(value, taken)]
        free = [value for value in free if not _overlaps(value, kinds) or self._is_listed(value)]
        said = [value for value in free if not (is_no_option(value.value) or means_nobody(value.value))]
        others = [value for value in said if not value.denied]
        for name, named in reading.facets.items():
            if name in reading.kinds or name not in self.space.names:
                continue
            sure = {value.value for value in others if value.facet == name}
            values = [value for value in named.whole if value in named.wanted and value in sure]
            values = values or [value for value in _misspelt(reading, name) if value not in named.ruled_out]
            if len(values) == 1:
                yield name, values[0]
            elif values:
                yield name, values

    def _is_listed(self, value: ShopValue) -> bool:
        """Whether the shop lists these words for the value: its "thermos" names a kind, and that it is insulated."""
        return value.facet in self.space.names and value.text.casefold() in self.space.facet(value.facet).aliases

    def _amounts(self, reading: ShopReading) -> Iterator[tuple[str, Json]]:
        """Numbers with a unit that a facet of the shop has: "for 5 people", "-10 degrees", "30 litre"."""
        for name in self.space.names:
            facet = self.space.facet(name)
            unit = str(self.shop.facets.get(name, {}).get("unit", ""))
            if facet.type == "number" and unit and name not in VARIANT_FACETS:
                for quantity in reading.quantities:
                    if (low_high := in_unit(quantity, unit) or _people(quantity, unit, reading.text)) is not None:
                        yield name, _span(*low_high, quantity, facet.wish)

    def _sort(self, reading: ShopReading) -> str | None:
        """What the message wants the least or the most of."""
        labels = {name: facet.label for name, facet in self.space.facets.items()}
        for aspect in find_aspects(reading.text, labels):
            if aspect.name == "rating" and aspect.direction:
                return "rating"
            sort = f"{aspect.name}_{'low' if aspect.direction == 'least' else 'high'}"
            if aspect.direction and (sort in BASIC_SORTS or self._is_number(aspect.name)):
                return sort
        return None

    def _people(self, search: Json) -> Json:
        """Of what a search asks for, whom it is for."""
        return {name: who for name, who in search.get("where", {}).items() if self._tells_people(name)}

    def _tells_people(self, name: str) -> bool:
        return name in self.space.names and bool(self.space.facet(name).people)

    def _is_number(self, name: str) -> bool:
        return name in self.space.names and self.space.facet(name).type == "number"


def _misspelt(reading: ShopReading, name: str) -> list[str]:
    """Values that are meant by a slip of the pen in a word that means nothing else here: "waterprof", "headlam"; of
    several that one word may mean, the one that is spelt most like it."""
    exact = [mention.span for mention in reading.mentions if mention.how == "exact"]
    taken = [*exact, *((thing.start, thing.end) for thing in things_in(reading.text))]
    slips = [one for one in reading.mentions if one.how == "slip" and len(one.text) >= _TELLING]
    free = [one for one in slips if not any(one.start < end and start < one.end for start, end in taken)]
    likest = {one.span: max((each for each in free if each.span == one.span), key=_likeness) for one in free}
    meant = [one for one in likest.values() if one.facet == name]
    return [*dict.fromkeys(one.value for one in meant if not denied(reading.text, one.span, reading.languages))]


def _likeness(mention: Mention) -> float:
    return SequenceMatcher(None, mention.text.casefold(), mention.value.casefold()).ratio()


def _is_beside_kinds(thing: Thing, reading: ShopReading) -> bool:
    """Whether a thing is asked for beside the nearest kind: in "boots. And goggles", not in "boots for a trailer"."""
    places = [(value.start, value.end) for value in reading.values if value.facet in reading.kinds]
    gaps = [(end, thing.start) for _, end in places if end <= thing.start]
    gaps += [(thing.end, start) for start, _ in places if start >= thing.end]
    start, end = min(gaps, key=lambda gap: gap[1] - gap[0], default=(0, 0))
    between = reading.text[start:end]
    return len(clauses(f"x{between}x")) > 1 or bool(joint().search(between))


def _people(quantity: Quantity, unit: str, text: str) -> tuple[float, float] | None:
    """How many people a bare number counts: "a tent for two"."""
    is_bare = quantity.counts is None and quantity.unit is None and quantity.role == "exact"
    if unit != "people" or not is_bare or not quantity.low or not 0 < quantity.low <= _PEOPLE:
        return None
    before = text[: quantity.start].casefold().split()
    return (float(quantity.low), float(quantity.low)) if before and before[-1] in _words("people_before") else None


def _about(reading: ShopReading, before: Mapping[str, Any]) -> Decimal | None:
    """The most of what costs about so much: "around $50", and of a search that goes on "50ish"."""
    about = [one for one in reading.quantities if one.role == "about" and one.may_be("money") and one.low == one.high]
    about = [one for one in about if one.counts == "money" or (before and _is_alone(reading.text, one))]
    most = about[0].prices[1] if len(about) == 1 else None
    return most * _ABOUT if most else None


def _is_alone(text: str, quantity: Quantity) -> bool:
    """Whether a clause says nothing else: "still round 50", but not "she's about 60"."""
    clause = clause_at(text, quantity.start, quantity.end)
    return set(clause.replace(quantity.text, "").casefold().split()) <= _words("fillers")


@cache
def _words(name: str) -> frozenset[str]:
    packs = (section(code, "quantities", QuantityWords) for code in languages())
    return frozenset(word for pack in packs if pack for word in getattr(pack, name))


def limits_before(messages: Sequence[AnyMessage]) -> Json:
    """The limits of the price of the newest search that has any: "up to that price"."""
    searches = (call["args"] for m in reversed(messages) if isinstance(m, AIMessage) for call in m.tool_calls[::-1])
    limits = ({name: float(args[name]) for name in _PRICES if args.get(name)} for args in searches)
    return next((each for each in limits if each), {})


def _search_before(messages: Sequence[AnyMessage], kinds: Collection[str]) -> Json:
    """The arguments of the newest search of the consultation that found something; of what is not sold, those of the
    nearest kind."""
    results = {m.tool_call_id: m.artifact or {} for m in messages if isinstance(m, ToolMessage)}
    for call in (call for m in reversed(messages) if isinstance(m, AIMessage) for call in reversed(m.tool_calls)):
        artifact = results.get(str(call["id"]), {})
        if call["name"] != NAME or artifact.get("unsold"):
            continue
        if artifact.get("instead_of"):
            nearest = {name: value for name, value in artifact["filters"].items() if name in kinds}
            return {**call["args"], "query": "", **nearest}
        return dict(call["args"])
    return {}


def _overlaps(value: ShopValue, spans: Iterable[tuple[int, int]]) -> bool:
    return any(value.start < end and start < value.end for start, end in spans)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _without(words: str, values: Iterable[object]) -> str:
    """The words of a search without the values that matter no more."""
    for value in (value for value in values if value is not None):
        words = re.sub(re.escape(str(value)), "", words, flags=re.IGNORECASE)
    return " ".join(words.split())


def _not_wanted(ruled_out: Mapping[str, Sequence[str]], wanted: Json) -> dict[str, Sequence[str]]:
    """What was ruled out before and is not asked for now, nor a kind of it."""
    left = {
        name: [value for value in values if not any(covers(value, str(one)) for one in _listed(wanted.get(name, [])))]
        for name, values in ruled_out.items()
    }
    return {name: values for name, values in left.items() if values}


def _both(before: Mapping[str, Sequence[str]], now: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """What was ruled out before, and what is now."""
    return {name: list(dict.fromkeys([*before.get(name, ()), *now.get(name, ())])) for name in {**before, **now}}


def _is_dropped(value: object, ruled_out: Sequence[str] | None) -> bool:
    """Whether what held is ruled out now."""
    return bool(ruled_out) and str(value) in (ruled_out or ())


def _span(low: float | None, high: float | None, quantity: Quantity, wish: Wish) -> Json:
    """What a number asks for: as it is bounded, else as customers mean such a number."""
    if wish == "at_most" and quantity.role == "floor":  # "down to -12": lower is more
        ends = {"min": None, "max": low}
    elif quantity.is_bound or low is None or high is None:
        ends = {"min": low, "max": high}
    elif wish == "at_least":
        ends = {"min": low, "max": None}
    elif wish == "at_most":
        ends = {"min": None, "max": high}
    else:
        near = sorted(round(low * factor, 3) for factor in _NEAR)
        ends = {"min": near[0], "max": near[1]}
    return {name: end for name, end in ends.items() if end is not None}
