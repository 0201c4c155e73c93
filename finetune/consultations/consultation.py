"""One consultation as it was written: what the customer says, and what a perfect agent does about each message.

In: a parsed line or list item. Out: `Consultation`, and the same as JSON. Errors: `DataError` that names the place in
the consultation, its id, the bad value and the valid ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from errors import DataError, first_mistake
from finetune.consultations.labels import LANGUAGES, reasons, tools, unknown, wants

VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool. A product is named by its position in the list shown last, words of its title, or "it"."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NotNoted:
    """A note that is tempting and wrong, and why."""

    attribute: str
    value: Any
    because: str


@dataclass(frozen=True, slots=True)
class Message:
    """What the customer says at once, what they want by it, and the calls in the order in which they are made."""

    say: str
    wants: tuple[str, ...]
    calls: tuple[Call, ...] = ()
    not_noted: tuple[NotNoted, ...] = ()

    def to_json(self) -> dict[str, Any]:
        calls = [{call.tool: dict(call.arguments)} for call in self.calls]
        made: dict[str, Any] = {"say": self.say, "wants": list(self.wants), "calls": calls}
        tempting = [{"attribute": n.attribute, "value": n.value, "because": n.because} for n in self.not_noted]
        return made | ({"not_noted": tempting} if tempting else {})


@dataclass(frozen=True, slots=True)
class Consultation:
    """The customer's side of a talk. `shop` is a name of `shops`; `voice` says who is imagined to speak."""

    id: str
    shop: str
    customer: str
    language: str
    voice: str
    messages: tuple[Message, ...]

    def to_json(self) -> dict[str, Any]:
        """The form in which it is kept; `read` takes it back."""
        return {
            "id": self.id,
            "shop": self.shop,
            "customer": self.customer,
            "language": self.language,
            "voice": self.voice,
            "turns": [message.to_json() for message in self.messages],
        }


def _one_of(kind: str, known: Mapping[str, str] | tuple[str, ...]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in known:
            raise PydanticCustomError("unknown", "{text}", {"text": unknown(kind, name, known)})
        return name

    return AfterValidator(check)


def _as_call(said: dict[str, dict[str, Any] | None]) -> Call:
    if len(said) != 1:
        raise PydanticCustomError("calls", "one call an item, as {tool: {argument: value}}")
    ((tool, arguments),) = said.items()
    if tool not in tools():
        raise PydanticCustomError("unknown", "{text}", {"text": unknown("tool", tool, tools())})
    return Call(tool, arguments or {})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _NotNoted(_Strict):
    attribute: str
    value: Any
    because: Annotated[str, _one_of("reason", reasons())]


class _Turn(_Strict):
    say: Annotated[str, Field(min_length=1)]
    wants: Annotated[list[Annotated[str, _one_of("label", wants())]], Field(min_length=1)]
    calls: list[Annotated[dict[str, dict[str, Any] | None], AfterValidator(_as_call)]]
    not_noted: list[_NotNoted] = []


class _Line(_Strict):
    id: Annotated[str, Field(min_length=1)]
    shop: str
    customer: str
    language: Annotated[Literal["en", "zh"], _one_of("language", LANGUAGES)]
    voice: str
    turns: Annotated[list[_Turn], Field(min_length=1)]


def read(value: Any) -> Consultation:
    """What `to_json` gives, or a writer's YAML. Raises DataError."""
    try:
        line = _Line.model_validate(value)
    except ValidationError as error:
        named = value.get("id", "no id") if isinstance(value, dict) else "no id"
        raise DataError(f"{named}: {first_mistake(error, whole='the consultation')}") from error
    messages = tuple(_message(turn) for turn in line.turns)
    return Consultation(line.id, line.shop, line.customer, line.language, line.voice, messages)


def _message(turn: _Turn) -> Message:
    calls: list[Any] = turn.calls  # by now each is a `Call`
    tempting = tuple(NotNoted(one.attribute, one.value, one.because) for one in turn.not_noted)
    return Message(turn.say, tuple(turn.wants), tuple(calls), tempting)
