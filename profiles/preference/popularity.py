"""The baseline that knows no customer: what others took most, decayed."""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from profiles.preference.decay import Decay
from profiles.preference.history import Histories, Seen
from profiles.preference.model import NO_TASTES, Event, Reason, Scores
from profiles.preference.products import Embed, Products
from profiles.preference.selection import Choosing
from profiles.preference.storage import read_model, write_model

KIND = "popularity"


class Popularity(Choosing):
    """A `PreferenceModel`: everybody gets the most popular items that they do not have."""

    def __init__(
        self, products: Products, *, consumables: Collection[str] = (), half_life_days: float | None = 180.0
    ) -> None:
        super().__init__(products, Histories(consumables))
        self._decay = Decay(half_life_days)
        self._counts: list[float] = []

    def learn(self, event: Event) -> None:
        item = self.products.add(event.item)
        if item >= len(self._counts):
            self._counts.extend([0.0] * (item + 1 - len(self._counts)))
        self._counts[item] += event.weight * self._decay.growth(event.at)
        self.histories.add(event.customer, Seen(item, event.at, event.weight, event.id), event.bought)

    def forget(self, customer: str) -> int:
        acts = self.histories.forget(customer)
        for seen in acts:
            self._counts[seen.item] = max(0.0, self._counts[seen.item] - seen.weight * self._decay.growth(seen.at))
        return len(acts)

    def scores(self, customer: str, tastes: Mapping[str, float] = NO_TASTES) -> Scores:
        scores = np.zeros(len(self.items))
        scores[: len(self._counts)] = np.asarray(self._counts) / self._decay.newest
        return scores

    def explain(self, customer: str, item: int, tastes: Mapping[str, float] = NO_TASTES) -> tuple[Reason, ...]:
        return (Reason("popularity", "", "", 1.0),)

    def save(self, path: Path) -> None:
        header = {
            "products": self.products.to_json(),
            "histories": self.histories.to_json(),
            "decay": self._decay.to_json(),
        }
        write_model(path, KIND, header, {"counts": np.asarray(self._counts)})

    @classmethod
    def load(cls, path: Path, embed: Embed | None = None) -> "Popularity":
        """As it was saved. Raises StorageError."""
        header, arrays = read_model(path, KIND)
        model = cls(Products.from_json(header["products"], embed))
        model.histories = Histories.from_json(header["histories"])
        model._decay = Decay(*header["decay"])
        model._counts = arrays["counts"].tolist()
        return model
