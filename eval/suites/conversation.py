"""The conversation that must work: twelve cases in a consultation, in all their wordings (eval/conversation.yaml).

In: a shop whose customers CUSTOMERS have a newest order that can be cancelled: the demo shop. Out: per wording, which
cases failed and why. "passed" is the share of all cases, "least" the number passed by the worst wording.
"""

from collections.abc import Mapping, Sequence

from agent.shopkeeper import Shopkeeper
from eval.conversation import play
from eval.suite import Case, Options, Record, Suite

CUSTOMERS = ("C1002", "C1003", "C1005")
WORDINGS = 3


def cases(options: Options) -> Sequence[Case]:
    """One a wording."""
    return [
        Case(f"wording-{number}", {"wording": number, "customer": customer})
        for number, customer in zip(range(WORDINGS), CUSTOMERS, strict=True)
    ]


def run(case: Case, keeper: Shopkeeper) -> Record:
    """Play it once."""
    played = play(keeper, case.data["customer"], case.id, case.data["wording"])
    turns = [
        {
            "case": result.case,
            "said": result.said,
            "failed": list(result.failed),
            "tools": [[step.name, step.arguments] for step in result.turn.tools],
            "reply": result.turn.reply,
        }
        for result in played
    ]
    failed = [result.case for result in played if result.failed]
    return {"ok": not failed, "why": ", ".join(failed), "turns": turns}


def metrics(records: Sequence[Record]) -> Mapping[str, float]:
    """Shares, of all cases and of each; the least number of cases passed in a wording."""
    passed = [[turn["case"] for turn in record["turns"] if not turn["failed"]] for record in records]
    names = [turn["case"] for turn in records[0]["turns"]] if records else []
    total = sum(map(len, passed))
    return {
        "passed": total / (len(names) * len(records)) if names else 0.0,
        "least": min(map(len, passed), default=0),
        **{f"passed/{name}": sum(name in one for one in passed) / len(records) for name in names},
    }


SUITE = Suite(
    "conversation",
    "twelve cases that must work in one consultation, in three wordings (demo shop)",
    cases,
    run,
    metrics,
    targets=("least>=10",),
)
