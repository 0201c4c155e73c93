"""Written consultations become a log: the calls that they name are carried out, and what was said can be learnt."""

import json
from pathlib import Path

import pytest

from errors import DataError
from finetune.consultations.consultation import read
from finetune.consultations.logged import named, write_log
from finetune.logs.pipeline import Request, run_logs
from finetune.samples import read_samples
from tests.logs_shop import make_shop

SAID = {
    "id": "x1-001",
    "shop": "demo",
    "customer": "C1",
    "language": "en",
    "voice": "somebody in a hurry",
    "turns": [
        {"say": "where are my socks?", "wants": ["orders"], "calls": [{"find_orders": {"words": "socks"}}]},
        {"say": "cancel them then", "wants": ["cancel"], "calls": [{"cancel_order": {}}]},
        {"say": "yes please", "wants": ["yes"], "calls": []},
    ],
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


def test_only_for_some_shops_consultations_were_written(tmp_path: Path) -> None:
    assert named(Path("shop")) == "demo"
    with pytest.raises(DataError, match="no consultations were written for this shop"):
        named(tmp_path)
