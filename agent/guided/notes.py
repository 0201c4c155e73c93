"""What is noted of the customer, and of those they buy for, where a small model serves: chosen by a recogniser.

In: the message as it is read, and every note that its words allow. Out: changes as the tool takes them, of whom the
message states them: a question states no taste, and another's size is not the customer's. A wrong note is worse than a
missing one, so what is not sure is left out. What the model itself writes is judged in the same way.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from langchain_core.messages import AIMessage
from langchain_core.messages.tool import ToolCall

from agent.context import TurnContext
from agent.guided.possible_notes import TASTES, PossibleNote, possible_notes, words_of
from agent.guided.recogniser.labels import STATED, STATED_OF_OTHER, note_text
from agent.shop_reading import ShopReading
from agent.tools.get_profile import names_of
from agent.tools.search_products import NAME as SEARCH
from agent.tools.update_profile import MAX_CHANGES, NAME
from language.clauses import clauses
from language.company import company_in
from language.cues import cue
from language.matching import covers
from language.numbers import as_written
from language.people import Spoken, called_in, spoken_in
from language.recipients import Kind, kinds_of
from language.senses import is_meant
from language.words import mentions
from profiles.attribute import Attribute
from profiles.observation import EVERYTHING, Trait
from profiles.schema import Schema

# Probability that the message states a note, a fact of the customer, one that plainly stands there.
SURE, FACT, PLAIN = 0.5, 0.4, 0.2
_SAME = ("attribute", "value", "polarity")  # two changes that say the same
Json = dict[str, Any]


class Recogniser(Protocol):
    """Texts before one message in, the probability of each label out."""

    def judged(
        self, situations: Sequence[str], message: str, marked: Sequence[str] = ()
    ) -> list[Mapping[str, float]]: ...


@dataclass(frozen=True, slots=True)
class NoteJudge:
    """Judges the notes of one turn."""

    recogniser: Recogniser
    context: TurnContext

    def stated(self) -> list[Json]:
        """The changes that the newest message states, of all that its words allow."""
        possible = possible_notes(self.context.reading)
        said = [(note.attribute, note.value, note.polarity) for note in possible]
        chances = self._chances(said, [note.words for note in possible])
        best: dict[tuple[str, str, str], tuple[float, Json]] = {}
        for note, (own, other) in zip(possible, chances, strict=True):
            change = self._under(note.change(), own, other)
            key = (note.attribute, self._told_apart(note), str(change.get("about", "")) if change else "")
            if change and best.get(key, (0.0, {}))[0] < max(own, other):
                best[key] = (max(own, other), change)
        surest = (change for _, change in sorted(best.values(), key=lambda each: -each[0]))
        return [*_each_number_once(surest)][:MAX_CHANGES]

    def kept(self, answer: AIMessage) -> AIMessage:
        """The answer with the notes that are sure; a call that has none left goes."""
        calls = [call for call in map(self._kept, answer.tool_calls) if call is not None]
        return answer if calls == answer.tool_calls else answer.model_copy(update={"tool_calls": calls})

    def _kept(self, call: ToolCall) -> ToolCall | None:
        changes = call["args"].get("changes")
        if call["name"] != NAME or not isinstance(changes, list):
            return call
        judged = (self._judged(change) if isinstance(change, dict) else change for change in changes)
        sure = [change for change in judged if change is not None]
        return {**call, "args": {**call["args"], "changes": sure}} if sure else None

    def _judged(self, change: Json) -> Json | None:
        """The change if the message states it, under whom it states it of; None if it does not."""
        if change.get("polarity") == "forget":
            return change
        said = (str(change.get("attribute")), change.get("value"), str(change.get("polarity", "fact")))
        words = words_of(said[0], said[1], possible_notes(self.context.reading))
        return self._under(change, *self._chances([said], [words])[0])

    def _chances(self, notes: Sequence[tuple[str, object, str]], words: Sequence[str]) -> list[tuple[float, float]]:
        """That the message states each of the customer, and of somebody else."""
        previous = "".join(list(self.context.heard.values())[-2:-1])
        texts = [note_text(*note, previous) for note in notes]
        judged = self.recogniser.judged(texts, self.context.reading.text, words)
        return [(chances.get(STATED, 0.0), chances.get(STATED_OF_OTHER, 0.0)) for chances in judged]

    def _under(self, change: Json, own: float, other: float) -> Json | None:
        least = PLAIN if self._is_plain(change) else FACT if change.get("polarity") == "fact" else SURE
        if own >= max(least, other):
            return self._of_whom(change)
        who = spoken_of(self.context) if other >= SURE else ""
        return {**change, "about": who} if who else None

    def _of_whom(self, change: Json) -> Json:
        """A taste that is told while something is asked for somebody else, in words that are not of the customer, is
        theirs: "boots for my son, no pink"."""
        is_taste = change.get("polarity") in TASTES and not change.get("about")
        if not is_taste or self.context.reading.about != "other":
            return change
        who = "" if self.context.read(str(change.get("quote"))).about == "self" else spoken_of(self.context)
        return {**change, "about": who} if who else change

    def _told_apart(self, note: PossibleNote) -> str:
        """Of an attribute with one value, only the surest is noted; else a value is liked or disliked."""
        attribute = self.context.services.schema.attributes[note.attribute]
        return str(note.value) if attribute.many or attribute.per else ""

    def _is_plain(self, change: Mapping[str, Any]) -> bool:
        """Whether it plainly stands in the message: a limit of the price, "no wool"."""
        said = tuple(str(change.get(name)) for name in _SAME)
        plain = (each.change for each in self.context.reading.plain)
        return any(tuple(str(each[name]) for name in _SAME) == said for each in plain)


def _each_number_once(surest: Iterable[Json]) -> Iterator[Json]:
    """Without a second note of a number: a 43 that is a size is no group of 43."""
    taken = set[float]()
    for change in surest:
        number = _number(change["value"])
        if number is None or number not in taken:
            yield change
        taken |= set() if number is None else {number}


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def forgotten(context: TurnContext, traits: Sequence[Trait]) -> list[Json]:
    """Those of these that are to be forgotten: what the message names, else what the one before it named or gave.

    Both where the message has that taken out before it names anything: "take that out. And I'm no beginner any more".
    """
    turns, schema = list(context.heard)[::-1][:2], context.services.schema
    found = [
        [trait for trait in traits if is_named(trait, context.read(context.heard[turn]), schema)] for turn in turns
    ]
    for turn in turns[1:]:
        found[1] = found[1] or [trait for trait in traits if any(one.id == turn for one in trait.evidence)]
    is_back = len(found) > 1 and (not found[0] or _takes_that_out(context, found[0]))
    meant = [*(found[1] if is_back else ()), *found[0]]
    return [forget(trait, context) for trait in dict.fromkeys(meant)][:MAX_CHANGES]


def _takes_that_out(context: TurnContext, named: Sequence[Trait]) -> bool:
    """Whether a clause has what was spoken of before taken out, and nothing was named before it in the message."""
    for part in clauses(context.reading.text, is_spaced=True):
        if any(is_named(trait, context.read(part), context.services.schema) for trait in named):
            return False
        if cue("takes_that_out", part):
            return True
    return False


def is_named(trait: Trait, reading: ShopReading, schema: Schema) -> bool:
    """By its value, where the word means that (what one "got down" is no down), or by the name of what it is about."""
    attribute, text = schema.attributes[trait.attribute], reading.text
    facet = attribute.facet or attribute.name
    if any((value.facet, value.value) == (facet, trait.value) for value in reading.values):
        return True
    said = as_written(trait.value) if isinstance(trait.value, float) else trait.value
    values = (str(said), *attribute.ways_to_say({}).get(str(trait.value), ()))
    names = () if attribute.many else names_of(attribute)
    is_said = any(mentions(text, word) and _is_meant(word, text, facet) for word in values if word)
    return is_said or any(mentions(text, word) for word in names)


def _is_meant(word: str, text: str, facet: str) -> bool:
    """Whether the word means a value of the facet somewhere in the text."""
    places = [found.span() for found in re.finditer(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)]
    return not places or any(is_meant(text, place, facet) for place in places)


def forget(trait: Trait, context: TurnContext) -> Json:
    """The change that takes a trait back."""
    attribute: Attribute = context.services.schema.attributes[trait.attribute]
    value = trait.value if attribute.many or attribute.per else EVERYTHING
    about = {"about": trait.about} if trait.about else {}
    return {"quote": context.reading.text, "attribute": trait.attribute, "value": value, "polarity": "forget"} | about


def spoken_of(context: TurnContext) -> str:
    """Whom of those that they buy for the customer speaks of: in this message, else in the newest that names one; who
    is only called he or she is the one that may be, whoever was spoken of since."""
    called = called_in(context.reading)
    for reading in reversed(context.readings):
        if not called and any(one.has_self for one in company_in(reading.text)):  # "for me, the wife and 3 kids"
            return ""
        named = [one for one in spoken_in(reading) if one.name and _may_be(one, called)]
        if named:
            return ([one.name for one in named if one.kinds] or [one.name for one in named])[-1]
        if reading.about == "self" and not called:
            return ""
    return ""


def _may_be(person: Spoken, called: Collection[Kind]) -> bool:
    """Whether somebody may be called so: a daughter is no he, a partner may be."""
    kinds = person.kinds or kinds_of(person.name)
    return not called or not kinds - {"child"} or bool(kinds & {*called})


def as_noted(name: str, arguments: Json, changes: Sequence[Mapping[str, Any]], schema: Schema) -> Json:
    """A search by what is noted beside it of whom it is for: without a dislike ("wool makes me itch"), within a new
    limit of price."""
    if name != SEARCH:
        return arguments
    for change in (each for each in changes if str(each.get("about", "")) == str(arguments.get("about", ""))):
        attribute = schema.attributes.get(str(change.get("attribute")))
        if attribute and attribute.bound and isinstance(change.get("value"), int | float):
            arguments = {**arguments, attribute.bound: change["value"]}
        elif attribute and change.get("polarity") == "dislike":
            arguments = _without(arguments, attribute.facet or attribute.name, str(change.get("value")))
    return arguments


def _without(arguments: Json, facet: str, disliked: str) -> Json:
    """A search that does not ask for what is disliked, nor for a kind of it: who dislikes wool wants no merino wool."""
    kept = {name: value for name, value in arguments.items() if name != facet or not covers(disliked, str(value))}
    if isinstance(kept.get("where"), dict):
        where = kept["where"].items()
        kept["where"] = {name: value for name, value in where if name != facet or not covers(disliked, str(value))}
    return kept


def listed(calls: Sequence[ToolCall]) -> Iterator[Mapping[str, Any]]:
    """The changes of several calls, each once: a small model that must call may do so again and again."""
    seen = set[tuple[str, ...]]()
    for call in calls:
        changes = call["args"].get("changes") if call["name"] == NAME else None
        for change in changes if isinstance(changes, list) else ():
            said = tuple(str(change.get(key)) for key in _SAME) if isinstance(change, dict) else ()
            if said and said not in seen:
                seen.add(said)
                yield change
