"""What simulated customers look for and ask: a search whose conditions something in stock meets, a question.

In: a random generator, `ShopFacts`. Out: a function that makes the `Task` in a given wording, or None where the shop
has nothing of the kind.
"""

import math
import random
import re
from collections.abc import Callable
from typing import Any

from eval.customers.facts import CustomerFacts, ShopFacts
from eval.customers.plan import Ask, Task, Trait
from eval.customers.utterances import Wording
from language.decimals import plain
from language.matching import covers
from retrieval.catalog import Product, Variant
from retrieval.facets import facet_values

Made = Callable[[Wording], tuple[Task, ...]]
_KNOWN = ("color", "size", "material")  # facets that have wordings of their own
# Questions about the customer's own orders and data, or for a person, are for other tools than answers.
_OWN = re.compile(
    r"\b(my|me|i bought|you know)\b|\b(human|person|bot|agent|ai)\b|我的|订单|包裹|人工|真人|机器人|个人", re.IGNORECASE
)


def searching(rng: random.Random, facts: ShopFacts, customer: CustomerFacts, used: set[str]) -> Made | None:
    """A kind of product with one to three conditions."""
    disliked = [str(value) for _, value, polarity in customer.traits if polarity == "dislike"]
    pairs = [
        (product, variant)
        for product, variant in facts.stocked
        if not any(covers(bad, value) for bad in disliked for value in _tastes(facts, product, variant))
    ]
    if not pairs or "budget" in used:
        return None
    category = rng.choice(sorted({product.category for product, _ in pairs}))
    product, variant = rng.choice([pair for pair in pairs if pair[0].category == category])
    filters: dict[str, Any] = {"category": category}
    attributes = {attribute.facet or attribute.name for attribute in facts.statable if attribute.name in used}
    names = [name for name in facts.shop.tool_facets if name != facts.kind_facet and name not in attributes]
    rng.shuffle(names)
    for name in names[: rng.choice((0, 1, 1, 2))]:
        values = facet_values(product, variant, name)
        if values and values[0] != "one size":
            filters[name] = rng.choice(values)
    if rng.random() < 0.6 or len(filters) == 1:
        filters["max_price"] = float(math.ceil(plain(variant.price) * rng.uniform(1.05, 1.5) / 5) * 5)
        used.add("budget")
    return lambda wording: (_search(facts, wording, filters),)


def browsing(facts: ShopFacts, wording: Wording) -> tuple[str, str]:
    """Two searches for the same kind of product without any condition: what is known of the customer decides."""
    kind = wording.rng.choice(sorted({product.category for product, _ in facts.stocked}))
    goods = _word(facts, wording, facts.kind_facet, kind) if facts.kind_facet else kind
    return wording.pair("search", goods=goods)


def asking(rng: random.Random, facts: ShopFacts) -> Made | None:
    """Something that an approved answer covers; it is asked with one of the shop's samples, in a frame."""
    fitting = [
        template
        for template in facts.answers
        if all(any(_apt(s) for s in template.samples.get(language, ())) for language in facts.shop.languages)
    ]
    if not fitting:
        return None
    template = rng.choice(fitting)

    def make(wording: Wording) -> tuple[Task, ...]:
        samples = [sample for sample in template.samples.get(wording.language, ()) if _apt(sample)]
        question = wording.rng.choice(samples)
        ended = question if question[-1] in "?？.!。！" else question + ("？" if wording.language == "zh" else "?")
        calls = (("find_answer", {"question": question}),)
        first = Ask(text=wording.voiced(wording.rng.choice(wording.lines("question")), q=ended), calls=calls)
        again = Ask(text=question, calls=calls)
        return (Task(kind="answer", name="question", first=first, again=again, template=template.id),)

    return make


def _tastes(facts: ShopFacts, product: Product, variant: Variant) -> list[str]:
    return [value for name in facts.facets.names for value in facet_values(product, variant, name)]


def _apt(sample: str) -> bool:
    return not _OWN.search(sample)


def _search(facts: ShopFacts, wording: Wording, filters: dict[str, Any]) -> Task:
    kind, conditions = filters["category"], {name: value for name, value in filters.items() if name != "category"}
    goods = _word(facts, wording, facts.kind_facet, kind) if facts.kind_facet else kind
    parts = list(conditions.items())
    wording.rng.shuffle(parts)
    tail = "".join(_condition(facts, wording, name, value) for name, value in parts)
    first, again = wording.pair("search", goods=goods + tail)
    narrow = {facts.kind_facet: kind} if facts.kind_facet in facts.shop.tool_facets else {}
    calls = (("search_products", {"query": goods} | narrow | conditions),)
    asks = Ask(text=first, calls=calls), Ask(text=again, calls=calls)
    may = tuple(_may(facts, filters))
    return Task(kind="products", name="search", first=asks[0], again=asks[1], filters=filters, may=may)


def _condition(facts: ShopFacts, wording: Wording, name: str, value: Any) -> str:
    if name == "max_price":
        return wording.phrase("with_max", price=wording.price(value, facts.shop.currency))
    said = _word(facts, wording, name, value)
    if name in _KNOWN:
        return wording.phrase(f"with_{name}", v=said)
    if name == facts.brand_facet:
        return wording.phrase("with_brand", v=said)
    label = facts.facets.facet(name).label.get(wording.language, name)
    return wording.phrase("with_other", label=label.lower().replace("_", " "), v=said)


def _word(facts: ShopFacts, wording: Wording, facet: str, value: str) -> str:
    """Mostly the catalogue's word, if it is of this language; else one that the shop lists for it."""
    ways = facts.facet_ways(facet, value, wording.language) or (value,)
    return value if value in ways and wording.rng.random() < 0.7 else wording.rng.choice(ways)


def _may(facts: ShopFacts, filters: dict[str, Any]) -> list[Trait]:
    """What an agent may well note of the conditions of a search, though nobody demands it."""
    noted: list[Trait] = []
    for attribute in facts.statable:
        value = filters.get(attribute.facet or attribute.name)
        if attribute.type == "money" and "max_price" in filters and attribute.name != "min_price":
            noted.append((attribute.name, filters["max_price"], "fact"))
        elif value is not None:
            noted += [(attribute.name, value, polarity) for polarity in ("like", "fact")]
    return noted
