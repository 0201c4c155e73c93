"""The panels on the right as HTML: the profile with its evidence, the tool steps, and what the turn cost.

In: a profile, steps and a turn of the agent. Out: HTML in which every text from outside is escaped.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from agent.turn import Step, Turn
from profiles.card import brief
from profiles.intents.intent import Intent, State
from profiles.observation import Evidence, Profile, Trait
from profiles.schema import Schema
from ui.labels import has_label, label
from ui.text import escape, shown_attribute, shown_value

_RESULT_CHARACTERS = 6000
_ORDER = {"stated": 0, "shop": 1, "observed": 2, "inferred": 3}  # what the customer said matters most here
Fresh = Collection[tuple[str, str]]


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
    intents: Sequence[Intent] = (),
) -> str:
    """What the customer is after, then all traits, their own words first; what no longer holds is struck through.

    `fresh` names the traits that this turn added, as (attribute, value as text); of `intents` the open ones are shown.
    """
    writer = _TraitWriter(schema, currency, language)
    wanted = [writer.wanted(intent) for intent in intents if intent.state is State.OPEN]
    if not profile.traits and not profile.past and not wanted:
        return panel("profile", f'<p class="empty">{label("profile_empty", language)}</p>', language)
    ordered = sorted(profile.traits, key=lambda t: (_ORDER[t.authority.value], -t.since.timestamp()))
    rows = [
        writer.current(trait, _replaced(trait, profile.past), (trait.attribute, str(trait.value)) in fresh)
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
    return panel("profile", body, language, len(profile.traits))


def steps_panel(steps: Sequence[Step], language: str) -> str:
    """The tool calls of a turn in order, each with its arguments and its result on demand."""
    if not steps:
        return panel("steps", f'<p class="empty">{label("steps_empty", language)}</p>', language)
    rows = "".join(f"<li>{_step(step, language)}</li>" for step in steps)
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
    rows = "".join(
        f"<div><dt>{label(key, language)}</dt><dd>{value}</dd></div>" for key, value in facts.items()
    )
    return f'<dl class="usage" lang="{escape(language)}">{rows}</dl>'


class _TraitWriter:
    """Writes traits for one schema and one language."""

    def __init__(self, schema: Schema, currency: str, language: str) -> None:
        self._schema = schema
        self._currency = currency
        self._language = language

    def current(self, trait: Trait, replaced: Trait | None, is_fresh: bool) -> str:
        """A row that opens to show why the trait is held."""
        percent = round(100 * trait.confidence)
        words = label("confidence", self._language, percent=percent)
        before = f"<del>{escape(self._value(replaced))}</del> " if replaced else ""
        fresh = f'<span class="fresh">{label("new_trait", self._language)}</span>' if is_fresh else ""
        challenges = "".join(self._challenge(other) for other in trait.challenges)
        mark = ' <span class="conflict" aria-hidden="true">≠</span>' if trait.challenges else ""
        return (
            f'<li class="trait {escape(trait.polarity)}"><details><summary>'
            f'<span class="name">{self._name(trait)}</span>'
            f'<span class="value">{self._polarity(trait)}{before}{escape(self._value(trait))}'
            f"{mark}{fresh}</span>"
            f"{self._badge(trait)}"
            f'<span class="bar" title="{words}"><i style="width:{percent}%"></i></span>'
            f'<span class="sr-only">{words}</span></summary>'
            f'<div class="why">{self._evidence(trait.evidence)}{challenges}'
            f'<p class="when">{self._day("since", trait.since)} · {words}</p></div>'
            "</details></li>"
        )

    def wanted(self, intent: Intent) -> str:
        """A row that opens to show each slot of an intent with its reason."""
        slots = "".join(
            f'<div class="slot"><strong>{self._slot_name(slot.name)}</strong> {escape(slot.value)}'
            f"{self._evidence(slot.evidence[-1:])}</div>"
            for slot in intent.slots
        )
        percent = round(100 * intent.confidence)
        return (
            f'<li class="trait intent"><details><summary><span class="name">{label(intent.kind.value, self._language)}'
            f'</span><span class="value">{escape(brief(intent))}</span></summary><div class="why">{slots}'
            f'<p class="when">{self._day("since", intent.opened)} · '
            f"{label('confidence', self._language, percent=percent)}</p></div></details></li>"
        )

    def ended(self, trait: Trait) -> str:
        """A trait that was superseded or retracted."""
        until = self._day("until", trait.until) if trait.until else ""
        return (
            f'<li class="trait ended"><details><summary>'
            f'<span class="name">{self._name(trait)}</span>'
            f'<span class="value"><del>{self._polarity(trait)}{escape(self._value(trait))}</del></span>'
            f'{self._badge(trait)}</summary><div class="why">{self._evidence(trait.evidence)}'
            f'<p class="when">{until}</p></div></details></li>'
        )

    def _challenge(self, trait: Trait) -> str:
        return (
            f'<div class="challenge"><strong>{label("disagrees", self._language)}</strong> '
            f"<del>{self._polarity(trait)}{escape(self._value(trait))}</del> {self._badge(trait)}"
            f"{self._evidence(trait.evidence)}</div>"
        )

    def _slot_name(self, name: str) -> str:
        known = name not in self._schema.attributes and has_label(f"slot_{name}")
        return label(f"slot_{name}", self._language) if known else escape(
            shown_attribute(name, self._schema, self._language)
        )

    def _name(self, trait: Trait) -> str:
        return escape(shown_attribute(trait.attribute, self._schema, self._language))

    def _day(self, key: str, at: datetime) -> str:
        return label(key, self._language, day=f"{at:%Y-%m-%d}")

    def _value(self, trait: Trait) -> str:
        return shown_value(trait.attribute, trait.value, self._schema, self._currency, self._language)

    def _polarity(self, trait: Trait) -> str:
        word = label(trait.polarity, self._language)
        return f'<span class="polarity">{word}</span> ' if word else ""

    def _badge(self, trait: Trait) -> str:
        name = trait.authority.value
        return f'<span class="badge {name}">{label(name, self._language)}</span>'

    def _evidence(self, items: Iterable[Evidence]) -> str:
        return "".join(
            f'<figure class="evidence"><blockquote>{escape(item.quote) or "–"}</blockquote>'
            f"<figcaption>{self._kind(item.kind)} <code>{escape(short_id(item.id))}</code></figcaption>"
            "</figure>"
            for item in items
        )

    def _kind(self, kind: str) -> str:
        return label(kind, self._language) if has_label(kind) else escape(kind)


def short_id(identity: str) -> str:
    """The end of a long id: enough to tell two apart, not enough to open another browser's consultation."""
    return identity if len(identity) <= 20 else f"…{identity[-8:]}"


def _replaced(trait: Trait, past: Sequence[Trait]) -> Trait | None:
    """The value that ended when this one began, if it has the same polarity."""
    candidates = [
        old
        for old in past
        if old.attribute == trait.attribute and old.polarity == trait.polarity and old.until == trait.since
    ]
    return candidates[-1] if len(candidates) == 1 else None


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
