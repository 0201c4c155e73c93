"""Customers who look for products: what is said of a wish, and the search that follows from it.

In: a `Speaker` and the shop. Out: `Request`s and the `Search` as it stands. Rules of the gold arguments, for every
shop:
- what the search tool has an argument for is a filter: the listed value where the model sees a list, else the
  customer's own word; prices are numbers; "at most" is max_price, "at least" min_price.
- `query`: the words for everything else (in the order they were said, as they were said) and then the noun, all in
  the customer's language and lower case; the title alone if one was named.
- everything said before holds on (filters, prices, query words) until it is changed; a sort only in its own turn; a
  new kind of product keeps the prices alone.
- noted in the profile, where it has an attribute for it: lasting facts (needs, uses, own sizes, skin type, pet,
  device, ...), budget, least price, likes and dislikes. What only this product should be (its colour, its brand) is a
  filter and no taste. Of a gift only for whom, what occasion and the prices are noted, since the rest is about
  somebody else.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.models.calls import Call
from finetune.selfplay.shopview import ShopView
from finetune.selfplay.topics import Topic, Topics, Word
from finetune.selfplay.words.message import Said, Speaker, change, keep
from finetune.selfplay.words.numbers import amount, draw_amount, write_price
from language.decimals import plain
from language.matching import covers
from language.quantities import range_in
from retrieval.catalog import Product, Variant
from retrieval.facets import facet_values

SIZES = ("size", "shoe_size")
_BODILY = ("material",)  # what can itch or scratch
EXTRAS = {  # what may come with a first request besides the product's own traits, and how often
    "trait": 88, "budget": 30, "need": 30, "dislike": 24, "like": 10, "sort": 5, "min": 5, "between": 4,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Search:
    """A search as it stands in a dialogue; `arguments` gives the call's. `filters` by facet, `disliked` by facet."""

    noun: str = ""
    category: str | None = None
    words: tuple[str, ...] = ()
    filters: Mapping[str, tuple[Topic, Word]] = field(default_factory=dict)
    said: frozenset[str] = frozenset()  # keys of the aspects that were named
    title: str | None = None
    low: float | int | None = None
    high: float | int | None = None
    gift: bool = False
    disliked: tuple[tuple[str, str], ...] = ()

    @property
    def query(self) -> str:
        return self.title or " ".join(dict.fromkeys(word for word in (*self.words, self.noun) if word))

    def arguments(self, topics: Topics, sort: str | None = None) -> dict[str, Any]:
        """In the order of the tool's schema, without what is not set."""
        named: dict[str, Any] = {"query": self.query}
        for name in topics.tool_facets:
            if topics.category and name == topics.category.facet:
                if self.category and not self.title:
                    named[name] = self.category if topics.category.listed else self.noun
            elif name in self.filters:
                topic, word = self.filters[name]
                named[name] = topic.filter(word)
        named |= {"min_price": self.low, "max_price": self.high, "sort": sort}
        return {name: value for name, value in named.items() if value is not None}

    def call(self, topics: Topics, sort: str | None = None) -> Call:
        return Call("search_products", self.arguments(topics, sort))

    def within(self, kept: float | str) -> "Search":
        """With the prices of a budget as a profile keeps it: one number is the greatest, a range may have both ends."""
        said = range_in(str(kept))
        if said is not None:
            return replace(self, low=_bound(said.low), high=_bound(said.high))
        low = self.low if (self.low or 0) < float(kept) else None
        return replace(self, low=low, high=amount(float(kept)))

    def meaning(self, topic: Topic, word: Word) -> "Search":
        """With one more trait: a filter where the tool has one, else a word of the query."""
        named = self.said | {topic.key}
        if topic.asked and topic.facet:
            return replace(self, filters={**self.filters, topic.facet: (topic, word)}, said=named)
        return replace(self, words=(*self.words, word.said), said=named)


