"""Days as people write them: the table of cases, and what holds for every text, day and language."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any

import pytest
import yaml
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from language.date_words import dated_languages
from language.dates import dates_in, find_dates, find_times, find_weekdays, format_day
from language.text import fold

TABLE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("dates.yaml").read_text(encoding="utf-8"))
FRIDAY: date = TABLE["today"]
MESSAGE = (
    "Hi there, I ordered two waterproof jackets in size M and a pair of boots last Monday, and the box came with only "
    "one of them. I need the other by Friday because we leave for the mountains on May 3rd; it may fit my wife. Can "
    "you send it within 3 days or give me the $120 back? Order AP-10482."
)
FORMS = (
    "{0:%Y-%m-%d}", "{0:%d.%m.%Y}", "{0.day} {0:%B} {0.year}", "{0:%B} {0.day}, {0.year}",
    "{0.year}年{0.month}月{0.day}日", "{0.year}/{0.month}/{0.day}",
)  # fmt: skip
days = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: f"{case['language']}: {case['text']}")
@pytest.mark.parametrize("known", [True, False], ids=["its language", "any language"])
def test_a_text_names_these_days(case: dict[str, Any], known: bool) -> None:
    today = case.get("today", FRIDAY)
    mentions = find_dates(case["text"], today, (case["language"],) if known else ())
    assert {day for mention in mentions for day in mention.days} == {*case.get("days", ()), *case.get("either", ())}
    if "either" in case:
        assert [mention.is_ambiguous for mention in mentions] == [True]
        assert dates_in(case["text"], today) == frozenset()
    if "span" in case:
        assert [(mention.first, mention.last) for mention in mentions] == [tuple(case["span"])]


@given(st.text(max_size=120), days)
def test_any_text_can_be_read_and_places_are_those_of_the_text(text: str, today: date) -> None:
    dates, weekdays, times = find_dates(text, today), find_weekdays(text), find_times(text)
    places = [(mention.start, mention.end, mention.text) for mention in dates]
    places += [(mention.start, mention.end, mention.text) for mention in weekdays]
    places += [(mention.start, mention.end, mention.text) for mention in times]
    assert all(text[start:end] == words for start, end, words in places)


@given(st.text(alphabet="0123456789./-年月日 号周一二三十mayonrth18", max_size=40), days)
def test_mentions_do_not_overlap(text: str, today: date) -> None:
    mentions = find_dates(text, today)
    assert all(one.end <= other.start for one, other in pairwise(mentions))


@given(days, days, st.sampled_from(FORMS))
def test_a_whole_date_is_read_whatever_day_it_is(day: date, today: date, form: str) -> None:
    (mention,) = find_dates(f"delivered on {form.format(day)}.", today)
    assert mention.days == (day,)
    assert (mention.year, mention.month, mention.day) == (day.year, day.month, day.day)


@given(days, st.sampled_from(["en", "es", "de", "zh"]))
def test_a_day_that_is_written_is_read_again(today: date, language: str) -> None:
    for before in range(400):
        day = today - timedelta(days=before)
        said = {"en": "it came {}", "es": "llegó {}", "de": "es kam {}", "zh": "{}收到的"}[language]
        read = dates_in(said.format(format_day(day, language, today)), today, (language,))
        # "On Friday" of something that came is the Friday before today's.
        assert read == {day if before else today - timedelta(days=7)}
        if before > 8:
            break


@given(days, days)
def test_figures_in_either_order_are_asked_about_unless_they_have_one_reading(day: date, today: date) -> None:
    (mention,) = find_dates(f"by {day.day}/{day.month}/{day.year}", today)
    assert day in mention.days
    assert mention.is_ambiguous == (day.day <= 12 and day.day != day.month)


@given(days, st.integers(0, 6))
def test_a_weekday_is_the_nearest_to_come_or_the_last_before_today(today: date, weekday: int) -> None:
    name = Locale.parse("en").days["format"]["wide"][weekday]
    (coming,) = dates_in(f"I need it by {name}", today)
    (past,) = dates_in(f"it arrived on {name}", today)
    (last,) = dates_in(f"it came last {name}", today)
    assert coming.weekday() == past.weekday() == weekday
    assert 0 <= (coming - today).days <= 6
    assert 1 <= (today - past).days <= 7
    assert past == last


@given(days, st.integers(1, 31))
def test_a_day_of_the_month_is_over_or_still_to_come(today: date, number: int) -> None:
    mark = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number not in (11, 12, 13) else 0, "th")
    (coming,) = dates_in(f"need it by the {number}{mark}", today)
    (past,) = dates_in(f"it arrived on the {number}{mark}", today)
    assert past <= today <= coming
    assert past.day == coming.day == number


@pytest.mark.parametrize("language", dated_languages())
def test_every_month_and_weekday_has_its_name(language: str) -> None:
    locale = Locale.parse(language)
    for number, name in locale.months["format"]["wide"].items():
        text = f"2027年{name}5日" if language == "zh" else f"5. {name} 2027" if language == "de" else f"5 {name} 2027"
        assert dates_in(text, FRIDAY, (language,)) == {date(2027, number, 5)}
    for number, name in locale.days["format"]["wide"].items():
        (mention,) = find_weekdays(f"{name}.", (language,))
        assert (mention.text, mention.weekday) == (name, number)


@pytest.mark.parametrize(
    ("text", "weekdays"),
    [
        ("open on Mondays and every Tue", [0, 1]),
        ("the Sun hoody sat on it", []),
        ("a Black Friday deal", []),
        ("周一到周五", [0, 4]),
        ("每周一次", []),
        ("los lunes y el sábado", [0, 5]),
        ("montags bis Freitagabend", [0, 4]),
    ],
)
def test_weekdays_are_found_by_name_habits_too(text: str, weekdays: list[int]) -> None:
    assert [mention.weekday for mention in find_weekdays(text)] == weekdays


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("9:00-18:00", [540, 1080]),
        ("Hours:9:00", [540]),
        ("营业时间：9:00-18:00", [540, 1080]),
        ("from 9am to 6 pm", [540, 1080]),
        ("at 12 a.m. or 12 p.m.", [0, 720]),
        ("bis 18 Uhr", [1080]),
        ("3 in 1, size 42, 4.5 stars", []),
    ],
)
def test_times_of_day_are_minutes(text: str, minutes: list[int]) -> None:
    assert [mention.minute for mention in find_times(text)] == minutes


@pytest.mark.parametrize(
    ("language", "recent", "older"),
    [
        ("en", "on Tuesday", "on 3 May 2026"),
        ("zh", "周二", "2026年5月3日"),
        ("es", "el martes", "el 3 de mayo de 2026"),
        ("de", "am Dienstag", "am 3. Mai 2026"),
        ("fr", "mardi", "3 mai 2026"),
    ],
)
def test_a_day_is_written_in_the_customers_language(language: str, recent: str, older: str) -> None:
    assert format_day(date(2026, 11, 24), language, FRIDAY) == recent
    assert format_day(date(2026, 5, 3), language, FRIDAY) == older
    assert format_day(FRIDAY - timedelta(days=7), "en", FRIDAY) == "on 20 November 2026"


def test_a_message_is_read_in_a_few_milliseconds() -> None:
    """Measured under 1 ms on an idle core; ten times that still says that nothing is made anew for each text."""
    find_dates(MESSAGE, FRIDAY)
    began = process_time()
    for _ in range(20):
        find_dates.cache_clear()
        fold.cache_clear()
        assert len(find_dates(MESSAGE, FRIDAY)) == 4
    assert (process_time() - began) / 20 < 0.01
