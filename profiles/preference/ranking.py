"""The best candidates of the first stage, re-ranked by a scorer: the blend, the ranker alone, the forest.

In: events (learnt at once by the first stage), and now and then `train` on what customers took next. Out: a full
ranking: the candidates by their chance, and all other items behind them by their base score.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import ConfigError, choices
from profiles.preference.candidates import Signals, Stage, Table
from profiles.preference.covisitation import Covisitation, Weights
from profiles.preference.forest import KIND as FOREST
from profiles.preference.forest import Forest
from profiles.preference.model import NO_TASTES, Event, Reason, Scores
from profiles.preference.net import KIND as NET
from profiles.preference.net import Net, Recipe
from profiles.preference.products import Embed, Products
from profiles.preference.scorer import Examples, Progress, Scorer
from profiles.preference.selection import Choosing
from profiles.preference.storage import Arrays, read_model, write_model

KIND = "ranked"
MODELS = ("blend", "ranker", "forest")
DEPTH = 200
_TOLD = 5000  # customers between two lines of progress


class Ranked(Choosing):
    """A `PreferenceModel`. `depth`: how many candidates are re-ranked."""

    def __init__(self, stage: Stage, scorer: Scorer, depth: int = DEPTH) -> None:
        super().__init__(stage.model.products, stage.model.histories)
        self.stage, self.scorer, self.depth = stage, scorer, depth
        self._trained = False

    def learn(self, event: Event) -> None:
        self.stage.model.learn(event)

    def forget(self, customer: str) -> int:
        """What the scorer was fitted to are numbers about items; only the first stage knows customers."""
        return self.stage.model.forget(customer)

    def train(
        self, taken: Sequence[Event], *, checkpoint: Path | None = None, progress: Progress = lambda line: None
    ) -> None:
        """Fit the scorer to what customers took next: one event each that has not been learnt yet.

        Learn it first and the answer would be among the questions. Raises DataError where nothing can be learnt.
        """
        self.scorer.fit(self._examples(taken, progress), checkpoint=checkpoint, progress=progress)
        self._trained = True

    def scores(self, customer: str, tastes: Mapping[str, float] = NO_TASTES) -> Scores:
        """Candidates have more than 1, the others less. Until it is trained, base scores."""
        signals = self.stage.signals(customer, tastes)
        if not self._trained:
            return signals.base
        candidates = self._candidates(customer, signals)
        base = np.maximum(signals.base, 0.0)
        scores: Scores = base / (1.0 + base)
        if len(candidates):
            scores[candidates] = 1.0 + self.scorer.score(self.stage.table(signals, candidates))
        return scores

    def explain(self, customer: str, item: int, tastes: Mapping[str, float] = NO_TASTES) -> tuple[Reason, ...]:
        return self.stage.explain(customer, item, tastes)

    def save(self, path: Path) -> None:
        header, arrays = self.stage.model.state()
        judged, weights = self.scorer.state()
        header |= {
            "covisits": self.stage.covisits, "depth": self.depth, "trained": self._trained,
            "scorer": self.scorer.kind, "judged": judged,
        }  # fmt: skip
        write_model(path, KIND, header, arrays | {f"scorer/{name}": value for name, value in weights.items()})

    @classmethod
    def load(cls, path: Path, embed: Embed | None = None) -> "Ranked":
        """As it was saved. Raises StorageError."""
        header, arrays = read_model(path, KIND)
        weights = {name.removeprefix("scorer/"): value for name, value in arrays.items() if name.startswith("scorer/")}
        covisitation = Covisitation.from_state(header, arrays, embed)
        kinds: Mapping[str, Callable[[Mapping[str, Any], Arrays], Scorer]]
        kinds = {NET: Net.from_state, FOREST: Forest.from_state}
        scorer = kinds[header["scorer"]](header["judged"], weights)
        model = cls(Stage(covisitation, covisits=header["covisits"]), scorer, header["depth"])
        model._trained = header["trained"]
        return model

    def _candidates(self, customer: str, signals: Signals) -> NDArray[np.int64]:
        """The best by base score, best first, without bought durables."""
        banned = self.histories.banned(customer, self.products, ())
        base = signals.base
        some = min(len(base), self.depth + len(banned))
        pool = np.argpartition(-base, some - 1)[:some] if some < len(base) else np.arange(len(base))
        allowed = pool[~np.isin(pool, list(banned))]
        return allowed[self.products.order(base, allowed)][: self.depth]

    def _examples(self, taken: Sequence[Event], progress: Progress) -> Examples:
        """One for each event whose item is among its customer's candidates, with others beside it."""
        tables: list[Table] = []
        places: list[int] = []
        for count, event in enumerate(taken, 1):
            number = self.products.number(event.item)
            signals = self.stage.signals(event.customer, NO_TASTES)
            candidates = self._candidates(event.customer, signals)
            found = np.flatnonzero(candidates == number)
            if len(found) and len(candidates) > 1:
                tables.append(self.stage.table(signals, candidates))
                places.append(int(found[0]))
            if count % _TOLD == 0:
                progress(f"{count} of {len(taken)} customers looked at, {len(places)} to learn from")
        starts = np.cumsum([0, *map(len, tables)])
        rows = np.concatenate(tables) if tables else np.zeros((0, 1), dtype=np.float32)
        return Examples(rows, starts, starts[:-1] + np.array(places, dtype=np.int64))


def ranked(
    kind: str,
    products: Products,
    *,
    consumables: Collection[str] = (),
    weights: Weights | None = None,
    seed: int = 0,
) -> Ranked:
    """A model by name: blend, ranker or forest. Raises ConfigError for another."""
    covisitation = Covisitation(products, consumables=consumables, weights=weights)
    if kind == "blend":
        return Ranked(Stage(covisitation), Net(Recipe(seed=seed)))
    if kind == "ranker":
        return Ranked(Stage(covisitation, covisits=False), Net(Recipe(seed=seed)), depth=1000)
    if kind == "forest":
        return Ranked(Stage(covisitation), Forest(seed))
    raise ConfigError(f"no ranked model {kind!r}; there are: {choices(MODELS)}")
