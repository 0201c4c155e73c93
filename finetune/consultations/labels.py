"""The labels and the calls that consultations may have.

In: `labels.yaml` and `tools.yaml` beside this module. Out: names by what they mean, and what is wrong with a name.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from errors import choices

LANGUAGES = ("en", "zh")
NOTE, FORGET, TALK = "note", "forget", "talk"
SILENT = frozenset(("yes", "no", "talk", "offtopic"))  # code answers these, without a call


def wants() -> Mapping[str, str]:
    """What a customer may want, and what is meant by it."""
    return _read("labels.yaml", "wants")


def reasons() -> Mapping[str, str]:
    """Why something tempting is not noted."""
    return _read("labels.yaml", "because")


def tools() -> Mapping[str, str]:
    """The label of a message that makes a call, by tool."""
    return _read("tools.yaml", "wants") | {"update_profile": NOTE}


def arguments_beyond(tool: str) -> Mapping[str, list[str] | None]:
    """What consultations give to a tool beyond the arguments of its record, with the values if these are few."""
    beyond: dict[str, list[str] | None] = _read("tools.yaml", "arguments").get(tool, {})
    return beyond


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """``unknown("label", "serch", wants()) == "no label 'serch'; there are address, answer, ..."``."""
    return f"no {kind} {name!r}; there are {choices(known, 40)}"


@cache
def _read(name: str, table: str) -> dict[str, Any]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return loaded[table]
