"""Move a shop's database: all that SQLite files hold into PostgreSQL, or the other way round.

In: a shop, and where to. Out: what was moved, with a digest of each table that is the same on both sides.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.checkpoints import CHECKPOINTS_FILE
from agent.cli import add_log_level, add_shop, add_state, set_up
from agent.migration.files import drafts
from agent.migration.shop import Kept, Moved, move
from agent.shop import load_shop
from errors import ConfigError, NotFound, ShopkeeperError
from profiles.storage.database import DATABASE, DATABASE_FILE, chosen_database, open_database, postgresql_url

SQLITE = "sqlite"
EPILOG = f"""examples:
  python -m agent.migration --to postgresql+psycopg://user@host/shop          from the files in the state directory
  {DATABASE}=postgresql+psycopg://user@host/shop python -m agent.migration --to sqlite       and back

Stop what works on the database first; who writes to it meanwhile waits. The target must hold nothing. All is moved in
one go and compared before it is kept: when the command fails, nothing was moved. The source stays as it is; an erasure
does not reach it any more, so remove it once the shop works. The other files of the state directory stay in use.
A password on the command line can be seen by others of this machine: PGPASSWORD, or ~/.pgpass, keeps it to itself.

exit codes: 0 moved; 2 wrong setting or shop; 3 a value that PostgreSQL cannot hold; 4 nothing to move; 5 the target
holds data; 7 storage trouble
"""


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, move, say what was moved."""
    options = _parser().parse_args(arguments)
    try:
        set_up(options.log_level)
        state = options.state or load_shop(options.shop).default_state
        moved, after = _move(state, chosen_database(os.environ), options.to)
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped; nothing was moved", file=sys.stderr)
        return 130
    print(json.dumps(moved.to_json()) if options.json else "\n".join([*moved.lines(), "", after]))
    return 0


def _move(state: Path, chosen: str | None, to: str) -> tuple[Moved, str]:
    """What was moved, and what the shop does next."""
    files = state / DATABASE_FILE
    if to == SQLITE:
        if chosen is None:
            raise ConfigError(f"{DATABASE} is not set: the shop is on SQLite already; --to takes a PostgreSQL URL")
        with _opened(chosen, state) as source, drafts(state) as folder:
            with _opened(folder / DATABASE_FILE, folder) as target:
                moved = move(source, target, _progress)
            return moved, f"The shop's database is {files} now: start its processes without {DATABASE}."
    url = postgresql_url(to, "--to")
    if chosen is None and not files.is_file():
        raise NotFound(f"there is no {files}: nothing to move")
    with _opened(chosen or files, state) as source, _opened(url, state) as target:
        if source.engine.url == target.engine.url:
            raise ConfigError(f"{DATABASE} is the database that --to names: nothing to move; unset it")
        moved = move(source, target, _progress)
        there = target.engine.url.render_as_string()
    left = "" if chosen else f" {files} and {CHECKPOINTS_FILE} stay as they were; remove them once the shop works."
    return moved, f"Start the shop's processes with {DATABASE}={there} (and its password).{left}"


@contextmanager
def _opened(place: str | Path, state: Path) -> Iterator[Kept]:
    engine = open_database(place)
    try:
        yield Kept(engine, state)
    finally:
        engine.dispose()


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agent.migration",
        description="Move all that a shop's database holds into another one.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_shop(parser)
    add_state(parser)
    add_log_level(parser)
    parser.add_argument("--to", required=True, metavar="URL", help=f"a PostgreSQL URL, or {SQLITE!r}: the way back")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
