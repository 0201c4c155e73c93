"""What customers say besides looking for products: about themselves, about the shop's rules, and just talk.

In: a `Speaker`, the shop, the `Dialogue` so far. Out: a `Move` (parts, kind, the dialogue after it), or None where the
move makes no sense now. Rules of the gold calls: a statement is `update_profile` alone; a question is `find_answer`
with the customer's own words, without greetings and final punctuation; a wish for a person is `hand_off` alone;
talk, what is out of scope and attacks get words and no call.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from agent.models.template import Call
from finetune.selfplay.shopping import Search
from finetune.selfplay.shopview import CustomerView, ShopView
from finetune.selfplay.words.message import Part, Said, Speaker, change, keep
from finetune.selfplay.words.numbers import chinese, draw_amount, english, write_price

Trait = tuple[str, str | float, str]  # attribute, value, polarity
LEXICONS = {
    "color": "colors", "material": "materials", "brand": "brands", "activity": "activities", "ethics": "ethics",
    "climate": "climates", "allergy": "allergens",
}  # fmt: skip
_AN = re.compile(r"\ba (?=[\ue000-\uf8ff]*(?:intermediate|expert|extra|(?:M|L|S|XS|XL)\b))")
# Sample questions about the customer's own orders and data, or for a person, are for other tools than answers.
_FOR_OTHERS = re.compile(
    r"\bmy (last |latest |whole )?(orders?|parcels?|package|profile|personal)\b|about me|charged twice|duplicate|"
    r"human|person\b|chinese|english|a bot|return my|complain|"
    r"订单|包裹|快递|资料|信息|人工|真人|扣款|机器人|中文|英文|投诉",
    re.IGNORECASE,
)
_OTHER_IDS = frozenset(
    ("human", "profile", "complaint", "ai", "assistant", "languages", "cancel", "address", "confirmation")
)
TALK = ("greeting", "thanks", "bye", "smalltalk", "identity", "scope", "unclear", "attack", "abuse", "yes", "buy")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What holds so far. `order` is what "it" means, `shown` whether any order was; `pending` waits for a yes."""

    customer: CustomerView
    search: Search = field(default_factory=Search)
    searched: bool = False
    order: str | None = None
    shown: bool = False
    pending: str | None = None
    done: bool = False  # a proposal was carried out in the turn before
    held: tuple[Trait, ...] = ()
    cancelled: frozenset[str] = frozenset()

    def noting(self, part: Part) -> "Dialogue":
        """With what the part's changes add to the profile."""
        added = [
            (str(c["attribute"]), c["value"], str(c["polarity"])) for c in part.changes if c["polarity"] != "forget"
        ]
        kept = [trait for trait in self.held if not any(trait[:2] == (a, v) for a, v, _ in added)]
        return replace(self, held=(*kept, *added))


@dataclass(frozen=True, slots=True)
class Move:
    """A message in the making: its parts, its kind, and the dialogue that it leads to."""

    parts: tuple[Part, ...]
    kind: str
    after: Dialogue


Maker = Callable[[Speaker, ShopView, Dialogue], Move | None]


