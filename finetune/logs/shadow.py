"""A text for readers of Western forms. In: any text. Out: one as long: plain digits and dashes, spaces for Chinese."""

import re
import unicodedata

_HAN = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff]")


def shadow(text: str) -> str:
    """``shadow("电话１３８") == "  138"``."""
    return "".join(map(_plain, text)) if not text.isascii() else text


def _plain(char: str) -> str:
    if char.isascii():
        return char
    if "！" <= char <= "～":
        return chr(ord(char) - 0xFEE0)
    if (digit := unicodedata.digit(char, None)) is not None:
        return str(digit)
    if unicodedata.category(char) == "Pd":
        return "-"
    return " " if char.isspace() or _HAN.match(char) else char
