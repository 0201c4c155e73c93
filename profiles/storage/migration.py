"""Brings a profile database to the tables that the code declares: an engine in, the revisions that were applied out.

A new database gets the declared tables; an older one the revisions it lacks (`profiles.storage.migrations` says how
to write one); a database without a revision was made before they were counted. All in one transaction, and one
process at a time: others that start meanwhile wait, and find nothing left to do. Errors: `StorageError` for a
database that a newer version of the code made, and for one that cannot be read or written; it stays as it was.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from errors import StorageError, choices
from profiles.storage.database import open_database, reading, stay_alone, writing
from profiles.storage.tables import metadata, observations

FIRST = "0001"  # where databases stand that were made before revisions were counted
NEWEST = "head"
VERSION_TABLE = "profiles_version"
_FOLDER = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> Sequence[str]:
    """The revisions that were applied, oldest first, each with its title; none if the database was up to date."""
    with reading(engine) as connection:
        if revision_of(connection) == newest_revision():
            return ()
    with writing(engine) as connection:
        stay_alone(connection)
        return _migrate(connection, engine)


def revision_of(connection: Connection) -> str | None:
    """Where the database stands; None if that was never noted."""
    return _context(connection).get_current_revision()


@lru_cache(maxsize=1)
def newest_revision() -> str:
    """What the code declares."""
    newest = scripts().get_current_head()
    if newest is None:
        raise StorageError(f"no revisions in {_FOLDER}; the clone is damaged")
    return newest


@lru_cache(maxsize=1)
def scripts() -> ScriptDirectory:
    """The revisions, as Alembic reads them."""
    return ScriptDirectory.from_config(config_of(None))


def config_of(connection: Connection | None) -> Config:
    """Alembic's settings, to run a command of its own on a connection that is in a transaction."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "r%%(rev)s_%%(slug)s")
    config.attributes |= {"connection": connection, "version_table": VERSION_TABLE}
    return config


def write_revision(message: str) -> Path:
    """A new revision from what is declared and no revision has yet; to be read before it is committed."""
    engine = open_database("sqlite://")
    number = f"{int(newest_revision()) + 1:04d}"
    with writing(engine) as connection:
        command.upgrade(config_of(connection), NEWEST)
        made = command.revision(config_of(connection), message, autogenerate=True, rev_id=number)
    engine.dispose()
    if made is None or isinstance(made, list):
        raise StorageError(f"no revision was written to {_FOLDER}")
    return Path(made.path)


def _migrate(connection: Connection, engine: Engine) -> Sequence[str]:
    now = revision_of(connection)
    if now is None and not inspect(connection).has_table(observations.name):
        metadata.create_all(connection)
        _context(connection).stamp(scripts(), NEWEST)
        return ()
    known = [script.revision for script in scripts().walk_revisions()]
    if now is not None and now not in known:
        raise StorageError(
            f"database {engine.url.render_as_string()} is at revision {now!r}, which this version of the code does not "
            f"know (it knows {choices(known)}): a newer one made it; update the code; nothing was changed"
        )
    if now is None:
        now = FIRST
        _context(connection).stamp(scripts(), FIRST)
    command.upgrade(config_of(connection), NEWEST)
    applied = list(scripts().iterate_revisions(NEWEST, now))
    return [f"{script.revision} {script.doc.partition(chr(10))[0].rstrip('.')}" for script in reversed(applied)]


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
