"""A shop's registry on disk: adapters go in as versions that never change, and one of them serves.

In: an adapter's folder as training leaves it. Out: `Version`s, the log, and which version serves. Every step is whole
or not done, whatever crashes when. Errors: `NotFound` for an unknown version, `DataError` for an adapter or a record
that cannot be read, `Refused` for what the registry never does, `StorageError`.
"""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from agent.models.pointer import DEFAULT, POINTER, REGISTRY
from errors import DataError, NotFound, Refused, StorageError, choices, first_mistake
from finetune.base import BASE_NAME
from finetune.methods import method_of
from finetune.registry.adapter_files import AdapterFiles, kept_file, read_adapter
from finetune.registry.code_version import code_version
from finetune.registry.lineage import LINEAGE, Lineage, read_lineage, trace
from finetune.registry.storage import locked, new_folder, remove_unfinished
from finetune.registry.version import Action, Base, Entry, Served, SuiteResult, Version
from finetune.weights import BASE, file_sha256
from profiles.privacy.excluded import WHO, barred
from profiles.storage.files import append_line, whole_lines, write_whole

LOG = "log.jsonl"
RECORD = "version.json"
ADAPTER = "adapter"
MODEL = "model.gguf"

_Model = TypeVar("_Model", bound=BaseModel)


class Registry:
    """The registry in a shop's state directory. ``Registry(Path("shop/state")).add(Path("runs/adapter"))``

    `database`: the URL of the shop's, which says who is barred from training, if it is not in the state directory.
    """

    def __init__(self, state: Path, database: str | None = None) -> None:
        self.state = state
        self._database = database
        self.folder = state / REGISTRY

    def add(self, adapter: Path, *, samples: Sequence[Path] = (), parent: str | None = None, note: str = "") -> Version:
        """Copy an adapter in as a new version; the same weights again are the version that they already are.

        `samples`: what it was trained on, where training has left no lineage beside it. `parent`: the version that
        training started from.
        """
        found, lineage = read_adapter(adapter), _lineage(adapter, samples)
        with locked(self.folder):
            remove_unfinished(self.folder / "versions")
            if parent not in (None, DEFAULT):
                self.get(str(parent))
            for old in self.versions():
                if read_adapter(self.adapter(old.id)).weights == found.weights:
                    return self._same(old, lineage, parent)
            version = _describe(adapter, found, lineage, parent, note)
            with new_folder(self.folder / "versions" / version.id) as work:
                (work / ADAPTER).mkdir()
                for file in found.files:
                    shutil.copyfile(adapter / file.name, work / ADAPTER / file.name)
                if read_adapter(work / ADAPTER).files != found.files:
                    raise StorageError(f"{adapter} changed while it was copied: is it still being trained?")
                lineage.write(work / ADAPTER)
                files = (*found.files, kept_file(work / ADAPTER / LINEAGE))
                version = version.model_copy(update={"files": files})
                (work / RECORD).write_text(version.model_dump_json(indent=1) + "\n", encoding="utf-8")
            self._record(Entry(at=version.created, action="add", version=version.id, reason=note))
        return version

    def versions(self) -> list[Version]:
        """All versions, the oldest first."""
        folders = sorted((self.folder / "versions").glob("[!.]*/"))
        return [_read(Version, folder / RECORD) for folder in folders]

    def get(self, name: str) -> Version:
        """A version by its id, the beginning of one, or "current"."""
        known = [path.name for path in sorted((self.folder / "versions").glob("[!.]*/"))]
        wanted = self.current if name == "current" else name
        matching = [wanted] if wanted in known else [version for version in known if version.startswith(wanted)]
        if len(matching) != 1:
            why = f"version {name!r} is ambiguous" if matching else f"no version {name!r}"
            raise NotFound(f"{why} in {self.folder}; there are: {choices(matching or known) or 'none yet'}")
        return _read(Version, self.folder / "versions" / matching[0] / RECORD)

    def adapter(self, version: str) -> Path:
        """The folder of a version's adapter."""
        return self.folder / "versions" / version / ADAPTER

    def build(self, version: str) -> Path:
        """The folder for what is made from a version: `merged/` and `model.gguf`."""
        return self.folder / "builds" / version

    def lineage(self, version: str) -> Lineage:
        """Which samples a version learnt from, without those of its parents."""
        found = read_lineage(self.adapter(version))
        if found is None:
            raise DataError(f"{self.adapter(version)} has lost its {LINEAGE}")
        return found

    def ancestry(self, version: str) -> list[Version]:
        """The version and all that it was trained on from, the nearest first."""
        line: list[Version] = []
        name: str | None = version
        while name not in (None, DEFAULT):
            line.append(self.get(str(name)))
            name = line[-1].parent
        return line

    def taint(self, version: str) -> list[str]:
        """The samples of barred customers that a version or its parents learnt from; none: it may serve.

        Training again without those samples, and not from a tainted version, makes one that is not tainted.
        """
        if version == DEFAULT or not (gone := barred(self.state, self._database)):
            return []
        return [sample for each in self.ancestry(version) for sample in self.lineage(each.id).of(gone)]

    @property
    def current(self) -> str:
        """The id of the version that serves; "default" where it is the project's own model."""
        served = self.served
        return served.version if served else DEFAULT

    @property
    def served(self) -> Served | None:
        """What `current.json` says; None before anything was published."""
        path = self.folder / POINTER
        return _read(Served, path) if path.exists() else None

    def log(self) -> list[Entry]:
        """Everything that happened, the oldest first."""
        path = self.folder / LOG
        entries = [_parse(Entry, line, f"{path}, line {n}") for n, line in enumerate(whole_lines(path), 1)]
        served = self.served
        # A crash between the switch and its line in the log: the switch carries the line with it.
        return [*entries, served.entry] if served and served.entry not in entries else entries

    def note(self, action: Action, version: str, reason: str = "", results: Sequence[SuiteResult] = ()) -> Entry:
        """Write into the log what changes nothing that serves: an eval, a refusal, a taint."""
        entry = Entry(at=datetime.now(UTC), action=action, version=version, reason=reason, results=tuple(results))
        with locked(self.folder):
            self._record(entry)
        return entry

    def switch(
        self, action: Action, version: str, *, expected: str, sha256: str, with_gguf: bool, reason: str = ""
    ) -> Entry:
        """Let `version` serve, in one step, if `expected` still does.

        `sha256`: of the weights that answer. `with_gguf`: the version's GGUF file holds them; else a server does.
        Raises `Refused` for a tainted version, or if another process has switched meanwhile.
        """
        with locked(self.folder):
            if (now := self.current) != expected:
                raise Refused(f"{now} has been published meanwhile, and {expected} no longer serves: run it again")
            if taint := self.taint(version):
                raise Refused(f"version {version} is tainted: {len(taint)} of its samples are of {WHO}")
            own = with_gguf and version != DEFAULT
            gguf = str((self.build(version) / MODEL).relative_to(self.folder)) if own else None
            entry = Entry(
                at=datetime.now(UTC), action=action, version=version, reason=reason, before=expected, sha256=sha256
            )
            self._record(None)
            served = Served(version=version, gguf=gguf, entry=entry)
            write_whole(self.folder / POINTER, served.model_dump_json(indent=1).encode())
            self._record(None)
        return entry

    def _record(self, entry: Entry | None) -> None:
        """Bring the log up to date with the switch, then add `entry`; call it inside `locked`."""
        written = len(whole_lines(self.folder / LOG))
        for each in [*self.log()[written:], *([entry] if entry else [])]:
            append_line(self.folder / LOG, each.model_dump_json(exclude_defaults=True))

    def _same(self, old: Version, lineage: Lineage, parent: str | None) -> Version:
        if self.lineage(old.id) != lineage or old.parent != parent:
            raise Refused(f"these weights are version {old.id} already, with other samples or another parent")
        return old


