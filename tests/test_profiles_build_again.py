"""A build that broke off goes on, one that is done is left as it is, and what cannot be built is said."""

import json
from pathlib import Path

import pytest

from errors import ConfigError, DataError
from profiles.__main__ import main
from profiles.build.local import build_locally
from profiles.build.outcome import REPORT
from profiles.build.plan import Plan, make_plan
from tests.build_history import History, built, quiet


@pytest.mark.parametrize("step", range(5))
def test_an_interrupted_build_goes_on_and_comes_to_the_same(
    history: History, whole: Plan, tmp_path: Path, step: int
) -> None:
    said: list[str] = []

    def stop(line: str) -> None:
        said.append(line)
        if len(said) == step + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_locally(history.plan(tmp_path / "cut"), stop)
    for spilled in (tmp_path / "cut" / "work" / "lines").glob("*.jsonl"):
        with spilled.open("ab") as lines:
            lines.write(b'["e", "half a li')  # what a killed process was writing
    again: list[str] = []
    plan = history.plan(tmp_path / "cut")
    build_locally(plan, again.append)
    assert not set(again) & set(said)  # nothing is done twice
    assert built(plan) == built(whole)


def test_what_is_built_already_is_only_reported_and_other_events_start_anew(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["build", str(history.files[0]), "--shop", str(history.shop), "--out", str(tmp_path / "out"), "--json"]
    assert main(command) == 0
    first = capsys.readouterr()
    assert "split 1 of 1" in first.err
    assert main(command) == 0
    second = capsys.readouterr()
    assert json.loads(second.out) == json.loads(first.out) and "split" not in second.err
    assert main([*command[:1], str(history.files[1]), *command[2:]]) == 0
    third = capsys.readouterr()
    assert json.loads(third.out)["read"] != json.loads(first.out)["read"]


def test_a_folder_with_anything_else_in_it_is_left_alone(history: History, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(ConfigError, match="not empty"):
        history.plan(tmp_path)
    assert (tmp_path / "letters.txt").read_text() == "dear"


def test_event_files_that_are_not_there_are_named(history: History, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.jsonl"):
        make_plan(history.shop, [tmp_path / "nowhere.jsonl"], tmp_path / "out")


def test_a_damaged_file_is_named_and_the_build_goes_on_once_it_is_whole(history: History, tmp_path: Path) -> None:
    damaged = history.damaged(tmp_path)
    with pytest.raises(DataError, match=r"broken\.jsonl\.gz"):
        build_locally(damaged.plan(tmp_path / "out"), quiet)
    assert not (tmp_path / "out" / REPORT).exists()
    (path,) = damaged.files
    path.write_bytes(history.files[1].read_bytes())
    assert build_locally(damaged.plan(tmp_path / "out"), quiet).taken > 0
    assert (tmp_path / "out" / REPORT).exists()
