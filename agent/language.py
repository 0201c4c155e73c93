"""Which language a customer writes, and in which the shop answers.

In: the message, the shop's languages, the language of the consultation so far. Out: ISO 639-1 codes. The
script decides first, then the words of `language.yaml`, and only then lingua, which guesses at short texts;
text that says nothing ("ok", "M", "AP-10482") keeps the language spoken so far. Pure functions.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import yaml
from lingua import Language, LanguageDetector, LanguageDetectorBuilder

# In Latin letters; the others are told by their script. Fewer languages are fewer mistakes in short text.
_LATIN = (
    Language.ENGLISH,
    Language.GERMAN,
    Language.FRENCH,
    Language.SPANISH,
    Language.ITALIAN,
    Language.PORTUGUESE,
    Language.DUTCH,
    Language.POLISH,
    Language.TURKISH,
    Language.SWEDISH,
)
_SCRIPTS = (
    (re.compile(r"[\u3040-\u30ff]"), "ja"),
    (re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"), "ko"),
    (re.compile(r"[\u3400-\u9fff]"), "zh"),
    (re.compile(r"[іїєґІЇЄҐ]"), "uk"),
    (re.compile(r"[\u0400-\u04ff]"), "ru"),
    (re.compile(r"[\u0600-\u06ff]"), "ar"),
    (re.compile(r"[\u0590-\u05ff]"), "he"),
    (re.compile(r"[\u0370-\u03ff]"), "el"),
    (re.compile(r"[\u0e00-\u0e7f]"), "th"),
    (re.compile(r"[\u0900-\u097f]"), "hi"),
)
# Chinese grammar, as opposed to a Chinese name in a sentence of another language.
_HAN_GRAMMAR = re.compile(r"[的吗了吧呢是有我你您要想买不没请在这那什么怎能可给帮退换]")
_NOT_WORDS = re.compile(r"https?://[!-~]+|[\w.+-]+@[\w.-]+|[A-Za-z-]*\d[\w./-]*", re.ASCII)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ANY = "any"  # words that every language has
_ENOUGH_LETTERS = 4
_SURE = 0.6
_FAVOUR = 0.15  # what the shop speaks is likelier


def detect(text: str, languages: Sequence[str], previous: str | None) -> str:
    """The language of `text`; what is too short or too vague to tell keeps `previous`, or `languages[0]`."""
    kept = previous or languages[0]
    clean = _NOT_WORDS.sub(" ", text)
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(clean)]
    latin = [word for word in words if word[0] < "\u0250"]
    for script, language in _SCRIPTS:
        found = script.findall(clean)
        if found and not (language == "zh" and _is_name_in(clean, len(found), latin)):
            return language
    telling = [word for word in latin if word not in _read_words()[_ANY]]
    if not telling:
        return kept
    return _by_words(telling, languages, kept) or _by_letters(telling, clean, languages) or kept


def reply_language(language: str, languages: Sequence[str]) -> str:
    """`language` if the shop speaks it; else English if it speaks that, else its first."""
    if language in languages:
        return language
    return "en" if "en" in languages else languages[0]


def _is_name_in(text: str, han: int, latin: Sequence[str]) -> bool:
    """Whether the Chinese in the text is only a name within a sentence of another language."""
    grammar = max((sum(word in known for word in latin) for known in _words().values()), default=0)
    return grammar >= 2 and len(latin) >= han and not _HAN_GRAMMAR.search(text)


def _by_words(words: Sequence[str], languages: Sequence[str], kept: str) -> str | None:
    """The one language that most of the words belong to; among equals the one spoken, then the shop's."""
    hits = {code: sum(word in known for word in words) for code, known in _words().items()}
    most = max(hits.values())
    if most == 0:
        return None
    if 3 * most < len(words):  # a few borrowed words in a text that is something else
        return None
    best = [code for code, count in hits.items() if count == most]
    if len(best) == 1:
        return best[0]
    return next((code for code in (kept, *languages) if code in best), None)


def _by_letters(words: Sequence[str], text: str, languages: Sequence[str]) -> str | None:
    """Lingua's opinion of longer text, if it is sure or the language is the shop's own."""
    named = all(word[0].isupper() for word in _WORD.findall(text))
    if sum(map(len, words)) < _ENOUGH_LETTERS or (named and len(words) < 4):
        return None  # "Gore-Tex", "Arc'teryx Beta LT": names are of no language
    guesses = _detector().compute_language_confidence_values(" ".join(words))
    scores = {guess.language.iso_code_639_1.name.lower(): guess.value for guess in guesses}
    favoured = {code: score + _FAVOUR * (code in languages) for code, score in scores.items()}
    best = max(favoured, key=lambda code: favoured[code])
    return best if favoured[best] >= _SURE else None


def _words() -> Mapping[str, frozenset[str]]:
    return {code: words for code, words in _read_words().items() if code != _ANY}


@cache
def _read_words() -> Mapping[str, frozenset[str]]:
    raw = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return {code: frozenset(words) for code, words in raw.items()}


@cache
def _detector() -> LanguageDetector:
    """Trigram models only: 16 MB instead of 250, and the short texts are told by words anyway."""
    return LanguageDetectorBuilder.from_languages(*_LATIN).with_low_accuracy_mode().build()
