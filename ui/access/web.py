"""How a shop is met on the web: the table `[web]` of shop.toml in, a frozen `Web` out.

    [web]
    origins = ["https://shop.example"]      # whose pages may call from a browser, and show the agent in a frame
    trusted_proxies = ["10.0.0.0/8"]        # whose X-Forwarded-For is believed
    page = false                            # the page at /, on which anybody may be any customer, is not served
    [web.limits]
    person = 60                             # requests a minute of a visitor or customer; key = 600 of a key
    visitors = 20                           # new ones an hour from one address; codes = 20, failures = 30
    storage = "memory://"                   # or a place that several processes share, as redis://host

All may be left out: then no other origin calls, no proxy is believed, the page is served, and the limits are those.
Errors: `ConfigError`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from errors import ConfigError, first_mistake
from ui.access.limits import MEMORY, Rates


@dataclass(frozen=True, slots=True)
class Web:
    """`storage`: where is counted how often somebody called."""

    origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    page: bool = True
    rates: Rates = field(default_factory=Rates)
    storage: str = field(default=MEMORY, repr=False)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _LimitsFile(_Strict):
    person: int = Field(60, ge=1)
    key: int = Field(600, ge=1)
    visitors: int = Field(20, ge=1)
    codes: int = Field(20, ge=1)
    failures: int = Field(30, ge=1)
    storage: str = MEMORY


def _network(text: str) -> str:
    return str(ip_network(text, strict=False))


_Origin = Annotated[str, Field(pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$")]
_Proxy = Annotated[str, AfterValidator(_network)]


class _File(_Strict):
    origins: list[_Origin] = Field(default_factory=list)
    trusted_proxies: list[_Proxy] = Field(default_factory=list)
    page: bool = True
    limits: _LimitsFile = Field(default_factory=lambda: _LimitsFile.model_validate({}))


def load_web(shop: Path, settings: Mapping[str, Any]) -> Web:
    """From what shop.toml holds under `web`."""
    try:
        read = _File.model_validate(dict(settings))
    except ValidationError as error:
        raise ConfigError(f"{shop / 'shop.toml'}: {first_mistake(error, 'web')}") from error
    rates = read.limits.model_dump(exclude={"storage"})
    return Web(tuple(read.origins), tuple(read.trusted_proxies), read.page, Rates(**rates), read.limits.storage)
