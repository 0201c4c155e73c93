"""What all commands share: log lines tell what failed and where, never what a customer said, and as much as asked."""

import logging
from collections.abc import Iterator

import pytest

from agent.cli import LOG_LEVEL, Discreet, set_up
from errors import ConfigError, StorageError
from profiles.storage.database import open_database, writing


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
    assert "ValueError" in line and "KeyError" in line and "test_cli.py" in line and "update_profile" in line


def test_addresses_and_long_numbers_are_masked_and_short_ones_stay() -> None:
    line = logged("no answer for %s, +1-415-555-0143, after 3 tries in 12.5 s", "megan.palmer@example.org")
    assert line == "ERROR agent: no answer for [email], [number], after 3 tries in 12.5 s"


def test_a_database_s_error_does_not_quote_the_row() -> None:
    engine = open_database("sqlite://")
    with pytest.raises(StorageError) as failure, writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (?)", ("Quillfeather",))
    assert "Quillfeather" not in str(failure.value) and "nowhere" in str(failure.value)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    """A library's logger that sets its own level when it is imported; the process's logging is put back."""
    monkeypatch.delenv(LOG_LEVEL, raising=False)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    library = logging.getLogger("a_library")
    library.setLevel(logging.DEBUG)
    yield library
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("option", "environment", "shown"),
    [
        (None, "", ["warned"]),
        ("INFO", "", ["noted", "warned"]),
        (None, "info", ["noted", "warned"]),
        ("ERROR", "DEBUG", []),
    ],
)
def test_the_log_says_as_much_as_the_option_or_the_environment_asks_for(
    option: str | None,
    environment: str,
    shown: list[str],
    log: logging.Logger,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if environment:
        monkeypatch.setenv(LOG_LEVEL, environment)
    set_up("DEBUG")  # a second start in one process is as good as a first
    set_up(option)
    log.info("noted")
    log.warning("warned")
    assert [line.rpartition(" ")[2] for line in capsys.readouterr().err.splitlines()] == shown


def test_a_log_level_that_there_is_not_is_an_error_that_names_those_there_are(
    log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LOG_LEVEL, "LOUD")
    with pytest.raises(ConfigError, match=r"'LOUD'.*DEBUG, INFO, WARNING, ERROR"):
        set_up()
