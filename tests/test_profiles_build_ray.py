"""A build on a Ray cluster comes to the same, to the byte, as one in a single process, and goes on with its work."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from errors import DataError
from profiles.build.local import build_locally
from profiles.build.on_ray import build_on_ray, ray_session
from profiles.build.plan import Plan
from tests.build_history import History, built, quiet


@pytest.fixture(scope="module")
def two_workers() -> Iterator[None]:
    with ray_session(workers=2):
        yield


def test_on_ray_two_workers_come_to_the_same_to_the_byte(
    two_workers: None, history: History, whole: Plan, tmp_path: Path
) -> None:
    said: list[str] = []
    on_ray = history.plan(tmp_path / "ray")
    assert build_on_ray(on_ray, said.append) == build_locally(whole, quiet)  # which is done, so only tells
    assert built(on_ray) == built(whole)
    assert sum(line.startswith("folded") for line in said) == 3


def test_a_build_on_ray_names_a_damaged_file_too(two_workers: None, history: History, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^[^\n]*broken\.jsonl\.gz[^\n]*$"):
        build_on_ray(history.damaged(tmp_path).plan(tmp_path / "cut"), quiet)


def test_a_build_that_was_begun_in_one_process_is_finished_on_ray(
    two_workers: None, history: History, whole: Plan, tmp_path: Path
) -> None:
    def stop(line: str) -> None:
        if line.startswith("folded 2"):
            raise KeyboardInterrupt

    plan, said = history.plan(tmp_path / "cut"), list[str]()
    with pytest.raises(KeyboardInterrupt):
        build_locally(plan, stop)
    build_on_ray(plan, said.append)
    assert sum(line.startswith("folded") for line in said) == 1
    assert built(plan) == built(whole)


def test_without_ray_the_engine_says_what_to_install(history: History, tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['ray'] = None; from profiles.__main__ import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["build", str(history.files[0]), "--shop", str(history.shop), "--out", str(tmp_path), "--engine", "ray"]
    done = subprocess.run([sys.executable, "-c", hidden, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "pip install 'ray[data]'" in done.stderr
