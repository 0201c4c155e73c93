"""`python -m profiles.commands.scale`: how a shop's database grows with its customers, for as long as there is time.

In: steps of customers and events, and a shop whose catalogue and schema they follow. Out: a line a step, or JSON:
events taken in a second while it grew, size of the database, and milliseconds (median, 99th percentile) that a read of
a card, a durable append of a statement and the durable taking of one event take then. One database grows from step to
step: a new SQLite file that is removed again, or the empty database at `--database`, which keeps what was written.
"""

import argparse
import json
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from random import Random

from sqlalchemy import Engine, text

from errors import ConfigError
from profiles.card import card
from profiles.commands.speed import statements
from profiles.customer import Customer
from profiles.events.affinity import Products
from profiles.events.bench import acts
from profiles.events.intake import EventIntake
from profiles.observation import Observation
from profiles.shop.files import load_products, load_schema
from profiles.storage.database import DATABASE_FILE, open_database, reading
from profiles.store import ProfileStore

STEPS = ("1000:10000", "1000:100000", "10000:1000000", "100000:3000000")
STATED = 3  # by each customer, beside what their acts say
BATCH = 50_000
LATE = datetime(2030, 1, 1, tzinfo=UTC)  # no event is from the future


@dataclass(frozen=True, slots=True)
class Step:
    """What was measured once the database held so much; all but `events_per_second` and sizes in milliseconds."""

    customers: int
    events: int
    events_per_second: int
    events_per_processor_second: int
    database_mb: float
    read_p50: float
    read_p99: float
    append_p50: float
    append_p99: float
    event_p50: float
    event_p99: float
    peak_memory_mb: int


class Growth:
    """One database, step by step larger."""

    def __init__(self, store: ProfileStore, products: Products, times: int) -> None:
        self._store, self._products, self._times = store, products, times
        self._intake = EventIntake(store, products, lambda: LATE)
        self._names: list[str] = []
        self._taken = 0
        self._random = Random(7)
        self._numbers = count()

    def grow(self, customers: int, events: int) -> Step:
        """To so many in all."""
        self._add_customers(customers)
        seconds, processor, new = self._add_events(events)
        read = self._timed(lambda name: card(self._store.read(name), self._store.schema))
        append = self._timed(lambda name: self._store.append(self._said(name, 1)))
        event = self._timed(lambda name: self._intake.take(list(acts(1, [name], self._products, self._next()))))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        rates = round(new / seconds) if new else 0, round(new / processor) if new else 0
        size = round(database_bytes(self._store.engine) / 1e6, 1)
        return Step(len(self._names), self._taken, *rates, size, *read, *append, *event, peak)

    def _add_customers(self, customers: int) -> None:
        names = [f"C{number}" for number in range(len(self._names), customers)]
        for start in range(0, len(names), 1000):
            part = names[start : start + 1000]
            self._store.put_customers([Customer(name, "Somebody", consent={"profiling": True}) for name in part])
            self._store.append([item for name in part for item in self._said(name, STATED)])
        self._names += names

    def _add_events(self, events: int) -> tuple[float, float, int]:
        """Seconds by the clock and of the processor, without the making of the events; and how many they were."""
        clock = processor = 0.0
        before, made = self._taken, acts(events - self._taken, self._names, self._products, self._taken)
        while batch := list(islice(made, BATCH)):
            begun, worked = time.perf_counter(), time.process_time()
            self._taken += self._intake.take(batch).read
            clock, processor = clock + time.perf_counter() - begun, processor + time.process_time() - worked
        return clock, processor, self._taken - before

    def _said(self, name: str, number: int) -> list[Observation]:
        said = islice(statements(self._store.schema, name, self._random), number)
        return [replace(item, id=f"{name}:{next(self._numbers)}") for item in said]

    def _next(self) -> int:
        self._taken += 1
        return self._taken - 1

    def _timed(self, act: Callable[[str], object]) -> tuple[float, float]:
        """Median and 99th percentile, each time of another customer."""
        taken = []
        for name in self._random.choices(self._names, k=self._times):
            start = time.perf_counter()
            act(name)
            taken.append(1000 * (time.perf_counter() - start))
        taken.sort()
        return round(taken[self._times // 2], 2), round(taken[min(self._times - 1, self._times * 99 // 100)], 2)


def database_bytes(engine: Engine) -> int:
    """What it takes on disk."""
    if engine.dialect.name == "postgresql":
        with reading(engine) as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    path = Path(str(engine.url.database))
    return sum(part.stat().st_size for part in path.parent.glob(f"{path.name}*"))


def steps(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """ "1000:10000": a thousand customers, ten thousand events. Errors: `ConfigError`."""
    for one in texts:
        customers, _, events = one.partition(":")
        if not (customers.isdecimal() and events.isdecimal() and int(customers) > 0):
            raise ConfigError(f"step {one!r}: expected CUSTOMERS:EVENTS, like 1000:10000")
        yield int(customers), int(events)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m profiles.commands.scale", description=__doc__.partition("\n")[0])
    parser.add_argument("--shop", type=Path, default=Path("shop"), help="the shop's directory (default: shop)")
    parser.add_argument("--steps", nargs="+", default=STEPS, metavar="CUSTOMERS:EVENTS", help="in all, growing")
    parser.add_argument("--times", type=int, default=300, help="how often each is timed")
    parser.add_argument("--database", metavar="URL", help="an empty database, in place of a new SQLite file")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    options = parser.parse_args(arguments)
    try:
        planned = list(steps(options.steps))
    except ConfigError as error:
        parser.error(str(error))
    schema = load_schema(options.shop)
    with tempfile.TemporaryDirectory(prefix="shopkeeper-scale-") as folder:
        engine = open_database(options.database or Path(folder) / DATABASE_FILE)
        growth = Growth(ProfileStore(engine, schema), load_products(options.shop, schema), options.times)
        where = {"database": engine.dialect.name, "cores": os.cpu_count(), "system": platform.platform()}
        print(json.dumps(where) if options.json else "  ".join(f"{name}: {value}" for name, value in where.items()))
        for number, (customers, events) in enumerate(planned):
            figures = asdict(growth.grow(customers, events))
            if options.json:
                print(json.dumps(figures), flush=True)
                continue
            if number == 0:
                print("  ".join(figures))
            print("  ".join(f"{value:>{len(name)}}" for name, value in figures.items()), flush=True)
        engine.dispose()


if __name__ == "__main__":
    main()
