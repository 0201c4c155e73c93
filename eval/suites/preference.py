"""From behaviour to what a customer takes next: leave-one-out over sequences, ranked among all items.

In: `--data`, a directory of the form of `eval.sequences`. Each customer's last item is the test item, the one before
it is for tuning (``--set fold=validation`` asks for it in place of the last), the rest is training. A model learns
event by event; what re-ranks is trained to foresee the last item of the training part from those before it. Then the
model learns on, up to the item that is asked for, as it would in service, and ranks ALL items but those that the
customer has already, which is the published protocol. No item is sampled; equal scores count in an order that no id
decides.

Out: "hr@10" and "ndcg@10", as published; "mrr" over the full ranking; "coverage", the share of items in anybody's
first ten; "hr@10/cold" where the item occurs nowhere in the training part, "hr@10/unseen" where the model saw it
nowhere, and how many these are; "seconds_per_event", one incremental update, and "seconds_per_ranking", both of
processor time, which other work on the machine does not change.
"""

import hashlib
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log2
from pathlib import Path
from threading import Lock

import numpy as np

from errors import ConfigError, DataError, choices
from eval.sequences import Sequences, read_sequences
from eval.suite import Case, Options, Record, Suite
from profiles.preference.covisitation import Covisitation, Weights
from profiles.preference.model import Event, PreferenceModel, Scores
from profiles.preference.popularity import Popularity
from profiles.preference.products import Products
from profiles.preference.ranking import MODELS, Ranked, ranked
from profiles.preference.scorer import Progress

FOLDS = {"test": 1, "validation": 2}  # how far from the end the item is that is asked for
KNOWN = (*MODELS, "covisitation", "popularity")
CUT = 10
_TRAINED_ON = 3  # from the end, too
_OPENING = Lock()
# No times are given: places in the sequence are all there is.
_WEIGHTS = Weights(half_life_days=None)


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model that has learnt all that comes before the items asked for; seconds of each customer's events."""

    model: PreferenceModel
    products: Products
    training: frozenset[str]
    seen: frozenset[str]
    seconds: Mapping[str, float]


def cases(options: Options) -> list[Case]:
    """One case a customer who has items enough, in the order of a hash, so that the first N are a fair sample."""
    path = options.needs_data("a directory with a customer a line, an id and item ids, and a JSON of item attributes")
    kind = _one_of("model", options.settings.get("model", "blend"), KNOWN)
    fold = _one_of("fold", options.settings.get("fold", "test"), FOLDS)
    read = read_sequences(path)
    asked = [customer for customer, items in read.customers.items() if len(items) >= _TRAINED_ON]
    if not asked:
        raise DataError(f"{path}: no customer has {_TRAINED_ON} items; one is asked for, one is for tuning")
    common = {"path": str(path), "digest": read.digest, "kind": kind, "fold": fold, "seed": options.seed}
    work = str(options.work)
    ordered = sorted(asked, key=lambda customer: hashlib.sha256(customer.encode()).digest())
    return [Case(one, {"customer": one, "work": work, **common}, "none") for one in ordered]


def run(case: Case, subject: object) -> Record:
    """The rank of the item that was taken, 1 the best, and the first ten."""
    data = case.data
    with _OPENING:
        learnt = _learnt(data["path"], data["digest"], data["kind"], data["fold"], data["seed"], data["work"])
        items = _read(data["path"], data["digest"]).customers[data["customer"]]
    before, item = items[: -FOLDS[data["fold"]]], items[-FOLDS[data["fold"]]]
    started = time.thread_time()
    scores = learnt.model.scores(data["customer"])
    seconds = time.thread_time() - started
    products, number = learnt.products, learnt.products.add(item)  # all items of the data are known already
    scores[[products.add(one) for one in before if one != item]] = -np.inf
    return {
        "rank": products.rank(scores, number),
        "first": _first(products, scores),
        "items": len(products.items),
        "cold": item not in learnt.training,
        "unseen": item not in learnt.seen,
        "events": len(before),
        "learning": learnt.seconds[data["customer"]],
        "seconds": seconds,
    }


