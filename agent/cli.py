"""What all command lines share: options, quiet libraries, and a log that never quotes a customer.

In: an argument parser, or the log level that it read. Out: the parser with `shop`, `state`, `model`, `profile`,
`replies`, `log_level`; environment and logging set for this process, by commands only, never on import. Errors:
`ConfigError` for a log level that there is not.
"""

import argparse
import logging
import os
import re
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from agent.models.profile import PROFILES
from errors import ConfigError

LOG_LEVEL = "SHOPKEEPER_LOG_LEVEL"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FORMAT = "%(levelname)s %(name)s: %(message)s"
# Their INFO is of use to nobody but those who ask for it, and some of their warnings to nobody at all.
_CHATTERING = ("sentence_transformers", "transformers", "httpx", "faiss")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"\+?\d(?:[\d ().-]{5,}\d)")
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def add_shop(parser: argparse.ArgumentParser) -> None:
    """`--shop DIR`."""
    parser.add_argument("--shop", type=Path, default=Path("shop"), metavar="DIR", help="shop directory (default: shop)")


def add_state(parser: argparse.ArgumentParser) -> None:
    """`--state DIR`; None means the shop's own."""
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="where database, index and adapters live (default: SHOP/state)"
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """`--model`, `--profile` and `--replies`; None means as the shop has it, else as the model's profile has it."""
    parser.add_argument("--model", help="embedded, large, a .gguf file or a server's URL (default: as in shop.toml)")
    parser.add_argument(
        "--profile",
        choices=tuple(PROFILES),
        help="how much help the model gets (default: as in shop.toml, else that of its kind)",
    )
    parser.add_argument("--replies", choices=("strict", "free"), help="who writes replies (default: as in shop.toml)")


def add_log_level(parser: argparse.ArgumentParser) -> None:
    """`--log-level`; None means as the environment has it, or else WARNING."""
    parser.add_argument(
        "--log-level",
        type=str.upper,
        choices=LEVELS,
        metavar="LEVEL",
        help=f"what the log says: {', '.join(LEVELS)} (default: {LOG_LEVEL}, or WARNING)",
    )


def set_up(log_level: str | None = None) -> None:
    """Offline, without progress bars or warnings; log records of this level and above are shown, discreetly.

    Errors: `ConfigError` for a level in the environment that is none.
    """
    level = log_level or os.environ.get(LOG_LEVEL, "").upper() or "WARNING"
    if level not in LEVELS:
        raise ConfigError(f"{LOG_LEVEL}={level!r} is no log level; there are {', '.join(LEVELS)}")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    warnings.filterwarnings("ignore")
    shown = logging.StreamHandler()
    shown.setFormatter(RedactingFormatter())
    shown.setLevel(level)  # some libraries set the level of their own loggers when they are imported
    root = logging.getLogger()
    for before in [handler for handler in root.handlers if isinstance(handler.formatter, RedactingFormatter)]:
        root.removeHandler(before)
    root.addHandler(shown)
    root.setLevel(level)
    for name in _CHATTERING:
        logging.getLogger(name).setLevel(logging.ERROR if level in ("WARNING", "ERROR") else level)


class RedactingFormatter(logging.Formatter):
    """For every handler of a process that serves customers.

    An exception's own message often quotes the words that caused it, so only its type and the places stand in the log;
    e-mail addresses and long numbers in any line are masked.
    """

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler's formatter may have left the message there
        line = super().format(record)
        record.exc_text = None
        return _NUMBER.sub("[number]", _EMAIL.sub("[email]", line))

    def formatException(self, ei: _Raised) -> str:  # the standard library's name
        """Types and places, of the exception and of those that led to it."""
        return "".join(_places(ei[1])).rstrip() if ei[1] is not None else ""


def _places(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _places(before)
        yield "which led to:\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}\n"
