"""The form of a dialogue in a YAML file: who speaks, what they say, and what each turn is expected to do.

In: mappings as YAML gives them. Out: frozen models. One value may stand wherever several may. Errors: pydantic's, whose
messages name the keys that there are; `eval.dialogues.files` says where in which file.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    StrictStr,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from profiles.observation import Polarity

NOBODY = "visitor"  # as the customer: somebody who has not signed in
RANGE, LISTED = "<range>", "<listed>"  # stand in the places of pydantic's errors, and in no file


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            raise _fault("must be a mapping with any of the keys {keys}", keys=", ".join(cls.model_fields))
        for key in given:
            if key not in cls.model_fields:
                raise _fault("there is no key {key}; there are {keys}", key=repr(key), keys=", ".join(cls.model_fields))
        return given


class _Telling(_Form):
    """A form that says nothing without any of its keys."""

    @model_validator(mode="before")
    @classmethod
    def _says_something(cls, given: Any) -> Any:
        if given == {}:
            raise _fault("expects nothing; name at least one of {keys}", keys=", ".join(cls.model_fields))
        return given


def _fault(text: str, **named: str) -> PydanticCustomError:
    return PydanticCustomError("dialogue", text, named)


def _listed(given: Any) -> Any:
    return tuple(given) if isinstance(given, list | tuple) else (given,)


def _turns(given: Any) -> Any:
    if not isinstance(given, list | tuple) or not given:
        raise _fault("must be a list of at least one turn")
    return tuple(given)


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise _fault("is no regular expression: {why}", why=str(error)) from error
    return text


def _spoken(given: Any) -> Any:
    """Nearly every sentence is a text in YAML; "yes" and "12:30" are none without quotes."""
    if not isinstance(given, str):
        raise _fault("must be a text; put it in quotes")
    return given


def _number(given: Any) -> Any:
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal):
        raise _fault("must be a number")
    return Decimal(str(given))


def _value(given: Any) -> Any:
    if not isinstance(given, bool | int | float | str):
        raise _fault("must be a text, a number, true or false")
    return given


def _written(given: Any) -> Any:
    """A number as a pattern: ``value: 42``."""
    return str(given) if isinstance(given, bool | int | float) else given


Text = Annotated[StrictStr, BeforeValidator(_spoken)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
Pattern = Annotated[Text, AfterValidator(_pattern)]
Patterns = Annotated[tuple[Pattern, ...], BeforeValidator(_listed)]
Number = Annotated[Decimal, BeforeValidator(_number), Field(allow_inf_nan=False)]
Value = Annotated[bool | int | float | str, PlainValidator(_value)]


class Range(_Telling):
    """Numbers from `min` to `max`, both included."""

    min: Number | None = None
    max: Number | None = None


Wanted = Annotated[
    Annotated[Range, Tag(RANGE)] | Annotated[tuple[Value, ...], BeforeValidator(_listed), Tag(LISTED)],
    Discriminator(lambda given: RANGE if isinstance(given, Mapping | Range) else LISTED),
]
Condition = dict[str, Wanted]  # by the catalogue's fields and facets; one of the listed values is enough


class WantedProducts(_Telling):
    """What is shown: at least `min` products, each of which meets `category`, the prices and `all`, and none `none`.

    `first` holds for the first one, `any` for at least one; one of `sku` is among them.
    """

    min: Annotated[StrictInt, Field(ge=0)] = 1
    category: Texts = ()
    max_price: Number | None = None
    min_price: Number | None = None
    all: Condition = {}
    none: Condition = {}
    first: Condition = {}
    any: Condition = {}
    sku: Texts = ()

    def conditions(self) -> Iterator[tuple[str, Condition]]:
        """All of them, by where they stand."""
        yield "category", {"category": self.category} if self.category else {}
        yield from (("all", self.all), ("none", self.none), ("first", self.first), ("any", self.any))


class WantedTrait(_Telling):
    """A trait: `attribute` and `value` are patterns, of the whole name and of any part of the value."""

    attribute: Pattern = ".*"
    value: Annotated[Pattern, BeforeValidator(_written)] = ".*"
    polarity: Annotated[tuple[Polarity, ...], BeforeValidator(_listed)] = ()


Traits = Annotated[tuple[WantedTrait, ...], BeforeValidator(_listed)]


class Expected(_Telling):
    """What a good shop assistant would have done in a turn; see docs/regression-dialogues.md for each key."""

    products: WantedProducts | None = None
    max_products: Annotated[StrictInt, Field(ge=0)] | None = None
    reply: Patterns = ()
    not_reply: Patterns = ()
    tool: Text = ""
    no_tool: Text = ""
    profile: Traits = ()
    profile_not: Traits = ()
    quiet: StrictBool = False
    retracted: Traits = ()
    proposal: Texts = ()
    template: Texts = ()
    handoff: StrictBool | None = None
    language: Text | None = None
    empty: StrictBool | None = None


class Said(_Form):
    """One message of the customer's. Without `expect` it is only said."""

    say: Text
    expect: Expected | None = None


class Dialogue(_Form):
    """One consultation, from its first message on."""

    dialogue: Annotated[Text, Field(min_length=1)]
    customer: Text = NOBODY
    tags: Texts = ()
    turns: Annotated[tuple[Said, ...], BeforeValidator(_turns)]