def metrics(records: Sequence[Record]) -> dict[str, float]:
    """Over customers; the parts that are cold beside it."""
    ranks = [record["rank"] for record in records]
    reached = {item for record in records for item in record["first"]}
    events = sum(record["events"] for record in records)
    figures = {
        f"hr@{CUT}": _hits(ranks),
        f"ndcg@{CUT}": sum(1 / log2(rank + 1) for rank in ranks if rank <= CUT) / max(1, len(ranks)),
        "mrr": sum(1 / rank for rank in ranks) / max(1, len(ranks)),
        "coverage": len(reached) / records[0]["items"] if records else 0.0,
        "seconds_per_event": sum(record["learning"] for record in records) / max(1, events),
        "seconds_per_ranking": sum(record["seconds"] for record in records) / max(1, len(ranks)),
    }
    for part in ("cold", "unseen"):
        some = [record["rank"] for record in records if record[part]]
        figures |= {f"hr@{CUT}/{part}": _hits(some), part: len(some)}
    return figures


def learn(read: Sequences, kind: str, fold: str, seed: int, checkpoint: Path, progress: Progress) -> Learnt:
    """Build a model and let it learn: the training part, then on up to the fold's items."""
    named = dict.fromkeys(one for items in read.customers.values() for one in items)
    products = Products({item: read.attributes.get(item, ()) for item in named})
    model = _model(kind, products, seed)
    seconds = dict.fromkeys(read.customers, 0.0)
    early = {customer: max(0, len(items) - _TRAINED_ON) for customer, items in read.customers.items()}
    until = {
        customer: len(items) - FOLDS[fold] if len(items) >= _TRAINED_ON else len(items)
        for customer, items in read.customers.items()
    }
    _learn(model, read, dict.fromkeys(read.customers, 0), early, seconds)
    if isinstance(model, Ranked):
        taken = [_event(customer, at, read.customers[customer][at]) for customer, at in early.items() if at]
        model.train(taken, checkpoint=checkpoint, progress=progress)
    _learn(model, read, early, until, seconds)
    training = (items[:-2] if len(items) >= _TRAINED_ON else items for items in read.customers.values())
    return Learnt(
        model,
        products,
        frozenset(item for items in training for item in items),
        frozenset(item for customer, items in read.customers.items() for item in items[: until[customer]]),
        seconds,
    )


def _learn(
    model: PreferenceModel,
    read: Sequences,
    since: Mapping[str, int],
    until: Mapping[str, int],
    seconds: dict[str, float],
) -> None:
    for customer, items in read.customers.items():
        events = [_event(customer, at, items[at]) for at in range(since[customer], until[customer])]
        started = time.thread_time()
        for event in events:
            model.learn(event)
        seconds[customer] += time.thread_time() - started


def _event(customer: str, at: int, item: str) -> Event:
    return Event(f"{customer}/{at}", customer, item, float(at), bought=True)


def _model(kind: str, products: Products, seed: int) -> PreferenceModel:
    if kind == "popularity":
        return Popularity(products, half_life_days=None)
    if kind == "covisitation":
        return Covisitation(products, weights=_WEIGHTS)
    return ranked(kind, products, weights=_WEIGHTS, seed=seed)


def _first(products: Products, scores: Scores) -> list[str]:
    """The best `CUT` items, without those that are ruled out."""
    some = min(len(scores), 2 * CUT)
    pool = np.argpartition(-scores, some - 1)[:some]
    return [products.items[item] for item in pool[products.order(scores, pool)][:CUT] if np.isfinite(scores[item])]


def _hits(ranks: Sequence[int]) -> float:
    return sum(rank <= CUT for rank in ranks) / len(ranks) if ranks else 0.0


def _one_of(name: str, given: str, known: Collection[str]) -> str:
    if given not in known:
        raise ConfigError(f"--set {name}={given}: there is no such {name}; expected one of {choices(known)}")
    return given


def _say(line: str) -> None:
    print(f"preference: {line}", file=sys.stderr, flush=True)


@lru_cache(maxsize=1)
def _read(path: str, digest: str) -> Sequences:
    """The digest makes changed files read again."""
    return read_sequences(Path(path))


@lru_cache(maxsize=1)
def _learnt(path: str, digest: str, kind: str, fold: str, seed: int, work: str) -> Learnt:
    checkpoint = Path(work) / f"{kind}-{digest}-{seed}.npz"
    return learn(_read(path, digest), kind, fold, seed, checkpoint, _say)


SUITE = Suite(
    "preference",
    "what customers take next, ranked among all items, from what they took before (leave-one-out; --data)",
    cases,
    run,
    metrics,
    targets=("hr@10>=0.065", "ndcg@10>=0.04"),
    settings={
        "model": f"one of {', '.join(KNOWN)} (blend)",
        "fold": "test or validation: which item is asked for, the last or the one before it (test)",
    },
    workers=1,
)
