"""New events of known customers in; their affinities, activity and observed traits brought up to date.

Each act costs O(1) a value. Only a customer whose acts turn out to be a machine's is counted again from the start.
"""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Connection

from profiles.events import ledger
from profiles.events.act_log import note_counted, withdraw_counted
from profiles.events.affinity import Affinity, Products, Tastes, shares_of
from profiles.events.batch import Batch, Owned
from profiles.events.event import WEIGHTS, Aside, Event, Reason
from profiles.events.ledger import Activity
from profiles.events.left_out import left_out
from profiles.events.machines import MOST_ACTS, count_windows, machine_windows, windows_of
from profiles.events.purchases import Purchases, first_reports
from profiles.intents.purchases import bought
from profiles.intents.reads import intents_within
from profiles.storage.tables import events, time_text
from profiles.store import ProfileStore

Windows = Mapping[str, int]  # windows of a machine, with their acts
Corrected = Mapping[str, Collection[str]]  # by customer: ids of orders that turn out to be older than was known


class Counters:
    """For one shop."""

    def __init__(self, store: ProfileStore, products: Products) -> None:
        self._store = store
        self._products = products
        self._shares = shares_of(products, store.schema)

    def tastes(self) -> Tastes:
        return Tastes(self._store.schema, self._shares)

    def add(self, connection: Connection, fresh: Owned, batch: Batch) -> None:
        """`fresh` are in no table yet; their customers are locked."""
        fresh, corrected = self._each_order_once(connection, fresh, batch)
        if not fresh:
            return
        ledger.insert_events(connection, events, fresh)
        times = [item.at for items in fresh.values() for item in items]
        gifts = left_out(connection, fresh)
        busy = ledger.busy_windows(connection, fresh, time_text(min(times))[:10], time_text(max(times))[:10])
        tastes = ledger.load_tastes(connection, fresh, self.tastes)
        activities = ledger.load_activities(connection, fresh)
        noted: list[Event] = []
        for name, items in fresh.items():
            before = activities.get(name, Activity())
            windows = busy.get(name, {})
            counted = [item for item in items if not _is_machines(item, windows)] if windows else items
            self._note(name, items, counted, windows, batch)
            telling = _telling(counted, gifts.get(name, ()))
            noted += telling
            if name in corrected or _tipped(items, windows):
                tastes[name], activities[name] = self._again(connection, name, tastes[name], gifts.get(name, ()))
                batch.counts["withdrawn"] += before.acts + _acts(counted) - activities[name].acts
            else:
                for item in telling:
                    tastes[name].add(item)
                activities[name] = _more(before, counted)
        note_counted(connection, noted)
        self._count_purchases(connection, fresh, activities)
        ledger.save_activities(connection, activities)
        self._end_intents(connection, fresh, corrected)
        self._tell(connection, tastes, batch)

    def recount(self, connection: Connection, name: str, batch: Batch) -> None:
        """All of one customer, who is locked, counted from the start, without the orders that do not count."""
        before = ledger.load_tastes(connection, [name], self.tastes)[name]
        orders = left_out(connection, [name]).get(name, frozenset())
        tastes, activity = self._again(connection, name, before, orders)
        activities = {name: activity}
        self._count_purchases(
            connection, {name: ledger.load_events(connection, events, [name]).get(name, [])}, activities
        )
        ledger.save_activities(connection, activities)
        self._tell(connection, {name: tastes}, batch)

    def _each_order_once(self, connection: Connection, fresh: Owned, batch: Batch) -> tuple[Owned, Corrected]:
        """Without what reports an order again; also the orders, by customer, that `fresh` knows an older report of.

        The oldest report is the order, whatever order they come in: those that had counted in its place are dropped.
        """
        buyers = [name for name, items in fresh.items() if any(item.kind == "bought" for item in items)]
        earlier = ledger.load_events(connection, events, buyers, "bought")
        corrected: dict[str, set[str]] = {}
        for name in buyers:
            first = first_reports([*earlier.get(name, ()), *fresh[name]])
            new = [item for item in fresh[name] if item.kind != "bought" or first[item.order] is item]
            batch.counts["duplicates"] += len(fresh[name]) - len(new)
            batch.counts["taken"] -= len(fresh[name]) - len(new)
            newer = [item for item in earlier.get(name, ()) if item.order and first[item.order] is not item]
            if newer:
                corrected[name] = {item.order for item in newer}
                withdraw_counted(connection, [item.id for item in newer])
                ledger.drop_events(connection, [item.id for item in newer])
            fresh = fresh | {name: new}
        return {name: items for name, items in fresh.items() if items or name in corrected}, corrected

    def _note(self, name: str, items: list[Event], counted: list[Event], windows: Windows, batch: Batch) -> None:
        skipped = len(items) - len(counted)
        if skipped:
            batch.count_aside(Reason.BOT_RATE, skipped)
            batch.counts["taken"] -= skipped
            rates = ", ".join(f"{count} acts in {window}" for window, count in sorted(windows.items()))
            batch.asides.append(Aside(Reason.BOT_RATE, rates, "", name))
        for item in counted:
            if item.kind in WEIGHTS and item.kind != "bought" and not any(sku in self._shares for sku in item.skus):
                batch.put_aside(Aside(Reason.UNKNOWN_PRODUCT, ", ".join(item.skus), item.id, name))
                batch.counts["taken"] -= 1

    def _again(
        self, connection: Connection, name: str, before: Tastes, orders: Collection[str]
    ) -> tuple[Tastes, Activity]:
        """Count from the start what is not a machine's; what the journal holds stays known.

        `orders` say nothing of a taste.
        """
        every = ledger.load_events(connection, events, [name]).get(name, [])
        windows = machine_windows(count_windows(time_text(item.at) for item in every))
        counted = [item for item in every if not _is_machines(item, windows)]
        tastes = self.tastes()
        for attribute, held in before.held.items():
            for value, affinity in held.items():
                if affinity.told_at:
                    blank = Affinity(told=affinity.told, told_at=affinity.told_at, changed=True)
                    tastes.held.setdefault(attribute, {})[value] = blank
        telling = _telling(counted, orders)
        for item in telling:
            tastes.add(item)
        ledger.clear_affinities(connection, name)
        withdraw_counted(connection, {item.id for item in every} - {item.id for item in telling})
        note_counted(connection, telling)
        return tastes, _more(Activity(), counted)

    def _count_purchases(self, connection: Connection, fresh: Owned, activities: dict[str, Activity]) -> None:
        names = [name for name, items in fresh.items() if any(item.kind in ("bought", "refunded") for item in items)]
        for name, items in ledger.load_events(connection, events, names, "bought", "refunded").items():
            held = activities[name]
            activities[name] = Activity(held.acts, held.last_at, Purchases.of(items))

    def _end_intents(self, connection: Connection, fresh: Owned, corrected: Corrected) -> None:
        """Whoever has bought what they were looking for looks for it no longer. An order ends intents once."""
        orders = {
            name: [item for item in items if item.kind == "bought" and item.order not in corrected.get(name, ())]
            for name, items in fresh.items()
        }
        held = intents_within(self._store, connection, [name for name, items in orders.items() if items])
        ends = [act for name, some in held.items() for act in bought(name, orders[name], some, self._products)]
        self._store.append_within(connection, ends)

    def _tell(self, connection: Connection, tastes: Mapping[str, Tastes], batch: Batch) -> None:
        lines = [line for name, taste in tastes.items() for line in taste.tell(name)]
        ledger.save_tastes(connection, tastes)
        self._store.append_within(connection, lines)
        batch.counts["told"] += sum(line.op == "assert" for line in lines)
        batch.counts["retracted"] += sum(line.op == "retract" for line in lines)


def _telling(items: Iterable[Event], orders: Collection[str]) -> list[Event]:
    """Those that may say something of a taste: no purchase of these orders."""
    return [item for item in items if item.kind != "bought" or item.order not in orders]


def _is_machines(event: Event, windows: Iterable[str]) -> bool:
    return any(window in windows for window in windows_of(time_text(event.at)))


def _tipped(items: list[Event], windows: Windows) -> bool:
    """Whether a window has become a machine's by these events, and not before."""
    if not windows:
        return False
    new = count_windows(time_text(item.at) for item in items)
    return any(new[window] and count - new[window] <= MOST_ACTS[len(window)] for window, count in windows.items())


def _acts(counted: Iterable[Event]) -> int:
    return sum(item.kind != "refunded" for item in counted)


def _more(before: Activity, counted: list[Event]) -> Activity:
    times = [item.at for item in counted if item.kind != "refunded"]
    last = max([*times, before.last_at] if before.last_at else times, default=None)
    return Activity(before.acts + len(times), last, before.purchases)
