"""Folders that are whole or absent, and know what they were made from.

In: a target folder and a fingerprint of everything that goes into it. Out: a temporary folder to fill, which
takes the target's place only when it is complete; the fingerprint is kept in it as `made_from.json`.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from errors import StorageError

MADE_FROM = "made_from.json"

Fingerprint = Mapping[str, str | int]


def is_current(folder: Path, made_from: Fingerprint) -> bool:
    """Whether `folder` was completed from exactly these inputs."""
    try:
        return bool(json.loads((folder / MADE_FROM).read_text(encoding="utf-8")) == dict(made_from))
    except (OSError, ValueError):
        return False


@contextmanager
def replace_folder(target: Path, made_from: Fingerprint) -> Iterator[Path]:
    """A temporary folder beside `target` that replaces it at the end; nothing changes if the body raises.

    Raises StorageError if the disk is full or the folder cannot be written.
    """
    work: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        work.chmod(0o755)
        yield work
        (work / MADE_FROM).write_text(json.dumps(dict(made_from), indent=2) + "\n", encoding="utf-8")
        for file in work.iterdir():
            file.chmod(0o644)  # safetensors writes its files for their owner alone
        _swap(work, target)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error}") from error
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)


def _swap(work: Path, target: Path) -> None:
    """Folders cannot be replaced in one step: the old one is moved aside first, and deleted last."""
    old = work.with_name(work.name + ".old")
    if target.exists():
        target.replace(old)
    work.replace(target)
    shutil.rmtree(old, ignore_errors=True)
