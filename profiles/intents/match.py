"""The intent that a message means: open intents and what the message names in, the one that fits best out.

No model: the kind of product decides, then the other slots, then words in common with what was looked for. The same
whatever order the intents are in.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import cache

from language.cues import cue, cue_words
from language.text import has_han
from language.words import stems
from profiles.intents.intent import Intent, Kind, State
from profiles.intents.journal import PRODUCT

LEAST = 3  # the product, or three words and slots in common
_OF_PRODUCT = 3


def looks_back(text: str) -> bool:
    """Whether it speaks of something from before."""
    return cue("looks_back", text)


def meant(
    intents: Iterable[Intent], named: Mapping[str, Collection[str]], text: str, kind: Kind = Kind.FIND
) -> Intent | None:
    """The open intent of this kind that fits what is `named` (values by slot) and the words; None if none does.

    Of equals the one spoken of last.
    """
    open_ = [intent for intent in intents if intent.kind is kind and intent.state is State.OPEN]
    scored = [(_score(intent, named, text), intent.touched, intent.id, intent) for intent in open_]
    best = max(scored, default=None, key=lambda entry: entry[:3])
    return best[3] if best and best[0] >= LEAST else None


def _score(intent: Intent, named: Mapping[str, Collection[str]], text: str) -> int:
    held = intent.values
    products = named.get(PRODUCT, ())
    if products and held.get(PRODUCT) not in products:
        return 0
    shared = [name for name, values in named.items() if values and name in held and name != PRODUCT]
    agreeing = sum(1 if held[name] in named[name] else -1 for name in shared)
    return _OF_PRODUCT * bool(products) + agreeing + _words_in_common(intent, text)


def _words_in_common(intent: Intent, text: str) -> int:
    """Of the words that were looked for; the product itself is counted already."""
    own = " ".join(value for name, value in intent.values.items() if name != PRODUCT)
    product = stems(intent.values.get(PRODUCT, ""))
    chinese = {char for char in own if has_han(char)} & {char for char in text if has_han(char)}
    return len((stems(own) & stems(text)) - _idle() - product) + len(chinese) // 2


@cache
def _idle() -> frozenset[str]:
    """Words that say nothing of what is looked for; "the" also stands in "the best jacket"."""
    return stems(" ".join(cue_words("idle")))