@dataclass(slots=True)
class Request:
    """A request while it is being said: where each trait ended up in the sentence."""

    speaker: Speaker
    shop: ShopView
    product: Product
    variant: Variant
    search: Search
    before: list[Said] = field(default_factory=list)  # adjectives
    inline: list[Said] = field(default_factory=list)  # right after the noun
    clauses: list[Said] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    queried: list[tuple[str, str]] = field(default_factory=list)  # words of the query with the text they stand in
    sort: str | None = None

    @property
    def rng(self) -> random.Random:
        return self.speaker.rng

    def note(self, said: Said, attribute: str | None, value: str | float, polarity: str = "fact") -> Said:
        """Remember a change, where the shop keeps such a thing and the quote is marked."""
        if attribute and said.span is not None:
            self.changes.append(change(said.span, attribute, value, polarity))
        return said

    def set(self, **changes: Any) -> None:
        self.search = replace(self.search, **changes)

    def add(self, extra: str) -> None:
        """Say one more thing, if it makes sense here."""
        getattr(self, f"_{extra}")()

    def mention(self, topic: Topic, word: Word) -> None:
        """Say that the product shall have, or shall suit, this."""
        placed = self._placed(topic)
        if not placed:
            return
        language, rng = self.speaker.language, self.rng
        place = "before" if word.leads else rng.choice(placed)
        if word.follows:
            said = self.speaker.quote(keep(word.said))
            self.inline.insert(0, said)
        elif place == "before":
            said = self.speaker.quote(keep(word.said))
            self.before.append(said)
        else:
            said = self.speaker.fill(rng.choice(topic.aspect.lines(place, language)), v=keep(word.said))
            (self.inline if place == "with" else self.clauses).append(said)
        if topic.aspect.lasting and not self.search.gift:
            self.note(said, topic.attribute, topic.gold(word), "like" if topic.aspect.taste else "fact")
        words = self.search.words
        self.search = self.search.meaning(topic, word)
        if self.search.words != words:
            self.queried.append((said.text, word.said))

    def _placed(self, topic: Topic) -> list[str]:
        lines = topic.aspect.lines
        language = self.speaker.language
        if self.search.gift and topic.key in SIZES:
            return ["other"] if lines("other", language) else []
        places = ["before", "before"] if topic.aspect.before else []
        places += ["with", "with"] if lines("with", language) else []
        return places + (["clause"] if lines("clause", language) and not self.search.gift else [])

    def traits(self) -> list[tuple[Topic, Word]]:
        """What could still be said of this product, in this language."""
        found = []
        for topic in self.shop.topics.all:
            if topic.key in self.search.said or topic.key == "need" or not topic.facet:
                continue
            own = facet_values(self.product, self.variant, topic.facet)
            words = [word for value in own for word in topic.of(value, self.speaker.language)]
            if words and self._placed(topic):
                found.append((topic, self.rng.choice(words)))
        return found

    def _trait(self) -> None:
        found = self.traits()
        loose = [t for t in self.shop.topics.all if not t.facet and t.aspect.lasting and t.key not in self.search.said]
        loose = [topic for topic in loose if topic.words.get(self.speaker.language) and self._placed(topic)]
        if loose and (not found or self.rng.random() < 0.2):
            topic = self.rng.choice(loose)
            if topic.key in SIZES:
                return
            self.mention(topic, self.rng.choice(topic.words[self.speaker.language]))
        elif found:
            self.mention(*self.rng.choice(found))

    def _need(self) -> None:
        topic = self.shop.topics.get("need")
        if topic is None or (topic.asked and "need" in self.search.said) or len(self.search.words) >= 4:
            return
        words = [word for word in topic.words.get(self.speaker.language, ()) if word.said not in self.search.words]
        own = facet_values(self.product, self.variant, topic.facet) if topic.facet else ()
        kept = self.shop.facets.values(topic.facet) if topic.facet else ()
        words = [w for w in words if w.value in own or (w.value not in kept and not topic.asked)]
        if words:
            self.mention(topic, self.rng.choice(words))

    def _budget(self) -> None:
        if self.search.high is not None or (self.shop.ranged_budget and self.search.low is not None):
            return
        price = plain(self.variant.price)
        value = draw_amount(self.rng, price * 1.05, price * 2 + 20)
        if value < price:
            value = amount(float(int(price) + 1))
        self.set(high=value)
        placed = self.rng.choice(("inline", "clause"))
        said = self.speaker.say(f"budget_{placed}", price=self._price(value))
        self.note(said, self.shop.topics.named("budget"), self.shop.as_budget(said.plain, value))
        (self.inline if placed == "inline" else self.clauses).append(said)

    def _price(self, value: float) -> str:
        return keep(write_price(self.rng, value, self.speaker.language, self.shop.currency))

    def _prices(self, intent: str) -> None:
        price = plain(self.variant.price)
        low = draw_amount(self.rng, price * 0.4, price * 0.9)
        if low >= price or self.search.high is not None or self.search.low is not None:
            return
        high = draw_amount(self.rng, price * 1.2 + 5, price * 2 + 30)
        said = self.speaker.say(intent, low=self._price(low), price=self._price(high))
        self.set(low=low, high=high if intent == "between_inline" else None)
        if self.shop.ranged_budget:
            self.note(said, self.shop.topics.named("budget"), self.shop.as_budget(said.plain, low))
        else:
            self.note(said, self.shop.topics.named("min_price"), low)
            if intent == "between_inline":
                self.note(said, self.shop.topics.named("budget"), high)
        (self.clauses if intent == "min_clause" else self.inline).append(said)

    def _min(self) -> None:
        self._prices(self.rng.choice(("min_inline", "min_clause")))

    def _between(self) -> None:
        self._prices("between_inline")

    def _dislike(self) -> None:
        if self.search.gift:
            return
        found = say_taste(self.speaker, self.shop, "dislike", self.product, self.variant)
        if found:
            said, topic, word = found
            self.clauses.append(self.note(said, topic.attribute, topic.gold(word), "dislike"))
            self.set(disliked=(*self.search.disliked, (topic.facet or "", word.value)))

    def _like(self) -> None:
        if self.search.gift:
            return
        found = say_taste(self.speaker, self.shop, "like", self.product, self.variant)
        if found and found[1].key not in self.search.said:
            said, topic, word = found
            self.clauses.append(self.note(said, topic.attribute, topic.gold(word), "like"))

    def _sort(self) -> None:
        self.sort, _, phrase = self.rng.choice(self.speaker.words.lines("sort_inline")).partition(" = ")
        self.inline.append(self.speaker.fill(phrase))


