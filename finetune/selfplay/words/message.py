"""One customer's message put together from phrases, with the gold calls that follow from it.

In: `Words`, slots. Out: `Said` fragments whose quotes are marked in the text, joined by `Speaker.finish` into a
`Step`: the voice is applied first and the quotes are read afterwards, so a quote is always verbatim, typos included.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.models.calls import Call
from agent.models.scripted import Planned
from finetune.selfplay.words import ALTERNATIVES, Words
from finetune.selfplay.words.voice import KEEP, KEPT, speak

_FIRST, _MOST = 0xE000, 120
_MARKS = re.compile("[\ue000-\uf8ff]")
_VOWEL = re.compile(r"\b([Aa])( [\ue000-\uf8ff]*)(?=[aeiou])(?!uni|us[be]|uk|eu|one)")


@dataclass(frozen=True, slots=True)
class Step:
    """A turn of a plan. `calls` are gold, empty where the model answers in words; `reply` are those words.

    `kind` names the intent; "confirm" and "decline" are answered in code and train nothing.
    """

    text: str
    calls: tuple[Call, ...]
    reply: str | None
    kind: str

    @property
    def answer(self) -> Planned:
        """The gold message, for a scripted model."""
        return Planned(tuple((call.name, call.arguments) for call in self.calls), self.reply or "")


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the message, to be read when its final wording is known."""

    number: int


@dataclass(frozen=True, slots=True)
class Said:
    """A marked piece of a message; `span` is its quote, if the phrase has one."""

    text: str
    span: Span | None = None

    @property
    def plain(self) -> str:
        """The words without marks, before any voice."""
        return _MARKS.sub("", self.text).replace(KEEP, "").replace(KEPT, "")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message with what follows from it. Changes and arguments may hold `Span`s."""

    text: str
    changes: tuple[Mapping[str, Any], ...] = ()
    calls: tuple[Call, ...] = ()


def change(quote: Span | None, attribute: str, value: str | float, polarity: str = "fact") -> dict[str, Any]:
    """One entry of `update_profile`, its quote still a place in the message."""
    return {"quote": quote, "attribute": attribute, "value": value, "polarity": polarity}


@dataclass(slots=True)
class Speaker:
    """Fills phrases for one message at a time and numbers their quotes."""

    rng: random.Random
    words: Words
    used: int = field(default=0)

    @property
    def language(self) -> str:
        return self.words.language

    def say(self, intent: str, **slots: str) -> Said:
        """One of the intent's phrases, with `slots` filled in."""
        return self.fill(self.rng.choice(self.words.lines(intent)), **slots)

    def fill(self, phrase: str, **slots: str) -> Said:
        """A phrase with alternatives chosen, quote marked and slots filled."""
        while found := ALTERNATIVES.search(phrase):
            chosen = self.rng.choice(found[1].split("|"))
            phrase = phrase[: found.start()] + chosen + phrase[found.end() :]
        span = None
        if re.search(r"<.*>|\[.*\]", phrase):
            span, start, end = self._marks()
            phrase = re.sub(r"[<\[]", start, re.sub(r"[>\]]", end, phrase))
        for name, value in slots.items():
            phrase = phrase.replace(f"{{{name}}}", value)
        return Said(" ".join(phrase.split(" ")), span)

    def quote(self, text: str) -> Said:
        """A text that is a quote from end to end."""
        span, start, end = self._marks()
        return Said(f"{start}{text}{end}", span)

    def finish(self, parts: Sequence[Part], kind: str, reply: str | None = None, calm: bool = False) -> Step:
        """The message of these parts in one voice, and its calls: profile changes first, in the order of the text."""
        text = parts[0].text
        for part in parts[1:]:
            text += self.rng.choice(self.words.lines("and")) + part.text
        text = text if self.language == "zh" or self.rng.random() < 0.1 else _VOWEL.sub(r"\1n\2", text)
        text = speak(self.rng, text if calm else self._dress(text), self.words)
        changes = [item for part in parts for item in part.changes]
        changes.sort(key=lambda item: text.index(chr(_FIRST + 2 * item["quote"].number)))
        calls = [call for part in parts for call in part.calls]
        if changes:
            calls.insert(0, Call("update_profile", {"changes": changes}))
        gold = tuple(Call(call.name, self._read(call.arguments, text)) for call in calls)
        self.used = 0
        return Step(_MARKS.sub("", text), gold, reply, kind)

    def reply(self, kind: str) -> str:
        """The gold words for a turn without a call."""
        return self.rng.choice(self.words.lines(f"reply_{kind}"))

    def _dress(self, text: str) -> str:
        """With a few words before and after, as people do."""
        joint = "" if self.language == "zh" else " "
        if self.rng.random() < 0.2:
            angry = self.rng.random() < 0.2
            text = self.say("prelude_angry" if angry else "prelude").text + joint + text
        if self.rng.random() < 0.12:
            text += (self.rng.choice((" ", ", ", ". ")) if joint else "，") + self.say("tail").text
        return text

    def _marks(self) -> tuple[Span, str, str]:
        if self.used >= _MOST:
            raise ValueError(f"a message has at most {_MOST} quotes")
        number, self.used = self.used, self.used + 1
        return Span(number), chr(_FIRST + 2 * number), chr(_FIRST + 2 * number + 1)

    def _read(self, value: Any, text: str) -> Any:
        """`value` with every Span replaced by the words that are there now."""
        if isinstance(value, Span):
            start, end = chr(_FIRST + 2 * value.number), chr(_FIRST + 2 * value.number + 1)
            return _MARKS.sub("", text[text.index(start) : text.index(end)]).strip()
        if isinstance(value, Mapping):
            return {key: self._read(item, text) for key, item in value.items()}
        if isinstance(value, list):
            return [self._read(item, text) for item in value]
        return value


def keep(text: str) -> str:
    """Mark words that no voice may misspell: ids, titles, addresses, values."""
    return f"{KEEP}{text}{KEPT}"
