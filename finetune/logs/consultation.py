"""One consultation as a log tells it, whatever the log's format, and the project's own form of it.

In: a parsed line of the own JSONL. Out: `Consultation`. Errors: `DataError` naming the field and what is wrong with it,
never what a customer wrote.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import DataError
from profiles.privacy.purposes import Purpose

Speaker = Literal["customer", "agent"]
Rating = Literal["good", "bad"]
Model = TypeVar("Model", bound=BaseModel)
_SPEAKERS: dict[str, Speaker] = {"customer": "customer", "user": "customer", "agent": "agent", "assistant": "agent"}


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A tool call that the agent made, if the log knows of it."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """What one side said; `at` is aware and in UTC, or None if the log does not say."""

    role: Speaker
    text: str
    at: datetime | None = None
    calls: tuple[LoggedCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Consultation:
    """A conversation from a log.

    `customer` is whose it is, as the log has it; `aliases` are other ids and e-mail addresses by which the shop may
    know them; `names` are those of the people who speak. `consent`, `rating` and `resolved` are None where the log is
    silent.
    """

    id: str
    customer: str
    messages: tuple[LoggedMessage, ...]
    file: str
    line: int
    consent: bool | None = None
    rating: Rating | None = None
    resolved: bool | None = None
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = field(default=(), repr=False)


class Lenient(BaseModel):
    """What we read is checked; what else a line holds is the shop's own business."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class _Call(Lenient):
    name: str = Field(min_length=1)
    arguments: dict[str, Any] = Field(default_factory=dict)


class _Message(Lenient):
    role: Literal["customer", "user", "agent", "assistant"]
    content: str = ""
    at: datetime | None = None
    tool_calls: list[_Call] = Field(default_factory=list)


class _Line(Lenient):
    id: str = Field(min_length=1)
    customer: str = Field(min_length=1)
    consent: bool | dict[Purpose, bool] | None = None  # to training; or by purpose, as in customers.jsonl
    rating: Rating | None = None
    resolved: bool | None = None
    messages: list[_Message]


def read_own(value: Any, file: str, line: int) -> Consultation:
    """A line of the own JSONL: `{"id", "customer", "messages": [{"role", "content"}]}` and what else is known."""
    read = checked(_Line, value)
    return Consultation(
        id=read.id,
        customer=read.customer,
        messages=tuple(
            LoggedMessage(
                _SPEAKERS[message.role],
                message.content,
                utc(message.at),
                tuple(LoggedCall(call.name, call.arguments) for call in message.tool_calls),
            )
            for message in read.messages
        ),
        file=file,
        line=line,
        consent=read.consent.get(Purpose.TRAINING) if isinstance(read.consent, dict) else read.consent,
        rating=read.rating,
        resolved=read.resolved,
    )


def checked(model: type[Model], value: Any) -> Model:
    """`value` as `model`; a DataError names the first field that does not fit, and no customer's words."""
    try:
        return model.model_validate(value)
    except (ValidationError, RecursionError) as error:
        if isinstance(error, RecursionError):
            raise DataError("nested too deeply") from error
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{where or 'the line'}: {first['msg']}") from error


def utc(at: datetime | None) -> datetime | None:
    """Aware and in UTC; a time without a zone is taken as UTC."""
    if at is None:
        return None
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:  # year 1 or 9999 moved over its edge
        return at.replace(tzinfo=UTC)
