"""What a turn costs: model calls, tokens, seconds, time to the first token and to the first words, memory.

In: the demo shop; the turns of the conversation that must work, one consultation at a time and nothing beside it. Out:
medians and 95th percentiles over turns. Seconds hold for this machine; tokens and calls hold anywhere.
"""

import resource
import statistics
from collections.abc import Mapping, Sequence

from agent.shopkeeper import Shopkeeper
from eval.conversation import play
from eval.suite import Case, Record, Suite
from eval.suites.conversation import cases

_FIGURES = ("seconds", "first_words", "first_token", "prompt_tokens", "completion_tokens")


def run(case: Case, keeper: Shopkeeper) -> Record:
    """One consultation, with what each of its turns took."""
    played = play(keeper, case.data["customer"], case.id, case.data["wording"])
    turns = [
        {
            "case": result.case,
            "seconds": round(result.turn.seconds, 4),
            "first_words": round(result.turn.first_words, 4),
            "first_token": round(result.turn.first_token, 4),
            **result.turn.usage,
        }
        for result in played
    ]
    return {"turns": turns, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def metrics(records: Sequence[Record]) -> Mapping[str, float]:
    """Over the turns in which the model was asked; "turn_seconds" over all."""
    turns = [turn for record in records for turn in record["turns"]]
    asked = [turn for turn in turns if turn["model_calls"]]
    figures = {"turn_seconds": [turn["seconds"] for turn in turns]}
    figures |= {name: [turn[name] for turn in asked] for name in _FIGURES}
    spread = {f"{name}_{kind}": value for name, values in figures.items() for kind, value in _spread(values).items()}
    return {
        "turns": len(turns),
        "turns_with_model": len(asked),
        "model_calls_a_turn": sum(turn["model_calls"] for turn in turns) / len(turns) if turns else 0.0,
        **spread,
        "peak_resident_mb": max((record["peak_mb"] for record in records), default=0),
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values) or [0.0]
    return {"median": statistics.median(ordered), "p95": ordered[round(0.95 * (len(ordered) - 1))]}


SUITE = Suite(
    "cost",
    "model calls, tokens, seconds a turn, time to first token and first words, memory (demo shop)",
    cases,
    run,
    metrics,
    workers=1,
)
