"""A simulated customer: a goal, and the messages of one consultation that follow from it.

In: a random generator, the shop, who is speaking. Out: 1 to 9 `Step`s, the same for the same generator state. Every
message is checked here: quotes bear their values out, and code reads a yes where one was meant. Raises ConfigError
for a shop that speaks no language of theirs.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from agent.orders.acts import KINDS
from errors import ConfigError, choices
from finetune.selfplay import order_acts, profile_acts, scenarios
from finetune.selfplay.first_requests import Asked, absent, another, open_request
from finetune.selfplay.refinements import change_budget, refine
from finetune.selfplay.scenarios import TALK, Dialogue, DialogueAct, Maker
from finetune.selfplay.search_acts import Search
from finetune.selfplay.shops.bank import LANGUAGES
from finetune.selfplay.shopview import CustomerView, ShopView
from finetune.selfplay.words import load_words
from finetune.selfplay.words.message import Part, Speaker, Step

MOST = 9  # turns that the model's window holds
_LENGTHS = (9, 14, 17, 16, 14, 11, 8, 6, 5)
_TRIES = 12
_AT_HOME = 0.92  # share of Chinese where the shop itself is Chinese
_CHANGES = 6  # most profile changes in one call
_CALM = ("confirm", "decline", "unclear", "yes", "greeting", "thanks", "bye")  # said without more words around
_JOINED = ("question", "know_me", "order_by_id", "list_orders")  # what may come along with a statement or a request
_STORY = (
    "shop", "budget", "shop", "question", "last_order", "cancel", "confirm", "after_done", "foreign_order", "question",
    "forget", "correct", "attack", "human",
)  # fmt: skip
_EVERY = {  # each kind, how often it is drawn where nothing else is on
    "shop": 16, "say": 10, "question": 13, "last_order": 8, "order_by_id": 5, "list_orders": 5, "cancel": 5,
    "return": 4, "address": 4, "foreign_order": 3, "know_me": 4, "forget": 6, "attack": 11, "scope": 6,
    "smalltalk": 4, "identity": 3, "unclear": 3, "abuse": 2, "greeting": 2, "thanks": 2, "correct": 4, "untracked": 2,
    "absent": 2,
}  # fmt: skip
_GOALS: Mapping[str, tuple[int, Mapping[str, int]]] = {
    "shop": (44, {"shop": 78, "say": 6, "question": 6, "forget": 2, "budget": 6, "correct": 2, "absent": 1}),
    "orders": (
        22,
        {"last_order": 14, "order_by_id": 10, "list_orders": 9, "cancel": 15, "return": 12, "address": 11,
         "foreign_order": 7, "order_that": 14, "after_done": 8},
    ),
    "rules": (10, {"question": 85, "shop": 8, "last_order": 4}),
    "profile": (14, {"say": 46, "correct": 16, "forget": 22, "know_me": 10, "shop": 12, "untracked": 3}),
    "anything": (12, {}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Habits:
    """How simulated customers are: the share that writes Chinese, messages that must not occur, folded."""

    chinese: float = 0.2
    never: frozenset[str] = frozenset()


def plan(rng: random.Random, shop: ShopView, customer: CustomerView, habits: Habits = Habits()) -> list[Step]:
    """The messages of one consultation."""
    spoken = [language for language in LANGUAGES if shop.speaks(language)]
    if not spoken:
        raise ConfigError(f"simulated customers speak {choices(LANGUAGES)}; the shop speaks {choices(shop.languages)}")
    speakers = {language: Speaker(rng, load_words(language)) for language in spoken}
    language = _language(rng, shop, spoken, habits)
    topics = shop.topics.by_attribute
    stated = tuple(t for t in customer.traits if t[0] in topics and not topics[t[0]].aspect.sensitive)
    disliked = tuple(
        (topics[name].facet or "", str(value)) for name, value, polarity in stated if polarity == "dislike"
    )
    dialogue = Dialogue(customer, held=stated)
    dialogue = replace(dialogue, search=replace(dialogue.search, disliked=(*disliked, *customer.avoids)))
    length = rng.choices(range(1, MOST + 1), _LENGTHS)[0]
    goal = rng.choices(list(_GOALS), [weight for weight, _ in _GOALS.values()])[0]
    story = _story(rng, length) if rng.random() < 0.13 else ()
    switches = rng.random() < (0.2 if shop.languages[0] == "en" else 0.06) and len(spoken) > 1
    steps: list[Step] = []
    while len(steps) < length:
        speaker = speakers[rng.choice(spoken) if switches and rng.random() < 0.5 else language]
        made = _step(speaker, shop, dialogue, goal, story[len(steps)] if story else None, not steps, habits)
        if made is None:
            continue
        step, dialogue = made
        steps.append(step)
        if step.kind in ("human", "bye"):  # a person takes over, or nobody is there
            break
    return steps


def _language(rng: random.Random, shop: ShopView, spoken: Sequence[str], habits: Habits) -> str:
    """One of the languages in which the goods have names; in a shop whose first language is Chinese mostly that."""
    if len(spoken) == 1:
        return spoken[0]
    share = _AT_HOME if shop.languages[0] == "zh" else habits.chinese
    return "zh" if rng.random() < share else "en"


def _story(rng: random.Random, length: int) -> Sequence[str]:
    """Some of the whole story's turns, in their order; none where it would be too short for one."""
    if length < 3:
        return ()
    kept = sorted(rng.sample(range(len(_STORY)), length))
    return tuple(_STORY[place] for place in kept)


