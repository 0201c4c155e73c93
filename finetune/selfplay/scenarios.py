"""What customers say that is about no product and no order: questions about the shop's rules, and talk.

In: a `Speaker`, the shop, the `Dialogue` so far. Out: a `Move` (parts, kind, the dialogue after it), or None where
the move makes no sense now. Rules of the gold calls: a question is `find_answer` with the customer's own words, without
greetings and final punctuation, whether the shop has an answer or not; a wish for a person is `hand_off` alone, with
the customer's words as the reason if there are any; talk, what is out of scope and attacks get words and no call.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from agent.models.calls import Call
from finetune.selfplay.search_acts import Search
from finetune.selfplay.shopview import CustomerView, ShopView
from finetune.selfplay.words.message import Part, Said, Speaker

Trait = tuple[str, str | float, str]  # attribute, value, polarity
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
TALK = (
    "greeting",
    "thanks",
    "bye",
    "smalltalk",
    "identity",
    "scope",
    "unclear",
    "attack",
    "abuse",
    "yes",
    "buy",
    "untracked",
)


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

    def noting(self, part: Part, shop: ShopView) -> "Dialogue":
        """With what the part's changes add to the profile: one value of each slot, of an attribute or of its key."""
        attributes = shop.schema.attributes
        said = [(str(c["attribute"]), c["value"], str(c["polarity"])) for c in part.changes]
        added = [trait for trait in said if trait[2] != "forget"]
        gone = {name for name, _, polarity in said if polarity == "forget"}
        slots = {(name, attributes[name].slot(value)) for name, value, _ in added}
        kept = [t for t in self.held if t[0] not in gone and (t[0], attributes[t[0]].slot(t[1])) not in slots]
        return replace(self, held=(*kept, *added))


@dataclass(frozen=True, slots=True)
class Move:
    """A message in the making: its parts, its kind, and the dialogue that it leads to."""

    parts: tuple[Part, ...]
    kind: str
    after: Dialogue


Maker = Callable[[Speaker, ShopView, Dialogue], Move | None]


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
    said = speaker.say("complaint_alone" if draw < 0.75 else "complaint")
    part = Part(said.text, (), (Call("hand_off", {"reason": said.span}),))
    wish = Part(speaker.say("human").text)
    parts: Sequence[Part] = (part,) if draw < 0.75 else speaker.rng.choice(((part, wish), (wish, part)))
    return Move(tuple(parts), "human", dialogue)


def talk(kind: str) -> Maker:
    """Words for words."""

    def make(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> Move | None:
        said = attack(speaker) if kind == "attack" else speaker.say("confirm" if kind == "yes" else kind)
        return Move((Part(said.text),), kind, dialogue)

    return make


def attack(speaker: Speaker) -> Said:
    """A demand that nobody may make, in one of the ways to smuggle it in."""
    return speaker.say("attack", demand=speaker.say("demand").text)


def _plain(speaker: Speaker, dialogue: Dialogue, kind: str, call: Call, said: Said | None = None) -> Move:
    return Move((Part((said or speaker.say(kind)).text, (), (call,)),), kind, dialogue)