def _bound(price: float | None) -> float | int | None:
    return None if price is None else amount(price)


def say_taste(
    speaker: Speaker, shop: ShopView, polarity: str, product: Product, variant: Variant, intent: str = ""
) -> tuple[Said, Topic, Word] | None:
    """A like or a dislike; what is disliked is not what is looked for."""
    topics = tastes(shop, speaker.language)
    if not topics:
        return None
    topic = speaker.rng.choice(topics)
    own: Sequence[str] = facet_values(product, variant, topic.facet) if topic.facet else ()
    words = [w for w in topic.words[speaker.language] if w.alone]
    words = [w for w in words if not any(covers(w.value, held) for held in own)]
    if not words:
        return None
    word = speaker.rng.choice(words)
    if topic.key in _BODILY and polarity == "dislike" and not intent and shop.wears and speaker.rng.random() < 0.35:
        intent = "dislike_material"
    return speaker.say(intent or polarity, v=keep(word.said)), topic, word


def tastes(shop: ShopView, language: str) -> list[Topic]:
    """Topics of which one value can be liked or disliked by its bare name."""
    return [
        topic
        for topic in shop.topics.all
        if topic.aspect.taste
        and topic.attribute
        and shop.schema.attributes[topic.attribute].polarity
        and topic.key not in ("need", "use", "ethics", "category")
        and topic.words.get(language)
    ]
