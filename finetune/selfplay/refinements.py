"""What customers change about a search that is going on: the budget, the colour, the size, one more need.

In: a `Speaker`, the shop and the `Search` so far. Out: (`Part`, new `Search`, kind), or None where nothing in the shop
would meet the changed search.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from finetune.selfplay.first_requests import Asked, another, now_for
from finetune.selfplay.search_acts import SIZES, Search, say_taste
from finetune.selfplay.shopview import ShopView
from finetune.selfplay.topics import Topic, Word
from finetune.selfplay.words.message import Part, Said, Speaker, change, keep
from finetune.selfplay.words.numbers import draw_amount, write_price
from language.decimals import plain
from retrieval.catalog import Product, Variant
from retrieval.facets import facet_values

_UP = (
    *(
        "stretch",
        "raise",
        "push",
        "found some extra",
        "as high",
        "went up",
        "willing",
        "bump",
        "more generous",
        "splash",
    ),
    *("加", "提高", "可以出到", "可以到"),
)
_DOWN = ("lower", "too much", "better <not", "cut", "tighter", "shrunk", "太贵", "降", "算了")
_DEAR = 1.8  # times the dearest product that is left: nobody raises a budget without end


def refine(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    """One change to the search that is going on."""
    changes: Sequence[tuple[Callable[[Speaker, ShopView, Search], Asked | None], int]] = (
        (change_budget, 26), (_floor, 6), (_budget_off, 4), (_trait, 44), (_pair, 18), (_trait_off, 5), (_need, 14),
        (_dislike, 12), (_sort, 13), (_more, 5), (now_for, 4), (another, 13),
    )  # fmt: skip
    chosen = speaker.rng.choices([how for how, _ in changes], [weight for _, weight in changes])[0]
    found = chosen(speaker, shop, search)
    return found if found and shop.possible(found[1]) else None


def _asked(
    shop: ShopView, said: Said, search: Search, kind: str, *changes: Mapping[str, object], sort: str | None = None
) -> Asked:
    noted = tuple(one for one in changes if one["attribute"] and one["quote"])
    return Part(said.text, noted, (search.call(shop.topics, sort),)), search, kind


def _example(
    speaker: Speaker, shop: ShopView, search: Search, without: Sequence[str] = ()
) -> tuple[Product, Variant] | None:
    """Something that meets the search apart from some facets."""
    wide = replace(search, filters={name: held for name, held in search.filters.items() if name not in without})
    found = list(shop.found(wide))
    return speaker.rng.choice(found) if found else None


def change_budget(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    """Another budget, or a first one."""
    old = search.high
    found = sorted(plain(v.price) for _, v in shop.found(replace(search, high=None)))
    if not found:
        return None
    usual = min(old or found[-1], found[-1] * _DEAR)
    value = draw_amount(speaker.rng, max(found[0], usual * 0.4), max(found[0] + 20, usual * 1.8))
    price = _price(speaker, shop, value)
    if value == old:
        return None
    if shop.ranged_budget and speaker.rng.random() < 0.4:
        return _range(speaker, shop, search, found, value)
    if old is None:
        said = speaker.say(speaker.rng.choice(("budget_clause", "budget_inline")), price=price)
    else:
        wrong = _DOWN if value > old else _UP
        fitting = [line for line in speaker.words.lines("budget_again") if not any(word in line for word in wrong)]
        said = speaker.fill(speaker.rng.choice(fitting), price=price)
    low = search.low if search.low is not None and search.low < value else None
    changed = replace(search, high=value, low=low)
    kept = shop.as_budget(said.plain, value)
    return _asked(shop, said, changed, "budget_again", change(said.span, shop.topics.named("budget") or "", kept))


def _range(speaker: Speaker, shop: ShopView, search: Search, found: Sequence[float], high: float) -> Asked | None:
    """A budget from what to what."""
    low = draw_amount(speaker.rng, found[0] * 0.6, high * 0.9)
    if low >= high:
        return None
    said = speaker.say("range_again", low=keep(f"{low}"), price=keep(f"{high}"))
    changed = replace(search, low=low, high=high)
    name = shop.topics.named("budget") or ""
    return _asked(shop, said, changed, "range_again", change(said.span, name, shop.as_budget(said.plain, high)))


def _floor(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    """A least price, later on."""
    found = sorted(plain(v.price) for _, v in shop.found(replace(search, low=None)))
    if not found:
        return None
    value = draw_amount(speaker.rng, found[0] * 0.8, found[-1] * 0.7)
    if value >= (search.high or found[-1]) or value == search.low:
        return None
    said = speaker.say("min_clause", low=_price(speaker, shop, value))
    changed = replace(search, low=value)
    name = shop.topics.named("budget" if shop.ranged_budget else "min_price") or ""
    return _asked(shop, said, changed, "floor", change(said.span, name, shop.as_budget(said.plain, value)))


def _price(speaker: Speaker, shop: ShopView, value: float) -> str:
    return keep(write_price(speaker.rng, value, speaker.language, shop.currency))


def _budget_off(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    if search.high is None:
        return None
    said, name = speaker.say("budget_off"), shop.topics.named("budget") or ""
    changed = replace(search, high=None, low=None if shop.ranged_budget else search.low)
    return _asked(shop, said, changed, "budget_off", change(said.span, name, "*", "forget"))


def _options(speaker: Speaker, shop: ShopView, search: Search, topic: Topic) -> list[Word]:
    """Words for values that are left in the search, other than the one it has."""
    assert topic.facet
    found = shop.found(replace(search, filters={n: held for n, held in search.filters.items() if n != topic.facet}))
    held = search.filters[topic.facet][1].value if topic.facet in search.filters else None
    values = {value for p, v in found for value in facet_values(p, v, topic.facet)} - {held}
    return [word for value in sorted(values) for word in topic.of(value, speaker.language)]


def _trait(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    """Another value of a facet that the tool has: a new one, or instead of the one before."""
    if search.title:
        return None
    language = speaker.language
    topics = [
        t for t in shop.topics.all if t.asked and t.facet and t.key != "need" and t.aspect.lines("again", language)
    ]
    if search.gift:
        topics = [topic for topic in topics if not topic.aspect.lasting]
    if not topics:
        return None
    topic = speaker.rng.choice(topics)
    words = _options(speaker, shop, search, topic)
    if not words:
        return None
    word = speaker.rng.choice(words)
    said = speaker.fill(speaker.rng.choice(topic.aspect.lines("again", language)), v=keep(word.said))
    changed = search.meaning(topic, word)
    return _asked(shop, said, changed, f"{topic.key}_again", *_noted(topic, said, word, changed))


def _pair(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    """A colour and a size at once, or a colour and something else."""
    color, size = shop.topics.get("color"), shop.topics.get(speaker.rng.choice(SIZES))
    if search.gift or search.title or not (color and color.asked and size and size.asked):
        return None
    example = _example(speaker, shop, search, (color.facet or "", size.facet or ""))
    if example is None:
        return None
    colors = color.of(next(iter(facet_values(*example, color.facet or "")), ""), speaker.language)
    sizes = size.of(example[1].size, speaker.language)
    if not colors or not sizes:
        return None
    one, two = speaker.rng.choice(colors), speaker.rng.choice(sizes)
    written = f"{two.said}码" if speaker.language == "zh" and two.said.isdigit() else two.said
    said = speaker.say("color_size_again", color=keep(one.said), size=keep(written))
    changed = search.meaning(color, one).meaning(size, two)
    return _asked(shop, said, changed, "color_size_again", *_noted(size, said, two, changed))


def _trait_off(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    """One filter no longer counts; what is known of the customer stays."""
    loose = [(name, topic) for name, (topic, _) in search.filters.items() if not topic.aspect.lasting]
    if not loose:
        return None
    name, topic = speaker.rng.choice(sorted(loose, key=lambda pair: pair[0]))
    labels = topic.label.get(speaker.language)
    if not labels:
        return None
    said = speaker.say("trait_off", label=speaker.rng.choice(labels))
    changed = replace(
        search, filters={n: held for n, held in search.filters.items() if n != name}, said=search.said - {topic.key}
    )
    return _asked(shop, said, changed, "trait_off")


def _need(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    topic = shop.topics.get("need")
    if topic is None or search.gift or search.title or len(search.words) > 3:
        return None
    words = _options(speaker, shop, search, topic) if topic.asked else list(topic.words.get(speaker.language, ()))
    words = [word for word in words if word.said not in search.words and word.alone]
    if not words:
        return None
    word = speaker.rng.choice(words)
    said = speaker.fill(speaker.rng.choice(topic.aspect.lines("again", speaker.language)), v=keep(word.said))
    changed = search.meaning(topic, word)
    return _asked(shop, said, changed, "need_again", *_noted(topic, said, word, changed))


def _noted(topic: Topic, said: Said, word: Word, search: Search) -> list[Mapping[str, object]]:
    if not topic.aspect.lasting or not topic.attribute or search.gift:
        return []
    return [change(said.span, topic.attribute, topic.gold(word), "like" if topic.aspect.taste else "fact")]


def _dislike(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    example = _example(speaker, shop, search)
    if search.gift or example is None:
        return None
    found = say_taste(speaker, shop, "dislike", *example, intent="dislike_again")
    if found is None:
        return None
    said, topic, word = found
    if any(held.value == word.value for _, held in search.filters.values()):
        return None
    changed = replace(search, disliked=(*search.disliked, (topic.facet or "", word.value)))
    return _asked(
        shop, said, changed, "dislike_again", change(said.span, topic.attribute or "", topic.gold(word), "dislike")
    )


def _sort(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    intent, sort = speaker.rng.choice(
        (("sort_low", "price_low"),) * 3 + (("sort_high", "price_high"), ("sort_rating", "rating"))
    )
    return _asked(shop, speaker.say(intent), search, intent, sort=sort)


def _more(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    return _asked(shop, speaker.say("more"), search, "more")
