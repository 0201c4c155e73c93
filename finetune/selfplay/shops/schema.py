"""The profile schema of a random shop: which attributes it keeps, under which names, in which order.

In: a random generator and what the shop sells. Out: `Kept` attributes and the entries of profile.yaml. An attribute
that goes with a facet of the shop takes its values from the catalogue; some list their values themselves. Some shops
keep a budget from what to what, or sizes by kind of product; a generator of its own draws that, so that a shop is else
as it would be without.
"""

import random
from dataclasses import dataclass
from typing import Any

from finetune.selfplay.shops.bank import Aspect, Value, aspects
from finetune.selfplay.shops.catalogue import Range

_ALWAYS = ("need",)
_USUAL = {  # how often a shop keeps what is not about its goods
    "budget": 0.9, "min_price": 0.5, "name": 0.5, "recipient": 0.65, "occasion": 0.45, "needed_by": 0.5,
    "delivery": 0.5, "contact": 0.5, "language": 0.4, "payment": 0.3, "delivery_time": 0.25, "household": 0.35,
    "children": 0.2, "city": 0.35, "job": 0.25, "birthday": 0.2, "gift_wrap": 0.25, "newsletter": 0.2,
    "business": 0.2, "allergy": 0.35, "ethics": 0.35, "climate": 0.15, "height_cm": 0.12, "weight_kg": 0.1,
    "left_handed": 0.12, "smoker": 0.08,
}  # fmt: skip
_OF_VERTICAL = {"pets": {"pet_name": 0.6}, "furniture": {"room_area": 0.5}, "fashion": {"height_cm": 0.5}}
_MOST = 25

_RANGED, _KEYED = 0.2, 0.6  # how often a shop that keeps a budget keeps a range, and one with sizes those of each kind
_BOUNDS = {"budget": "max_price", "min_price": "min_price"}


@dataclass(frozen=True, slots=True)
class Kept:
    """One attribute: the aspect behind it, its name here, the facet it goes with, values that it lists itself."""

    aspect: Aspect
    name: str
    facet: str | None = None
    values: tuple[Value, ...] = ()


def draw_schema(rng: random.Random, offer: Range) -> list[Kept]:
    """The attributes, in the order of the file."""
    keys = [key for key in offer.facets if rng.random() < (0.95 if key in _ALWAYS else 0.8)]
    if any(kindred.sizes == "shoes" for kindred in offer.categories) and rng.random() < 0.85:
        keys.append("shoe_size")
    dropped = {key for kindred in offer.categories for key in kindred.aspects} - set(offer.facets)
    keys += sorted(dropped)
    usual = _USUAL | _OF_VERTICAL.get(offer.vertical.name, {})
    keys += [key for key, share in usual.items() if key not in keys and rng.random() < share]
    rng.shuffle(keys)
    kept: list[Kept] = []
    taken = {facet.name: key for key, facet in offer.facets.items()}
    for key in keys[:_MOST]:
        names = [name for name in aspects()[key].attribute if taken.get(name, key) == key]
        names = [name for name in names if name not in {one.name for one in kept}]
        if names:
            kept.append(_kept(rng, offer, aspects()[key], rng.choice(names)))
    return kept


def _kept(rng: random.Random, offer: Range, aspect: Aspect, name: str) -> Kept:
    facet = offer.facets.get(aspect.key)
    if aspect.key == "shoe_size":
        return Kept(aspect, name, None, aspect.values)
    if facet is None:
        values = aspect.values or offer.vertical.values.get(aspect.key, ())
        return Kept(aspect, name, None, values if aspect.kind == "choice" else ())
    if aspect.key == "size" or (not aspect.taste and rng.random() < 0.35):
        return Kept(aspect, name, facet.name if aspect.key != "size" else None, facet.values)
    if aspect.key == "need" and rng.random() < 0.4:
        return Kept(aspect, name)  # plain text, in the customer's words
    return Kept(aspect, name, facet.name)


def entries(rng: random.Random, kept: list[Kept], language: str) -> list[dict[str, Any]]:
    """The attributes as profile.yaml lists them, with one that only the shop writes."""
    made = [_entry(rng, one, language) for one in kept]
    tier = {"name": "member_tier", "type": "choice", "values": ["basic", "silver", "gold", "vip"], "writers": ["shop"]}
    made.insert(rng.randrange(len(made) + 1), tier | {"label": {"en": "Membership", "zh": "会员等级"}})
    return made


def _entry(rng: random.Random, one: Kept, language: str) -> dict[str, Any]:
    aspect = one.aspect
    choice = bool(one.facet or one.values)
    entry: dict[str, Any] = {"name": one.name, "type": aspect.kind}
    if aspect.kind == "choice" and not choice:
        entry["type"] = "text"
    if one.values:
        entry["values"] = [value.name(language) for value in one.values]
        words = {
            value.name(language): [w for ws in value.words.values() for w in ws if w != value.name(language)]
            for value in one.values
        }
        entry["synonyms"] = {value: others for value, others in words.items() if others}
    if one.facet:
        entry["facet"] = one.facet
    if aspect.taste or aspect.many:
        entry["many"] = True
    if aspect.taste:
        entry["polarity"] = True
    if aspect.key in _BOUNDS:
        entry["bound"] = _BOUNDS[aspect.key]
    if aspect.cues:
        entry["cues"] = [*aspect.cues]
    if aspect.sensitive:
        entry["sensitive"] = True
    entry["half_life_days"] = rng.choice((30, 90, 365, 730))
    entry["writers"] = ["stated"]
    entry["label"] = {code: rng.choice(labels).capitalize() for code, labels in aspect.label.items()}
    return entry


def varied(rng: random.Random, made: list[dict[str, Any]], kept: list[Kept], offer: Range) -> list[dict[str, Any]]:
    """The entries with a budget that is a range, or with sizes by kind of product, now and then."""
    of = {one.name: one.aspect.key for one in kept}
    if "budget" in of.values() and rng.random() < _RANGED:
        made = [_as_range(entry, of) for entry in made if of.get(entry["name"]) != "min_price"]
    sized = sum(bool(kindred.sizes) for kindred in offer.categories)
    taken = {entry["name"] for entry in made}
    names = [name for name in aspects()["size_in"].attribute if name not in taken]
    if sized > 1 and "size" in offer.facets and rng.random() < _KEYED:
        kind = next((entry["name"] for entry in made if entry.get("facet") == offer.category_facet), None)
        entry = _by_kind(rng, rng.choice(names), kind or f"seen_{offer.category_facet}")
        made = [*made, entry] if kind else [*made, _seen(offer), entry]
    return made


def _as_range(entry: dict[str, Any], of: dict[str, str]) -> dict[str, Any]:
    if of.get(entry["name"]) != "budget":
        return entry
    return {name: value for name, value in entry.items() if name != "bound"} | {"range": True}


def _seen(offer: Range) -> dict[str, Any]:
    """Kinds of product as an attribute that only behaviour writes: what is kept per kind needs one."""
    name, facet = f"seen_{offer.category_facet}", offer.category_facet
    label = {"en": "Looks at", "zh": "常看"}
    return {"name": name, "type": "choice", "facet": facet, "many": True, "writers": ["observed"], "label": label}


def _by_kind(rng: random.Random, name: str, per: str) -> dict[str, Any]:
    label = {code: rng.choice(labels).capitalize() for code, labels in aspects()["size_in"].label.items()}
    entry: dict[str, Any] = {"name": name, "type": "choice", "facet": "size", "per": per, "half_life_days": 730}
    return entry | {"writers": ["stated"], "label": label}
