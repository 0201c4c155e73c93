"""The profile card: a profile in, one compact line for the prompt out, strongest authority first.

``size: M; likes color: dark green; dislikes material: wool; budget: 150; (seen) likes category: boots``. What is kept
per key stands behind its key: ``size_in: boots 42, jackets M``. What is kept of others stands behind what is the
customer's own: ``(daughter) size: S``. What is open from earlier consultations stands at the
end: ``open: jackets, dark green, max 150``.
"""

from collections.abc import Callable, Sequence
from itertools import groupby

from profiles.attribute import Attribute, key_of, parts_of
from profiles.intents.intent import Intent, Kind
from profiles.intents.journal import PRODUCT
from profiles.observation import Authority, Profile, Trait, Value
from profiles.schema import Schema

MAX_CHARS = 300  # about 80 tokens
MAX_VALUES = 4
MAX_INTENTS, MAX_INTENT_CHARS = 2, 80
FAINT = 0.25  # a trait less sure than this is not worth a token

# What the customer said, then the shop's facts, then behaviour, then guesses: the budget goes to what steers.
_TIERS = {Authority.STATED: 0, Authority.SHOP: 1, Authority.OBSERVED: 2, Authority.INFERRED: 3}
_MARKS = {Authority.OBSERVED: "(seen) ", Authority.INFERRED: "(guess) "}
_VERBS = {"fact": "", "like": "likes ", "dislike": "dislikes "}
_BOUNDS = {"min_price": "min", "max_price": "max"}


def card(profile: Profile, schema: Schema, intents: Sequence[Intent] = ()) -> str:
    """Same profile, same card. `intents`: those that are open from before, the one spoken of last first.

    What does not fit is left out from the end: the weakest authority, the last attribute.
    """
    line = ""
    order = {name: place for place, name in enumerate(schema.attributes)}
    shown = [trait for trait in profile.everyone if trait.confidence >= FAINT and trait.attribute in order]
    shown.sort(key=lambda t: (t.about, _TIERS[t.authority], order[t.attribute], t.polarity, str(t.value)))
    for (_, _, attribute, _), group in groupby(shown, key=lambda t: (t.about, t.authority, t.attribute, t.polarity)):
        piece = _piece(schema.attributes[attribute], list(group))
        joined = f"{line}; {piece}" if line else piece
        if len(joined) <= MAX_CHARS:
            line = joined
    wanted = " / ".join(brief(intent) for intent in intents[:MAX_INTENTS])
    return "; ".join(part for part in (line, wanted and f"open: {wanted}") if part)


def brief(intent: Intent, bound: Callable[[str, str], str] = lambda name, value: f"{_BOUNDS[name]} {value}") -> str:
    """ "jackets, dark green, max 150"; what is wanted of an order with its kind first: "return AP-10482".

    `bound`: the words for the name of a limit of the price, and its value.
    """
    held = intent.values
    named = sorted(name for name in held if name not in (PRODUCT, "query", "question", *_BOUNDS))
    words = [held[name] for name in named] + [bound(name, held[name]) for name in _BOUNDS if name in held]
    if intent.kind is Kind.FIND:
        return ", ".join([held.get(PRODUCT) or held.get("query", ""), *words])[:MAX_INTENT_CHARS]
    return " ".join([intent.kind.value, *words, *([held["question"]] if "question" in held else [])])[:MAX_INTENT_CHARS]


def _piece(attribute: Attribute, traits: list[Trait]) -> str:
    first = traits[0]
    surest = sorted(traits, key=lambda trait: -trait.confidence)[:MAX_VALUES]
    values = ", ".join(_show(attribute, trait.value) for trait in traits if trait in surest)
    doubts = {_show(attribute, challenge.value) for trait in traits for challenge in trait.challenges}
    known = {_show(attribute, trait.value) for trait in traits}
    doubt = f" (but seen {', '.join(sorted(doubts)[:2])})" if doubts - known else ""
    whose = f"({first.about}) " if first.about else ""
    return f"{whose}{_MARKS.get(first.authority, '')}{_VERBS[first.polarity]}{attribute.name}: {values}{doubt}"


def _show(attribute: Attribute, value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if attribute.per and key_of(value):
        return " ".join(parts_of(value))
    return f"{value:g}" if isinstance(value, float) else value
