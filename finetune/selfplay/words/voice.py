"""In whose voice a message is typed: tidy, lower case, hurried, misspelt, shouting, from a phone.

In: a marked text (private-use characters stand for quote borders and for words that must stay spelt right). Out: the
same text in another voice; marks are never moved, so whatever they enclose is still what the customer typed.
"""

import random
import re
from collections.abc import Callable, Mapping

from finetune.selfplay.words import Words

KEEP, KEPT = "\uf8f0", "\uf8f1"  # the words between them are never misspelt
_ASKS = re.compile(
    r"\W*(can|could|do|does|did|is|are|am|what|which|where|when|how|who|will|has|have|any|anything|may|would|should|"
    r"what's|where's|who's|how's|got)\b",
    re.IGNORECASE,
)
_ASKS_ZH = re.compile(r"(吗|呢|什么|哪|怎么|多少|几|多久|谁|有没有)")
MARK = r"[\ue000-\uf8ff]*"


def speak(rng: random.Random, text: str, words: Words) -> str:
    """The text in a voice drawn at random."""
    return _speak_chinese(rng, text) if words.language == "zh" else _speak_english(rng, text, words.slang)


def _speak_english(rng: random.Random, text: str, slang: Mapping[str, str]) -> str:
    voice = rng.choices(("tidy", "plain", "stopped", "hurried", "foreign", "shouting"), (40, 27, 12, 12, 6, 3))[0]
    if rng.random() < 0.12:
        text = _outside(text, lambda part: _misspell(rng, part))
    if voice == "tidy":
        return _tidy(text)
    if voice == "shouting":
        return text.upper() + rng.choice(("", "!", "!!"))
    if voice == "stopped":
        return text + ("?" if _ASKS.match(text) else rng.choice((".", "", "!")))
    if voice == "hurried":
        return _outside(text, lambda part: _shorten(rng, part, slang))
    if voice == "foreign":
        return _outside(text, lambda part: re.sub(r"\b(a|an|the) (?=\w)", "", part) if rng.random() < 0.8 else part)
    return text


def _speak_chinese(rng: random.Random, text: str) -> str:
    draw = rng.random()
    if draw < 0.35:
        return text + ("？" if _ASKS_ZH.search(text[-12:]) else rng.choice(("。", "", "！")))
    if draw < 0.5:
        return text.replace("，", " ").replace("。", " ")
    if draw < 0.6:
        return text.replace("，", ",") + ("?" if _ASKS_ZH.search(text[-12:]) else "")
    return text


def _tidy(text: str) -> str:
    text = re.sub(r"\bi\b(?=[ '\ue000-\uf8ff])", "I", text)
    text = re.sub(rf"^({MARK})([a-z])", lambda m: m[1] + m[2].upper(), text)
    text = re.sub(rf"([.!?] {MARK})([a-z])", lambda m: m[1] + m[2].upper(), text)
    last = re.split(r"[.!?] ", text)[-1]
    if text.rstrip(KEPT)[-1:] in ".!?)":
        return text
    return text + ("?" if _ASKS.match(last.lstrip("\ue000-\uf8ff")) else ".")


def _outside(text: str, change: Callable[[str], str]) -> str:
    """Apply `change` to what lies outside of the kept words."""
    parts = re.split(f"({KEEP}[^{KEPT}]*{KEPT})", text)
    return "".join(part if part.startswith(KEEP) else change(part) for part in parts)


def _shorten(rng: random.Random, text: str, slang: Mapping[str, str]) -> str:
    for word, short in slang.items():
        if rng.random() < 0.6:
            text = re.sub(rf"\b{re.escape(word)}\b", short, text)
    return text


def _misspell(rng: random.Random, text: str) -> str:
    found = list(re.finditer(r"[a-z]{5,}", text))
    if not found:
        return text
    word = rng.choice(found)
    at = word.start() + rng.randrange(1, len(word[0]) - 2)
    swap = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    drop = text[:at] + text[at + 1 :]
    double = text[:at] + text[at] + text[at:]
    return rng.choice((swap, drop, double))
