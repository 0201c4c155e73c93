"""Co-visits in parts: acts of some customers in, counts that add up with those of other customers out.

Pairs of items are made within one customer only, so the counts of all are the sum of the parts'. All parts count from
one moment on (`ORIGIN`), else their decayed sums could not be added. The model holds counts and no histories: whoever
serves it gives it those of the customers at hand, from their events.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sqlalchemy import Connection

from profiles.build.plan import Plan
from profiles.events import ledger
from profiles.events.clocks import EARLIEST
from profiles.events.event import WEIGHTS
from profiles.events.machines import count_windows, machine_windows, windows_of
from profiles.journal import batched
from profiles.preference.covisitation import KIND, Covisitation
from profiles.preference.history import Histories
from profiles.preference.model import Event
from profiles.preference.products import Products
from profiles.preference.storage import Arrays, read_model, write_model
from profiles.storage.tables import events, time_text

ORIGIN = EARLIEST.timestamp()


def part_of_covisits(plan: Plan, path: Path, connection: Connection, owners: Sequence[str]) -> None:
    """Learn from all acts that the database has of these customers; write the counts."""
    header, arrays = blank(plan).state()
    model = Covisitation.from_state(header | {"decay": [header["decay"][0], ORIGIN, 1.0]}, arrays)
    for names in batched(owners):
        acts = ledger.load_events(connection, events, names)
        for name in sorted(acts):
            for event in _acts(name, acts[name], plan):
                model.learn(event)
        model.histories = Histories()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_model(path, KIND, *model.state())


def blank(plan: Plan) -> Covisitation:
    """A model of the shop's catalogue that has learnt nothing."""
    named = {sku: [f"{name}={value}" for name in held for value in held[name]] for sku, held in plan.products.items()}
    return Covisitation(Products(named))


def add_up(plan: Plan, paths: Sequence[Path], target: Path) -> None:
    """Write the model of all parts: sparse arrays, which take a fraction of what an open model does."""
    header, arrays = blank(plan).state()
    size = len(header["products"]["items"])
    counts, pairs, newest = np.zeros(size), sparse.csr_matrix((size, size)), 1.0
    for path in paths:
        part, held = read_model(path, KIND)
        length = len(held["counts"])
        counts[:length] += held["counts"]
        pairs = pairs + _matrix(held, size)
        newest = max(newest, part["decay"][2])
    pairs.sort_indices()
    arrays = {
        "counts": counts,
        "lengths": np.diff(pairs.indptr).astype(np.int64),
        "numbers": pairs.indices.astype(np.int64),
        "pairs": pairs.data,
    }
    write_model(target, KIND, header | {"decay": [header["decay"][0], ORIGIN, newest]}, arrays)


def _matrix(held: Arrays, size: int) -> Any:
    pointers = np.zeros(size + 1, dtype=np.int64)
    pointers[1 : len(held["lengths"]) + 1] = np.cumsum(held["lengths"])
    pointers[len(held["lengths"]) + 1 :] = len(held["numbers"])
    return sparse.csr_matrix((held["pairs"], held["numbers"], pointers), shape=(size, size))


def _acts(name: str, items: Sequence[Any], plan: Plan) -> list[Event]:
    """A person's acts on products of the catalogue, in the order of time."""
    times = {item.id: time_text(item.at) for item in items}
    machines = machine_windows(count_windows(times.values()))
    person = [item for item in items if not any(window in machines for window in windows_of(times[item.id]))]
    return [
        Event(item.id, name, sku, item.at.timestamp(), WEIGHTS[item.kind], item.kind == "bought")
        for item in sorted(person, key=lambda item: (item.at, item.id))
        if item.kind in WEIGHTS
        for sku in item.skus
        if sku in plan.products
    ]
