"""Where a training run's samples came from: sample -> consultation -> customer key, beside the adapter.

In: files of samples, or of pairs of answers, and the keys of customers of whom nothing may be learnt
(`profiles.privacy.excluded`). Out: a `Lineage`, and the file `lineage.jsonl.gz` that keeps it: a first line with the
files' fingerprints, then a line a sample. It holds no word of any consultation, and of a customer only the key. Errors:
`DataError` for samples or a lineage that cannot be read, `Refused`, `StorageError`.
"""

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from errors import DataError, Refused
from finetune.registry.version import Record, SamplesFile
from finetune.weights import file_sha256
from profiles.privacy.excluded import WHO
from profiles.storage.files import write_whole

LINEAGE = "lineage.jsonl.gz"


class Source(Record):
    """One sample: the how manieth of which file, which consultation it is from and whose. None: not known."""

    file: int
    sample: int
    consultation: str | None = None
    customer: str | None = None


class _Line(BaseModel):
    """What counts here of a line of samples, or of pairs of answers."""

    model_config = ConfigDict(extra="ignore")

    meta: dict[str, Any] = {}


class _Head(Record):
    files: tuple[SamplesFile, ...]


class Lineage(Record):
    """All samples of a run, with the files they stood in."""

    files: tuple[SamplesFile, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def customers(self) -> frozenset[str]:
        """Keys of everybody whose consultations were trained on."""
        return frozenset(source.customer for source in self.sources if source.customer is not None)

    def of(self, customers: frozenset[str]) -> list[str]:
        """Which samples are theirs: ``["play.jsonl, sample 12 (consultation c-7)"]``."""
        return [
            f"{self.files[source.file].name}, sample {source.sample} (consultation {source.consultation})"
            for source in self.sources
            if source.customer in customers
        ]

    def joined(self, other: "Lineage") -> "Lineage":
        """This one, with what of the other stood in further files."""
        known = {file.sha256 for file in self.files}
        further = [place for place, file in enumerate(other.files) if file.sha256 not in known]
        places = {old: len(self.files) + new for new, old in enumerate(further)}
        moved = [s.model_copy(update={"file": places[s.file]}) for s in other.sources if s.file in places]
        return Lineage(files=(*self.files, *(other.files[place] for place in further)), sources=(*self.sources, *moved))

    def write(self, folder: Path) -> Path:
        """Keep it in an adapter's folder, in the same bytes each time."""
        lines = [_Head(files=self.files), *self.sources]
        text = "".join(line.model_dump_json(exclude_defaults=True) + "\n" for line in lines)
        write_whole(folder / LINEAGE, gzip.compress(text.encode(), mtime=0))
        return folder / LINEAGE


def trace(paths: Sequence[Path], barred: frozenset[str] = frozenset()) -> Lineage:
    """The lineage of training on these files, in order, without the samples of barred customers."""
    files: list[SamplesFile] = []
    sources: list[Source] = []
    for place, path in enumerate(paths):
        found = list(_sources(path, place))
        kept = [source for source in found if source.customer not in barred]
        sources += kept
        counts = Counter(used=len(kept), skipped=len(found) - len(kept))
        files.append(SamplesFile(name=path.name, sha256=file_sha256(path), **counts))
    return Lineage(files=tuple(files), sources=tuple(sources))


def keep_lineage(out: Path, paths: Sequence[Path], barred: frozenset[str], start: Path | None = None) -> Lineage:
    """What a training run in `out` learns from, written before it learns: `paths`, and what it begins with.

    A run that goes on keeps what it had learnt from before. Raises `Refused` if that, or `start`, has learnt from an
    barred customer.
    """
    lineage = trace(paths, barred)
    for before in (out, start):
        known = read_lineage(before) if before is not None else None
        if known is None:
            continue
        if samples := known.of(barred):
            raise Refused(
                f"{before} has learnt from {WHO}, {len(samples)} samples, the first: {samples[0]}; begin in "
                "another folder, and from an adapter that has not"
            )
        lineage = lineage.joined(known)
    lineage.write(out)
    return lineage


def read_lineage(folder: Path) -> Lineage | None:
    """What training wrote beside the adapter; None if it wrote nothing."""
    path = folder / LINEAGE
    if not path.is_file():
        return None
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            head = _Head.model_validate_json(next(lines))
            return Lineage(files=head.files, sources=tuple(_read(lines)))
    except (OSError, EOFError, StopIteration, ValidationError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged: {error}") from error


def _read(lines: Iterable[str]) -> Iterator[Source]:
    return map(Source.model_validate_json, lines)


def _sources(path: Path, place: int) -> Iterator[Source]:
    number = 0
    try:
        with path.open(encoding="utf-8") as lines:
            for at, line in enumerate(lines, 1):
                if line.strip():
                    number += 1
                    yield _source(line, place, number, f"{path}, line {at}")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _source(line: str, place: int, number: int, where: str) -> Source:
    try:
        meta = _Line.model_validate_json(line).meta
    except ValidationError as error:
        raise DataError(f"{where}: {error.errors()[0]['msg']}") from error
    known = {key: str(meta[key]) for key in ("consultation", "customer") if meta.get(key) is not None}
    return Source(file=place, sample=number, **known)
