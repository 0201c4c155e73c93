"""The panels on the right as HTML: the profile with its evidence, the tool steps, and what the turn cost.

In: a profile, steps and a turn of the agent. Out: HTML in which every text from outside is escaped.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from agent.turn import Step, Turn
from profiles.history.explanation import NOTHING_TOLD, Told
from profiles.intents.intent import Intent, State
from profiles.observation import Profile
from profiles.schema import Schema
from ui.page.labels import label
from ui.page.text import escape
from ui.page.traits import TraitWriter, replaced_in

_RESULT_CHARACTERS = 6000
_ORDER = {"stated": 0, "shop": 1, "observed": 2, "inferred": 3}  # what the customer said matters most here
Fresh = Collection[tuple[str, str, str]]


def fresh_key(trait: Mapping[str, Any]) -> tuple[str, str, str]:
    """What tells a trait of a turn from others: whom it is about, the attribute, the value as text."""
    return trait["about"], trait["attribute"], str(trait["value"])


def panel(key: str, body: str, language: str, count: int | None = None) -> str:
    """A titled section; `count` stands beside the title."""
    number = f'<span class="count">{count}</span>' if count else ""
    return (
        f'<section class="panel panel-{key}" lang="{escape(language)}" aria-labelledby="title-{key}">'
        f'<h2 id="title-{key}">{label(key, language)}{number}</h2>{body}</section>'
    )


def profile_panel(
    profile: Profile,
    schema: Schema,
    currency: str,
    language: str,
    fresh: Fresh = (),
    told: Told = NOTHING_TOLD,
    intents: Sequence[Intent] = (),
) -> str:
    """What the customer is after, then all traits, each with why it is held; what no longer holds is struck through.

    The customer's own traits come first, of these what they said. `fresh`: what this turn added (`fresh_key`).
    `told`: the reasons, and the journal. Of `intents` the open ones are shown.
    """
    writer = TraitWriter(schema, currency, language, told)
    wanted = [writer.wanted(intent) for intent in intents if intent.state is State.OPEN]
    if not profile.everyone and not profile.past and not told.journal and not wanted:
        return panel("profile", f'<p class="empty">{label("profile_empty", language)}</p>', language)
    ordered = sorted(profile.everyone, key=lambda t: (t.about, _ORDER[t.authority.value], -t.since.timestamp()))
    rows = [
        writer.current(trait, replaced_in(trait, profile.past), fresh_key(trait.to_json()) in fresh)
        for trait in ordered
    ]
    body = f'<h3>{label("wanted", language)}</h3><ul class="traits">{"".join(wanted)}</ul>' if wanted else ""
    body += f'<ul class="traits">{"".join(rows)}</ul>' if rows else ""
    gone = sorted(profile.past, key=lambda t: t.until or t.since, reverse=True)
    if gone:
        lines = "".join(writer.ended(trait) for trait in gone)
        body += (
            f'<details class="past"><summary>{label("earlier", language)} ({len(gone)})</summary>'
            f'<ul class="traits">{lines}</ul></details>'
        )
    body += writer.history()
    return panel("profile", body, language, len(profile.everyone))


def steps_panel(steps: Sequence[Step], language: str, cards: Callable[[Step], str] = lambda step: "") -> str:
    """The tool calls of a turn in order: each with its cards, and with its arguments and its result on demand."""
    if not steps:
        return panel("steps", f'<p class="empty">{label("steps_empty", language)}</p>', language)
    rows = "".join(f"<li>{_step(step, language)}{cards(step)}</li>" for step in steps)
    return panel("steps", f'<ol class="steps">{rows}</ol>', language, len(steps))


def usage_line(turn: Turn | None, language: str) -> str:
    """What the turn took: model calls, tokens, seconds, and what the gate did."""
    if turn is None:
        return ""
    used, gate = turn.usage, turn.gate
    facts = {
        "usage_calls": str(used["model_calls"]),
        "usage_tokens": f"{used['prompt_tokens']:,} / {used['completion_tokens']:,}",
        "usage_seconds": f"{turn.seconds:.1f}",
        "usage_gate": f"{gate['checked']} / {gate['blocked']}",
    }
    rows = "".join(f"<div><dt>{label(key, language)}</dt><dd>{value}</dd></div>" for key, value in facts.items())
    return f'<dl class="usage" lang="{escape(language)}">{rows}</dl>'


def _step(step: Step, language: str) -> str:
    state, word = ("ok", "✓") if step.ok else ("failed", "✗")
    said = label("ok" if step.ok else "not_ok", language)
    return (
        f'<details class="step {state}"><summary><span class="mark" aria-hidden="true">{word}</span>'
        f'<code class="tool">{escape(step.name)}</code>'
        f'<span class="brief">{escape(_brief(step.arguments))}</span>'
        f'<span class="state">{said}</span></summary>'
        f"<h3>{label('arguments', language)}</h3><pre>{_pretty(step.arguments)}</pre>"
        f"<h3>{label('result', language)}</h3><pre>{_pretty(step.result)}</pre></details>"
    )


def _brief(arguments: Mapping[str, Any]) -> str:
    words = json.dumps(arguments, ensure_ascii=False, default=str)[1:-1].replace('"', "")
    return words if len(words) <= 90 else f"{words[:89]}…"


def _pretty(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return escape(text if len(text) <= _RESULT_CHARACTERS else f"{text[:_RESULT_CHARACTERS]}\n…")
