"""The shop's files as far as profiles need them.

A shop directory in, records, products and catalogue facets out.

A line that cannot be read is an error with its file and number. The catalogue is read leniently:
whoever searches it reports its broken lines.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

import clock
from errors import ConfigError, DataError, first_mistake
from language.decimals import exact
from language.shop_words import catalogue_lines, facet_words, facets_of, load_toml
from profiles.attribute import Facets
from profiles.events.affinity import Products
from profiles.preference.goods import Good, Goods
from profiles.privacy.settings import Privacy, PrivacyFile
from profiles.schema import Schema

PRICE_BANDS = ("low", "mid", "high")  # thirds of the prices within a category


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-lines file, gzipped or not; none of a file that is not there."""
    if not path.exists():
        return
    open_text = gzip.open if path.suffix == ".gz" else open
    number = 0
    try:
        with open_text(path, "rt", encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    loaded = json.loads(line)
                    if not isinstance(loaded, dict):
                        raise DataError(f"{path} line {number}: {line[:60]!r} is not a JSON object")
                    yield loaded
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path} line {number}: {error}") from error


def load_schema(shop_dir: Path) -> Schema:
    """The shop's profile.yaml. Errors: `ConfigError`."""
    return Schema.load(shop_dir / "profile.yaml")


def load_settings(shop_dir: Path, table: str) -> Mapping[str, Any]:
    """One table of the shop's shop.toml, empty where there is none. Errors: `ConfigError`."""
    held = load_toml(shop_dir).get(table, {})
    if not isinstance(held, dict):
        raise ConfigError(f"{shop_dir / 'shop.toml'}: [{table}] must be a table, not {held!r}")
    return held


def load_zone(shop_dir: Path) -> ZoneInfo:
    """The time zone that the shop's days are of, from shop.toml. Errors: `ConfigError`."""
    try:
        return clock.zone(load_toml(shop_dir).get("timezone", clock.DEFAULT_ZONE))
    except ConfigError as error:
        raise ConfigError(f"{shop_dir / 'shop.toml'}, timezone: {error}") from error


def load_privacy(shop_dir: Path) -> Privacy:
    """The shop's defaults for privacy, from shop.toml. Errors: `ConfigError`."""
    try:
        return PrivacyFile.model_validate(load_settings(shop_dir, "privacy")).settings()
    except ValidationError as error:
        raise ConfigError(f"{shop_dir / 'shop.toml'}: {first_mistake(error, 'privacy')}") from error


def load_facets(shop_dir: Path) -> Facets:
    """The catalogue's facet values with other ways to say them: ``{"color": {"navy": ("藏青色",)}}``."""
    return facet_words(shop_dir)


def load_products(shop_dir: Path, schema: Schema) -> Products:
    """Attribute values by product sku and by variant sku, with the price band within the category."""
    bands = _price_bands(shop_dir)
    found: dict[str, Mapping[str, tuple[str, ...]]] = {}
    for product in catalogue_lines(shop_dir):
        variants = product.get("variants") or ()
        band = (bands[product["sku"]],)
        found[product["sku"]] = _by_attribute(facets_of(product, variants), band, schema)
        for variant in variants:
            found[variant["sku"]] = _by_attribute(facets_of(product, [variant]), band, schema)
    return found


def load_goods(shop_dir: Path) -> Goods:
    """The products by their own sku and by those of their variants."""
    found: dict[str, Good] = {}
    bands = _price_bands(shop_dir)
    for product in catalogue_lines(shop_dir):
        facets = facets_of(product, ()) | {"price_band": (bands[product["sku"]],)}
        values = tuple(f"{name}={value}" for name, held in facets.items() for value in held)
        good = Good(str(product["sku"]), str(product["category"]), values)
        found |= dict.fromkeys([good.sku, *(str(item["sku"]) for item in product.get("variants") or ())], good)
    return found


def _by_attribute(
    facets: Mapping[str, tuple[str, ...]], band: tuple[str, ...], schema: Schema
) -> Mapping[str, tuple[str, ...]]:
    named = {item.name: facets.get(item.facet or item.name, ()) for item in schema.attributes.values()}
    return {name: values for name, values in (named | {"price_band": band}).items() if values}


def _price_bands(shop_dir: Path) -> dict[str, str]:
    by_category: dict[str, list[tuple[Decimal, str]]] = defaultdict(list)
    for product in catalogue_lines(shop_dir):
        by_category[product["category"]].append((exact(float(product["price"])), product["sku"]))
    return {
        sku: PRICE_BANDS[place * len(PRICE_BANDS) // len(priced)]
        for priced in map(sorted, by_category.values())
        for place, (_, sku) in enumerate(priced)
    }
