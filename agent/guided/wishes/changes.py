"""What a message changes in the profile: what is to be forgotten, what does not matter any more, what is stated.

In: the wishes of the message with their probabilities, the turn's context, and who judges notes. Out: changes as the
tool `update_profile` takes them.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from agent.context import TurnContext
from agent.guided.notes import NoteJudge, forget, forgotten, is_named
from agent.guided.possible_notes import possible_notes
from agent.guided.wishes.own import said_in_passing
from agent.guided.wishes.shares import SURE, Clause
from agent.shop_reading import ShopReading
from agent.tools.update_profile import MAX_CHANGES
from language.indifference import indifferent, price_words
from profiles.observation import EVERYTHING, Trait

Json = dict[str, Any]
_NOTED = 0.1  # probability of a note, for a message whose possible notes are judged


def changes_of(
    wishes: Collection[str],
    chances: Mapping[str, float],
    clauses: Sequence[Clause],
    context: TurnContext,
    judge: NoteJudge,
) -> list[Json]:
    """What is to be forgotten, or does not matter any more ("never mind the wool"), then what is to be noted."""
    traits = context.services.profiles.read(context.customer).everyone
    waived = _waived(context, traits)
    changes = forgotten(context, _named_to_forget(clauses, context, traits)) if "forget" in wishes else []
    changes = _each_once([*changes, *(forget(one, context) for one in traits if str(one.value) in waived)])
    may_note = chances.get("note", 0.0) >= _NOTED or context.reading.plain or _says_anew(context, traits)
    passing = [*said_in_passing(wishes, context)]
    if may_note or passing or _corrects(changes, context):
        # Nothing to be forgotten is noted as it was.
        kept = _forgotten_as(changes, traits, is_whole=not (may_note or passing))
        stated = [*judge.stated(), *passing, *(_limits(context.reading) if "search" in wishes else ())]
        stated = [one for one in _each_once(stated) if str(one["value"]) not in waived and _key(one) not in kept]
        changes = [*_besides(changes, stated), *stated]
    return changes[:MAX_CHANGES]


def _named_to_forget(clauses: Sequence[Clause], context: TurnContext, traits: Sequence[Trait]) -> Sequence[Trait]:
    """Those that a clause names that surely has something forgotten, and rather than noted: "it's 40 now. and forget
    the relaxed fit" is no word of a budget of 40. All where no clause does."""
    own = (one for one in clauses if one.chances.get("forget", 0.0) >= max(SURE, one.chances.get("note", 0.0)))
    said = [context.read(clause.text) for clause in own]
    named = [trait for trait in traits if any(is_named(trait, each, context.services.schema) for each in said)]
    return named or traits


def _waived(context: TurnContext, traits: Sequence[Trait]) -> frozenset[str]:
    """Of what is noted, the values that do not matter any more; limits of the price are also called that."""
    attributes = context.services.schema.attributes
    limits = {str(one.value): price_words() for one in traits if attributes[one.attribute].bound and not one.about}
    return indifferent(context.reading.text, {str(one.value): [str(one.value)] for one in traits}, limits)


def _says_anew(context: TurnContext, traits: Sequence[Trait]) -> bool:
    """Whether it may say of something else what the message before it had noted: "sorry no, M"."""
    before = list(context.heard)[-2:-1]
    noted = {trait.attribute for trait in traits if any(one.id in before for one in trait.evidence)}
    return bool(noted) and any(note.attribute in noted for note in possible_notes(context.reading))


def _corrects(forgets: Sequence[Json], context: TurnContext) -> bool:
    """Whether it may say what is true instead of what is to be forgotten: "beginner is wrong, I'm intermediate now"."""
    gone = {one["attribute"] for one in forgets}
    return bool(gone) and any(one.attribute in gone for one in possible_notes(context.reading))


def _limits(reading: ShopReading) -> list[Json]:
    """The limits of the price of a search: whoever names one has it, where the shop keeps such limits."""
    return [{**one.change} for one in reading.plain if one.of == "limit"]


def _each_once(changes: Sequence[Json]) -> list[Json]:
    """Without a second change of the same attribute, of the same person, to the same value."""
    return [*{_key(change): change for change in changes}.values()]


def _forgotten_as(
    changes: Sequence[Json], traits: Sequence[Trait], *, is_whole: bool = False
) -> frozenset[tuple[str, ...]]:
    """Of single values that are to be forgotten, how they are noted; `is_whole`: of whole attributes too."""
    values = {(str(one["attribute"]), str(one["value"]), str(one.get("about", ""))) for one in changes}
    noted = ((trait.attribute, str(trait.value), trait.about, str(trait.polarity)) for trait in traits)
    return frozenset(key for key in noted if key[:3] in values or (is_whole and (key[0], EVERYTHING, key[2]) in values))


def _key(change: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(change.get(name) or "") for name in ("attribute", "value", "about", "polarity"))


def _besides(forgets: Sequence[Json], stated: Sequence[Json]) -> list[Json]:
    """Without the forgetting of what the message states anew: "44, not 43" replaces it."""
    anew = {(change["attribute"], str(change["value"]), change.get("about", "")) for change in stated}
    whole = {(attribute, about) for attribute, _, about in anew}
    return [
        one
        for one in forgets
        if (one["attribute"], str(one["value"]), one.get("about", "")) not in anew
        and (one["value"] != EVERYTHING or (one["attribute"], one.get("about", "")) not in whole)
    ]
