"""The best next question: laws of the gain, and what is never asked."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from retrieval.clarification import LEAST_BITS, Candidate, best_question, gain

VALUES = st.frozensets(st.sampled_from("abcd"), max_size=3)
OPTIONS = st.lists(
    st.builds(
        Candidate,
        st.floats(0, 10),
        st.fixed_dictionaries({"color": VALUES, "brand": VALUES}),
    ),
    max_size=12,
)
CHANCES = {"color": 0.7, "brand": 0.35}


@given(OPTIONS)
def test_a_question_never_tells_less_than_nothing_nor_more_than_which_product_it_is(options: list[Candidate]) -> None:
    for name in ("color", "brand", "size"):
        told = gain(options, name)
        assert 0.0 <= told < 4.0  # log2 of 12 products is less
    assert gain(options, "size") == 0.0


@given(OPTIONS, st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_does_not_matter(options: list[Candidate], random: Random) -> None:
    mixed = random.sample(options, len(options))
    assert best_question(mixed, CHANCES) == best_question(options, CHANCES)
    assert gain(mixed, "color") == gain(options, "color")


@given(OPTIONS, st.sets(st.sampled_from(["color", "brand"])))
def test_what_must_not_be_asked_is_not_and_what_is_asked_is_worth_it(options: list[Candidate], never: set[str]) -> None:
    question = best_question(options, CHANCES, never)
    if question is not None:
        assert question.facet not in never
        assert question.bits >= LEAST_BITS and len(question.values) > 1


def shelf(*values: tuple[str, str]) -> list[Candidate]:
    return [Candidate(1.0, {"color": frozenset({one}), "brand": frozenset({two})}) for one, two in values]


def test_one_value_for_all_tells_nothing_and_an_even_split_tells_a_bit() -> None:
    options = shelf(("red", "A"), ("red", "B"), ("blue", "C"), ("blue", "D"))
    assert gain(options, "color") == 1.0
    assert gain(options, "brand") == 2.0
    assert gain(shelf(("red", "A"), ("red", "A")), "color") == 0.0


def test_customers_who_neither_know_nor_mind_are_asked_something_else() -> None:
    options = shelf(("red", "A"), ("red", "B"), ("blue", "C"), ("blue", "D"))
    sure = best_question(options, {"color": 0.9, "brand": 0.9})
    unsure = best_question(options, {"color": 0.9, "brand": 0.2})
    assert sure is not None and unsure is not None
    assert (sure.facet, unsure.facet) == ("brand", "color")
    assert best_question(options, {"color": 0.0, "brand": 0.0}) is None
    assert unsure.values == ("blue", "red")
