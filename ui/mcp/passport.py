"""The part of a profile that a customer may carry into another shop: sizes, likes, dislikes, budget.

In: a profile, its schema, what the customer has agreed to. Out: plain JSON. Nothing in it says who they are: only
values of closed lists and amounts, of themselves, without their words, and nothing sensitive. What they said needs
their consent to be served, what was learnt from their acts that to profiling.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from profiles.attribute import Attribute
from profiles.observation import Authority, Profile, Trait
from profiles.privacy.purposes import Purpose
from profiles.schema import Schema
from ui.access.caller import Scope
from ui.ucp.call import Call

_NEEDS = {Authority.STATED: Purpose.SERVICE, Authority.OBSERVED: Purpose.PROFILING}
_SIZE = "size"


def passport(call: Call) -> dict[str, Any]:
    """Of the customer that is named; who asked for it is written down."""
    customer = call.acting_for(Scope.PROFILES)
    store = call.services.profiles
    call.note(customer, "passport")
    allowed = {purpose for purpose in _NEEDS.values() if store.allows(customer, purpose)}
    told = slice_of(store.read(customer), call.services.schema, lambda purpose: purpose in allowed)
    return told | {"currency": call.services.shop.currency}


def slice_of(profile: Profile, schema: Schema, allows: Callable[[Purpose], bool]) -> dict[str, Any]:
    """`sizes` and `budget` by attribute, `likes` and `dislikes` by attribute, each with its values; pure."""
    open_ones = [trait for trait in profile.traits if trait.authority in _NEEDS and allows(_NEEDS[trait.authority])]
    known = [(schema.attributes[one.attribute], one) for one in open_ones if one.attribute in schema.attributes]
    closed = [(attribute, trait) for attribute, trait in known if _identifies_nobody(attribute)]
    return {
        "sizes": _values((one, trait) for one, trait in closed if one.type == "choice" and _is_size(one)),
        "likes": _values((one, trait) for one, trait in closed if trait.polarity == "like"),
        "dislikes": _values((one, trait) for one, trait in closed if trait.polarity == "dislike"),
        "budget": _values((one, trait) for one, trait in closed if one.type == "money"),
    }


def _identifies_nobody(attribute: Attribute) -> bool:
    return not attribute.sensitive and attribute.type in ("choice", "money")


def _is_size(attribute: Attribute) -> bool:
    return _SIZE in (attribute.facet, *attribute.name.split("_"))


def _values(found: Iterable[tuple[Attribute, Trait]]) -> Mapping[str, list[Any]]:
    values: dict[str, list[Any]] = {}
    for attribute, trait in found:
        values.setdefault(attribute.name, []).append(trait.value)
    return {name: sorted(held, key=str) for name, held in sorted(values.items())}
