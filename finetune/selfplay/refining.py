"""What customers change about a search that is going on: the budget, the colour, the size, one more need.

In: a `Speaker`, the shop and the `Search` so far. Out: (`Part`, new `Search`, kind), or None where nothing in the shop
would meet the changed search.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from finetune.selfplay.requests import Asked, another, possible
from finetune.selfplay.shopping import SHOES, Search, say_size, say_taste
from finetune.selfplay.shopview import ShopView
from finetune.selfplay.words.message import Part, Said, Speaker, change, keep
from finetune.selfplay.words.numbers import amount, draw_amount, write_price
from retrieval.catalog import Product, Variant
from retrieval.facets import facet_values

_UP = (
    *("stretch", "raise", "push", "found some extra", "as high", "went up", "willing"),
    *("加", "提高", "可以出到", "可以到"),
)
_DEAR = 400  # nobody raises a budget without end
_DOWN = ("lower", "too much", "better <not", "太贵", "降", "算了")


def refine(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    """One change to the search that is going on."""
    changes: Sequence[tuple[Callable[[Speaker, ShopView, Search], Asked | None], int]] = (
        (change_budget, 30), (_budget_off, 4), (_color, 14), (_color_size, 24), (_color_off, 4), (_size, 13),
        (_material, 5), (_brand, 5), (_need, 12), (_dislike, 12), (_sort, 14), (_more, 5), (another, 13),
    )  # fmt: skip
    chosen = speaker.rng.choices([how for how, _ in changes], [weight for _, weight in changes])[0]
    found = chosen(speaker, shop, search)
    return found if found and possible(shop, found[1]) else None


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
    usual = min(old or found[-1], _DEAR)
    value = draw_amount(speaker.rng, max(found[0], usual * 0.4), max(found[0] + 20, usual * 1.8))
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
    return _asked(
        said, replace(search, high=value, low=low), "budget_again", change(said.span, "budget", amount(value))
    )


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
    found = shop.found(_with(search, name, None).arguments())
    values = {value for p, v in found for value in facet_values(p, v, name)} - {getattr(search, name)}
    values = {value for value in values if speaker.knows(lexicon, value)}
    if not values:
        return None
    value = speaker.rng.choice(sorted(values))
    said = speaker.say(f"{name}_again", **{name: keep(speaker.word(lexicon, value))})
    return _asked(said, _with(search, name, value), f"{name}_again")


def _with(search: Search, name: str, value: str | None) -> Search:
    changed: dict[str, Any] = {name: value}
    return replace(search, **changed)


def _color_size(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    example = _example(speaker, shop, search)
    if search.gift or example is None or not speaker.knows("colors", example[1].color):
        return None
    color, size = example[1].color, example[1].size
    shoe = size.isdigit()
    if (not shoe and size not in speaker.words.lexicon("sizes")) or (shoe and search.category not in SHOES):
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
    return _asked(
        said, replace(search, needs=(*search.needs, need)), "need_again", change(said.span, "need", need, "like")
    )


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
