"""Claims made in words: "in stock", "free shipping", "discount", "has been cancelled".

In: normalised text, or the values of a tool result. Out: topics. The words are the packs' section `claims`, of every
language that has one: a reply may quote another. A reply that claims a topic needs a result that holds it; a question
("shall I check whether it is in stock?") claims nothing. Pure functions. Errors: `ConfigError` for a pack.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from pydantic import BaseModel, ConfigDict

from errors import ConfigError, choices
from language.packs import Section, languages, section

# The order counts: what an earlier topic has taken, a later one does not see ("not in stock" is not "in stock").
TOPICS = (
    *("sold_out", "in_stock", "free_shipping", "free", "discount", "for_life", "tomorrow", "soon"),
    *("cancelled", "shipped", "delivered", "returned", "refunded", "readdressed"),
)
_VERB = re.compile("«(.+?)»")  # in a pattern: something that has happened
_NEVER = r"(?!)"


class TopicWords(BaseModel):
    """`claim` is how a reply says it; `source` (else `claim`) how an approved text may."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    claim: str
    source: str = ""


class Claims(Section):
    """One language's words.

    `happened` says with which words around it a verb ("VERB") tells what has happened: "has been cancelled" does, "can
    be cancelled" does not. A clause that reads like a `question` and has a question mark claims nothing, nor does one
    that says what is `only_asked`. A day that `acts_before` or `acts_after` stand beside is one on which the customer
    did something.
    """

    topics: Mapping[str, TopicWords]
    happened: str = ""
    question: str = ""
    only_asked: str = ""
    acts_before: str = ""
    acts_after: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """What replies claim, and the words for it in all languages."""

    name: str
    claim: re.Pattern[str]
    source: re.Pattern[str] | None


# What an order's status says besides itself.
_IMPLIED = {
    "shipped": ("shipped",),
    "delivered": ("shipped", "delivered"),
    "cancelled": ("cancelled",),
    "return_requested": ("shipped", "delivered"),
    "returned": ("shipped", "delivered", "returned"),
    "lost": ("shipped",),
}
_CLAUSE = re.compile(r"[^,;:.!?。！？；、\n]+[,;:.!?。！？；、\n]*")


def claimed_topics(text: str) -> Iterator[tuple[str, str]]:
    """Topics that a text claims, each with its words; what is only asked is left out."""
    text = _CLAUSE.sub(lambda clause: "\n" * len(clause[0]) if _is_question(clause[0]) else clause[0], text)
    for topic in _topics():
        for match in topic.claim.finditer(text):
            yield topic.name, match[0].strip()
        text = topic.claim.sub(lambda match: "\n" * len(match[0]), text)


def is_of_an_act(before: str, after: str) -> bool:
    """Whether a day between these texts is one on which the customer did something: "you looked at it on Tuesday"."""
    return bool(_pattern_of("acts_before").search(before) or _pattern_of("acts_after").match(after))


@lru_cache(maxsize=2048)
def source_topics(text: str) -> frozenset[str]:
    """Topics that an approved text may be cited for: its own claims, in any of its words."""
    rest, found = text, set[str]()
    for topic in _topics():
        if topic.claim.search(rest) or (topic.source and topic.source.search(rest)):
            found.add(topic.name)
        rest = topic.claim.sub(lambda match: "\n" * len(match[0]), rest)
    return frozenset(found)


def value_topics(key: str, value: object) -> set[str]:
    """Topics that one value of a result holds: a stock, an order's status, a fee of nothing, no hits."""
    match key, value:
        case "stock", int() | float():
            return {"in_stock"} if value > 0 else {"sold_out"}
        case "shipping_fee", 0:
            return {"free_shipping"}
        case "hits", []:
            return {"sold_out"}
        case "delivered", str():
            return {"shipped", "delivered"}
        case "status", str():
            return set(_IMPLIED.get(value, ()))
    return set()


def _is_question(clause: str) -> bool:
    asked = clause.rstrip()[-1:] in ("?", "？") and _pattern_of("question").search(clause) is not None
    return asked or _pattern_of("only_asked").search(clause) is not None


@cache
def _packs() -> Mapping[str, Claims]:
    return {code: told for code in languages() if (told := section(code, "claims", Claims))}


@cache
def _topics() -> tuple[Topic, ...]:
    packs = _packs()
    for code, told in packs.items():
        if unknown := [name for name in told.topics if name not in TOPICS]:
            raise ConfigError(f"{code}.yaml, claims: no topic {unknown[0]!r}; there are {choices(TOPICS, limit=20)}")
    return tuple(_topic(name, packs) for name in TOPICS)


def _topic(name: str, packs: Mapping[str, Claims]) -> Topic:
    told = [(told.topics[name], told.happened) for told in packs.values() if name in told.topics]
    claim = [_with_verbs(words.claim, how) for words, how in told]
    source = [words.source for words, _ in told if words.source]
    flags = re.IGNORECASE
    return Topic(name, _any_of(claim, flags), _any_of(source, flags | re.DOTALL) if source else None)


def _with_verbs(claim: str, happened: str) -> str:
    """The pattern with each «verb» told as something that has happened."""
    return _VERB.sub(lambda verb: happened.replace("VERB", verb[1]), claim)


@cache
def _pattern_of(name: str) -> re.Pattern[str]:
    """A pattern that is of no topic, such as `question`, in any language."""
    return _any_of([part for told in _packs().values() if (part := getattr(told, name))], re.IGNORECASE)


def _any_of(parts: list[str], flags: int) -> re.Pattern[str]:
    try:
        return re.compile("|".join(f"(?:{part})" for part in parts) or _NEVER, flags)
    except re.error as error:
        raise ConfigError(f"a pattern of the packs' claims cannot be read: {error}") from error
