"""A text falls into clauses at its punctuation, and numbers stay whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.clauses import clause_at, clauses


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("no wait. keeping the small one, just the 0.7 l", ["no wait", "keeping the small one", "just the 0.7 l"]),
        ("1,000 grams at 7:30?", ["1,000 grams at 7:30"]),
        ("包邮不，几天能到？我在西雅图", ["包邮不", "几天能到", "我在西雅图"]),
        ("red - not blue", ["red", "not blue"]),
        ("…", []),
    ],
)
def test_clauses_end_at_punctuation(text: str, parts: list[str]) -> None:
    assert clauses(text) == parts


def test_a_space_between_chinese_breaks_where_it_is_asked_for() -> None:
    assert clauses("包邮不 几天能到 size L", is_spaced=True) == ["包邮不", "几天能到", "size L"]
    assert clauses("包邮不 几天能到") == ["包邮不 几天能到"]


@given(st.text(), st.integers(0, 40), st.integers(0, 40))
def test_the_clause_at_a_place_is_a_piece_of_the_text(text: str, start: int, length: int) -> None:
    assert clause_at(text, min(start, len(text)), min(start + length, len(text))) in text
