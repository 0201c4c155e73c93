"""Written consultations become a log: the calls that they name are carried out, and what was said can be learnt."""

import json
from pathlib import Path
from typing import Any

import pytest

from errors import DataError
from finetune.consultations.consultation import read
from finetune.consultations.logged import named, write_log
from finetune.consultations.samples import in_order, written_samples
from finetune.logs.pipeline import Request, run_logs
from finetune.samples import read_samples
from tests.logs_shop import make_shop

TURNS: list[dict[str, Any]] = [
    {"say": "where are my socks?", "wants": ["orders"], "calls": [{"find_orders": {"words": "socks"}}]},
    {"say": "cancel them then", "wants": ["cancel"], "calls": [{"cancel_order": {}}]},
    {"say": "yes please", "wants": ["yes"], "calls": []},
]
SAID = {
    "id": "x1-001",
    "shop": "demo",
    "customer": "C1",
    "language": "en",
    "voice": "somebody in a hurry",
    "turns": TURNS,
}


def test_what_is_written_is_played_and_learnt_from(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    visitor = {**SAID, "id": "x1-002", "customer": "visitor"}  # nobody who could agree to it
    log = tmp_path / "log.jsonl"
    assert write_log([read(SAID), read(visitor)], shop, tmp_path / "none", log) == 1
    (line,) = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    said = [message["content"] for message in line["messages"]]
    assert said[0] == "where are my socks?" and "AP-10794" in said[1] and "Shall I go ahead?" in said[3]
    assert line["messages"][3]["tool_calls"] == [{"name": "cancel_order", "arguments": {}}]
    assert "is cancelled" in said[5]
    run_logs(Request(log, shop, tmp_path / "samples", tmp_path / "state"))
    learnt = [
        call["function"]["name"]
        for split in ("train", "val", "test")
        for sample in read_samples(tmp_path / "samples" / f"{split}.jsonl")
        for message in sample.messages
        for call in message.get("tool_calls") or ()
    ]
    assert learnt == ["find_orders", "cancel_order"]


def test_what_is_written_is_learnt_as_it_stands(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    failing = {"say": "and cancel AP-99999", "wants": ["cancel"], "calls": [{"cancel_order": {"order_id": "AP-99999"}}]}
    written = read({**SAID, "turns": [*TURNS, failing]})
    visitor = read({**SAID, "id": "x1-002", "customer": "visitor"})
    (sample,) = written_samples([written, visitor], shop, tmp_path / "none")
    assert sample.meta["turns"] == ["calls", "calls", "desk", "context"]
    called = [m for m in sample.messages if m["role"] == "assistant" and m.get("tool_calls") and m.get("learn", True)]
    assert [m["tool_calls"][0]["function"]["name"] for m in called] == ["find_orders", "cancel_order"]
    offered = {tool["function"]["name"]: tool["function"] for tool in sample.tools}
    assert {"cart", "report_problem"} <= set(offered) and "get_order" not in offered  # all that a new model may call
    assert offered["cart"]["description"].startswith("the customer's cart") and "description" not in json.dumps(
        offered["cart"]["parameters"]
    )


def test_a_consultation_longer_than_the_window_gives_samples_that_teach_each_turn_once(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    turns = [*TURNS[:1] * 9, *TURNS[1:]]  # "yes" is answered by code, where the window would move
    samples = list(written_samples([read({**SAID, "turns": turns})], shop, tmp_path / "none"))
    learnt = [
        call["function"]["name"]
        for sample in samples
        for message in sample.messages
        if message.get("learn", True)
        for call in message.get("tool_calls") or ()
    ]
    assert learnt == ["find_orders"] * 9 + ["cancel_order"]


def test_arguments_come_in_the_order_of_the_schema() -> None:
    schema: dict[str, Any] = {"properties": {"a": {}, "b": {"items": {"properties": {"c": {}, "d": {}}}}}}
    value = {"b": [{"d": 1, "c": 2}], "x": 3, "a": 4}
    assert json.dumps(in_order(value, schema)) == '{"a": 4, "b": [{"c": 2, "d": 1}], "x": 3}'


def test_only_for_some_shops_consultations_were_written(tmp_path: Path) -> None:
    assert named(Path("shop")) == "demo"
    with pytest.raises(DataError, match="no consultations were written for this shop"):
        named(tmp_path)
