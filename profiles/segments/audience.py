"""A segment as a list for other programs: customers in, CSV lines out.

`csv_lines` is for the shop's own use. `hashed_lines` is what ad platforms take: SHA-256, in hex, of the normalised
e-mail address (trimmed, lower case) and telephone number, in the two ways in use: E.164 with its plus (Google), and
digits alone (Meta). What cannot be normalised is left empty; who has neither is left out.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from profiles.customer import Customer, normalized_email

_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


def csv_lines(customers: Iterable[Customer], reasons: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Who they are, and why they are members."""
    yield _line(("customer", "name", "email", "phone", "reasons"))
    for item in customers:
        why = "; ".join(reasons.get(item.id, ()))
        yield _line((item.id, _plain(item.name), _plain(item.email), item.phone, _plain(why)))


def hashed_lines(customers: Iterable[Customer]) -> Iterator[str]:
    """Nothing by which a person can be read."""
    yield _line(("email_sha256", "phone_e164_sha256", "phone_digits_sha256"))
    for item in customers:
        email, phone = normalized_email(item.email), normalized_phone(item.phone)
        if email or phone:
            yield _line((_hash(email), _hash(phone), _hash(phone.removeprefix("+"))))


def normalized_phone(phone: str) -> str:
    """``normalized_phone("+1 (415) 555-0142") == "+14155550142"``; "" without a country's code."""
    text = re.sub(r"[\s().\-/]", "", phone)
    text = f"+{text[2:]}" if text.startswith("00") else text
    return text if _PHONE.fullmatch(text) else ""


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest() if text else ""


def _plain(text: str) -> str:
    """A text that a spreadsheet shows and does not run."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: tuple[str, ...]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(cells)
    return written.getvalue()
