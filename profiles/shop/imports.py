"""The import: a shop's customers, orders and events in, a filled profile store out.

Reading again changes nothing, and an import that was cut short goes on.

Behaviour becomes observed traits only for customers who consent to profiling; of the erased nothing is read.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import clock
from errors import DataError, ShopkeeperError
from language.placeholders import means_nobody
from profiles.customer import Customer
from profiles.events.files import is_whole, take_file
from profiles.events.intake import EventIntake
from profiles.events.report import Report
from profiles.observation import Authority, Observation
from profiles.privacy.consent_file import ConsentFile
from profiles.privacy.keys import load_salt
from profiles.privacy.restore import catch_up
from profiles.shop.files import load_facets, load_privacy, load_products, load_schema, load_zone, read_lines
from profiles.shop.records import OrderLine, OrderNumbers, record_observations, stated_observations
from profiles.storage.database import DATABASE_FILE, open_database
from profiles.store import ProfileStore

CUSTOMERS_PER_WRITE = 50
_NO_ORDERS = datetime(2000, 1, 1, tzinfo=UTC)
EVENT_FILES = ("events.jsonl", "events.jsonl.gz")

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import read."""

    customers: int
    orders: int
    events: Report


def open_store(shop_dir: Path, state_dir: Path, database: str | None = None) -> ProfileStore:
    """The store of a shop, in its state directory or in `database`, which is `chosen_database` for the shop's own.

    A database that was put back catches up with the erasures and withdrawals since.
    """
    schema, privacy = load_schema(shop_dir), load_privacy(shop_dir)  # first: a folder that is no shop gets no database
    engine, salt = open_database(database or state_dir / DATABASE_FILE), load_salt(state_dir)
    store = ProfileStore(engine, schema, privacy, salt, ConsentFile(state_dir, salt))
    catch_up(store, state_dir)
    return store


def open_intake(shop_dir: Path, store: ProfileStore, now: Callable[[], datetime] = clock.now) -> EventIntake:
    """The way in for events of a shop."""
    return EventIntake(store, load_products(shop_dir, store.schema), now)


def ensure_imported(shop_dir: Path, store: ProfileStore, progress: Progress = lambda line: None) -> None:
    """Import the shop's records if that was not done, or not to the end; otherwise return at once."""
    if store.is_empty() or not all(is_whole(store, path) for path in _event_files(shop_dir)):
        import_shop(shop_dir, store, progress)


def import_shop(shop_dir: Path, store: ProfileStore, progress: Progress = lambda line: None) -> Imported:
    """Read all records and take in what is new. Errors: `DataError`, `ConfigError`, `StorageError`."""
    records = {_id(record): record for record in read_lines(shop_dir / "customers.jsonl")}
    orders: dict[str, list[OrderLine]] = defaultdict(list)
    for line in read_lines(shop_dir / "orders.jsonl"):
        order = OrderLine.from_record(line)
        orders[order.customer].append(order)
    count = sum(map(len, orders.values()))
    progress(f"read {len(records)} customers, {count} orders")
    if gone := store.erased_among(records):
        progress(f"left out, because they were erased: {len(gone)} lines that are still in customers.jsonl")
        records = {name: record for name, record in records.items() if name not in gone}
    found = _observations(shop_dir, store, records, orders)
    store.put_customers([Customer.from_record(record) for record in records.values()])
    names = sorted(found)
    for start in range(0, len(names), CUSTOMERS_PER_WRITE):
        part = names[start : start + CUSTOMERS_PER_WRITE]
        store.append(store.permitted([item for name in part for item in found[name]]))
        progress(f"wrote {min(start + CUSTOMERS_PER_WRITE, len(names))} of {len(names)} profiles")
    return Imported(len(records), count, _take_events(shop_dir, store, _newest(orders), progress))


def _take_events(shop_dir: Path, store: ProfileStore, as_of: datetime, progress: Progress) -> Report:
    """The shop's own event files. A clock behind the shop's orders keeps nothing out."""
    intake = open_intake(shop_dir, store, lambda: max(clock.now(), as_of))
    report = intake.settle()
    for path in _event_files(shop_dir):
        report += take_file(intake, path, lambda so_far: progress(f"read {so_far.read} events"))
    for reason, number in sorted(report.aside.items()):
        progress(f"{number} events kept aside: {reason}")
    return report


def _event_files(shop_dir: Path) -> list[Path]:
    return [path for name in EVENT_FILES if (path := shop_dir / name).exists()]


def _observations(
    shop_dir: Path,
    store: ProfileStore,
    records: dict[str, dict[str, Any]],
    orders: dict[str, list[OrderLine]],
) -> dict[str, list[Observation]]:
    facets = load_facets(shop_dir)
    as_of, zone = _newest(orders), load_zone(shop_dir)
    found: dict[str, list[Observation]] = {}
    for name, record in records.items():
        try:
            facts = record_observations(record, OrderNumbers.of(orders[name]), store.schema, as_of)
            stated = list(stated_observations(record, store.schema, facets, name, zone))
        except ShopkeeperError as error:
            raise type(error)(f"customers.jsonl, {name}: {error}") from error
        found[name] = [*_news(store, name, facts), *stated]
    return found


def _news(store: ProfileStore, customer: str, facts: list[Observation]) -> list[Observation]:
    """The shop's facts that the profile does not hold yet: a later import repeats nothing."""
    held = {
        (trait.attribute, trait.value) for trait in store.read(customer).traits if trait.authority is Authority.SHOP
    }
    return [fact for fact in facts if (fact.attribute, fact.value) not in held]


def books_as_of(shop_dir: Path) -> datetime:
    """The time of the newest order in the shop's records. Errors: `DataError`."""
    lines = map(OrderLine.from_record, read_lines(shop_dir / "orders.jsonl"))
    return max((line.placed for line in lines), default=_NO_ORDERS)


def _newest(orders: dict[str, list[OrderLine]]) -> datetime:
    """The time of the newest order: what the shop's books are as of."""
    times = [order.placed for placed in orders.values() for order in placed]
    return max(times, default=_NO_ORDERS)


def _id(record: Mapping[str, Any]) -> str:
    if not record.get("id"):
        raise DataError(f"a customer without an id: {str(record)[:80]}")
    if means_nobody(str(record["id"])):
        raise DataError(f"a customer whose id {record['id']!r} means nobody: {str(record)[:80]}")
    return str(record["id"])
