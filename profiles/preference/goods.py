"""What a shop sells, as preferences need it: any sku in, the product with its kind and its attribute values out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from errors import ConfigError, first_mistake


@dataclass(frozen=True, slots=True)
class Good:
    """A product. `values`: what it is like, ``"brand=Rush"``; not its variants' colours and sizes."""

    sku: str
    category: str
    values: tuple[str, ...]


Goods = Mapping[str, Good]  # by the sku of the product and of each variant


def declared_consumables(settings: Mapping[str, Any]) -> frozenset[str]:
    """The categories that shop.toml calls consumables, under `preference`. Raises ConfigError."""
    try:
        return frozenset(_File.model_validate(settings).consumables)
    except ValidationError as error:
        raise ConfigError(first_mistake(error, "preference")) from error


def skus_of(goods: Goods, categories: Collection[str]) -> frozenset[str]:
    """The products of these categories."""
    return frozenset(good.sku for good in goods.values() if good.category in categories)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    consumables: list[str] = []
