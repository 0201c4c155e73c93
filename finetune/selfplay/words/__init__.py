"""How customers talk: phrases per language, read from the YAML files beside this module.

In: a language code. Out: `Words`, with phrases by intent (`(a|b)` picks one, `{slot}` is filled in, `<...>` is what a
profile change quotes, `[...]` what an argument repeats). Errors: `ConfigError`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from errors import ConfigError, choices

ALTERNATIVES = re.compile(r"\(([^()]*\|[^()]*)\)")


@dataclass(frozen=True, slots=True)
class Words:
    """One language's phrases by intent, and what it shortens in a hurry."""

    language: str
    phrases: Mapping[str, tuple[str, ...]]
    slang: Mapping[str, str]

    def lines(self, intent: str) -> tuple[str, ...]:
        """The phrases of an intent. Raises ConfigError with the intents there are."""
        try:
            return self.phrases[intent]
        except KeyError:
            raise ConfigError(
                f"no phrases for {intent!r} in {self.language}; there are {choices(self.phrases)}"
            ) from None


@cache
def load_words(language: str) -> Words:
    """The words of a language that has a file here: "en" or "zh"."""
    folder = Path(__file__).parent
    path = folder / f"{language}.yaml"
    if not path.is_file():
        raise ConfigError(f"no words for {language!r}; languages: {choices(p.stem for p in folder.glob('*.yaml'))}")
    phrases: dict[str, tuple[str, ...]] = {}
    slang: Mapping[str, str] = {}
    for key, value in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader).items():
        if key == "slang":
            slang = {str(word): str(short) for word, short in value.items()}
        elif isinstance(value, str):
            phrases[key] = tuple(line for line in value.splitlines() if line.strip())
        else:
            phrases[key] = tuple(str(item) for item in value)
    return Words(language, phrases, slang)
