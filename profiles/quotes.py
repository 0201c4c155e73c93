"""Finding a quote in what the customer said.

A quote and the heard turns in, the verbatim span and its turn out.

Letter case, spaces, punctuation and full width do not count; a lightly differing quote is found by
alignment, and what is returned is what the customer wrote, never what the model wrote.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from language.negation import turned_round
from language.text import has_han

LIKENESS = 90.0  # rapidfuzz partial ratio, 0..100
SHORTEST_FUZZY = 8  # letters; a Chinese character says as much as about two


@dataclass(frozen=True, slots=True)
class Found:
    """`text` is the span as the customer wrote it, `before` what stands before it in that turn."""

    turn: str
    text: str
    before: str

    @property
    def denied(self) -> bool:
        """The words right before the span turn it round: "like wool" cut from "I don't like wool"."""
        return turned_round(self.before)


def find_quote(quote: str, heard: Mapping[str, str]) -> Found | None:
    """The quote's span in the newest turn that has it, exactly first, then lightly differing."""
    wanted, _ = _letters(quote)
    if not wanted:
        return None
    turns = [(turn, words, *_letters(words)) for turn, words in reversed(list(heard.items()))]
    for turn, words, letters, places in turns:
        start = _whole_words(wanted, letters, places, words)
        if start is not None:
            return _found(turn, words, places[start], places[start + len(wanted) - 1] + 1)
    if len(wanted) * (2 if has_han(wanted) else 1) < SHORTEST_FUZZY:
        return None
    for turn, words, letters, places in turns:
        if not letters or (len(wanted) > len(letters) and fuzz.ratio(wanted, letters) < LIKENESS):
            continue  # a short turn must not vouch for a long invented quote
        hit = fuzz.partial_ratio_alignment(wanted, letters, score_cutoff=LIKENESS)
        if hit and hit.dest_end > hit.dest_start:
            return _found(turn, words, places[hit.dest_start], places[hit.dest_end - 1] + 1)
    return None


def _letters(text: str) -> tuple[str, list[int]]:
    """Letters and digits alone, and where in the text each came from."""
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFKC", char).casefold():
            if part.isalnum():
                letters.append(part)
                places.append(place)
    return "".join(letters), places


def _whole_words(wanted: str, letters: str, places: list[int], words: str) -> int | None:
    """Where the letters stand and do not cut a Latin word: "m" is not in "medium"."""
    start = letters.find(wanted)
    while start >= 0:
        first, last = places[start], places[start + len(wanted) - 1]
        if not _joined(words, first - 1, first) and not _joined(words, last, last + 1):
            return start
        start = letters.find(wanted, start + 1)
    return None


def _joined(words: str, left: int, right: int) -> bool:
    if left < 0 or right >= len(words):
        return False
    pair = unicodedata.normalize("NFKC", words[left] + words[right])
    return pair.isalnum() and not has_han(pair) and pair[0].isdigit() == pair[-1].isdigit()


def _found(turn: str, words: str, start: int, end: int) -> Found:
    while _joined(words, start - 1, start):
        start -= 1
    while _joined(words, end - 1, end):
        end += 1
    return Found(turn, words[start:end], words[:start])
