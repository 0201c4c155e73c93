"""The question suite: the same customer in each way of asking, on the demo shop and on random ones."""

import json
from pathlib import Path

import pytest

from eval.__main__ import main
from eval.suite import Options
from eval.suites.question import SUITE, WAYS, cases, metrics, run


def test_one_command_counts_turns_in_each_way_and_needs_no_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--set", "customers=12", "--set", "random=1", "--out", str(tmp_path), "--json", "--workers", "1"]
    assert main(["run", "question", *options]) == 0
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    figures = line["metrics"]
    assert line["n"] == 12
    assert all(figures[f"turns_{way}"] >= 1 for way in WAYS)
    assert {"saved", "saved/shop", "saved/random", "saved_of_random"} <= set(figures)


def test_every_customer_finds_the_article_and_the_same_seed_is_the_same_customer(tmp_path: Path) -> None:
    made = cases(Options(work=tmp_path, settings={"customers": "10", "random": "0"}))
    records = [run(case, None) for case in made]
    assert records == [run(case, None) for case in made]
    listing = [way for way in WAYS if way not in ("agent", "onward")]  # these show the same three again
    assert all(record[way] >= record["least"] >= 1 for record in records for way in listing)
    assert all(record["agent"] >= 1 <= record["onward"] for record in records)
    assert metrics(records)["turns_best"] == sum(record["best"] for record in records) / len(records)
    assert SUITE.targets


def test_half_of_the_shops_customers_come_back_and_are_known_as_of_the_day_before(tmp_path: Path) -> None:
    made = cases(Options(work=tmp_path, settings={"customers": "40", "random": "0"}))
    known = [case.data for case in made if case.data["kind"] == "returning"]
    assert len(known) == 20 and len({one["customer"] for one in known}) == 20
    assert any(one["likes"] for one in known) and all(set(one["own"]) <= set(one["likes"]) for one in known)
