"""What customers of one shop can talk about: its facets and attributes, each with words and phrases from the bank.

In: a shop's settings, profile schema and catalogue facets. Out: `Topics`. Nothing is remembered of how a shop was
made: an aspect is recognised by the names of facets and attributes, its words by the values and aliases that the shop
lists. What the bank does not know is spoken of by its label. Whether the model sees a value list is settled here, by
the same rules as the prompt and the tools' schemas have. Raises nothing of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from agent.tools.schemas import MAX_LISTED
from finetune.selfplay.shops.bank import LANGUAGES, Aspect, Noun, Value, Vertical, aspects, plural, verticals
from profiles.attribute import Attribute
from profiles.observation import Authority
from profiles.schema import Schema
from retrieval.facets import FacetSpace

_BEHIND = ("with ", "that ", "without ", "for ", "from ", "in ")
_LISTED = 6  # values of an attribute that the prompt lists, see agent.prompt


@dataclass(frozen=True, slots=True)
class Word:
    """A way to say a value: the `value` that the shop calls it, and what customers `say`."""

    value: str
    said: str

    @property
    def follows(self) -> bool:
        """It can only stand behind a noun: "with a lock", "that lasts"."""
        return self.said.startswith(_BEHIND)

    @property
    def leads(self) -> bool:
        """It can only stand before a noun: "women's"."""
        return self.said.endswith(("'s", "s'"))

    @property
    def alone(self) -> bool:
        """It can stand by itself: "my {label} is ..."."""
        return not self.follows and not self.leads


@dataclass(frozen=True, slots=True)
class Topic:
    """One facet, one attribute, or both of one thing. `words` by language.

    `facet` is its name in the catalogue, `asked` whether the search tool takes it; `listed` whether the tool, `shown`
    whether the tool or the prompt shows the model the values.
    """

    aspect: Aspect
    words: Mapping[str, tuple[Word, ...]]
    label: Mapping[str, tuple[str, ...]]
    facet: str | None = None
    asked: bool = False
    listed: bool = False
    attribute: str | None = None
    shown: bool = False

    @property
    def key(self) -> str:
        return self.aspect.key

    def gold(self, word: Word) -> str:
        """How the profile is told: in the listed spelling where the model sees one, else in the customer's word."""
        return word.value if self.shown else word.said

    def filter(self, word: Word) -> str:
        """How the search tool is told."""
        return word.value if self.listed else word.said

    def of(self, value: str, language: str) -> tuple[Word, ...]:
        """The words for a value."""
        return tuple(word for word in self.words.get(language, ()) if word.value == value)


@dataclass(frozen=True)
class Topics:
    """All topics of a shop, its nouns by language and category, and what it calls its category facet."""

    all: tuple[Topic, ...]
    nouns: Mapping[str, Mapping[str, tuple[Noun, ...]]]
    category: Topic | None
    tool_facets: tuple[str, ...]
    vertical: Vertical | None

    @classmethod
    def of(cls, schema: Schema, facets: FacetSpace, tool_facets: Sequence[str], categories: Sequence[str]) -> "Topics":
        """Recognise what a shop's files declare; `categories` are those of its catalogue."""
        vertical = _nearest(categories)
        writable = {n: a for n, a in schema.attributes.items() if Authority.STATED in a.writers}
        maker = _Maker(schema, facets, tuple(tool_facets), vertical)
        made = [topic for name, attribute in writable.items() for topic in maker.of_attribute(name, attribute)]
        covered = {(topic.facet, topic.key) for topic in made}
        made += [t for name in facets.names for t in maker.of_facet(name) if (t.facet, t.key) not in covered]
        category = maker.category(frozenset(categories))
        named = category.facet if category else None
        rest = tuple(topic for topic in made if named is None or topic.facet != named)
        aliases = facets.facet(named).aliases if named else {}
        return cls(rest, _nouns(categories, aliases, vertical), category, tuple(tool_facets), vertical)

    @cached_property
    def by_key(self) -> Mapping[str, Topic]:
        """The topic of each aspect."""
        return {topic.key: topic for topic in self.all}

    @cached_property
    def by_attribute(self) -> Mapping[str, Topic]:
        """The topic of each attribute that a customer may state."""
        return {topic.attribute: topic for topic in self.all if topic.attribute}

    def get(self, key: str) -> Topic | None:
        return self.by_key.get(key)

    def named(self, key: str) -> str | None:
        """What this shop calls the attribute for an aspect; None if it keeps none."""
        topic = self.by_key.get(key)
        return topic.attribute if topic else None


