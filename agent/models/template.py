"""Messages to prompt text, and model text back to words and tool calls.

In: OpenAI-style message and tool dictionaries, or text that a model wrote. Out: the prompt, as
`chat_template.jinja` renders it (training and vLLM use that file itself), or `Call`s, `BadCall`s and the
words around them, also from a text that is still arriving.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Template, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATE_FILE = Path(__file__).with_name("chat_template.jinja")
OPEN, CLOSE, TURN_END = "<tool_call>", "</tool_call>", "<|im_end|>"

Json = Mapping[str, Any]


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


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a model's text says: the words for the customer, the calls, and the calls that went wrong."""

    content: str
    calls: tuple[Call, ...]
    invalid: tuple[BadCall, ...]


def render(messages: Sequence[Json], tools: Sequence[Json] = (), add_generation_prompt: bool = True) -> str:
    """The prompt for these messages, equal to Hugging Face's `apply_chat_template` with the same file.

    Tool schemas must carry no `$ref` (LangChain's `convert_to_openai_tool` resolves them). Control tokens in
    any content are broken up by the template, so that a customer's words stay words.
    """
    return _template().render(
        messages=messages, tools=list(tools) or None, add_generation_prompt=add_generation_prompt
    )


def parse(text: str) -> Parsed:
    """Split a whole answer into words and calls; an answer that was cut off loses at most its last call.

    ``parse('Sure.\\n<tool_call>{"name": "get_profile", "arguments": {}}</tool_call>')``
    """
    reader = CallReader()
    parts = [*reader.feed(text), *reader.finish()]
    return Parsed(
        "".join(part for part in parts if isinstance(part, str)).strip(),
        tuple(part for part in parts if isinstance(part, Call)),
        tuple(part for part in parts if isinstance(part, BadCall)),
    )


class CallReader:
    """Reads an answer as it streams: words come out as soon as they cannot be the start of a tag."""

    def __init__(self) -> None:
        self._rest = ""
        self._started = False

    def feed(self, chunk: str) -> list[str | Call | BadCall]:
        """The words and calls that this chunk completes, in order. Words never hold any part of a tag."""
        self._rest += chunk
        found: list[str | Call | BadCall] = []
        while True:
            words, opened, after = self._rest.partition(OPEN)
            if not opened:
                break
            found += self._words(words.rstrip())
            text, closed, rest = after.partition(CLOSE)
            if not closed:
                self._rest = opened + after
                return found
            found.append(read_call(text))
            self._rest = rest
        keep = len(self._rest) - _held(self._rest)
        words, self._rest = self._rest[:keep], self._rest[keep:]
        return [*found, *self._words(words)]

    def finish(self) -> list[str | Call | BadCall]:
        """What is left when the model has stopped: words that only looked like a tag, or a call cut short."""
        rest, self._rest = self._rest, ""
        if rest.startswith(OPEN):
            return [read_call(rest.removeprefix(OPEN))]
        return self._words(rest.rstrip())

    def _words(self, text: str) -> list[str | Call | BadCall]:
        for tag in (TURN_END, CLOSE):
            text = text.replace(tag, "")
        if not self._started:
            text = text.lstrip()
        self._started = self._started or bool(text)
        return [text] if text else []


def _held(text: str) -> int:
    """How many characters at the end must wait: they may begin a tag, or be space before a call."""
    bare = text.rstrip()
    longest = max(len(OPEN), len(CLOSE), len(TURN_END)) - 1
    for size in range(min(longest, len(bare)), 0, -1):
        if any(tag.startswith(bare[-size:]) for tag in (OPEN, CLOSE, TURN_END)) and bare == text:
            return size + len(text[:-size]) - len(text[:-size].rstrip())
    return len(text) - len(bare)


def read_call(text: str) -> Call | BadCall:
    """Read the JSON between the tags; a missing last brace is forgiven, since nothing is lost with it."""
    bare = text.strip()
    value: Any = None
    for attempt in (bare, bare + "}"):
        try:
            value = json.loads(attempt)
            break
        except ValueError:
            continue
    else:
        return BadCall(text, f"not JSON, or cut off: {bare[:80]!r}")
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return BadCall(text, 'expected {"name": "...", "arguments": {...}}, and there is no name')
    arguments = value.get("arguments", {})
    if not isinstance(arguments, dict):
        return BadCall(text, f"arguments must be an object, not {type(arguments).__name__}")
    return Call(value["name"], arguments)


class _Generation(Extension):
    """`{% generation %}` marks for training what the assistant wrote; here its body passes through."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares it so

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body).set_lineno(line)


@cache
def _template() -> Template:
    """The template under the settings of `transformers`, whose rendering it has to equal."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation]
    )
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment.from_string(TEMPLATE_FILE.read_text(encoding="utf-8"))
