"""The words of each language, as data: `packs/<code>.yaml` in, checked sections out.

A language is one file. Each module declares the section it reads as a pydantic model and asks for it here; a pack may
lack sections, even those that a language cannot be served without. Adding a language takes a file and no line of
Python. Errors: `ConfigError` that names the file, the section and the valid languages.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from errors import ConfigError, choices, first_mistake

FOLDER = Path(__file__).with_name("packs")
# What a language cannot be served without: how it is told, what a customer asks for and answers, what is said to them.
NEEDED = ("detection", "cues", "confirm", "phrases", "claims", "labels")


class Section(BaseModel):
    """Base of what a module reads of a pack."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_S = TypeVar("_S", bound=Section)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a safe loader, ten times as fast where it is compiled


@cache
def languages() -> tuple[str, ...]:
    """The codes of all languages that have a pack, whole or not, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def servable() -> tuple[str, ...]:
    """The codes of the languages that a shop can list: their packs have all that is needed."""
    return tuple(code for code in languages() if not missing_sections(code))


def missing_sections(language: str) -> tuple[str, ...]:
    """What a language's pack lacks to be served. Errors: `ConfigError` for a language without a pack."""
    pack = _pack(language)
    return tuple(name for name in NEEDED if not pack.get(name))


@cache
def section(language: str, name: str, model: type[_S]) -> _S | None:
    """One section of a language's pack; None where the pack does not have it.

    ``section("en", "numbers", NumberWords)``
    """
    raw = _pack(language).get(name)
    if raw is None:
        return None
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{FOLDER / language}.yaml, {name}: {first_mistake(error)}") from error


@cache
def _pack(language: str) -> Mapping[str, Any]:
    path = FOLDER / f"{language}.yaml"
    if not path.is_file():
        raise ConfigError(f"no language pack {language!r}; there are {choices(languages())}")
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    if not isinstance(raw, dict):
        raise ConfigError(f"{path} must be a mapping of sections, not {type(raw).__name__}")
    return raw
