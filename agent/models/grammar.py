"""Tools to the grammar that binds a small model's calls: words are free, a call is always valid.

In: OpenAI-style tool dictionaries without `$ref`, and per argument name the values (of a list: its elements) allowed
just now. Out: one structural tag, as JSON text, that OpenVINO GenAI compiles. JSON is written as `json.dumps` writes
it (", " and ": "), because that is what the model has been trained on: a grammar that allows other spacing lets it
drift.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from agent.models.calls import TOOL_CALL, Marker

Json = Mapping[str, Any]
Allowed = Mapping[str, Sequence[str | float] | Json]  # an argument's values, or the schema of what it may be
SPAN_OF = "spanOf"  # in a schema: a string that is a piece of one of these texts, of whole words
# A word, a Chinese character, or a sign.
_PIECE = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|[^\w\s]")

# Strings are not bounded here: counted repetitions take the compiler seconds and decoding minutes. The engine's
# repetition guard and its token limit stop a model that runs away.
_BASE = r"""
string ::= "\"" chars
chars ::= "\"" | [^"\\\x00-\x1f] chars | "\\" ["\\/bfnrt] chars
number ::= "-"? digits ("." [0-9] [0-9]*)?
integer ::= "-"? digits
digits ::= "0" | [1-9] [0-9]*
boolean ::= "true" | "false"
"""


def tool_grammar(
    tools: Sequence[Json], allowed: Allowed | None = None, required: bool = False, marker: Marker = TOOL_CALL
) -> str:
    """The structural tag for these tools: free text with any number of calls, or, if `required`, one call
    or more and nothing else.

    `allowed` narrows an argument of that name, in every tool, to the values given: ``{"order_id":
    ["AP-10482"]}``; ``{"cancel.order_id": ["AP-10482"]}`` does so in one tool. With an empty list an argument is left
    out; a tool that requires it cannot be called, unless none could be. A schema takes the place of the tool's own.
    """
    narrowed = [(tool["function"], _narrowed(tool["function"], allowed or {})) for tool in tools]
    offered = [(function, own) for function, own in narrowed if not _missing(function, own)]
    tags = [_tag(function, own, marker) for function, own in offered or narrowed]
    calls: dict[str, Any] = (
        {"type": "tags_with_separator", "tags": tags, "separator": "\n", "at_least_one": True}
        if required
        else {"type": "triggered_tags", "triggers": [marker.open], "tags": tags}
    )
    return json.dumps({"type": "structural_tag", "format": calls}, ensure_ascii=False)


def _missing(function: Json, own: Allowed) -> bool:
    """Whether there is nothing to say for an argument that has to be given."""
    required = (function.get("parameters") or {}).get("required") or ()
    return any(not own.get(name, (name,)) for name in required)


def _narrowed(function: Json, allowed: Allowed) -> Allowed:
    """What is allowed for this tool's arguments: by argument for all tools, or for this tool alone."""
    names = list((function.get("parameters") or {}).get("properties") or {})
    shared = {name: allowed[name] for name in names if allowed.get(name)}
    own = {name: allowed[f"{function['name']}.{name}"] for name in names if f"{function['name']}.{name}" in allowed}
    return shared | own


def _tag(function: Json, allowed: Allowed, marker: Marker) -> dict[str, Any]:
    begin = f'{marker.open}{marker.gap}{{"name": {_dumps(function["name"])}, "arguments": '
    grammar = Rules(allowed).text(function.get("parameters") or {"type": "object"})
    return {"begin": begin, "content": {"type": "grammar", "grammar": grammar}, "end": "}" + marker.gap + marker.close}


class Rules:
    """EBNF for one JSON schema; properties come in the schema's order and optional ones may be left out."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._rules: dict[str, str] = {}  # body -> name

    def text(self, schema: Json) -> str:
        """The whole grammar, its first rule being `root`."""
        root = self._value(schema)
        rules = [f"{name} ::= {body}" for body, name in self._rules.items()]
        return f"root ::= {root}\n" + "\n".join(rules) + _BASE

    def _value(self, schema: Json) -> str:
        if "const" in schema or "enum" in schema:
            return self._one_of(_literal(value) for value in schema.get("enum", [schema.get("const")]))
        if schema.get(SPAN_OF):
            return self._span(schema[SPAN_OF])
        if "anyOf" in schema:
            # A model that has nothing to say leaves the argument out, so null is never offered.
            return self._one_of(self._value(option) for option in schema["anyOf"] if option.get("type") != "null")
        match schema.get("type"):
            case "object":
                return self._object(schema)
            case "array":
                return self._list(self._value(schema.get("items") or {}), schema.get("maxItems"))
            case "number" | "integer" | "boolean" as known:
                return str(known)
            case list() as several:
                return self._one_of(self._value({**schema, "type": one}) for one in several if one != "null")
            case _:
                return "string"

    def _object(self, schema: Json) -> str:
        """Rules from the last property back, in two rows: with nothing written yet, and after a comma."""
        required = set(schema.get("required") or ())
        first = after = '""'
        for name, field in reversed(list((schema.get("properties") or {}).items())):
            if name not in required and not self._allowed.get(name, (name,)):
                continue
            value = self._allowed_value(name, field) or self._value(field)
            pair = f"{_literal(_dumps(name) + ': ', bare=True)} {value} {after}"
            if name in required:
                first, after = self._name(pair), self._name(f'", " {pair}')
            else:
                first, after = self._name(f"{pair} | {first}"), self._name(f'", " {pair} | {after}')
        return self._name(f'"{{" {first} "}}"')

    def _allowed_value(self, name: str, field: Json) -> str | None:
        values = self._allowed.get(name)
        if not values:
            return None
        if isinstance(values, Mapping):
            return self._value(values)
        one = self._one_of(_literal(value) for value in values)
        return self._list(one, None) if field.get("type") == "array" else one

    def _list(self, item: str, most: int | None) -> str:
        """One or more; up to `most` by as many rules, so that a model that repeats itself still ends its call."""
        if most is None:
            return self._name(f'"[" {item} (", " {item})* "]"')
        rest = '""'
        for _ in range(most - 1):
            rest = self._name(f'"" | ", " {item} {rest}')
        return self._name(f'"[" {item} {rest} "]"')

    def _span(self, texts: Sequence[str]) -> str:
        starts = [start for text in dict.fromkeys(texts) for start in self._starts(text)]
        return self._name(f'"\\"" ({" | ".join(starts)}) "\\""') if starts else "string"

    def _starts(self, text: str) -> list[str]:
        """Rules from the last word back, each for what may follow if the quote has come so far."""
        words = list(_PIECE.finditer(text))
        starts = list[str]()
        rest, after = "", len(text)
        for word in reversed(words):
            gap = text[word.end() : after]
            going_on = f' ("" | {f"{_inner(gap)} " if gap else ""}{rest})' if starts else ""
            rest = self._name(_inner(word[0]) + going_on)
            starts.append(rest)
            after = word.start()
        return starts

    def _one_of(self, options: Any) -> str:
        return self._name(" | ".join(dict.fromkeys(options)) or "string")

    def _name(self, body: str) -> str:
        """The rule of this body: attributes share the quote's, which is as long as the message."""
        if body not in self._rules:
            self._rules[body] = f"r{len(self._rules)}"
        return self._rules[body]


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _inner(text: str) -> str:
    """The EBNF literal of text inside a JSON string."""
    return _dumps(_dumps(text)[1:-1])


def _literal(value: Any, bare: bool = False) -> str:
    """The EBNF literal of a JSON value; `bare` when the text is what should be written, quotes and all."""
    return _dumps(value if bare else _dumps(value))
