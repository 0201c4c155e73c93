"""Words of the packs as regular expressions over folded text.

In: words and short phrases as a pack lists them. Out: one alternation, the longest first. A Latin word ends where its
letters do, so that "max" is not in "climax" but stands in "max100"; Chinese is found anywhere. Every word is also found
without its accents ("mas de", "hochstens", "hoechstens"), as many type it. Pure functions.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from language.text import HAN

LETTER = rf"[^\W\d_{HAN}]"  # a letter that is no Chinese character
NOTHING = r"(?!)"
_EDGE = re.compile(LETTER)
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def alternatives(words: Iterable[str]) -> str:
    """A pattern that is any of the words: ``re.search(alternatives(["up to", "max"]), "up  to 5")``."""
    typed = {spelling for word in words for spelling in spellings(word)}
    edges = {(bool(_EDGE.match(word)), bool(_EDGE.match(word[-1]))) for word in typed}
    groups = [_group([word for word in typed if _is_between(word, *edge)], *edge) for edge in sorted(edges)]
    return "|".join(groups[::-1]) or NOTHING


def _is_between(word: str, left: bool, right: bool) -> bool:
    return (bool(_EDGE.match(word)), bool(_EDGE.match(word[-1]))) == (left, right)


def _group(words: list[str], left: bool, right: bool) -> str:
    """The words that begin, or end, with a letter."""
    longest = sorted(words, key=lambda word: (-len(word), word))
    any_of = "|".join(r"\s+".join(map(re.escape, word.split())) for word in longest)
    return (rf"(?<!{LETTER})" if left else "") + f"(?:{any_of})" + (rf"(?!{LETTER})" if right else "")


def spellings(word: str) -> Iterator[str]:
    """The word as it is written with its accents, without them, and as German types them where it has no such keys."""
    yield word
    decomposed = unicodedata.normalize("NFD", word)
    yield "".join(char for char in decomposed if not unicodedata.combining(char))
    yield word.translate(_GERMAN)
