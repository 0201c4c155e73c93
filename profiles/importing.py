"""The import: a shop's customers, orders and events in, a filled profile store out.

Reading again changes nothing.

Behaviour becomes observed traits only for customers who consent to profiling.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from errors import DataError, ShopkeeperError
from profiles.behaviour import Act, observe
from profiles.customer import Customer
from profiles.database import DATABASE_FILE, open_database
from profiles.observation import Authority, Observation
from profiles.records import OrderLine, OrderNumbers, record_observations, stated_observations
from profiles.shop_files import load_facets, load_products, load_schema, read_acts, read_lines
from profiles.store import ProfileStore

CUSTOMERS_PER_WRITE = 50

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import read, and how many observations it found to append (repeated ones included)."""

    customers: int
    orders: int
    events: int
    observations: int


def open_store(shop_dir: Path, state_dir: Path) -> ProfileStore:
    """The store of a shop, in its state directory."""
    schema = load_schema(shop_dir)  # first: a folder that is no shop gets no database
    return ProfileStore(open_database(state_dir / DATABASE_FILE), schema)


def ensure_imported(shop_dir: Path, store: ProfileStore, progress: Progress = lambda line: None) -> None:
    """Import the shop's records if the journal is empty; otherwise return at once."""
    if store.is_empty():
        import_shop(shop_dir, store, progress)


def import_shop(shop_dir: Path, store: ProfileStore, progress: Progress = lambda line: None) -> Imported:
    """Read all records and append what is new. Errors: `DataError`, `ConfigError`, `StorageError`."""
    records = {_id(record): record for record in read_lines(shop_dir / "customers.jsonl")}
    orders: dict[str, list[OrderLine]] = defaultdict(list)
    for line in read_lines(shop_dir / "orders.jsonl"):
        order = OrderLine.from_record(line)
        orders[order.customer].append(order)
    progress(f"read {len(records)} customers, {sum(map(len, orders.values()))} orders")
    acts: dict[str, list[Act]] = defaultdict(list)
    for act in read_acts(shop_dir / "events.jsonl.gz"):
        acts[act.customer].append(act)
    progress(f"read {sum(map(len, acts.values()))} events")
    found = _observations(shop_dir, store, records, orders, acts)
    store.put_customers([Customer.from_record(record) for record in records.values()])
    names = sorted(found)
    for start in range(0, len(names), CUSTOMERS_PER_WRITE):
        part = names[start : start + CUSTOMERS_PER_WRITE]
        store.append([item for name in part for item in found[name]])
        progress(f"wrote {min(start + CUSTOMERS_PER_WRITE, len(names))} of {len(names)} profiles")
    return Imported(
        len(records),
        sum(map(len, orders.values())),
        sum(map(len, acts.values())),
        sum(map(len, found.values())),
    )


def _observations(
    shop_dir: Path,
    store: ProfileStore,
    records: dict[str, dict[str, Any]],
    orders: dict[str, list[OrderLine]],
    acts: dict[str, list[Act]],
) -> dict[str, list[Observation]]:
    facets = load_facets(shop_dir)
    products = load_products(shop_dir, store.schema)
    as_of = _newest(orders, acts)
    found: dict[str, list[Observation]] = {}
    for name, record in records.items():
        customer = Customer.from_record(record)
        try:
            facts = record_observations(record, OrderNumbers.of(orders[name]), store.schema, as_of)
            stated = list(stated_observations(record, store.schema, facets, customer))
        except ShopkeeperError as error:
            raise type(error)(f"customers.jsonl, {name}: {error}") from error
        seen = observe(acts[name], products, store.schema) if customer.consents("profiling") else []
        found[name] = [*_news(store, name, facts), *stated, *seen]
    return found


def _news(store: ProfileStore, customer: str, facts: list[Observation]) -> list[Observation]:
    """The shop's facts that the profile does not hold yet: a later import repeats nothing."""
    held = {
        (trait.attribute, trait.value)
        for trait in store.read(customer).traits
        if trait.authority is Authority.SHOP
    }
    return [fact for fact in facts if (fact.attribute, fact.value) not in held]


def _newest(orders: dict[str, list[OrderLine]], acts: dict[str, list[Act]]) -> datetime:
    """The time of the newest record: what the shop's books are as of."""
    times = [order.placed for placed in orders.values() for order in placed]
    times += [act.at for done in acts.values() for act in done]
    return max(times, default=datetime(2000, 1, 1, tzinfo=UTC))


def _id(record: Mapping[str, Any]) -> str:
    if not record.get("id"):
        raise DataError(f"a customer without an id: {str(record)[:80]}")
    return str(record["id"])
