"""Calls as models write them: what is unambiguous is read, the rest is a bad call, whatever pieces it comes in."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.models.calls import TOOL_CALL, BadCall, Call, CallReader, Marker, Parsed, Part, parse

PLAIN = '<tool_call>{"name": "a", "arguments": {"x": 1}}</tool_call>'
A = Call("a", {"x": 1})
MARKERS = (TOOL_CALL, Marker("<call>", "</call>", "\n"), Marker("[[", "]]"))


def marked(inner: str, marker: Marker = TOOL_CALL) -> str:
    return f"{marker.open}{marker.gap}{inner}{marker.gap}{marker.close}"


def in_pieces(text: str, sizes: list[int], marker: Marker = TOOL_CALL) -> Parsed:
    reader, parts, at, step = CallReader(marker), list[Part](), 0, 0
    while at < len(text):
        size = sizes[step % len(sizes)]
        parts += reader.feed(text[at : at + size])
        at, step = at + size, step + 1
    parts += reader.finish()
    return Parsed(
        "".join(part for part in parts if isinstance(part, str)).strip(),
        tuple(part for part in parts if isinstance(part, Call)),
        tuple(part for part in parts if isinstance(part, BadCall)),
    )


@pytest.mark.parametrize(
    ("inner", "calls"),
    [
        ('{"name": "a", "arguments": "{\\"x\\": 1}"}', [A]),
        ('{"name": "a", "parameters": {"x": 1}}', [A]),
        ('{"type": "function", "function": {"name": "a", "arguments": {"x": 1}}}', [A]),
        ('[{"name": "a", "arguments": {"x": 1}}, {"name": "b", "arguments": {}}]', [A, Call("b", {})]),
        ('{"name": "a", "arguments": {"x": 1}}\n{"name": "b"}', [A, Call("b", {})]),
        ('{"name": "a", "arguments": {"x": 1}}, {"name": "b", "arguments": null}', [A, Call("b", {})]),
        ('{"name": "a", "arguments": {"x": 1,},}', [A]),
        ("{'name': 'a', 'arguments': {'x': 1}}", [A]),
        ("{'name': 'a', 'arguments': {'x': 'it\\'s', 'y': True}}", [Call("a", {"x": "it's", "y": True})]),
        ('{"name": "a", "arguments": {"x": 1}', [A]),
        ('{"name": "a", "arguments": {"x": "{}}}{"}}', [Call("a", {"x": "{}}}{"})]),
        ('{"name": "a", "arguments": {"x": "l1\nl2"}}', [Call("a", {"x": "l1\nl2"})]),
        ('{"name": "a", "arguments": {"x": "\\u5939\\ud83d\\ude00"}}', [Call("a", {"x": "夹😀"})]),
        ('{"name": "a", "arguments": {"x": "tag </tool_call> and <tool_call>"}}',
         [Call("a", {"x": "tag </tool_call> and <tool_call>"})]),
    ],
)  # fmt: skip
def test_what_is_unambiguous_is_read(inner: str, calls: list[Call]) -> None:
    parsed = parse(f"Let me look.\n{marked(inner)}")
    assert (parsed.content, list(parsed.calls), parsed.invalid) == ("Let me look.", calls, ())


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ('{"name": "a", "arguments": {"x": NaN}}', "cut off"),
        ('{"name": "a", "arguments": {"x": -Infinity}}', "cut off"),
        ('{"name": "a", "arguments": {"x": 1e999}}', "cut off"),
        ('{"name": "a", "arguments": {"x": "\\ud83d"}}', "cut off"),
        ('{"name": "a", "arguments": "{\\"x\\": NaN}"}', "not JSON"),
        ('{"name": "a", "arguments": "AP-1"}', "not JSON"),
        ('{"name": "a", "arguments": []}', "object, not list"),
        ('{"name": "a", "arguments": {}, "parameters": {}}', "expected one of"),
        ('{"name": "get_order", "order_id": "AP-1"}', "expected one of"),
        ('{"arguments": {}}', "no name"),
        ('{"name": "a", "arguments": {"x": "say "hi" now"}}', "cut off"),
        ('{"name": "a", "arguments": {"x": "AP-1', "cut off"),
        ('{"name": "a", "arg', "cut off"),
        ("get_order(AP-1)", "cut off"),
        ("[" * 5000, "cut off"),
        ("[]", "empty list"),
        ("", "cut off"),
    ],
)
def test_the_rest_is_a_bad_call_that_says_why_and_shows_nothing(inner: str, reason: str) -> None:
    parsed = parse(f"Let me look. {marked(inner)} Here.")
    assert parsed.calls == ()
    assert reason in parsed.invalid[0].reason
    assert parsed.content == "Let me look.Here." or parsed.content == "Let me look. Here."


def test_a_call_that_is_cut_off_is_never_run() -> None:
    whole = '{"name": "cancel_order", "arguments": {"order_id": "AP-10482"}}'
    for end in range(len(whole) - 1):
        assert parse(f"{TOOL_CALL.open}{whole[:end]}").calls == ()
    for end in (len(whole) - 1, len(whole)):  # only the last brace is missing: nothing is lost with it
        assert parse(f"{TOOL_CALL.open}{whole[:end]}").calls == (Call("cancel_order", {"order_id": "AP-10482"}),)


def test_words_between_and_behind_calls_stay_words() -> None:
    parsed = parse(f"One. {PLAIN} Two. {PLAIN}Three.")
    assert parsed.calls == (A, A)
    assert "".join(parsed.content.split()) == "One.Two.Three."


def test_an_object_without_marks_is_words() -> None:
    text = 'My niece is {"name": "Anna", "age": 25}'
    assert parse(text) == Parsed(text, (), ())


def test_a_call_that_is_not_closed_hides_no_later_one() -> None:
    parsed = parse(f'<tool_call>{{"name": "a", "arg</tool_call> Sorry. {PLAIN}')
    assert parsed.calls == (A,)
    assert parsed.content == "Sorry."


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.text(min_size=1).filter(str.strip),
    st.dictionaries(st.text(), values, max_size=4),
    st.sampled_from(MARKERS),
    st.booleans(),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_every_call_is_read_back_however_it_arrives(
    name: str, arguments: dict[str, Any], marker: Marker, as_text: bool, sizes: list[int]
) -> None:
    given_as = json.dumps(arguments) if as_text else arguments
    text = marked(json.dumps({"name": name, "arguments": given_as}, ensure_ascii=as_text), marker)
    assert in_pieces(text, sizes, marker) == Parsed("", (Call(name.strip(), arguments),), ())


PIECES = (
    "Hi, a < b", "\n", " yes ", "<", PLAIN, "<tool_call>", "</tool_call>", '{"name": "a", "arguments": {', '"x": "',
    "'", '"', "}", "]", "[", ",", "<|im_end|>", "\\", "</tool", '{"name": "b"}', '"arguments": "{}"',
)  # fmt: skip


@given(
    st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=9),
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
)
@settings(max_examples=400)
@example(["<tool_call>", "</tool_call>", "Hi, a < b"], [1])  # an empty call is told alike
def test_any_chunking_gives_the_same_words_and_calls_and_shows_no_opening_mark(
    parts: list[str], sizes: list[int]
) -> None:
    text = "".join(parts)
    whole = parse(text)
    assert in_pieces(text, sizes) == whole
    assert TOOL_CALL.open not in whole.content
