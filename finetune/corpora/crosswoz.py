"""Chinese requests with constraints, in the form of CrossWOZ: what a traveller wants of a place, word for word.

In: a JSON file, or a directory of them, that holds ``{id: {"messages": [{"role": "usr" or "sys", "content",
"dialog_act": [[act, domain, slot, value]]}]}}``. Out: training samples for `agent.extraction`: each "Inform" of the
customer whose value stands in their message. Errors: a DataError that names the file and the place.
Form: github.com/thu-coai/CrossWOZ.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from agent.extraction import Said, Turn, turns_of
from finetune.corpora.extraction import listening_sample
from finetune.corpora.files import json_files, read_form
from finetune.samples import Sample
from profiles.schema import Schema

ATTRIBUTES: Mapping[str, str] = {  # the data's slot -> the attribute's name
    "推荐菜": "dish",
    "人均消费": "meal_price",
    "评分": "rating",
    "游玩时间": "visit_time",
    "门票": "ticket_price",
    "酒店类型": "hotel_type",
    "价格": "room_price",
    "名称": "place",
    "出发地": "from_place",
    "目的地": "to_place",
}
FACILITY, FACILITY_NAME = "酒店设施-", "facility"


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore")

    role: Literal["usr", "sys"]
    content: str
    dialog_act: list[tuple[str, str, str, str]] = []


class _Dialogue(BaseModel):
    model_config = ConfigDict(extra="ignore")

    messages: list[_Message]


_DIALOGUES: TypeAdapter[dict[str, _Dialogue]] = TypeAdapter(dict[str, _Dialogue])


def make_samples(paths: Sequence[Path]) -> list[Sample]:
    """One sample per dialogue of files of that form, or of every JSON file of directories. Raises DataError."""
    names = [*dict.fromkeys(ATTRIBUTES.values()), FACILITY_NAME]
    entries = [{"name": name, "type": "text", "many": True, "writers": ["stated"]} for name in sorted(names)]
    schema = Schema.parse({"attributes": entries})
    dialogues = [read_form(file, _DIALOGUES, "dialogues of the CrossWOZ form") for file in json_files(paths)]
    return [_sample(schema, key, dialogue) for part in dialogues for key, dialogue in part.items()]


def _sample(schema: Schema, key: str, dialogue: _Dialogue) -> Sample:
    turns = turns_of([Said(message.role == "usr", message.content) for message in dialogue.messages])
    acts = [message.dialog_act for message in dialogue.messages if message.role == "usr"]
    noted: set[tuple[str, str]] = set()
    changes = {}
    for at, (turn, said) in enumerate(zip(turns, acts, strict=True)):
        new = [change for act in said if (change := _change(act, turn)) and _key(change) not in noted]
        noted |= {_key(change) for change in new}
        changes[at] = sorted(new, key=lambda change: turn.words.find(change["quote"]))
    return listening_sample(schema, turns, changes, {"corpus": "crosswoz", "consultation": key})


def _change(act: tuple[str, str, str, str], turn: Turn) -> dict[str, str] | None:
    kind, _, slot, value = act
    if slot.startswith(FACILITY):
        attribute, value = FACILITY_NAME, slot.removeprefix(FACILITY)
    else:
        attribute = ATTRIBUTES.get(slot, "")
    if kind != "Inform" or not attribute or not value or value not in turn.words:
        return None
    return {"quote": value, "attribute": attribute, "value": value, "polarity": "fact"}


def _key(change: Mapping[str, str]) -> tuple[str, str]:
    return change["attribute"], change["value"]
