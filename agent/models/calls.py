"""Model text back to words and tool calls, whole or while it is still arriving.

In: text that a model wrote, and the `Marker` of its profile. Out: the words around the calls, `Call`s, and a `BadCall`
for what is none. A reader that knows strings and brackets finds where a call ends, so that a mark inside a string ends
nothing. What is unambiguous is read (single quotes, trailing commas, arguments as a JSON string, `parameters`, several
calls in one mark); what is cut off, no finite number or no whole text is a `BadCall`, and nothing is guessed.

JSON that `json` refuses is read by `json5` and then as a Python literal: both are grammars. Of 30 spoilt calls
json-repair and partial-json-parser also read those that were cut off, and would have run a half order id.
"""

import ast
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import json5

TURN_END = "<|im_end|>"
_CLOSING = {"{": "}", "[": "]"}
_UNREADABLE = "not JSON, or cut off: {!r}"
_NAMES = frozenset({"name", "arguments", "parameters", "id", "type"})


@dataclass(frozen=True, slots=True)
class Marker:
    """The marks around a call; `gap` is what a model writes between them and the call."""

    open: str
    close: str
    gap: str = ""


TOOL_CALL = Marker("<tool_call>", "</tool_call>")
# In models such as Qwen, <tool_call> is one token, which the decoder does not print and no grammar sees.
CALL = Marker("<call>", "</call>")


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as the model wrote it; whether such a tool exists is for the caller to say."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadCall:
    """A call that cannot be read: its text, and why."""

    text: str
    reason: str


Part = str | Call | BadCall


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a model's text says: the words for the customer, the calls, and the calls that went wrong."""

    content: str
    calls: tuple[Call, ...]
    invalid: tuple[BadCall, ...]


def parse(text: str, marker: Marker = TOOL_CALL) -> Parsed:
    """Split a whole answer into words and calls; an answer that was cut off loses at most its last call.

    ``parse('Sure.\\n<tool_call>{"name": "get_profile", "arguments": {}}</tool_call>')``
    """
    reader = CallReader(marker)
    parts = [*reader.feed(text), *reader.finish()]
    return Parsed(
        "".join(part for part in parts if isinstance(part, str)).strip(),
        tuple(part for part in parts if isinstance(part, Call)),
        tuple(part for part in parts if isinstance(part, BadCall)),
    )


class CallReader:
    """Reads an answer as it streams: words come out as soon as they cannot be the start of a mark.

    However the text is cut into chunks, the words and the calls are the same.
    """

    def __init__(self, marker: Marker = TOOL_CALL) -> None:
        self._marker = marker
        self._tags = (marker.open, marker.close, TURN_END)
        self._rest = ""
        self._started = False

    def feed(self, chunk: str) -> list[Part]:
        """The words and calls that this chunk completes, in order. Words never hold any part of a mark."""
        self._rest += chunk
        return self._read(last=False)

    def finish(self) -> list[Part]:
        """What is left when the model has stopped: words that only looked like a mark, or a call cut short."""
        return self._read(last=True)

    def _read(self, last: bool) -> list[Part]:
        parts = list[Part]()
        while self._marker.open in self._rest:
            words, _, after = self._rest.partition(self._marker.open)
            parts += self._words(words.rstrip())
            block = _block(after, self._marker.close, last)
            if block is None:
                self._rest = self._marker.open + after
                return parts
            self._rest = after[block.end :]
            parts += block.calls
        keep = len(self._rest) - (0 if last else self._held())
        words, self._rest = self._rest[:keep], self._rest[keep:]
        return [*parts, *self._words(words.rstrip() if last else words)]

    def _words(self, text: str) -> list[Part]:
        for tag in self._tags[1:]:
            text = text.replace(tag, "")
        if not self._started:
            text = text.lstrip()
        self._started = self._started or bool(text)
        return [text] if text else []

    def _held(self) -> int:
        """How many characters at the end must wait: they may begin a mark, or be space before a call."""
        text, bare = self._rest, self._rest.rstrip()
        for size in range(min(max(map(len, self._tags)) - 1, len(bare)), 0, -1):
            if bare == text and any(tag.startswith(text[-size:]) for tag in self._tags):
                return size + len(text[:-size]) - len(text[:-size].rstrip())
        return len(text) - len(bare)


@dataclass(frozen=True, slots=True)
class _Block:
    """What one opening mark begins: its calls, and where the text goes on after it."""

    calls: tuple[Call | BadCall, ...]
    end: int


def _block(text: str, close: str, last: bool) -> _Block | None:
    """The calls behind an opening mark; None while more of the text is needed. `last`: there is no more."""
    calls = list[Call | BadCall]()
    at = _skip(text, 0)
    while text[at : at + 1] in _CLOSING:
        end = _end_of_value(text, at, close)
        if end is None:
            return _unended(text, at, close, calls) if last else None
        value = text[at:end]
        read = read_calls(value)
        if close in value and all(isinstance(call, BadCall) for call in read):
            return _unread(text, at, close, calls, last)  # a quote too few: what seemed a string were words
        calls += read
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    rest = text[at:]
    if close.startswith(rest):  # the whole mark, or as much of it as there is
        empty = BadCall("", _UNREADABLE.format(""))
        return _Block(tuple(calls) or (empty,), len(text)) if last or rest == close else None
    if rest.startswith(close) and calls:
        return _Block(tuple(calls), at + len(close))
    return _Block(tuple(calls), at) if calls else _unread(text, at, close, (), last)


