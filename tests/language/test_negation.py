"""What a text turns round, and what only looks as if it did: the table in negation.yaml, and rules over all of it."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from language.negation import assents, denials, denied, refuses, says_nothing, turned_round
from language.truth import truth_of

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("negation.yaml").read_text(encoding="utf-8"))
NAMED = [
    (case["text"], word, group == "denied")
    for case in CASES
    for group in ("denied", "free")
    for word in case.get(group, ())
]


def _is_denied(text: str, word: str) -> bool:
    start = text.index(word)
    return denied(text, (start, start + len(word))) is not None


@pytest.mark.parametrize(("text", "word", "is_denied"), NAMED)
def test_what_a_message_rules_out(text: str, word: str, is_denied: bool) -> None:
    assert _is_denied(text, word) == is_denied


@pytest.mark.parametrize(("text", "word", "is_denied"), NAMED)
def test_the_quote_stands_in_the_message_and_has_the_word(text: str, word: str, is_denied: bool) -> None:
    start = text.index(word)
    denial = denied(text, (start, start + len(word)))
    if denial is not None:
        assert denial.quote == text[denial.start : denial.end]
        assert word in denial.quote and len(denial.quote) > len(word)


@given(
    st.sampled_from(["no {}", "without {}", "I don't like {}", "anything but {}", "不要{}", "sin {}", "ohne {}"]),
    st.lists(st.sampled_from(["wool", "leather", "red", "down"]), min_size=1, max_size=3, unique=True),
)
def test_a_denial_reaches_over_its_list_and_not_past_a_but(cue: str, words: list[str]) -> None:
    listed = " or ".join(words)
    text = f"jackets, {cue.format(listed)}, but cotton is fine"
    assert all(_is_denied(text, word) for word in words)
    assert not _is_denied(text, "jackets") and not _is_denied(text, "cotton")


@given(st.sampled_from(["do you have {}?", "isn't there a {} one?", "有没有{}？", "¿no hay {}?", "gibt es kein {}?"]))
def test_a_question_whether_there_is_one_denies_nothing(question: str) -> None:
    assert not _is_denied(question.format("black"), "black")


@given(st.text(max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_any_text_has_denials_that_stand_in_it(text: str, one: int, other: int) -> None:
    assert all(text[denial.start : denial.end] == denial.quote for denial in denials(text))
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    denial = denied(text, (start, end))
    assert denial is None or denial.quote in text


def test_a_denial_is_told_with_all_that_it_reaches() -> None:
    assert [one.quote for one in denials("jackets, no wool or leather, in red")] == ["no wool or leather"]
    assert denials("a red jacket") == ()


@pytest.mark.parametrize(
    "before", ["I don't ", "I am not ", "I’m not", "can't really ", "not want to spend ", "我不", "不是", "no "]
)
def test_what_turns_round_whatever_follows(before: str) -> None:
    assert turned_round(before)


@pytest.mark.parametrize("before", ["", "why don't ", "if not ", "he said no, ", "I do ", "我要", "not only "])
def test_what_turns_nothing_round(before: str) -> None:
    assert not turned_round(before)


def test_words_behind_a_value_may_rule_it_out() -> None:
    for text, value in (("red is out", "red"), ("红色就不要了", "红色"), ("red forget it", "red")):
        found = denied(text, (0, len(value)))
        assert found and found.quote == text
    assert not denied("red is fine", (0, 3)) and not denied("红色不错", (0, 2))


@pytest.mark.parametrize(
    ("text", "yes", "no"),
    [
        ("yes please", True, False),
        ("no, I haven't", False, True),
        ("好的", True, False),
        ("没有", False, True),
        ("sí, claro", True, False),
        ("nein danke", True, True),
        ("red", False, False),
    ],
)
def test_an_answer_says_yes_or_no(text: str, yes: bool, no: bool) -> None:
    assert (bool(assents(text)), bool(refuses(text))) == (yes, no)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Yes", True),
        ("是", True),
        ("no", False),
        ("否", False),
        ("1", True),
        ("nein", False),
        ("yes and no", None),
        ("", None),
    ],
)
def test_one_word_is_a_truth(text: str, meant: bool | None) -> None:
    assert truth_of(text) is meant


@pytest.mark.parametrize(
    ("text", "nothing"), [("none", True), ("nothing in particular", True), ("no allergies", False), ("wool", False)]
)
def test_a_value_may_be_that_there_is_none(text: str, nothing: bool) -> None:
    assert says_nothing(text) == nothing


@pytest.mark.parametrize(
    "text",
    [
        "no wool" + ", leather" * 200,
        "i don't want " + "something quite nice, " * 100,
        "not in " + "the " * 300,
        "no a   ,   " * 100,
        "no " + "a or b, " * 150,
        "不要羊毛" + "，皮革和羊绒" * 100,
    ],
)
def test_long_lists_are_read_in_a_moment(text: str) -> None:
    began = time.monotonic()
    denied(text, (len(text) - 2, len(text)))
    denials(text)
    assert time.monotonic() - began < 5
