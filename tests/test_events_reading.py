"""A file that is read ahead by a process of its own: what comes of it is the same, and the process outlives nobody."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from errors import DataError
from profiles.events.files import take_file
from profiles.events.report import Report
from tests.events_shop import CUSTOMERS, event, open_intake, order, outcome

ROOT = Path(__file__).parent.parent
READER = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts the tests may ignore it
sys.path.insert(0, sys.argv[1])
from profiles.events.files import take_file
from tests.events_shop import open_intake
report = lambda report: print(report.read, flush=True)
take_file(open_intake(Path(sys.argv[2])), Path(sys.argv[3]), report, lines=20, ahead=20)
"""


def write(path: Path, count: int) -> Path:
    """Events of many kinds, some that cannot count, and half a line at the end."""
    items: list[object] = [event(number, sku=f"P{number % 5}", days=number / 50) for number in range(count)]
    items[3:3] = ["{broken", "", [1], order(9001, "A", 25.5), event(9002, properties={"sku": "P1", "price": -3})]
    items[9:9] = [event(9003, userId=None, anonymousId="b1"), event(9004, "Page Viewed"), event(9005, days=4000)]
    text = "".join((item if isinstance(item, str) else json.dumps(item)) + "\n" for item in items)
    path.write_text(text + json.dumps(event(9006))[:40])
    return path


@pytest.mark.skipif(os.cpu_count() == 1, reason="nothing is read ahead on one processor")
def test_what_is_read_ahead_adds_up_to_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "events.jsonl", 100)
    ahead, here = open_intake(tmp_path / "a.db"), open_intake(tmp_path / "b.db")
    heard: list[int] = []
    report = take_file(ahead, path, lambda so_far: heard.append(so_far.read), lines=20, ahead=20)
    assert report == take_file(here, path, lines=20, ahead=1000) and len(heard) == 6 and report.read == heard[-1]
    assert ahead.asides() == here.asides() and len(ahead.asides()) >= 5
    for customer in CUSTOMERS:
        assert outcome(ahead, customer) == outcome(here, customer)
    with path.open("a") as more:
        more.write(json.dumps(event(9006))[40:] + "\n")
    assert take_file(ahead, path, lines=20, ahead=20) == Report(read=1, taken=1)


@pytest.mark.skipif(os.cpu_count() == 1, reason="nothing is read ahead on one processor")
def test_if_the_process_is_killed_the_error_says_so_and_reading_goes_on_from_there(tmp_path: Path) -> None:
    intake, path = open_intake(tmp_path / "a.db"), write(tmp_path / "events.jsonl", 200)
    heard: list[int] = []
    others = children(os.getpid())  # such as the tests' database server

    def kill(report: Report) -> None:
        heard.append(report.read)
        if len(heard) == 2:
            for child in set(children(os.getpid())) - set(others):
                os.kill(child, signal.SIGKILL)

    with pytest.raises(DataError, match=r"events\.jsonl: the process that reads .* code -9; read so far: \d+ events"):
        take_file(intake, path, kill, lines=20, ahead=20)
    assert take_file(intake, path, lines=20, ahead=20).read == 208 - heard[-1]  # one of them is half
    assert intake.activity("C1").acts == 201
    assert children(os.getpid()) == others


@pytest.mark.skipif(os.cpu_count() == 1, reason="nothing is read ahead on one processor")
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_the_process_ends_with_the_one_that_it_reads_for(tmp_path: Path, by: signal.Signals) -> None:
    path = write(tmp_path / "events.jsonl", 5000)
    command = [sys.executable, "-c", READER, str(ROOT), str(tmp_path / "a.db"), str(path)]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert reader.stdout is not None and reader.stdout.readline()
    (child,) = children(reader.pid)
    reader.send_signal(by)
    _, said = reader.communicate(timeout=60)
    assert reader.returncode != 0 and ("KeyboardInterrupt" in said) == (by is signal.SIGINT)
    assert within(30, lambda: not Path(f"/proc/{child}").exists())


def children(process: int) -> list[int]:
    """The processes that a process has started and that have not ended."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(child) for child in found]


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return holds()
