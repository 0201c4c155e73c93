"""What the recogniser tells: wishes, and of some wishes a detail that the arguments of a call need.

In: nothing. Out: names. A detail stands behind its wish: "cart.remove". Training takes details from the calls of
written consultations. Of a note that a call proposes it is told whether the message states it, and of whom.
"""

from collections.abc import Iterator, Mapping
from typing import Any

WISHES = (
    "search", "product", "compare", "total", "cart", "answer", "orders", "cancel", "return", "exchange", "address",
    "problem", "note", "forget", "profile", "data", "person", "yes", "no", "talk", "offtopic",
)  # fmt: skip
# By wish and detail: the tool and argument that has it.
_DETAILS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "cart": ("cart", "action", ("add", "change", "remove", "undo", "show", "checkout", "clear")),
    "problem": ("report_problem", "problem", ("not_received", "damaged", "wrong_item", "missing_item", "late")),
    "remedy": ("report_problem", "wish", ("refund", "replacement", "repair")),
    "data": ("manage_data", "action", ("stop", "resume", "export", "erase", "exclude_order")),
    "profile": ("get_profile", "why", ("True",)),
    "search": ("search_products", "among", ("shown",)),
}
DETAILED = (*_DETAILS,)
GOES_ON = "search.goes_on"  # the search before still holds, with what this message changes of it
OF_OTHER = "note.other"  # what is to be noted is of somebody the customer buys for
_OF_CALLS = (f"{wish}.{value}" for wish, (_, _, values) in _DETAILS.items() for value in values)
STATED, STATED_OF_OTHER = "stated.self", "stated.other"  # of a note: the message states it, of whom
NOTE = "note: "  # before a note that is judged
BEFORE = "; before: "  # behind it, the message before
_WORDS, _LETTERS = 12, 72  # of which so much is read
LABELS = (*WISHES, *_OF_CALLS, GOES_ON, OF_OTHER, STATED, STATED_OF_OTHER)


def details(tool: str, arguments: Mapping[str, Any]) -> Iterator[str]:
    """The details that a call has."""
    for wish, (name, argument, values) in _DETAILS.items():
        if name == tool and str(arguments.get(argument)) in values:
            yield f"{wish}.{arguments[argument]}"
    if any(change.get("about") for change in arguments.get("changes", ())):
        yield OF_OTHER


def note_text(attribute: str, value: object, polarity: str, previous: str = "") -> str:
    """A note, in place of the situation: the encoder then judges whether the message states it.

    `previous`: the message before, which tells of whom or of what it speaks.
    """
    said = f"{value:g}" if isinstance(value, float) else str(value)
    before = " ".join(previous.split()[:_WORDS])[:_LETTERS]
    return f"{NOTE}{attribute.replace('_', ' ')}, {polarity}, {said[:60]}{BEFORE if before else ''}{before}"


def without_previous(situation: str) -> str:
    """What is read of a situation as one sentence: of a note, the note alone."""
    return situation.partition(BEFORE)[0] if situation.startswith(NOTE) else situation


def of_wish(wish: str) -> tuple[str, ...]:
    """The details that a wish may have."""
    return _DETAILS[wish][2]


def labels_of(wish: str) -> tuple[str, ...]:
    """The labels of these details."""
    return tuple(f"{wish}.{value}" for value in of_wish(wish))


def detail(chances: Mapping[str, float], wish: str, least: float = 0.0) -> str | None:
    """The likeliest detail of a wish, if it is at least so likely."""
    values = _DETAILS[wish][2]
    best = max(values, key=lambda value: chances.get(f"{wish}.{value}", 0.0))
    return best if chances.get(f"{wish}.{best}", 0.0) >= least else None
