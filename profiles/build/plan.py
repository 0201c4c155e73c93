"""What is built from what: the shop, the event files and the number of parts in; a `Plan` that both engines follow out.

It is written beside the result. Whoever builds again with the same inputs goes on where the other stopped; other inputs
start anew. Errors: `ConfigError` for files that are not there.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from math import ceil
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

import clock
from errors import ConfigError
from profiles.events.affinity import Products
from profiles.events.left_out import OrderMark, add_marks, marks_of
from profiles.privacy.keys import load_salt
from profiles.privacy.tombstones import ERASED, add_tombstones, erased
from profiles.schema import Schema
from profiles.shop.files import load_privacy, load_products, load_schema
from profiles.shop.imports import books_as_of
from profiles.storage.database import DATABASE_FILE, chosen_database, open_database, reading, writing
from profiles.storage.tables import left_out_orders
from profiles.storage.transfer import tables_there
from profiles.store import ProfileStore

BYTES_PER_PART = 32 << 20  # of events as JSON: folding them takes about fifteen times as much memory
MOST_PARTS = 400  # each has two files open while events are split
GZIP = 8  # how much larger events are than their .gz
PLAN_FILE = "plan.json"
WORK = "work"  # what only serves the building
SHOP_FILES = ("shop.toml", "profile.yaml", "catalog.jsonl", "customers.jsonl")


@dataclass(frozen=True)
class Plan:
    """`state`: the shop's state directory, which says who was erased; `database`: where what was built goes, "" for
    files in `folder`; `as_of`: what is later is from the future."""

    shop: str
    files: tuple[str, ...]
    folder: str
    parts: int
    as_of: str
    state: str
    database: str = ""

    @cached_property
    def schema(self) -> Schema:
        return load_schema(Path(self.shop))

    @cached_property
    def products(self) -> Products:
        return load_products(Path(self.shop), self.schema)

    @property
    def work(self) -> Path:
        return Path(self.folder) / WORK

    def now(self) -> datetime:
        return datetime.fromisoformat(self.as_of)

    def open_store(self) -> ProfileStore:
        """Where a part is folded: the database, or one in memory. Neither takes in whoever was erased."""
        state, privacy = Path(self.state), load_privacy(Path(self.shop))
        gone = erased(state)
        salt = load_salt(state) if self.database or gone else None
        store = ProfileStore(open_database(self.database or "sqlite://"), self.schema, privacy, salt)
        if salt and gone:
            with writing(store.engine) as connection:
                add_tombstones(connection, gone, salt, self.now())
        if marks := marks_in(state):
            with writing(store.engine) as connection:
                if not marks_of(connection):  # the shop's own database has them
                    add_marks(connection, marks)
        return store

    def part_of(self, name: str) -> int:
        return int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) % self.parts


def marks_in(state: Path) -> list[OrderMark]:
    """What the shop's customers have said of orders that were gifts."""
    database = chosen_database(os.environ) or state / DATABASE_FILE
    if isinstance(database, Path) and not database.is_file():
        return []
    engine = open_database(database)
    try:
        with reading(engine) as connection:
            return marks_of(connection) if tables_there(connection, [left_out_orders]) else []
    finally:
        engine.dispose()


def make_plan(
    shop: Path,
    files: Sequence[Path],
    folder: Path,
    database: str = "",
    parts: int | None = None,
    state: Path | None = None,
) -> Plan:
    """Begin, or go on: a plan of the same inputs that is in the folder already stays. `state`: not the shop's usual."""
    try:
        where = make_url(database).render_as_string() if database else ""  # without its password
    except ArgumentError as error:
        raise ConfigError(f"{database!r} is no database URL: {error}") from error
    if database:
        open_database(database).dispose()  # what cannot be opened is said before hours of work
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise ConfigError(f"no such event files: {', '.join(missing)}")
    size = sum(path.stat().st_size * (GZIP if path.suffix == ".gz" else 1) for path in files)
    count = parts or min(MOST_PARTS, ceil(size / BYTES_PER_PART) or 1)
    if not 1 <= count <= MOST_PARTS:
        raise ConfigError(f"{count} parts: expected 1 to {MOST_PARTS}")
    as_of = max(clock.now(), books_as_of(shop)).isoformat()
    names = tuple(str(path.resolve()) for path in files)
    held_in = str((state or shop / "state").resolve())
    plan = Plan(str(shop.resolve()), names, str(folder.resolve()), count, as_of, held_in, database)
    inputs, held = _inputs(plan, where), _held(folder)
    if held and held["inputs"] == inputs:
        return replace(plan, as_of=held["as_of"])
    if held is None and folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty, and nothing was built there; expected a new folder")
    if folder.exists():
        shutil.rmtree(folder)
    write_whole(folder / PLAN_FILE, json.dumps({"inputs": inputs, "as_of": as_of}, indent=1).encode())
    return plan


def write_whole(path: Path, content: bytes) -> None:
    """The file is there as a whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{uuid4().hex[:8]}")
    draft.write_bytes(content)
    draft.replace(path)


def _inputs(plan: Plan, where: str) -> list[list[Any]]:
    """What the result depends on: files by size and time."""
    paths = [*(Path(plan.shop) / name for name in SHOP_FILES), Path(plan.state) / ERASED, *map(Path, plan.files)]
    marks: list[list[Any]] = [
        [str(path), path.stat().st_size, path.stat().st_mtime_ns] if path.exists() else [str(path)] for path in paths
    ]
    return [*marks, [plan.parts, where], [len(marks_in(Path(plan.state)))]]


def _held(folder: Path) -> Mapping[str, Any] | None:
    path = folder / PLAN_FILE
    try:
        held: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return held if held.keys() == {"inputs", "as_of"} else None
