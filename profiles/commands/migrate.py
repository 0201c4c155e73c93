"""`migrate`: a database brought to the newest revision, as every start does; or a new revision written. Text out."""

import argparse
import os

from profiles.shop.files import load_schema
from profiles.storage.database import DATABASE_FILE, chosen_database, open_database
from profiles.storage.migration import migrate, newest_revision, write_revision


def run_migrate(options: argparse.Namespace) -> None:
    """The shop's database, or with `--database` one alone."""
    if options.write:
        print(f"written: {write_revision(options.write)}; read it before you commit it")
        return
    if not options.database:
        load_schema(options.shop)  # a folder that is no shop gets no database
    state = options.state or options.shop / "state"
    engine = open_database(options.database or chosen_database(os.environ) or state / DATABASE_FILE)
    for line in migrate(engine):
        print(f"applied: {line}")
    print(f"{engine.url.render_as_string()} is at revision {newest_revision()}")
