"""Days on the calendar: the nearest of a weekday, of a day of the month, of a month, and spans of weeks and months.

In: today and numbers (Monday is 0). Out: dates; None for a day that there is not (31 June). Pure functions.
"""

import calendar
from datetime import date, timedelta
from typing import Literal

Unit = Literal["day", "week", "month", "year"]
Days = tuple[date, date]  # the first and the last
WEEK = 7
_YEARS = 8  # 29 February comes within them


def day_of(year: int, month: int, day: int) -> date | None:
    """The day of that date, if there is one."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def nearest_date(today: date, month: int, day: int, *, past: bool) -> date | None:
    """The next such day, today included; of the past: the last one."""
    step = -1 if past else 1
    for year in range(today.year, today.year + step * (_YEARS + 1), step):
        found = day_of(year, month, day)
        if found and (found <= today if past else found >= today):
            return found
    return None


def nearest_month_day(today: date, day: int, *, past: bool) -> date | None:
    """The next such day of a month ("the 18th"), today included; of the past: the last one."""
    for shift in range(0, -3, -1) if past else range(3):
        first, _ = month_of(today, shift)
        found = day_of(first.year, first.month, day)
        if found and (found <= today if past else found >= today):
            return found
    return None


def nearest_weekday(today: date, weekday: int, *, past: bool) -> date:
    """The next such weekday, today included; of the past: the last one before today."""
    if past:
        return today - timedelta(days=(today.weekday() - weekday - 1) % WEEK + 1)
    return today + timedelta(days=(weekday - today.weekday()) % WEEK)


def weekday_of_week(today: date, weekday: int, weeks: int) -> date:
    """That weekday of this week (0), the next (1), the last (-1); a week begins on Monday."""
    return today + timedelta(days=WEEK * weeks + weekday - today.weekday())


def nearest_month(today: date, month: int, *, past: bool) -> Days:
    """The first and last day of the next such month, this one included; of the past: the last one."""
    first, last = month_of(today.replace(day=1, month=month))
    if past and first > today:
        return month_of(first, -12)
    return month_of(first, 12) if not past and last < today else (first, last)


def month_of(day: date, shift: int = 0) -> Days:
    """The first and last day of the month of `day`, or of one that many months later."""
    year, month = divmod(day.year * 12 + day.month - 1 + shift, 12)
    return date(year, month + 1, 1), date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def shifted(day: date, count: int, unit: Unit) -> date:
    """So many days, weeks, months or years later; 31 January and a month is the last of February."""
    if unit in ("day", "week"):
        return day + timedelta(days=count * (WEEK if unit == "week" else 1))
    _, last = month_of(day, count * (12 if unit == "year" else 1))
    return last.replace(day=min(day.day, last.day))


def period_of(day: date, unit: Unit, shift: int = 0) -> Days:
    """The first and last day of the week, month or year of `day`, or of a later one."""
    if unit == "week":
        return weekday_of_week(day, 0, shift), weekday_of_week(day, 6, shift)
    if unit == "year":
        return date(day.year + shift, 1, 1), date(day.year + shift, 12, 31)
    return month_of(day, shift) if unit == "month" else (shifted(day, shift, "day"),) * 2
