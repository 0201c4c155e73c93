"""What the numbers of a message count, how they are bounded, and which price it asks for."""

from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from language.quantities import (
    PriceLimits,
    PricesNamed,
    Range,
    centimetres_in,
    find_quantities,
    find_ranges,
    leading_count,
    measured_numbers,
    price_of,
    prices_named,
    range_in,
)


def _table(name: str) -> Any:
    return yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "least", "most"), _table("prices.yaml"))
def test_the_price_that_a_message_asks_for(text: str, least: float | None, most: float | None) -> None:
    exact = (None if end is None else Decimal(str(end)) for end in (least, most))
    assert price_of(text) == PriceLimits(*exact)


@pytest.mark.parametrize(("text", "quantities"), _table("quantities.yaml"))
def test_what_the_numbers_count(text: str, quantities: list[list[Any]]) -> None:
    found = [[one.low, one.high, one.counts, one.unit, one.role] for one in find_quantities(text)]
    assert found == [
        [None if end is None else Decimal(str(end)) for end in (low, high)] + rest for low, high, *rest in quantities
    ]


_PRICES = st.integers(1, 99_999)
_CEILINGS = st.sampled_from(
    ("under {}", "no more than {} dollars", "{} tops", "不超过{}元", "{}以内", "höchstens {} Euro", "menos de {} euros")
)


@given(_PRICES, _CEILINGS)
@example(1900, "menos de {} euros")  # no year, although "de 1900" is one
def test_a_ceiling_is_the_greatest_price_however_it_is_said(price: int, saying: str) -> None:
    assert price_of(f"boots, {saying.format(price)}") == PriceLimits(None, Decimal(price))


@given(
    st.integers(1, 60),
    st.sampled_from(("under {} kg", "within {} days", "size {} or above", "{} people max", "{}岁以下", "unter {} l")),
)
def test_what_counts_something_else_is_no_price(number: int, saying: str) -> None:
    assert price_of(saying.format(number)) == PriceLimits(None, None)


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_a_ranges_text_reads_back(one: int, other: int) -> None:
    low, high = sorted((float(one), float(other)))
    for said in (Range(low, high), Range(low, None), Range(None, high)):
        assert range_in(said.text) == said


@given(st.text(max_size=120) | st.text(alphabet="0123456789.,-~$€kg年个至到 toundermax以内不 ", max_size=60))
def test_quantities_stand_in_the_text_in_order(text: str) -> None:
    for before, one in zip((None, *find_quantities(text)), find_quantities(text), strict=False):
        assert 0 <= one.start < one.end <= len(text) and one.text == text[one.start : one.end]
        assert before is None or before.end <= one.start
        assert (one.low is None, one.high is None) == (one.role == "ceiling", one.role == "floor")
        assert one.low is None or one.high is None or one.low <= one.high


def test_the_words_of_a_quantity_stand_where_the_text_has_them() -> None:
    (one,) = find_quantities("Ｂｏｏｔｓ　ｕｎｄｅｒ　＄１５０ please")
    assert (one.text, one.high, one.currency) == ("ｕｎｄｅｒ　＄１５０", Decimal(150), "USD")


def test_places_that_are_taken_are_left_alone() -> None:
    text = "by 12/05, under 40"
    assert [one.high for one in find_quantities(text, taken=[(3, 8)])] == [Decimal(40)]


def test_an_ambiguous_number_keeps_both_values_and_a_price_the_one_it_can_be() -> None:
    (one,) = find_quantities("1.299")
    assert one.values == (Decimal("1.299"), Decimal(1299))
    assert find_quantities("1.299 €")[0].values == (Decimal(1299),)


def test_two_open_ranges_of_one_thing_are_joined() -> None:
    (joined,) = find_ranges("at least 50, at most 80 dollars", "money")
    assert (joined.range, joined.currency) == (Range(50.0, 80.0), "USD")
    assert find_ranges("at least 5 litres, at most 80 dollars", "money")[0].range == Range(None, 80.0)


def test_prices_that_a_call_may_copy() -> None:
    texts = ("a tent for 90", "at least 50", "size 42, 3 kg")
    named = prices_named(each for text in texts for each in find_quantities(text))
    assert named == PricesNamed(frozenset({50.0}), frozenset({90.0}))


def test_both_ends_of_a_range_count_what_stands_behind_it() -> None:
    assert [(int(number.values[0]), measure.unit) for number, measure in measured_numbers("3-5 business days")] == [
        (3, "day"),
        (5, "day"),
    ]


@pytest.mark.parametrize(
    ("text", "lengths"),
    [("I'm 5'11\"", {180}), ("身高1米68", {168}), ("1.75 m", {175}), ("6 ft", {183}), ("175cm", {175}), ("9 kg", {})],
)
def test_lengths_become_centimetres(text: str, lengths: set[float]) -> None:
    assert centimetres_in(text) == set(lengths)


@pytest.mark.parametrize(
    ("text", "count", "rest"),
    [
        ("two socks", 2, "socks"),
        ("2 x socks", 2, "socks"),
        ("a sock", 1, "sock"),
        ("一件夹克", 1, "夹克"),
        ("zwei Socken", 2, "Socken"),
        ("una camisa", 1, "camisa"),
        ("socks", None, "socks"),
    ],
)
def test_how_many_of_what(text: str, count: int | None, rest: str) -> None:
    assert leading_count(text) == (count, rest)


def test_a_long_message_is_read_in_milliseconds() -> None:
    text = ("I am looking for waterproof boots under two hundred and fifty dollars, size 42, within 3 days. " * 4)[:300]
    find_quantities(text)
    spent = []
    for turn in range(20):
        begun = process_time()
        find_quantities(f"{text[:-2]}{turn}")
        spent.append(process_time() - begun)
    assert min(spent) < 0.005
