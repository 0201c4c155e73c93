"""The stores on a real PostgreSQL keep what they promise on SQLite."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from agent.handoff import Handoffs
from errors import NotFound, StorageError
from profiles.observation import Observation
from profiles.storage.database import open_database
from profiles.store import ProfileStore
from tests.order_shop import NOW, line, open_shop
from tests.postgresql_server import Server
from tests.profiles_shop import PRIVACY, SCHEMA, observation


def _told(number: int) -> Observation:
    return replace(observation(str(number), "budget", float(100 + number)), id=f"o-{number}")


def test_profiles_are_the_same_as_on_sqlite(server: Server, tmp_path: Path) -> None:
    journal = [
        observation("1", "color", "navy", polarity="like"),
        observation("2", "budget", 150.0),
        observation("3", "budget", 200.0),
        observation("4", "color", "navy", polarity="dislike"),
    ]
    stores = [ProfileStore(open_database(place), SCHEMA, PRIVACY) for place in (server.database(), tmp_path / "a.db")]
    read = []
    for store in stores:
        store.append(journal)
        store.append(journal[:2])  # a repeated write changes nothing
        held = store.read(journal[0].customer)
        read.append([(t.attribute, t.value, t.polarity, t.evidence) for t in held.traits])
    assert read[0] == read[1]
    assert ("budget", 200.0) in {(name, value) for name, value, *_ in read[0]}


def test_writers_at_once_lose_nothing(server: Server) -> None:
    url = server.database()
    ProfileStore(open_database(url), SCHEMA, PRIVACY)

    def write(start: int) -> None:
        store = ProfileStore(open_database(url), SCHEMA, PRIVACY)
        for number in range(start, start + 10):
            store.append([_told(number)])

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = ProfileStore(open_database(url), SCHEMA, PRIVACY)
    assert len(store.history(_told(0).customer)) == 40


def test_an_order_is_cancelled_once_however_many_say_yes_at_once(server: Server, tmp_path: Path) -> None:
    url = server.database()
    shop = open_shop(tmp_path, [line("AP-1"), line("AP-9", customer="C2")], database=url)
    shop.propose("talk", "C1", "cancel_order", {"order_id": "AP-1"}, NOW)
    outcomes: list[bool] = []

    def confirm() -> None:
        outcomes.append(open_shop(tmp_path, database=url).confirm("talk", "C1", NOW).repeated)

    threads = [threading.Thread(target=confirm) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True, True, True, True]
    assert shop.orders.get("C1", "AP-1").status == "cancelled"
    with pytest.raises(NotFound):
        shop.orders.get("C1", "AP-9")


def test_a_handoff_is_opened_once_and_closed(server: Server) -> None:
    handoffs = Handoffs(open_database(server.database()))
    first = handoffs.open("C1", "talk", "wants a person", "summary")
    assert handoffs.open("C1", "talk", "again", "other").id == first.id
    handoffs.close(first.id)
    assert not handoffs.is_open("talk")


def test_a_database_that_is_not_there_is_a_storage_error() -> None:
    with pytest.raises(StorageError, match="nothing was written"):
        ProfileStore(open_database("postgresql+psycopg://nobody@127.0.0.1:9/none"), SCHEMA, PRIVACY)
