"""Countries that a text names: "shipping to Canada", 寄到英国.

In: a text. Out: codes of ISO 3166, in the order of the text. The names are CLDR's (by Babel) in the languages that have
a pack, and the section `countries` of the packs: what people say besides ("the UK", "Scotland"), and names that more
often mean something else. Errors: `ConfigError` for a broken language pack.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from babel import Locale
from pydantic import Field

from language.packs import Section, languages, section
from language.patterns import alternatives, spellings
from language.text import fold


class Countries(Section):
    """One language's other names, by code; `ambiguous`: names that tell no country by themselves."""

    others: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    ambiguous: tuple[str, ...] = ()


def countries_in(text: str) -> tuple[str, ...]:
    """``countries_in("do you send it to the UK?") == ("GB",)``."""
    pattern, codes = _names()
    named = (" ".join(found.group().split()) for found in pattern.finditer(fold(text).text))
    return tuple(dict.fromkeys(codes[name] for name in named))


@cache
def _names() -> tuple[re.Pattern[str], dict[str, str]]:
    ambiguous = {fold(name).text for code in languages() for name in _pack(code).ambiguous}
    known = [(name, country) for name, country in _all_names() if name not in ambiguous]
    codes = {typed: country for name, country in known for typed in spellings(name) if typed not in ambiguous}
    return re.compile(alternatives(codes)), codes


def _all_names() -> Iterator[tuple[str, str]]:
    for code in languages():
        for country, name in Locale(code).territories.items():
            if len(country) == 2 and country.isalpha():
                yield fold(name).text, country
        for country, names in _pack(code).others.items():
            yield from ((fold(name).text, country) for name in names)


def _pack(code: str) -> Countries:
    return section(code, "countries", Countries) or Countries()
