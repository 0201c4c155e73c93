"""English and Chinese: is every message answered in its language, also when it changes mid-way, and is it understood?

In: a shop that serves both (the demo shop, or `--shop`). A customer searches and asks in turn, in one language or
changing it. Out: the share of messages answered in their own language, of all and of those right after a change; the
share of searches whose conditions all arrived as filters, and of questions that got the right answer, by language.
"""

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from errors import ConfigError
from eval.customers.facts import ShopFacts
from eval.customers.utterances import LANGUAGES, Wording
from eval.customers.wants import asking, searching
from eval.suite import Case, Options, Record, Suite, share

SESSIONS = 40
_MESSAGES = 4
_HAN = re.compile(r"[\u4e00-\u9fff]")


def cases(options: Options) -> Sequence[Case]:
    """Sessions of four messages: all English, all Chinese, or changing. Raises ConfigError for a shop without both."""
    facts = ShopFacts.load(options.shop)
    if not set(LANGUAGES) <= set(facts.shop.languages):
        spoken = ", ".join(facts.shop.languages)
        raise ConfigError(
            f"suite language needs a shop that serves {' and '.join(LANGUAGES)}; {options.shop}: {spoken}"
        )
    count = options.integer("sessions", SESSIONS)
    return [
        Case(
            f"{options.shop.name}:{options.seed}:{number}",
            _session(random.Random(f"{options.seed}:{number}"), facts, number),
        )
        for number in range(count)
    ]


def run(case: Case, keeper: Shopkeeper) -> Record:
    """Say everything in turn."""
    turns = []
    for message in case.data["messages"]:
        turn = keeper.reply(case.data["customer"], case.id, message["text"])
        turns.append(
            {
                "said": message["text"],
                "language": message["language"],
                "changed": message["changed"],
                "answered": _answered_in(turn, message["language"], keeper),
                "kind": message["kind"],
                "understood": _understood(turn, message),
                "calls": [[step.name, step.arguments, step.ok] for step in turn.tools],
                "reply": turn.reply,
            }
        )
    wrong = [turn["said"] for turn in turns if not (turn["answered"] and turn["understood"])]
    return {"ok": not wrong, "why": "; ".join(wrong), "turns": turns}


def metrics(records: Sequence[Record]) -> Mapping[str, float]:
    """Over messages."""
    turns = [turn for record in records for turn in record["turns"]]
    parts: dict[str, list[Record]] = defaultdict(list)
    for turn in turns:
        parts[f"{turn['kind']}/{turn['language']}"].append(turn)
    return {
        "answered_in_language": share(turns, "answered"),
        "answered_after_change": share([turn for turn in turns if turn["changed"]], "answered"),
        "understood": share(turns, "understood"),
        **{
            f"answered_in_language/{lang}": share([t for t in turns if t["language"] == lang], "answered")
            for lang in LANGUAGES
        },
        **{name: share(of, "understood") for name, of in sorted(parts.items())},
    }


def _session(rng: random.Random, facts: ShopFacts, number: int) -> dict[str, Any]:
    customer = rng.choice([one for one in facts.customers if not one.traits] or facts.customers)
    languages = {0: ["en"] * _MESSAGES, 1: ["zh"] * _MESSAGES}.get(
        number % 4, [rng.choice(LANGUAGES) for _ in range(_MESSAGES)]
    )
    messages: list[dict[str, Any]] = []
    for place, language in enumerate(languages):
        made = searching(rng, facts, customer, set()) if rng.random() < 0.6 else asking(rng, facts)
        made = made or asking(rng, facts)
        if made is None:
            continue
        task = made(Wording(rng, language))[0]
        messages.append(
            {
                "text": task.first.text,
                "language": language,
                "changed": place > 0 and languages[place - 1] != language,
                "kind": task.name,
                "filters": {_called(facts, name): value for name, value in task.filters.items()},
                "template": task.template,
            }
        )
    return {"customer": customer.id, "messages": messages}


def _called(facts: ShopFacts, name: str) -> str:
    """What the shop's search calls a condition."""
    return facts.kind_facet or name if name == "category" else name


def _answered_in(turn: Turn, language: str, keeper: Shopkeeper) -> bool:
    """By the letters of the reply itself; titles of products and orders' items stand in the catalogue's language."""
    text = turn.reply
    for hit in turn.products:
        for title in (hit["title"], *hit["titles"].values()):
            text = text.replace(title, "")
    lines = [line for line in text.splitlines() if not line.startswith("- ")] or [text]
    return bool(_HAN.search(" ".join(lines))) == (language == "zh")


def _understood(turn: Turn, message: Mapping[str, Any]) -> bool:
    results = [step.result for step in turn.tools if step.ok]
    if message["template"]:
        return any(result.get("template") == message["template"] for result in results)
    searched = [result["filters"] for result in results if result.get("kind") == "products"]
    return any(all(filters.get(name) == value for name, value in message["filters"].items()) for filters in searched)


SUITE = Suite(
    "language",
    "English and Chinese: replies in the customer's language, changing mid-way, conditions understood in both",
    cases,
    run,
    metrics,
    settings={"sessions": "how many (default 40)"},
)
