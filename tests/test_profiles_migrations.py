"""Databases of every age open: nothing is lost, two that start at once agree, and a newer one is refused."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from errors import StorageError
from profiles.__main__ import main
from profiles.customer import Customer
from profiles.fold import fold
from profiles.storage.database import open_database, reading, writing
from profiles.storage.migration import (
    FIRST,
    VERSION_TABLE,
    config_of,
    migrate,
    newest_revision,
    revision_of,
)
from profiles.storage.tables import metadata, row_of
from profiles.store import ProfileStore
from tests.profile_stores import NOW, held, merged_into
from tests.profiles_shop import SCHEMA, observation

ROOT = Path(__file__).resolve().parent.parent
JOURNAL = [
    observation("1", "color", "navy", polarity="like"),
    observation("2", "budget", 150.0),
    observation("3", "budget", 200.0, days=1),
    observation("4", "color", "navy", polarity="dislike", days=2),
]
ANNA = Customer("C1", "Anna", consent={"profiling": True})
_NEWER = ("event_counted", "consent", "tombstone", "access", "left_out_order", "api_key", "sign_in_code", "kept_answer")
START = "import sys; from profiles.storage.migration import migrate; "
START += "from profiles.storage.database import open_database; "
START += "sys.stdin.readline(); migrate(open_database(sys.argv[1]))"


def open_first(url: str) -> Engine:
    """A database as the first revision made it, with a journal, a customer and a projection of that time."""
    engine = open_database(url)
    with writing(engine) as connection:
        command.upgrade(config_of(connection), FIRST)
        for item in JOURNAL:
            row = {name: value for name, value in row_of(item).items() if name != "about"}
            names = ", ".join(row)
            connection.execute(text(f"INSERT INTO observation ({names}) VALUES (:{', :'.join(row)})"), row)
        record = {"id": "C1", "record": json.dumps({"id": "C1", "name": "Anna", "consent": {"profiling": True}})}
        connection.execute(text("INSERT INTO customer (id, record) VALUES (:id, :record)"), record)
        old = {"customer": "C1", "body": "{}", "newest": JOURNAL[0].at.isoformat(), "rules": "old"}
        names = ", ".join(old)
        connection.execute(text(f"INSERT INTO profile ({names}) VALUES (:{', :'.join(old)})"), old)
    return engine


def forget_revision(engine: Engine) -> None:
    """As it was before revisions were counted: the tables that came since are not there either."""
    with writing(engine) as connection:
        for name in (VERSION_TABLE, *_NEWER):
            connection.execute(text(f"DROP TABLE IF EXISTS {name}"))


def assert_nothing_lost(store: ProfileStore) -> None:
    assert store.history("C1") == JOURNAL
    assert store.customer("C1") == ANNA
    assert held(store.read("C1", NOW)) == held(fold(JOURNAL, SCHEMA, NOW))
    with reading(store.engine) as connection:
        assert revision_of(connection) == newest_revision()


def test_a_database_of_the_first_revision_is_migrated_at_the_start_and_loses_nothing(url: str) -> None:
    engine = open_first(url)
    store = ProfileStore(engine, SCHEMA)
    assert_nothing_lost(store)
    said = observation("5", "budget", 300.0, days=3)
    assert [trait.value for trait in store.append([said]).added] == [300.0]  # and none of what was known before
    assert store.history("C1") == [*JOURNAL, said]
    assert not inspect(engine).has_table("profile")
    engine.dispose()


def test_a_database_from_before_revisions_were_counted_is_migrated_too(url: str) -> None:
    engine = open_first(url)
    forget_revision(engine)
    assert_nothing_lost(ProfileStore(engine, SCHEMA))
    engine.dispose()


def test_a_database_that_has_the_new_tables_and_no_revision_keeps_what_is_in_them(url: str) -> None:
    engine = open_database(url)
    store = ProfileStore(engine, SCHEMA)
    store.put_customers([ANNA])
    store.append(JOURNAL)
    store.merge("V1", "C1")
    forget_revision(engine)
    again = ProfileStore(engine, SCHEMA)
    assert_nothing_lost(again)
    assert merged_into(again, "C1") == ["V1"]
    engine.dispose()


def test_customers_of_an_older_database_are_found_by_their_address(url: str) -> None:
    engine = open_first(url)
    with writing(engine) as connection:
        command.upgrade(config_of(connection), "0006")
        record = {"id": "C7", "record": json.dumps({"id": "C7", "name": "Gus", "email": " Gus@Example.org"})}
        connection.execute(text("INSERT INTO customer (id, record) VALUES (:id, :record)"), record)
    store = ProfileStore(engine, SCHEMA)
    assert store.customers_at("gus@example.org") == ["C7"] and store.customers_at("") == []
    engine.dispose()


def test_a_database_that_is_up_to_date_is_left_alone(url: str) -> None:
    engine = open_database(url)
    migrate(engine)
    assert list(migrate(engine)) == []
    engine.dispose()


def test_revisions_and_declared_tables_agree(url: str) -> None:
    engine = open_database(url)
    with writing(engine) as connection:
        command.upgrade(config_of(connection), "head")
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_migrated_sqlite_stores_rows_as_a_new_one_does(tmp_path: Path) -> None:
    kinds = []
    for name in ("migrated.db", "new.db"):
        engine = open_first(f"sqlite:///{tmp_path / name}") if name == "migrated.db" else open_database(tmp_path / name)
        migrate(engine)
        with reading(engine) as connection:
            listed = connection.execute(text("SELECT name, ncol, wr FROM pragma_table_list WHERE type = 'table'"))
            kinds.append({tuple(row) for row in listed})
        engine.dispose()
    assert kinds[0] == kinds[1]


def test_a_database_of_a_newer_version_is_refused_and_stays_as_it_was(url: str) -> None:
    engine = open_database(url)
    ProfileStore(engine, SCHEMA).append(JOURNAL)
    with writing(engine) as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(StorageError, match=r"'9999'.*newer one made it; update the code"):
        ProfileStore(engine, SCHEMA)
    with reading(engine) as connection:
        assert revision_of(connection) == "9999"
        assert connection.execute(text("SELECT count(*) FROM observation")).scalar_one() == len(JOURNAL)
    engine.dispose()


def test_a_migration_that_fails_leaves_the_database_as_it_was(url: str) -> None:
    engine = open_first(url)
    with writing(engine) as connection:  # what the second revision makes after other things is taken
        connection.execute(text("CREATE VIEW event_aside AS SELECT 1 AS one"))
    with pytest.raises(StorageError):
        migrate(engine)
    with reading(engine) as connection:
        assert revision_of(connection) == FIRST
        assert connection.execute(text("SELECT count(*) FROM profile")).scalar_one() == 1
    with writing(engine) as connection:
        connection.execute(text("DROP VIEW event_aside"))
    assert_nothing_lost(ProfileStore(engine, SCHEMA))
    engine.dispose()


@pytest.mark.parametrize("age", ["new", "old"])
def test_processes_that_start_at_once_all_open_it(url: str, age: str) -> None:
    if age == "old":
        open_first(url).dispose()
    command_line = [sys.executable, "-c", START, url]
    started = [
        subprocess.Popen(command_line, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in started]
    assert ended == [("", 0)] * len(started)
    store = ProfileStore(open_database(url), SCHEMA)
    if age == "old":
        assert_nothing_lost(store)
    store.engine.dispose()


def test_the_command_says_what_it_applied_and_where_the_database_is_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shopkeeper.db"
    open_first(f"sqlite:///{path}").dispose()
    assert main(["migrate", "--state", str(tmp_path)]) == 0
    first = capsys.readouterr().out
    assert "applied: 0002" in first and f"at revision {newest_revision()}" in first
    assert main(["migrate", "--database", str(path)]) == 0
    assert "applied" not in capsys.readouterr().out


def test_a_declared_table_becomes_a_revision_that_older_databases_then_get(tmp_path: Path) -> None:
    clone, place = tmp_path / "clone", tmp_path / "shopkeeper.db"
    for folder in ("profiles", "language"):
        shutil.copytree(ROOT / folder, clone / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for module in ("errors.py", "clock.py"):
        shutil.copy(ROOT / module, clone)
    open_first(f"sqlite:///{place}").dispose()
    declared = 'notes = Table("note", metadata, Column("customer", String(100), primary_key=True))'
    tables = clone / "profiles" / "storage" / "tables.py"
    tables.write_text(tables.read_text(encoding="utf-8").replace("\nevents = ", f"\n{declared}\nevents = ", 1))
    for arguments in (["--write", "notes"], ["--database", str(place)]):
        command_line = [sys.executable, "-m", "profiles", "migrate", *arguments]
        done = subprocess.run(command_line, cwd=clone, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
    number = f"{int(newest_revision()) + 1:04d}"
    assert f"applied: {number} Notes" in done.stdout and f"at revision {number}" in done.stdout
    engine = open_database(place)
    assert inspect(engine).has_table("note")
    engine.dispose()
