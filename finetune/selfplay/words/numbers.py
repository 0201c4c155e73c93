"""Amounts and order numbers as customers write them.

In: a random generator, a number or an order id, a language. Out: one of the ways to write it. The gold value stays
the number itself: "a hundred and fifty", "150 bucks" and "一百五" are all 150.
"""

import random
import re
from collections.abc import Mapping, Sequence

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_DIGITS = "零一二三四五六七八九"


def amount(value: float) -> float | int:
    """A JSON number without a needless fraction: 150.0 is 150."""
    return int(value) if float(value).is_integer() else round(value, 2)


def english(number: int) -> str:
    """A whole number below 1,000 in words: ``english(150) == "one hundred and fifty"``."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        ten, one = divmod(number, 10)
        return _TENS[ten - 2] + (f"-{_ONES[one]}" if one else "")
    hundred, rest = divmod(number, 100)
    return f"{_ONES[hundred]} hundred" + (f" and {english(rest)}" if rest else "")


def chinese(number: int) -> str:
    """A whole number below 1,000 in characters: ``chinese(150) == "一百五十"``."""
    hundred, rest = divmod(number, 100)
    ten, one = divmod(rest, 10)
    text = ("两" if hundred == 2 else _DIGITS[hundred]) + "百" if hundred else ""
    if ten:
        text += ("" if ten == 1 and not hundred else _DIGITS[ten]) + "十"
    elif hundred and one:
        text += "零"
    return text + (_DIGITS[one] if one or not number else "")


_UNITS: Mapping[str, tuple[str, Sequence[str], Sequence[str]]] = {  # sign, English names, Chinese names
    "USD": ("$", ("dollars", "bucks", "USD", "usd"), ("美元", "刀", "美金")),
    "EUR": ("€", ("euros", "euro", "EUR", "eur"), ("欧元", "欧")),
    "GBP": ("£", ("pounds", "quid", "GBP"), ("英镑", "镑")),
    "CAD": ("$", ("dollars", "bucks", "CAD"), ("加元", "刀")),
    "AUD": ("$", ("dollars", "bucks", "AUD"), ("澳元", "刀")),
    "CNY": ("¥", ("yuan", "rmb", "CNY"), ("块", "元", "块钱", "元钱")),
}


def write_price(rng: random.Random, value: float, language: str, currency: str = "USD") -> str:
    """A price in the shop's currency as a customer would type it."""
    number = amount(value)
    sign, english_units, chinese_units = _UNITS.get(currency, ("", (currency,), (currency,)))
    whole = isinstance(number, int) and number < 1000
    if language == "zh":
        units = (*chinese_units, "块", "元")
        forms = [f"{number}"] * 2 + [f"{number}{unit}" for unit in units] + [f"{sign}{number}"]
        if whole:
            forms += [chinese(int(number)) + unit for unit in (*chinese_units[:2], *([""] if number > 10 else []))]
            if 100 < number < 1000 and number % 10 == 0 and (number // 10) % 10:
                forms += [chinese(int(number))[:-1]] * 2  # 一百五
        return rng.choice(forms)
    forms = [f"{sign}{number}"] * 4 + [f"{number}"] * 4 + [f"{number} {unit}" for unit in english_units]
    forms += [f"{number}{sign}", f"{currency} {number}"]
    if isinstance(number, int) and number >= 1000:
        forms += (
            [f"{sign}{number:,}"] * 2 + [f"{number:,}"] + ([f"{number / 1000:g}k"] * 2 if number % 100 == 0 else [])
        )
    if whole:
        words = english(int(number))
        forms += [f"{sign}{number}.00", words, words.replace(" and ", " "), f"{words} {rng.choice(english_units[:2])}"]
        if 100 <= number < 200:
            forms += [words.replace("one hundred", "a hundred")] * 2
        if 100 < number < 1000 and number % 100 >= 10:
            forms += [f"{english(int(number) // 100)} {english(int(number) % 100)}"]  # one fifty
    return rng.choice(forms)


def write_order(rng: random.Random, order_id: str) -> str:
    """An order id as a customer would type it: AP-10482, ap10482, #10482, 10482."""
    found = re.fullmatch(r"(#?)([A-Za-z]*)(-?)(\d+)", order_id)
    if not found:
        return order_id
    mark, prefix, _, digits = found.groups()
    low = prefix.lower()
    written = [*[order_id] * 6, f"#{digits}", digits, digits]
    if prefix:
        written += [f"{low}-{digits}", f"{low}{digits}", f"{prefix}{digits}", f"{prefix} {digits}", f"{low} {digits}"]
        written += [f"{prefix}{digits}"] if mark else [f"#{order_id}"]
    return rng.choice(written)


def draw_amount(rng: random.Random, low: float, high: float) -> float | int:
    """An amount between two bounds, mostly round: the model has to copy it, so all values must occur."""
    step = rng.choice((5, 5, 10, 10, 10, 20, 25, 50, 1, 1) if high < 1500 else (50, 100, 100, 500, 10, 1))
    step = step if high - low > step else 1
    value: float = round(rng.uniform(low, high) / step) * step
    if rng.random() < 0.03:
        value += 0.99 if rng.random() < 0.5 else 0.5
    return amount(max(value, 1))
