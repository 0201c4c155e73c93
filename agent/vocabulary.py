"""The shop's words: which values of its facets and attributes a text names, in whatever of their spellings.

In: the profile schema and the catalogue's facets; then a text. Out: the values named in it, and the words for them: by
the generous measure of `agent.naming`, for what may be asked for, or by the strict one, for what surely is.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from agent.naming import Forms, Span, is_asked, misspelt, named, places, standing, whole
from profiles.attribute import Attribute, Facets
from profiles.schema import Schema
from retrieval.facets import common_words, covers

# What right before a value rules it out.
_DENIAL = re.compile(
    r"(?:\b(?:no|not|non|without|avoid|never|hate|loathe|dislike|sick of|(?:can['’]t|cannot) (?:stand|bear)"
    r"|(?:don['’]t|do not) (?:like|want))[\s-]+(?:(?:any|in|with|made of|made from|an?|the)\s+)?"
    r"|(?:不要|不想要|不含|不带|没有|不喜欢|讨厌|拒绝|受不了|避开|不能有|千万别是))$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Denial:
    """The words "no wool", and the word for what is ruled out: "wool"."""

    quote: str
    word: str


@dataclass(frozen=True)
class Vocabulary:
    """``Vocabulary.of(schema, facets, {"jackets", "boots"})``: `facets` by name, value and other words for it.

    `kinds` are facets that tell kinds of product apart.
    """

    schema: Schema
    facets: Facets
    kinds: frozenset[str] = frozenset()

    @classmethod
    def of(cls, schema: Schema, facets: Facets, categories: Collection[str]) -> "Vocabulary":
        """`categories`: those of the catalogue's products."""
        same = frozenset(name for name, values in facets.items() if set(values) == set(categories))
        return cls(schema, facets, same)

    def is_filter(self, name: str) -> bool:
        """Whether this argument of the search is a facet whose value somebody must have named."""
        return name in self._of_facets and not self.is_kind(name)

    def is_kind(self, name: str) -> bool:
        """Whether this argument of the search is the kind of product."""
        return name in self.kinds

    def is_closed(self, attribute: Attribute) -> bool:
        """Whether the attribute takes only certain values."""
        return attribute.type == "choice" and bool(attribute.valid_values(self.facets))

    def facet_values(self, facet: str, text: str) -> list[str]:
        """The values of a facet that the text names, and not only to rule them out."""
        denied = self.denied_values(facet, text)
        return [value for value in named(text, self._of_facets[facet]) if not any(covers(bad, value) for bad in denied)]

    def values_named(self, facet: str, text: str) -> list[str]:
        """The values that the text names whole, or rules out so; a longer one hides its family: "dark green"."""
        found = whole(text, self._of_facets.get(facet, {}))
        return [one for one in found if not any(other != one and covers(one, other) for other in found)]

    def kinds_named(self, facet: str, newest: str, earlier: str) -> list[str]:
        """The kinds of product that the newest message names whole; else those that anything said so far may name.

        A word that only begins alike is no sign: who goes backpacking may need a stove.
        """
        return self.kinds_whole(facet, newest) or list(named(earlier, self._of_facets[facet], misspelt))

    def kinds_whole(self, facet: str, text: str) -> list[str]:
        """The kinds of product that the text names whole, and not only to rule them out."""
        return list(self._wanted(facet, text))

    def cued_values(self, facet: str, text: str) -> list[str]:
        """The values that the text names whole with a word that asks for them: "by Oat & Honey", "颜色红色"."""
        return [value for value, span in self._wanted(facet, text).items() if is_asked(text, span)]

    def denied_values(self, facet: str, text: str) -> list[str]:
        """The values that the text only rules out: "no wool", "without a hood", "不要羊毛"."""
        return list(self.denials(facet, text))

    def denials(self, facet: str, text: str) -> dict[str, Denial]:
        """How the text rules values out, by value."""
        found = {}
        for value, words in self._of_facets.get(facet, {}).items():
            spans = sorted(set(places(text, words)), key=lambda span: (span[0], -span[1]))
            before = [_DENIAL.search(text[:start]) for start, _ in spans]
            if spans and all(before) and before[0]:
                start, end = spans[0]
                found[value] = Denial(text[before[0].start() : end].strip(), text[start:end])
        return found

    def attribute_values(self, attribute: Attribute, text: str) -> list[str]:
        """What may be noted of a choice: the values that the text names, and the words it names them by."""
        found = named(text, self._of_attributes[attribute.name])
        return list(dict.fromkeys(word for value, words in found.items() for word in (value, *words)))

    def standing(self, attribute: Attribute, text: str) -> list[tuple[Span, str]]:
        """Where the text names values of a choice whole."""
        return standing(text, self._of_attributes.get(attribute.name, {}))

    def _wanted(self, facet: str, text: str) -> dict[str, Span]:
        """What the text names whole and does not only rule out, and where."""
        denied = self.denied_values(facet, text)
        return {
            value: span for value, span in whole(text, self._of_facets.get(facet, {})).items() if value not in denied
        }

    @cached_property
    def _of_facets(self) -> Mapping[str, Forms]:
        return {
            name: {value: _words(name, value, values[value] if isinstance(values, Mapping) else ()) for value in values}
            for name, values in self.facets.items()
        }

    @cached_property
    def _of_attributes(self) -> Mapping[str, Forms]:
        return {
            name: {
                value: _words(attribute.facet or name, value, attribute.ways_to_say(self.facets).get(value, ()))
                for value in valid
            }
            for name, attribute in self.schema.attributes.items()
            if (valid := attribute.valid_values(self.facets))
        }


def _words(name: str, value: str, others: Collection[str]) -> tuple[str, ...]:
    return (value, *others, *common_words(name, value))
