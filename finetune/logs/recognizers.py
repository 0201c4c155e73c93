"""Where a text has what identifies a person by its form: addresses of every kind, telephone numbers, cards, accounts.

In: a text. Out: `Found` spans with their kind. Presidio's recognisers read mail addresses, cards (Luhn), IBANs (their
checksum), IP addresses and identity numbers; they are called one by one, so that no language model is needed and
nothing is fetched. Telephone numbers are read by `finetune.logs.phones`, street addresses and links here.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from finetune.logs.phones import find_numbers
from finetune.logs.shadow import shadow

Kind = Literal["email", "card", "account", "number", "link", "address", "phone", "ip", "name", "identifier"]
_SURE = 0.3
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"'，。！？；）]+", re.IGNORECASE)
_STREET = (
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct|Boulevard|Blvd|Way|Place|Pl|Close|Crescent|Terrace"
    r"|Square|Sq|Highway|Hwy|Parkway|Pkwy|Circle|Cir|Row|Gardens|Grove|Alley|Trail"
    r"|street|road|avenue|ave|lane|drive|boulevard|blvd)\.?"
)
_NO_STREET = r"(?!(?:day|hour|week|month|mile|minute|item|pair|time|more|on|of|the|km|x)s?\b)"  # "30 days on the road"
_UNIT = r"(?:,?\s*(?i:apt|apartment|suite|ste|unit|flat|floor|#)\.?\s*[\w-]{1,6})?"
_CITY = (
    r"(?:,\s*[A-Z][A-Za-z.'-]+(?: [A-Z][A-Za-z.'-]+){0,2}){0,2}(?:,?\s+[A-Z]{2}(?![A-Za-z]))?"
    r"(?:,?\s+(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d\w? ?\d[A-Z]{2}))?"
)
_GERMAN = r"[A-ZÄÖÜ][\w.äöüß-]*(?:straße|strasse|str\.|gasse|weg|platz|allee)\s+\d{1,4}[a-z]?"
_REGION = "(?>[\u4e00-\u9fff]{2,8}?(?:省|市|自治区|区|县|镇))++"
_ROAD = "(?:路|街|道|巷|弄|大道)[\u4e00-\u9fff]{0,4}\\d+(?:号|弄)?"
_HOUSE = "(?:[\u4e00-\u9fff\\d]{1,12}?(?:室|号|楼|单元|座|栋|幢|层))*+"
_ADDRESSES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<!\w)\d{{1,6}}[A-Za-z]?,?\s+(?:[A-Z][\w.'’-]*\s+){{1,4}}?{_STREET}(?!\w){_UNIT}{_CITY}",
        rf"(?<!\w)\d{{1,6}}\s+(?:{_NO_STREET}[a-z][\w.'’-]*\s+){{1,2}}?{_STREET}(?!\w){_UNIT}{_CITY}",
        rf"{_GERMAN}(?:,?\s+\d{{5}}\s+[A-ZÄÖÜ][\wäöüß-]+)?",
        rf"{_REGION}[\u4e00-\u9fff\d]{{1,20}}?{_ROAD}{_HOUSE}",
        rf"[\u4e00-\u9fff]{{1,8}}(?:路|街|巷|弄|大道)\d+号{_HOUSE}",
    )
)
_KINDS: dict[str, Kind] = {
    "EMAIL_ADDRESS": "email",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "account",
    "ID_NUMBER": "number",
    "IP_ADDRESS": "ip",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A part of a text, and what it is."""

    start: int
    end: int
    kind: Kind


def find_forms(text: str) -> Iterator[Found]:
    """Everything that shows by its form; parts may overlap."""
    plain = shadow(text)
    for recognizer, fits in _recognizers():
        if fits.search(plain):
            for result in recognizer.analyze(plain, recognizer.supported_entities, None):
                if result.score >= _SURE:
                    yield Found(result.start, result.end, _KINDS[result.entity_type])
    for number in find_numbers(text):
        yield Found(number.start, number.end, "phone" if number.is_phone else "identifier")
    yield from (Found(*match.span(), "link") for match in _LINK.finditer(text))
    for pattern in _ADDRESSES:
        yield from (Found(*match.span(), "address") for match in pattern.finditer(text))


def merged(found: Iterable[Found], kept: Iterable[tuple[int, int]], order: tuple[Kind, ...]) -> list[Found]:
    """Parts that do not overlap, from the left: the kind that comes first in `order` takes what overlaps it with it.

    What lies within a `kept` part (a product number, a date, the shop's own mail address) is left alone.
    """
    safe = list(kept)
    chosen: list[Found] = []
    for part in sorted(found, key=lambda part: (order.index(part.kind), part.start - part.end, part.start)):
        if any(start <= part.start and part.end <= end for start, end in safe):
            continue
        overlapping = [other for other in chosen if part.start < other.end and other.start < part.end]
        if overlapping:
            first = overlapping[0]
            start = min(part.start, *(other.start for other in overlapping))
            end = max(part.end, *(other.end for other in overlapping))
            chosen = [other for other in chosen if other not in overlapping]
            part = Found(start, end, first.kind)
        chosen.append(part)
    return sorted(chosen, key=lambda part: part.start)


@cache
def _recognizers() -> list[tuple[Any, re.Pattern[str]]]:
    """Each with what a text must have for it to be worth asking."""
    from presidio_analyzer import Pattern, PatternRecognizer
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        EmailRecognizer,
        IbanRecognizer,
        IpRecognizer,
    )

    class OfflineEmailRecognizer(EmailRecognizer):
        """Presidio's own asks the internet for the list of domains, and lets addresses pass that are not in it."""

        def validate_result(self, pattern_text: str) -> None:
            """Any domain will do."""

    resident = Pattern("resident identity card", r"(?<!\d)\d{17}[\dXx](?!\d)", 0.9)
    social = Pattern("social security number", r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])", 0.9)
    identity = PatternRecognizer("ID_NUMBER", patterns=[resident, social])
    digits = re.compile(r"\d")
    return [
        (OfflineEmailRecognizer(), re.compile("@")),
        (CreditCardRecognizer(), re.compile(r"\d{3}")),
        (IbanRecognizer(), re.compile(r"[A-Za-z]{2}\d{2}")),
        (identity, re.compile(r"\d{3}-\d|\d{17}")),
        (IpRecognizer(), re.compile(rf"{digits.pattern}\.|:")),
    ]
