"""How fast events are taken in: a generated file in, events a second out, into a database of its own.

`python -m profiles events --bench 200000`. Customers come by for ten sessions of ten acts, all mixed, in order of time;
a session looks at one kind of product, and a customer at three kinds in all. Beside it stands what the least takes that
somebody could do instead: the same lines as rows of a table, each message id once, and nothing learnt from them.
"""

import json
import resource
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from profiles.customer import Customer
from profiles.events.affinity import Products
from profiles.events.files import LINES_PER_BATCH, take_file
from profiles.events.intake import EventIntake
from profiles.schema import Schema
from profiles.storage.database import DATABASE_FILE, open_database
from profiles.store import ProfileStore

ACTS_PER_SESSION = 10
SESSIONS_PER_CUSTOMER = 10
START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("Product Viewed",) * 6 + ("Product Clicked",) * 2 + ("Product Added", "Products Searched")


def measure(schema: Schema, products: Products, count: int) -> dict[str, Any]:
    """Seconds by the clock and of the processor; the machine may have more to do.

    The processor's are those of the process that takes in, which sets the pace; what reads ahead of it runs beside it.
    """
    customers = [f"C{number}" for number in range(max(1, count // (ACTS_PER_SESSION * SESSIONS_PER_CUSTOMER)))]
    with TemporaryDirectory(prefix="shopkeeper-bench-") as folder:
        path = Path(folder) / "events.jsonl"
        with path.open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(event) + "\n" for event in acts(count, customers, products))
        store = ProfileStore(open_database(Path(folder) / DATABASE_FILE), schema)
        store.put_customers([Customer(name, consent={"profiling": True}) for name in customers])
        intake = EventIntake(store, products)
        clock, processor, ahead = time.perf_counter(), time.process_time(), _children_seconds()
        report = take_file(intake, path)
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        ahead = _children_seconds() - ahead
        first = report.to_json() | {"aside": sum(report.aside.values())}
        store.engine.dispose()
        rows_only = _rows_only(path, Path(folder) / "rows.db")
    return first | {
        "customers": len(customers),
        "seconds": round(clock, 2),
        "events_per_second": round(count / clock),
        "processor_seconds": round(processor, 2),
        "reading_processor_seconds": round(ahead, 2),
        "events_per_processor_second": round(count / processor),
        "rows_only_per_second": round(count / rows_only),
        "times_rows_only": round(clock / rows_only, 1),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _children_seconds() -> float:
    """Of the processor, by processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _rows_only(events: Path, database: Path) -> float:
    """Seconds by the clock for the file as rows of a table, durable, in batches of the same size."""
    started = time.perf_counter()
    with closing(sqlite3.connect(database)) as rows, events.open(encoding="utf-8") as lines:
        rows.execute("PRAGMA journal_mode=WAL")
        rows.execute("PRAGMA synchronous=FULL")
        rows.execute("CREATE TABLE events (id TEXT PRIMARY KEY, customer TEXT, at TEXT, kind TEXT, sku TEXT)")
        rows.execute("CREATE INDEX events_of ON events (customer, at)")
        while batch := [json.loads(line) for line in islice(lines, LINES_PER_BATCH)]:
            values = (
                (item["messageId"], item["userId"], item["timestamp"], item["event"], item["properties"]["product_id"])
                for item in batch
            )
            rows.executemany("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)", values)
            rows.commit()
    return time.perf_counter() - started


def acts(count: int, customers: Sequence[str], products: Products, first: int = 0) -> Iterator[dict[str, Any]]:
    """So many Segment events, from number `first` on."""
    random = Random(7 + first)
    by_category: dict[object, list[str]] = {}
    for sku, held in products.items():
        by_category.setdefault(held.get("category"), []).append(sku)
    shelves = list(by_category.values())
    favourites = {name: random.choices(shelves, k=3) for name in customers}
    for number in range(first, first + count):
        session, step = divmod(number, ACTS_PER_SESSION)
        if step == 0 or number == first:
            customer = random.choice(customers)
            shelf = random.choice(favourites[customer])
        at = START + timedelta(seconds=session * 60 + step * 5)
        yield {
            "messageId": f"bench-{number:09d}-{random.getrandbits(64):016x}",
            "type": "track",
            "userId": customer,
            "event": random.choice(NAMES),
            "timestamp": at.isoformat().replace("+00:00", "Z"),
            "context": {"userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
            "properties": {"product_id": random.choice(shelf), "price": 49.5, "currency": "USD"},
        }
