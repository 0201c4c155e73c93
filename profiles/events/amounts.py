"""Money as events carry it: a number, or text as some shop's page shows it, in; `Decimal` or None out.

Nothing is guessed: what has two readings, such as "1.299", is None. An event whose price cannot be read still says what
was looked at.
"""

import re
from decimal import Decimal

_DIGITS = re.compile(r"[^\d.,'\-\s\u00a0\u202f]+")  # all but what a number can be written with
_GROUPED = re.compile(r"\d{1,3}(?P<mark>[.,' ])\d{3}(?:(?P=mark)\d{3})*(?P<rest>(?!(?P=mark))[.,]\d{1,2})?")
_PLAIN = re.compile(r"\d+(?P<rest>[.,]\d{1,2})?|\d+\.\d{4,}")
_AMBIGUOUS = re.compile(r"\d{1,3}[.,]\d{3}")


def read_amount(raw: object) -> Decimal | None:
    """``read_amount("$19.99") == Decimal("19.99")``, ``read_amount("1.299,00") == 1299``; None for no amount."""
    if isinstance(raw, bool) or raw is None:
        return None
    if isinstance(raw, int | float | Decimal):
        number = Decimal(str(raw))
        return number if number.is_finite() else None
    return _from_text(raw) if isinstance(raw, str) and len(raw) <= 40 else None


def _from_text(text: str) -> Decimal | None:
    if len(_DIGITS.findall(text)) > 1:  # a sign of a currency stands before or behind, not words around
        return None
    bare = re.sub(r"[\s\u00a0\u202f]+", " ", _DIGITS.sub(" ", text)).strip()
    sign, digits = ("-", bare[1:].strip()) if bare.startswith("-") else ("", bare)
    digits = digits.rstrip("-., ")  # "19.-", as prices are written in some countries
    if _AMBIGUOUS.fullmatch(digits):
        return None
    if found := _GROUPED.fullmatch(digits):
        whole = digits.removesuffix(found["rest"] or "")
        return Decimal(sign + re.sub(r"\D", "", whole) + (found["rest"] or "").replace(",", "."))
    return Decimal(sign + digits.replace(",", ".")) if _PLAIN.fullmatch(digits) else None
