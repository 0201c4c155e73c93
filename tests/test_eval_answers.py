"""The suite of approved answers and the readers of its data, on small invented files of the same forms."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from errors import ConfigError, DataError
from eval.suite import Case, Options
from eval.suites.answers import SUITE, cases, metrics, run, split
from finetune.corpora.bitext import near_identical, read_requests
from finetune.corpora.clinc import read_strangers

OPENINGS = ("how do I", "I want to", "help me to", "can you tell me how to", "is it possible to")
ENDINGS = ("", " please", " today", ", thank you so much", " for my daughter in Leeds")
WISHES = {
    "cancel_order": ("cancel my order", "call off what I ordered yesterday", "withdraw a purchase"),
    "get_invoice": ("download an invoice", "see the bill of last month", "get a receipt by e-mail"),
    "reset_password": ("reset my password", "sign in when I forgot my code", "recover access to my profile"),
}
STRANGERS = {
    "val": [["what's the tallest tower in Spain", "towers"], ["where is my order", "order_status"]],
    "oos_val": [["who painted sunflowers", "oos"], ["why do leaves fall", "oos"]],
    "train": [["sing a song about rain", "songs"]],
}


def _write(file: Path, rows: Sequence[tuple[str, str]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["role", "instruction", "intent", "category", "response"])
        writer.writerows(("assistant", text, intent, "ANY", f"Answer {{1}} to {intent}.") for text, intent in rows)
    return file


def _rows() -> list[tuple[str, str]]:
    return [
        (f"{opening} {wish}{ending}", intent)
        for intent, wishes in WISHES.items()
        for opening in OPENINGS
        for wish in wishes
        for ending in ENDINGS
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    _write(folder / "test.csv", _rows())
    (folder / "others.json").write_text(json.dumps(STRANGERS), encoding="utf-8")
    return folder


def _options(data: Path, work: Path, **settings: str) -> Options:
    return Options(data=data, work=work, settings=settings)


def test_requests_are_chosen_and_strangers_refused_by_the_shops_own_index(data: Path, tmp_path: Path) -> None:
    made = cases(_options(data, tmp_path, out_of_scope=str(data / "others.json"), samples="5"))
    asked = [case for case in made if case.data["wanted"] is None] + [case for case in made if case.data["wanted"]][:20]
    figures = metrics([json.loads(json.dumps(run(case, None))) for case in asked])
    assert figures["choice"] == figures["choice/5"] >= 0.9 and figures["answered_right/5"] >= 0.9
    assert figures["refused"] >= 0.6
    assert {"refused/oos", "refused/uncovered", "choice/3", "false_refusals"} <= set(figures)
    assert (figures["covered"], figures["out_of_scope"]) == (20, 3) and figures["seconds"] > 0


def test_cases_and_shops_are_the_same_for_the_same_options(data: Path, tmp_path: Path) -> None:
    def told() -> list[Case]:
        return list(cases(_options(data, tmp_path)))

    assert told() == told()
    shops = set(told()[0].data["shops"])
    assert shops == {"3", "5", "10", "20", "40"}


def test_near_identical_requests_stay_on_one_side(data: Path) -> None:
    requests = read_requests(data)
    samples, asked = split(requests, 50)
    taught = {request.text for found in samples.values() for request in found}
    assert taught and asked and not taught & {request.text for request in asked}
    for group in near_identical(requests):
        assert len({request.text in taught for request in group}) == 1


def test_a_training_file_gives_the_samples(tmp_path: Path) -> None:
    _write(tmp_path / "train.csv", _rows()[::2])
    _write(tmp_path / "validation.csv", _rows()[1::2])
    samples, asked = split(read_requests(tmp_path), 50)
    assert {request.file for found in samples.values() for request in found} == {"train.csv"}
    assert {request.file for request in asked} == {"validation.csv"}


def test_one_order_number_more_or_less_is_near_identical(tmp_path: Path) -> None:
    texts = ["cancel purchase 113542", "cancel purchase 99", "cancel purchasr 113542", "where is my refund"]
    groups = near_identical(read_requests(_write(tmp_path / "a.csv", [(text, "x") for text in texts])))
    assert sorted(len(group) for group in groups) == [1, 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"instruction,intent\nhello,a\n", "line 1: no column response"),
        (b"instruction,intent,response\nhello,a,b\n,a,b\n", "line 3: instruction is empty"),
        (b"instruction,intent,response\nhello,a\n", "line 2: response is empty"),
        (b"instruction,intent,response\n\xff\xfe,a,b\n", "not a CSV file in UTF-8"),
        (b"instruction,intent,response\n", "no requests in bad.csv"),
        (b"", "line 1: no column instruction, intent, response"),
    ],
)
def test_a_broken_file_is_refused_by_name_and_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_requests(tmp_path)


def test_a_directory_without_the_form_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \.csv files"):
        read_requests(tmp_path)
    with pytest.raises(ConfigError, match="--data is missing"):
        cases(Options())


def test_too_few_requests_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no sample questions for a|none is left to ask"):
        split(read_requests(_write(tmp_path / "a.csv", [("cancel it", "a")])), 50)


def test_strangers_are_of_the_held_out_parts_and_of_no_intent_that_a_shop_covers(data: Path) -> None:
    found = [stranger.intent for stranger in read_strangers(data / "others.json")]
    assert found == ["towers", "oos", "oos"]
    assert [stranger.intent for stranger in read_strangers(data / "others.json", ["train"])] == ["songs"]
    with pytest.raises(ConfigError, match="no part nine; it has: oos_val, train, val"):
        read_strangers(data / "others.json", ["nine"])


def test_strangers_may_be_lines_of_text(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("why is it dark\n\nwhy is it dark\n为什么天黑\n", encoding="utf-8")
    assert [stranger.text for stranger in read_strangers(tmp_path / "lines.txt")] == ["why is it dark", "为什么天黑"]
    with pytest.raises(DataError, match="cannot read"):
        read_strangers(tmp_path / "none.txt")


def test_the_suite_names_its_settings() -> None:
    with pytest.raises(ConfigError, match="it has: out_of_scope, parts"):
        SUITE.check(Options(settings={"colour": "red"}))
