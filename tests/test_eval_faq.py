"""The suite of a shop's own questions: what it reads, what counts as right, and the file of the demo shop."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.shopkeeper import Shopkeeper
from errors import DataError
from eval.suite import Options
from eval.suites.faq import SUITE, cases, metrics, run

DEMO = Path("eval/faq/demo.jsonl")


def asked(tmp_path: Path, *lines: Mapping[str, object]) -> Options:
    data = tmp_path / "mine.jsonl"
    data.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return Options(data=data)


def test_an_answer_that_is_listed_is_right_and_another_is_told(agent: Shopkeeper, tmp_path: Path) -> None:
    question = {"question": "How long do I have to return something?", "language": "en"}
    other = {"question": "who painted the ceiling of the Sistine Chapel", "language": "en", "answers": []}
    options = asked(
        tmp_path, {**question, "answers": ["return-late", "return-window"]}, {**question, "answers": ["pfas"]}, other
    )
    right, wrong, outside = (run(case, agent) for case in cases(options))
    assert right["ok"] and right["outcome"] == "right"
    assert not wrong["ok"] and "wanted pfas, got return-window" in wrong["why"]
    assert outside["ok"] and outside["outcome"] == "none"
    figures = metrics([right, wrong, outside])
    assert (figures["right"], figures["wrong"], figures["refused"], figures["covered/en"]) == (0.5, 0.5, 1.0, 2)


def test_a_part_is_asked_with_the_message_that_it_stands_in(agent: Shopkeeper, tmp_path: Path) -> None:
    line = {
        "question": "what about that then",
        "message": "can I get it gift wrapped? what about that then",
        "before": "put the hat in my cart",
        "language": "en",
        "answers": ["gift-wrap"],
    }
    (case,) = cases(asked(tmp_path, line))
    assert run(case, agent)["outcome"] in ("right", "unsure")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"question": "", "language": "en"}, "line 1: question"),
        ({"question": "how", "language": "en", "answer": []}, "answer"),
        ({"question": "how", "language": "en", "answers": ["nowhere"]}, "no approved answer 'nowhere'"),
    ],
)
def test_a_broken_line_is_refused_by_number(tmp_path: Path, line: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        cases(asked(tmp_path, line))


def test_the_file_of_the_demo_shop_names_its_answers() -> None:
    made = cases(Options(data=DEMO))
    assert len(made) > 1500 and SUITE.name == "faq"
    assert {case.data["language"] for case in made} == {"en", "zh"}
