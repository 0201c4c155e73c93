"""Yes, no, or neither: reads the customer's answer to a proposal, by lists of words and not by a model.

In: the message, the language of the turn, and what was proposed. Out: "yes", "no" or "unclear"; or what is said beside
a yes. The words are the packs' section `confirm`. Ask only while a proposal waits or has just been carried out. Precise
rather than eager: every word must be known, a question is never an answer, a negation is never a yes, and an act that
was not proposed ("ok cancel it", to a return) is neither.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from agent.orders.acts import ERASE_DATA, KINDS, Kind
from language.packs import Section, languages, section
from language.text import simplified

Answer = Literal["yes", "no", "unclear"]
Meaning = Literal["yes", "no", "start_no", "filler"] | Kind
Phrase = tuple[str, ...]
_MAX_TOKENS = 14
_ENDED = re.compile(r"\s*(?:[.!。！]+(?:\s+|(?=[\u3400-\u9fff]))|\n+)\s*")  # a sentence
_TOKEN = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*|[\u3400-\u9fff]|[^\W\da-z_]+|[\U0001F44C-\U0001F44E✅❌\U0001F197]")


class Confirm(Section):
    """One language's answers as its pack lists them; accents and case do not matter."""

    yes: tuple[str, ...]
    no: tuple[str, ...]
    start_no: tuple[str, ...]
    amend: tuple[str, ...] = ()
    negation: tuple[str, ...]
    act: Mapping[Kind, tuple[str, ...]]
    filler: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """One language: what each phrase means, and the words that deny."""

    phrases: Mapping[Phrase, Meaning]
    starts_no: frozenset[Phrase]
    amends: frozenset[Phrase]
    negations: frozenset[str]


def read_answer(
    text: str, language: str, *, kind: Kind | None = None, order_id: str = "", served: Sequence[str] = ()
) -> Answer:
    """``read_answer("sure, do it", "en") == "yes"``.

    `served`: the shop's languages, which may be mixed into the turn's. With `kind`, an act of another kind is unclear,
    and naming the proposed one ("please cancel it") is a yes; the proposal's own `order_id` may be named too.
    """
    tokens = _without_id(_tokens(text), order_id)
    if not tokens or len(tokens) > _MAX_TOKENS or re.search(r"[?？]", text):
        return "unclear"
    known = _phrases(language, tuple(served))
    denies = _denies(tokens)
    found = _read(tokens, known)
    if found is None:
        return "no" if _starts_with_no(tokens) else "unclear"
    meanings = set(found)
    acts = meanings.intersection((*KINDS, ERASE_DATA))
    if "no" in meanings:
        return "unclear" if "yes" in meanings or acts else "no"
    agrees = "yes" in meanings or (kind is not None and _says_enough(tokens))
    if denies or not agrees or (acts and kind is not None and acts != {kind}):
        return "unclear"
    return "yes" if "yes" in meanings or acts else "unclear"


def beside_yes(text: str, language: str, *, kind: Kind, order_id: str = "", served: Sequence[str] = ()) -> str:
    """What a message says behind a yes that is a sentence of its own: ``"yep go. do you gift wrap"``; "" if none is.

    Also "" where the rest may change what was proposed: it has a number, or it is no question and has a denial, an act,
    or words like "instead". What a question asks for is for whoever calls to judge.
    """
    first, _, rest = _ENDED.sub("\n", text.strip(), count=1).partition("\n")
    tokens = _tokens(rest)
    if not tokens or read_answer(first, language, kind=kind, order_id=order_id, served=served) != "yes":
        return ""
    if re.search(r"[?？]$", rest.strip()):
        return "" if any(map(_has_digit, tokens)) else rest.strip()
    return "" if _denies(tokens) or _may_change(tokens) else rest.strip()


def before_yes(text: str, language: str, *, kind: Kind, order_id: str = "", served: Sequence[str] = ()) -> str:
    """What a message says before a last sentence that is a yes and names the act: ``"im not carrying that. yes return
    it"``; "" if none is, or where what is said before may change what was proposed."""
    *before, last = [each for each in _ENDED.split(text.strip()) if each] or [""]
    rest = ". ".join(before)
    names_act = not _runs(_tokens(last)).isdisjoint(_acts())
    if not names_act or read_answer(last, language, kind=kind, order_id=order_id, served=served) != "yes":
        return ""
    return "" if _may_change(_tokens(rest)) else rest


def agrees_in_part(text: str, language: str, *, kind: Kind, order_id: str = "", served: Sequence[str] = ()) -> bool:
    """Whether one of several sentences is a yes: "no, leave it so. you may go ahead"."""
    parts = [each for each in _ENDED.split(text.strip()) if each]
    answers = (read_answer(part, language, kind=kind, order_id=order_id, served=served) for part in parts)
    return len(parts) > 1 and "yes" in answers


