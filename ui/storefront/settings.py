"""Whether a shop is shown as a demo: its table `[storefront]` in, yes or no out.

    [storefront]
    demo = true      # pages under /shop/, where anybody may be any customer: only for invented ones

Errors: `ConfigError`.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from errors import ConfigError, first_mistake
from profiles.shop.files import load_settings


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    demo: bool = False


def is_demo(shop: Path) -> bool:
    """Of the shop in this directory."""
    try:
        return _File.model_validate(dict(load_settings(shop, "storefront"))).demo
    except ValidationError as error:
        raise ConfigError(f"{shop / 'shop.toml'}: {first_mistake(error, 'storefront')}") from error
