"""Numbers that are names: order ids, telephone numbers, links, dates, times, years.

In: a folded text and the languages it may be in. Out: the places of such numbers, which count nothing. What reads dates
and ids themselves tells more; this only keeps them from being taken for quantities. Pure functions.
"""

import re
from functools import cache

from babel.core import Locale, UnknownLocaleError

from language.money import currency_after
from language.packs import Section, section
from language.patterns import LETTER, alternatives
from language.text import Span


class IdentifierWords(Section):
    """Words before numbers that are no quantities."""

    years_before: tuple[str, ...] = ()
    ids_before: tuple[str, ...] = ()


_HAN = "[0-9〇零一二三四五六七八九十]"
_FORMS = re.compile(
    "|".join(
        (
            r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
            r"#\s*[\w-]*\d+",
            rf"(?<!{LETTER})[a-z]{{1,4}}-?\d{{2,}}(?:[-/]\d{{2,}})+",  # AP-100-200
            r"(?<![\d.,/-])\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?![\d/-])(?:t\d\d:\d\d\S*)?",  # 2026-10-05, 12.05.2026
            r"(?<!\d)\d{2,}/\d{3,}(?!\d)",  # 2026/00123
            r"(?<!\d)24\s?/\s?7(?!\d)",
            r"(?<![\d.,])(?<!\d:)\d{1,2}:\d\d(?::\d\d)?(?!\d)|(?<![\d.,])(?<!\d:)\d{1,2}\s?[ap]\.?m\b",
            r"(?<![\w.,])\+\d[\d ()-]{6,}\d|(?<![\w.,-])\(?\d{2,5}\)?(?:[ -]\d{2,5}){2,}(?![\w-])",
            r"(?<![\d.,])\d{7,}(?![\d.,]*\d)",
            rf"(?:\d{{2,4}}年)?\s*(?<!\d){_HAN}{{1,3}}\s*月(?:份|\s*{_HAN}{{1,3}}\s*[日号]?)?|\d{{4}}年|(?<!\d)[0-3]?\d号",
            rf"{_HAN}{{1,3}}点(?:{_HAN}{{1,3}}分|钟|半|整)",
        )
    )
)
_ALSO_WORDS = frozenset(("may", "mar", "march", "mai"))  # "size 2 may fit"
_ENOUGH = 7  # digits of a telephone number; fewer in a row may be sizes


def identifier_spans(text: str, languages: tuple[str, ...]) -> tuple[Span, ...]:
    """Where the text has them."""
    spans = [match.span() for match in _FORMS.finditer(text) if not _is_short_row(match[0])]
    for pattern in _patterns(languages):
        spans += [match.span() for match in pattern.finditer(text) if not currency_after(text, match.end(), languages)]
    return tuple(spans)


def _is_short_row(form: str) -> bool:
    """Whether numbers beside each other are too few for a telephone number."""
    return bool(re.fullmatch(r"[\d ()-]+", form)) and sum(char.isdigit() for char in form) < _ENOUGH and "-" not in form


@cache
def _patterns(languages: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    packs = [words for language in languages if (words := section(language, "identifiers", IdentifierWords))]
    years = alternatives(word for pack in packs for word in pack.years_before)
    ids = alternatives(word for pack in packs for word in pack.ids_before)
    named = _months(languages)
    month, any_month = alternatives(named - _ALSO_WORDS), alternatives(named)
    return (
        re.compile(rf"(?:{years})\s+(?:the\s+)?(?:19|20)\d\d(?![\d.,]*\d)(?!\s*[-$€£¥%])"),
        re.compile(rf"(?:{ids})(?:\s*(?:{ids}))*\s*[:#=]?\s*#?(?:{LETTER}{{1,4}}[-\s])?\d[\d -]{{2,}}\d"),
        re.compile(
            rf"(?<![\d.,])[0-3]?\d(?:st|nd|rd|th|\.)?\s+(?:of\s+|de\s+)?(?:{month})\.?(?:,?\s+(?:de\s+)?\d{{4}})?"
        ),
        re.compile(
            rf"(?:[0-3]?\d(?:st|nd|rd|th|\.)?\s+(?:of\s+|de\s+)?)?(?:{any_month})\.?,?\s+(?:de\s+)?(?:19|20)\d\d(?!\d)"
        ),
        re.compile(rf"(?:{month})\.?\s+(?:the\s+)?(?:[0-3]?\d(?:st|nd|rd|th)?|\d{{4}})(?![\d.,]*\d)"),
    )


def _months(languages: tuple[str, ...]) -> set[str]:
    """Names of months, whole and short."""
    names = set[str]()
    for language in languages:
        try:
            months = Locale.parse(language).months["format"]
        except (UnknownLocaleError, ValueError):
            continue
        names |= {name.lower().rstrip(".") for width in ("wide", "abbreviated") for name in months[width].values()}
    return {name for name in names if name.isalpha() and len(name) > 2}
