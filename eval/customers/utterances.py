"""The words of simulated customers, in many voices.

In: a random generator, a language, an intent and its slots. Out: what the customer types. The slots' values are never
misspelt; the words around them may be. Errors: `ConfigError` for an intent that utterances.yaml does not have.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from errors import ConfigError, choices

_FILE = Path(__file__).with_name("utterances.yaml")
_SLOT = re.compile(r"(\{\w+\})")
LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Wording:
    """One customer's way to talk."""

    rng: random.Random
    language: str

    def lines(self, intent: str) -> Sequence[str]:
        """The wordings of an intent. Raises ConfigError."""
        known = _wordings()[self.language]
        if intent not in known:
            raise ConfigError(f"no wording {intent!r} in {self.language}; there are: {choices(known)}")
        return tuple(known[intent])

    def phrase(self, intent: str, **slots: str) -> str:
        """One of the intent's wordings, filled in, as it stands."""
        return self.rng.choice(self.lines(intent)).format(**slots)

    def pair(self, intent: str, **slots: str) -> tuple[str, str]:
        """Two different wordings, in a voice: what is said first, and how it is put again."""
        lines = self.lines(intent)
        first, again = self.rng.sample(lines, 2) if len(lines) > 1 else (lines[0], lines[0])
        return self.voiced(first, **slots), again.format(**slots)

    def voiced(self, line: str, **slots: str) -> str:
        """A wording with the habits of somebody who types: greetings, small letters, slips, no full stop."""
        rng = self.rng
        parts = _SLOT.split(line)
        if self.language == "en":
            if rng.random() < 0.15:
                parts = [part if _SLOT.fullmatch(part) else _slip(rng, part) for part in parts]
            if rng.random() < 0.3:
                parts = [part if _SLOT.fullmatch(part) else part.lower() for part in parts]
        text = "".join(parts)
        if rng.random() < 0.3:
            text = text.rstrip(".。")
        text = text.format(**slots)
        joint = "" if self.language == "zh" else " "
        if rng.random() < 0.25:
            text = self.phrase("prelude") + joint + text
        if rng.random() < 0.15:
            text += ("，" if self.language == "zh" else " ") + self.phrase("closing")
        return text

    def price(self, amount: float, currency: str) -> str:
        """An amount of money, as people write it."""
        if self.language == "zh":
            return f"{amount:g}" + {"USD": "美元", "EUR": "欧元", "GBP": "英镑"}.get(currency, "元")
        sign = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "¥"}.get(currency)
        if sign and self.rng.random() < 0.7:
            return f"{sign}{amount:g}"
        return f"{amount:g} " + {"USD": "dollars", "EUR": "euros", "GBP": "pounds"}.get(currency, currency)

    def address(self) -> str:
        """An invented one."""
        street, city = (self.rng.choice(_wordings()[name][self.language]) for name in ("streets", "cities"))
        number = self.rng.randint(2, 190)
        return f"{city}{street}{number}号" if self.language == "zh" else f"{number} {street}, {city}"


def _slip(rng: random.Random, text: str) -> str:
    """Two neighbouring letters of one longer word change places."""
    words = list(re.finditer(r"[a-z]{6,}", text))
    if not words:
        return text
    word = rng.choice(words)
    at = word.start() + rng.randrange(1, len(word[0]) - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


@cache
def _wordings() -> Mapping[str, Mapping[str, Any]]:
    loaded: Mapping[str, Mapping[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return loaded
