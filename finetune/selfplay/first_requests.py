"""First requests for products, and requests for another kind of product.

In: a `Speaker`, the shop and the `Search` so far. Out: (`Part`, new `Search`, kind), or None where
nothing in the shop would meet the changed search.
"""

import random
import re
from dataclasses import replace

from finetune.selfplay.search_acts import EXTRAS, Request, Search
from finetune.selfplay.shops.bank import Noun
from finetune.selfplay.shopview import ShopView
from finetune.selfplay.words.message import Part, Speaker, change, keep

_AN = re.compile(r"\ba (?=[\ue000-\uf8ff]*[aeio])")
_ONLY_EN = {"zh": ("个", "一个", "款", "一款", "")}
Asked = tuple[Part, Search, str]


def open_request(speaker: Speaker, shop: ShopView, held: Search) -> Asked | None:
    """A first request with up to five traits, for a product that there is; prices and dislikes of `held` hold."""
    asked = _open(speaker, shop, Search(low=held.low, high=held.high, disliked=held.disliked))
    return asked if asked and shop.possible(asked[1]) else None


def _open(speaker: Speaker, shop: ShopView, fresh: Search) -> Asked | None:
    rng = speaker.rng
    product, variant = shop.pick(rng)
    draw = rng.random()
    if draw < 0.05:
        search = replace(fresh, title=product.title)
        text = speaker.say("open_title", title=keep(product.title)).text
        return Part(text, (), (search.call(shop.topics),)), search, "find_title"
    fresh = replace(fresh, category=product.category, gift=draw < 0.15)
    if fresh.category not in shop.topics.nouns[speaker.language]:
        return None
    request = Request(speaker, shop, product, variant, fresh)
    vague = 0.15 <= draw < 0.21
    for extra in _draw_extras(rng, rng.choices(range(6), (9, 20, 28, 24, 13, 6))[0], vague):
        request.add(extra)
    if vague and request.before and request.queried:
        return _finish(request, _say_vague(request), "find_vague")
    if request.search.gift:
        return _finish(request, _say_gift(request), "find_gift")
    return _finish(request, _say_noun(request, "open"), "find")


