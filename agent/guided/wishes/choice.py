"""Which of the wishes that a message may have are acted upon, and when it is a plain yes or no.

In: the probability of each wish, and the reading of the message or its clauses. Out: wishes by name, and answers. Where
words leave no doubt they go before probabilities. Pure functions.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from agent.guided.recogniser.labels import WISHES
from agent.guided.wishes.own import gets_something
from agent.guided.wishes.pieces import variant_of
from agent.guided.wishes.shares import CHANGES, SURE, Clause
from agent.shop_reading import ShopReading
from agent.tools.get_profile import attributes_named
from language.clauses import clauses
from language.cues import cues_in
from language.text import has_han
from language.words import tokens

PROFILE = ("forget", "note")
WISH_OF: Mapping[str, str] = {  # by the kind of a proposal
    "cancel_order": "cancel", "return_items": "return", "exchange_items": "exchange", "change_address": "address",
    "report_problem": "problem",
}  # fmt: skip
_OF_ORDERS = ("orders", *CHANGES, "problem")
_LIKELY = 0.15  # of the likeliest one, where none is sure
_HARMLESS = ("search", "product", "compare", "total", "answer", "orders", "profile", "talk")  # look up, or only say
_ELSE = ("answer", "offtopic", "talk", "total", "search")  # beside a yes, what leaves it a yes
_NAMES_VARIANT = 0.1  # by so much an exchange is likelier where a color or size is named
_MAYBE = 0.05  # of a harmless wish, where none is likely
_HINT = 0.02  # that a person is wanted, for a message that names one
_CERTAIN, _STRAY = 0.9, 0.15  # of a yes that carries something out; of what else it might be
_BESIDE_NO = 0.25  # of what else a no might be: it carries nothing out
_PLAIN_CHARS = 40  # of a no that is nothing else
_TWO = 2
_UNCLEAR, _MANY_WORDS = 0.4, 6  # of the likeliest wish, below which a longer message is asked about


def by_words(chances: Mapping[str, float], reading: ShopReading) -> Mapping[str, float]:
    """The chances where words leave no doubt: who asks for the manager, whether this is a person, gives an order's
    number, or has what is known of them forgotten."""
    if "asks_bot" in reading.cues and not _asks_person_too(reading):
        return {**chances, "person": 0.0, "talk": 1.0}
    if "asks_person" in reading.cues and chances.get("person", 0.0) >= _HINT:
        return {**chances, "person": 1.0}
    if reading.order_ids and not any(chances.get(wish, 0.0) >= SURE for wish in (*_OF_ORDERS, "data")):
        act = max(CHANGES, key=lambda wish: chances.get(wish, 0.0))
        return {**chances, act if chances.get(act, 0.0) >= _LIKELY else "orders": 1.0}
    sure = {wish for wish in WISHES if chances.get(wish, 0.0) >= SURE}
    if sure <= {"note", "talk"} and not reading.is_question and gets_something(reading):
        return {**chances, "search": 1.0}
    if not sure and "forgets_mine" in reading.cues and names_attribute(reading):
        return {**chances, "forget": 1.0}
    return chances


def names_attribute(reading: ShopReading) -> bool:
    """Whether it calls anything that the shop may know of a customer by its name."""
    return bool(attributes_named(reading.text, reading.reader.schema, reading.languages, is_whole=True))


def _asks_person_too(reading: ShopReading) -> bool:
    """Whether who asks what this is wants a person in another clause: "are you a bot, can I talk to a human"."""
    cues = [cues_in(part) for part in clauses(reading.text)]
    return any("asks_person" in each and "asks_bot" not in each for each in cues)


def taken_out(chances: Mapping[str, float], clauses: Sequence[Clause]) -> Mapping[str, float]:
    """A clause that surely takes something out of an order does so whatever else the message is about."""
    is_wanted = any(
        clause.chances.get("cancel", 0.0) >= SURE and "takes_out" in cues_in(clause.text) for clause in clauses
    )
    return {**chances, "cancel": 1.0} if is_wanted else chances


def one_act(
    wishes: set[str], chances: Mapping[str, float], clauses: Sequence[Clause], reading: ShopReading
) -> set[str]:
    """Of several changes of orders those that have clauses of their own, else the likeliest: "the same in 39 instead"
    sends nothing back."""
    acts = [wish for wish in CHANGES if wish in wishes]
    if len(acts) < _TWO:
        return wishes
    wants_other = {"exchange": _NAMES_VARIANT} if variant_of(reading) else {}
    likeliest = max(acts, key=lambda act: chances.get(act, 0.0) + wants_other.get(act, 0.0))
    own = {act for clause in clauses if (act := clause.wish(acts))}
    return wishes - {*acts} | (own or {likeliest})


def chosen(chances: Mapping[str, float]) -> set[str]:
    """The wishes that are sure, else the likeliest; where none is likely, the likeliest that changes nothing."""
    sure = {wish for wish in WISHES if chances.get(wish, 0.0) >= SURE}
    for wishes, least in ((WISHES, _LIKELY), (_HARMLESS, _MAYBE)):
        best = max(wishes, key=lambda wish: chances.get(wish, 0.0))
        sure = sure or ({best} if chances.get(best, 0.0) >= least else set())
    return sure


def is_sure(chances: Mapping[str, float], reading: ShopReading) -> bool:
    """Whether any wish is sure, or nothing is said at all."""
    chances = by_words(chances, reading)
    is_said = any(char.isalnum() for char in reading.text)
    return not is_said or any(chances.get(wish, 0.0) >= SURE for wish in WISHES)


def plain_answer(chances: Mapping[str, float], reading: ShopReading) -> Literal["yes", "no"] | None:
    """A yes or no that is nothing else. A yes, which carries something out, holds no number and no trace of another
    wish either."""
    apart = {wish: chance for wish, chance in chances.items() if wish in WISHES and wish not in ("yes", "no", "talk")}
    others = max(apart.values(), default=0.0)
    yes, no = chances.get("yes", 0.0), chances.get("no", 0.0)
    if reading.is_question:
        return None
    is_plain = not reading.values and len(reading.text) <= _PLAIN_CHARS
    if no >= SURE and yes < _STRAY and others < _BESIDE_NO and is_plain:
        return "no"
    is_certain = yes >= _CERTAIN and no < _STRAY and others < _STRAY
    return "yes" if is_certain and not (reading.quantities or reading.order_ids) else None


def agrees_beside(chances: Mapping[str, float], rest: Mapping[str, float], reading: ShopReading) -> bool:
    """Whether a message that begins with a plain yes agrees: its `rest` surely asks for something that changes nothing,
    and refers to nothing that was spoken of, unless it certainly asks about the rules ("how long does the new one
    take?")."""
    asked = [wish for wish in _ELSE if rest.get(wish, 0.0) >= SURE]
    others = max(rest.get(wish, 0.0) for wish in WISHES if wish not in _ELSE)
    apart = max(chances.get(wish, 0.0) for wish in ("no", *_OF_ORDERS, *PROFILE, "data"))
    is_of_rules = reading.is_question and rest.get("answer", 0.0) >= _CERTAIN
    names_nothing = not (reading.values or reading.quantities or reading.order_ids)
    names_nothing = names_nothing and (is_of_rules or not reading.references)
    return bool(asked) and names_nothing and others < _STRAY and apart < _STRAY


def agrees_behind(chances: Mapping[str, float], rest: Mapping[str, float], reading: ShopReading, kind: str) -> bool:
    """Whether a message that ends with a plain yes to a proposal of this kind agrees: its `rest` only talks."""
    others = [rest.get(wish, 0.0) for wish in WISHES if wish not in ("talk", "yes", WISH_OF.get(kind))]
    names_nothing = not (reading.values or reading.quantities or reading.order_ids or reading.is_question)
    return names_nothing and max(others) < _STRAY and chances.get("no", 0.0) < _STRAY


def is_unclear(chances: Mapping[str, float], reading: ShopReading) -> bool:
    """Whether a message of many words was hardly understood."""
    many = len(tokens(reading.text)) >= _MANY_WORDS or (len(reading.text) >= _MANY_WORDS * 2 and has_han(reading.text))
    return many and max((chances.get(wish, 0.0) for wish in WISHES), default=0.0) < _UNCLEAR
