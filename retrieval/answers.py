"""Approved answers: `answers.yaml` comes in, checked templates go out.

A template is an answer the shop has approved, with sample questions per language and `{slots}` that are
filled with the shop's facts by whoever sends it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from errors import DataError, StorageError


@dataclass(frozen=True, slots=True)
class Template:
    """One approved answer. `samples` and `text` by language code; `needs` names the slots it takes.

    `of_products`: it says of products what their catalogue may not, as how they are washed. `after`: the tools behind
    whose act it is meant rather than another, as of the money for what was cancelled.
    """

    id: str
    topic: str
    samples: Mapping[str, tuple[str, ...]]
    text: Mapping[str, str]
    needs: tuple[str, ...]
    of_products: bool = False
    after: tuple[str, ...] = ()


class _TemplateEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1)
    topic: str = ""
    samples: dict[str, list[str]]
    text: dict[str, str] = Field(min_length=1)
    needs: list[str] = Field(default_factory=list)
    of_products: bool = False
    after: list[str] = Field(default_factory=list)


def load_answers(path: Path) -> tuple[Template, ...]:
    """Read the templates, in file order; none when there is no file. Raises DataError, StorageError."""
    if not path.exists():
        return ()
    try:
        entries = TypeAdapter(list[_TemplateEntry]).validate_python(yaml.safe_load(path.read_bytes()) or [])
    except yaml.YAMLError as error:
        raise DataError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{path.name}, entry {place}: {first['msg']}") from error
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    templates = tuple(_template(entry) for entry in entries)
    _check(templates, path)
    return templates


def slots(text: str) -> frozenset[str]:
    """The names in braces: ``slots("{return_days} days") == {"return_days"}``.

    Raises ValueError on a lone brace.
    """
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def _template(entry: _TemplateEntry) -> Template:
    samples = {language: tuple(questions) for language, questions in entry.samples.items()}
    needs, after = tuple(entry.needs), tuple(entry.after)
    return Template(entry.id, entry.topic, samples, dict(entry.text), needs, entry.of_products, after)


def _check(templates: tuple[Template, ...], path: Path) -> None:
    seen: set[str] = set()
    for template in templates:
        if template.id in seen:
            raise DataError(f"{path.name}: the id '{template.id}' is used twice")
        seen.add(template.id)
        for language, text in template.text.items():
            try:
                missing = slots(text) - set(template.needs)
            except ValueError as error:
                raise DataError(f"{path.name}, '{template.id}', {language}: {error}") from error
            if missing:
                raise DataError(f"{path.name}, '{template.id}', {language}: not in needs: {', '.join(sorted(missing))}")
