"""Consultations from one database into another: LangGraph's savers on both sides, a checkpoint at a time in memory.

SQLite has a checkpoint in one piece, PostgreSQL in a row and a blob for each channel, so checkpoints go through the
savers; the writes of unfinished steps are the same rows in both. In: two `Consultations`, each within a transaction.
Out: tallies of what was read, by table. Errors: those of the drivers.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, Row, Table, Text, select

from agent.checkpoints import CHECKPOINTS_FILE, NO_POSTGRESQL
from errors import ConfigError
from profiles.storage.database import open_database, writing
from profiles.storage.transfer import ROWS_AT_ONCE, Tally, tables_there

Progress = Callable[[str, int], None]

_KEY = ("thread_id", "checkpoint_ns", "checkpoint_id")
checkpoints = Table("checkpoints", MetaData(), *(Column(name, Text, primary_key=True) for name in _KEY))


def _writes(name: str, value: str) -> Table:
    keys = [Column(part, Text, primary_key=True) for part in (*_KEY, "task_id")]
    rest = [Column(part, Text) for part in ("task_path", "channel", "type")]
    number = Column("idx", Integer, primary_key=True, autoincrement=False)
    return Table(name, MetaData(), *keys, number, *rest, Column(value, LargeBinary, key="value"))


@dataclass(frozen=True, slots=True)
class Consultations:
    """Those of one database. `writes`: its table of what unfinished steps have written."""

    connection: Connection
    saver: BaseCheckpointSaver[str]
    writes: Table

    def each(self) -> Iterator[CheckpointTuple]:
        """Every checkpoint, with all of its channels."""
        keys = select(checkpoints).execution_options(yield_per=ROWS_AT_ONCE)
        for key in self.connection.execute(keys):
            if found := self.saver.get_tuple({"configurable": dict(key._mapping)}):
                yield found

    def is_empty(self) -> bool:
        return self.connection.execute(select(checkpoints).limit(1)).first() is None


@contextmanager
def consultations_of(connection: Connection, state: Path) -> Iterator[Consultations | None]:
    """Of the database that `connection` is to, PostgreSQL's in it and SQLite's in a file beside; None if it has none.

    Nobody else writes to that file meanwhile.
    """
    if connection.dialect.name == "postgresql":
        yield _in_postgresql(connection) if tables_there(connection, [checkpoints]) else None
        return
    path = state / CHECKPOINTS_FILE
    if not path.is_file():
        yield None
        return
    engine = open_database(path)
    try:
        with writing(engine) as own:
            yield _in_sqlite(own) if tables_there(own, [checkpoints]) else None
    finally:
        engine.dispose()


def move_consultations(source: Consultations, target: Consultations, progress: Progress) -> dict[str, Tally]:
    """All of them; writes first, since SQLite's saver ends the transaction with each checkpoint."""
    writes, done = Tally(), Tally()
    for rows in _write_rows(source):
        for row in rows:
            writes.add(row)
        columns = [column.key for column in source.writes.c]
        target.connection.execute(target.writes.insert(), [dict(zip(columns, row, strict=True)) for row in rows])
        progress("writes", writes.rows)
    for one in source.each():
        done.add(_values(source, one))
        _put(target, one)
        if done.rows % ROWS_AT_ONCE == 0:
            progress("checkpoints", done.rows)
    return {"checkpoints": done, "writes": writes}


def tally_consultations(held: Consultations) -> dict[str, Tally]:
    """Of what a database holds."""
    writes, done = Tally(), Tally()
    for rows in _write_rows(held):
        for row in rows:
            writes.add(row)
    for one in held.each():
        done.add(_values(held, one))
    return {"checkpoints": done, "writes": writes}


def _in_sqlite(connection: Connection) -> Consultations:
    driver: Any = connection.connection.driver_connection
    saver = SqliteSaver(driver)
    saver.is_setup = True  # making the tables would end the transaction
    return Consultations(connection, saver, _writes("writes", "value"))


def _in_postgresql(connection: Connection) -> Consultations:
    try:
        from langgraph.checkpoint.postgres import PostgresSaver  # an optional package
    except ImportError as error:
        raise ConfigError(f"{NO_POSTGRESQL}: {error}") from error
    driver: Any = connection.connection.driver_connection
    return Consultations(connection, PostgresSaver(driver), _writes("checkpoint_writes", "blob"))


def _write_rows(held: Consultations) -> Iterator[Sequence[Row[Any]]]:
    rows = held.connection.execute(select(held.writes).execution_options(yield_per=ROWS_AT_ONCE))
    yield from rows.partitions()


def _put(target: Consultations, one: CheckpointTuple) -> None:
    """As the saver of a running graph does it, the parent being the checkpoint that it came after."""
    own = one.config["configurable"]
    place = {"thread_id": own["thread_id"], "checkpoint_ns": own["checkpoint_ns"], "checkpoint_id": _parent(one)}
    target.saver.put({"configurable": place}, one.checkpoint, one.metadata, one.checkpoint["channel_versions"])


def _values(held: Consultations, one: CheckpointTuple) -> list[Any]:
    """The checkpoint as plain values that do not depend on how a database takes it apart."""
    own = one.config["configurable"]
    packed = held.saver.serde.dumps_typed
    channels = [(name, packed(value)) for name, value in sorted(one.checkpoint["channel_values"].items())]
    rest = {name: value for name, value in one.checkpoint.items() if name != "channel_values"}
    return [*(own[name] for name in _KEY), _parent(one), channels, _json(rest), _json(one.metadata)]


def _parent(one: CheckpointTuple) -> str | None:
    return one.parent_config["configurable"]["checkpoint_id"] if one.parent_config else None


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
