"""What simulated customers say about themselves: new facts and tastes, corrections, and what to forget.

In: a random generator, `ShopFacts`, a customer, attributes that are taken. Out: a function that makes the `Task` in a
given wording, or None where the shop's schema offers nothing fitting. Values come from the schema's own lists.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

from eval.customers.facts import CustomerFacts, ShopFacts, Trait
from eval.customers.plan import Ask, Task
from eval.customers.utterances import LANGUAGES, Wording
from profiles.attribute import Attribute

Made = Callable[[Wording], tuple[Task, ...]]
_AMOUNTS = (30, 45, 60, 75, 90, 110, 130, 150, 180, 220, 260, 320, 400)


def stating(rng: random.Random, facts: ShopFacts, customer: CustomerFacts, used: set[str]) -> Made | None:
    """One thing about oneself."""
    trait = _draw(rng, facts, customer, used)
    if trait is None:
        return None
    attribute = facts.schema.attribute(trait[0])
    used.add(trait[0])
    return lambda wording: (_told(facts, wording, attribute, trait, _intent(attribute, trait[2]), "state"),)


def correcting(rng: random.Random, facts: ShopFacts, customer: CustomerFacts, used: set[str]) -> Made | None:
    """Two values of a single-valued attribute, one after the other in one consultation: the second holds."""
    single = {item.name for item in facts.statable if not item.many and not item.polarity}
    first = _draw(rng, facts, customer, used, single)
    if first is None:
        return None
    second = _draw(rng, facts, customer, used | {name for name in single if name != first[0]}, {first[0]}, first)
    if second is None:
        return None
    attribute = facts.schema.attribute(first[0])
    used.add(first[0])

    def make(wording: Wording) -> tuple[Task, ...]:
        old = _told(facts, wording, attribute, first, _intent(attribute, "fact"), "correct")
        new = _told(facts, wording, attribute, second, "correct", "correct")
        return old, new.model_copy(update={"gone": ((first[0], first[1]),)})

    return make


def taking_back(rng: random.Random, facts: ShopFacts, customer: CustomerFacts, used: set[str]) -> Made | None:
    """Something said and, later in the same consultation, taken back."""
    trait = _draw(rng, facts, customer, used)
    if trait is None:
        return None
    attribute = facts.schema.attribute(trait[0])
    used.add(trait[0])

    def make(wording: Wording) -> tuple[Task, ...]:
        told = _told(facts, wording, attribute, trait, _intent(attribute, trait[2]), "forget")
        return told, _forget(facts, wording, attribute, trait)

    return make


def forgetting(rng: random.Random, facts: ShopFacts, customer: CustomerFacts, used: set[str]) -> Made | None:
    """Something that was told in an earlier consultation."""
    known = {item.name: item for item in facts.statable}
    held = [trait for trait in customer.traits if trait[0] in known and trait[0] not in used]
    held = [trait for trait in held if sum(other[0] == trait[0] for other in customer.traits) == 1]
    if not held:
        return None
    trait = rng.choice(held)
    attribute = known[trait[0]]
    used.add(trait[0])

    return lambda wording: (_forget(facts, wording, attribute, trait),)


def _forget(facts: ShopFacts, wording: Wording, attribute: Attribute, trait: Trait) -> Task:
    """A taste is named by its value, a fact by what it is about."""
    value: str | float = "*"
    texts = wording.pair("forget_label", label=_label(attribute, wording.language))
    if attribute.polarity and isinstance(trait[1], str):
        ways = facts.ways(attribute, trait[1], wording.language) or (trait[1],)
        texts = wording.pair("forget_value", v=wording.rng.choice(ways))
        value = trait[1]
    asks = [_ask(text, attribute.name, value, "forget") for text in texts]
    return Task(kind="traits", name="forget", first=asks[0], again=asks[1], gone=((trait[0], trait[1]),))


def _draw(
    rng: random.Random, facts: ShopFacts, customer: CustomerFacts, used: set[str], only: set[str] | None = None,
    other_than: Trait | None = None,
) -> Trait | None:  # fmt: skip
    """A trait that is not held yet, of an attribute that is free."""
    held = {trait[0] for trait in customer.traits}
    free = [
        item
        for item in facts.statable
        if item.name not in used and item.name not in held and (only is None or item.name in only)
    ]
    rng.shuffle(free)
    for attribute in free:
        value = _value(rng, facts, attribute, other_than)
        if value is not None:
            polarity = rng.choice(("like", "dislike")) if attribute.polarity else "fact"
            return attribute.name, value, polarity
    return None


def _value(rng: random.Random, facts: ShopFacts, attribute: Attribute, other_than: Trait | None) -> str | float | None:
    taken = other_than[1] if other_than else None
    if attribute.type == "money":
        return float(rng.choice([amount for amount in _AMOUNTS if amount != taken]))
    if attribute.type == "choice":
        # Sayable in every language, or the trials of a Chinese customer would have nothing to say.
        sayable = [
            value
            for value in facts.values(attribute)
            if value != taken and all(facts.ways(attribute, value, language) for language in _spoken_in(facts))
        ]
        return rng.choice(sayable) if sayable else None
    return None


def _spoken_in(facts: ShopFacts) -> Sequence[str]:
    return [language for language in LANGUAGES if language in facts.shop.languages]


def _told(facts: ShopFacts, wording: Wording, attribute: Attribute, trait: Trait, intent: str, name: str) -> Task:
    if isinstance(trait[1], float):
        said = wording.price(trait[1], facts.shop.currency)
    else:
        ways = facts.ways(attribute, trait[1], wording.language)
        said = wording.rng.choice(ways)
    first, again = wording.pair(intent, label=_label(attribute, wording.language), v=said)
    asks = [_ask(text, attribute.name, trait[1], trait[2]) for text in (first, again)]
    return Task(kind="traits", name=name, first=asks[0], again=asks[1], must=(trait,))


def _intent(attribute: Attribute, polarity: str) -> str:
    if polarity != "fact":
        return f"state_{polarity}"
    return "state_money" if attribute.type == "money" else "state_fact"


def _label(attribute: Attribute, language: str) -> str:
    label = attribute.label.get(language) or attribute.label.get("en") or attribute.name.replace("_", " ")
    label = label.partition("（")[0].partition(" (")[0]  # a unit is for forms
    return label.lower() if language == "en" else label


def _ask(text: str, attribute: str, value: str | float, polarity: str) -> Ask:
    change: dict[str, Any] = {"quote": text, "attribute": attribute, "value": value, "polarity": polarity}
    return Ask(text=text, calls=(("update_profile", {"changes": [change]}),))
