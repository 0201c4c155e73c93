"""Files in the form of Taskmaster-4: dialogues at a coffee bar, with API calls and their responses.

In: a file, or a directory of `*.json` files, each a list of dialogues. Out: `Dialogue`s as messages and samples, and
the tools, derived from the calls in the data. A call is a tool call before the assistant's answer, its response the
tool's result, written compactly. A dialogue whose call is not JSON ends before that turn. Errors: a DataError that
names the file and the dialogue.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from errors import DataError, first_mistake
from finetune.samples import Sample

HELD_OUT_SHARE = 0.1
INSTRUCTIONS = "You take orders at a counter. Use the tools to look up and change things; say little."

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """An API call and its response as text."""

    name: str
    arguments: Json
    result: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What the customer said, the calls that followed, and the answer ("" where the dialogue ends without one)."""

    said: str
    calls: tuple[Call, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A dialogue; `whole` is false if it was cut before a call that cannot be read."""

    id: str
    turns: tuple[Turn, ...]
    whole: bool


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Annotation(_Form):
    name: str
    value: str | None = None
    context: str = ""


class _Utterance(_Form):
    speaker: Literal["user", "assistant"]
    text: str
    annotations: list[_Annotation] = []


class _Dialogue(_Form):
    conversation_id: str
    utterances: list[_Utterance]


def read_dialogues(paths: Iterable[Path]) -> list[Dialogue]:
    """The dialogues of all files, in the order of their names. Raises DataError."""
    files = [file for path in paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    if not files:
        raise DataError("no *.json files of dialogues in the given directory: expected the form of Taskmaster-4")
    return [dialogue for file in files for dialogue in _read(file)]


def _read(path: Path) -> Iterator[Dialogue]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise DataError(f"{path} is not JSON: {error}") from error
    if not isinstance(rows, list):
        raise DataError(f"{path}: expected a list of dialogues, not {type(rows).__name__}")
    form = TypeAdapter(_Dialogue)
    for number, row in enumerate(rows, 1):
        try:
            yield _dialogue(form.validate_python(row))
        except ValidationError as error:
            raise DataError(f"{path}: dialogue {number}: {first_mistake(error)}") from error


def _dialogue(raw: _Dialogue) -> Dialogue:
    turns: list[Turn] = []
    said: list[str] = []
    calls: list[Call] = []
    for utterance in raw.utterances:
        try:
            calls += _calls(utterance.annotations)
        except ValueError:
            return Dialogue(raw.conversation_id, tuple(turns), whole=False)
        if utterance.speaker == "user":
            said.append(utterance.text.strip())
        elif said:
            turns.append(Turn(" ".join(said), tuple(calls), utterance.text.strip()))
            said, calls = [], []
    if said and calls:
        turns.append(Turn(" ".join(said), tuple(calls), ""))
    return Dialogue(raw.conversation_id, tuple(turns), whole=True)


def _calls(annotations: Sequence[_Annotation]) -> Iterator[Call]:
    """The calls in order, each with the next response. Raises ValueError for arguments that are not a JSON object."""
    name = ""
    arguments: Json = {}
    for annotation in annotations:
        if annotation.name == "api_call" and annotation.value:
            name, arguments = annotation.value, {}
        elif annotation.name == "request" and annotation.value:
            arguments = json.loads(annotation.value)
            if not isinstance(arguments, dict):
                raise ValueError(f"arguments {arguments!r} of {name} are no object")
        elif annotation.name == "response" and name:
            yield Call(name, arguments, compact(annotation.value or ""))
            name = ""


def compact(response: str) -> str:
    """A JSON response in few characters: "order_id 28740, order_item_id 92049"; what is not JSON stays as it is."""
    try:
        return _compact(json.loads(response))
    except ValueError:
        return response


def _compact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_compact(part)}" for key, part in value.items())
    if isinstance(value, list):
        bare = all(not isinstance(part, (dict, list)) for part in value)
        return " | ".join(map(str, value)) if bare else " ".join(f"({_compact(part)})" for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def derive_tools(dialogues: Iterable[Dialogue]) -> list[Json]:
    """The tools that these dialogues call, in OpenAI's form; an argument that some call lacks is optional."""
    seen: dict[str, list[Json]] = {}
    for call in (call for dialogue in dialogues for turn in dialogue.turns for call in turn.calls):
        seen.setdefault(call.name, []).append(call.arguments)
    return [
        {"type": "function", "function": {"name": name, "parameters": _schema(seen[name])}} for name in sorted(seen)
    ]


def _schema(values: Sequence[Any]) -> Json:
    """The JSON schema of values seen; of several kinds the most frequent counts."""
    kind = Counter(type(value) for value in values).most_common(1)[0][0]
    if kind is dict:
        objects = [value for value in values if isinstance(value, dict)]
        names = list(dict.fromkeys(name for value in objects for name in value))
        fields = {name: _schema([value[name] for value in objects if name in value]) for name in names}
        required = [name for name in names if all(name in value for value in objects)]
        return {"type": "object", "properties": fields, "required": required}
    if kind is list:
        parts = [part for value in values if isinstance(value, list) for part in value]
        return {"type": "array", "items": _schema(parts) if parts else {}}
    return {"type": {bool: "boolean", int: "integer", float: "number"}.get(kind, "string")}


def is_held_out(dialogue: Dialogue) -> bool:
    """Whether it is kept out of training: one in ten, by the SHA-256 of its id, taken as a fraction."""
    digest = hashlib.sha256(dialogue.id.encode()).digest()
    return bool(int.from_bytes(digest[:6]) / 2**48 < HELD_OUT_SHARE)


def messages(dialogue: Dialogue) -> list[Json]:
    """The dialogue for the chat template."""
    made: list[Json] = [{"role": "system", "content": INSTRUCTIONS}]
    for turn in dialogue.turns:
        made.append({"role": "user", "content": turn.said})
        for call in turn.calls:
            function = {"function": {"name": call.name, "arguments": call.arguments}}
            made.append({"role": "assistant", "content": "", "tool_calls": [function]})
            made.append({"role": "tool", "content": call.result})
        if turn.answer:
            made.append({"role": "assistant", "content": turn.answer})
    return made


def taskmaster_samples(dialogues: Sequence[Dialogue]) -> list[Sample]:
    """The dialogues that are not held out, as samples."""
    tools = derive_tools(dialogues)
    return [
        Sample(messages=messages(d), tools=tools, meta={"corpus": "taskmaster", "dialogue": d.id})
        for d in dialogues
        if d.turns and not is_held_out(d)
    ]