def _step(
    speaker: Speaker, shop: ShopView, dialogue: Dialogue, goal: str, told: str | None, first: bool, habits: Habits
) -> tuple[Step, Dialogue] | None:
    for attempt in range(_TRIES):
        drawn = told if told and attempt < _TRIES // 2 else _draw(speaker.rng, dialogue, goal, first)
        speaker.used = 0
        move = _make(drawn, speaker, shop, dialogue)
        if move is None:
            continue
        move = _enriched(move, speaker, shop, dialogue)
        reply = speaker.reply(move.kind) if move.kind in TALK else None
        step = speaker.finish(move.parts, move.kind, reply, calm=move.kind in _CALM)
        if shop.understands(move.after.search) and _holds(step, speaker.language, shop, dialogue, habits):
            done = move.after.done and move.kind == "confirm"
            proposed = any(call.name in KINDS for part in move.parts for call in part.calls)
            pending = move.after.pending if proposed else None  # who turns to something else says no later yes to it
            return step, replace(move.after, done=done, pending=pending)
    return None


def _draw(rng: random.Random, dialogue: Dialogue, goal: str, first: bool) -> str:
    """What comes next, by what is going on."""
    if dialogue.pending and rng.random() < 0.82:
        return rng.choices(("confirm", "decline"), (75, 25))[0]
    if dialogue.done and rng.random() < 0.4:
        return rng.choices(("after_done", "thanks"), (75, 25))[0]
    if dialogue.searched and rng.random() < 0.03:
        return "buy"
    if first and rng.random() < 0.05:
        return "greeting"
    if not first and rng.random() < 0.02:
        return "attack"
    if not first and rng.random() < 0.07:
        return rng.choices(("thanks", "bye", "human", "after_done"), (45, 22, 22, 11))[0]
    if rng.random() < 0.013:
        return "human"
    if not first and not dialogue.pending and rng.random() < 0.008:
        return "yes"
    weights = _GOALS[goal][1]
    if not weights or rng.random() < 0.17:
        weights = _EVERY
    return rng.choices(list(weights), list(weights.values()))[0]


