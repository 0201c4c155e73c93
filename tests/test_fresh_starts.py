"""Processes that start at once on a shop without a database: each opens it, and all is there once."""

import json
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from agent.checkpoints import CHECKPOINTS_FILE
from agent.erasure_targets import agent_places
from agent.orders.book import OrderBook, orders
from profiles.shop.imports import open_store
from profiles.storage.database import open_database, reading
from profiles.storage.tables import consents
from tests.agent_shop import SHOP
from tests.at_once import run_at_once
from tests.profile_stores import Place
from tests.profiles_shop import write_shop
from tests.starter import start

CUSTOMERS, EVENTS, AT_ONCE = 6, 60, 3


def shop_with_orders(folder: Path) -> Path:
    """A small shop, and two orders of the demo shop's for it."""
    shop = write_shop(folder / "shop", CUSTOMERS, EVENTS)
    lines = [json.loads(line) for line in (SHOP / "orders.jsonl").read_text(encoding="utf-8").splitlines()[:2]]
    rows = [json.dumps(line | {"customer": "C1001"}) for line in lines]
    (shop / "orders.jsonl").write_text("\n".join(rows), encoding="utf-8")
    return shop


def test_processes_that_start_at_once_open_one_shop_and_fill_it_once(place: Place, tmp_path: Path) -> None:
    shop, state = shop_with_orders(tmp_path), tmp_path / "state"
    state.mkdir()
    url = place(state)
    run_at_once([start(shop, state, url) for _ in range(AT_ONCE)])
    store = open_store(shop, state, url)
    assert len(store.customers()) == CUSTOMERS and len(OrderBook(store.engine).list("C1001")) == 2
    with reading(store.engine) as connection:
        said = Counter((row.customer, row.purpose) for row in connection.execute(select(consents)))
        assert set(said.values()) == {1} and len(said) == 3 * CUSTOMERS
        assert len(connection.execute(select(orders.c.id)).all()) == 2
    ids = [item.id for name in store.customers() for item in store.history(name)]
    assert len(ids) == len(set(ids)) and ids
    store.engine.dispose()


def test_asking_who_has_talked_makes_no_file_where_nobody_has(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "shop.db")
    for place in agent_places(engine, tmp_path):
        assert set(place.held()) == set()
    assert not (tmp_path / CHECKPOINTS_FILE).exists()
    engine.dispose()
