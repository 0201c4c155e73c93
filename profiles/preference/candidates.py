"""The first stage: co-visits and attributes together give candidates, their features and their reasons.

In: a `Covisitation` that goes on learning, and tastes that the profile holds. Out: for one customer a base score for
every item, of co-visits and of likeness to what the customer took and likes; for some of the items a table of features.
Items that nobody took yet have attributes alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.preference.covisitation import Covisitation
from profiles.preference.model import REASONS, Reason, Scores

ATTRIBUTE_FEATURES = ("likeness", "likeness to the newest", "popularity", "acts", "likeness of the best")
FEATURES = (
    *ATTRIBUTE_FEATURES,
    "co-visits", "co-visits, plain", "co-visits, cosine", "follows the newest", "co-visits of the newest", "links",
    "base", "co-visits of the best", "base of the best", "place",
)  # fmt: skip
Table = NDArray[np.float32]
_LIKENESS = 0.1  # of the base score, against co-visits
_POPULAR = 0.3  # likeness counts more for popular items: to this power
_TASTE = 2.0  # a stated like, in acts
_FLOOR = 1e-3  # keeps logarithms of nothing finite


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of one customer and every item."""

    base: Scores
    popularity: Scores
    likeness: Scores
    newest_likeness: Scores
    covisits: Scores
    plain: Scores
    cosine: Scores
    follows: Scores
    newest: Scores
    links: Scores
    acts: int


class Stage:
    """`covisits` False: attributes alone, as for a customer of whose items nobody else took any."""

    def __init__(self, model: Covisitation, *, covisits: bool = True) -> None:
        self.model, self.covisits = model, covisits

    def signals(self, customer: str, tastes: Mapping[str, float]) -> Signals:
        model, size = self.model, len(self.model.items)
        recent = model.histories.recent(customer)
        fresh = model.freshness(recent)
        popularity = model.popularity()
        covisits, plain, cosine, follows, newest, links = (np.zeros(size) for _ in range(6))
        for place, seen in enumerate(recent if self.covisits else ()):
            numbers, after, before = model.row(seen.item)
            both = after + model.weights.backward * before
            count = max(1.0, float(popularity[seen.item]))
            share = both / count**model.weights.seen
            covisits[numbers] += fresh[place] * share
            plain[numbers] += both
            cosine[numbers] += fresh[place] * both / count**0.5
            links[numbers] += 1
            if place == len(recent) - 1:
                follows[numbers], newest[numbers] = after, share
        counts = np.maximum(popularity, 1.0)
        divisor = counts**model.weights.popular
        covisits, newest, cosine = covisits / divisor, newest / divisor, cosine / counts**0.5
        likeness, newest_likeness = self._likeness(customer, tastes)
        base = covisits + _LIKENESS * likeness * counts**_POPULAR
        base += 1e-6 * popularity / max(1.0, float(popularity.sum()))
        return Signals(
            base, popularity, likeness, newest_likeness, covisits, plain, cosine, follows, newest, links, len(recent)
        )

    def table(self, signals: Signals, candidates: NDArray[np.int64]) -> Table:
        """One row a candidate, best base first; the columns of `FEATURES`, without co-visits the first of them."""
        likeness, popularity = signals.likeness[candidates], signals.popularity[candidates]
        columns = [
            likeness,
            signals.newest_likeness[candidates],
            np.log(np.maximum(popularity, 1.0)),
            np.full(len(candidates), np.log1p(signals.acts)),
            _of_best(likeness),
        ]
        if self.covisits:
            covisits, base = signals.covisits[candidates], signals.base[candidates]
            amounts = (covisits, signals.plain[candidates], signals.cosine[candidates], signals.follows[candidates],
                       signals.newest[candidates])  # fmt: skip
            columns += [np.log(amount + _FLOOR) for amount in amounts]
            columns += [np.log1p(signals.links[candidates]), np.log(np.maximum(base, 0.0) + _FLOOR)]
            columns += [_of_best(covisits), _of_best(base), np.log1p(np.arange(len(candidates)))]
        return np.stack(columns, axis=1).astype(np.float32)

    def explain(self, customer: str, item: int, tastes: Mapping[str, float]) -> tuple[Reason, ...]:
        """What adds most to the item's base score: the customer's acts and tastes, or popularity alone."""
        model, vectors = self.model, self.model.products.vectors
        recent = model.histories.recent(customer)
        counts = max(1.0, model.count(item))
        worth: list[tuple[float, Reason]] = []
        alike = (vectors[[seen.item for seen in recent]] @ vectors[item].T).toarray().ravel() if recent else ()
        for seen, fresh, likeness in zip(recent, model.freshness(recent), alike, strict=True):
            said = model.said(seen.item, item, fresh) if self.covisits else 0.0
            said += _LIKENESS * fresh * float(likeness) * counts**_POPULAR
            worth.append((said, Reason("event", seen.event, model.items[seen.item], 0.0)))
        held = model.products.attributes[item]
        for value, weight in tastes.items():
            if value in held and weight > 0:
                like = model.products.taste_vector({value: 1.0}) @ vectors[item].toarray().ravel()
                said = _LIKENESS * _TASTE * weight * float(like) * counts**_POPULAR
                worth.append((said, Reason("trait", value, "", 0.0)))
        best = sorted((one for one in worth if one[0] > 0), key=lambda one: -one[0])[:REASONS]
        total = sum(said for said, _ in best)
        if not best:
            return (Reason("popularity", "", "", 1.0),)
        return tuple(Reason(one.kind, one.id, one.item, said / total) for said, one in best)

    def _likeness(self, customer: str, tastes: Mapping[str, float]) -> tuple[Scores, Scores]:
        """To all that the customer took and likes, and to the newest act's item."""
        vectors = self.model.products.vectors
        recent = self.model.histories.recent(customer)
        profile = _TASTE * self.model.products.taste_vector(tastes)
        if not recent:
            return (vectors @ profile).astype(np.float64), np.zeros(vectors.shape[0])
        taken = vectors[[seen.item for seen in recent]]
        profile = profile + taken.T @ np.asarray(self.model.freshness(recent), dtype=np.float32)
        newest = taken[-1].toarray().ravel()
        return (vectors @ profile).astype(np.float64), (vectors @ newest).astype(np.float64)


def _of_best(amounts: Scores) -> Scores:
    best = float(amounts.max(initial=0.0))
    return amounts / best if best > 0 else np.zeros(len(amounts))
