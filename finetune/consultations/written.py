"""The consultations in their file: packed, read, and split into those that a model learns from and the others.

In: writers' YAML, or the packed file. Out: `Consultation`s sorted by id. The file's bytes follow from what is in it.
Errors: `DataError` naming file, line and id; `StorageError` if the file cannot be written.
"""

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import yaml

from errors import DataError, StorageError, choices
from finetune.consultations.consultation import Consultation, read
from finetune.selfplay.shops.bank import HELD_OUT

WRITTEN = Path(__file__).with_name("written.jsonl.gz")
Split = Literal["training", "held_back"]
SPLITS: tuple[Split, ...] = ("training", "held_back")
_TENTH = 10


def consultations(split: Split | None = None, path: Path = WRITTEN) -> tuple[Consultation, ...]:
    """All of a packed file, or those of one split. Raises DataError."""
    every = tuple(_read_lines(path))
    return every if split is None else tuple(one for one in every if split_of(one) == split)


def split_of(consultation: Consultation) -> Split:
    """The shops that no training shop is like are held back, and of the others every tenth by its id."""
    tenth = int.from_bytes(blake2b(consultation.id.encode(), digest_size=8).digest(), "big") % _TENTH == 0
    return "held_back" if tenth or consultation.shop in HELD_OUT else "training"


def find(name: str, path: Path = WRITTEN) -> Consultation:
    """The consultation with this id. Raises DataError."""
    every = {one.id: one for one in consultations(path=path)}
    if name not in every:
        raise DataError(f"{path}: no consultation {name!r}; there are {choices(every)}")
    return every[name]


def read_yaml(path: Path) -> Iterator[Consultation]:
    """The consultations of a writer's list. Raises DataError."""
    try:
        items = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    if not isinstance(items, list):
        raise DataError(f"{path}: a list of consultations is needed, not {type(items).__name__}")
    for number, item in enumerate(items, 1):
        yield _placed(item, f"{path}, item {number}")


def pack(every: Iterable[Consultation], path: Path) -> int:
    """Write them, sorted by id; returns how many. Raises DataError for an id that is there twice."""
    by_id: dict[str, Consultation] = {}
    for one in every:
        if one.id in by_id:
            raise DataError(f"{one.id}: two consultations have this id")
        by_id[one.id] = one
    lines = [json.dumps(by_id[name].to_json(), ensure_ascii=False) + "\n" for name in sorted(by_id)]
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=0) as file:
        file.write("".join(lines).encode())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed.getvalue())
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
    return len(lines)


def _read_lines(path: Path) -> Iterator[Consultation]:
    seen: set[str] = set()
    for number, line in enumerate(_lines(path), 1):
        at = f"{path}, line {number}"
        try:
            item = json.loads(line)
        except ValueError as error:
            raise DataError(f"{at}: no JSON: {error}") from error
        one = _placed(item, at)
        if one.id in seen:
            raise DataError(f"{at}: {one.id}: two consultations have this id")
        seen.add(one.id)
        yield one


def _lines(path: Path) -> list[str]:
    try:
        return gzip.decompress(path.read_bytes()).decode().splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def _placed(item: Any, at: str) -> Consultation:
    try:
        return read(item)
    except DataError as error:
        raise DataError(f"{at}: {error}") from error
