"""Numbers are read as people write them, in the languages there are packs for, and stand where the text has them."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from language.money import format_money, format_money_range
from language.numbers import as_written, find_numbers, numbers_in

CASES: list[tuple[str, str, list[Any]]] = yaml.safe_load(
    Path(__file__).with_name("numbers.yaml").read_text(encoding="utf-8")
)
LANGUAGES = ("en", "zh", "es", "de")


@pytest.mark.parametrize(("text", "language", "values"), CASES)
def test_the_table_of_numbers_is_read(text: str, language: str, values: list[Any]) -> None:
    found = find_numbers(text, (language,) if language else ())
    assert [sorted(map(float, number.values)) for number in found] == [
        sorted(map(float, value if isinstance(value, list) else [value])) for value in values
    ]


@given(st.text(max_size=80) | st.text(alphabet="0123456789.,'- k百千万一二十两半点$€ andonetw", max_size=40))
def test_numbers_stand_in_the_text_in_order_and_never_overlap(text: str) -> None:
    end = 0
    for number in find_numbers(text):
        assert end <= number.start < number.end <= len(text)
        assert number.text == text[number.start : number.end]
        assert number.values
        end = number.end


@given(st.decimals(min_value=0, max_value=9_999_999, places=2), st.sampled_from(LANGUAGES))
def test_a_number_in_any_countrys_form_reads_back(number: Decimal, language: str) -> None:
    written = format_decimal(number, "#,##0.00", locale=language)
    assert numbers_in(written, (language,)) == {float(number)}
    assert numbers_in(written) == {float(number)}


@given(
    st.integers(0, 9_999_999),
    st.sampled_from(LANGUAGES),
    st.sampled_from(("USD", "EUR", "GBP", "CNY", "JPY", "CHF", "SEK", "KWD", "CAD")),
)
def test_money_that_we_write_is_read_as_the_amount(amount: int, language: str, currency: str) -> None:
    languages = (language,) if currency == "KWD" else ()  # whose thousandths look like thousands
    assert numbers_in(format_money(amount, currency, language), languages) == {float(amount)}


@given(st.integers(0, 99_999_999))
def test_full_width_and_arabic_digits_are_digits(number: int) -> None:
    digits = str(number)
    assert numbers_in("".join(chr(ord("０") + int(digit)) for digit in digits)) == {float(number)}
    assert numbers_in("".join(chr(ord("٠") + int(digit)) for digit in digits)) == {float(number)}


def test_a_price_has_no_thousandths_and_elsewhere_both_readings_are_kept() -> None:
    assert numbers_in("1.299", money=True) == {1299.0}
    assert numbers_in("1.299") == {1.299, 1299.0}


def test_the_words_of_another_language_are_not_read() -> None:
    assert numbers_in("once I have it, ten is fine") == {10.0}
    assert numbers_in("cuesta once euros, gracias por la ayuda") == {11.0}
    assert numbers_in("once", ("en",)) == frozenset()


def test_numbers_are_written_without_a_needless_point() -> None:
    assert (as_written(160.0), as_written(Decimal("49.90"))) == (160, 49.9)
    assert isinstance(as_written(160.0), int)


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (1299, "USD", "en", "$1,299.00"),
        (1299, "USD", "zh", "$1,299.00"),
        (1299.5, "EUR", "de", "1.299,50\u00a0€"),
        (1299.5, "EUR", "en", "€1,299.50"),
        (1299.5, "CNY", "zh", "¥1,299.50"),
        (1299.6, "JPY", "en", "¥1,300"),
        (1299.5, "SEK", "en", "1,299.50 SEK"),
        (-5, "USD", "en", "-$5.00"),
        (2.675, "USD", "en", "$2.68"),
        (1299.5, "USD", "tlh", "$1,299.50"),
    ],
)
def test_money_is_written_as_the_language_has_it(amount: float, currency: str, language: str, text: str) -> None:
    assert format_money(amount, currency, language) == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_currencies_share_a_sign(language: str) -> None:
    codes = ("USD", "CAD", "AUD", "EUR", "GBP", "CNY", "JPY", "CHF", "SEK", "NOK", "DKK", "HKD", "MXN", "INR")
    assert len({format_money(10, code, language) for code in codes}) == len(codes)


@pytest.mark.parametrize(
    ("low", "high", "currency", "language", "text"),
    [
        (100, 200, "USD", "en", "$100-200"),
        (99.5, None, "EUR", "en", "€99.50+"),
        (None, 1500, "CHF", "zh", "≤1,500 CHF"),
        (100, 200, "EUR", "de", "100-200\u00a0€"),
        (30, 40, "", "en", "30-40"),
    ],
)
def test_ranges_of_money_are_short(
    low: float | None, high: float | None, currency: str, language: str, text: str
) -> None:
    assert format_money_range(low, high, currency, language) == text
