"""A shop's own dialogues: in how many turns does the agent do what a good shop assistant would have done?

In: `--data`, a YAML file of dialogues or a directory of them (docs/regression-dialogues.md); a shop. Each dialogue is
one consultation on a state of its own, at the time `--set now=...`. Out: "turns", the share of the turns with
expectations that meet all of them; "dialogues", the share without a wrong turn; "wrong_notes", the share of turns
that noted something about the customer that was not to be noted; each by file and by tag as well ("turns/gifts.yaml").
"seconds" is the median of all turns, "seconds_95" what 95 of 100 stay under; run with `--workers 1` to measure them.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil
from typing import Any

import clock
from agent.context import VISITOR
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from eval.dialogues.files import read_dialogues
from eval.dialogues.form import NOBODY, Dialogue, Said
from eval.dialogues.judge import judge
from eval.dialogues.products import Fields, fields
from eval.suite import Case, Options, Record, Suite, share
from retrieval.catalog import Catalog

_NOW = "now"
_HERE = "dialogue"  # the consultation, and the visitor: nobody else is on this state


@contextmanager
def at_the_time(options: Options) -> Iterator[None]:
    """While it lasts, it is as late as the settings say."""
    said = options.settings.get(_NOW)
    with clock.standing(clock.moment(said, f"--set {_NOW}") if said else None):
        yield


def cases(options: Options) -> Sequence[Case]:
    """One a dialogue."""
    data = options.needs_data("a YAML file of dialogues, or a directory of them")
    only = options.settings.get("only", "")
    return [
        Case(
            f"{told.file}: {told.dialogue.dialogue}",
            {"file": told.file, "now": os.environ.get(clock.VARIABLE, ""), "dialogue": told.written},
        )
        for told in read_dialogues(data, options.shop)
        if only in told.dialogue.dialogue
    ]


def run(case: Case, keeper: Shopkeeper) -> Record:
    """Say everything in turn, and judge each turn."""
    dialogue = Dialogue.model_validate(case.data["dialogue"])
    customer = f"{VISITOR}{_HERE}" if dialogue.customer == NOBODY else dialogue.customer
    turns = []
    for said in dialogue.turns:
        turn = keeper.reply(customer, _HERE, said.say.rstrip("\n"))
        turns.append(_judged(said, turn, _shown(turn, keeper.services.retriever.catalog)))
    wrong = [f"turn {number}: {'; '.join(turn['faults'])}" for number, turn in enumerate(turns, 1) if turn["faults"]]
    about = {"file": case.data["file"], "tags": list(dialogue.tags)}
    return {"ok": not wrong, "why": "; ".join(wrong), **about, "turns": turns}


def metrics(records: Sequence[Record]) -> Mapping[str, float]:
    """Shares over all dialogues, over each file's and over each tag's."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        for name in {record["file"], *record["tags"]}:
            groups[name].append(record)
    seconds = sorted(turn["seconds"] for record in records for turn in record["turns"])
    by_group = {name: _shares(groups[name]) for name in sorted(groups)}
    return {
        **_shares(records),
        "judged": sum(turn["judged"] for record in records for turn in record["turns"]),
        "seconds": seconds[len(seconds) // 2] if seconds else 0.0,
        "seconds_95": seconds[ceil(0.95 * len(seconds)) - 1] if seconds else 0.0,
        **{f"{metric}/{name}": value for name, shares in by_group.items() for metric, value in shares.items()},
    }


def _judged(said: Said, turn: Turn, shown: Sequence[Fields]) -> dict[str, Any]:
    verdict = judge(said.expect, turn, shown) if said.expect else None
    return {
        "said": said.say,
        "reply": turn.reply,
        "calls": [[step.name, step.arguments, step.ok] for step in turn.tools],
        "products": [product["title"][0] for product in shown],
        "judged": verdict is not None,
        "faults": list(verdict.faults) if verdict else [],
        "wrong_notes": list(verdict.wrong_notes) if verdict else [],
        "seconds": round(turn.seconds, 3),
    }


def _shown(turn: Turn, catalog: Catalog) -> list[Fields]:
    """The products of the turn, as the catalogue has them."""
    found = (catalog.by_sku.get(product["sku"]) for product in turn.products)
    return [fields(product) for product in found if product is not None]


def _shares(records: Sequence[Record]) -> dict[str, float]:
    judged = [turn for record in records for turn in record["turns"] if turn["judged"]]
    return {
        "turns": sum(not turn["faults"] for turn in judged) / len(judged) if judged else 0.0,
        "dialogues": share(records),
        "wrong_notes": share(judged, "wrong_notes"),
    }


SUITE = Suite(
    "dialogues",
    "a shop's own dialogues, and what a good shop assistant would have done in each turn (--data)",
    cases,
    run,
    metrics,
    settings={
        _NOW: "the time at which they are played, like 2026-11-29T12:00:00+00:00 (default: the machine's)",
        "only": "play the dialogues with this in their name",
    },
    around=at_the_time,
)
