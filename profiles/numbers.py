"""Numbers as customers write them, English and Chinese.

Text in, floats out ("$1,200", "two hundred", "一百五", "2k").
"""

import re
import unicodedata

_UNITS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * number
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_SCALES = {"hundred": 100, "grand": 1000, "thousand": 1000, "million": 1_000_000}
_HAN_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "俩": 2,
}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_SUFFIXES = {"k": 1000.0, "百": 100.0, "千": 1000.0, "万": 10_000.0}
_DIGITS = re.compile(r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)\s*(?:(k)(?![a-z])|([百千万]))?")
_HAN = re.compile(r"[零〇一二两俩三四五六七八九十百千万]+")
_METRES = re.compile(r"(\d|[一二两])\s*(?:米|m(?![a-z]))\s*([\d零一二三四五六七八九]{1,2})(?!\d)")
_PAUSE = re.compile(r"(?<=[0-9])，(?=[0-9])")  # "穿42，100以内" are two numbers, "１，２００" is one
_FEET = re.compile(r"(\d)\s*(?:'|ft\.?|feet|foot)\s*(\d{1,2})?")


def normalise(text: str) -> str:
    """Full-width to half-width, lower case, one kind of apostrophe."""
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


def half_width(text: str) -> str:
    """As it is but for its width; a Chinese comma between digits is a pause, and no part of a number."""
    return unicodedata.normalize("NFKC", _PAUSE.sub("；", text))


def numerals(text: str) -> str:
    """Normalised, for whoever looks for numbers."""
    return normalise(half_width(text))


def numbers_in(text: str) -> frozenset[float]:
    """Every number the text names, in digits or words: ``numbers_in("under two hundred") == {200.0}``."""
    text = numerals(text)
    found = {
        float(match[1].replace(",", "")) * _SUFFIXES.get(match[2] or match[3] or "", 1.0)
        for match in _DIGITS.finditer(text)
    }
    found.update(_han_number(match[0]) for match in _HAN.finditer(_DIGITS.sub(" ", text)))
    found.update(_english_numbers(re.findall(r"[a-z]+", text)))
    return frozenset(found)


def centimetres_in(text: str) -> frozenset[float]:
    """Lengths named in other units, as whole centimetres: "1.75 m", "一米七五", "5'11", "6 ft"."""
    text = normalise(text)
    found = {round(float(match[0]) * 100.0, 1) for match in re.finditer(r"(?<![\d.])[12]\.\d+", text)}
    for match in _METRES.finditer(text):
        tail = "".join(str(_HAN_DIGITS.get(char, char)) for char in match[2]).ljust(2, "0")
        found.add(100.0 * float(_HAN_DIGITS.get(match[1], match[1])) + float(tail))
    found.update(round(float(m[1]) * 30.48 + float(m[2] or 0) * 2.54) for m in _FEET.finditer(text))
    return frozenset(found)


def _han_number(run: str) -> float:
    """一百五 is 150 and 三千二 is 3200: a last digit right after a scale counts a tenth of that scale."""
    if not any(char in _HAN_SCALES for char in run):
        return float("".join(str(_HAN_DIGITS[char]) for char in run))
    total = section = 0.0
    digit: int | None = None
    scale = 1
    for char in run:
        if char in _HAN_DIGITS:
            scale = 1 if _HAN_DIGITS[char] == 0 else scale  # 一百零五 is 105
            digit = _HAN_DIGITS[char]
        elif char == "万":
            total, section, digit, scale = (section + (digit or 0) or 1) * 10_000, 0.0, None, 10_000
        else:
            scale = _HAN_SCALES[char]
            section += (1 if digit is None else digit) * scale
            digit = None
    return total + section + (digit or 0) * (scale // 10 if scale > 10 else 1)


def _english_numbers(words: list[str]) -> set[float]:
    found: set[float] = set()
    run: list[str] = []
    for word in [*words, ""]:
        known = word in _UNITS or word in _TENS or word in _SCALES
        joins = bool(run) and (word == "and" and run[-1] in _SCALES)
        if known or joins:
            run.append(word)
        elif run:
            found.update(_english_run(run))
            run = []
    return found


def _english_run(run: list[str]) -> set[float]:
    """One number of a run of number words; "one fifty" is 150 to a shopper."""
    total = current = 0
    previous = ""
    for word in run:
        if word in _SCALES:
            current = (current or 1) * _SCALES[word]
            if _SCALES[word] > 100:
                total, current = total + current, 0
        elif word != "and":
            number = _UNITS.get(word, _TENS.get(word, 0))
            if previous in _UNITS and word in _TENS:
                current *= 100
            current += number
        previous = word
    return {float(total + current)}
