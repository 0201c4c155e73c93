"""Nothing left in the file: what was deleted from a database is overwritten, not only unlinked.

In: an engine, or an open SQLite connection. Out: nothing. SQLite leaves deleted rows in free pages and in its log: the
file is written anew and the log cut to nothing. PostgreSQL writes such space over in its own time (`VACUUM`); no query
finds the rows from the moment of their deletion on. Errors: `StorageError` while somebody else's long read holds on to
the old rows; to ask again is enough.
"""

import sqlite3
from contextlib import closing

from sqlalchemy import Engine

from errors import StorageError
from profiles.storage.database import BUSY_SECONDS, reading


def overwrite_freed(engine: Engine) -> None:
    """What was deleted from this database cannot be read from its files."""
    if engine.dialect.name != "sqlite":
        return
    with reading(engine) as connection:
        path = connection.exec_driver_sql("PRAGMA database_list").all()[0][2]
    engine.dispose()  # this process's own idle connections would hold on to the log
    if path:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as database:
            overwrite_freed_in(database)


def overwrite_freed_in(database: sqlite3.Connection) -> None:
    """The same over a connection that is in no transaction."""
    try:
        database.execute("VACUUM")
        busy, *_ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        raise StorageError(f"deleted rows cannot be overwritten yet: {error}; run it again") from error
    if busy:
        raise StorageError("deleted rows cannot be overwritten yet: the database is being read; run it again")
