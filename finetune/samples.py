"""Training samples: consultations as messages, turned into tokens of which only the assistant's are learnt.

In: a JSONL file, one `{"messages": [...], "tools": [...], "meta": {...}}` a line (OpenAI-style), and a
tokenizer that carries the project's chat template. An assistant's message with `"learn": false` is read and not
learnt: what somebody else said in its place. Out: `Features`. Errors: a DataError that names the file and the line.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from errors import DataError, first_mistake


class Sample(BaseModel):
    """One line of a samples file; `meta` is carried along for lineage and never trained on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] = []
    meta: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Features:
    """Token ids, and for each whether it is the assistant's and so is learnt."""

    ids: Sequence[int]
    learnt: Sequence[bool] = field(repr=False)


def read_samples(path: Path) -> Iterator[Sample]:
    """The samples of a JSONL file, in order; empty lines are skipped. Raises DataError."""
    if not path.is_file():
        raise DataError(f"no samples at {path}: make some with `python -m finetune play --out {path}`")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield Sample.model_validate_json(line)
                except ValidationError as error:
                    mistake = first_mistake(error, whole="the line", got=False)
                    raise DataError(f"{path}, line {number}: {mistake}") from error


def write_samples(path: Path, samples: Sequence[Sample]) -> None:
    """Write samples as JSONL, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(sample.model_dump(), ensure_ascii=False) + "\n" for sample in samples)


def encode(tokenizer: Any, sample: Sample, max_tokens: int) -> Features:
    """Tokens and mask of one sample, as the chat template renders it, cut off after `max_tokens`.

    Raises DataError if the template cannot render the messages, or nothing in them is the assistant's.
    """
    try:
        rendered = tokenizer.apply_chat_template(
            sample.messages,
            tools=sample.tools or None,
            return_assistant_tokens_mask=True,
            return_dict=True,
        )
    except Exception as error:  # jinja2 and tokenizers raise many kinds, all about this sample
        raise DataError(f"messages that the chat template cannot render ({error}): {sample.meta}") from error
    learnt = _learnt(rendered["assistant_masks"], sample)[:max_tokens]
    if not any(learnt):
        raise DataError(f"no assistant message within {max_tokens} tokens: {sample.meta}")
    return Features(rendered["input_ids"][:max_tokens], learnt)


def _learnt(masks: Sequence[int], sample: Sample) -> list[bool]:
    """The template's marks without the messages that are not to be learnt; each message is one run of marks."""
    wanted = [message.get("learn", True) for message in sample.messages if message["role"] == "assistant"]
    marks = [bool(mark) for mark in masks]
    message = -1
    for at, mark in enumerate(marks):
        message += mark and (at == 0 or not masks[at - 1])
        marks[at] = mark and wanted[message]
    return marks
