"""What a text claims: numbers with their units, dates, times, ids, links, weekdays.

In: any text, of a reply or of a tool result. Out: `Claim`s. The same reading is used for both, so that a value
that was copied from a result is found again. Pure functions.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from agent.gate.dates import Day, find_days, find_times, find_weekdays
from agent.gate.numbers import Number, find_numbers
from agent.gate.words import is_of_an_act

Value = Decimal | Day | str | int


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim. `kind` is "number" (with a `unit`, or None), "date", "time", "weekday", "past weekday" (of what the
    customer did, which promises nothing), "id", "ref" or "link"."""

    kind: str
    text: str
    value: Value
    unit: str | None = None


_LINK = re.compile(r"https?://[!-~]+|(?:www\.)[!-~]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_PHONE = re.compile(r"(?<![\w.])\+?\d{1,4}(?:[- ]\d{2,4}){2,}(?![\w-])", re.ASCII)
_LIST_MARK = re.compile(r"(?m)^[ \t]*(?:[1-9]|1\d|20)[.)、](?!\d)")
_REF = re.compile(r"(?:#|\border (?:number |no\.? ?|id )?|订单号?[::]? ?)(\d{4,})(?![\w.,]*\d)", re.IGNORECASE)
_TOKEN = re.compile(r"(?<![A-Za-z0-9])(?<!\d[.,])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*(?![A-Za-z0-9])")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)", re.IGNORECASE)
_MEASURE = re.compile(
    r"x?\d+(?:ml|cl|l|g|kg|mm|cm|m|km|in|ft|h|hr|hrs|min|d|w|lm|lb|lbs|oz|x|k|pc|pcs|day|days|c|f|usd|eur|gbp|cny|rmb)?"
    r"|\d+(?:-[a-z]+)+|(?:usd|eur|gbp|cny|rmb|us|eu|uk)\d+",
    re.IGNORECASE,
)
_OF_FIVE = re.compile(r"(?<![\d.,/])([0-5](?:\.\d+)?) ?(?:/|out of) ?5(?![\d/])")

_MONEY_BEFORE = re.compile(r"(?:[$€£¥₩]|\b(?:USD|EUR|GBP|CNY|RMB|JPY|CHF|CAD|AUD|US|HK)) ?$", re.IGNORECASE)
_MONEY_AFTER = re.compile(
    r" ?(?:[€£¥$]|(?:usd|eur|gbp|cny|rmb|jpy|chf|cad|aud|dollars?|bucks|euros?|pounds?|yuan|yen|cents?|kr|zł)\b"
    r"|元|块|美元|美金|人民币|欧元|英镑|日元|港币)",
    re.IGNORECASE,
)
_BETWEEN = r"[ -]?(?:(?:business|working|calendar|full|more|consecutive|natural) )*"
_AFTER = (
    ("percent", re.compile(r" ?(?:%|percent\b|per cent\b|pct\b|prozent\b|个百分点)", re.IGNORECASE)),
    ("zhe", re.compile(r" ?折")),
    ("money", _MONEY_AFTER),
    ("day", re.compile(rf"{_BETWEEN}(?:days?|d|tagen?|días?|jours?)\b| ?个?(?:工作日|自然日|天|日)", re.IGNORECASE)),
    ("week", re.compile(rf"{_BETWEEN}(?:weeks?|wochen?|semanas?|semaines?)\b| ?个?(?:星期|礼拜|周)", re.IGNORECASE)),
    ("month", re.compile(rf"{_BETWEEN}(?:months?|monate?n?|mes(?:es)?|mois)\b| ?个月", re.IGNORECASE)),
    ("year", re.compile(rf"{_BETWEEN}(?:years?|yrs?|jahre?n?|años?|ans)\b| ?年", re.IGNORECASE)),
    ("hour", re.compile(rf"{_BETWEEN}(?:hours?|hrs?|h|stunden?|horas?|heures?)\b| ?个?(?:小时|钟头)", re.IGNORECASE)),
    ("minute", re.compile(rf"{_BETWEEN}(?:minutes?|mins?|minuten?|minutos?)\b| ?分钟", re.IGNORECASE)),
    ("star", re.compile(r"[ -]?(?:stars?\b|★|⭐|星|sterne?n?\b)", re.IGNORECASE)),
    ("stock", re.compile(r" ?(?:[a-z]+ ){0,2}(?:left|remaining|in stock|available)\b", re.IGNORECASE)),
    ("size", re.compile(r" ?码")),
)
_BEFORE = (
    ("percent", re.compile(r"百分之$")),
    ("money", _MONEY_BEFORE),
    ("stock", re.compile(r"(?:剩下?余?(?:有|了)?|库存(?:有|为|还有|剩)?[::]?|\bstock[::]) ?$", re.IGNORECASE)),
    ("size", re.compile(r"(?:\bsizes?|\bEU|\bUK|尺码|码数|鞋码)[::]? ?$", re.IGNORECASE)),
    ("star", re.compile(r"(?:★|⭐|\brated|评分)[::]? ?$", re.IGNORECASE)),
)
_RANGE = re.compile(r" ?(?:-|–|—|~|to|至|到) ?[$€£¥]? ?\d[\d,]*(?:\.\d+)?")
# A spelled number is one of the two things spoken of, or it counts something.
_POINTING = re.compile(
    r"(?:\b(?:these|those|the|both|other|any|either|all|your|of) |[这那哪第前后每几其])$", re.IGNORECASE
)
_HAN_COUNTED = re.compile(" ?[个件双条款种只顶把套张位人次单份米克升岁]")
_ONE = Decimal(1)