def _lineage(adapter: Path, samples: Sequence[Path]) -> Lineage:
    found = read_lineage(adapter)
    if found is not None and samples:
        raise Refused(f"{adapter} holds its own {LINEAGE}: leave --samples out")
    if found is None and not samples:
        raise DataError(f"{adapter} holds no {LINEAGE}: name the samples it was trained on (--samples FILE)")
    return found if found is not None else trace(samples)


def _describe(adapter: Path, found: AdapterFiles, lineage: Lineage, parent: str | None, note: str) -> Version:
    now = datetime.now(UTC)
    return Version(
        id=f"{now:%Y%m%d-%H%M%S}-{found.weights[:6]}",
        created=now,
        method=method_of(adapter).name,
        files=found.files,
        data=lineage.files,
        customers=len(lineage.customers),
        untraced=sum(source.customer is None for source in lineage.sources),
        recipe=found.recipe,
        parent=parent,
        base=_base(found),
        code=code_version(),
        note=note,
    )


def _base(found: AdapterFiles) -> Base:
    """The base that the adapter names; of one on a hub there are no bytes here to take the hash of."""
    name = str(found.recipe.get("base") or found.config.get("base_model_name_or_path") or BASE_NAME)
    if name == BASE_NAME:
        return Base(name=name, sha256=BASE.sha256)
    weights = sorted(Path(name).glob("*.safetensors"))
    return Base(name=name, sha256="-".join(map(file_sha256, weights)) or None)


def _read(kind: type[_Model], path: Path) -> _Model:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path} cannot be read: {error}") from error
    return _parse(kind, text, str(path))


def _parse(kind: type[_Model], text: str, where: str) -> _Model:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise DataError(f"{where} is damaged: {first_mistake(error, got=False)}") from error
