"""What customers say about themselves: new facts, tastes, corrections, and what to forget.

In: a `Speaker`, the shop, the `Dialogue` so far. Out: a `Move`, or None where it makes no sense now. The gold call is
`update_profile` alone, with the value as the model sees it listed or else as it was said; what this shop keeps no
attribute for gets words.
"""

import re
from dataclasses import replace
from typing import Any

from finetune.selfplay.scenarios import Dialogue, Move, Trait
from finetune.selfplay.search_acts import SIZES
from finetune.selfplay.shops.bank import aspects
from finetune.selfplay.shopview import ShopView
from finetune.selfplay.topics import Topic, Word
from finetune.selfplay.words.message import Part, Said, Speaker, change, keep
from finetune.selfplay.words.numbers import amount, chinese, draw_amount, english, write_price
from profiles.attribute import KEY_MARK, key_of, parts_of
from profiles.observation import EVERYTHING

_AN = re.compile(r"\ba (?=[\ue000-\uf8ff]*(?:[aeio]|advanced|(?:M|L|S|XS|XL)\b))")
_MONEY = ("budget", "min_price")
_OFTEN = 0.3  # how often a range or a value of one kind is said where a shop keeps such things, which few do
_NEVER_SAID = ("recipient", "occasion")  # they come with a request