def normalized(text: str) -> str:
    """One way to write each character; a Chinese comma never joins two numbers."""
    text = re.sub(r"[™®©]", " ", text).replace("，", ", ").replace("。", ". ").replace("、", "、 ")
    text = unicodedata.normalize("NFKC", text).replace("’", "'").replace("\u20e3", ".").replace("\ufe0f", "")
    return re.sub(r"[^\S\n]+", " ", text)


@lru_cache(maxsize=2048)
def find_claims(text: str) -> tuple[Claim, ...]:
    """All claims of a text that `normalized` gave. Results of a conversation say much the same again and again."""
    return tuple(_read(text))


def _read(text: str) -> Iterator[Claim]:
    """What one reading has taken, the next does not see."""
    page = _Page(text)
    for match in page.take(_LINK):
        yield Claim("link", match[0], match[0].casefold().rstrip(".,;:!?)>'\""))
    for start, end, day in find_days(page.text):
        yield Claim("date", page.cut(start, end), day)
    for start, end, minute in find_times(page.text):
        yield Claim("time", page.cut(start, end), minute)
    for start, end, weekday in find_weekdays(page.text):
        kind = "past weekday" if _is_past(page.text, start, end) else "weekday"
        yield Claim(kind, page.cut(start, end), weekday)
    for match in page.take(_PHONE):
        yield Claim("id", match[0], id_key(match[0]))
    for _ in page.take(_LIST_MARK):
        pass
    for match in page.take(_REF):
        yield Claim("ref", match[0], match[1])
    for match in page.take(_OF_FIVE):
        yield Claim("number", match[0], Decimal(match[1]), "star")
    for match in list(_TOKEN.finditer(page.text)):
        token = match[0]
        if not (re.search(r"\d", token) and re.search(r"[A-Za-z]", token)) or _MEASURE.fullmatch(token):
            continue
        page.cut(*match.span())
        if not _ORDINAL.fullmatch(token):
            yield Claim("id", token, id_key(token))
    for number in find_numbers(page.text):
        unit = _unit(page.text, number)
        if not (number.spelled and _is_no_claim(page.text, number, unit)):
            yield from (Claim("number", number.text, value, unit) for value in number.values)


def _is_past(text: str, start: int, end: int) -> bool:
    """ "You looked at it on Tuesday", "您周二看过"."""
    return is_of_an_act(text[max(0, start - 120) : start], text[end : end + 30])


def id_key(token: str) -> str:
    """An id as it is compared: case and dashes do not matter."""
    return re.sub(r"[^0-9a-z]", "", token.casefold())


class _Page:
    """A text from which readings are cut out; the places of the rest stay."""

    def __init__(self, text: str) -> None:
        self.text = text

    def cut(self, start: int, end: int) -> str:
        """Take a part out."""
        taken = self.text[start:end]
        self.text = f"{self.text[:start]}{chr(0) * (end - start)}{self.text[end:]}"
        return taken

    def take(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Take out all matches."""
        for match in list(pattern.finditer(self.text)):
            self.cut(*match.span())
            yield match


def _unit(text: str, number: Number) -> str | None:
    before, after = text[max(0, number.start - 14) : number.start], text[number.end : number.end + 40]
    unit = _unit_after(after)
    if unit in ("percent", "zhe"):
        return unit
    return next((name for name, pattern in _BEFORE if pattern.search(before)), unit)


def _unit_after(after: str) -> str | None:
    unit = next((name for name, pattern in _AFTER if pattern.match(after)), None)
    if unit is None and (tail := _RANGE.match(after)):
        return _unit_after(after[tail.end() :])
    return unit


def _is_no_claim(text: str, number: Number, unit: str | None) -> bool:
    """Whether a spelled number only points ("these two", "一下", "one of them") instead of counting."""
    before, after = text[max(0, number.start - 8) : number.start], text[number.end : number.end + 3]
    if before.endswith("第"):
        return True
    if unit is not None:
        return number.values == (_ONE,) and _POINTING.search(before) is not None
    han = not number.text.isascii()
    return number.values == (_ONE,) or _POINTING.search(before) is not None or (han and not _HAN_COUNTED.match(after))
