"""The shops in which the consultations take place, and what is to be known of one to check them.

In: a shop's name. Out: its directory, made from a seed where it is not the demo shop; `ShopFacts`. Errors: `DataError`
for a name that is not in `shops.yaml`, `ConfigError` for a broken shop file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import yaml

from agent.context import Services
from agent.shop import Shop, load_shop
from agent.tools import TOOLS
from errors import DataError
from finetune.consultations.labels import arguments_beyond, tools, unknown
from finetune.selfplay.shops.make import make_shop
from profiles.schema import Schema
from profiles.shop.files import load_schema, read_lines
from retrieval.catalog import load_catalog
from retrieval.facets import FacetSpace
from retrieval.search import BASIC_SORTS

DEMO, DEMO_SHOP = "demo", Path("shop")
MADE = Path("runs/consultations/shops")


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What a shop has, as far as labels speak of it.

    `arguments`: by tool and argument, the values that it may have; None where it may be anything.
    """

    facets: FacetSpace
    schema: Schema
    customers: frozenset[str]
    arguments: Mapping[str, Mapping[str, frozenset[str] | None]]


def shop_names() -> tuple[str, ...]:
    """All shops of the consultations."""
    return (DEMO, *_table()["numbers"])


def shop_directory(name: str, made: Path = MADE) -> Path:
    """The directory of the shop; it is made in the folder `made`, unless it is there. Raises DataError."""
    if name == DEMO:
        return DEMO_SHOP
    table = _table()
    if name not in table["numbers"]:
        raise DataError(unknown("shop", name, shop_names()))
    return make_shop(made / name, table["seed"], table["numbers"][name], name, at=now())


def now() -> datetime:
    """The time at which the consultations take place."""
    at: datetime = _table()["now"]
    return at


def read_shop(directory: Path) -> ShopFacts:
    """What labels may speak of in this shop. Raises ConfigError."""
    shop, schema = load_shop(directory), load_schema(directory)
    facets = FacetSpace.from_shop(shop.facets, load_catalog(directory / "catalog.jsonl"))
    customers = frozenset(str(line["id"]) for line in read_lines(directory / "customers.jsonl"))
    return ShopFacts(facets, schema, customers, _arguments(shop, schema, facets))


def _arguments(shop: Shop, schema: Schema, facets: FacetSpace) -> dict[str, dict[str, frozenset[str] | None]]:
    """From the tools' records, which read these parts of a shop, and, where they take less, from `tools.yaml`."""
    retriever = SimpleNamespace(facets=facets, sorts=BASIC_SORTS)
    parts = cast(Services, SimpleNamespace(shop=shop, schema=schema, retriever=retriever))
    recorded = {tool.name: tool.parameters(parts)["properties"] for tool in TOOLS if tool.name in tools()}
    return {
        tool: {name: _values(field.get("enum")) for name, field in recorded.get(tool, {}).items()}
        | {name: _values(values) for name, values in arguments_beyond(tool).items()}
        for tool in tools()
    }


def _values(listed: list[Any] | None) -> frozenset[str] | None:
    return None if listed is None else frozenset(map(str, listed))


@cache
def _table() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("shops.yaml").read_text(encoding="utf-8"))
    return loaded
