"""Where words still stand after an erasure: a state directory, a database and the words in, the places out."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine, MetaData, select

from profiles.storage.database import reading


def traces_in(state: Path, engine: Engine, words: Sequence[str]) -> list[str]:
    """ "place: word" for the bytes of every file and every column of every table, whoever made the table."""
    found = [
        f"{path.name}: {word}"
        for path in state.rglob("*")
        if path.is_file()
        for word in words
        if word.encode() in path.read_bytes()
    ]
    every = MetaData()
    every.reflect(engine)
    with reading(engine) as connection:
        for table in every.sorted_tables:
            for row in connection.execute(select(table)):
                found += [f"{table.name}: {word}" for word in words if word in repr(tuple(row))]
    return found
