"""First requests for products and what customers change about them.

In: a `Speaker`, the shop and, for a change, the `Search` so far. Out: (`Part`, new `Search`, kind), or None where
nothing in the shop would meet the changed search.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from finetune.shopping import SHOES, TRAITS, Request, Search, say_size, say_taste
from finetune.shopview import ShopView
from finetune.words.message import Part, Said, Speaker, change, keep
from finetune.words.numbers import amount, draw_amount, write_price
from retrieval.catalog import Product, Variant
from retrieval.facets import covers, facet_values

Asked = tuple[Part, Search, str]
_UP = ("stretch", "raise", "push", "found some extra", "as high", "went up", "willing", "加", "提高", "可以出到", "可以到")
_DOWN = ("lower", "too much", "better <not", "太贵", "降", "算了")


def open_request(speaker: Speaker, shop: ShopView, held: Search) -> Asked | None:
    """A first request with up to five traits, for a product that there is; prices and dislikes of `held` hold."""
    asked = _open(speaker, shop, Search(low=held.low, high=held.high, disliked=held.disliked))
    return asked if _possible(shop, asked[1]) else None


def _open(speaker: Speaker, shop: ShopView, fresh: Search) -> Asked:
    rng = speaker.rng
    product, variant = shop.pick(rng)
    draw = rng.random()
    if draw < 0.05:
        search = replace(fresh, title=product.title)
        return Part(speaker.say("open_title", title=keep(product.title)).text, (), (search.call(),)), search, "find_title"
    fresh = replace(fresh, category=product.category, gift=draw < 0.15)
    request = Request(speaker, shop, product, variant, fresh)
    traits = _draw_traits(rng, rng.choices(range(6), (10, 27, 30, 20, 9, 4))[0])
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
    return found if _possible(shop, found[1]) else None


def refine(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    """One change to the search that is going on."""
    changes: Sequence[tuple[Callable[[Speaker, ShopView, Search], Asked | None], int]] = (
        (change_budget, 30), (_budget_off, 4), (_color, 14), (_color_size, 12), (_color_off, 4), (_size, 12), (_material, 5),
        (_brand, 5), (_need, 12), (_dislike, 12), (_sort, 14), (_more, 5), (another, 13),
    )  # fmt: skip
    chosen = speaker.rng.choices([how for how, _ in changes], [weight for _, weight in changes])[0]
    found = chosen(speaker, shop, search)
    return found if found and _possible(shop, found[1]) else None


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
        request.clauses.append(said)
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


def _possible(shop: ShopView, search: Search) -> bool:
    return any(
        not any(covers(bad, value) for bad in search.disliked for value in _tastes(product, variant))
        for product, variant in shop.found(search.arguments())
    )


def _tastes(product: Product, variant: Variant) -> tuple[str, ...]:
    return (*facet_values(product, variant, "material"), variant.color, product.brand)


def _asked(said: Said, search: Search, kind: str, *changes: dict[str, object], sort: str | None = None) -> Asked:
    return Part(said.text, changes, (search.call(sort),)), search, kind


def _example(speaker: Speaker, shop: ShopView, search: Search) -> tuple[Product, Variant] | None:
    """Something that meets the search apart from colour, size, brand and material."""
    wide = replace(search, color=None, size=None, brand=None, material=None)
    found = list(shop.found(wide.arguments()))
    return speaker.rng.choice(found) if found else None


def change_budget(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    """Another budget, or a first one."""
    old = search.high
    found = sorted(v.price for _, v in shop.found(replace(search, high=None).arguments()))
    if not found:
        return None
    value = draw_amount(speaker.rng, max(found[0], (old or found[-1]) * 0.4), max(found[0] + 20, (old or found[-1]) * 1.8))
    price = keep(write_price(speaker.rng, value, speaker.language))
    if old is None:
        said = speaker.say(speaker.rng.choice(("budget_clause", "budget_inline")), price=price)
    else:
        wrong = _DOWN if value > old else _UP
        fitting = [line for line in speaker.words.lines("budget_again") if not any(word in line for word in wrong)]
        said = speaker.fill(speaker.rng.choice(fitting), price=price)
    if value == old:
        return None
    low = search.low if search.low is not None and search.low < value else None
    return _asked(said, replace(search, high=value, low=low), "budget_again", change(said.span, "budget", amount(value)))


def _budget_off(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    if search.high is None:
        return None
    said = speaker.say("budget_off")
    return _asked(said, replace(search, high=None), "budget_off", change(said.span, "budget", "*", "forget"))


def _color(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    return _facet(speaker, shop, search, "color", "colors")


def _material(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    return _facet(speaker, shop, search, "material", "materials")


def _brand(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    return _facet(speaker, shop, search, "brand", "brands")


def _facet(speaker: Speaker, shop: ShopView, search: Search, name: str, lexicon: str) -> Asked | None:
    values = {value for p, v in shop.found(replace(search, **{name: None}).arguments()) for value in facet_values(p, v, name)}
    values = {value for value in values - {getattr(search, name)} if speaker.knows(lexicon, value)}
    if not values:
        return None
    value = speaker.rng.choice(sorted(values))
    said = speaker.say(f"{name}_again", **{name: keep(speaker.word(lexicon, value))})
    return _asked(said, replace(search, **{name: value}), f"{name}_again")


def _color_size(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    example = _example(speaker, shop, search)
    if search.gift or example is None or not speaker.knows("colors", example[1].color):
        return None
    color, size = example[1].color, example[1].size
    shoe = size.isdigit()
    if not shoe and size not in speaker.words.lexicon("sizes") or shoe and search.category not in SHOES:
        return None
    word = keep((f"{size}码" if speaker.language == "zh" else size) if shoe else speaker.word("sizes", size))
    said = speaker.say("color_size_again", color=keep(speaker.word("colors", color)), size=word)
    changed = replace(search, color=color, size=size, brand=None, material=None)
    return _asked(said, replace(changed, brand=search.brand, material=search.material), "color_size_again",
                  change(said.span, "shoe_size" if shoe else "size", size))  # fmt: skip


def _color_off(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    return _asked(speaker.say("color_off"), replace(search, color=None), "color_off") if search.color else None


def _size(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    example = _example(speaker, shop, search)
    if example is None or example[1].size == search.size:
        return None
    size = example[1].size
    if not search.gift and (not size.isdigit() or speaker.language == "en"):
        said, size = say_size(speaker, example[1], intent="size_again")
    else:
        said, size = say_size(speaker, example[1], search.gift)
    if said is None:
        return None
    changes = [] if search.gift else [change(said.span, "shoe_size" if size.isdigit() else "size", size)]
    return _asked(said, replace(search, size=size), "size_again", *changes)


def _need(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    fresh = [need for need in speaker.words.lexicon("needs") if need not in search.needs]
    if search.gift or search.title or len(search.needs) > 3:
        return None
    need = speaker.rng.choice(fresh)
    said = speaker.say("need_again", need=speaker.word("needs", need))
    return _asked(said, replace(search, needs=(*search.needs, need)), "need_again", change(said.span, "need", need, "like"))


def _dislike(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    example = _example(speaker, shop, search)
    if search.gift or example is None:
        return None
    said, attribute, value = say_taste(speaker, shop, "dislike", *example, intent="dislike_again")
    if not attribute or value in (search.color, search.brand, search.material):
        return None
    changed = replace(search, disliked=(*search.disliked, value))
    return _asked(said, changed, "dislike_again", change(said.span, attribute, value, "dislike"))


def _sort(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    intent, sort = speaker.rng.choice(
        (("sort_low", "price_low"),) * 3 + (("sort_high", "price_high"), ("sort_rating", "rating"))
    )
    return _asked(speaker.say(intent), search, intent, sort=sort)


def _more(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    return _asked(speaker.say("more"), search, "more")
