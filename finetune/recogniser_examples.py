"""What the recogniser learns from: messages in their situations with what they want, and notes with who states them.

In: written consultations, and the shops that they are held in. Out: `Example`s. Of the notes that the words of a
message allow most are wrong; some of these are learnt with the right ones. Errors: as `shop_directory` has them.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.guided.possible_notes import possible_notes, words_of
from agent.guided.recogniser.labels import GOES_ON, STATED, STATED_OF_OTHER, details, note_text
from agent.guided.recogniser.situation import Situation
from agent.lexicon import ShopLexicon
from agent.shop import load_shop
from agent.tools.search_products import NAME as SEARCH
from finetune.consultations.consultation import Consultation, Message
from finetune.consultations.labels import SILENT, TALK
from finetune.consultations.shops import MADE, now, shop_directory
from language.recipients import recipient
from language.text import has_han
from profiles.schema import Schema
from profiles.shop.files import load_facets, load_schema
from retrieval.catalog import load_catalog

PROPOSING = ("cancel_order", "return_items", "exchange_item", "change_address", "report_problem")
_ANSWERS = frozenset(("yes", "no"))
_PRODUCTS = ("product", "products", "items")
Said = tuple[str, str, str]  # attribute, value, polarity
_QUESTIONS, _REFUSALS = 0.5, 0.25  # of proposals, those that the agent asked about or refused, as far as one can tell
_OTHER_ACTS = 0.15  # of situations that are learnt from, those in which what the agent did is not told
_JOINED = 0.3  # of messages that might have been written as one with the next, those that are learnt so too
_BETWEEN = (". ", ", ", " - ", "; ", "\n", " ")
_BETWEEN_HAN = ("，", "。", "；", " ", "\n")
# Learnt beside right ones, of the notes that the words of a message allow: of the same attributes, of others. Beside
# none, one.
_ALIKE, _WRONG = 3, 2


@dataclass(frozen=True, slots=True)
class Example:
    """A message in its situation, and what it wants; `marked`: the words that a note to be judged stands in."""

    situation: str
    message: str
    wants: frozenset[str]
    language: str
    marked: str = ""


def examples(consultations: Sequence[Consultation], made: Path = MADE, is_learnt: bool = False) -> Iterator[Example]:
    """Every message, in the situation that a perfect agent would have made, and notes of it, right and wrong ones.

    Shops that are not there are made in the folder `made`. What `is_learnt` from has some situations without what the
    agent did: a real one errs, and what is wanted must not follow from that alone. Of it some messages are also joined
    to the next, as people who are in a hurry write them: few consultations have several wishes in a message.
    """
    lexicons = {name: _lexicon(shop_directory(name, made)) for name in sorted({one.shop for one in consultations})}
    for talk in consultations:
        place = _Place()
        for message, following in zip(talk.messages, (*talk.messages[1:], None), strict=True):
            rng = random.Random(f"{talk.id} {message.say}")
            acts = () if is_learnt and rng.random() < _OTHER_ACTS else place.situation.before
            several = [message]
            if is_learnt and following is not None and _may_be_one(message, following) and rng.random() < _JOINED:
                several.append(_as_one(message, following, rng))
            for each in several:
                yield place.example(each, acts, talk.language)
                yield from notes(each, place.situation.previous, talk.language, lexicons[talk.shop])
            place = place.behind(message)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a consultation a message stands: in which situation of a perfect agent, and behind which search."""

    situation: Situation = field(default_factory=Situation)
    searched: Mapping[str, Any] = field(default_factory=dict)

    def example(self, message: Message, acts: tuple[str, ...], language: str) -> Example:
        """What the message wants here; `acts`: what the agent is said to have called before."""
        pending = self.situation.pending
        now = replace(self.situation, before=acts, pending="" if _is_answered(message, pending) else pending)
        told = (label for call in message.calls for label in details(call.tool, call.arguments))
        searches = _searches(message)
        goes_on = [GOES_ON] if searches and self.searched and _goes_on(searches[0], self.searched) else []
        return Example(now.text(), message.say, frozenset((*message.wants, *told, *goes_on)), language)

    def behind(self, message: Message) -> "_Place":
        """Behind this message."""
        called, searches = tuple(call.tool for call in message.calls), _searches(message)
        proposed = next((name for name in called if name in PROPOSING), "")
        still = "" if called or _ANSWERS & set(message.wants) else self.situation.pending
        has_list = self.situation.has_list or SEARCH in called
        now = Situation(message.say, called, has_list, proposed or still)
        return _Place(now, searches[-1] if searches else self.searched)


def _searches(message: Message) -> list[Mapping[str, Any]]:
    return [call.arguments for call in message.calls if call.tool == SEARCH]


