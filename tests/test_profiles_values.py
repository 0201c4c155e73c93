"""Values as customers and models write them become canonical, or are refused with the valid ones named."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import ConfigError, DataError
from language.dates import dates_in
from language.numbers import numbers_in
from language.quantities import centimetres_in
from profiles.observation import Value
from profiles.schema import Schema
from profiles.storage.tables import time_text
from tests.profiles_shop import FACETS, SCHEMA

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("name", "raw", "clean"),
    [
        ("budget", "$150", 150.0),
        ("budget", "150 bucks", 150.0),
        ("budget", "一百五", 150.0),
        ("budget", 150, 150.0),
        ("budget", "２００元", 200.0),
        ("size", "medium", "M"),
        ("size", "中码", "M"),
        ("size", "xl", "XL"),
        ("size", 42.0, "42"),
        ("size", "size 43", "43"),
        ("color", "Dark-Green", "dark green"),
        ("color", "深绿色", "dark green"),
        ("color", "green", "green"),
        ("material", "wool", "wool"),
        ("category", "jacket", "jackets"),
        ("category", "coat", "jackets"),
        ("delivery", "自提", "pickup"),
        ("delivery", "Expres", "express"),
        ("needed_by", "2026-12-01", "2026-12-01"),
        ("needed_by", "friday", "2026-11-27"),
        ("needed_by", "下周五", "2026-12-04"),
        ("height_cm", "1.75m", 175.0),
        ("height_cm", "一米七五", 175.0),
        ("gift", "yes", True),
        ("need", "  Very  Warm ", "very warm"),
    ],
)
def test_a_value_is_cleaned_to_its_canonical_form(name: str, raw: Value, clean: Value) -> None:
    assert SCHEMA.attribute(name).clean(raw, FACETS, TUESDAY) == clean


@pytest.mark.parametrize(
    ("name", "raw", "named"),
    [
        ("budget", "cheap", "150"),
        ("budget", "-5", "between"),
        ("budget", "100 or 200", "one number"),
        ("budget", float("nan"), "between"),
        ("budget", True, "not a number"),
        ("size", "huge", "L, M, S"),
        ("color", "vip", "dark green"),
        ("delivery", "drone", "express, pickup, standard"),
        ("needed_by", "someday", "friday"),
        ("gift", "perhaps", "true, false"),
        ("need", "", "1 to 120"),
        ("need", "x" * 500, "1 to 120"),
    ],
)
def test_a_bad_value_is_refused_and_the_message_says_what_is_valid(name: str, raw: Value, named: str) -> None:
    with pytest.raises(DataError, match=named):
        SCHEMA.attribute(name).clean(raw, FACETS, TUESDAY)


def test_an_unknown_attribute_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(DataError, match="budget"):
        SCHEMA.attribute("favourite_colour")


@given(st.sampled_from(sorted(SCHEMA.attributes)), st.text(max_size=30) | st.floats() | st.booleans())
def test_cleaning_twice_changes_nothing_and_only_data_errors_come_out(name: str, raw: Value) -> None:
    attribute = SCHEMA.attribute(name)
    try:
        clean = attribute.clean(raw, FACETS, TUESDAY)
    except DataError:
        return
    assert attribute.clean(clean, FACETS, TUESDAY) == clean


@given(st.integers(0, 999_999))
def test_a_number_in_digits_is_read_as_it_is(number: int) -> None:
    assert numbers_in(f"about {number} please") == {float(number)}
    assert numbers_in(f"约{number:,}元") == {float(number)}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("between fifty and eighty", {50, 80}),
        ("one hundred and fifty", {150}),
        ("two thousand five hundred", {2500}),
        ("one fifty", {150}),
        ("1.5k", {1500}),
        ("一百零五", {105}),
        ("三千二", {3200}),
        ("两万五", {25000}),
        ("十五", {15}),
        ("外套穿42，100以内", {42, 100}),
        ("１，２００元", {1200}),
        ("nothing here", set()),
    ],
)
def test_numbers_in_words_are_read(text: str, numbers: set[float]) -> None:
    assert numbers_in(text) == numbers


def test_lengths_in_other_units_become_centimetres() -> None:
    assert centimetres_in("I'm 5'11\"") == {180}
    assert centimetres_in("身高1米68") == {168}


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("before the day after tomorrow", {"2026-11-26"}),
        ("我大后天要", {"2026-11-27"}),
        ("by next friday", {"2026-12-04"}),
        ("这周末", {"2026-11-28"}),
        ("on May 3rd", {"2027-05-03"}),
        ("12月5日之前", {"2026-12-05"}),
        ("in two weeks", {"2026-12-08"}),
        ("two weeks from now", {"2026-12-08"}),
        ("for christmas", {"2026-12-25"}),
        ("the sun and a week of rain", set()),
    ],
)
def test_days_are_read_against_today(text: str, days: set[str]) -> None:
    assert {day.isoformat() for day in dates_in(text, TUESDAY)} == days


def test_a_broken_schema_names_every_mistake(tmp_path: Path) -> None:
    path = tmp_path / "profile.yaml"
    path.write_text(
        "attributes:\n- {name: a, type: colour, writers: [stated]}\n- {name: b, type: choice, writers: [boss]}\n"
    )
    with pytest.raises(ConfigError) as caught:
        Schema.load(path)
    assert "attributes.0.type" in str(caught.value) and "attributes.1.writers" in str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "a", "type": "choice", "writers": ["stated"]},
        {"name": "a", "type": "text", "polarity": True, "writers": ["stated"]},
        {"name": "a", "type": "text", "writers": ["stated"], "colour": "red"},
        {"name": "a", "type": "text", "writers": []},
        {"name": "a", "type": "number", "bound": "max_price", "writers": ["stated"]},
        {"name": "a", "type": "money", "bound": "price", "writers": ["stated"]},
        {"name": "a", "type": "text", "max": 3, "writers": ["stated"]},
        {"name": "a", "type": "number", "min": 3, "max": 2, "writers": ["stated"]},
    ],
)
def test_a_schema_that_makes_no_sense_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Schema.parse({"attributes": [entry]})


def test_a_number_outside_its_bounds_is_refused_by_name() -> None:
    entry = {"name": "height_cm", "type": "number", "min": 50, "max": 230, "writers": ["stated"]}
    height = Schema.parse({"attributes": [entry]}).attribute("height_cm")
    assert height.clean("1.75 m") == 175.0
    with pytest.raises(DataError, match=r"height_cm: 12.* between 50 and 230"):
        height.clean(12)


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.timezones()))
def test_times_are_written_in_utc_to_the_microsecond(at: datetime) -> None:
    assert time_text(at) == at.astimezone(UTC).isoformat(timespec="microseconds")
