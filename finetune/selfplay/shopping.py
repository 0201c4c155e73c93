"""Customers who look for products: a first request, changes to it, and the searches that follow.

In: a `Speaker` and the shop. Out: `Part`s and the `Search` as it stands. Rules of the gold arguments:
- `query`: needs, department and activity in English, then the noun as said (singular); the title if one was named.
- colour, size, material, brand and price of the request are filters; tastes ("I love navy", "no wool") are not.
- everything said before holds on (filters, prices, query words) until it is changed; a sort only in its own turn; a
  new kind of product keeps the prices alone.
- remembered: needs, activity, department, budget, least price, own size, tastes; of a gift only for whom, what
  occasion and the budget, since the rest is about somebody else.
"""

import random
from dataclasses import dataclass, field, replace
from typing import Any

from agent.models.template import Call
from finetune.selfplay.shopview import ShopView
from finetune.selfplay.words.message import Said, Speaker, change, keep
from finetune.selfplay.words.numbers import amount, draw_amount, write_price
from retrieval.catalog import Product, Variant
from retrieval.facets import covers, facet_values

SHOES = ("boots", "socks")
PAIRS = frozenset(("trousers", "boots", "socks", "gloves"))
TRAITS = {  # what may come with a first request, and how often
    "budget": 30, "need": 34, "color": 20, "size": 20, "material": 9, "brand": 9, "dislike": 30, "like": 12,
    "activity": 16, "department": 9, "sort": 5, "min": 3, "between": 4,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Search:
    """A search as it stands in a dialogue; `arguments` gives the call's."""

    noun: str = ""
    category: str | None = None
    needs: tuple[str, ...] = ()
    department: str | None = None
    activity: str | None = None
    title: str | None = None
    color: str | None = None
    size: str | None = None
    material: str | None = None
    brand: str | None = None
    low: float | int | None = None
    high: float | int | None = None
    gift: bool = False
    disliked: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        department = {"women": "women's", "men": "men's", "kids": "kids'"}.get(self.department or "", self.department)
        words = (*self.needs, department, self.activity, self.noun)
        return self.title or " ".join(dict.fromkeys(word for word in words if word))

    def arguments(self, sort: str | None = None) -> dict[str, Any]:
        """In the order of the tool's schema, without what is not set."""
        named = {
            "query": self.query,
            "category": None if self.title else self.category,
            "color": self.color,
            "size": self.size,
            "material": self.material,
            "brand": self.brand,
            "min_price": self.low,
            "max_price": self.high,
            "sort": sort,
        }
        return {name: value for name, value in named.items() if value is not None}

    def call(self, sort: str | None = None) -> Call:
        return Call("search_products", self.arguments(sort))


@dataclass(slots=True)
class Request:
    """A first request while it is being said: where each trait ended up in the sentence."""

    speaker: Speaker
    shop: ShopView
    product: Product
    variant: Variant
    search: Search
    before: list[Said] = field(default_factory=list)  # adjectives
    inline: list[Said] = field(default_factory=list)  # right after the noun
    clauses: list[Said] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    sort: str | None = None

    @property
    def rng(self) -> random.Random:
        return self.speaker.rng

    def note(self, said: Said, attribute: str, value: str | float, polarity: str = "fact") -> Said:
        """Remember a change unless the request is about somebody else."""
        if not self.search.gift or attribute in ("budget", "min_price"):
            self.changes.append(change(said.span, attribute, value, polarity))
        return said

    def set(self, **changes: Any) -> None:
        self.search = replace(self.search, **changes)

    def add(self, trait: str) -> None:
        """Say one more trait, if the product has it."""
        getattr(self, f"_{trait}")()

    def _budget(self) -> None:
        if any(item["attribute"] == "budget" for item in self.changes):
            return
        self.set(high=draw_amount(self.rng, self.variant.price * 1.05, min(self.variant.price * 2 + 20, 600)))
        if self.search.high is None or self.search.high < self.variant.price:
            self.set(high=amount(float(int(self.variant.price) + 1)))
        assert self.search.high is not None
        price = keep(write_price(self.rng, self.search.high, self.speaker.language))
        placed = self.rng.choice(("inline", "clause"))
        said = self.note(self.speaker.say(f"budget_{placed}", price=price), "budget", self.search.high)
        (self.inline if placed == "inline" else self.clauses).append(said)

    def _prices(self, intent: str) -> None:
        low = draw_amount(self.rng, self.variant.price * 0.4, self.variant.price * 0.9)
        if low >= self.variant.price or self.search.high is not None or self.search.low is not None:
            return
        high = draw_amount(self.rng, self.variant.price * 1.2 + 5, self.variant.price * 2 + 30)
        words = [keep(write_price(self.rng, value, self.speaker.language)) for value in (low, high)]
        said = self.note(self.speaker.say(intent, low=words[0], price=words[1]), "min_price", low)
        self.set(low=low)
        if intent == "between_inline":
            self.note(said, "budget", high)
            self.set(high=high)
        self.inline.append(said)

    def _min(self) -> None:
        self._prices("min_inline")

    def _between(self) -> None:
        self._prices("between_inline")

    def _need(self) -> None:
        if len(self.search.needs) >= 3:
            return
        known = [need for need in self.speaker.words.lexicon("needs") if need not in self.search.needs]
        need = self.rng.choice([need for need in known if fits(need, self.product)] or known)
        clauses = self.speaker.words.lexicon("need_clauses").get(need)
        draw = self.rng.random()
        if draw < 0.68 or self.search.gift:
            said = self.speaker.quote(self.speaker.word("needs", need))
            self.before.append(said)
        elif clauses and draw < 0.82:
            clause = self.speaker.fill(self.rng.choice(clauses))
            said = Said(self.speaker.say("need_that", clause=clause.text).text, clause.span)
            self.inline.append(said)
        else:
            said = self.speaker.say("need_clause", need=self.speaker.word("needs", need))
            self.clauses.append(said)
        self.note(said, "need", need, "like")
        self.set(needs=(*self.search.needs, need))

    def _facet(self, name: str, lexicon: str, value: str) -> None:
        if not self.speaker.knows(lexicon, value):
            return
        word = keep(self.speaker.word(lexicon, value))
        if self.rng.random() < 0.55:
            self.before.append(Said(word))
        else:
            self.inline.append(self.speaker.say(f"{name}_inline", **{name: word}))
        self.set(**{name: value})

    def _color(self) -> None:
        self._facet("color", "colors", self.variant.color)

    def _material(self) -> None:
        values = facet_values(self.product, self.variant, "material")
        if values:
            self._facet("material", "materials", self.rng.choice(values))

    def _brand(self) -> None:
        self._facet("brand", "brands", self.product.brand)

    def _size(self) -> None:
        said, size = say_size(self.speaker, self.variant, self.search.gift)
        if said is None:
            return
        if self.search.gift:
            self.clauses.append(said)
        else:
            attribute = "shoe_size" if size.isdigit() else "size"
            short = "中" if self.speaker.language == "zh" else "in"
            placed = self.inline if short in said.text or said.text.startswith("size") else self.clauses
            placed.append(self.note(said, attribute, size))
        self.set(size=size)

    def _dislike(self) -> None:
        if self.search.gift:
            return
        said, attribute, value = say_taste(self.speaker, self.shop, "dislike", self.product, self.variant)
        if attribute:
            self.clauses.append(self.note(said, attribute, value, "dislike"))
            self.set(disliked=(*self.search.disliked, value))

    def _like(self) -> None:
        if self.search.gift:
            return
        said, attribute, value = say_taste(self.speaker, self.shop, "like", self.product, self.variant)
        if attribute and value not in (self.search.color, self.search.brand, self.search.material):
            self.clauses.append(self.note(said, attribute, value, "like"))

    def _activity(self) -> None:
        if self.search.gift or self.search.activity:
            return
        known = list(self.speaker.words.lexicon("activities"))
        fitting = [name for name in known if name in facet_values(self.product, self.variant, "activity")]
        activity = self.rng.choice(fitting if fitting and self.rng.random() < 0.75 else known)
        placed = self.rng.choice(("inline", "inline", "clause"))
        said = self.speaker.say(f"activity_{placed}", activity=self.speaker.word("activities", activity))
        (self.inline if placed == "inline" else self.clauses).append(self.note(said, "activity", activity, "like"))
        self.set(activity=activity)

    def _department(self) -> None:
        own = facet_values(self.product, self.variant, "gender")
        department = own[0] if own and own[0] in self.speaker.words.lexicon("people") else None
        if department is None or self.search.gift:
            return
        if self.rng.random() < 0.6:
            said = self.speaker.quote(self.speaker.word("departments", department))
            self.before.insert(0, said)
        else:
            said = self.speaker.say("department_inline", people=self.speaker.word("people", department))
            self.inline.append(said)
        self.note(said, "department", department)
        self.set(department=department)

    def _sort(self) -> None:
        self.sort, _, phrase = self.rng.choice(self.speaker.words.lines("sort_inline")).partition(" = ")
        self.inline.append(self.speaker.fill(phrase))


def fits(need: str, product: Product) -> bool:
    """Whether a need makes sense for a product: it says so itself."""
    said = f"{product.description} {facet_values(product, None, 'features')}".lower()
    return need.replace("-", " ") in said.replace("-", " ") or (need == "warm" and "insulated" in said)


def say_size(speaker: Speaker, variant: Variant, gift: bool = False, intent: str = "") -> tuple[Said | None, str]:
    """A size in words, for clothes or shoes; nothing for what comes in one size."""
    size = variant.size
    shoe = size.isdigit()
    if not shoe and size not in speaker.words.lexicon("sizes"):
        return None, size
    word = keep(size if shoe else speaker.word("sizes", size))
    if gift:
        return speaker.say("recipient_size", size=word), size
    placed = intent or ("shoe_" if shoe else "size_") + speaker.rng.choice(("inline", "clause"))
    said = speaker.say(placed, size=word)
    return Said(said.text.replace("size size", "size").replace("码码", "码"), said.span), size


def say_taste(
    speaker: Speaker, shop: ShopView, polarity: str, product: Product, variant: Variant, intent: str = ""
) -> tuple[Said, str, str]:
    """A like or a dislike of a material, colour or brand; what is disliked is not what is looked for."""
    attribute, lexicon = speaker.rng.choice(
        (("material", "materials"),) * 3 + (("color", "colors"),) * 2 + (("brand", "brands"),)
    )
    own = facet_values(product, variant, attribute)
    values = [value for value in shop.facets.values(attribute) if speaker.knows(lexicon, value)]
    values = [value for value in values if not any(covers(value, held) for held in own)]
    if not values:
        return Said(""), "", ""
    value = speaker.rng.choice(values)
    if attribute == "material" and polarity == "dislike" and not intent and speaker.rng.random() < 0.3:
        intent = "dislike_material"
    return speaker.say(intent or polarity, v=keep(speaker.word(lexicon, value))), attribute, value
