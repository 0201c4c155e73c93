"""Files, streams and the command: of any size, gone on with after a crash, and nothing that was reported is lost."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from errors import DataError
from profiles.__main__ import main
from profiles.events.files import is_whole, take_file, take_stream
from profiles.events.report import Report
from tests.events_shop import event, open_intake, outcome
from tests.profiles_shop import write_shop

ROOT = Path(__file__).parent.parent
READER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from profiles.events.files import take_file
from tests.events_shop import open_intake
intake = open_intake(Path(sys.argv[2]))
take_file(intake, Path(sys.argv[3]), lambda report: print(report.read, flush=True), lines=20)
"""


def write(path: Path, events: Sequence[object]) -> Path:
    text = "".join((item if isinstance(item, str) else json.dumps(item)) + "\n" for item in events)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz"])
def test_a_file_is_read_once_and_what_is_added_to_it_later(tmp_path: Path, name: str) -> None:
    intake, events = open_intake(tmp_path / "a.db"), [event(number) for number in range(50)]
    path = write(tmp_path / name, events[:30])
    assert take_file(intake, path, lines=7).taken == 30 and is_whole(intake.store, path)
    assert take_file(intake, path) == Report()
    write(path, events)
    assert take_file(intake, path) == Report(read=20, taken=20, told=0)


def test_a_file_that_was_replaced_is_read_from_its_start(tmp_path: Path) -> None:
    intake = open_intake(tmp_path / "a.db")
    path = write(tmp_path / "events.jsonl", [event(number) for number in range(30)])
    take_file(intake, path)
    write(path, [event(number) for number in range(10, 60)])
    report = take_file(intake, path)
    assert (report.read, report.taken, report.duplicates) == (50, 30, 20)


def test_a_broken_line_stops_nothing_and_half_a_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    intake, path = open_intake(tmp_path / "a.db"), tmp_path / "events.jsonl"
    half = json.dumps(event(3))
    write(path, [event(1), "{broken", "", "[1]", event(2)])
    path.write_text(path.read_text() + half[:40])
    report = take_file(intake, path)
    assert (report.read, report.taken, report.aside) == (5, 2, {"malformed": 3})
    path.write_text(path.read_text() + half[40:] + "\n")
    assert take_file(intake, path).taken == 1


def test_every_line_is_taken_kept_aside_or_counted_as_empty(tmp_path: Path) -> None:
    intake, path = open_intake(tmp_path / "a.db"), tmp_path / "events.jsonl"
    lines = [json.dumps(event(number)).encode() for number in (1, 2)]
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join([*lines, b"null", b"", b"\x00\xff", b"3"]) + b"\r\n")
    report = take_file(intake, path)
    assert (report.read, report.taken, report.aside) == (5, 2, {"malformed": 3})
    assert "null" in {item.body.strip() for item in intake.asides()}


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    intake = open_intake(tmp_path / "a.db")
    path = write(tmp_path / "events.jsonl", ["x" * 3_000_000, event(1)])
    report = take_file(intake, path, lines=2)
    assert (report.read, report.taken, report.aside) == (2, 1, {"malformed": 1})
    assert all(len(item.body) <= 2000 for item in intake.asides())


def test_a_file_that_ends_too_soon_is_an_error_after_what_it_had(tmp_path: Path) -> None:
    intake, path = open_intake(tmp_path / "a.db"), tmp_path / "events.jsonl.gz"
    text = "".join(json.dumps(event(number, days=number / 300)) + "\n" for number in range(20_000)).encode()
    path.write_bytes(gzip.compress(text)[:-200])
    with pytest.raises(DataError, match=r"events\.jsonl\.gz"):
        take_file(intake, path, lines=500)
    assert intake.activity("C1").last_at is not None
    with pytest.raises(DataError, match="nowhere"):
        take_file(intake, tmp_path / "nowhere.jsonl")


