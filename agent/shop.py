"""The shop as a directory: reads `shop.toml` into one frozen `Shop` that is passed to whoever needs it.

In: the path of a shop directory. Out: `Shop` (name, languages, currency, time zone, model, limits, facts, facets).
Errors: `ConfigError` naming the file, the bad key or value, and the valid ones.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import clock
from agent.models.profile import choose_profile
from errors import ConfigError, choices, first_mistake
from language.packs import languages, missing_sections, servable
from profiles.privacy.settings import PrivacyFile
from profiles.shop.files import load_zone

ORDERS_FILE = "orders.jsonl"
CART = "{cart}"  # the slot of a checkout's address
Replies = Literal["strict", "free"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one turn: characters of a message, calls and seconds of the model, refund in the shop's currency.

    `model_seconds` None: as the model's profile has it.
    """

    message_chars: int
    model_calls: int
    model_seconds: float | None
    refund_cap: Decimal


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one way of delivery costs, in the shop's currency; `free_from`: of goods, where it is free from some."""

    fee: Decimal
    free_from: Decimal | None = None

    def cost(self, goods: Decimal) -> Decimal:
        """The fee for goods of this price."""
        return Decimal() if self.free_from is not None and goods >= self.free_from else self.fee


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop's settings. `country`: where it sends from, by its code; `zone`: of its days and deadlines.

    `replies`: "strict" composes replies in code, "free" lets the model write (gated). `profile` and `model_profile` say
    how much help the model gets (`agent.models.profile`). `checkout_url`: where a cart is paid, `CART` in it stands for
    the cart's id.
    """

    root: Path
    name: str
    languages: tuple[str, ...]
    currency: str
    country: str | None
    zone: ZoneInfo
    model: str
    profile: str | None
    model_profile: Mapping[str, Any]
    replies: Replies | None
    limits: Limits
    facts: Mapping[str, str]
    facets: Mapping[str, Mapping[str, Any]]
    tool_facets: tuple[str, ...]
    delivery: Mapping[str, Delivery] = field(default_factory=dict)
    checkout_url: str | None = None

    @property
    def default_state(self) -> Path:
        """Where the database and the index live unless a command says otherwise."""
        return self.root / "state"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _LimitsFile(_Strict):
    message_chars: int = Field(4000, ge=100)
    model_calls: int = Field(4, ge=1)
    model_seconds: float | None = Field(None, gt=0)
    refund_cap: Decimal = Field(Decimal(500), ge=0)


class _SearchFile(_Strict):
    tool_facets: list[str] = Field(default_factory=list)


class _DeliveryFile(_Strict):
    """A number, or the name of one of the shop's facts, so that what templates say and what is added up are one."""

    fee: Decimal | str
    free_from: Decimal | str | None = None


class _CartFile(_Strict):
    checkout_url: str | None = Field(None, pattern=r"^https?://[!-~]*\{cart\}[!-~]*$")


class _ShopFile(_Strict):
    name: str = Field(min_length=1)
    languages: list[str] = Field(min_length=1)
    currency: str = Field(min_length=3, max_length=3)
    country: str | None = Field(None, pattern=r"^[A-Z]{2}$")
    timezone: str = clock.DEFAULT_ZONE
    model: str = "embedded"
    profile: str | None = None
    model_profile: dict[str, Any] = Field(default_factory=dict)
    replies: Replies | None = None
    limits: _LimitsFile = Field(default_factory=lambda: _LimitsFile.model_validate({}))
    facts: dict[str, str | int | float] = Field(default_factory=dict)
    facets: dict[str, dict[str, Any]] = Field(default_factory=dict)
    storefront: dict[str, Any] = Field(default_factory=dict)  # read by ui.storefront.settings
    delivery: dict[Literal["standard", "express", "international"], _DeliveryFile] = Field(default_factory=dict)
    cart: _CartFile = Field(default_factory=lambda: _CartFile.model_validate({}))
    search: _SearchFile = Field(default_factory=_SearchFile)
    # Read where they are used: profiles.events.keys, profiles.preference.service, profiles.segments, ui.access.
    events: dict[str, Any] = Field(default_factory=dict)
    preference: dict[str, Any] = Field(default_factory=dict)
    segments: dict[str, Any] = Field(default_factory=dict)
    identity: dict[str, Any] = Field(default_factory=dict)
    mail: dict[str, Any] = Field(default_factory=dict)
    web: dict[str, Any] = Field(default_factory=dict)
    privacy: PrivacyFile = Field(default_factory=PrivacyFile)  # read by `profiles.shop.files`, checked here too


def load_shop(directory: Path) -> Shop:
    """Read and check `directory/shop.toml`."""
    path = directory / "shop.toml"
    if not path.is_file():
        raise ConfigError(f"{directory} is not a shop directory: it has no shop.toml (the demo shop is ./shop)")
    try:
        raw = _ShopFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_mistake(error)}") from error
    try:
        choose_profile(raw.model, raw.profile, raw.model_profile)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    unknown = [name for name in raw.search.tool_facets if name not in raw.facets]
    if unknown:
        raise ConfigError(f"{path}: search.tool_facets names {unknown[0]!r}; declared: {', '.join(raw.facets)}")
    _check_languages(raw.languages, path)
    return Shop(
        root=directory,
        name=raw.name,
        languages=tuple(raw.languages),
        currency=raw.currency,
        country=raw.country,
        zone=load_zone(directory),
        model=raw.model,
        profile=raw.profile,
        model_profile=raw.model_profile,
        replies=raw.replies,
        limits=Limits(**raw.limits.model_dump()),
        facts={key: f"{value:g}" if isinstance(value, float) else str(value) for key, value in raw.facts.items()},
        facets=raw.facets,
        tool_facets=tuple(raw.search.tool_facets),
        delivery={name: _delivery(rule, raw.facts, f"{path}: delivery.{name}") for name, rule in raw.delivery.items()},
        checkout_url=raw.cart.checkout_url,
    )


def _delivery(rule: _DeliveryFile, facts: Mapping[str, str | int | float], where: str) -> Delivery:
    """The rule with the facts that it names."""

    def amount(said: Decimal | str) -> Decimal:
        if isinstance(said, Decimal):
            return said
        if said not in facts:
            raise ConfigError(f"{where} names the fact {said!r}; facts: {choices(facts)}")
        try:
            return Decimal(str(facts[said]))
        except ArithmeticError:
            raise ConfigError(f"{where}: the fact {said!r} is {facts[said]!r}, which is no amount") from None

    return Delivery(amount(rule.fee), None if rule.free_from is None else amount(rule.free_from))


def _check_languages(listed: list[str], path: Path) -> None:
    """Each has a pack with all that serving needs."""
    for code in listed:
        lacks = missing_sections(code) if code in languages() else ("everything: it has no pack",)
        if lacks:
            reason = f"{code!r} cannot be served, it lacks {', '.join(lacks)}"
            raise ConfigError(f"{path}: languages: {reason}; there are {choices(servable())}")
