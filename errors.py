"""The one error tree. Every error that Shopkeeper raises on purpose is a ShopkeeperError.

A message names the bad value and, where there are any, the valid ones; the commands print it as one line and exit
with the class's `exit_code`. Nothing comes in; the classes go out to every folder.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class ShopkeeperError(Exception):
    """Base of all expected errors. `exit_code` is what a command returns when the error reaches its edge."""

    exit_code = 1


class ConfigError(ShopkeeperError):
    """A setting, a shop file or an argument is missing or wrong."""

    exit_code = 2


class DataError(ShopkeeperError):
    """A catalogue line, template, order, event or training sample cannot be read as what it should be."""

    exit_code = 3


class NotFound(ShopkeeperError):
    """A customer, order, product or template that was named does not exist, or is not this customer's."""

    exit_code = 4


class Refused(ShopkeeperError):
    """A rule of the shop or of the profile schema forbids what was asked."""

    exit_code = 5


class ModelError(ShopkeeperError):
    """The language model could not be loaded, did not answer, or answered what cannot be parsed."""

    exit_code = 6


class StorageError(ShopkeeperError):
    """The database or the index could not be read or written: disk full, no permission, damaged file."""

    exit_code = 7


class Unauthenticated(ShopkeeperError):
    """A key or token is missing, unknown, forged, expired or revoked: nobody is known to ask."""

    exit_code = 8


class Forbidden(ShopkeeperError):
    """Who asks is known, and may not do this, or not for this customer."""

    exit_code = 9


class Busy(ShopkeeperError):
    """Too much is asked at once. `seconds`: after which it may be asked again."""

    exit_code = 11

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


def choices(values: Iterable[str], limit: int = 12) -> str:
    """Valid values for an error message, at most `limit` of them: ``choices(["b", "a"]) == "a, b"``."""
    names = sorted(values)
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def first_mistake(error: "ValidationError", *above: str, whole: str = "the whole", got: bool = True) -> str:
    """What pydantic stumbled over first, for an error message: ``"items.0.price: Input should be ... (got 'x')"``.

    `above` is where the value that it read stands, `whole` is what to call that where it stands nowhere. Without `got`
    the bad value is not named: it may be what somebody said.
    """
    first = error.errors()[0]
    place = ".".join(map(str, (*above, *first["loc"]))) or whole
    return f"{place}: {first['msg']}" + (f" (got {first['input']!r:.80})" if got else "")