@dataclass(frozen=True, slots=True)
class _Maker:
    schema: Schema
    facets: FacetSpace
    tool_facets: tuple[str, ...]
    vertical: Vertical | None

    def of_attribute(self, name: str, attribute: Attribute) -> Iterable[Topic]:
        facet = attribute.facet or (name if name in self.facets.names else None)
        values = attribute.values or (self.facets.values(facet) if facet in self.facets.names else ())
        aspect = self._aspect(name, "attribute", values) or _unknown(name, attribute)
        if facet not in self.facets.names:
            facet = next((n for n in aspect.facet if n in self.facets.names and self._fits(n, aspect)), None)
        short = bool(attribute.values) and not attribute.facet and len(attribute.values) <= _LISTED
        topic = self._topic(aspect, facet, values)
        label = {
            language: tuple(dict.fromkeys([attribute.label[language].lower(), *aspect.label.get(language, ())]))
            for language in LANGUAGES
            if language in attribute.label
        }
        shown = short or (topic.listed and not attribute.values)
        yield replace(topic, attribute=name, shown=shown, label=label or aspect.label)

    def of_facet(self, name: str) -> Iterable[Topic]:
        values = self.facets.values(name)
        if self.facets.facet(name).type != "choice" or not values:
            return
        if name == "size":
            for aspect in (aspects()["size"], aspects()["shoe_size"]):
                yield self._topic(aspect, name, values)
            return
        known = self._aspect(name, "facet", values)
        words = {w.casefold() for v in (self._bank(known) if known else ()) for ws in v.words.values() for w in ws}
        if known is not None and (known.key == "brand" or words & {value.casefold() for value in values}):
            yield self._topic(known, name, values)

    def category(self, categories: frozenset[str]) -> Topic | None:
        """The facet that tells kinds of product apart: its values are the catalogue's categories."""
        same = (name for name in self.facets.names if frozenset(self.facets.values(name)) == categories)
        own = next(same, None)
        if own is None:
            return None
        return Topic(Aspect("category"), {}, {}, own, own in self.tool_facets, len(categories) <= MAX_LISTED)

    def _aspect(self, name: str, role: str, values: Sequence[str]) -> Aspect | None:
        found = [aspect for aspect in aspects().values() if name in getattr(aspect, role)]
        known = {value.casefold() for value in values}
        own = self.vertical.values if self.vertical else {}

        def likeness(aspect: Aspect) -> tuple[int, bool]:
            words = {w.casefold() for value in self._bank(aspect) for ws in value.words.values() for w in ws}
            return len(known & words), aspect.key in own

        return max(found, key=likeness, default=None)

    def _bank(self, aspect: Aspect) -> tuple[Value, ...]:
        if self.vertical and aspect.key == "need":
            return self.vertical.needs
        return (*(self.vertical.values.get(aspect.key, ()) if self.vertical else ()), *aspect.values)

    def _fits(self, facet: str, aspect: Aspect) -> bool:
        return aspect.key != "shoe_size" or any(value.isdigit() for value in self.facets.values(facet))

    def _topic(self, aspect: Aspect, facet: str | None, values: Sequence[str]) -> Topic:
        asked = facet in self.tool_facets
        listed = bool(asked and facet and len(self.facets.values(facet)) <= MAX_LISTED)
        if facet in self.facets.names and facet and asked:
            values = [value for value in values if value in self.facets.values(facet)] or self.facets.values(facet)
        if aspect.key == "size_in":
            values = [value for value in values if value != "one size"]
        if aspect.key in ("size", "shoe_size"):
            values = [
                value for value in values if value.isdigit() == (aspect.key == "shoe_size") and value != "one size"
            ]
        words = {language: tuple(self._words(aspect, facet, values, language)) for language in LANGUAGES}
        return Topic(aspect, words, aspect.label, facet, asked, listed)

    def _words(self, aspect: Aspect, facet: str | None, values: Sequence[str], language: str) -> Iterable[Word]:
        bank = self._bank(aspect)
        if not values:  # nothing is listed: what customers say is the value
            yield from (Word(said, said) for value in bank for said in value.words.get(language, ()))
            return
        for value in values:
            entry = next(
                (v for v in bank if any(value.casefold() == w.casefold() for ws in v.words.values() for w in ws)), None
            )
            said = list(entry.words.get(language, ())) if entry else []
            said += [value] if _readable(value, language) or aspect.key == "brand" else []
            aliases = self.facets.facet(facet).aliases if facet in self.facets.names and facet else {}
            said += [
                alias for alias, meant in aliases.items() if meant == value and _readable(alias, language) and not entry
            ]
            yield from (Word(value, word) for word in dict.fromkeys(said))


