"""What the words of a message ask for, by name: "stock", "never_mind", "sort_price_low".

In: a text. Out: whether it has a cue, which words those are, or all cues it has. A cue is words and regular
expressions in the packs' section `cues`, so that a language brings its own. By default all languages count, since a
message may mix them. `asked_in` forgives slips of the pen. Errors: `ConfigError` for a cue that no pack has.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from pydantic import BaseModel, ConfigDict

from errors import ConfigError, choices
from language.matching import Lexicon
from language.packs import Section, languages, section
from language.text import has_han


class Cue(BaseModel):
    """Words as they are said, and patterns for what is said in more ways than can be listed; neither minds case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


class Cues(Section):
    """By name; each pack says what it has words for."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Cue]

    @property
    def by_name(self) -> dict[str, Cue]:
        """All of a pack."""
        return self.__pydantic_extra__


def cue(name: str, text: str, spoken: Sequence[str] | None = None) -> bool:
    """Whether the text has it: ``cue("stock", "is it sold out?")``. `spoken`: of these languages only."""
    return cued_piece(name, text, spoken) is not None


def cued_piece(name: str, text: str, spoken: Sequence[str] | None = None) -> str | None:
    """The first words of the text that are the cue, as they were written; None if it has none."""
    pattern = _pattern(name, tuple(spoken) if spoken is not None else None)
    found = pattern.search(text.replace("’", "'"))
    return text[found.start() : found.end()] if found else None


@cache
def cue_words(name: str) -> tuple[str, ...]:
    """The plain words of a cue, of all languages."""
    return tuple(dict.fromkeys(word for told in _told(name, None) for word in told.words))


@lru_cache(maxsize=512)
def cues_in(text: str) -> frozenset[str]:
    """All cues that the text has."""
    return frozenset(name for name in _names() if cue(name, text))


@lru_cache(maxsize=512)
def asked_in(text: str) -> frozenset[str]:
    """All cues of which the text has a plain word, also begun or misspelt: "cheepest" of "sort_price_low"."""
    return frozenset(mention.facet for mention in _lexicon().find(text))


@cache
def _lexicon() -> Lexicon:
    return Lexicon({name: dict.fromkeys(cue_words(name), ()) for name in _names()})


@cache
def _packs() -> dict[str, Cues]:
    return {code: told for code in languages() if (told := section(code, "cues", Cues))}


@cache
def _names() -> frozenset[str]:
    return frozenset(name for told in _packs().values() for name in told.by_name)


def _told(name: str, spoken: tuple[str, ...] | None) -> list[Cue]:
    if name not in _names():
        raise ConfigError(f"no cue {name!r}; there are {choices(_names(), limit=40)}")
    packs = [told for code, told in _packs().items() if spoken is None or code in spoken]
    return [told.by_name[name] for told in packs if name in told.by_name]


@cache
def _pattern(name: str, spoken: tuple[str, ...] | None) -> re.Pattern[str]:
    """One expression of all; one that nothing matches where these languages have no such cue."""
    told = _told(name, spoken)
    parts = [f"(?:{part})" for one in told for part in one.patterns]
    parts += [re.escape(word) if has_han(word) else rf"\b{re.escape(word)}\b" for one in told for word in one.words]
    try:
        return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)
    except re.error as error:
        raise ConfigError(f"cue {name!r} has a pattern that cannot be read: {error}") from error
