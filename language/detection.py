"""Which language a customer writes, and in which the shop answers: two questions apart.

In: a message, the shop's languages, the language of the consultation so far. Out: codes of ISO 639-1, the first of any
language that has a pack, the second of one that the shop serves. The script decides first, then the small words of the
packs, and only then lingua, which guesses at short texts. A text that says nothing ("ok", "M", "AP-10482"), or has only
what is borrowed everywhere ("thx"), keeps the language spoken so far. Pure functions. Errors: `ConfigError` for a pack.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from lingua import IsoCode639_1, Language, LanguageDetector, LanguageDetectorBuilder

from language.packs import Section, languages, section

_NOT_WORDS = re.compile(r"https?://[!-~]+|[\w.+-]+@[\w.-]+|[A-Za-z-]*\d[\w./-]*", re.ASCII)
_WORD = re.compile(r"[^\W\d_]+(?:['’\u200c][^\W\d_]+)*")
_LATIN = "A-Za-z\u00aa-\u024f\u1e00-\u1eff"
_FOREIGN = re.compile(rf"[^\W\d_{_LATIN}]")
_ENOUGH_LETTERS = 4
_SHARE, _SHARE_OF_OTHERS = 3, 2  # one word in so many tells a language, of the shop's and of the others
_TINY = 2  # letters of a word that may be one of another language
_GRAMMAR = 2  # small words of one language that make a sentence of it
# How sure lingua must be; what the shop speaks is likelier, and gets a start before the rest.
_SURE, _SURE_OF_SERVED, _FAVOUR = 0.85, 0.45, 0.15


class Detection(Section):
    """What tells a language.

    `script` is a range of characters, where it is not the Latin one; `letters` are those of them that no other language
    of the script has. `words` are small ones, greetings, and what people say to a shop; without `spaces` between words
    they count wherever they stand. `borrowed` words are said in other languages too; `nothing` says nothing anywhere.
    """

    script: str = ""
    letters: str = ""
    spaces: bool = True
    words: tuple[str, ...]
    borrowed: tuple[str, ...] = ()
    nothing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Tongue:
    """A language as it is told; `script` None: written in Latin letters."""

    code: str
    script: re.Pattern[str] | None
    letters: re.Pattern[str] | None
    spaces: bool
    words: frozenset[str]

    def hits(self, text: str, words: Iterable[str]) -> int:
        """How many of the words belong to it."""
        if self.spaces:
            return sum(word in self.words for word in words)
        return sum(word in text for word in self.words)


def detect(text: str, served: Sequence[str], previous: str | None) -> str:
    """The language of `text`; what is too short or too vague to tell keeps `previous`, or `served[0]`."""
    kept = previous or served[0]
    clean = _NOT_WORDS.sub(" ", text)
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(clean)]
    latin = [word for word in words if not _FOREIGN.match(word)]
    others = _by_script(clean)
    if others and not _is_name_in(clean, words, latin, others):
        return _of_script(others, clean, words, (kept, *served))
    telling = [word for word in latin if word not in _words_that("nothing")]
    if not telling or (previous and _words_that("borrowed").issuperset(telling)):
        return kept
    return _by_words(telling, clean, served, kept) or _by_letters(telling, clean, served) or kept


def reply_language(language: str, served: Sequence[str]) -> str:
    """`language` if the shop serves it; else English if it serves that, else its first."""
    if language in served:
        return language
    return "en" if "en" in served else served[0]


def is_written_in(text: str, language: str) -> bool:
    """Whether the text has letters of the language's own script; never true of a language in Latin letters."""
    tongue = _tongues().get(language)
    return tongue is not None and tongue.script is not None and bool(tongue.script.search(text))


def _by_script(text: str) -> list[_Tongue]:
    """The languages whose script the text has most of; those with letters of their own in it hide the others."""
    if not _FOREIGN.search(text):
        return []
    own = [tongue for tongue in _tongues().values() if tongue.letters and tongue.letters.search(text)]
    if own:
        return own
    counts = {tongue.code: len(tongue.script.findall(text)) for tongue in _tongues().values() if tongue.script}
    most = max(counts.values(), default=0)
    return [_tongues()[code] for code, count in counts.items() if count == most] if most else []


