"""Values that say what a thing is free of, in other words: "PFAS-free" is "without PFAS", "no PFAS", 不含PFAS.

In: a value, or words for it. Out: the other ways to say it, in all languages; none for values of another kind. So
"without PFAS" asks for the value, where "without wool" denies one. The ways are the packs' section `free_of`. Errors:
`ConfigError` for a broken pack.
"""

import re
from collections.abc import Iterator
from functools import cache

from language.packs import Section, languages, section
from language.text import has_han

_SLOT = "{}"


class FreeOf(Section):
    """One language's ways, with a slot for what is lacking: `named` in the name of a value, `said` beside those."""

    named: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


def free_of(value: str) -> tuple[str, ...]:
    """The other ways to say a value that ends in "-free": ``"no PFAS" in free_of("PFAS-free")``."""
    lacking = next((what for pattern in _named() if (what := _lacking(pattern, value))), "")
    return tuple(way.replace(_SLOT, lacking) for way in _ways(has_han(lacking))) if lacking else ()


def _lacking(pattern: re.Pattern[str], value: str) -> str:
    found = pattern.fullmatch(value.strip())
    return found[1].strip() if found else ""


def _ways(is_han: bool) -> Iterator[str]:
    """All ways, of what is written in Chinese only those in Chinese."""
    for pack in _packs():
        yield from (way for way in (*pack.named, *pack.said) if has_han(way) or not is_han)


@cache
def _named() -> tuple[re.Pattern[str], ...]:
    forms = (re.escape(form).replace(re.escape(_SLOT), "(.+)") for pack in _packs() for form in pack.named)
    return tuple(re.compile(form, re.IGNORECASE) for form in forms)


@cache
def _packs() -> tuple[FreeOf, ...]:
    return tuple(pack for code in languages() if (pack := section(code, "free_of", FreeOf)))
