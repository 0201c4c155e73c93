"""What a message says does not matter is found in every language, and nothing else is."""

import pytest

from language.indifference import indifferent, price_words

COLOR = ("colour", "color", "颜色", "Farbe", "color")


@pytest.mark.parametrize(
    "text",
    [
        "colour doesnt matter",
        "any color will do",
        "don't care about the colour",
        "no matter what colour",
        "forget navy then",
        "it needn't be navy",
        "颜色无所谓",
        "什么颜色都行",
        "Farbe ist egal",
        "el color no importa",
    ],
)
def test_what_does_not_matter_is_told(text: str) -> None:
    assert indifferent(text, {"color": ("navy",)}, {"color": COLOR, "size": ("size", "尺码")}) == {"color"}


@pytest.mark.parametrize(
    "text",
    [
        "which colours are there?",
        "navy please",
        "I like this colour",
        "any colour that you have in L?",
        "any navy ones?",
        "颜色有哪些",
        "",
    ],
)
def test_what_is_asked_or_wanted_still_matters(text: str) -> None:
    assert not indifferent(text, {"color": ("navy",)}, {"color": COLOR})


@pytest.mark.parametrize(
    "text", ["scrap the price cap", "dont care abt the price anymore", "money is no object", "预算可以放宽"]
)
def test_a_limit_of_the_price_is_given_up(text: str) -> None:
    assert indifferent(text, {}, {"max_price": price_words()}) == {"max_price"}