def _readable(word: str, language: str) -> bool:
    chinese = any("\u4e00" <= char <= "\u9fff" for char in word)
    return (language == "zh") == chinese or not any(char.isalpha() for char in word)


def _unknown(name: str, attribute: Attribute) -> Aspect:
    """An attribute that the bank does not know, spoken of by its label."""
    label = {code: (text.lower(),) for code, text in attribute.label.items()} or {"en": (name.replace("_", " "),)}
    return Aspect(name, attribute.type, taste=attribute.polarity, sensitive=attribute.sensitive, label=label)


def _nearest(categories: Sequence[str]) -> Vertical | None:
    """The vertical whose categories the shop's own resemble most."""
    names = {name.casefold() for name in categories}
    scored = [(len(names & _category_words(vertical)), vertical) for vertical in verticals("all")]
    best, vertical = max(scored, key=lambda pair: pair[0])
    return vertical if best >= min(2, len(names)) else None


def _category_words(vertical: Vertical) -> frozenset[str]:
    return frozenset(
        word.casefold()
        for kindred in vertical.categories
        for word in (
            kindred.name,
            *(w for nouns in kindred.nouns.values() for n in nouns for w in (n.single, n.plural)),
        )
        if word
    )


def _nouns(
    categories: Sequence[str], aliases: Mapping[str, str], vertical: Vertical | None
) -> Mapping[str, Mapping[str, tuple[Noun, ...]]]:
    """Nouns by language and category: the bank's, else the category's own name and its aliases."""
    made: dict[str, dict[str, tuple[Noun, ...]]] = {language: {} for language in LANGUAGES}
    kinds = vertical.categories if vertical else ()
    for value in categories:
        kindred = next((kind for kind in kinds if value.casefold() in _names(kind.name, kind.nouns)), None)
        words = [value, *(alias for alias, meant in aliases.items() if meant == value)]
        for language in LANGUAGES:
            nouns = list(kindred.nouns.get(language, ())) if kindred else []
            nouns = nouns or [_noun(word.lower(), language) for word in words if _readable(word, language)]
            if nouns:
                made[language][value] = tuple(nouns)
    return made


def _names(name: str, nouns: Mapping[str, Sequence[Noun]]) -> set[str]:
    return {name.casefold()} | {w.casefold() for ns in nouns.values() for n in ns for w in (n.single, n.plural) if w}


def _noun(word: str, language: str) -> Noun:
    if language == "zh":
        return Noun(word, word)
    return Noun("", word) if word.endswith("s") else Noun(word, plural(word))
