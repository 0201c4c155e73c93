"""What the store has acknowledged is there: after kill -9 at any point, and with two processes writing at once."""

import os
import signal
import threading
from pathlib import Path
from random import Random

import pytest

from profiles.fold import fold
from profiles.observation import Authority
from tests.events_shop import event, open_intake, outcome
from tests.profile_stores import NOW, held, open_store
from tests.profile_writer import start_writer, written_by
from tests.profiles_shop import SCHEMA, observation

WRITES = 1000
KILLS = 3


def test_a_writer_killed_at_random_points_loses_nothing_it_had_acknowledged(url: str) -> None:
    random = Random()  # other points each time; any of them must do
    store, acknowledged = open_store(url), set[int]()
    points = sorted(random.sample(range(WRITES), KILLS))
    for point in [*points, WRITES]:
        first = len(acknowledged)
        writer = start_writer(url, "k", first, WRITES)
        assert writer.stdout is not None
        for line in writer.stdout:
            acknowledged.add(int(line))
            if len(acknowledged) >= point and point < WRITES:
                os.kill(writer.pid, signal.SIGKILL)
                break
        acknowledged.update(int(line) for line in writer.stdout if line.endswith("\n"))
        writer.wait()
        history = store.history("C1")
        there = {item.id for item in history}
        assert {f"k{number}" for number in acknowledged} <= there
        assert len(there) <= len(acknowledged) + 1  # at most the one that it was writing
        assert held(store.read("C1", NOW)) == held(fold(history, SCHEMA, NOW))
    assert acknowledged == set(range(WRITES))
    expected = [written_by("k", number) for number in range(WRITES)]
    assert held(store.read("C1", NOW)) == held(fold(expected, SCHEMA, NOW))
    store.engine.dispose()


def test_two_processes_writing_one_customer_at_once_lose_nothing(url: str) -> None:
    store = open_store(url)
    writers = [start_writer(url, name, 0, 40) for name in "ab"]
    for writer in writers:
        out, _ = writer.communicate(timeout=120)
        assert (writer.returncode, len(out.splitlines())) == (0, 40)
    both = [written_by(name, number) for name in "ab" for number in range(40)]
    assert {item.id for item in store.history("C1")} == {item.id for item in both}
    assert held(store.read("C1", NOW)) == held(fold(both, SCHEMA, NOW))
    store.engine.dispose()


def test_a_customer_who_talks_while_their_events_come_in_and_words_are_taken_back_loses_nothing(
    url: str, tmp_path: Path
) -> None:
    events = [event(number, days=number / 10) for number in range(40)]
    alone = open_intake(tmp_path / "alone.db")
    alone.take(events)
    intake = open_intake(url)
    store = intake.store
    writers = [start_writer(url, name, 0, 40) for name in "ab"]
    for writer in writers:
        assert writer.stdout is not None and writer.stdout.readline() == "0\n"  # both are at it now
    for start in range(0, len(events), 4):
        intake.take(events[start : start + 4])
    taken_back = ["a0", "b0"]
    for name in taken_back:
        store.undo(name)
    for writer in writers:
        assert writer.stdout is not None
        rest = writer.stdout.read().splitlines()  # `communicate` would miss what has been read ahead
        assert (writer.wait(timeout=120), len(rest)) == (0, 39)
    history = store.history("C1")
    said = {item.id for item in history if item.op != "undo" and item.authority is Authority.STATED}
    assert said == {f"{name}{number}" for name in "ab" for number in range(40)}
    assert {item.value for item in history if item.op == "undo"} == set(taken_back)
    before = store.read("C1", NOW)
    store.rebuild()
    assert held(store.read("C1", NOW)) == held(before)
    assert outcome(intake, "C1")[1] == pytest.approx(outcome(alone, "C1")[1], rel=1e-9)
    for engine in (store.engine, alone.store.engine):
        engine.dispose()


def test_a_visitor_who_is_merged_while_they_write_loses_nothing(url: str) -> None:
    names = ("B-customer", "A-visitor", "C-visitor")  # one before and one after the customer in the order of locks
    store, begun = open_store(url), threading.Barrier(4)

    def write(name: str) -> None:
        begun.wait()
        for number in range(20):
            said = observation(f"{name}{number}", "need", f"{number % 6}", polarity="like", customer=name)
            store.append([said])

    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    begun.wait()
    for visitor in names[1:]:
        store.merge(visitor, names[0])
    for thread in threads:
        thread.join()
    history = store.history(names[0])
    assert len(history) == 60
    assert held(store.read(names[0], NOW)) == held(fold(history, SCHEMA, NOW))
    store.engine.dispose()
