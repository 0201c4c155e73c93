"""Taskmaster-4's form: calls and responses as messages, tools derived from the calls, what is held out."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import DataError
from finetune.__main__ import main
from finetune.corpora.taskmaster import (
    Dialogue,
    compact,
    derive_tools,
    is_held_out,
    messages,
    read_dialogues,
    taskmaster_samples,
)
from finetune.samples import read_samples


def said(speaker: str, text: str, *calls: tuple[str, str | None, str]) -> dict[str, Any]:
    """An utterance with (name, request, response) as the form annotates them."""
    annotations = []
    for number, (name, request, response) in enumerate(calls):
        annotations.append({"name": "api_call", "value": name, "context": f"api_call_{number}"})
        if request is not None:
            annotations.append({"name": "request", "value": request, "context": f"api_call_{number}"})
        annotations.append({"name": "api_response", "value": name, "context": f"api_response_{number}"})
        annotations.append({"name": "response", "value": response, "context": f"api_response_{number}"})
    return {"speaker": speaker, "text": text, "annotations": annotations}


def dialogue(name: str = "dlg-1") -> dict[str, Any]:
    return {
        "conversation_id": name,
        "utterances": [
            said(
                "user",
                "two plums please",
                ("find_fruit", '{"query": "plum"}', '{"fruit": [{"id": "plum-7", "name": "Plum"}]}'),
                ("add_fruit", '{"id": "plum-7", "count": 2, "extras": [{"name": "leaf"}]}', '{"order_id": "55"}'),
            ),
            said("assistant", "Two plums. Anything else?"),
            said("user", "show me the list", ("show_list", None, '{"success": true}')),
            said("assistant", "Here it is."),
        ],
    }


def write(path: Path, rows: Any) -> Path:
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_calls_stand_between_the_customer_and_the_answer(tmp_path: Path) -> None:
    (read,) = read_dialogues([write(tmp_path / "a.json", [dialogue()])])
    made = messages(read)
    roles = "system user assistant tool assistant tool assistant user assistant tool assistant"
    assert [message["role"] for message in made] == roles.split()
    call = made[4]["tool_calls"][0]["function"]
    assert call == {"name": "add_fruit", "arguments": {"id": "plum-7", "count": 2, "extras": [{"name": "leaf"}]}}
    assert made[3]["content"] == "fruit (id plum-7, name Plum)"
    assert made[-2]["content"] == "success true"


def test_tools_are_derived_from_the_calls(tmp_path: Path) -> None:
    other = dialogue("dlg-2")
    other["utterances"][0] = said("user", "a plum", ("add_fruit", '{"id": "plum-7", "count": 1}', "{}"))
    read = read_dialogues([write(tmp_path / "a.json", [dialogue(), other])])
    tools = {tool["function"]["name"]: tool["function"]["parameters"] for tool in derive_tools(read)}
    assert list(tools) == ["add_fruit", "find_fruit", "show_list"]
    assert tools["add_fruit"]["required"] == ["id", "count"]
    assert tools["add_fruit"]["properties"]["count"] == {"type": "integer"}
    extras = tools["add_fruit"]["properties"]["extras"]
    assert extras["items"]["properties"] == {"name": {"type": "string"}}
    assert tools["show_list"]["properties"] == {}


@pytest.mark.parametrize("request_text", ["{broken", "[1]"])
def test_a_dialogue_ends_before_a_call_that_cannot_be_read(tmp_path: Path, request_text: str) -> None:
    broken = dialogue()
    broken["utterances"][2] = said("user", "the list", ("show_list", request_text, "{}"))
    (read,) = read_dialogues([write(tmp_path / "a.json", [broken])])
    assert not read.whole
    assert [turn.said for turn in read.turns] == ["two plums please"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "is not JSON"),
        ("{}", "expected a list of dialogues, not dict"),
        ('[{"conversation_id": "1"}]', "dialogue 1: utterances: Field required"),
        ('[{"conversation_id": "1", "utterances": [{"speaker": "cook", "text": "x"}]}]', "utterances.0.speaker"),
    ],
)
def test_what_is_not_of_the_form_is_told_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=expected):
        read_dialogues([tmp_path])


def test_a_directory_without_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \*\.json files"):
        read_dialogues([tmp_path])


@given(st.text(max_size=40))
def test_a_response_that_is_no_json_stays_as_it_is(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        assert compact(text) == text


def test_about_one_in_ten_is_held_out_of_the_samples(tmp_path: Path) -> None:
    rows = [dialogue(f"dlg-{number}") for number in range(400)]
    path = write(tmp_path / "a.json", rows)
    read = read_dialogues([path])
    kept_out = {one.id for one in read if is_held_out(one)}
    assert 15 <= len(kept_out) <= 70
    assert {sample.meta["dialogue"] for sample in taskmaster_samples(read)} == {one.id for one in read} - kept_out
    out = tmp_path / "out.jsonl"
    assert main(["corpus", "taskmaster", "--data", str(path), "--limit", "50", "--out", str(out)]) == 0
    assert len(list(read_samples(out))) == 50


def test_held_out_goes_by_the_id_alone() -> None:
    assert is_held_out(Dialogue("x", (), True)) == is_held_out(Dialogue("x", (), False))


@pytest.mark.skipif("TASKMASTER4" not in os.environ, reason="TASKMASTER4 names no directory of Taskmaster-4 files")
def test_the_real_dialogues_are_read() -> None:
    read = read_dialogues([Path(os.environ["TASKMASTER4"])])
    assert sum(not one.whole for one in read) < len(read) / 50
    assert len(derive_tools(read)) >= 5
