"""Preference tuning: pairs from corrections and thumbs, the loss, and on the real model a better call that wins."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from errors import ConfigError, DataError
from finetune.__main__ import main
from finetune.base import BASE_DIR, build_base, open_tokenizer
from finetune.methods import open_model
from finetune.preference import ANCHOR, BETA, log_probabilities, pack_pair, prefer, read_pairs
from finetune.train import Recipe

ASKED = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Where is my last order?"}]


def call(name: str) -> dict[str, Any]:
    function = {"name": name, "arguments": {"order_id": "last"}}
    return {"content": "", "tool_calls": [{"type": "function", "function": function}]}


def write(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return open_tokenizer(build_base())


def test_pairs_come_from_corrections_and_from_thumbs_in_one_place(tokenizer: Any, tmp_path: Path) -> None:
    there = [*ASKED, {"role": "assistant", "content": "One moment."}, {"role": "user", "content": "Well?"}]
    path = write(
        tmp_path / "pairs.jsonl",
        {"messages": ASKED, "chosen": call("get_order"), "rejected": call("cancel_order")},
        {"messages": there, "chosen": {"content": "It is on its way."}, "meta": {"thumb": "up"}},
        {"messages": there, "rejected": {"content": "No idea."}},
        {"messages": there, "rejected": {"content": "Ask them."}},
        {"messages": ASKED, "chosen": {"content": "Yes."}, "rejected": {"content": "Yes."}},
        {"messages": [{"role": "user", "content": "word " * 300}], "chosen": call("a"), "rejected": call("b")},
    )
    found = read_pairs([path], tokenizer, 200)
    assert len(found.pairs) == 2 and found.alone == 1 and found.left_out == 2 and "same" in str(found)
    thumbs = found.pairs[1]
    for answer, text in ((thumbs.chosen, "It is on its way."), (thumbs.rejected, "No idea.")):
        learnt = [token for token, mark in zip(answer.ids, answer.learnt, strict=True) if mark]
        assert tokenizer.decode(learnt) == f"{text}<|im_end|>"  # not what was said before


def test_broken_lines_are_named(tokenizer: Any, tmp_path: Path) -> None:
    for line, told in (
        ({"messages": ASKED}, "line 1: neither"),
        ({"messages": ASKED, "chosen": "yes"}, "line 1: chosen"),
        ({"chosen": {}}, "line 1: messages"),
    ):
        with pytest.raises(DataError, match=told):
            read_pairs([write(tmp_path / "pairs.jsonl", line)], tokenizer, 200)
    with pytest.raises(DataError, match="no pairs at"):
        read_pairs([tmp_path / "none.jsonl"], tokenizer, 200)
    with pytest.raises(DataError, match="no pairs to train on"):
        prefer(build_base(), [], tmp_path, Recipe())
    pair = read_pairs([write(tmp_path / "p", {"messages": ASKED, "chosen": call("a"), "rejected": call("b")})],
                      tokenizer, 200).pairs  # fmt: skip
    with pytest.raises(ConfigError, match="prefix cannot"):
        prefer(build_base(), pair, tmp_path, Recipe("prefix"))


def chances(model: Any, tokenizer: Any, pairs: Path) -> tuple[float, float]:
    """Log-probabilities of both answers, each computed by itself, not packed."""
    found = []
    (pair,) = read_pairs([pairs], tokenizer, 200).pairs
    for answer in (pair.chosen, pair.rejected):
        with torch.no_grad():
            scores = model(input_ids=torch.tensor([list(answer.ids)])).logits[0].log_softmax(-1)
        found.append(
            sum(float(scores[at - 1, answer.ids[at]]) for at in range(1, len(answer.ids)) if answer.learnt[at])
        )
    return found[0], found[1]


def test_the_preferred_call_becomes_likelier(tokenizer: Any, tmp_path: Path) -> None:
    pairs = write(
        tmp_path / "pairs.jsonl", {"messages": ASKED, "chosen": call("get_order"), "rejected": call("cancel_order")}
    )
    out = tmp_path / "out"
    command = ["prefer", "--pairs", str(pairs), "--out", str(out), "--track", "none", "--epochs", "8", "--batch", "1"]
    assert main([*command, "--start", "finetune/adapter", "--learning-rate", "3e-4"]) == 0
    before = chances(open_model(BASE_DIR, Path("finetune/adapter"), dtype=torch.float32), tokenizer, pairs)
    after = chances(open_model(BASE_DIR, out, dtype=torch.float32), tokenizer, pairs)
    assert after[0] > before[0]
    assert after[0] - after[1] > before[0] - before[1] + 1


def test_a_packed_pair_is_judged_as_its_answers_apart(tokenizer: Any, tmp_path: Path) -> None:
    from finetune.attention import ATTENTION, register

    register()
    pairs = write(
        tmp_path / "pairs.jsonl", {"messages": ASKED, "chosen": call("get_order"), "rejected": call("cancel_order")}
    )
    (pair,) = read_pairs([pairs], tokenizer, 200).pairs
    model = open_model(build_base(), None, dtype=torch.float32, attn_implementation=ATTENTION)
    packed = pack_pair([pair])
    first = int(packed["first"])
    with torch.no_grad():
        each = log_probabilities(model, packed)
    apart = chances(open_model(build_base(), None, dtype=torch.float32), tokenizer, pairs)
    assert float(each[:first].sum()) == pytest.approx(apart[0], abs=0.01)
    assert float(each[first:].sum()) == pytest.approx(apart[1], abs=0.01)
    assert 0 < BETA < 1 and 0 < ANCHOR < 1
