"""Numbers as people write them: digits, English words, Chinese numerals.

In: text that `agent.replies.gate.claims` has normalised. Out: `Number`s with their place in the text and their values.
"1,299.00", "1299" and "一千二百九十九" have the same value. Pure functions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES = {word: value for value, word in enumerate(_SMALL.split())} | {
    word: 10 * value for value, word in enumerate(_TENS.split(), start=2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "dozen": 12}
_ANY_WORD = "|".join([*_VALUES, *_SCALES])
_WORDS = re.compile(rf"\b(?:{_ANY_WORD})(?:(?:[ -]|[ -]and )(?:{_ANY_WORD}))*\b", re.ASCII | re.IGNORECASE)

_DIGITS = re.compile(
    r"(?<![0-9])(?<![0-9][.,])(?:"
    r"(?P<comma>\d{1,3}(?:\.\d{3})+,\d{2}|\d+,\d{2})(?![\d,])(?!,\d)"  # 1.299,00 and 49,90
    r"|(?P<point>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r")(?![0-9])"
)

_HAN_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10000}
_HAN = re.compile("[零〇一二两三四五六七八九十百千万]+(?:点[零〇一二三四五六七八九]+)?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number at `start` to `end` of the text. `spelled`: in words, which may also mean something else."""

    start: int
    end: int
    text: str
    values: tuple[Decimal, ...]
    spelled: bool


def find_numbers(text: str) -> Iterator[Number]:
    """All numbers of the text, digits first."""
    for match in _DIGITS.finditer(text):
        written = match["comma"]
        plain = written.replace(".", "").replace(",", ".") if written else match["point"].replace(",", "")
        yield Number(*match.span(), match[0], (Decimal(plain),), spelled=False)
    for match in _WORDS.finditer(text):
        yield Number(*match.span(), match[0], (Decimal(_english(match[0])),), spelled=True)
    for match in _HAN.finditer(text):
        yield Number(*match.span(), match[0], chinese(match[0]), spelled=True)


def _english(words: str) -> int:
    """``_english("two hundred and fifty") == 250``."""
    total, current = 0, 0
    for word in re.findall(r"[a-z]+", words.casefold()):
        if word == "thousand":
            total, current = total + max(current, 1) * 1000, 0
        elif word in _SCALES:
            current = max(current, 1) * _SCALES[word]
        elif word in _VALUES:
            current += _VALUES[word]
    return total + current


def chinese(numeral: str) -> tuple[Decimal, ...]:
    """``chinese("一百五十") == (150,)``; "两三" (two or three) has both values."""
    whole, _, fraction = numeral.partition("点")
    if not any(char in _HAN_SCALES for char in whole):
        digits = [_HAN_DIGITS[char] for char in whole]
        if len(digits) == 2 and not fraction:
            return tuple(Decimal(digit) for digit in digits)
        value = int("".join(map(str, digits)) or "0")
    else:
        value = _scaled(whole)
    shown = f"{value}.{''.join(str(_HAN_DIGITS[char]) for char in fraction)}" if fraction else str(value)
    return (Decimal(shown),)


def _scaled(numeral: str) -> int:
    total, section, digit, last = 0, 0, 0, 1
    for char in numeral:
        if char in _HAN_DIGITS:
            digit = _HAN_DIGITS[char]
            last = 1 if digit == 0 else last
        elif char == "万":
            total, section, digit, last = total + max(section + digit, 1) * 10000, 0, 0, 10000
        else:
            last = _HAN_SCALES[char]
            section, digit = section + max(digit, 1) * last, 0
    # "一百五" is 150: the digit after a scale counts its tenths.
    return total + section + digit * (last // 10 if last > 10 else 1)
