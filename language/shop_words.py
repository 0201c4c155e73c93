"""The words of one shop, read from its directory: values of facets with their other names, languages, shapes of ids.

In: a shop directory (`shop.toml`, `catalog.jsonl`, `profile.yaml`, `orders.jsonl`). Out: `ShopWords`, and the lines and
facets of the catalogue for whoever reads them too. The catalogue is read leniently: whoever searches it reports its
broken lines. Errors: `ConfigError` for a `shop.toml` or `profile.yaml` that cannot be read.
"""

import json
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from errors import ConfigError
from language.ids import shape_of
from language.names import flat_aliases
from language.placeholders import is_no_option

FacetWords = Mapping[str, Mapping[str, tuple[str, ...]]]  # facet -> value -> other words for it
_ORDERS_READ = 200  # lines of orders.jsonl that tell the shapes of ids
VARIANT_FACETS = ("color", "size")


@dataclass(frozen=True, slots=True)
class ShopWords:
    """What reading a message needs to know of a shop."""

    languages: tuple[str, ...]
    timezone: str
    words: FacetWords
    id_shapes: frozenset[str]


def load_shop_words(shop: Path) -> ShopWords:
    """Read a shop directory. Values of the profile's attributes that no facet has are words of the shop too."""
    settings = load_toml(shop)
    words = {name: dict(values) for name, values in facet_words(shop).items()}
    for name, values in _attribute_words(shop / "profile.yaml").items():
        words.setdefault(name, dict(values))
    languages = tuple(map(str, settings.get("languages", ["en"])))
    return ShopWords(languages, str(settings.get("timezone", "UTC")), words, order_id_shapes(shop))


def order_id_shapes(shop: Path) -> frozenset[str]:
    """What the ids of the shop's orders look like: ``{"AP-99999"}``."""
    return frozenset(shape_of(order_id) for order_id in _order_ids(shop / "orders.jsonl"))


def load_toml(shop: Path) -> Mapping[str, Any]:
    """The shop's settings as they stand in `shop.toml`."""
    path = shop / "shop.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error


def facet_words(shop: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    """The catalogue's facet values with other ways to say them: ``{"color": {"navy": ("藏青色",)}}``."""
    facets: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for product in catalogue_lines(shop):
        for name, values in facets_of(product, product.get("variants") or ()).items():
            facets[name].update(dict.fromkeys(values, ()))
    for name, declaration in dict(load_toml(shop).get("facets", {})).items():
        for alias, value in flat_aliases(declaration.get("aliases", {})).items():
            if value in facets[name]:
                facets[name][value] = (*facets[name][value], alias)
    return facets


def catalogue_lines(shop: Path) -> Iterator[dict[str, Any]]:
    """The products of `catalog.jsonl` that have a SKU, a category and a price."""
    path = shop / "catalog.jsonl"
    lines = path.read_text(encoding="utf-8-sig", errors="replace").split("\n") if path.exists() else []
    for line in lines:
        try:
            product = json.loads(line)
            complete = bool(product["sku"] and product["category"] and float(product["price"]) >= 0)
        except (ValueError, KeyError, TypeError):
            continue
        if complete:
            yield product


def facets_of(product: Mapping[str, Any], variants: Any) -> dict[str, tuple[str, ...]]:
    """The values by facet of a product's line and of these of its variants; numbers and truths are left out."""
    facets: dict[str, tuple[str, ...]] = {"category": (str(product["category"]),)}
    if product.get("brand"):
        facets["brand"] = (str(product["brand"]),)
    for name in VARIANT_FACETS:
        facets[name] = tuple(dict.fromkeys(str(item[name]) for item in variants if _has_value(item.get(name))))
    for name, value in (product.get("facets") or {}).items():
        if isinstance(value, str | list):
            items = [value] if isinstance(value, str) else value
            facets[name] = tuple(str(item) for item in items if _has_value(item))
    return facets


def _has_value(option: object) -> bool:
    return bool(option) and not is_no_option(str(option))


def _attribute_words(path: Path) -> FacetWords:
    """The closed values of the profile's attributes that are of no facet."""
    if not path.is_file():
        return {}
    try:
        attributes = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("attributes") or []
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError) as error:
        raise ConfigError(f"cannot read the profile schema {path}: {error}") from error
    return {
        str(item["name"]): {
            str(value): tuple(map(str, (item.get("synonyms") or {}).get(value, ()))) for value in item["values"]
        }
        for item in attributes
        if isinstance(item, dict) and item.get("values") and not item.get("facet")
    }


def _order_ids(path: Path) -> Iterator[str]:
    """The ids of the shop's first orders; their lines are checked by whoever takes the orders in."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in islice(lines, _ORDERS_READ):
            try:
                yield str(json.loads(line)["id"])
            except (ValueError, KeyError, TypeError):
                continue