def say(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> Move | None:
    """A statement about oneself. Once products were searched, what concerns them is a change of the search instead."""
    topics = [t for t in shop.topics.all if t.attribute and t.key not in _NEVER_SAID and _sayable(t, speaker.language)]
    if dialogue.searched:
        asked = set(dialogue.search.filters)
        topics = [t for t in topics if t.key not in (*SIZES, *_MONEY) and not (t.facet and t.facet in asked)]
        topics = [t for t in topics if not t.asked or t.aspect.taste]
    if not topics:
        return None
    few = [topic for topic in topics if _is_ranged_or_keyed(topic, shop)]
    topic = speaker.rng.choice(few if few and speaker.rng.random() < _OFTEN else topics)
    made = statement(speaker, shop, topic, dialogue)
    return (
        None if made is None else Move((made[0],), f"say_{topic.key}", _after(made[0], topic, made[1], shop, dialogue))
    )


def _is_ranged_or_keyed(topic: Topic, shop: ShopView) -> bool:
    attribute = shop.schema.attributes[str(topic.attribute)]
    return attribute.range or attribute.per is not None


def _after(part: Part, topic: Topic, word: Word | None, shop: ShopView, dialogue: Dialogue) -> Dialogue:
    """The dialogue once a statement was made: prices and dislikes hold for searches too."""
    after = dialogue.noting(part, shop)
    search, noted = after.search, part.changes[0]
    if topic.key == "budget":
        search = search.within(noted["value"])
    if topic.key == "min_price":
        search = replace(search, low=noted["value"])
    if word is not None and noted["polarity"] == "dislike":
        search = replace(search, disliked=(*search.disliked, (topic.facet or "", word.value)))
    if word is not None and noted["polarity"] == "like":
        search = replace(search, disliked=tuple(pair for pair in search.disliked if pair[1] != word.value))
    return replace(after, search=search)


def statement(
    speaker: Speaker, shop: ShopView, topic: Topic, dialogue: Dialogue, other_than: object = None
) -> tuple[Part, Word | None] | None:
    """One thing said of oneself, and the word it names where it names one."""
    kind, rng, name = topic.aspect.kind, speaker.rng, topic.attribute
    assert name
    if shop.schema.attributes[name].per:
        part = _per_kind(speaker, shop, topic, other_than)
        return None if part is None else (part, None)
    if kind == "boolean":
        truth = rng.choice(("yes", "no"))
        said = speaker.fill(rng.choice(topic.aspect.lines(truth, speaker.language)))
        return Part(said.text, (change(said.span, name, truth),)), None
    if kind in ("money", "number"):
        return _amount(speaker, shop, topic, dialogue), None
    words = [w for w in topic.words.get(speaker.language, ()) if topic.gold(w) != other_than and w.alone]
    if not words:
        return None
    word = rng.choice(words)
    polarity = "fact" if not topic.aspect.taste else rng.choice(("like", "dislike"))
    if topic.key in ("need", "use", "ethics"):
        polarity = "like"
    said = _said_of(speaker, shop, topic, word, polarity)
    text = _AN.sub("an ", said.text.replace("size size", "size").replace("码码", "码"))
    return Part(text, (change(said.span, name, topic.gold(word), polarity),)), word


def _said_of(speaker: Speaker, shop: ShopView, topic: Topic, word: Word, polarity: str) -> Said:
    rng, language = speaker.rng, speaker.language
    own = topic.aspect.lines("say", language)
    if polarity == "dislike" and topic.key == "material" and shop.wears and rng.random() < 0.3:
        return speaker.say("dislike_material", v=keep(word.said))
    if topic.aspect.taste and topic.key not in ("use", "ethics") and not (own and rng.random() < 0.5):
        if topic.key == "need":
            return speaker.say("say_need", v=keep(word.said))
        return speaker.say(f"say_{polarity}", v=keep(word.said))
    labels = topic.label.get(language)
    if own and (not labels or rng.random() < 0.75):
        return speaker.fill(rng.choice(own), v=keep(word.said))
    return speaker.say("say_label", v=keep(word.said), label=rng.choice(labels or ("",)))


def _per_kind(speaker: Speaker, shop: ShopView, topic: Topic, other_than: object) -> Part | None:
    """Sizes of one or two kinds of product; as a correction, another one of the kind that is meant."""
    rng, language, name = speaker.rng, speaker.language, topic.attribute
    assert name
    kinds = _worn(shop, topic, language)
    if other_than is not None:
        kept, size = parts_of(str(other_than))
        kinds = {kind: [word for word in words if word.value != size] for kind, words in kinds.items() if kind == kept}
    chosen = [kind for kind in rng.sample(sorted(kinds), min(len(kinds), rng.choice((1, 1, 2)))) if kinds[kind]]
    text, changes = "", list[dict[str, Any]]()
    for kind in chosen:
        word, noun = rng.choice(kinds[kind]), rng.choice(shop.topics.nouns[language][kind]).plural
        said = speaker.fill(rng.choice(topic.aspect.lines("say", language)), v=keep(word.said), k=keep(noun.lower()))
        text += (rng.choice(speaker.words.lines("and")) if text else "") + said.text
        changes.append(change(said.span, name, f"{kind}{KEY_MARK}{word.value}"))
    return Part(_AN.sub("an ", text), tuple(changes)) if changes else None


def _worn(shop: ShopView, topic: Topic, language: str) -> dict[str, list[Word]]:
    """The kinds of product that come in several sizes, with the words for these."""
    nouns, found = shop.topics.nouns[language], dict[str, list[Word]]()
    for kind, goods in shop.by_category.items():
        sizes = {variant.size for _, variant in goods}
        words = [word for word in topic.words.get(language, ()) if word.value in sizes and word.alone]
        if kind in nouns and len({word.value for word in words}) > 1:
            found[kind] = words
    return found


def _amount(speaker: Speaker, shop: ShopView, topic: Topic, dialogue: Dialogue) -> Part:
    rng, language = speaker.rng, speaker.language
    assert topic.attribute
    if topic.key in _MONEY:
        low, high = shop.usual_prices
        value = draw_amount(rng, low, high) if topic.key == "budget" else draw_amount(rng, low * 0.5, low)
        price = keep(write_price(rng, value, language, shop.currency))
        ranged = topic.key == "budget" and shop.ranged_budget
        if ranged and rng.random() < 0.6:
            least = draw_amount(rng, low * 0.5, max(value * 0.9, low * 0.6))
            price, written = keep(f"{value}"), keep(f"{least}")
            said = speaker.say("say_range", low=written, price=price)
        else:
            said = speaker.say("say_budget" if topic.key == "budget" else "say_min", price=price, low=price)
        kept = shop.as_budget(said.plain, value) if ranged else value
        return Part(said.text, (change(said.span, topic.attribute, kept),))
    number = rng.randint(*topic.aspect.range)
    written = str(number)
    if number < 20 and rng.random() < 0.4:
        written = chinese(number).replace("二", "两") if language == "zh" and number < 10 else english(number)
        written = str(number) if language == "zh" and number >= 10 else written
    own = topic.aspect.lines("say", language)
    if own and rng.random() < 0.8:
        said = speaker.fill(rng.choice(own), v=keep(written))
    else:
        said = speaker.say("say_label", v=keep(written), label=rng.choice(topic.label[language]))
    return Part(said.text, (change(said.span, topic.attribute, amount(number)),))


def _sayable(topic: Topic, language: str) -> bool:
    if topic.key in _MONEY:
        return True
    if topic.aspect.kind == "boolean":
        return bool(topic.aspect.lines("yes", language))
    if topic.aspect.kind == "number":
        return bool(topic.label.get(language))
    return bool(topic.words.get(language)) and bool(topic.label.get(language) or topic.aspect.lines("say", language))


def correct(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> Move | None:
    """What was true is so no more: another value of a fact, or a taste turned round."""
    held = [
        (shop.topics.by_attribute[name], value, polarity)
        for name, value, polarity in dialogue.held
        if name in shop.topics.by_attribute
    ]
    held = [(t, v, p) for t, v, p in held if t.key not in (*_NEVER_SAID, *_MONEY) and _sayable(t, speaker.language)]
    if dialogue.searched:
        held = [(t, v, p) for t, v, p in held if not t.asked or t.aspect.taste]
    if not held:
        return None
    topic, value, polarity = speaker.rng.choice(held)
    if topic.aspect.taste and topic.key in ("need", "use", "ethics"):
        return None
    if topic.aspect.taste:
        return _turned(speaker, shop, topic, value, polarity, dialogue)
    made = statement(speaker, shop, topic, dialogue, value)
    if made is None:
        return None
    part = replace(made[0], text=speaker.say("correction", said=made[0].text).text)
    return Move((part,), "correct", _after(part, topic, made[1], shop, dialogue))


def _turned(
    speaker: Speaker, shop: ShopView, topic: Topic, value: object, polarity: str, dialogue: Dialogue
) -> Move | None:
    known = [word for word in topic.words.get(speaker.language, ()) if word.alone]
    words = [word for word in known if value in (topic.gold(word), word.value)]
    if (
        not words
        or not topic.attribute
        or any(held.value == words[0].value for _, held in dialogue.search.filters.values())
    ):
        return None
    word = speaker.rng.choice(words)
    turned = "like" if polarity == "dislike" else "dislike"
    said = speaker.say(f"now_{turned}", v=keep(word.said))
    part = Part(said.text, (change(said.span, topic.attribute, topic.gold(word), turned),))
    return Move((part,), f"now_{turned}", _after(part, topic, word, shop, dialogue))


def untracked(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> Move | None:
    """Something about oneself that this shop keeps nothing of: words, and no note."""
    kept = {topic.key for topic in shop.topics.all}
    loose = [
        a for key, a in aspects().items() if key not in kept and key in _PERSONAL and a.lines("say", speaker.language)
    ]
    loose = [aspect for aspect in loose if not set(aspect.attribute) & set(shop.schema.attributes)]
    if not loose:
        return None
    aspect = speaker.rng.choice(loose)
    if aspect.kind == "number":
        written = str(speaker.rng.randint(*aspect.range))
    else:
        words = [word for value in aspect.values for word in value.words.get(speaker.language, ())]
        if not words:
            return None
        written = speaker.rng.choice(words)
    said = speaker.fill(speaker.rng.choice(aspect.lines("say", speaker.language)), v=keep(written))
    return Move((Part(_AN.sub("an ", said.text)),), "untracked", dialogue)


_PERSONAL = (
    "city", "job", "birthday", "household", "children", "height_cm", "weight_kg", "climate", "name", "payment",
    "delivery_time", "contact",
)  # fmt: skip


def forget(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> Move | None:
    """Take back something held: a value by its name, or a single-valued attribute by its label (value "*")."""
    language, topics = speaker.language, shop.topics.by_attribute
    meant = [
        trait for trait in dialogue.held if trait[0] in topics and _forgettable(topics[trait[0]], trait, shop, dialogue)
    ]
    by_value = [trait for trait in meant if shop.schema.attributes[trait[0]].many]
    if not meant:
        return None
    attribute, value, _ = trait = speaker.rng.choice(by_value if by_value and speaker.rng.random() < 0.6 else meant)
    topic, kind = topics[attribute], key_of(value) if shop.schema.attributes[attribute].per else ""
    if trait in by_value:
        words = [w for w in topic.words.get(language, ()) if _names(topic, w, value, language) and w.alone]
        if not words:
            return None
        word = speaker.rng.choice(words)
        said = speaker.say("forget", v=keep(word.said))
        part = Part(said.text, (change(said.span, attribute, topic.gold(word), "forget"),))
    elif kind:
        if kind not in shop.topics.nouns[language]:
            return None
        noun = speaker.rng.choice(shop.topics.nouns[language][kind]).plural.lower()
        said = speaker.say("forget_size", k=keep(noun))
        part = Part(said.text, (change(said.span, attribute, f"{kind}{KEY_MARK}{EVERYTHING}", "forget"),))
    else:
        labels = topic.label.get(language)
        if not labels:
            return None
        said = speaker.say("forget_attribute", label=speaker.rng.choice(labels))
        part = Part(said.text, (change(said.span, attribute, "*", "forget"),))
    held = tuple(other for other in dialogue.held if other != trait)
    search = replace(dialogue.search, disliked=tuple(pair for pair in dialogue.search.disliked if pair[1] != value))
    if topic.key == "budget":
        search = replace(search, high=None, low=None if shop.ranged_budget else search.low)
    if topic.key == "min_price":
        search = replace(search, low=None)
    return Move((part,), "forget", replace(dialogue, held=held, search=search))


def _names(topic: Topic, word: Word, held: object, language: str) -> bool:
    """Whether a word is for a held value; where no list is shown, only the value's own word is understood."""
    value = next((known.value for known in topic.words[language] if topic.gold(known) == held), held)
    return word.value == value and (topic.shown or word.said == value)


def _forgettable(topic: Topic, trait: Trait, shop: ShopView, dialogue: Dialogue) -> bool:
    """Not what the search that is going on rests on, and not what the shop's own record has too."""
    if topic.aspect.sensitive or topic.key == "name" or topic.attribute in ("name", "language", "city"):
        return False
    going_on = dialogue.searched and (topic.key in (*SIZES, *_MONEY, *_NEVER_SAID) or topic.key in dialogue.search.said)
    return not going_on