def _may_be_one(first: Message, second: Message) -> bool:
    """Whether both might have been written at once: the second answers nothing, and takes nothing from a list."""
    wanted = {*first.wants, *second.wants}
    taken = (str(call.arguments.get(name)) for call in second.calls for name in _PRODUCTS)
    is_of_list = any(re.search(r"\d|\bit\b", value) for value in taken)
    return not (is_of_list or wanted & (SILENT - {TALK}) or wanted == {TALK})


def _as_one(first: Message, second: Message, rng: random.Random) -> Message:
    between = rng.choice(_BETWEEN_HAN if has_han(first.say) else _BETWEEN)
    is_marked = first.say.endswith(("?", "!", "？", "！"))
    said = f"{first.say} " if is_marked else first.say.rstrip(".。") + between
    wants = [want for want in dict.fromkeys((*first.wants, *second.wants)) if want != TALK]
    calls, tempting = (*first.calls, *second.calls), (*first.not_noted, *second.not_noted)
    return Message(said + second.say, tuple(wants), calls, tempting)


def _is_answered(message: Message, pending: str) -> bool:
    """Whether what waits was a question ("which one?") or a refusal rather than a proposal: for half of the messages
    that make the same call again, with more of its arguments, and for some of those that want something else."""
    if _ANSWERS & set(message.wants):
        return False
    again = any(call.tool == pending for call in message.calls)
    return random.Random(message.say).random() < (_QUESTIONS if again else _REFUSALS)


def notes(message: Message, previous: str, language: str, lexicon: ShopLexicon) -> Iterator[Example]:
    """The notes that a message bears out, of whom; and of those that tempt or that its words allow, some that it does
    not."""
    right = dict[Said, str]()
    for change in (change for call in message.calls for change in call.arguments.get("changes", ())):
        if change.get("polarity") != "forget":
            said = _said(change["attribute"], change["value"], change.get("polarity", "fact"), lexicon.schema)
            right[said] = STATED_OF_OTHER if change.get("about") else STATED
    wrong = dict[Said, frozenset[str]]()
    for tempting in message.not_noted:
        of_other = frozenset({STATED_OF_OTHER} if tempting.because == "other" else ())
        polarity = "like" if isinstance(tempting.value, str) and tempting.value.isalpha() else "fact"
        wrong.setdefault(_said(tempting.attribute, tempting.value, polarity, lexicon.schema), of_other)
    possible = possible_notes(lexicon.read(message.say, now().date(), language=language))
    others = [_said(note.attribute, note.value, note.polarity, lexicon.schema) for note in possible]
    free = {attribute for attribute, _, _ in right if lexicon.schema.attributes[attribute].type == "text"}
    others = [said for said in others if said not in right and said not in wrong and said[0] not in free]
    attributes = {attribute for attribute, _, _ in right}
    alike = [said for said in others if said[0] in attributes]
    unlike = [said for said in others if said[0] not in attributes]
    rng = random.Random(message.say)
    for some, most in ((alike, _ALIKE), (unlike, _WRONG if right else 1)):
        wrong |= dict.fromkeys(rng.sample(some, min(most, len(some))), frozenset())
    judged = {said: frozenset({label}) for said, label in right.items()}
    for said, labels in ({said: labels for said, labels in wrong.items() if said not in right} | judged).items():
        marked = words_of(said[0], said[1], possible)
        yield Example(note_text(*said, previous), message.say, labels, language, marked)


def _said(attribute: str, value: object, polarity: str, schema: Schema) -> Said:
    """A note as it is judged: in the values of the schema, a fact of what has likes being a like."""
    known = schema.attributes.get(attribute)
    if known is None:
        return attribute, str(value), polarity
    has_likes = known.polarity and not known.sensitive
    told = f"{value:g}" if isinstance(value, float) else str(value)
    return attribute, recipient(told) or told, "like" if has_likes and polarity == "fact" else polarity


def _lexicon(directory: Path) -> ShopLexicon:
    """The words of a shop, as its agent reads messages."""
    shop, schema, facets = load_shop(directory), load_schema(directory), load_facets(directory)
    catalog = load_catalog(directory / "catalog.jsonl")
    return ShopLexicon.of(schema, facets, catalog.categories, shop.languages)


def _goes_on(search: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether a search is the one before with changes: of the same kind, or with most of its words."""
    kinds = {name for name in search.keys() & before.keys() if isinstance(search[name], str) and name != "query"}
    words = set(str(before.get("query", "")).casefold().split())
    kept = len(words & set(str(search.get("query", "")).casefold().split()))
    return any(search[name] == before[name] for name in kinds) or kept * 2 >= max(1, len(words))
