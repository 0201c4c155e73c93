"""What the recogniser makes of messages that others labelled: Bitext's requests, CLINC150's and MG-ShopDial's.

In: `--data`, a CSV file or folder of Bitext's form, a JSON file of CLINC150's form (only what is of no intent is
taken), or one of MG-ShopDial's (its customers' utterances, each behind the one before it). Each request stands alone
or behind that one; which wishes fit which label stands in `wishes.yaml`. No agent runs, only the encoder.

Out: "right", the share of messages whose likeliest wish fits; "sure", of those whose likeliest wish has a probability
of one half; "acts", the share where a wish that changes something is sure and does not fit. By label: "right/LABEL".
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agent.guided.recogniser.encoder import Encoder
from agent.guided.recogniser.labels import WISHES
from agent.guided.recogniser.situation import Situation
from agent.guided.wishes.shares import SURE
from errors import DataError
from eval.suite import Case, Options, Record, Suite, share
from finetune.corpora.bitext import read_requests
from finetune.corpora.clinc import OUTSIDE, read_strangers

LABELS = Path(__file__).with_name("wishes.yaml")
_CUSTOMER = "Client"  # who speaks, in MG-ShopDial
_ACTS = ("cart", "cancel", "return", "exchange", "address", "problem", "data")
Labelled = tuple[str, str, Sequence[str]]  # the message before, the message, its labels


def cases(options: Options) -> Sequence[Case]:
    """The messages with a label that `wishes.yaml` knows, ordered by hash, so that the first are a fair part."""
    path = options.needs_data("a CSV of Bitext's form, or a JSON file of CLINC150's or MG-ShopDial's")
    name, rows = _read(path)
    fitting = fitting_wishes()[name]
    made = (_case(name, row, sorted({wish for label in row[2] for wish in fitting.get(label, ())})) for row in rows)
    return sorted({case.id: case for case in made if case.data["fits"]}.values(), key=lambda case: case.id)


def run(case: Case, subject: object) -> Record:
    """Recognise one message."""
    chances = _encoder().probabilities(Situation(case.data["before"]).text(), case.data["message"])
    best = max(WISHES, key=lambda wish: chances[wish])
    fits = case.data["fits"]
    acts = [wish for wish in _ACTS if chances[wish] >= SURE and wish not in fits]
    why = "" if best in fits else f"{case.data['message']!r}: {best}, not {' or '.join(fits)}"
    is_right: dict[str, Any] = {"ok": best in fits, "why": why}
    return is_right | {"labels": case.data["labels"], "sure": chances[best] >= SURE, "acts": bool(acts)}


def metrics(records: Sequence[Record]) -> Mapping[str, float]:
    """Shares of all messages, and by label."""
    sure = [record for record in records if record["sure"]]
    figures = {"right": share(records), "sure": share(sure), "acts": share(records, "acts"), "messages": len(records)}
    for label in sorted({label for record in records for label in record["labels"]}):
        figures[f"right/{label}"] = share([record for record in records if label in record["labels"]])
    return figures


@cache
def fitting_wishes() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The wishes that fit, by data set and label."""
    read: Mapping[str, Mapping[str, Sequence[str]]] = yaml.safe_load(LABELS.read_text(encoding="utf-8"))
    return read


def _read(path: Path) -> tuple[str, Iterator[Labelled]]:
    """The name of the data's form, and what is in it."""
    if path.suffix != ".json":
        return "bitext", (("", request.text, [request.intent]) for request in read_requests(path))
    try:
        held = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {error}") from error
    if isinstance(held, dict):
        return "clinc150", (("", one.text, [OUTSIDE]) for one in read_strangers(path) if one.intent == OUTSIDE)
    return "mg-shopdial", _said(held, path)


def _said(talks: Any, path: Path) -> Iterator[Labelled]:
    """Each customer's utterance behind their one before it."""
    try:
        for talk in talks:
            before = ""
            for one in (one for one in talk["utterances"] if one["participant"] == _CUSTOMER):
                text = str(one["utterance"]).strip()
                if text:
                    yield before, text, [str(label) for label, _ in one["intents"]]
                before = text
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: expected talks with utterances of a participant and intents: {error!r}") from error


def _case(name: str, row: Labelled, fits: Sequence[str]) -> Case:
    before, message, labels = row
    known = [label for label in labels if label in fitting_wishes()[name]]
    key = hashlib.sha256("\0".join((before, message, *labels)).encode()).hexdigest()[:12]
    return Case(key, {"before": before, "message": message, "labels": known, "fits": list(fits)}, "none")


@cache
def _encoder() -> Encoder:
    return Encoder()


SUITE = Suite(
    "wishes",
    "what the recogniser makes of messages that others labelled (Bitext's, CLINC150's and MG-ShopDial's forms)",
    cases,
    run,
    metrics,
    workers=1,
)
