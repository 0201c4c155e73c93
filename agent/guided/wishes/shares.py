"""Which part of a message each of its wishes stands in: "cancel the socks, and what is your cheapest tent?".

In: a message, its wishes, and what its clauses want by themselves. Out: wishes that a clause wants surely and the whole
message somewhat, and the words of each wish. So no wish takes the colors, prices and items of another.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from agent.guided.recogniser.labels import DETAILED, WISHES, detail, labels_of
from language.clauses import sentences

MOST = 8  # clauses of a message that are read one by one
SURE = 0.5  # probability of a wish that is acted upon
_HINT = 0.2  # that the whole message does, which a clause wants surely
_PLAIN, _TRACE = 0.97, 0.03  # the same of what is put in the cart, which can be undone, or looked up
_SURELY = 0.8  # that a clause does, for it to count more than the whole message
_UNLIKELY = 0.3  # of the likeliest wish of a message, below which its clauses are heard
CHANGES = ("cancel", "return", "exchange", "address")  # of orders
_OF_ORDERS = (*CHANGES, "problem")
_PUT = ("cart", "cart.add")
SAID = ("yes", "no", "talk", "offtopic")  # what a clause may be beside other wishes


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause, where it begins in the message, and the probability of each of its wishes."""

    start: int
    text: str
    chances: Mapping[str, float]

    def wish(self, of: Collection[str]) -> str:
        """The one of these wishes that it surely has; "" without one."""
        best = max(of, key=lambda wish: self.chances.get(wish, 0.0), default="")
        return best if self.chances.get(best, 0.0) >= SURE else ""


def with_clauses(chances: Mapping[str, float], clauses: Sequence[Clause]) -> Mapping[str, float]:
    """The chances of a message, with those wishes that one of its clauses has surely and the message somewhat, and with
    those details of its clauses that itself tells none of.

    What a clause plainly puts in the cart, or asks of an order beside a search, counts for less of the message, if that
    changes no order: "nimbus in the cart. now sleeping bags for the kids". A message in which no wish is likely wants
    what one of its clauses surely wants.
    """
    most = {wish: max((clause.chances.get(wish, 0.0) for clause in clauses), default=0.0) for wish in WISHES}
    least = _HINT if max((chances.get(wish, 0.0) for wish in WISHES), default=0.0) >= _UNLIKELY else 0.0
    raised = {
        wish: max(chances.get(wish, 0.0), chance)
        for wish, chance in most.items()
        if wish not in SAID and chances.get(wish, 0.0) >= least and chance >= _SURELY
    }
    if not any(chances.get(wish, 0.0) >= _HINT for wish in _OF_ORDERS):
        put = _plainly(_PUT, clauses) if chances.get("cart", 0.0) >= _TRACE else {}
        asked = _plainly(("orders",), clauses) if chances.get("search", 0.0) >= SURE else {}
        raised |= {**put, **asked}
    unsure = (name for of in DETAILED if detail(chances, of, SURE) is None for name in labels_of(of))
    details = {name: max([0.0, *(clause.chances.get(name, 0.0) for clause in clauses)]) for name in unsure}
    return {**chances, **{name: chance for name, chance in details.items() if chance >= SURE}, **raised}


def _plainly(wishes: Sequence[str], clauses: Sequence[Clause]) -> dict[str, float]:
    """The chances of these wishes by the first clause that plainly has all of them."""
    plain = (one.chances for one in clauses if min(one.chances.get(wish, 0.0) for wish in wishes) >= _PLAIN)
    found = next(plain, {})
    return {wish: found[wish] for wish in wishes} if found else {}


@dataclass(frozen=True, slots=True)
class Words:
    """The words that a wish stands in; `ahead`: those before all wishes, which may be of each."""

    own: str
    ahead: str = ""


def own_words(text: str, clauses: Sequence[Clause], wishes: Collection[str]) -> Mapping[str, Words]:
    """By wish, the words that it stands in; nothing where the clauses do not tell two wishes apart.

    A clause without a wish goes with the one before it; what stands before the first one is the first one's own.
    """
    begins = [(clause.start, wish) for clause in clauses if (wish := clause.wish(wishes))]
    if len({wish for _, wish in begins}) < len({*wishes}) or len(begins) < 2:
        return {}
    ahead = text[: begins[0][0]]
    ends = [*(start for start, _ in begins[1:]), len(text)]
    words = dict.fromkeys(wishes, "") | {begins[0][1]: ahead}
    for (start, wish), end in zip(begins, ends, strict=True):
        words[wish] += text[start:end]
    return {wish: Words(own, "" if wish == begins[0][1] else ahead) for wish, own in words.items()}


def by_kinds(text: str, kinds_of: Callable[[str], set[str]]) -> list[str]:
    """The text up to each sentence that names other kinds of product: "a merino shirt in L. And white gloves?"."""
    parts, kinds = list[str](), list[set[str]]()
    for sentence in sentences(text):
        named = kinds_of(sentence)
        if parts and not (named and kinds[-1] and named.isdisjoint(kinds[-1])):
            parts[-1] += sentence
            kinds[-1] |= named
        else:
            parts.append(sentence)
            kinds.append(named)
    return parts
