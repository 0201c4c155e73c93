"""Why the shop thinks so, in the customer's language: traits in; "you said on Tuesday: “…”" by trait out.

Each piece of evidence is the customer's own words, an act of theirs, or the shop's records. Days are those in the shop.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from agent.context import TurnContext
from language.dates import format_day
from profiles.candidates import Weight
from profiles.events import ledger
from profiles.events.event import Event
from profiles.history.explanation import as_of, reasons_of
from profiles.observation import Trait
from profiles.storage.database import reading
from profiles.storage.tables import events

MOST = 2  # reasons of one trait, the newest
_QUOTED = 120  # characters of the customer's words
_COUNT = re.compile(r"\d+")


def reasons_told(context: TurnContext, traits: Sequence[Trait]) -> dict[Trait, list[str]]:
    """By trait, its newest reasons, each in one short piece of a sentence."""
    weights = _weights(context, traits)
    acts = _acts(
        context, [one.evidence.id for some in weights.values() for one in some if one.evidence.kind == "event"]
    )
    return {
        trait: list(dict.fromkeys(words for one in some if (words := _told(context, one, acts))))
        for trait, some in weights.items()
    }


def _weights(context: TurnContext, traits: Sequence[Trait]) -> dict[Trait, list[Weight]]:
    services = context.services
    settled = services.profiles.settled(context.customer)
    found: dict[Trait, list[Weight]] = {}
    for name in dict.fromkeys(trait.attribute for trait in traits):
        held = settled.get(name)
        for reasons in reasons_of(services.schema.attributes[name], held, as_of(held)):
            for trait in traits:
                if _identity(trait) == _identity(reasons.trait):
                    found[trait] = [piece.weight for piece in reasons.pieces][-MOST:]
    return found


def _identity(trait: Trait) -> tuple[object, ...]:
    return trait.about, trait.attribute, trait.value, trait.polarity, trait.authority


def _acts(context: TurnContext, ids: Sequence[str]) -> Mapping[str, Event]:
    if not ids:
        return {}
    with reading(context.services.profiles.engine) as connection:
        rows = connection.execute(select(events).where(events.c.id.in_(ids))).all()
    return {row.id: ledger.event_of(row) for row in rows}


def _told(context: TurnContext, weight: Weight, acts: Mapping[str, Event]) -> str:
    say, language, evidence = context.services.phrases.say, context.language, weight.evidence
    if evidence.kind == "turn":
        return say("why_said", language, day=_day(context, weight.at), quote=evidence.quote[:_QUOTED])
    if evidence.kind == "event":
        return _act(context, acts.get(evidence.id), evidence.quote)
    return say("why_record", language)


def _act(context: TurnContext, event: Event | None, counts: str) -> str:
    """The newest act, and how many there were like it; only the number where the act itself is gone."""
    say, language = context.services.phrases.say, context.language
    number = sum(map(int, _COUNT.findall(counts)))
    product = next(
        iter(filter(None, map(context.services.retriever.catalog.by_sku.get, event.skus if event else ()))), None
    )
    if event is None or product is None:
        return say("why_acts", language, n=number)
    kind = "viewed" if event.kind == "clicked" else event.kind
    title = product.titles.get(language, product.title)
    act = say(f"act_{kind}", language, title=title, day=_day(context, event.at))
    return say("why_act", language, act=act, n=number) if number > 1 else act


def _day(context: TurnContext, at: datetime) -> str:
    return format_day(context.day_of(at), context.language, context.today)
