"""A size named by a step is the product's next one; what is no step stays as it was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.size_steps import step_words, stepped

LETTERS = ("XS", "S", "M", "L", "XL")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("can i get it in a size up?", "L"),
        ("one size smaller pls", "S"),
        ("那大一码呢", "L"),
        ("有小一号的吗", "S"),
        ("Haben Sie die eine Nummer größer?", "L"),
        ("¿la tienen en una talla menos?", "S"),
    ],
)
def test_a_step_leads_to_the_next_size_in_every_language(text: str, size: str) -> None:
    assert step_words(text) in text.casefold() or step_words(text)
    assert stepped(step_words(text), "M", LETTERS) == size


@pytest.mark.parametrize("text", ["M", "size 42", "in black", "what sizes are there", "the big one", "三十八"])
def test_what_is_no_step_stays_as_it_is(text: str) -> None:
    assert step_words(text) == "" and stepped(text, "M", LETTERS) == text


@given(st.lists(st.integers(30, 60), min_size=1, unique=True).map(sorted), st.data())
def test_a_step_up_and_one_down_lead_back_and_none_leads_out_of_the_sizes(
    sizes: list[int], data: st.DataObject
) -> None:
    there = [str(size) for size in sizes]
    own = data.draw(st.sampled_from(there))
    larger = stepped("a size up", own, there)
    assert (larger == "") == (own == there[-1])
    assert not larger or stepped("a size down", larger, there) == own
    assert stepped("a size up", "a size that is not there", there) == ""
