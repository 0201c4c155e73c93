"""The profile card: a profile in, one compact line for the prompt out, strongest authority first.

``size: M; likes color: dark green; dislikes material: wool; budget: 150; (seen) likes category: boots``
"""

from itertools import groupby

from profiles.observation import Authority, Profile, Trait, Value
from profiles.schema import Schema

MAX_CHARS = 300  # about 80 tokens
MAX_VALUES = 4
FAINT = 0.25  # a trait less sure than this is not worth a token


def card(profile: Profile, schema: Schema) -> str:
    """Same profile, same card.

    What does not fit is left out from the end: the weakest authority, the last attribute.
    """
    line = ""
    order = {name: place for place, name in enumerate(schema.attributes)}
    shown = [trait for trait in profile.traits if trait.confidence >= FAINT and trait.attribute in order]
    shown.sort(key=lambda trait: (_tier(trait), order[trait.attribute], trait.polarity, str(trait.value)))
    for (_, attribute, _), group in groupby(shown, key=lambda t: (_tier(t), t.attribute, t.polarity)):
        piece = _piece(attribute, list(group))
        joined = f"{line}; {piece}" if line else piece
        if len(joined) <= MAX_CHARS:
            line = joined
    return line


def _tier(trait: Trait) -> int:
    """What the customer said, then the shop's facts, then behaviour, then guesses.

    The budget goes to what steers.
    """
    return {Authority.STATED: 0, Authority.SHOP: 1, Authority.OBSERVED: 2, Authority.INFERRED: 3}[
        trait.authority
    ]


def _piece(attribute: str, traits: list[Trait]) -> str:
    first = traits[0]
    verb = {"fact": "", "like": "likes ", "dislike": "dislikes "}[first.polarity]
    mark = {Authority.OBSERVED: "(seen) ", Authority.INFERRED: "(guess) "}.get(first.authority, "")
    surest = sorted(traits, key=lambda trait: -trait.confidence)[:MAX_VALUES]
    values = ", ".join(_show(trait.value) for trait in traits if trait in surest)
    doubts = {_show(challenge.value) for trait in traits for challenge in trait.challenges}
    doubt = (
        f" (but seen {', '.join(sorted(doubts)[:2])})" if doubts - {_show(t.value) for t in traits} else ""
    )
    return f"{mark}{verb}{attribute}: {values}{doubt}"


def _show(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else value
