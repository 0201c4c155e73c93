"""Log lines tell what failed and where, and never what a customer said."""

import logging

import pytest

from agent.discreet import Discreet
from errors import StorageError
from profiles.database import open_database, writing


def logged(message: str, *arguments: object, error: Exception | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    return Discreet().format(logging.LogRecord("agent", logging.ERROR, __file__, 1, message, arguments, info))


def test_an_exception_is_logged_with_its_place_and_without_its_words() -> None:
    name = "Quillfeather"  # a line of code is shown as it stands: what is said is not in it
    try:
        try:
            raise ValueError(f"the customer said: my wife {name} is ill")
        except ValueError as error:
            raise KeyError(name) from error
    except KeyError as error:
        line = logged("tool %s failed", "update_profile", error=error)
    assert "Quillfeather" not in line
    assert "ValueError" in line and "KeyError" in line and "test_discreet.py" in line and "update_profile" in line


def test_addresses_and_long_numbers_are_masked_and_short_ones_stay() -> None:
    line = logged("no answer for %s, +1-415-555-0143, after 3 tries in 12.5 s", "megan.palmer@example.org")
    assert line == "ERROR agent: no answer for [email], [number], after 3 tries in 12.5 s"


def test_a_database_s_error_does_not_quote_the_row() -> None:
    engine = open_database("sqlite://")
    with pytest.raises(StorageError) as failure, writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (?)", ("Quillfeather",))
    assert "Quillfeather" not in str(failure.value) and "nowhere" in str(failure.value)
