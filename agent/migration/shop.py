"""All that a shop's database holds, moved into another one: `Kept` for both in, what was moved out.

    moved = move(Kept(source_engine, state), Kept(target_engine, state), progress)

Nobody can write to the source meanwhile, and nothing is written to it. The target is one transaction (`files` makes
SQLite's files whole): before it is kept, every table is read back and compared with what was read, row by row. Errors:
`Refused` for a target that holds data, `StorageError` for a source of another version, or where the two differ.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, inspect

from agent.cart.tables import metadata as cart_tables
from agent.checkpoints import checkpoint_errors, open_checkpoints
from agent.conversations import metadata as conversation_tables
from agent.handoff import metadata as handoff_tables
from agent.migration.consultations import Consultations, consultations_of, move_consultations, tally_consultations
from agent.orders.book import metadata as order_tables
from agent.orders.cases import metadata as case_tables
from agent.orders.proposals import metadata as proposal_tables
from errors import Refused, StorageError
from profiles.storage.database import make_tables, reading, writing
from profiles.storage.migration import VERSION_TABLE, migrate, newest_revision, revision_of
from profiles.storage.tables import metadata as profile_tables
from profiles.storage.transfer import Tally, copy_table, filled, keep_still, tables_there, tally_of

_AGENTS = (order_tables, proposal_tables, case_tables, cart_tables, handoff_tables, conversation_tables)
TABLES: Sequence[Table] = [table for each in (profile_tables, *_AGENTS) for table in each.sorted_tables]
_OTHERS = {VERSION_TABLE, "checkpoints", "checkpoint_blobs", "checkpoint_writes", "checkpoint_migrations"}
_SAID_EVERY = 20_000  # rows

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """A database, and the directory where an SQLite one has its consultations."""

    engine: Engine
    state: Path


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved, by table. `left`: tables in the source that are none of the shop's."""

    tables: Mapping[str, Tally]
    left: Sequence[str]

    @property
    def rows(self) -> int:
        return sum(tally.rows for tally in self.tables.values())

    def to_json(self) -> dict[str, Any]:
        tables = {name: {"rows": tally.rows, "digest": tally.digest} for name, tally in self.tables.items()}
        return {"rows": self.rows, "tables": tables, "left": list(self.left)}

    def lines(self) -> list[str]:
        """For a person."""
        rows = [f"{name:<20} {tally.rows:>10}  {tally.digest}" for name, tally in self.tables.items()]
        left = [f"not moved: {name}, a table that is none of the shop's" for name in self.left]
        return [f"{'table':<20} {'rows':>10}  digest, the same in both", *rows, f"{'all':<20} {self.rows:>10}", *left]


def move(source: Kept, target: Kept, progress: Progress = lambda line: None) -> Moved:
    """Everything, or nothing."""
    _check_revision(source.engine)
    _refuse_filled(target)
    _prepare(target)
    with ExitStack() as stack:
        for one in (source, target):
            stack.enter_context(checkpoint_errors(one.engine, "the consultations cannot be moved; nothing was"))
        here, there = (stack.enter_context(writing(one.engine)) for one in (source, target))
        keep_still(here, tables_there(here, TABLES))
        said, saying = (
            stack.enter_context(consultations_of(connection, one.state))
            for connection, one in ((here, source), (there, target))
        )
        read = {table.name: copy_table(here, there, table, _told(progress, table.name)) for table in _of(here)}
        if said and saying:
            read |= move_consultations(said, saying, lambda name, rows: progress(f"{name}: {rows} rows"))
        progress(f"comparing {sum(tally.rows for tally in read.values())} rows")
        _compare(read, there, saying)
        return Moved(read, _strangers(here))


def _check_revision(engine: Engine) -> None:
    with reading(engine) as connection:
        now = revision_of(connection)
    if now != newest_revision():
        raise StorageError(
            f"database {engine.url.render_as_string()} is at revision {now}, and this version of the code at "
            f"{newest_revision()}: bring it up to date first (python -m profiles migrate)"
        )


def _refuse_filled(target: Kept) -> None:
    with reading(target.engine) as connection:
        held = filled(connection, TABLES)
    with reading(target.engine) as connection, consultations_of(connection, target.state) as talks:
        held += ["checkpoints"] if talks and not talks.is_empty() else []
    if held:
        raise Refused(
            f"{target.engine.url.render_as_string()} holds data already ({', '.join(held)}): nothing is moved over it; "
            "name an empty database"
        )


def _prepare(target: Kept) -> None:
    migrate(target.engine)
    for declared in _AGENTS:
        make_tables(target.engine, declared)
    with open_checkpoints(target.engine, target.state):
        pass  # their tables are made


def _of(connection: Connection) -> Sequence[Table]:
    """A shop that has never had an agent has no tables of one."""
    return tables_there(connection, TABLES)


def _told(progress: Progress, name: str) -> Callable[[int], None]:
    """A line now and then."""

    def tell(rows: int) -> None:
        if rows % _SAID_EVERY == 0:
            progress(f"{name}: {rows} rows")

    return tell


def _compare(read: Mapping[str, Tally], there: Connection, talks: Consultations | None) -> None:
    """Raises `StorageError` where the target does not hold what was read."""
    written = {table.name: tally_of(there, table) for table in TABLES}
    if talks:
        written |= tally_consultations(talks)
    for name, tally in written.items():
        expected = read.get(name, Tally())
        if tally != expected:
            raise StorageError(
                f"{name}: {expected.rows} rows (digest {expected.digest}) were read and {tally.rows} "
                f"({tally.digest}) are in the target; nothing was kept"
            )


def _strangers(connection: Connection) -> list[str]:
    known = {table.name for table in TABLES} | _OTHERS
    return sorted(name for name in inspect(connection).get_table_names() if name not in known)
