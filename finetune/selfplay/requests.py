"""First requests for products, and requests for another kind of product.

In: a `Speaker`, the shop and the `Search` so far. Out: (`Part`, new `Search`, kind), or None where
nothing in the shop would meet the changed search.
"""

import random
import re
from dataclasses import replace

from finetune.selfplay.shopping import TRAITS, Request, Search
from finetune.selfplay.shopview import ShopView
from finetune.selfplay.words.message import Part, Speaker, change, keep
from retrieval.catalog import Product, Variant
from retrieval.facets import covers, facet_values

_AN = re.compile(r"\ba (?=[\ue000-\uf8ff]*[aeio])")
Asked = tuple[Part, Search, str]


def open_request(speaker: Speaker, shop: ShopView, held: Search) -> Asked | None:
    """A first request with up to five traits, for a product that there is; prices and dislikes of `held` hold."""
    asked = _open(speaker, shop, Search(low=held.low, high=held.high, disliked=held.disliked))
    return asked if possible(shop, asked[1]) else None


def _open(speaker: Speaker, shop: ShopView, fresh: Search) -> Asked:
    rng = speaker.rng
    product, variant = shop.pick(rng)
    draw = rng.random()
    if draw < 0.05:
        search = replace(fresh, title=product.title)
        return (
            Part(speaker.say("open_title", title=keep(product.title)).text, (), (search.call(),)),
            search,
            "find_title",
        )
    fresh = replace(fresh, category=product.category, gift=draw < 0.15)
    request = Request(speaker, shop, product, variant, fresh)
    traits = _draw_traits(rng, rng.choices(range(6), (7, 18, 28, 26, 14, 7))[0])
    vague = 0.15 <= draw < 0.21
    for trait in ("need", *traits) if vague else traits:
        request.add(trait)
    if vague and any(said.span for said in request.before) and not request.search.department:
        return _finish(request, _say_vague(request), "find_vague")
    if request.search.gift:
        return _finish(request, _say_gift(request), "find_gift")
    return _finish(request, _say_noun(request, "open"), "find")