def another(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    """A different kind of product in the same dialogue: only the prices go on."""
    known = shop.topics.nouns[speaker.language]
    others = sorted({product.category for product, _ in shop.stocked if product.category in known} - {search.category})
    if not others:
        return None
    product, variant = shop.pick(speaker.rng, speaker.rng.choice(others))
    fresh = Search(category=product.category, low=search.low, high=search.high, disliked=search.disliked)
    request = Request(speaker, shop, product, variant, fresh)
    for _ in range(speaker.rng.choices((0, 1, 2), (50, 35, 15))[0]):
        request.add(speaker.rng.choice(("trait", "trait", "need")))
    intent = speaker.rng.choice(("another", "another", "open"))
    found = _finish(request, _say_noun(request, intent), "another")
    return found if shop.possible(found[1]) else None


def absent(speaker: Speaker, shop: ShopView, search: Search) -> Asked:
    """Something that this shop does not sell: searched by its noun all the same, in no category."""
    noun = speaker.rng.choice(shop.strange_nouns(speaker.language))
    fresh = Search(low=search.low, high=search.high, disliked=search.disliked)
    product, variant = shop.pick(speaker.rng)
    request = Request(speaker, shop, product, variant, fresh)
    text = _say_noun(request, "open", noun)
    part = Part(text, (), (request.search.call(shop.topics),))
    return part, request.search, "find_absent"


def _draw_extras(rng: random.Random, count: int, vague: bool) -> list[str]:
    names = list(EXTRAS)
    drawn: list[str] = ["need", "need"] if vague else []
    while len(drawn) < count:
        name = rng.choices(names, list(EXTRAS.values()))[0]
        if drawn.count(name) < {"trait": 4, "need": 3, "dislike": 2}.get(name, 1):
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
    text = text if chinese else " ".join(text.split())
    placed = sorted(request.queried, key=lambda pair: text.find(pair[0]))
    kept = tuple(word for word in request.search.words if word not in [said for _, said in placed])
    search = replace(request.search, words=(*kept, *(word for _, word in placed)))
    return Part(text, tuple(request.changes), (search.call(request.shop.topics, request.sort),)), search, kind


def _say_noun(request: Request, intent: str, noun: Noun | None = None, **slots: str) -> str:
    """A phrase around the noun with its adjectives and what follows it."""
    speaker, rng = request.speaker, request.rng
    phrase = rng.choice(speaker.words.lines(intent))
    if noun is None:
        assert request.search.category
        noun = rng.choice(request.shop.topics.nouns[speaker.language][request.search.category])
    if speaker.language == "zh":
        adjectives = "".join(said.text + "的" for said in request.before)
        tail = "".join(rng.choice(("，", "，", " ")) + said.text for said in request.inline)
        texts = {"np": rng.choice(_ONLY_EN["zh"]) + adjectives + noun.single, "nps": adjectives + noun.single}
        used = noun.single
    else:
        adjectives = rng.choice((" ", " ", ", ")).join(said.text for said in request.before)
        bare = f"{adjectives} {noun.single or noun.plural}".strip()
        tail = "".join(rng.choice((" ", " ", ", ")) + said.text for said in request.inline)
        texts = {"np": f"{_article(rng, bare, not noun.single)}{bare}", "nps": f"{adjectives} {noun.plural}".strip()}
        used = (noun.single or noun.plural) if "{np}" in phrase else noun.plural
    request.set(noun=used.lower())
    apart = not phrase.rstrip("吗").endswith(("{np}", "{nps}")) and rng.random() < 0.8
    filled = {name: text if apart else text + tail for name, text in texts.items()}
    said = speaker.fill(phrase, **filled, **slots)
    if apart and tail:
        said = replace(said, text=said.text + ("，" if speaker.language == "zh" else ", ") + tail.lstrip(" ,，"))
    if said.span is not None:
        request.note(said, request.shop.topics.named("recipient"), slots["recipient"])
    return said.text


def _article(rng: random.Random, noun: str, many: bool) -> str:
    if many:
        return rng.choice(("some ", "some ", "", "new "))
    first = noun.lstrip("".join(map(chr, range(0xE000, 0xF900))))[:1].lower()
    return "an " if first in "aeiou" else "a "


def _say_gift(request: Request) -> str:
    speaker, rng, topics = request.speaker, request.rng, request.shop.topics
    word = rng.choice(request.shop.people(speaker.language))
    if rng.random() < 0.35:
        occasion = rng.choice(request.shop.occasions(speaker.language))
        said = speaker.say("occasion_inline", occasion=keep(occasion))
        said = replace(said, text=_AN.sub("an ", said.text))
        request.clauses.append(request.note(said, topics.named("occasion"), occasion))
    return _say_noun(request, "open_gift", recipient=word)


def _say_vague(request: Request) -> str:
    """No noun at all: only what it has to be like."""
    speaker, rng = request.speaker, request.rng
    request.set(category=None, noun="")
    joint = rng.choice(("又", "、", "") if speaker.language == "zh" else (" and ", ", ", " "))
    text = joint.join(said.text for said in request.before)
    tail = ("，" if speaker.language == "zh" else " ").join(said.text for said in request.inline)
    said = speaker.say("open_vague", adjs=text)
    if not tail:
        return said.text
    return said.text + ("，" if speaker.language == "zh" else " ") + tail


def now_for(speaker: Speaker, shop: ShopView, search: Search) -> Asked | None:
    """The search that is going on turns out to be for somebody else."""
    name = shop.topics.named("recipient")
    if search.gift or not name or not search.noun:
        return None
    word = speaker.rng.choice(shop.people(speaker.language))
    said = speaker.say("now_gift", recipient=word)
    changed = replace(search, gift=True)
    return Part(said.text, (change(said.span, name, word),), (changed.call(shop.topics),)), changed, "now_gift"
