"""Chinese numerals.

In: a run of characters that stand for numbers, with digits among them ("3千5"). Out: its values, none where the run is
no numeral. cn2an reads them; it lacks "two or three" in one numeral.
"""

import re
from decimal import Decimal

import cn2an

_DIGIT_OF = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NEIGHBOURS = re.compile(
    r"(?P<head>(?:.*[十百千万亿])?)(?P<low>[一二两三四五六七八])(?P<high>[二三四五六七八九])(?P<scale>[十百千万]?)"
)


def read_chinese(numeral: str) -> tuple[Decimal, ...]:
    """``read_chinese("一百五") == (150,)``; "两三" and "二三十" have two values, "百" alone has none."""
    neighbours = _NEIGHBOURS.fullmatch(numeral)
    if neighbours and _DIGIT_OF[neighbours["high"]] - _DIGIT_OF[neighbours["low"]] in (1, 2):
        head, scale = neighbours["head"], neighbours["scale"]
        both = [_read_chinese(f"{head}{neighbours[name]}{scale}") for name in ("low", "high")]
        if head or scale or _DIGIT_OF[neighbours["high"]] > _DIGIT_OF[neighbours["low"]]:
            return tuple(value for value in both if value is not None)
    value = _read_chinese(numeral)
    return () if value is None else (value,)


def _read_chinese(numeral: str) -> Decimal | None:
    try:
        return Decimal(str(cn2an.cn2an(numeral, "smart")))
    except (ValueError, KeyError):  # characters of numbers in no order of a number
        return None