def another(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    """A different kind of product in the same dialogue: only the prices go on."""
    others = sorted({product.category for product, _ in shop.stocked} - {search.category})
    product, variant = shop.pick(speaker.rng, speaker.rng.choice(others))
    fresh = Search(category=product.category, low=search.low, high=search.high, disliked=search.disliked)
    request = Request(speaker, shop, product, variant, fresh)
    for trait in _draw_traits(speaker.rng, speaker.rng.choices((0, 1, 2), (50, 35, 15))[0]):
        if trait in ("need", "color", "material", "brand", "size"):
            request.add(trait)
    intent = speaker.rng.choice(("another", "another", "open"))
    found = _finish(request, _say_noun(request, intent), "another")
    return found if possible(shop, found[1]) else None


def _draw_traits(rng: random.Random, count: int) -> list[str]:
    names = list(TRAITS)
    drawn: list[str] = []
    while len(drawn) < count:
        name = rng.choices(names, list(TRAITS.values()))[0]
        if drawn.count(name) < (2 if name in ("need", "dislike") else 1):
            drawn.append(name)
    return drawn


def _finish(request: Request, sentence: str, kind: str) -> Asked:
    rng, clauses = request.rng, list(request.clauses)
    rng.shuffle(clauses)
    chinese = request.speaker.language == "zh"
    pieces = [sentence, *(said.text for said in clauses)]
    if len(pieces) > 1 and rng.random() < 0.15:
        pieces = [*pieces[1:], sentence]
    text = pieces[0]
    for piece in pieces[1:]:
        text += rng.choice(request.speaker.words.lines("and")) + piece
    places = {str(c["value"]): text.index(chr(0xE000 + 2 * c["quote"].number)) for c in request.changes if c["quote"]}
    needs = sorted(request.search.needs, key=lambda need: places.get(need, 0))
    search = replace(request.search, needs=tuple(needs))
    text = text if chinese else " ".join(text.split())
    return Part(text, tuple(request.changes), (search.call(request.sort),)), search, kind


def _say_noun(request: Request, intent: str, **slots: str) -> str:
    """A phrase around the noun with its adjectives and what follows it."""
    speaker, rng = request.speaker, request.rng
    phrase = rng.choice(speaker.words.lines(intent))
    assert request.search.category
    named = rng.choice(speaker.words.lexicon("nouns").get(request.search.category, (request.search.category,)))
    if speaker.language == "zh":
        shown, query = named.partition("=")[::2]
        counter = rng.choice(speaker.words.lexicon("counters").get(request.search.category, ("个",)))
        article = rng.choice((f"一{counter}", counter if counter != "个" else "", "", "一款"))
        adjectives = "".join(said.text + rng.choice(("的", "")) for said in request.before)
        tail = "".join(rng.choice(("，", "，", " ")) + said.text for said in request.inline)
        request.set(noun=query)
        texts = {"np": article + adjectives + shown, "nps": adjectives + shown}
    else:
        single, plural = named.partition("/")[::2]
        request.set(noun=single or plural)
        adjectives = rng.choice((" ", " ", ", ")).join(said.text for said in request.before)
        bare = f"{adjectives} {single or plural}".strip()
        tail = "".join(rng.choice((" ", " ", ", ")) + said.text for said in request.inline)
        texts = {"np": f"{_article(rng, bare, not single)}{bare}", "nps": f"{adjectives} {plural or single}".strip()}
    filled = {name: text + tail for name, text in texts.items()}
    said = speaker.fill(phrase, **filled, **slots)
    if said.span is not None:
        request.note(said, "recipient", "")
        request.changes.append(change(said.span, "recipient", slots["recipient_value"]))
    return said.text


def _article(rng: random.Random, noun: str, plural: bool) -> str:
    if plural:
        return rng.choice(("some ", "some ", "", "new ", "a pair of "))
    first = noun.lstrip("".join(map(chr, range(0xE000, 0xF900))))[:1].lower()
    return rng.choice(("an " if first in "aeiou" else "a ", "an " if first in "aeiou" else "a ", "some kind of "))


def _say_gift(request: Request) -> str:
    speaker, rng = request.speaker, request.rng
    value = rng.choice(list(speaker.words.lexicon("recipients")))
    if rng.random() < 0.35:
        occasion = rng.choice(list(speaker.words.lexicon("occasions")))
        said = speaker.say("occasion_inline", occasion=speaker.word("occasions", occasion))
        request.clauses.append(replace(said, text=_AN.sub("an ", said.text)))
        request.changes.append(change(said.span, "occasion", occasion))
    return _say_noun(request, "open_gift", recipient=speaker.word("recipients", value), recipient_value=value)


def _say_vague(request: Request) -> str:
    """No noun at all: only what it has to be like."""
    speaker, rng = request.speaker, request.rng
    request.set(category=None, noun="")
    needs = [said for said in request.before if said.span]
    others = [said.text for said in request.before if not said.span]
    joint = rng.choice(("又", "、", "") if speaker.language == "zh" else (" and ", ", ", " "))
    text = joint.join([*others, *(said.text for said in needs)])
    tail = ("，" if speaker.language == "zh" else " ").join(said.text for said in request.inline)
    said = speaker.say("open_vague", adjs=text)
    if not tail:
        return said.text
    return said.text + ("，" if speaker.language == "zh" else " ") + tail


def possible(shop: ShopView, search: Search) -> bool:
    """Whether anything in stock meets the search and nothing about it is disliked."""
    return any(
        not any(covers(bad, value) for bad in search.disliked for value in _tastes(product, variant))
        for product, variant in shop.found(search.arguments())
    )


def _tastes(product: Product, variant: Variant) -> tuple[str, ...]:
    return (*facet_values(product, variant, "material"), variant.color, product.brand)
