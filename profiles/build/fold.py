"""One part: the lines of its customers in; what they add up to, in files or in the database, out.

The lines are taken in by `EventIntake`, as live events are: for files into a database in memory, whose rows are then
written out; else into the shop's own. The part's report is written last, so what has one is done.
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, select

from language.decimals import plain
from profiles.build.covisits import part_of_covisits
from profiles.build.plan import Plan, write_whole
from profiles.build.rows import Rows, read_lines
from profiles.events import ledger
from profiles.events.affinity import Tastes
from profiles.events.event import Aside, Event, Reason
from profiles.events.files import LINES_PER_BATCH
from profiles.events.intake import EventIntake
from profiles.events.report import Report
from profiles.journal import batched, owners_of
from profiles.storage.database import reading
from profiles.storage.tables import customers, time_text, waiting_events
from profiles.store import ProfileStore
from profiles.visitors import visitor_name

CUSTOMERS, WAITING = "customers", "waiting"


def fold_part(plan: Plan, part: int, lines: Iterable[str | bytes]) -> Report:
    """Fold a part and write it. Errors: `StorageError`."""
    rows, store = read_lines(lines), plan.open_store()
    try:
        _introduce(store, rows)
        intake = EventIntake(store, plan.products, plan.now)
        report = Report(read=rows.passed_over, passed_over=rows.passed_over)
        for batch in _batches(rows):
            report += intake.take_read(batch)
        with reading(store.engine) as connection:
            names = {event.customer or visitor_name(event.visitor) for event in rows.events}
            owners = sorted(name for name in owners_of(connection, names).values() if plan.part_of(name) == part)
            part_of_covisits(plan, part_path(plan, part, ".npz"), connection, owners)
            if not plan.database:
                _write(plan, CUSTOMERS, part, _customers(connection, intake, store))
                _write(plan, WAITING, part, _waiting(connection))
        asides = [] if plan.database else intake.asides()
    finally:
        store.engine.dispose()
    done = {"report": report.to_json(), "asides": [asdict(item) for item in asides]}
    write_whole(part_path(plan, part, ".json"), to_json(done))
    return report


def part_path(plan: Plan, part: int, ending: str) -> Path:
    """What a part leaves for the outcome."""
    return plan.work / "parts" / f"{part:05d}{ending}"


def folded(plan: Plan) -> dict[int, Path]:
    """The parts that are done, with their reports."""
    return {int(path.stem): path for path in sorted((plan.work / "parts").glob("*.json"))}


def read_part(path: Path) -> tuple[Report, list[Aside]]:
    """What `fold_part` has left."""
    done = json.loads(path.read_bytes())
    return Report(**done["report"]), [Aside(**item | {"reason": Reason(item["reason"])}) for item in done["asides"]]


def _introduce(store: ProfileStore, rows: Rows) -> None:
    """The shop's records of whom the database does not know yet (what it knows is newer), and who was not erased."""
    with reading(store.engine) as connection:
        names = [record.id for record in rows.customers]
        left_out = {*ledger.lock_customers(connection, names), *store.guard.erased_among(connection, names)}
    store.put_customers([record for record in rows.customers if record.id not in left_out])


def _batches(rows: Rows) -> Iterator[Sequence[Event | Aside]]:
    """Logins first: they say whose the others are."""
    logins = [event for event in rows.events if event.kind == "identified"]
    rest: list[Event | Aside] = [event for event in rows.events if event.kind != "identified"]
    everything = [*logins, *rows.asides, *rest]
    for start in range(0, len(everything), LINES_PER_BATCH):
        yield everything[start : start + LINES_PER_BATCH]


def _customers(connection: Connection, intake: EventIntake, store: ProfileStore) -> Iterator[dict[str, Any]]:
    everyone = connection.execute(select(customers.c.id)).scalars()
    for names in batched(everyone):
        tastes = ledger.load_tastes(connection, names, intake.tastes)
        activities = ledger.load_activities(connection, names)
        for name in names:
            if name in activities:
                yield _customer(name, activities[name], tastes[name], store)


def _customer(name: str, activity: ledger.Activity, tastes: Tastes, store: ProfileStore) -> dict[str, Any]:
    bought, affinities, traits = activity.purchases, [], []
    for attribute, held in sorted(tastes.held.items()):
        for value, item in sorted(held.items()):
            if not item.counts:
                continue
            row = {"attribute": attribute, "value": value, "score": item.score, "at": item.at, "counts": item.counts}
            affinities.append(row)
            if item.confidence is not None:
                polarity = "like" if store.schema.attribute(attribute).polarity else "fact"
                trait = {"attribute": attribute, "value": value, "polarity": polarity, "authority": "observed"}
                evidence = [{"kind": "event", "id": item.newest, "quote": item.quote()}]
                traits.append(trait | {"confidence": item.confidence, "evidence": evidence})
    return {
        "customer": name,
        "acts": activity.acts,
        "last_act": activity.last_at,
        "orders": bought.orders,
        "spent": plain(bought.spent),
        "last_order": bought.last,
        "traits": traits,
        "affinities": affinities,
    }


def _waiting(connection: Connection) -> Iterator[dict[str, Any]]:
    """Acts of people whom the shop does not know yet."""
    names = connection.execute(select(waiting_events.c.customer).distinct()).scalars()
    for part in batched(names):
        for name, items in sorted(ledger.load_events(connection, waiting_events, part).items()):
            for event in sorted(items, key=lambda item: (item.at, item.id)):
                shown = {"who": name, "id": event.id, "kind": event.kind, "at": time_text(event.at)}
                yield shown | {"skus": event.skus, "order": event.order, "amount": plain(event.amount)}


def _write(plan: Plan, name: str, part: int, rows: Iterable[dict[str, Any]]) -> None:
    content = b"".join(to_json(row) + b"\n" for row in rows)
    write_whole(Path(plan.folder) / name / f"{part:05d}.jsonl.gz", gzip.compress(content, 6, mtime=0))
