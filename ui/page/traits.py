"""Traits as HTML: what is held, why, what it replaced, who may change it, and the journal behind it.

In: traits and their reasons (`profiles.history.explanation`). Out: HTML in which every text from outside is escaped.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from language.money import format_money
from language.recipients import recipient_word
from profiles.card import brief
from profiles.history.explanation import NOTHING_TOLD, Piece, Told, withdrawn_by
from profiles.intents.intent import Intent
from profiles.observation import EVERYTHING, Authority, Evidence, Observation, Trait
from profiles.schema import Schema
from ui.page.labels import has_label, label
from ui.page.text import escape, shown_attribute, shown_value

MOST_LINES = 50  # of the journal


class TraitWriter:
    """Writes traits for one schema and one language; `told`: the reasons of those held now, and the journal."""

    def __init__(self, schema: Schema, currency: str, language: str, told: Told = NOTHING_TOLD) -> None:
        self._schema = schema
        self._currency = currency
        self._language = language
        self._reasons = {_key(one.trait): one for one in told.reasons}
        self._told = told

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
            f'<div class="why">{self._why(trait)}{challenges}'
            f'<p class="when">{self._day("since", trait.since)} · {words}</p></div>'
            "</details></li>"
        )

    def ended(self, trait: Trait) -> str:
        """A trait that was superseded or retracted."""
        until = self._day("until", trait.until) if trait.until else ""
        attribute = self._schema.attributes.get(trait.attribute)
        by = withdrawn_by(trait, attribute, self._told.journal) if attribute else None
        withdrawn = f"{self._note('retract')}{self._evidence([by.evidence])}" if by else ""
        return (
            f'<li class="trait ended"><details><summary>'
            f'<span class="name">{self._name(trait)}</span>'
            f'<span class="value"><del>{self._polarity(trait)}{escape(self._value(trait))}</del></span>'
            f'{self._badge(trait)}</summary><div class="why">{self._evidence(trait.evidence)}{withdrawn}'
            f'<p class="when">{until}</p></div></details></li>'
        )

    def history(self) -> str:
        """The journal's newest lines, newest first; empty without a journal."""
        told = self._told
        if not told.journal:
            return ""
        newest = told.journal[-MOST_LINES:][::-1]
        lines = "".join(self._line(item, item.id in told.undone) for item in newest)
        older = len(told.journal) - len(newest)
        rest = f'<p class="when">{label("older", self._language, count=older)}</p>' if older else ""
        return (
            f'<details class="past history"><summary>{label("history", self._language)} ({len(told.journal)})</summary>'
            f"<ol>{lines}</ol>{rest}</details>"
        )

    def _line(self, item: Observation, is_undone: bool) -> str:
        what = self._journal_value(item)
        verb = label(item.op if item.op != "assert" else item.polarity, self._language)
        name = self._named(item.attribute, item.about)
        mark = f' <span class="undone">{label("undone", self._language)}</span>' if is_undone else ""
        shown = f"<del>{what}</del>" if is_undone else what
        return (
            f'<li><time>{item.at:%Y-%m-%d %H:%M}</time> <span class="badge {item.authority}">'
            f"{label(item.authority, self._language)}</span> {name}: {verb} {shown}{mark}"
            f"{self._evidence([item.evidence])}</li>"
        )

    def _journal_value(self, item: Observation) -> str:
        """A retraction may be of all values, an undo names another line."""
        if item.op == "undo" or item.value == EVERYTHING:
            return label("everything", self._language) if item.op != "undo" else ""
        return escape(shown_value(item.attribute, item.value, self._schema, self._currency, self._language))

    def _why(self, trait: Trait) -> str:
        """Evidence piece by piece, what the trait replaced, who may change it and whether it fades."""
        reasons = self._reasons.get(_key(trait))
        if reasons is None:
            return self._evidence(trait.evidence)
        fades = reasons.attribute.half_life_days
        lines = [self._piece(piece) for piece in reasons.pieces]
        if len(reasons.pieces) > 1:
            lines.append(self._note("together", percent=_percent(reasons.trait.confidence)))
        for old in reasons.replaced:
            lines.append(
                f'<p class="when">{label("replaced", self._language)} <del>{self._polarity(old)}'
                f"{escape(self._value(old))}</del> {self._badge(old)} {self._day('since', old.since)}</p>"
            )
        writers = [label(item, self._language) for item in Authority if item in reasons.attribute.writers]
        lines.append(self._note("writers", who=", ".join(writers)))
        lines.append(self._note("fades", days=f"{fades:g}") if fades else self._note("lasts"))
        return "".join(lines)

    def _piece(self, piece: Piece) -> str:
        weight = piece.weight
        then, now = _percent(weight.confidence), _percent(piece.now)
        sure = label("sure", self._language, then=then, day=f"{weight.at:%Y-%m-%d}", now=now)
        return self._evidence([weight.evidence], f" · {sure}")

    def _note(self, key: str, **slots: str | int) -> str:
        return f'<p class="when">{label(key, self._language, **slots)}</p>'

    def _challenge(self, trait: Trait) -> str:
        return (
            f'<div class="challenge"><strong>{label("disagrees", self._language)}</strong> '
            f"<del>{self._polarity(trait)}{escape(self._value(trait))}</del> {self._badge(trait)}"
            f"{self._evidence(trait.evidence)}</div>"
        )

    def wanted(self, intent: Intent) -> str:
        """A row that opens to show each slot of an intent with its reason, and why it is open."""
        shown = [(self._slot_name(slot.name), escape(slot.value), slot) for slot in intent.slots]
        shown.append((label("slot_state", self._language), label(intent.state.value, self._language), intent.why))
        slots = "".join(
            f'<div class="slot"><strong>{name}</strong> {value}{self._evidence(slot.evidence[-1:])}</div>'
            for name, value, slot in shown
        )
        sure = label("confidence", self._language, percent=_percent(intent.confidence))
        return (
            f'<li class="trait intent"><details><summary><span class="name">{label(intent.kind.value, self._language)}'
            f'</span><span class="value">{escape(brief(intent, self._bound))}</span></summary><div class="why">{slots}'
            f'<p class="when">{self._day("since", intent.opened)} · {sure}</p></div></details></li>'
        )

    def _bound(self, name: str, value: str) -> str:
        """A limit of the price in words: "at most $160.00"."""
        price = format_money(Decimal(value), self._currency, self._language)
        return f"{label(f'slot_{name}', self._language).lower()} {price}"

    def _slot_name(self, name: str) -> str:
        if name not in self._schema.attributes and has_label(f"slot_{name}"):
            return label(f"slot_{name}", self._language)
        return escape(shown_attribute(name, self._schema, self._language))

    def _name(self, trait: Trait) -> str:
        return self._named(trait.attribute, trait.about)

    def _named(self, attribute: str, about: str) -> str:
        """The label, behind whose it is if it is not the customer's: "Daughter: Clothing size"."""
        who, name = recipient_word(about, self._language), shown_attribute(attribute, self._schema, self._language)
        return escape(f"{who[:1].upper()}{who[1:]}: {name}" if who else name)

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

    def _evidence(self, items: Iterable[Evidence], more: str = "") -> str:
        return "".join(
            f'<figure class="evidence"><blockquote>{escape(item.quote) or "–"}</blockquote>'
            f"<figcaption>{self._kind(item.kind)} <code>{escape(short_id(item.id))}</code>{more}</figcaption>"
            "</figure>"
            for item in items
        )

    def _kind(self, kind: str) -> str:
        return label(kind, self._language) if has_label(kind) else escape(kind)


def short_id(identity: str) -> str:
    """The end of a long id: enough to tell two apart, not enough to open another browser's consultation."""
    return identity if len(identity) <= 20 else f"…{identity[-8:]}"


def replaced_in(trait: Trait, past: Sequence[Trait]) -> Trait | None:
    """The value that ended when this one began, if it has the same polarity."""
    candidates = [
        old
        for old in past
        if (old.about, old.attribute) == (trait.about, trait.attribute)
        and old.polarity == trait.polarity
        and old.until == trait.since
    ]
    return candidates[-1] if len(candidates) == 1 else None


def _key(trait: Trait) -> tuple[object, ...]:
    return trait.about, trait.attribute, trait.value, trait.polarity, trait.authority


def _percent(confidence: float) -> int:
    return round(100 * confidence)