def _of_script(others: Sequence[_Tongue], text: str, words: Sequence[str], spoken: Sequence[str]) -> str:
    """The likeliest of several languages of one script."""
    if len(others) == 1:
        return others[0].code
    hits = {tongue.code: tongue.hits(text, words) for tongue in others}
    best = [code for code, count in hits.items() if count == max(hits.values())]
    return _guess(text, best) or next((code for code in spoken if code in best), best[0])


def _is_name_in(text: str, words: Sequence[str], latin: Sequence[str], others: Sequence[_Tongue]) -> bool:
    """Whether what is in another script is only a name within a sentence in Latin letters."""
    grammar = max((tongue.hits(text, latin) for tongue in _tongues().values() if tongue.script is None), default=0)
    foreign = len(words) - len(latin) if others[0].spaces else len(_FOREIGN.findall(text))
    return grammar >= _GRAMMAR and len(latin) >= foreign and not any(tongue.hits(text, words) for tongue in others)


def _by_words(words: Sequence[str], text: str, served: Sequence[str], kept: str) -> str | None:
    """The language that most of the words belong to; among equals the one spoken, then the shop's."""
    hits = {tongue.code: tongue.hits(text, words) for tongue in _tongues().values() if tongue.script is None}
    most = max(hits.values())
    if most == 1 and not _tells(words, (kept, *served)):
        return None
    best = [code for code, count in hits.items() if count == most]
    share = _SHARE if set(best) & {kept, *served} else _SHARE_OF_OTHERS
    if most == 0 or share * most < len(words):  # a few borrowed words in a text that is something else
        return None
    if len(best) == 1:
        return best[0]
    return next((code for code in (kept, *served) if code in best), None)


def _tells(words: Sequence[str], spoken: Collection[str]) -> bool:
    """Whether the one small word that some language has tells it: "go" alone makes no Polish of an English message."""
    owners = {word: {t.code for t in _tongues().values() if t.script is None and word in t.words} for word in words}
    return any(codes & {*spoken} or (codes and len(word) > _TINY) for word, codes in owners.items())


def _by_letters(words: Sequence[str], text: str, served: Collection[str]) -> str | None:
    """Lingua's opinion of longer text, if it is sure or the language is the shop's own."""
    named = all(word[0].isupper() for word in _WORD.findall(text))
    if sum(map(len, words)) < _ENOUGH_LETTERS or (named and (len(words) < 4 or "," in text)):
        return None  # "Gore-Tex", "Arc'teryx Beta LT", an address: names are of no language
    latin = [tongue.code for tongue in _tongues().values() if tongue.script is None]
    scores = _scores(" ".join(words), tuple(latin))
    favoured = {code: score + _FAVOUR * (code in served) for code, score in scores.items()}
    best = max(favoured, key=lambda code: favoured[code])
    return best if scores[best] >= (_SURE_OF_SERVED if best in served else _SURE) else None


def _guess(text: str, codes: Sequence[str]) -> str | None:
    """Lingua's opinion among few, if it is sure."""
    if len(codes) == 1:
        return codes[0]
    scores = _scores(text, tuple(codes))
    best = max(scores, key=lambda code: scores[code], default=None)
    return best if best and scores[best] >= _SURE_OF_SERVED else None


def _scores(text: str, codes: tuple[str, ...]) -> Mapping[str, float]:
    guesses = _detector(codes).compute_language_confidence_values(text)
    return {guess.language.iso_code_639_1.name.lower(): guess.value for guess in guesses}


@cache
def _detector(codes: tuple[str, ...]) -> LanguageDetector:
    """Trigram models only: 16 MB instead of 250, and the short texts are told by words anyway."""
    known = [Language.from_iso_code_639_1(getattr(IsoCode639_1, code.upper())) for code in codes]
    return LanguageDetectorBuilder.from_languages(*known).with_low_accuracy_mode().build()


@cache
def _tongues() -> Mapping[str, _Tongue]:
    return {code: _tongue(code, told) for code in languages() if (told := section(code, "detection", Detection))}


def _tongue(code: str, told: Detection) -> _Tongue:
    script, letters = (re.compile(f"[{part}]") if part else None for part in (told.script, told.letters))
    return _Tongue(code, script, letters, told.spaces, frozenset(told.words))


@cache
def _words_that(name: str) -> frozenset[str]:
    """The words of all packs that are `borrowed`, or say `nothing`."""
    told = (section(code, "detection", Detection) for code in languages())
    return frozenset(word for one in told if one is not None for word in getattr(one, name))