def say(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> Move | None:
    """A statement about oneself. Once products were searched, what concerns them is a change of the search instead."""
    names = [name for name in SAYINGS if not (dialogue.searched and name in ("size", "shoe", "budget", "dislike"))]
    name = speaker.rng.choice(names)
    part = SAYINGS[name](speaker, shop)
    after = dialogue.noting(part)
    if name == "budget":
        high = part.changes[0]["value"]
        low = dialogue.search.low if (dialogue.search.low or 0) < high else None
        after = replace(after, search=replace(after.search, high=high, low=low))
    if name == "dislike":
        after = replace(
            after, search=replace(after.search, disliked=(*after.search.disliked, str(part.changes[0]["value"])))
        )
    return Move((part,), f"say_{name}", after)


def _simple(
    attribute: str, intent: str, slot: str, lexicon: str, polarity: str = "fact"
) -> Callable[[Speaker, ShopView], Part]:
    def make(speaker: Speaker, shop: ShopView) -> Part:
        values = list(speaker.words.lexicon(lexicon))
        value = speaker.rng.choice(values)
        said = speaker.say(intent, **{slot: keep(speaker.word(lexicon, value))})
        return _part(speaker, said, attribute, value, polarity)

    return make


def _part(speaker: Speaker, said: Said, attribute: str, value: str | float, polarity: str = "fact") -> Part:
    text = said.text.replace("size size", "size").replace("码码", "码")
    return Part(_AN.sub("an ", text), (change(said.span, attribute, value, polarity),))


def _size(speaker: Speaker, shop: ShopView) -> Part:
    value = speaker.rng.choice(list(speaker.words.lexicon("sizes")))
    return _part(speaker, speaker.say("say_size", size=keep(speaker.word("sizes", value))), "size", value)


def _shoe(speaker: Speaker, shop: ShopView) -> Part:
    value = str(speaker.rng.randint(35, 48))
    return _part(speaker, speaker.say("say_shoe", size=keep(value)), "shoe_size", value)


def _budget(speaker: Speaker, shop: ShopView) -> Part:
    value = draw_amount(speaker.rng, 40, 350)
    price = keep(write_price(speaker.rng, value, speaker.language))
    return _part(speaker, speaker.say("say_budget", price=price), "budget", value)


def _taste(polarity: str) -> Callable[[Speaker, ShopView], Part]:
    def make(speaker: Speaker, shop: ShopView) -> Part:
        attribute = speaker.rng.choice(("material", "material", "material", "color", "color", "brand"))
        lexicon = LEXICONS[attribute]
        value = speaker.rng.choice([v for v in shop.facets.values(attribute) if speaker.knows(lexicon, v)])
        said = speaker.say(f"say_{polarity}", v=keep(speaker.word(lexicon, value)))
        return _part(speaker, said, attribute, value, polarity)

    return make


def _name(speaker: Speaker, shop: ShopView) -> Part:
    value = speaker.rng.choice(speaker.words.lines("names"))
    return _part(speaker, speaker.say("say_name", name=keep(value)), "name", value)


def _height(speaker: Speaker, shop: ShopView) -> Part:
    value = speaker.rng.randint(150, 200)
    return _part(speaker, speaker.say("say_height", height=keep(str(value))), "height_cm", value)


def _group(speaker: Speaker, shop: ShopView) -> Part:
    value = speaker.rng.randint(2, 9)
    words = chinese(value).replace("二", "两") if speaker.language == "zh" else english(value)
    return _part(
        speaker, speaker.say("say_group", n=keep(speaker.rng.choice((str(value), words)))), "group_size", value
    )


def _date(speaker: Speaker, shop: ShopView) -> Part:
    value = speaker.rng.choice(speaker.words.lines("dates"))
    return _part(speaker, speaker.say("say_date", date=keep(value)), "needed_by", value)


SAYINGS: Mapping[str, Callable[[Speaker, ShopView], Part]] = {
    "size": _size,
    "shoe": _shoe,
    "budget": _budget,
    "dislike": _taste("dislike"),
    "like": _taste("like"),
    "activity": _simple("activity", "say_activity", "activity", "activities", "like"),
    "ethics": _simple("ethics", "say_ethics", "ethics", "ethics", "like"),
    "allergy": _simple("allergy", "say_allergy", "allergen", "allergens"),
    "name": _name,
    "channel": _simple("contact_channel", "say_channel", "channel", "channels"),
    "delivery": _simple("delivery", "say_delivery", "delivery", "deliveries"),
    "height": _height,
    "foot": _simple("foot_width", "say_foot", "foot", "foot_widths"),
    "climate": _simple("climate", "say_climate", "climate", "climates"),
    "skill": _simple("skill_level", "say_skill", "skill", "skills"),
    "group": _group,
    "fit": _simple("fit", "say_fit", "fit", "fits"),
    "department": _simple("department", "say_department", "department", "departments"),
    "language": _simple("language", "say_language", "language", "languages"),
    "date": _date,
}


def forget(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> Move | None:
    """Take back something held: a value by its name, or a single-valued attribute by its label (value "*")."""
    labels = speaker.words.lexicon("attribute_labels")
    going_on = ("size", "shoe_size", "budget", "recipient", "department") if dialogue.searched else ()
    going_on = (*going_on, "name")  # the shop's own record has it too, and that stays
    meant = [
        trait
        for trait in dialogue.held
        if (trait[0] in LEXICONS and speaker.knows(LEXICONS[trait[0]], str(trait[1])) and trait[0] != "allergy")
        or (trait[0] in labels and trait[0] not in going_on)
    ]
    if not meant:
        return None
    attribute, value, _ = trait = speaker.rng.choice(meant)
    if attribute in LEXICONS:
        said = speaker.say("forget", v=keep(speaker.word(LEXICONS[attribute], str(value))))
        part = Part(said.text, (change(said.span, attribute, value, "forget"),))
    else:
        said = speaker.say("forget_attribute", label=speaker.word("attribute_labels", attribute))
        part = Part(said.text, (change(said.span, attribute, "*", "forget"),))
    search = dialogue.search
    search = replace(search, disliked=tuple(v for v in search.disliked if v != value))
    if attribute == "budget":
        search = replace(search, high=None)
    held = tuple(other for other in dialogue.held if other != trait)
    return Move((part,), "forget", replace(dialogue, held=held, search=search))


def know_me(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> Move | None:
    """What is known about me?"""
    return _plain(speaker, dialogue, "know_me", Call("get_profile", {}))


def question(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> Move | None:
    """A question about the shop: of the words, of a topic, or as the shop's own sample questions put it."""
    draw, rng = speaker.rng.random(), speaker.rng
    if draw < 0.5:
        text = speaker.say("question").text
    elif draw < 0.64:
        text = speaker.say("question_frame", topic=rng.choice(speaker.words.lines("topics"))).text
    else:
        samples = [
            sample
            for answer in shop.answers
            if _OTHER_IDS.isdisjoint(answer.id.split("-"))
            for sample in answer.samples.get(speaker.language, ())
            if not _FOR_OTHERS.search(sample)
        ]
        text = rng.choice(samples or list(speaker.words.lines("topics"))).strip().rstrip("?？。.!")
        text = text if speaker.language == "zh" or rng.random() < 0.4 else text[:1].lower() + text[1:]
    said = speaker.quote(text.rstrip("?？"))
    return Move((Part(said.text, (), (Call("find_answer", {"question": said.span}),)),), "question", dialogue)


def human(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> Move | None:
    """The wish for a person, maybe with a complaint, or a complaint that needs one."""
    draw = speaker.rng.random()
    if draw < 0.55:
        said = speaker.say("human")
        return _plain(speaker, dialogue, "human", Call("hand_off", {"reason": "wants a person"}), said)
    if speaker.language == "zh":
        reason, _, phrase = speaker.rng.choice(
            speaker.words.lines("complaint_alone" if draw < 0.75 else "complaint")
        ).partition(" = ")
        call = Call("hand_off", {"reason": reason})
        said = speaker.fill(phrase)
    else:
        said = speaker.say("complaint_alone" if draw < 0.75 else "complaint")
        call = Call("hand_off", {"reason": said.span})
    part = Part(said.text, (), (call,))
    wish = Part(speaker.say("human").text)
    parts = (part,) if draw < 0.75 else speaker.rng.choice(((part, wish), (wish, part)))
    return Move(parts, "human", dialogue)


def talk(kind: str) -> Maker:
    """Words for words."""

    def make(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> Move | None:
        if kind == "attack":
            said = speaker.say("attack", demand=speaker.say("demand").text)
        else:
            said = speaker.say("confirm" if kind == "yes" else kind)
        return Move((Part(said.text),), kind, dialogue)

    return make


def _plain(speaker: Speaker, dialogue: Dialogue, kind: str, call: Call, said: Said | None = None) -> Move:
    return Move((Part((said or speaker.say(kind)).text, (), (call,)),), kind, dialogue)
