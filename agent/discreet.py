"""Log lines without customers: what goes wrong is logged with its place in the code, not with what somebody said.

In: log records. Out: lines. An exception's own message often quotes the words that caused it, so only its type and the
places stand in the log; e-mail addresses and long numbers in any line are masked.
"""

import logging
import re
import traceback
from collections.abc import Iterator
from types import TracebackType

FORMAT = "%(levelname)s %(name)s: %(message)s"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"\+?\d(?:[\d ().-]{5,}\d)")
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """For every handler of a process that serves customers."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler's formatter may have left the message there
        line = super().format(record)
        record.exc_text = None
        return _NUMBER.sub("[number]", _EMAIL.sub("[email]", line))

    def formatException(self, ei: _Raised) -> str:  # the standard library's name
        """Types and places, of the exception and of those that led to it."""
        return "".join(_told(ei[1])).rstrip() if ei[1] is not None else ""


def _told(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _told(before)
        yield "which led to:\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}\n"
