"""What is written in place of what was scrubbed: the same for the same thing within a consultation.

In: the consultation's own secret and what was found. Out: a stand-in of the same form: an order id becomes another
order id, a name another name, an address another address, so that a model still learns to copy them. What no model
needs to copy (cards, accounts, identity numbers) becomes a mark such as [card]. Pure functions of secret and text.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from language.text import has_han


@dataclass(frozen=True, slots=True)
class StandIns:
    """``StandIns(secret).identifier("AP-10482")`` is another id with as many digits, always the same one."""

    secret: bytes

    def identifier(self, text: str) -> str:
        """Every run of digits by another of the same length, one to one: different ids stay different.

        x becomes (a x + b) mod 10^n with a ending in 1 and b not in 0, so that no id stays what it was; "10482" and
        "AP-10482" stay the same order. Letters and dashes stay.
        """
        return re.sub(r"\d+", lambda run: self._digits(run[0]), text)

    def name(self, text: str) -> str:
        """A name by a name; each of its words by itself, so that "Megan" is the first word of "Megan Palmer"."""
        if has_han(text):
            return self._pick("surnames_zh", text[:1]) + (self._pick("given_zh", text[1:]) if len(text) > 1 else "")
        first, *rest = re.split(r"(\s+)", text)
        return self.word(first, "first") + "".join(
            part if not part.strip() else self.word(part, "last") for part in rest
        )

    def word(self, text: str, kind: str) -> str:
        """One word of a name; `kind` is "first" or "last"."""
        chosen = self._pick(kind, text.casefold())
        return chosen.lower() if text.islower() else chosen.upper() if text.isupper() and len(text) > 1 else chosen

    def address(self, text: str) -> str:
        """An address by a whole one; its first part decides, so that a street alone becomes the same."""
        street = re.sub(r"\W+", " ", re.split(r"[,，]", text)[0].casefold()).strip()
        return self._pick("addresses_zh" if has_han(text) else "addresses", street)

    def email(self, text: str) -> str:
        """An address that reaches nobody."""
        folded = text.casefold()
        return f"{self._pick('first', folded).lower()}.{self._pick('last', folded).lower()}@example.org"

    def phone(self, text: str) -> str:
        """A number of the hundred that nobody has."""
        return f"+1-555-01{self._number('phone', re.sub(r'[^0-9]', '', text)) % 100:02d}"

    def _digits(self, digits: str) -> str:
        size, scale = len(digits), 10 ** len(digits)
        factor = self._number("factor", str(size)) % scale // 10 * 10 + 1
        shift = self._number("shift", str(size)) % scale // 10 * 10 + 1 + self._number("last", str(size)) % 9
        return f"{(int(digits) * factor + shift) % scale:0{size}d}"

    def _pick(self, kind: str, key: str) -> str:
        values = _values(kind)
        place = self._number(kind, key) % len(values)
        chosen = values[place]
        return values[(place + 1) % len(values)] if chosen.casefold() == key.casefold() else chosen

    def _number(self, kind: str, key: str) -> int:
        digest = hmac.new(self.secret, f"{kind}:{key}".encode("utf-8", "replace"), hashlib.sha256).digest()
        return int.from_bytes(digest[:12], "big")


@cache
def _values(kind: str) -> Sequence[str]:
    loaded = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return tuple(str(value) for value in loaded[kind])