def test_a_killed_reader_loses_nothing_it_had_reported_and_goes_on(tmp_path: Path) -> None:
    events = [event(number, sku=("P1", "P2")[number % 3 == 0], days=number / 50) for number in range(2000)]
    path = write(tmp_path / "events.jsonl", events)
    command = [sys.executable, "-c", READER, str(ROOT), str(tmp_path / "a.db"), str(path)]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    reported = [int(reader.stdout.readline()) for _ in range(5)]
    os.kill(reader.pid, signal.SIGKILL)
    reported += [int(line) for line in reader.stdout.read().splitlines() if line]
    reader.wait()
    intake, whole = open_intake(tmp_path / "a.db"), open_intake(tmp_path / "b.db")
    assert 2000 > intake.activity("C1").acts >= max(reported) or max(reported) == 2000
    assert take_file(intake, path).read <= 2000 - max(reported)
    take_file(whole, path)
    (said, scores), (expected, expected_scores) = outcome(intake, "C1"), outcome(whole, "C1")
    assert said == expected and scores == pytest.approx(expected_scores, rel=1e-9)


def test_a_stream_is_taken_in_while_it_still_runs(tmp_path: Path) -> None:
    intake, heard = open_intake(tmp_path / "a.db"), threading.Event()
    readable, writable = os.pipe()
    reports: list[Report] = []

    def listen() -> None:
        reports.append(take_stream(intake, readable, lambda report: heard.set()))

    listener = threading.Thread(target=listen)
    listener.start()
    text = "".join(json.dumps(event(number)) + "\n" for number in range(5))
    os.write(writable, text.encode()[:-30])  # the last one comes in two pieces
    assert heard.wait(30) and intake.activity("C1").acts == 4
    os.write(writable, text.encode()[-30:-1])
    os.close(writable)
    listener.join(30)
    os.close(readable)
    assert reports == [Report(read=5, taken=5, told=2)]


def run(shop: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["events", *arguments, "--shop", str(shop)])
    return code, capsys.readouterr().out


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_shop(tmp_path / "shop", customers=3, events=30)


def acts(count: int) -> list[dict[str, Any]]:
    return [event(100 + number, userId="C1001") for number in range(count)]


def test_the_command_takes_a_file_in_and_reports(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "new.jsonl", [*acts(6), "{broken"])
    code, out = run(shop, capsys, "--in", str(path), "--json")
    report = json.loads(out)
    assert code == 0 and (report["taken"], report["aside"]) == (6, {"malformed": 1})
    code, out = run(shop, capsys, "--in", str(path))
    assert code == 0 and "duplicates" in out
    code, out = run(shop, capsys, "--asides")
    assert code == 0 and out.startswith("malformed:") and "{broken" in out


def test_the_command_shows_what_acts_add_up_to(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(shop, capsys, "--of", "C1001", "--json")
    shown = json.loads(out)
    assert code == 0 and shown["acts"] == 10 and shown["orders"] == 0
    assert {"attribute", "value", "affinity", "evidence", "stands_out"} == set(shown["affinities"][0])
    code, out = run(shop, capsys, "--of", "C1001")
    assert code == 0 and "category: jackets" in out and "10 acts" in out


@pytest.mark.parametrize("count", ["0", "-5", "many"])
def test_a_number_of_events_to_measure_is_a_positive_one(
    shop: Path, capsys: pytest.CaptureFixture[str], count: str
) -> None:
    with pytest.raises(SystemExit):
        main(["events", "--bench", count, "--shop", str(shop)])
    assert repr(count) in capsys.readouterr().err


def test_the_command_measures(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(shop, capsys, "--bench", "500", "--json")
    assert code == 0 and json.loads(out)["taken"] == 500


@pytest.mark.parametrize("options", [("-",), ("--in", "-")])
def test_standard_input_is_read_whole_and_nothing_else(tmp_path: Path, options: Sequence[str]) -> None:
    shop = write_shop(tmp_path / "shop")
    command = [sys.executable, "-m", "profiles", "events", *options, "--json", "--shop", str(shop)]
    lines = [json.dumps(event(number, userId="C1001")) for number in range(2)]
    for end, taken in (("\n", 2), ("", 0)):
        ran = subprocess.run(
            command, input="\n".join(lines) + end, capture_output=True, text=True, cwd=ROOT, check=True
        )
        told = json.loads(ran.stdout)
        assert (told["read"], told["taken"], told["duplicates"]) == (2, taken, 2 - taken)
