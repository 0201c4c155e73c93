"""Comparing words: two spellings in, whether they mean the same value out.

English stems, Chinese characters, synonyms.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path

import yaml
from rapidfuzz import fuzz

from language.text import fold

Synonyms = Mapping[str, Collection[str]]  # canonical value -> other ways to say it

_CJK = re.compile(r"[㐀-鿿豈-﫿]")
_WORD = re.compile(r"[a-z0-9]+")


@cache
def common_synonyms() -> Mapping[str, Synonyms]:
    """The synonyms every shop shares, by attribute or facet name (synonyms.yaml beside this file)."""
    loaded = yaml.safe_load(Path(__file__).with_name("synonyms.yaml").read_text(encoding="utf-8"))
    return {name: {str(k): tuple(v) for k, v in group.items()} for name, group in loaded.items()}


def has_cjk(text: str) -> bool:
    return bool(_CJK.search(text))


def fold_text(text: str) -> str:
    """For comparing: half-width, lower case, no possessive, hyphens and spaces alike."""
    folded = fold(text).text.replace("'s", "")
    return re.sub(r"[\s_\-–/]+", " ", folded).strip(" .,!?;:\"'。，！？；：")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A crude English stem, enough to join jacket and jackets, hike and hiking; short words stay whole."""
    for ending in ("ings", "ing", "ies", "es", "ed", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "s" else word


def stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in _WORD.findall(fold(text).text.replace("'s", "")))


def mentions(text: str, phrase: str) -> bool:
    """Does the text name the phrase.

    All stems of a Latin phrase in a row of the text, or a Chinese phrase as it is.
    """
    if has_cjk(phrase):
        return fold(phrase).text in fold(text).text
    wanted, there = _row_of_stems(phrase), _row_of_stems(text)
    size = len(wanted)
    return size > 0 and any(there[i : i + size] == wanted for i in range(len(there) - size + 1))


@lru_cache(maxsize=4096)
def _row_of_stems(text: str) -> tuple[str, ...]:
    """Of a shop's value, or of a message that is compared with all of them."""
    return tuple(stem(word) for word in _WORD.findall(fold_text(text)))


def match_value(raw: str, valid: Iterable[str], synonyms: Synonyms) -> str | None:
    """The one valid value that `raw` means, or None: exact, synonym, plural, the
    family that the last word names, then one clear misspelling."""
    by_fold = {fold_text(value): value for value in valid}
    text = re.sub(r"^(?:size|a size|eu|尺码)\s*(?=\S)", "", fold_text(raw))
    if text in by_fold:
        return by_fold[text]
    for canonical, names in synonyms.items():
        if any(fold_text(name) == text for name in names) and fold_text(canonical) in by_fold:
            return by_fold[fold_text(canonical)]
    same_stems = [
        value for folded, value in by_fold.items() if stems(folded) and stems(folded) == stems(text)
    ]
    if len(same_stems) == 1 and not has_cjk(text):
        return same_stems[0]
    if text and any(folded.endswith(f" {text}") for folded in by_fold):
        return text  # the family: "green" where the catalogue has dark green, "wool" where it has merino wool
    close = [value for folded, value in by_fold.items() if len(text) >= 5 and fuzz.ratio(folded, text) >= 88]
    return close[0] if len(close) == 1 else None
