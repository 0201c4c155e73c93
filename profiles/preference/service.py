"""The preferences of a shop's customers, as their events stand now: a database in, leanings and companions out.

    preferences = Preferences.open(engine, load_goods(shop_dir), folder, consumables)
    preferences.leanings("C1001", ["BTS-1001", "BTS-1002"])     # which of them, how much, and for which act

What customers did is read from the database at each question, so that an event counts in the next one, whichever
process took it in; nothing of any customer is kept here or on disk. What holds for all, the pairs of items, is learnt
from events as they come to count (`profiles.events.act_log`). A snapshot of it is written now and then; what came
after it is learnt again at the next start, so that nothing is lost. Errors: `StorageError`.
"""

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from errors import StorageError
from profiles.events import ledger
from profiles.events.act_log import Act, acts_after, bought_events, newest_number, note_earlier, recent_acts
from profiles.events.event import WEIGHTS
from profiles.events.event import Event as ShopEvent
from profiles.events.left_out import left_out
from profiles.events.purchases import kept_orders
from profiles.journal import owners_of
from profiles.preference.candidates import Reranker
from profiles.preference.co_purchase import CoPurchases
from profiles.preference.covisitation import Covisitation
from profiles.preference.goods import Good, Goods, skus_of
from profiles.preference.history import WINDOW, Seen
from profiles.preference.model import NO_TASTES, Event
from profiles.preference.products import Products
from profiles.preference.selection import diverse
from profiles.preference.storage import read_model, write_model
from profiles.storage.database import reading, writing
from profiles.storage.tables import events

KIND = "preferences"
FILE = "preference.npz"
ACTS_AT_ONCE = 2000  # that one question learns at most, so that none waits long
ACTS_AT_START = 50_000  # in memory at once
ACTS_PER_SNAPSHOT = 5000
MISSING_SECONDS = 60.0  # how long a number may be missing: longer than any transaction of the intake
MOST_MISSING = 500
DIVERSITY = 0.3
LEAST_WEIGHT = 0.3  # of the best one's
REPEATED = 0.25  # of a category's buyers bought the same product again: then it is a consumable
LEAST_BUYERS = 20
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PreferenceScore:
    """An item that a customer leans to: how much, 1.0 the most, and the act that says so."""

    item: str
    weight: float
    item_seen: str
    event: ShopEvent


