"""Money: which currency stands beside a number, and how an amount is written for a customer.

In: a folded text and a place in it, or an amount with its ISO code and a language. Out: codes ("USD"), or text that
means one currency only. Babel writes the digits: it knows the marks and the decimals of every currency. Where it has no
sign for a currency its code stands behind the number, and "$" alone is the US dollar in every language.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Literal

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency, format_decimal, get_currency_precision, get_currency_symbol
from pydantic import Field

from language.packs import Section, section
from language.patterns import alternatives, spellings

_SIGNS: Mapping[str, str | None] = {  # "¥" alone is of two countries: a language may say which
    **{"$": "USD", "us$": "USD", "ca$": "CAD", "c$": "CAD", "a$": "AUD", "au$": "AUD", "nz$": "NZD", "hk$": "HKD"},
    **{"s$": "SGD", "nt$": "TWD", "r$": "BRL", "mx$": "MXN", "€": "EUR", "£": "GBP", "₩": "KRW", "₹": "INR"},
    **{"¥": None, "cn¥": "CNY", "jp¥": "JPY", "zł": "PLN", "₽": "RUB", "₺": "TRY", "₪": "ILS", "฿": "THB"},
}
# Codes that are no words of a language, so that they may be typed small.
_CODES = (
    *("usd", "eur", "gbp", "cny", "jpy", "chf", "cad", "aud", "nzd", "sek", "nok", "dkk", "pln", "czk", "huf", "krw"),
    *("hkd", "sgd", "twd", "inr", "mxn", "brl", "thb", "aed", "sar", "zar", "rub", "kwd"),
)
_DEFAULT = "en"


class MoneyWords(Section):
    """How a language names currencies, by code; the words for their hundredths; and which "¥" is meant there."""

    currencies: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    cents: tuple[str, ...] = ()
    yen_sign: Literal["JPY", "CNY"] | None = None


Beside = tuple[int, str | None, bool]  # where the word for money ends or begins, the currency, whether cents are meant


def currency_before(text: str, place: int, languages: tuple[str, ...]) -> Beside | None:
    """The currency that ends right before a place of a folded text: ``currency_before("usd 5", 4, ("en",))``."""
    start = max(0, place - 16)
    found = _patterns(languages)[0].search(text, start, place)
    return (found.start(), *_meaning(found[1], languages)) if found else None


def currency_after(text: str, place: int, languages: tuple[str, ...]) -> Beside | None:
    """The currency that begins right behind a place of a folded text."""
    found = _patterns(languages)[1].match(text, place)
    return (found.end(), *_meaning(found[1], languages)) if found else None


def _meaning(words: str, languages: tuple[str, ...]) -> tuple[str | None, bool]:
    name = re.sub(r"\s+", " ", words)
    names, cents = _names(languages)
    return names.get(name), name in cents


@cache
def _names(languages: tuple[str, ...]) -> tuple[Mapping[str, str | None], frozenset[str]]:
    """By sign, code or word: the currency. And the words that mean hundredths."""
    names: dict[str, str | None] = {**_SIGNS, **{code: code.upper() for code in _CODES}}
    cents = set[str]()
    for words in filter(None, (section(language, "money", MoneyWords) for language in languages)):
        names["¥"] = names["¥"] or words.yen_sign
        typed = {code: list(_typed(others)) for code, others in words.currencies.items()}
        names |= dict.fromkeys(_typed(words.cents))
        names |= {name: code for code, others in typed.items() for name in others}
        cents.update(_typed(words.cents))
    return names, frozenset(cents)


def _typed(words: Iterable[str]) -> Iterator[str]:
    return (spelling for word in words for spelling in spellings(word))


@cache
def _patterns(languages: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    names = alternatives(_names(languages)[0])
    return re.compile(rf"({names})\s*$"), re.compile(rf"\s*-?({names})")


def format_money(amount: float | Decimal, currency: str, language: str) -> str:
    """``format_money(1299, "USD", "en") == "$1,299.00"``, ``"1.299,00 €"`` in German; 1,300 yen have no decimals."""
    code, exact, locale = currency.upper(), Decimal(str(amount)), _locale(language)
    sign = _sign(code, locale)
    if sign is None:
        return f"{_plain(exact, get_currency_precision(code), locale)} {code}"
    with_sign = locale.currency_formats["standard"].pattern.replace("¤", f"'{sign}'")
    return format_currency(_rounded(exact, get_currency_precision(code)), code, with_sign, locale=locale)


def format_money_range(low: float | None, high: float | None, currency: str, language: str) -> str:
    """ "$100-200", and with an open end "$100+" or "≤$200"; whole amounts without decimals; without a currency too."""
    code, locale = currency.upper(), _locale(language)
    shown = [_whole(Decimal(str(end)), code, locale) for end in (low, high) if end is not None]
    sign = _sign(code, locale) if code else ""
    leads = bool(sign) and locale.currency_formats["standard"].pattern.startswith("¤")
    numbers = f"{sign if leads else ''}{'-'.join(shown)}"
    numbers = f"≤{numbers}" if low is None else f"{numbers}+" if high is None else numbers
    behind = "" if leads or not code else f"\u00a0{sign}" if sign else f" {code}"
    return f"{numbers}{behind}"


@cache
def _locale(language: str) -> Locale:
    """That of the language; of English where Babel does not know it."""
    try:
        return Locale.parse(language, sep="-" if "-" in language else "_")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_DEFAULT)


@cache
def _sign(code: str, locale: Locale) -> str | None:
    """None for a currency that is written by its code."""
    if code == "USD":
        return "$"
    symbol = get_currency_symbol(code, locale)
    return None if symbol.isalpha() or symbol in ("$", "¤") else symbol


def _whole(amount: Decimal, code: str, locale: Locale) -> str:
    decimals = get_currency_precision(code) if code else 2
    rounded = _rounded(amount, decimals)
    return _plain(rounded, 0 if rounded == rounded.to_integral_value() else decimals, locale)


def _plain(amount: Decimal, decimals: int, locale: Locale) -> str:
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(_rounded(amount, decimals), pattern, locale=locale)


def _rounded(amount: Decimal, decimals: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
