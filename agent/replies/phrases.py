"""What the agent says in its own voice: `phrases.yaml`, one entry a key, in every language it has.

In: the YAML file. Out: `Phrases.say(key, language, slot=...)`. A list of variants is chosen by a hash of the seed, so
that a replay says the same. Errors: `ConfigError` for a file that is not of this form.
"""

import hashlib
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from errors import ConfigError, choices

_FILE = Path(__file__).with_name("phrases.yaml")
_SHAPE: TypeAdapter[dict[str, dict[str, str | list[str]]]] = TypeAdapter(dict[str, dict[str, str | list[str]]])


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases by key and language; a language that is missing falls back to English."""

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
        return key in self.texts

    def _variants(self, key: str, language: str) -> tuple[str, ...]:
        if key not in self.texts:
            raise ConfigError(f"no phrase {key!r}; there are {choices(self.texts)}")
        return self.texts[key].get(language) or self.texts[key]["en"]


def load_phrases(path: Path = _FILE) -> Phrases:
    """Read the phrases that come with the agent, or another file of the same form."""
    try:
        raw = _SHAPE.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path} is not a phrase file: {error}") from error
    return Phrases(
        {
            key: {language: (text,) if isinstance(text, str) else tuple(text) for language, text in by_language.items()}
            for key, by_language in raw.items()
        }
    )


def _slots(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