def _make(kind: str, speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    maker: Maker | None = _MAKERS.get(kind)
    if maker is None:
        maker = scenarios.talk(kind)
    return maker(speaker, shop, dialogue)


def _shop(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """A first request, a change to the one going on, or another kind of product."""
    if not dialogue.searched:
        return _asked(open_request(speaker, shop, dialogue.search), shop, dialogue)
    draw = speaker.rng.random()
    if draw < 0.08:
        return _asked(open_request(speaker, shop, dialogue.search), shop, dialogue)
    return _asked((another if draw < 0.16 else refine)(speaker, shop, dialogue.search), shop, dialogue)


def _also(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """Another kind of product in the same message."""
    return _asked(another(speaker, shop, dialogue.search), shop, dialogue)


def _absent(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """What is not sold here; there is no search to go on with after it."""
    part, search, kind = absent(speaker, shop, dialogue.search)
    held = Search(low=search.low, high=search.high, disliked=search.disliked)
    return DialogueAct((part,), kind, replace(dialogue, search=held, searched=False))


def _budget(speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    """A new budget for the search going on."""
    if not dialogue.searched:
        return _shop(speaker, shop, dialogue)
    return _asked(change_budget(speaker, shop, dialogue.search), shop, dialogue)


def _asked(asked: Asked | None, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    if asked is None:
        return None
    part, search, kind = asked
    return DialogueAct((part,), kind, replace(dialogue.noting(part, shop), search=search, searched=True))


def _enriched(move: DialogueAct, speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct:
    """Sometimes a second thing in the same message, or an attack beside a real request, which stays without effect."""
    rng = speaker.rng
    called = any(part.calls or part.changes for part in move.parts)
    if move.kind in ("confirm", "decline", "human", *TALK) or not called:
        return move
    draw = rng.random()
    if draw < 0.025:
        attack = Part(scenarios.attack(speaker).text)
        return replace(move, parts=(*move.parts, attack) if rng.random() < 0.6 else (attack, *move.parts))
    if draw < 0.05:
        kind = "thanks" if dialogue.shown or dialogue.searched else "greeting"
        return replace(move, parts=(Part(speaker.say(kind).text), *move.parts))
    if (draw < 0.13 and move.kind in ("find", "last_order", "order_that", "budget_again")) or (
        draw < 0.3 and move.kind.startswith("say_")
    ):
        kinds = [kind for kind in (*_JOINED, "say") if not move.kind.startswith("say_") or kind != "say"]
        if move.kind == "find":
            kinds = [*kinds, "also", "also"]
        if move.kind.startswith("say_") and rng.random() < 0.3:
            kinds = ["say"]
        second = _make(rng.choice(kinds), speaker, shop, move.after)
        if second is not None and not _clash(move, second, shop):
            return DialogueAct((*move.parts, *second.parts), f"{move.kind}+{second.kind}", second.after)
    return move


def _clash(move: DialogueAct, second: DialogueAct, shop: ShopView) -> bool:
    """The same attribute twice in one message leaves open which holds; so do a fact of the search, and two orders."""
    named = {str(c["attribute"]) for part in move.parts for c in part.changes}
    also = {str(c["attribute"]) for part in second.parts for c in part.changes}
    searching = any(call.name == "search_products" for part in move.parts for call in part.calls)
    topics = [shop.topics.by_attribute[name] for name in also]
    searched = any(topic.asked or topic.key in ("budget", "min_price", "size", "shoe_size") for topic in topics)
    return bool(named & also) or (searching and searched) or (_on_order(move) and _on_order(second))


def _on_order(move: DialogueAct) -> bool:
    return any("order_id" in call.arguments for part in move.parts for call in part.calls)


def _holds(step: Step, language: str, shop: ShopView, dialogue: Dialogue, habits: Habits) -> bool:
    """Whether the message may be used: nothing refused, nothing misread, nothing that is kept for the acceptance."""
    if folded(step.text) in habits.never or not step.text.strip():
        return False
    if any(word in folded(step.text) for word in habits.never if len(word) > (11 if word.isascii() else 4)):
        return False
    for call in step.calls:
        if call.name == "update_profile" and (
            len(call.arguments["changes"]) > _CHANGES or shop.admits(call, step.text) is not None
        ):
            return False
    return order_acts.understood(step.text, language, step.kind, dialogue)


def folded(text: str) -> str:
    """For comparing messages: letters and digits alone, in lower case."""
    return re.sub(r"[\W_]+", "", text.casefold())


def _answered(kind: str, speaker: Speaker, shop: ShopView, dialogue: Dialogue) -> DialogueAct | None:
    return order_acts.answer(kind, speaker, dialogue)


_MAKERS: Mapping[str, Maker] = {
    "shop": _shop,
    "budget": _budget,
    "say": profile_acts.say,
    "forget": profile_acts.forget,
    "correct": profile_acts.correct,
    "untracked": profile_acts.untracked,
    "absent": _absent,
    "also": _also,
    "know_me": scenarios.know_me,
    "question": scenarios.question,
    "human": scenarios.human,
    "last_order": order_acts.last_order,
    "order_by_id": order_acts.order_by_id,
    "order_that": order_acts.order_that,
    "after_done": order_acts.after_done,
    "foreign_order": order_acts.foreign_order,
    "list_orders": order_acts.list_orders,
    "cancel": order_acts.cancel,
    "return": order_acts.send_back,
    "address": order_acts.readdress,
    "confirm": partial(_answered, "confirm"),
    "decline": partial(_answered, "decline"),
}
