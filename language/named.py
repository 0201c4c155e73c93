"""What a message says of one facet of the shop: which of its values are named, asked for, ruled out, or may be meant.

In: the text, the mentions that the shop's lexicon found in it, that lexicon, and which facets tell kinds of product
apart. Out: `Named` for each facet: by the generous measure of `language.matching` what may be meant, by the strict one
what surely is. Pure functions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from language.matching import How, Lexicon, Mention, covers, is_asked
from language.negation import Denial, denied
from language.text import has_han

Denials = Mapping[Mention, Denial | None]


@dataclass(frozen=True, slots=True)
class Ruled:
    """The words "no wool", and the word for what is ruled out: "wool"."""

    quote: str
    word: str


@dataclass(frozen=True, slots=True)
class Named:
    """The values of one facet that a message names.

    `whole`: named whole, or ruled out so; a longer one hides its family ("dark green"). `wanted`: named whole, and not
    only ruled out. `asked`: those with a word that asks for them ("by Oat & Honey", "颜色红色"). `may`: may be meant,
    and not only ruled out. `likely`: may be meant by more than a word that begins alike: who goes backpacking may need
    a stove. `ruled_out`: only ruled out, and how ("no wool", "without a hood", "不要羊毛").
    """

    whole: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    ruled_out: Mapping[str, Ruled] = field(default_factory=dict)


NOTHING = Named()


def named_in(
    text: str, mentions: Sequence[Mention], lexicon: Lexicon, kinds: Collection[str] = ()
) -> Mapping[str, Named]:
    """By facet, what is named. "No wool jackets" rules out what is of wool, and no jackets, which are of `kinds`."""
    by_facet: dict[str, list[Mention]] = {name: [] for name in lexicon.values}
    for mention in mentions:
        by_facet[mention.facet].append(mention)
    denials = {item: denied(text, item.span, lexicon.languages) for item in mentions if item.how in ("exact", "part")}
    of_others = (found for item, found in denials.items() if item.how == "exact" and item.facet not in kinds)
    taken = {found.start for found in of_others if found}
    for item, found in denials.items():
        if found and item.facet in kinds and found.start in taken:
            denials[item] = None
    return {name: _named(text, found, denials, lexicon, name) for name, found in by_facet.items()}


def _named(text: str, found: Sequence[Mention], denials: Denials, lexicon: Lexicon, facet: str) -> Named:
    values, ruled_out = lexicon.values[facet], _ruled_out(found, denials)
    unlisted = without_han(values) if has_han(text) else frozenset()
    if not found and not unlisted:
        return NOTHING
    whole = _values(found, "exact")
    wanted = [item for item in found if item.how == "exact" and item.value not in ruled_out]
    may, likely = {*unlisted, *_values(found)}, {*unlisted, *_values(found, "exact", "part", "slip")}
    return Named(
        tuple(value for value in whole if not any(other != value and covers(value, other) for other in whole)),
        _values(wanted),
        _values(item for item in wanted if is_asked(text, item.span, lexicon.languages)),
        tuple(value for value in values if value in may and not any(covers(bad, value) for bad in ruled_out)),
        tuple(value for value in values if value in likely),
        ruled_out,
    )


def _ruled_out(found: Sequence[Mention], denials: Denials) -> dict[str, Ruled]:
    """How the text rules values out, by value: the last that is said of one holds, "down jackets, but no real down"."""
    ways: dict[str, list[Mention]] = {}
    for item in found:
        if item.how == "exact" or (item.how == "part" and covers(item.text, item.value)):  # "no wool": no merino wool
            ways.setdefault(item.value, []).append(item)
    return {
        value: Ruled(denial.quote, said[0].text)
        for value, said in ways.items()
        if (denial := denials[max(said, key=lambda item: item.span)])
    }


def without_han(forms: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Values that nobody said the Chinese for: any of them may be meant by a Chinese text."""
    return frozenset(value for value, others in forms.items() if not any(map(has_han, (value, *others))))


def _values(mentions: Iterable[Mention], *how: How) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.value for mention in mentions if not how or mention.how in how))
