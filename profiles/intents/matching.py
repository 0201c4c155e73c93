"""The intent that a message means: open intents and what the message names in, the one that fits best out.

No model: the kind of product decides, then the other slots, then words in common with what was looked for. The same
whatever order the intents are in.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from language.text import has_han
from language.words import stems
from profiles.intents.intent import Intent, Kind, State
from profiles.intents.journal import PRODUCT

LEAST = 3  # the product, or three words and slots in common
_OF_PRODUCT = 3
# How people speak of something from before; "the" alone also stands in "the best jacket".
_BACK = re.compile(
    r"\bstill\b|\bagain\b|\bearlier\b|\blast (?:time|week|month|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
    r"|\bthe other day\b|\b(?:that|those|the same) \w+|\bthe ones?\b|\byou (?:showed|found|had)\b"
    r"|\bi (?:asked|looked|was looking|wanted|told you)\b|\b(?:we|i) (?:talked|spoke) about\b"
    r"|还(?:在|有货|有没有|能|剩)|还有吗|上次|上周|上个月|之前|前几天|那[件个双款条顶只套]|刚才|以前",
    re.IGNORECASE,
)
_IDLE = stems(
    "a an and any are at can could do does for from get got had has have i in is it its like look looking me my need no"
    " not of on one or please show still stock that the there they this those to want was we what with would you your"
)


def looks_back(text: str) -> bool:
    """Whether it speaks of something from before."""
    return bool(_BACK.search(text))


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
    return len((stems(own) & stems(text)) - _IDLE - product) + len(chinese) // 2
