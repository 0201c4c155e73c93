"""Erasing a customer everywhere.

It stands here because everything that holds something of customers can be reached from here: profiles, the agent's
consultations and orders, and samples. In: a shop, a customer. Out: receipts. Errors: those of opening the shop and of
`profiles.privacy.erasure`.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.checkpoints import CHECKPOINTS_FILE
from agent.erasure_targets import agent_places
from agent.shop import ORDERS_FILE, load_shop
from finetune.copies import left_in_copies
from finetune.logs.erasure import SampleSets
from finetune.logs.people import CUSTOMERS_FILE
from finetune.registry.registry import Registry
from profiles.preference.erasure import PreferenceFiles
from profiles.privacy.erasure import Erasure, Receipt
from profiles.privacy.erasure_targets import Place
from profiles.privacy.excluded import WHO
from profiles.privacy.profile_target import names_of
from profiles.shop.files import read_lines
from profiles.shop.imports import EVENT_FILES, open_store
from profiles.storage.database import DATABASE_FILE, chosen_database, reading


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom to erase, and where it is asked for. No `customer`: all who were erased and are there again.

    `samples`: files and folders of samples; `preference`: files of preference models; `by`: who asks.
    """

    customer: str | None
    shop: Path
    state: Path | None
    samples: Sequence[Path]
    preference: Sequence[Path]
    by: str


def erase(wish: Wish) -> list[Receipt]:
    """One receipt a customer."""
    state = wish.state or load_shop(wish.shop).default_state
    database = chosen_database(os.environ)
    store = open_store(wish.shop, state, database)
    try:
        files: list[Place] = [SampleSets(wish.samples), PreferenceFiles(wish.preference)]
        places: list[Place] = [*files, *agent_places(store.engine, state)]
        erasure = Erasure(store, state)
        if wish.customer is None:
            return erasure.run_again(places, wish.by)
        with reading(store.engine) as connection:
            _, names = names_of(connection, wish.customer)
        receipt = erasure.run(wish.customer, places, wish.by, left_in_files(wish.shop, wish.customer))
        before = left_in_databases(state) if store.engine.dialect.name != "sqlite" else []
        copies = left_in_copies(state, names)
        return [receipt.with_left([*before, *copies, *tainted(Registry(state, database))])]
    finally:
        store.engine.dispose()


def left_in_files(shop: Path, customer: str) -> list[str]:
    """Where the customer still stands in the shop's own files, which are the shop's to change."""
    fields = {CUSTOMERS_FILE: "id", ORDERS_FILE: "customer", **dict.fromkeys(EVENT_FILES, "userId")}
    found = []
    for name, field in fields.items():
        count = sum(str(line.get(field)) == customer for line in read_lines(shop / name))
        if count:
            found.append(f"still in {name}: {count} lines of the shop's own")
    return found


def left_in_databases(state: Path) -> list[str]:
    """SQLite files of a shop that has chosen PostgreSQL since: no command reads them any more."""
    there = [name for name in (DATABASE_FILE, CHECKPOINTS_FILE) if (state / name).is_file()]
    return [f"not erased from {state / name}, which PostgreSQL has replaced: remove the file" for name in there]


def tainted(registry: Registry) -> list[str]:
    """Adapters that have learnt from somebody of whom nothing may be learnt any more."""
    learnt = {version.id: len(samples) for version in registry.versions() if (samples := registry.taint(version.id))}
    serving = ", and serves: publish another or roll back"
    return [
        f"adapter {version} has learnt from {count} samples of {WHO}{serving if version == registry.current else ''}"
        for version, count in learnt.items()
    ]
