"""What the registry keeps: a `Version` for each adapter, which never changes, and log `Entry`s about it.

In: JSON, checked by pydantic. Out: frozen records.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Action = Literal["add", "eval", "publish", "refuse", "rollback", "taint"]
Metrics = Mapping[str, float]


class Record(BaseModel):
    """What all of them are: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KeptFile(Record):
    """One of the adapter's files."""

    name: str
    sha256: str
    bytes: int = Field(ge=0)


class SamplesFile(Record):
    """A file of samples that was trained on: the fingerprint of all its bytes, and how many samples were used."""

    name: str
    sha256: str
    used: int = Field(ge=0)
    skipped: Annotated[int, Field(ge=0)] = 0  # samples of customers who had been erased or had withdrawn


class Base(Record):
    """The model that the adapter adapts; `sha256` of its weights, where they are known here."""

    name: str
    sha256: str | None


class Version(Record):
    """An adapter as it was added. `parent`: the version it was trained on from; `recipe`: its training.json."""

    id: str
    created: datetime
    method: str
    files: tuple[KeptFile, ...]
    data: tuple[SamplesFile, ...]
    customers: int = Field(ge=0)
    untraced: int = Field(ge=0)  # samples that name no customer: self-play, or logs without ids
    recipe: dict[str, Any]
    parent: str | None
    base: Base
    code: str
    note: str = ""


class SuiteResult(Record):
    """What one suite measured on one version: `n` cases."""

    suite: str
    n: int
    metrics: dict[str, float]
    seconds: float


class Entry(Record):
    """One line of the log. `before`: what served until then; `sha256`: of the weights that serve."""

    at: datetime
    action: Action
    version: str
    reason: str = ""
    before: str | None = None
    sha256: str | None = None
    results: tuple[SuiteResult, ...] = ()


class Served(Record):
    """What `current.json` holds: `agent.models.pointer.Pointer`'s fields, and the log entry that put them there."""

    version: str
    gguf: str | None
    entry: Entry