def _unended(text: str, at: int, close: str, calls: Sequence[Call | BadCall]) -> _Block:
    """A value without an end: its last brace is forgiven, since nothing is lost with it; else it ends at the mark."""
    value = _without_start_of(close, text[at:].rstrip().removesuffix(TURN_END)).rstrip()
    if value.endswith("}") and (read := _whole(value + "}")):
        return _Block((*calls, *read), len(text))
    return _unread_to(text, at, text.find(close, at), close, calls)


def _unread(text: str, at: int, close: str, calls: Sequence[Call | BadCall], last: bool) -> _Block | None:
    """From `at` on it is no call at all, as far as the closing mark."""
    place = text.find(close, at)
    return None if place < 0 and not last else _unread_to(text, at, place, close, calls)


def _unread_to(text: str, at: int, place: int, close: str, calls: Sequence[Call | BadCall]) -> _Block:
    """A bad call from `at` to the closing mark at `place`; to the end of the text where that is negative."""
    end, after = (len(text), len(text)) if place < 0 else (place, place + len(close))
    return _Block((*calls, BadCall(text[at:end], _UNREADABLE.format(text[at:end].strip()[:80]))), after)


def _without_start_of(close: str, text: str) -> str:
    """The text without a closing mark that is cut off at its end."""
    return next((text[:-size] for size in range(len(close), 0, -1) if text.endswith(close[:size])), text)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _end_of_value(text: str, at: int, close: str) -> int | None:
    """Where the object or list that begins at `at` ends; None if it does not yet.

    A closing mark outside of strings ends it too, if only its last brace is missing.
    """
    open_brackets, quote = list[str](), ""
    place = at
    while place < len(text):
        char = text[place]
        if quote:
            place += char == "\\"
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in _CLOSING:
            open_brackets.append(_CLOSING[char])
        elif open_brackets and char == open_brackets[-1]:
            open_brackets.pop()
            if not open_brackets:
                return place + 1
        elif text.startswith(close, place):
            return place
        place += 1
    return None


def read_calls(text: str) -> list[Call | BadCall]:
    """The calls that one value between the marks holds: an object, or a list of them."""
    read = _whole(text)
    if not read and text.rstrip().endswith("}"):
        read = _whole(text.rstrip() + "}")
    return read or [BadCall(text, _UNREADABLE.format(text.strip()[:80]))]


def _whole(text: str) -> list[Call | BadCall]:
    """The calls of a value that can be read; none if it cannot."""
    try:
        value = _loads(text)
    except ValueError:
        return []
    items = value if isinstance(value, list) else [value]
    return [_call(item, text) for item in items] or [BadCall(text, "an empty list of calls")]


def _call(value: Any, text: str) -> Call | BadCall:
    if isinstance(value, Mapping) and isinstance(value.get("function"), Mapping):
        value = value["function"]
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str) or not value["name"].strip():
        return BadCall(text, 'expected {"name": "...", "arguments": {...}}, and there is no name')
    given = [name for name in ("arguments", "parameters") if name in value]
    unknown = set(value) - _NAMES
    if len(given) > 1 or (unknown and not given):
        return BadCall(text, f"expected one of 'arguments', 'parameters'; there are {', '.join(map(str, value))}")
    return call_of(value["name"], value[given[0]] if given else {}, text)


def call_of(name: str, arguments: Any, text: str = "") -> Call | BadCall:
    """The call of a tool with these arguments: an object, or the text of one; null and "" are none."""
    for _ in range(2):  # the text of a text, where a server encodes once more what was text already
        if isinstance(arguments, str):
            try:
                arguments = _loads(arguments) if arguments.strip() else {}
            except ValueError:
                return BadCall(text or arguments, f"arguments are not JSON, or cut off: {arguments[:80]!r}")
    try:
        arguments = {} if arguments is None else _plain(arguments)
    except ValueError as error:
        return BadCall(text or str(arguments), str(error))
    if not isinstance(arguments, dict):
        return BadCall(text or str(arguments), f"arguments must be an object, not {type(arguments).__name__}")
    return Call(name.strip(), arguments)


def _loads(text: str) -> Any:
    """A JSON value by the strictest reader that takes it. Raises ValueError."""
    readers: tuple[Callable[[str], Any], ...] = (_strict, json5.loads, ast.literal_eval)
    for read in readers:
        try:
            value = read(text.strip())
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        return _plain(value)
    raise ValueError(f"not JSON: {text[:80]!r}")


def _strict(text: str) -> Any:
    return json.loads(text, strict=False)  # a line break inside a string is read as one


def _plain(value: Any) -> Any:
    """The value with finite numbers and whole characters alone. Raises ValueError for one that has others."""
    match value:
        case str():
            try:
                return value.encode("utf-16", "surrogatepass").decode("utf-16")
            except UnicodeDecodeError as error:
                raise ValueError(f"half a character in {value[:80]!r}") from error
        case bool() | int() | None:
            return value
        case float() if math.isfinite(value):
            return value
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {str(_plain(name)): _plain(item) for name, item in value.items()}
    raise ValueError(f"{value!r} is no value of JSON: no NaN, no Infinity")
