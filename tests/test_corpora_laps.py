"""Public data by path: what is read, what is taught of it, and what is told where it is broken."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from agent.extraction import NOTHING, Turn
from errors import DataError
from finetune.__main__ import main
from finetune.base import build_base
from finetune.corpora import crosswoz, restaurants
from finetune.corpora.align import find_place
from finetune.corpora.laps import Report, by_topic, categories, make_samples, read_sessions
from finetune.samples import Sample, encode, read_samples
from tests.laps_data import DINNER, workers, write_laps

WORD = st.text(alphabet="abcdefghij", min_size=4, max_size=8)


def noted(sample: Sample) -> list[list[tuple[str, str, str, str]]]:
    """By customer turn, what is taught: attribute, value, polarity, quote."""
    answers = [
        answer for before, answer in zip(sample.messages, sample.messages[1:], strict=False) if before["role"] == "user"
    ]
    return [
        [
            (change["attribute"], change["value"], change["polarity"], change["quote"])
            for call in answer["tool_calls"]
            for change in call["function"]["arguments"]["changes"]
        ]
        for answer in answers
    ]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return make_samples(read_sessions([write_laps(tmp_path)]))


def test_values_are_taught_where_the_customer_says_them(report: Report) -> None:
    film, food = report.samples
    assert noted(food) == [
        [
            ("allergies", "no allergies", "fact", "No"),
            ("ingredient", "mushroom", "like", "Mushrooms"),
            ("dish", "lentil soup", "like", "lentil soup"),
            ("ingredient", "olives", "dislike", "olives"),
        ],
        [
            ("companions", "two people", "fact", "Yes it is"),
            ("time_availability", "forty minutes or so", "fact", "forty minutes"),
        ],
        [],
    ]
    assert noted(film) == [
        [("viewing_companions", "alone", "fact", "just me"), ("genre", "funny", "like", "funny")],
        [("movie", "the paper boat", "like", "Sounds great")],
    ]


def test_what_nobody_said_is_not_taught(report: Report) -> None:
    assert [(category, value) for _, category, value in report.unsaid] == [("health_goals", "run a marathon")]


def test_only_what_is_noted_is_learnt(report: Report) -> None:
    tokenizer = AutoTokenizer.from_pretrained(build_base())
    for sample in report.samples:
        features = encode(tokenizer, sample, 4096)
        learnt = tokenizer.decode([one for one, mark in zip(features.ids, features.learnt, strict=True) if mark])
        assert learnt.count("<|im_end|>") == sum(message["role"] == "user" for message in sample.messages)
        assert all(change[3] in learnt for turn in noted(sample) for change in turn)
        assert "Hello" not in learnt and "How about" not in learnt
        assert NOTHING in learnt or all(noted(sample))


def test_the_schema_is_the_datas_categories(tmp_path: Path) -> None:
    known = by_topic(read_sessions([write_laps(tmp_path)]))
    assert list(known) == ["movie", "recipe"]
    schema = known["recipe"].schema
    assert " ".join(schema.attributes) == "allergies companions dish health_goals ingredient time_availability"
    assert schema.attribute("ingredient").polarity and not schema.attribute("companions").polarity
    assert known["recipe"].attribute("ingredient_dislike") == ("ingredient", "dislike")


@settings(deadline=None)
@given(st.sets(st.from_regex(r"[a-z]{1,6}(_like|_dislike|_mood)?", fullmatch=True), min_size=1))
def test_every_category_comes_back_from_its_attribute(names: set[str]) -> None:
    known = categories(names)
    assert sorted(known.category(*known.attribute(name)) for name in names) == sorted(names)


@settings(deadline=None)
@given(st.lists(WORD, min_size=1, max_size=3), st.lists(st.lists(WORD, min_size=1, max_size=9), min_size=1, max_size=4))
def test_a_place_is_verbatim(value: list[str], said: list[list[str]]) -> None:
    turns = [Turn("", " ".join(words)) for words in said]
    place = find_place(" ".join(value), turns)
    if place:
        assert turns[place.turn].words[place.start :].startswith(place.quote)
    whole = [Turn("", f"i said {' '.join(value)}, really")]
    assert find_place(" ".join(value), whole) is not None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[{", "broken.json"),
        ('[{"worker_id": "1", "sessions": []}]', "0.topic"),
        (json.dumps(workers("t", {**DINNER, "dialogue": [{"role": "Robot", "message": "x"}]})), "dialogue.0.role"),
    ],
)
def test_broken_data_is_told_with_its_place(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "broken.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=told):
        read_sessions([tmp_path])


def test_other_json_beside_the_data_is_left_out(tmp_path: Path) -> None:
    (write_laps(tmp_path) / "about.json").write_text('{"licence": "free"}', encoding="utf-8")
    assert len(read_sessions([tmp_path])) == 2
    with pytest.raises(DataError, match="no file of the LAPS form"):
        (tmp_path / "else").mkdir()
        (tmp_path / "else" / "about.json").write_text("{}", encoding="utf-8")
        read_sessions([tmp_path / "else"])


def test_the_command_writes_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.jsonl"
    assert main(["corpus", "laps", "--data", str(write_laps(tmp_path / "laps")), "--out", str(out)]) == 0
    assert len(list(read_samples(out))) == 2
    assert "9 values taught, 1 without" in capsys.readouterr().out
    assert main(["corpus", "laps", "--data", str(tmp_path / "nowhere"), "--out", str(out)]) == 3
    assert "nowhere" in capsys.readouterr().err


def test_labelled_spans_are_facts(tmp_path: Path) -> None:
    message: dict[str, Any] = {
        "userInput": {"text": "For Ana, 7 of us."},
        "context": {"requestedSlots": ["first_name"]},
        "labels": [
            {"slot": "first_name", "valueSpan": {"startIndex": 4, "endIndex": 7}},
            {"slot": "people", "valueSpan": {"startIndex": 9, "endIndex": 17}},
        ],
    }
    (tmp_path / "a.json").write_text(json.dumps([message, {"userInput": {"text": "Hi"}}]), encoding="utf-8")
    (sample,) = restaurants.make_samples([tmp_path])
    assert noted(sample) == [[("first_name", "Ana", "fact", "Ana"), ("people", "7 of us", "fact", "7 of us")], []]
    assert "first name" in sample.messages[2]["content"]


def test_chinese_constraints_are_noted_once(tmp_path: Path) -> None:
    act = ["Inform", "餐馆", "推荐菜", "豆腐"]
    said = [("usr", "想吃豆腐", [act]), ("sys", "好", []), ("usr", "还是豆腐", [act])]
    dialogue = {"messages": [{"role": role, "content": text, "dialog_act": acts} for role, text, acts in said]}
    (tmp_path / "a.json").write_text(json.dumps({"1": dialogue}, ensure_ascii=False), encoding="utf-8")
    (sample,) = crosswoz.make_samples([tmp_path])
    assert noted(sample) == [[("dish", "豆腐", "fact", "豆腐")], []]


@pytest.mark.skipif("LAPS_DIR" not in os.environ, reason="LAPS_DIR names no data")
def test_nearly_all_real_values_have_words_that_bear_them_out() -> None:
    report = make_samples(read_sessions([Path(os.environ["LAPS_DIR"])]))
    assert report.taught > 20 * len(report.unsaid)
