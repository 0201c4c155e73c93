"""An erasure that broke off, was too early, or was undone by a backup: on SQLite and PostgreSQL it completes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import text

from agent.erasure_targets import Orders
from agent.orders.book import OrderBook
from errors import Refused, StorageError
from profiles.customer import Customer
from profiles.privacy.erasure_targets import Subject
from profiles.store import ProfileStore
from tests.erasure_shop import OTHER, Shop, fill, fill_consultation, traces
from tests.events_shop import event
from tests.order_shop import line
from tests.profiles_shop import PRIVACY, SCHEMA, observation


@pytest.fixture
def shop(erasure_shop: Shop) -> Shop:
    return erasure_shop


class Breaking:
    """A place behind which the power fails."""

    def held(self) -> list[str]:
        return []

    def erase(self, subject: Subject) -> Mapping[str, int]:
        raise StorageError("the disk is gone")


@pytest.mark.parametrize("after", range(5))
def test_an_interrupted_erasure_is_run_again_and_completes(shop: Shop, after: int) -> None:
    fill(shop)
    places = shop.places()
    with pytest.raises(StorageError, match="disk"):
        shop.erasure().run("QX-7731", [*places[:after], Breaking(), *places[after:]])
    with pytest.raises(Refused, match="erased"):  # nothing new comes in meanwhile
        shop.store.append([observation("late", "need", "azure-lagoon", customer="QX-7731")])
    shop.erasure().run("QX-7731", shop.places())
    assert traces(shop) == []
    assert sum(shop.erasure().run("QX-7731", shop.places()).removed.values()) == 0


def test_what_comes_late_is_refused_under_all_names_and_leaves_no_trace(shop: Shop) -> None:
    fill(shop)
    shop.erasure().run("QX-7731", shop.places())
    late = [
        event(60, userId="QX-7731"),
        event(61, userId="vis-8842"),
        event(62, userId=None, anonymousId="vis-8842"),
        event(63, userId="QX-7731", properties={"product_id": ["Quillfeather"]}),
    ]
    assert shop.intake().take(late).aside["erased customer"] == 3
    for name in ("QX-7731", "vis-8842"):
        with pytest.raises(Refused, match="erased"):
            shop.store.append([observation("late", "need", "x", customer=name)])
        with pytest.raises(Refused, match="erased"):
            shop.store.put_customers([Customer(name, "Quillfeather")])
        with pytest.raises(Refused, match="erased"):
            shop.store.merge(name, OTHER)
    shop.store.engine.dispose()
    assert traces(shop) == []


def test_who_comes_back_with_a_backup_is_erased_again(shop: Shop) -> None:
    fill(shop)
    shop.erasure().run("QX-7731", shop.places())
    with shop.store.engine.begin() as connection:  # as a database from before has it
        connection.execute(text("DELETE FROM tombstone"))
    fill_again = replace(shop, store=ProfileStore(shop.store.engine, SCHEMA, PRIVACY))
    fill_again.store.put_customers([Customer("QX-7731", "Quillfeather")])
    fill_consultation(shop, "vis-8842", "7f0e", "azure-lagoon")
    receipts = shop.erasure().run_again(shop.places())
    assert [sum(receipt.removed.values()) > 0 for receipt in receipts] == [True, True]
    assert traces(shop) == [] and shop.erasure().run_again(shop.places()) == []


def test_only_orders_of_the_erased_are_nobodys_whatever_an_id_looks_like(shop: Shop) -> None:
    fill(shop)
    likely = uuid4().hex  # as long as a key, and of somebody who fetches their order
    book, path = OrderBook(shop.store.engine), shop.state / "orders.jsonl"
    made = line("AP-77", customer=likely, address="", tracking="")
    path.write_text(json.dumps(made) + "\n", encoding="utf-8")
    assert book.import_orders(path).added == 1
    path.unlink()
    orders = Orders(shop.store.engine)
    assert {likely, "QX-7731", OTHER} <= set(orders.held())
    shop.erasure().run("QX-7731", shop.places())
    assert set(orders.held()) == {likely, OTHER}
    shop.erasure().run(likely, shop.places())
    assert set(orders.held()) == {OTHER}
    assert shop.erasure().run_again(shop.places()) == []
