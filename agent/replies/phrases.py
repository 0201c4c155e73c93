"""What the agent says in its own voice: the packs' section `phrases`, one entry a key.

In: the packs of the languages that can be served. Out: `Phrases.say(key, language, slot=...)`. Of several variants one
is chosen by a hash of the seed, so that a replay says the same. Errors: `ConfigError` for an unknown key or a missing
slot.
"""

import hashlib
import string
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ConfigDict

from errors import ConfigError, choices
from language.packs import Section, section, servable

FALLBACK = "en"  # of a language without a phrase


class PhraseWords(Section):
    """One language's phrases: a text with `{slots}`, or several to choose from."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, str | list[str]]

    @property
    def by_key(self) -> dict[str, tuple[str, ...]]:
        """The variants of each."""
        return {key: (text,) if isinstance(text, str) else tuple(text) for key, text in self.__pydantic_extra__.items()}


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases by language and key; a language that has none falls back to English."""

    texts: Mapping[str, Mapping[str, tuple[str, ...]]]

    def say(self, key: str, language: str, *, seed: str = "", **slots: str | int | float) -> str:
        """The phrase with its `{slots}` filled."""
        variants = self._variants(key, language)
        chosen = variants[int.from_bytes(hashlib.blake2s(seed.encode()).digest()[:4], "big") % len(variants)]
        missing = _slots(chosen) - set(slots)
        if missing:
            raise ConfigError(f"phrase {key!r} needs the slots {choices(missing)}")
        return chosen.format(**slots)

    def slots(self, key: str, language: str) -> set[str]:
        """What has to be known to say it, whichever variant is chosen."""
        return {name for variant in self._variants(key, language) for name in _slots(variant)}

    def has(self, key: str) -> bool:
        """Whether there is such a phrase, for keys that are made from data, such as an order's status."""
        return key in self.texts[FALLBACK]

    def _variants(self, key: str, language: str) -> tuple[str, ...]:
        if not self.has(key):
            raise ConfigError(f"no phrase {key!r}; there are {choices(self.texts[FALLBACK])}")
        return self.texts.get(language, {}).get(key) or self.texts[FALLBACK][key]


def load_phrases() -> Phrases:
    """The phrases of every language that can be served."""
    told = {language: section(language, "phrases", PhraseWords) for language in servable()}
    return Phrases({language: words.by_key for language, words in told.items() if words is not None})


def _slots(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
