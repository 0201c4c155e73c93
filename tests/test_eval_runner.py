"""The runner of suites: what is run again and what is not, thresholds and exit codes, tables and pages."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eval.fingerprint
from errors import ConfigError, DataError, ModelError
from eval.__main__ import main
from eval.report import number, read_result, table, write_page, write_result
from eval.runner import RECORDS, read_lines, run_suite
from eval.suite import Case, Options, Record, Suite
from eval.suites import MODULES, load_suite
from eval.thresholds import Threshold


def lengths(words: Sequence[str], run: Callable[[Case, Any], Record] | None = None) -> Suite:
    """A suite without a model: is a word longer than three letters?"""

    def one(case: Case, subject: Any) -> Record:
        assert subject is None
        word = str(case.data["word"])
        return {"ok": len(word) > 3, "why": f"{word} is short", "word": word}

    def score(records: Sequence[Record]) -> Mapping[str, float]:
        long = sum(record["ok"] for record in records) / len(records) if records else 0.0
        return {"long": long, "long/first": float(records[0]["ok"]) if records else 0.0}

    return Suite(
        "lengths", "words", lambda _: [Case(word, {"word": word}, "none") for word in words], run or one, score,
        targets=("long>=0.5",), settings={"letters": "which"},
    )  # fmt: skip


def silent(_: str) -> None:
    """Progress that nobody reads."""


def test_all_cases_are_run_and_scored_in_their_order_whatever_the_number_of_workers(tmp_path: Path) -> None:
    words = [f"w{'o' * (n % 5)}{n}" for n in range(40)]

    def slow(case: Case, subject: Any) -> Record:
        time.sleep(0.002 * (len(case.id) % 3))
        return {"ok": True, "word": case.id}

    seen: list[list[str]] = []
    for workers in (1, 7):
        suite = lengths(words, slow)
        result, lines = run_suite(suite, Options(), tmp_path / str(workers), workers=workers, say=silent)
        seen.append([line.id for line in lines])
        assert (result.n, result.errors, result.metrics["long"]) == (40, 0, 1.0)
    assert seen[0] == seen[1] == words


def test_as_many_cases_run_at_once_as_there_are_workers_and_the_suite_may_want_fewer(tmp_path: Path) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def watched(case: Case, subject: Any) -> Record:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return {"ok": True}

    words = [f"word{n}" for n in range(12)]
    run_suite(lengths(words, watched), Options(), tmp_path / "a", workers=3, say=silent)
    assert most == 3
    most = 0
    alone = lengths(words, watched)
    alone = Suite(alone.name, alone.about, alone.cases, alone.run, alone.metrics, workers=1)
    run_suite(alone, Options(), tmp_path / "b", workers=3, say=silent)
    assert most == 1


def test_a_run_goes_on_where_it_was_and_errors_are_tried_again(tmp_path: Path) -> None:
    ran: list[str] = []
    broken = {"three"}

    def sometimes(case: Case, subject: Any) -> Record:
        ran.append(case.id)
        if case.id in broken:
            raise ModelError("the model is away")
        return {"ok": True}

    suite = lengths(["one", "two", "three"], sometimes)
    first, lines = run_suite(suite, Options(), tmp_path, workers=1, say=silent)
    assert (first.n, first.errors) == (2, 1)
    assert "the model is away" in str(lines[2].error)
    broken.clear()
    second, _ = run_suite(suite, Options(), tmp_path, workers=1, say=silent)
    assert (second.n, second.errors, second.reused) == (3, 0, 2)
    assert ran == ["one", "two", "three", "three"]


def test_a_line_that_was_cut_off_is_run_again_and_a_broken_one_is_named(tmp_path: Path) -> None:
    suite = lengths(["alpha", "be"])
    run_suite(suite, Options(), tmp_path, say=silent)
    path = tmp_path / "lengths" / RECORDS
    path.write_bytes(path.read_bytes()[:-20])
    result, _ = run_suite(suite, Options(), tmp_path, say=silent)
    assert (result.n, result.reused) == (2, 1)
    path.write_text('{"id": 1}\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(DataError, match="line 1"):
        run_suite(suite, Options(), tmp_path, say=silent)


def test_records_of_another_model_seed_data_or_code_are_not_used_and_come_back_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def counted(case: Case, subject: Any) -> Record:
        ran.append(case.id)
        return {"ok": True}

    def reused(options: Options, words: Sequence[str] = ("alpha", "beta")) -> int:
        return run_suite(lengths(words, counted), options, tmp_path, workers=1, say=silent)[0].reused

    mine, other = tmp_path / "mine.gguf", tmp_path / "other.gguf"
    mine.write_bytes(b"one")
    other.write_bytes(b"two")
    assert reused(Options(model=str(mine))) == 0
    assert reused(Options(model=str(other))) == 0
    assert reused(Options(model=str(mine))) == 2
    assert reused(Options(model=str(mine), seed=1)) == 0
    assert reused(Options(model="http://127.0.0.1:1/v1#a")) == 0
    assert reused(Options(model=str(mine), limit=1)) == 1
    mine.write_bytes(b"three")
    assert reused(Options(model=str(mine))) == 0
    monkeypatch.setattr(eval.fingerprint, "_code", lambda suite: "changed")
    assert reused(Options(model=str(mine))) == 0
    assert len({line.fingerprint for line in read_lines(tmp_path / "lengths" / RECORDS)}) == 12


def test_the_data_of_a_case_is_part_of_its_fingerprint(tmp_path: Path) -> None:
    def suite(word: str) -> Suite:
        made = lengths(["x"])
        return Suite(made.name, "", lambda _: [Case("same", {"word": word}, "none")], made.run, made.metrics)

    assert run_suite(suite("long word"), Options(), tmp_path, say=silent)[0].metrics["long"] == 1.0
    assert run_suite(suite("no"), Options(), tmp_path, say=silent)[0].metrics["long"] == 0.0


def test_two_cases_with_one_id_no_cases_and_unknown_settings_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'twin'"):
        run_suite(lengths(["twin", "twin"]), Options(), tmp_path, say=silent)
    with pytest.raises(ConfigError, match="no cases"):
        run_suite(lengths([]), Options(), tmp_path, say=silent)
    with pytest.raises(ConfigError, match="it has: letters"):
        run_suite(lengths(["a"]), Options(settings={"letter": "1"}), tmp_path, say=silent)


@given(st.sampled_from([">=", "<=", ">", "<", "=="]), st.floats(-99, 99).map(lambda x: round(x, 3)), st.floats(-99, 99))
def test_a_threshold_compares_as_python_does(sign: str, bound: float, value: float) -> None:
    threshold = Threshold.parse(f"pass^1{sign}{bound:f}")
    assert threshold.met({"pass^1": value}) == eval_sign(sign, value, bound)


def eval_sign(sign: str, value: float, bound: float) -> bool:
    return {
        ">=": value >= bound, "<=": value <= bound, ">": value > bound, "<": value < bound, "==": value == bound
    }[sign]  # fmt: skip


@pytest.mark.parametrize("text", ["exact", "exact=1", ">=1", "exact>=lots", "a b>=1"])
def test_a_threshold_that_cannot_be_read_says_how_one_looks(text: str) -> None:
    with pytest.raises(ConfigError, match=r"name>=0\.9"):
        Threshold.parse(text)


def test_a_threshold_on_no_metric_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="there are: exact, names"):
        Threshold.parse("exactt>=1").met({"exact": 1.0, "names": 1.0})


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Suite:
    """The command, with a suite that needs no model."""
    suite = lengths(["alpha", "be", "gamma", "delta"])
    monkeypatch.setattr("eval.__main__.load_suite", lambda name: suite)
    return suite


def test_the_command_prints_a_table_or_one_line_and_exits_by_the_thresholds(
    command: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["run", "lengths", "--out", str(tmp_path)]
    assert main([*base, "--threshold", "long>=0.7"]) == 0
    assert "0.750" in capsys.readouterr().out
    assert main([*base, "--json", "--threshold", "long>=0.8"]) == 1
    out = capsys.readouterr()
    last = json.loads(out.out.splitlines()[-1])
    assert set(last) == {"suite", "n", "metrics", "seconds", "model"}
    assert (last["suite"], last["n"], last["metrics"]["long"], last["model"]) == ("lengths", 4, 0.75, "embedded")
    assert "missed: long>=0.8" in out.err
    assert main([*base, "--targets"]) == 0
    assert main([*base, "--threshold", "short>=1"]) == ConfigError.exit_code
    assert main([*base, "--set", "letters"]) == ConfigError.exit_code


def test_a_case_that_ended_with_an_error_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(case: Case, subject: Any) -> Record:
        raise ModelError("away")

    monkeypatch.setattr("eval.__main__.load_suite", lambda name: lengths(["alpha"], broken))
    assert main(["run", "lengths", "--out", str(tmp_path), "--json"]) == 1
    assert "alpha ended with ModelError: away" in capsys.readouterr().err


def test_results_stand_side_by_side_in_a_page_that_needs_nothing_else(
    command: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        assert main(["run", "lengths", "--out", str(tmp_path / name), "--model", f"http://127.0.0.1:1/v1#{name}"]) == 0
    page = tmp_path / "compare.html"
    folders = [str(tmp_path / name / "lengths") for name in ("a", "b")]
    assert main(["report", *folders, "--html", str(page)]) == 0
    assert "lengths on a" in capsys.readouterr().out
    html = page.read_text(encoding="utf-8")
    assert html.count("<svg") >= 1
    assert "src=" not in html and 'href="http' not in html.replace("http://www.w3.org", "")
    single = (tmp_path / "a" / "lengths" / "report.html").read_text(encoding="utf-8")
    assert "be is short" in single


def test_a_page_escapes_what_customers_and_models_wrote(tmp_path: Path) -> None:
    suite = lengths(["<b>"])
    result, lines = run_suite(suite, Options(), tmp_path, say=silent)
    write_page([result], tmp_path / "page.html", lines)
    assert "<b>" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_result_is_read_as_it_was_written_and_another_file_is_refused(tmp_path: Path) -> None:
    result, _ = run_suite(lengths(["alpha"]), Options(), tmp_path, say=silent)
    assert read_result(write_result(result, tmp_path)) == result
    assert "alpha" not in table([result])
    (tmp_path / "other.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(DataError, match="is not a result"):
        read_result(tmp_path / "other.json")
    with pytest.raises(DataError, match=r"result\.json"):
        read_result(tmp_path / "nowhere")


@pytest.mark.parametrize(("value", "shown"), [(None, "-"), (12.0, "12"), (0.91234, "0.912")])
def test_figures_are_short(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_every_suite_of_the_table_loads_and_its_targets_can_be_read() -> None:
    for name in MODULES:
        suite = load_suite(name)
        assert suite.name == name
        assert all(Threshold.parse(target) for target in suite.targets)
    with pytest.raises(ConfigError, match="safety"):
        load_suite("saftey")
