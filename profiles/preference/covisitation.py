"""Co-visitation: which items the same customers take, and in what order; learnt event by event.

In: events. Each one costs O(recent history of its customer): the pairs that it makes with what that customer did
before, weighted by how far apart they are, are added to two rows of numbers an item (what came after it, what came
before it). Out: scores that sum over the customer's own acts, newest first, normalised against popularity; each
recommendation names the acts that speak for it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.preference.decay import Decay
from profiles.preference.history import DAY, WINDOW, Histories, Seen, freshness
from profiles.preference.model import NO_TASTES, REASONS, Event, Reason, Scores
from profiles.preference.products import Embed, Products
from profiles.preference.selection import Choosing
from profiles.preference.storage import Arrays, read_model, write_model

KIND = "covisitation"
_NOISE = 1e-9  # of what one view of today counts
_POPULAR = 1e-6  # what popularity alone adds: an order for items that nothing speaks for
Row = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Weights:
    """How pairs and acts count. The defaults were tuned on validation items of a public data set of purchases.

    `falloff`: a pair `g` places apart counts ``g ** -falloff``. `recency`: each act counts this much of the next newer
    one. `backward`: what an item that came before counts against one that came after. `popular`: scores are divided by
    an item's popularity to this power, `seen` by that of the customer's own item. `half_life_days`: of every count, and
    of pairs that lie apart in time; None: places alone matter.
    """

    falloff: float = 0.5
    recency: float = 0.8
    backward: float = 1.0
    popular: float = 0.15
    seen: float = 0.3
    half_life_days: float | None = 180.0


class Covisitation(Choosing):
    """A `PreferenceModel`. `consumables`: items that may be recommended again to who bought them."""

    def __init__(
        self, products: Products, *, consumables: Collection[str] = (), weights: Weights | None = None
    ) -> None:
        super().__init__(products, Histories(consumables))
        self.weights = weights or Weights()
        self.counts: list[float] = []
        self._decay = Decay(self.weights.half_life_days)
        self._after: list[dict[int, float]] = []
        self._before: list[dict[int, float]] = []
        self._rows: dict[int, Row] = {}
        self._falloff = [float(gap + 1) ** -self.weights.falloff for gap in range(WINDOW)]

    def learn(self, event: Event) -> None:
        item = self.products.add(event.item)
        if item >= len(self._after):
            self._grow(item + 1)
        self._count(Seen(item, event.at, event.weight, event.id), self.histories.recent(event.customer), 1.0)
        self.histories.add(event.customer, Seen(item, event.at, event.weight, event.id), event.bought)

    def forget(self, customer: str) -> int:
        acts = self.histories.forget(customer)
        for place, seen in enumerate(acts):
            self._count(seen, acts[:place], -1.0)
        touched = {seen.item for seen in acts}
        for item in touched:
            self.counts[item] = max(0.0, self.counts[item])
            self._drop_nothings(item)
        return len(acts)

    def _count(self, act: Seen, recent: Sequence[Seen], sign: float) -> None:
        """An act and its pairs with what came before it, added, or taken off again."""
        item, at = act.item, act.at
        weight = sign * act.weight * self._decay.growth(at)
        self.counts[item] += weight
        after, rows, mine = self._after, self._rows, self._before[item]
        rate = 0.0 if self._decay.half_life_days is None else -1.0 / (self._decay.half_life_days * DAY)
        for seen, falloff in zip(reversed(recent), self._falloff, strict=False):
            other = seen.item
            if other == item:
                continue
            step = weight * seen.weight * falloff
            if rate:
                step *= 2.0 ** (rate * abs(at - seen.at))
            row = after[other]
            row[item] = row.get(item, 0.0) + step
            mine[other] = mine.get(other, 0.0) + step
            rows.pop(other, None)
        rows.pop(item, None)

    def _drop_nothings(self, item: int) -> None:
        """Pairs of which no more is left than the noise of sums."""
        least = _NOISE * self._decay.newest
        for row, others in ((self._after[item], self._before), (self._before[item], self._after)):
            for other in [other for other, count in row.items() if count < least]:
                del row[other]
                others[other].pop(item, None)
                self._rows.pop(other, None)
        self._rows.pop(item, None)

    def row(self, item: int) -> Row:
        """The item's neighbours: numbers, how often they came after it, and before it."""
        row = self._rows.get(item)
        if row is None:
            if item >= len(self._after):
                self._grow(item + 1)
            after, before = self._after[item], self._before[item]
            numbers = sorted(after.keys() | before.keys())
            now = self._decay.newest
            row = self._rows[item] = (
                np.array(numbers, dtype=np.int64),
                np.array([after.get(number, 0.0) for number in numbers]) / now,
                np.array([before.get(number, 0.0) for number in numbers]) / now,
            )
        return row

    def popularity(self) -> Scores:
        """Decayed counts of all items, 0 for those nobody took."""
        counts = np.zeros(len(self.items))
        counts[: len(self.counts)] = self.counts
        return counts / self._decay.newest

    def scores(self, customer: str, tastes: Mapping[str, float] = NO_TASTES) -> Scores:
        popularity = self.popularity()
        scores = np.zeros(len(self.items))
        recent = self.histories.recent(customer)
        for seen, fresh in zip(recent, self.freshness(recent), strict=True):
            numbers, after, before = self.row(seen.item)
            scores[numbers] += self._share(seen.item, fresh) * (after + self.weights.backward * before)
        scores /= np.maximum(popularity, 1.0) ** self.weights.popular
        return scores + _POPULAR * popularity / max(1.0, float(popularity.sum()))

    def freshness(self, recent: list[Seen]) -> list[float]:
        return freshness(recent, self.weights.recency, self.weights.half_life_days)

    def explain(self, customer: str, item: int, tastes: Mapping[str, float] = NO_TASTES) -> tuple[Reason, ...]:
        """The acts that speak most for an item; popularity where none does."""
        recent = self.histories.recent(customer)
        said: list[tuple[float, int]] = []
        for place, (seen, fresh) in enumerate(zip(recent, self.freshness(recent), strict=True)):
            if worth := self.said(seen.item, item, fresh):
                said.append((worth, place))
        best = sorted(said, reverse=True)[:REASONS]
        total = sum(worth for worth, _ in best)
        if not best:
            return (Reason("popularity", "", "", 1.0),)
        return tuple(
            Reason("event", recent[place].event, self.items[recent[place].item], worth / total) for worth, place in best
        )

    def save(self, path: Path) -> None:
        write_model(path, KIND, *self.state())

    @classmethod
    def load(cls, path: Path, embed: Embed | None = None) -> "Covisitation":
        """As it was saved. Raises StorageError."""
        return cls.from_state(*read_model(path, KIND), embed)

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Header and arrays of all that was learnt."""
        header = {
            "products": self.products.to_json(),
            "histories": self.histories.to_json(),
            "weights": asdict(self.weights),
            "decay": self._decay.to_json(),
        }
        arrays = {
            "counts": np.array(self.counts),
            "lengths": np.array([len(row) for row in self._after], dtype=np.int64),
            "numbers": np.array([number for row in self._after for number in row], dtype=np.int64),
            "pairs": np.array([weight for row in self._after for weight in row.values()]),
        }
        return header, arrays

    @classmethod
    def from_state(cls, header: Mapping[str, Any], arrays: Arrays, embed: Embed | None = None) -> "Covisitation":
        model = cls(Products.from_json(header["products"], embed), weights=Weights(**header["weights"]))
        model.histories = Histories.from_json(header["histories"])
        model._decay = Decay(*header["decay"])
        model._grow(len(arrays["counts"]))
        model.counts = arrays["counts"].tolist()
        numbers, pairs, at = arrays["numbers"].tolist(), arrays["pairs"].tolist(), 0
        for item, length in enumerate(arrays["lengths"].tolist()):
            row = dict(zip(numbers[at : at + length], pairs[at : at + length], strict=True))
            model._after[item] = row
            for other, weight in row.items():
                model._before[other][item] = weight
            at += length
        return model

    def said(self, seen: int, item: int, fresh: float) -> float:
        """What one act says for an item, normalised as in `scores`."""
        after, before = self._after[seen].get(item, 0.0), self._before[seen].get(item, 0.0)
        both = (after + self.weights.backward * before) / self._decay.newest
        return self._share(seen, fresh) * both / float(max(1.0, self.count(item)) ** self.weights.popular)

    def count(self, item: int) -> float:
        """The item's decayed count."""
        return self.counts[item] / self._decay.newest if item < len(self.counts) else 0.0

    def _share(self, item: int, fresh: float) -> float:
        return fresh / float(max(1.0, self.count(item)) ** self.weights.seen)

    def _grow(self, size: int) -> None:
        missing = size - len(self._after)
        self._after.extend({} for _ in range(missing))
        self._before.extend({} for _ in range(missing))
        self.counts.extend([0.0] * missing)
