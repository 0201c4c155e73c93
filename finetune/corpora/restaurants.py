"""Short answers with labelled spans, in the form of Restaurants-8k: "6ish", asked for the time.

In: a JSON file, or a directory of them, that holds a list of ``{"userInput": {"text"}, "context": {"requestedSlots"},
"labels": [{"slot", "valueSpan": {"startIndex", "endIndex"}}]}``. Out: training samples for `agent.extraction`, a few
messages to each, so that newer answers replace older ones. Errors: a DataError that names the file and the place.
Form: github.com/PolyAI-LDN/task-specific-datasets.
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from agent.extraction import Turn
from errors import DataError
from finetune.corpora.extraction import listening_sample
from finetune.corpora.files import json_files, read_form
from finetune.samples import Sample
from profiles.schema import Schema

MESSAGES = 6  # in one sample


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Input(_Form):
    text: str


class _Context(_Form):
    requestedSlots: list[str] = []


class _Span(_Form):
    startIndex: int = 0
    endIndex: int


class _Label(_Form):
    slot: str
    valueSpan: _Span


class _Message(_Form):
    userInput: _Input
    context: _Context = _Context()
    labels: list[_Label] = []


_MESSAGES: TypeAdapter[list[_Message]] = TypeAdapter(list[_Message])


def make_samples(paths: Sequence[Path]) -> list[Sample]:
    """Samples from files of that form, or every JSON file of directories. Raises DataError."""
    read = (read_form(file, _MESSAGES, "a list of labelled messages") for file in json_files(paths))
    messages = [message for part in read for message in part]
    slots = sorted({label.slot for message in messages for label in message.labels})
    if not slots:
        raise DataError(f"no labelled messages in {', '.join(map(str, paths))}: expected userInput, context and labels")
    schema = Schema.parse({"attributes": [{"name": slot, "type": "text", "writers": ["stated"]} for slot in slots]})
    starts = range(0, len(messages), MESSAGES)
    return [_sample(schema, messages[start : start + MESSAGES], start) for start in starts]


def _sample(schema: Schema, messages: Sequence[_Message], first: int) -> Sample:
    turns = [Turn(_question(message.context.requestedSlots), message.userInput.text) for message in messages]
    changes = {at: [_change(label, message) for label in message.labels] for at, message in enumerate(messages)}
    return listening_sample(schema, turns, changes, {"corpus": "restaurants", "consultation": str(first)})


def _change(label: _Label, message: _Message) -> dict[str, str]:
    said = message.userInput.text[label.valueSpan.startIndex : label.valueSpan.endIndex].strip(" .,!?")
    return {"quote": said, "attribute": label.slot, "value": said, "polarity": "fact"}


def _question(slots: Sequence[str]) -> str:
    """What the shop must have asked, in plain words."""
    wanted = list(dict.fromkeys(slot.replace("_", " ") for slot in slots))
    return f"What {' and '.join(wanted)}, please?" if wanted else ""