def agrees_somehow(text: str) -> bool:
    """Whether it holds a yes and nothing that denies, though it says more: "ok go ahead w the 42". What it says more
    may change what was proposed."""
    tokens = _tokens(text)
    runs = _runs(tokens)
    said = {meaning for words in _words().values() for run, meaning in words.phrases.items() if run in runs}
    return "yes" in said and not ({"no", "start_no"} & said or _denies(tokens) or re.search(r"[?？]", text))


def _denies(tokens: Sequence[str]) -> bool:
    return any(token in words.negations for words in _words().values() for token in tokens)


def _may_change(tokens: Sequence[str]) -> bool:
    """Whether these words may change what was proposed: by an act, a number, or words like "instead"."""
    return not _runs(tokens).isdisjoint(_acts() | _amending()) or any(map(_has_digit, tokens))


def _runs(tokens: Sequence[str]) -> set[Phrase]:
    """All phrases of up to five words."""
    return {tuple(tokens[a:b]) for a in range(len(tokens)) for b in range(a + 1, min(a + 5, len(tokens)) + 1)}


def _says_enough(tokens: Sequence[str]) -> bool:
    """A bare "cancel" may mean the proposal itself; "cancel it", "取消吧" do not."""
    return len(tokens) > (1 if tokens[0].isascii() else 2)


def _read(tokens: Sequence[str], known: Mapping[Phrase, Meaning]) -> Sequence[Meaning] | None:
    """The message as known phrases, the longest first; None if a word is left over."""
    found: list[Meaning] = []
    longest = max(len(phrase) for phrase in known)
    start = 0
    while start < len(tokens):
        sizes = range(min(longest, len(tokens) - start), 0, -1)
        size = next((n for n in sizes if tuple(tokens[start : start + n]) in known), 0)
        if not size:
            return None
        found.append(known[tuple(tokens[start : start + size])])
        start += size
    return found


def _starts_with_no(tokens: Sequence[str]) -> bool:
    """ "no, I'd like to keep the boots": a no, since nothing after it agrees to anything or asks for something else."""
    for words in _words().values():
        for phrase in words.starts_no:
            if tuple(tokens[: len(phrase)]) == phrase:
                rest = tokens[len(phrase) :]
                runs = _runs(rest)
                is_amended = not runs.isdisjoint(_amending()) or any(map(_has_digit, rest))
                return len(rest) > 1 and _agreeing().isdisjoint(runs) and not is_amended
    return False


def _without_id(tokens: Sequence[str], order_id: str) -> list[str]:
    parts = re.findall(r"[a-z]+|\d+", order_id.casefold())
    names = {*_tokens(order_id), *parts, "".join(parts)}
    return [token for token in tokens if token not in names]


def _tokens(text: str) -> list[str]:
    """Latin words without accents, single simplified Han characters: ``_tokens("Sí, 確定") == ["si", "确", "定"]``."""
    plain = unicodedata.normalize("NFKD", simplified(text)).casefold().replace("’", "'")
    return _TOKEN.findall("".join(char for char in plain if not unicodedata.combining(char) and char != "\ufe0f"))


@cache
def _agreeing() -> frozenset[Phrase]:
    """What says yes or names an act, in any language."""
    listed = (item for words in _words().values() for item in words.phrases.items())
    return frozenset(phrase for phrase, meaning in listed if meaning not in ("filler", "no", "start_no"))


@cache
def _acts() -> frozenset[Phrase]:
    """What names an act, in any language."""
    listed = (item for words in _words().values() for item in words.phrases.items())
    return frozenset(phrase for phrase, meaning in listed if meaning in (*KINDS, ERASE_DATA))


@cache
def _amending() -> frozenset[Phrase]:
    """What asks for something else than was proposed: "it's number 14", in any language."""
    return frozenset(phrase for words in _words().values() for phrase in words.amends)


def _has_digit(token: str) -> bool:
    return any(char.isdigit() for char in token)


@cache
def _words() -> Mapping[str, Words]:
    return {code: _words_of(listed) for code in languages() if (listed := section(code, "confirm", Confirm))}


def _words_of(listed: Confirm) -> Words:
    meanings: list[tuple[Meaning, Sequence[str]]] = [
        ("filler", listed.filler), *listed.act.items(), ("yes", listed.yes), ("no", listed.no)
    ]  # fmt: skip
    phrases: dict[Phrase, Meaning] = {tuple(_tokens(p)): meaning for meaning, ps in meanings for p in ps}
    starts, amends = (frozenset(tuple(_tokens(phrase)) for phrase in each) for each in (listed.start_no, listed.amend))
    return Words(phrases, starts, amends, frozenset(token for word in listed.negation for token in _tokens(word)))


@cache
def _phrases(language: str, served: tuple[str, ...]) -> Mapping[Phrase, Meaning]:
    """Every language's yes and no, since "sí" may follow English; other words of this language and those served.

    A word that says yes in one language and something else in another keeps the meaning of the turn's
    language.
    """
    known: dict[Phrase, Meaning] = {}
    for name, words in _words().items():
        spoken = name == language or name in served
        known |= {phrase: meaning for phrase, meaning in words.phrases.items() if spoken or meaning in ("yes", "no")}
    return known | (dict(_words()[language].phrases) if language in _words() else {})