class Preferences:
    """Safe for many threads."""

    def __init__(self, engine: Engine, goods: Goods, path: Path, consumables: Collection[str] = ()) -> None:
        self._engine, self._goods, self._path = engine, goods, path
        self._durable = frozenset(good.sku for good in goods.values()) - skus_of(goods, consumables)
        self._lock = threading.RLock()
        self._missing: dict[int, float] = {}
        self._unsaved = 0
        self._begin(Covisitation(Products({good.sku: good.values for good in goods.values()})), CoPurchases())

    @classmethod
    def open(cls, engine: Engine, goods: Goods, folder: Path, consumables: Collection[str] = ()) -> "Preferences":
        """As the last snapshot in `folder` has it, and then all that has come since."""
        with writing(engine) as connection:
            note_earlier(connection)
            repeated = _bought_again(bought_events(connection), goods)
        made = cls(engine, goods, folder / FILE, {*consumables, *repeated})
        made._restore()
        while made.catch_up(ACTS_AT_START):
            pass
        return made

    def catch_up(self, most: int = ACTS_AT_ONCE) -> int:
        """Learn what has come to count since, at most so many acts; returns how many."""
        with self._lock, reading(self._engine) as connection:
            now = time.monotonic()
            self._missing = {seq: since for seq, since in self._missing.items() if now - since < MISSING_SECONDS}
            acts = acts_after(connection, self._seq, self._missing, most)
            if not acts:
                return 0
            telling = [act for act in acts if act.event.kind in WEIGHTS]
            names = {act.event.customer for act in telling}
            before = recent_acts(connection, names, WINDOW, acts[0].seq)
            for name in names:
                self._model.histories.put(name, self._seen(before.get(name, ())))
            for act in telling:
                self._learn(act)
            for name in names:
                self._model.histories.forget(name)
            self._pass(acts, now)
        if self._unsaved >= ACTS_PER_SNAPSHOT:
            self.save()
        return len(acts)

    def leanings(
        self, customer: str, among: Sequence[str], owned: Collection[str] = (), most: int = 4
    ) -> list[PreferenceScore]:
        """Those of the products that the customer leans to by what they did, and no two much alike.

        Only acts that a person would see as a reason: on a product of the same kind that is not `owned`, or on one
        that others surely took together with it.
        """
        self.catch_up()
        acts = self._acts(customer)
        with self._lock:
            pool = [number for sku in among if (number := self._model.products.number(sku)) is not None]
            seen = self._seen(acts)
            if not seen or not pool:
                return []
            self._model.histories.put(customer, seen)
            try:
                return self._leanings(customer, {act.event.id: act.event for act in acts}, pool, owned, most)
            finally:
                self._model.histories.forget(customer)

    def companions(self, sku: str) -> list[str]:
        """What those who looked at the product took, in other categories; only what is well supported."""
        with self._lock:
            number = self._model.products.number(sku)
            found = [] if number is None else [self._model.items[other] for other in self._together.supported(number)]
        kind = self._goods[sku].category if sku in self._goods else ""
        return [other for other in found if other in self._goods and self._goods[other].category != kind]

    def owned(self, customer: str, booked: Mapping[str, Collection[str]]) -> frozenset[str]:
        """Durables that the customer has. `booked`: by order id, what they kept of it as the shop's order book knows
        it; the events tell of the other orders. What they gave away they have not."""
        with reading(self._engine) as connection:
            owner = owners_of(connection, [customer])[customer]
            acts = ledger.load_events(connection, events, [owner], "bought", "refunded").get(owner, [])
            given = left_out(connection, [owner]).get(owner, frozenset())
        orders = {name: event.skus for name, event in kept_orders(acts)[0].items()} | dict(booked)
        own = [skus for name, skus in orders.items() if name not in given]
        skus = {self._goods[sku].sku for skus in own for sku in skus if sku in self._goods}
        return self._durable & skus

    def save(self) -> None:
        """Write the snapshot, whole or not at all."""
        with self._lock:
            header, arrays = self._model.state()
            counts, pairs = self._together.state()
            header |= {"together": counts, "seq": self._seq, "missing": sorted(self._missing)}
            self._unsaved = 0
            write_model(self._path, KIND, header, arrays | pairs)

    def _begin(self, model: Covisitation, together: CoPurchases, seq: int = 0, missing: Collection[int] = ()) -> None:
        self._model, self._together, self._stage = model, together, Reranker(model)
        self._seq, self._unsaved = seq, 0
        self._missing = dict.fromkeys(missing, time.monotonic())

    def _restore(self) -> None:
        """A snapshot that cannot be read, or is of another database, costs time and nothing else."""
        if not self._path.exists():
            return
        try:
            header, arrays = read_model(self._path, KIND)
        except StorageError as error:
            log.warning("%s; all events are learnt again", error)
            return
        with reading(self._engine) as connection:
            if header["seq"] > newest_number(connection):
                return
        named = header["products"]
        now = {good.sku: good.values for good in self._goods.values()}
        named["attributes"] = [
            now.get(item, held) for item, held in zip(named["items"], named["attributes"], strict=True)
        ]
        model = Covisitation.from_state(header, arrays)
        for sku, values in now.items():
            model.products.add(sku, values)
        self._begin(model, CoPurchases.from_state(header["together"], arrays), header["seq"], header["missing"])

    def _acts(self, customer: str) -> Sequence[Act]:
        with reading(self._engine) as connection:
            owner = owners_of(connection, [customer])[customer]
            return recent_acts(connection, [owner], WINDOW).get(owner, ())

    def _seen(self, acts: Sequence[Act]) -> list[Seen]:
        found = [
            Seen(number, act.event.at.timestamp(), WEIGHTS[act.event.kind], act.event.id)
            for act in acts
            for number in self._numbers(act)
        ]
        return found[-WINDOW:]

    def _numbers(self, act: Act) -> list[int]:
        """The products that it names; what the shop does not sell (any more) is passed over."""
        skus = dict.fromkeys(self._goods[sku].sku for sku in act.event.skus if sku in self._goods)
        return [self._model.products.add(sku) for sku in skus]

    def _learn(self, act: Act) -> None:
        event, weight = act.event, WEIGHTS[act.event.kind]
        for number in self._numbers(act):
            self._together.learn(number, weight, self._model.histories.recent(event.customer))
            at = event.at.timestamp()
            self._model.learn(Event(event.id, event.customer, self._model.items[number], at, weight))

    def _pass(self, acts: Sequence[Act], now: float) -> None:
        """All up to the last one is learnt, but for numbers that are missing still."""
        numbers = {act.seq for act in acts}
        new = range(self._seq + 1, max(self._seq, acts[-1].seq) + 1)
        gaps = [seq for seq in new if seq not in numbers][-MOST_MISSING:]
        waiting = self._missing | dict.fromkeys(gaps, now)
        self._missing = {seq: since for seq, since in waiting.items() if seq not in numbers}
        self._seq = max(self._seq, acts[-1].seq)
        self._unsaved += len(acts)

    def _leanings(
        self, customer: str, acts: Mapping[str, ShopEvent], pool: Sequence[int], owned: Collection[str], most: int
    ) -> list[PreferenceScore]:
        products, found = self._model.products, []
        bought = {
            self._goods[sku].sku
            for act in acts.values()
            if act.kind == "bought"
            for sku in act.skus
            if sku in self._goods
        }
        settled = {*owned, *(bought & self._durable)}  # even what went back: who bought it looks for it no more
        own: dict[int, str] = {}  # the newest act on each item, in the order of these acts
        for seen in self._model.histories.recent(customer):
            own.pop(seen.item, None)
            own[seen.item] = seen.event
        scores = self._stage.signals(customer, NO_TASTES).base
        best = max(float(scores[number]) for number in pool)
        for place, number in enumerate(own, start=1):
            if number in pool and products.items[number] not in settled:
                scores[number] = best * (1.0 + 1e-3 * place)  # what they looked at themselves, the newest first
        able = sorted((n for n in pool if scores[n] >= LEAST_WEIGHT * best), key=lambda n: (-scores[n], n))
        for number in diverse(products, scores, able, len(able), DIVERSITY):
            item = products.items[number]
            if (said := self._why(customer, number, own, settled)) is not None:
                found.append(PreferenceScore(item, min(1.0, float(scores[number]) / best), said[0], acts[said[1]]))
            if len(found) == most:
                break
        return found

    def _why(
        self, customer: str, number: int, own: Mapping[int, str], settled: Collection[str]
    ) -> tuple[str, str] | None:
        """The item and the id of the act that speaks most for an item, among those that a person would accept."""
        item = self._model.items[number]
        if number in own:
            return None if item in settled else (item, own[number])
        reasons = self._stage.explain(customer, number, NO_TASTES)
        return next(
            ((one.item, one.id) for one in reasons if one.kind == "event" and self._speaks(one.item, item, settled)),
            None,
        )

    def _speaks(self, seen: str, item: str, settled: Collection[str]) -> bool:
        """Whether a person would see why an act on the one speaks for the other."""
        if seen not in self._goods or item not in self._goods:
            return False
        if self._goods[seen].category == self._goods[item].category:
            return seen not in settled
        number, other = self._model.products.number(seen), self._model.products.number(item)
        return number is not None and other in self._together.supported(number)


def _bought_again(bought: Sequence[ShopEvent], goods: Goods) -> set[str]:
    """Categories whose products enough buyers bought again, in another order."""
    orders: dict[tuple[str, Good], set[str]] = defaultdict(set)
    for event in bought:
        for good in {goods[sku] for sku in event.skus if sku in goods}:
            orders[event.customer, good].add(event.order or event.id)
    buyers = Counter(good.category for _, good in orders)
    again = Counter(good.category for (_, good), names in orders.items() if len(names) > 1)
    return {kind for kind, count in buyers.items() if count >= LEAST_BUYERS and again[kind] / count >= REPEATED}
