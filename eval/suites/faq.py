"""A shop's own questions: does each get an approved answer that a good employee would have given?

In: `--data`, a file of JSON lines: `question`, the words that ask; `message`, all that was said with them; `before`,
the message before it; `language`; `answers`, the ids of the approved answers that are right, the best first, or none
where the shop has no approved answer to it. What is measured is the choice of `find_answer` among the approved answers:
not what it does behind an act on an order, nor the policy, which it quotes where no approved answer fits.

Out: "right", the share of the questions with an answer that get one of them, "unsure" what is right but only said to
be what may be meant, "wrong" and "none" the rest; "refused", the share of the others that get nothing, not even
unsurely. By language as well ("right/zh").
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.shopkeeper import Shopkeeper
from agent.tools.find_answer import NEAR, surest, ways_to_ask
from errors import DataError, choices, first_mistake
from eval.suite import Case, Options, Record, Suite
from retrieval.answers import load_answers

_OUTCOMES = ("right", "unsure", "wrong", "none")


class Asked(BaseModel):
    """One line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str = Field(min_length=1)
    message: str = ""
    before: str = ""
    language: str
    answers: tuple[str, ...] = ()


def cases(options: Options) -> Sequence[Case]:
    """One a line. Raises DataError."""
    data = options.needs_data("a file of JSON lines with question, message, before, language and answers")
    known = {template.id for template in load_answers(options.shop / "answers.yaml")}
    made = []
    for number, line in enumerate(data.read_text(encoding="utf-8").splitlines(), 1):
        try:
            asked = Asked.model_validate_json(line)
        except ValidationError as error:
            raise DataError(f"{data}, line {number}: {first_mistake(error)}") from error
        if unknown := [name for name in asked.answers if name not in known]:
            raise DataError(f"{data}, line {number}: no approved answer {unknown[0]!r}; there are {choices(known)}")
        made.append(Case(f"{number:05}", asked.model_dump(mode="json")))
    return made


def run(case: Case, keeper: Shopkeeper) -> Record:
    """What is chosen, surely or not."""
    asked, retriever = Asked.model_validate(case.data), keeper.services.retriever
    ways = ways_to_ask(asked.question, asked.message, asked.before)
    found = (surest(each, retriever, asked.language) for each in ways)
    sure = next((hit.template.id for hit in found if hit), None)
    near = None if sure else retriever.answer(asked.question, asked.language, NEAR)
    got = sure or (near.template.id if near else None)
    outcome = "none" if got is None else "wrong" if got not in asked.answers else "right" if sure else "unsure"
    wanted, is_right = " or ".join(asked.answers) or "none", outcome == ("right" if asked.answers else "none")
    why = "" if is_right else f"{asked.question!r}: wanted {wanted}, got {got or 'none'}"
    told: Record = {"outcome": outcome, "language": asked.language, "is_covered": bool(asked.answers)}
    return told | {"ok": not why, "why": why}


def metrics(records: Sequence[Record]) -> Mapping[str, float]:
    """Over all, then by language."""
    languages = sorted({record["language"] for record in records})
    parts = {f"/{code}": [one for one in records if one["language"] == code] for code in languages}
    shares = {of: _shares(some) for of, some in {"": records, **parts}.items()}
    return {f"{name}{of}": value for of, part in shares.items() for name, value in part.items()}


def _shares(records: Sequence[Record]) -> dict[str, float]:
    covered = [record["outcome"] for record in records if record["is_covered"]]
    others = [record["outcome"] for record in records if not record["is_covered"]]
    shares: dict[str, Any] = {name: covered.count(name) / max(1, len(covered)) for name in _OUTCOMES}
    return shares | {"refused": others.count("none") / max(1, len(others)), "covered": len(covered)}


SUITE = Suite("faq", "a shop's own questions, and the approved answers that they get (--data)", cases, run, metrics)
