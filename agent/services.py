"""Opens what an agent works with: the shop's database, its index, its order book and its phrases.

In: a `Shop`, its state directory, and the URL of its database if that is not there. Out: `Services`. On the first run
the shop's records are imported and its index is built, with progress on standard error; later runs find both. Errors:
`ConfigError`, `DataError`, `StorageError`.
"""

import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from agent.cart.carts import Carts
from agent.context import Services
from agent.customer_data import CustomerData
from agent.handoff import Handoffs
from agent.lexicon import ShopLexicon
from agent.orders.book import OrderBook
from agent.orders.order import Rules
from agent.orders.proposals import Proposals
from agent.replies.phrases import load_phrases
from agent.shop import ORDERS_FILE, Shop
from agent.tools import TOOLS
from errors import DataError, StorageError, choices
from language.shop_words import order_id_shapes
from profiles.preference.goods import declared_consumables
from profiles.preference.service import Preferences
from profiles.shop.files import load_facets, load_goods, load_schema, load_settings
from profiles.shop.imports import ensure_imported, open_intake, open_store
from profiles.validator import WriteValidator
from retrieval.answers import Template
from retrieval.embedder import Embedder
from retrieval.search import ANSWERS, Retriever


def open_services(
    shop: Shop, folder: Path, embedder: Embedder | None = None, *, database: str | None = None
) -> Services:
    """Everything of one shop, opened; `embedder` and `database` in place of the default one and a file in `folder`."""
    schema = load_schema(shop.root)  # before anything is written: a wrong directory stays as it is
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make the state directory {folder}: {error}") from error
    store = open_store(shop.root, folder, database)
    engine = store.engine
    ensure_imported(shop.root, store, progress)
    orders = OrderBook(engine)
    taken = orders.import_orders(shop.root / ORDERS_FILE, store.erased_among)
    if taken.erased:
        progress(f"{ORDERS_FILE}: {taken.erased} orders of erased customers left out")
    for rejected in taken.rejected:
        progress(f"{ORDERS_FILE}, line {rejected.line}: {rejected.reason}")
    retriever = Retriever.open(shop.root, folder, embedder)
    _check_acts(retriever.templates.values())
    for line in retriever.catalog.rejected:
        progress(f"catalog.jsonl, line {line.line_number}: {line.reason}; the product is left out")
    proposals = Proposals(engine, orders, rules_of(shop))
    facets = load_facets(shop.root)
    return Services(
        shop=shop,
        schema=schema,
        profiles=store,
        validator=WriteValidator(schema, facets, shop.zone),
        lexicon=ShopLexicon.of(
            schema, facets, retriever.catalog.categories, shop.languages, order_id_shapes(shop.root)
        ),
        retriever=retriever,
        orders=orders,
        proposals=proposals,
        cases=proposals.cases,
        carts=Carts(engine),
        handoffs=Handoffs(engine),
        phrases=load_phrases(),
        preferences=open_preferences(shop.root, engine, folder),
        data=CustomerData(store, folder, partial(open_intake, shop.root, store)),
        tools=TOOLS,
    )


def _check_acts(templates: Iterable[Template]) -> None:
    """That answers are meant behind acts that there are. Errors: `DataError`."""
    tools = [tool.name for tool in TOOLS]
    for template in templates:
        if unknown := [name for name in template.after if name not in tools]:
            valid = choices(tools, limit=len(tools))
            raise DataError(f"{ANSWERS}, {template.id!r}: `after` names no tool {unknown[0]!r}; there are {valid}")


def rules_of(shop: Shop) -> Rules:
    """The rules for changes of orders, by its limits and facts; without days for exchanges, those for returns."""
    returns, exchanges = (shop.facts.get(name) for name in ("return_days", "exchange_days"))
    exchanges = exchanges or returns
    return Rules(
        shop.limits.refund_cap,
        int(returns) if returns else None,
        shop.zone,
        int(exchanges) if exchanges else None,
    )


def open_preferences(root: Path, engine: Engine, folder: Path) -> Preferences:
    """What the customers' events say; its snapshot is kept in `folder`."""
    goods, consumables = load_goods(root), declared_consumables(load_settings(root, "preference"))
    kinds = {good.category for good in goods.values()}
    for name in sorted(consumables - kinds):
        progress(f"shop.toml, preference.consumables: no product is of category {name!r}; there are {choices(kinds)}")
    return Preferences.open(engine, goods, folder, consumables)


def progress(line: str) -> None:
    """Long work says how far it is, beside the output that other programs read."""
    print(line, file=sys.stderr, flush=True)
