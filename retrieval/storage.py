"""The index on disk: collections and the fitted matcher come in, one folder per build goes out, and comes back in.

A build is written beside the others, synced, renamed, and only then named in the file CURRENT, which is
replaced in one step. Whoever reads sees the old build or the new one, never a part of one.
"""

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from errors import StorageError
from retrieval.index import Collection
from retrieval.questions import QuestionMatcher

FORMAT = 4  # raise when the files or the texts that are indexed change shape, or what reads questions
QUESTIONS = "questions.npz"
LEFTOVER_SECONDS = 3600  # a half-written folder of this age belongs to a build that died


@dataclass(frozen=True, slots=True)
class Identity:
    """What an index was made from: a change in any field makes it stale."""

    embedder: str
    embedder_sha256: str
    sources: Mapping[str, str]  # collection -> SHA-256 of its rows
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """An index as read from disk."""

    identity: Identity
    collections: Mapping[str, Collection]
    questions: QuestionMatcher


def read_index(root: Path) -> StoredIndex | None:
    """The current build under `root`; None when there is none or any of its files is missing or damaged."""
    try:
        folder = root / (root / "CURRENT").read_text(encoding="utf-8").strip()
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for name, sha256 in manifest["files"].items():
            if _sha256(folder / name) != sha256:
                return None
        collections = {name: Collection.load(folder / name) for name in manifest["counts"]}
        return StoredIndex(Identity(**manifest["identity"]), collections, QuestionMatcher.load(folder / QUESTIONS))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        return None  # whatever is wrong with it, the cure is the same: build it again


def write_index(root: Path, index: StoredIndex) -> None:
    """Make `index` the current build. Raises StorageError; the build that was current then stays."""
    name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{uuid.uuid4().hex[:8]}"
    draft, build, pointer = root / f"building-{name}", root / name, root / f"CURRENT-{name}"
    try:
        draft.mkdir(parents=True)
        _write_build(draft, index)
        draft.rename(build)
        _sync(root)
        _write_synced(pointer, name)
        pointer.replace(root / "CURRENT")
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(build, ignore_errors=True)
        with suppress(OSError):
            pointer.unlink()
        raise StorageError(f"cannot write the index under {root}: {error.strerror or error}") from error
    _prune(root)


def _write_build(folder: Path, index: StoredIndex) -> None:
    for name, collection in index.collections.items():
        (folder / name).mkdir()
        collection.save(folder / name)
    index.questions.save(folder / QUESTIONS)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "identity": asdict(index.identity),
        "counts": {name: len(collection.rows) for name, collection in index.collections.items()},
        "files": {path.relative_to(folder).as_posix(): _sha256(path) for path in files},
    }
    _write_synced(folder / "manifest.json", json.dumps(manifest, indent=1))
    for path in [*files, *(path for path in folder.rglob("*") if path.is_dir()), folder]:
        _sync(path)


def _prune(root: Path) -> None:
    """Sync the new pointer; keep that build and the one before it, which others may be reading."""
    _sync(root)
    builds = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("building-"))
    current = (root / "CURRENT").read_text(encoding="utf-8").strip()
    old = [path for path in builds if path.name != current][:-1]
    drafts = [path for path in root.glob("building-*") if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS]
    for path in [*old, *drafts]:
        shutil.rmtree(path, ignore_errors=True)


def _write_synced(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
