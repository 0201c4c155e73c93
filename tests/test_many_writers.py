"""Processes that write about the same customers, merge and erase them, all at once: nothing is lost or left."""

import threading
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from profiles.customer import Customer
from profiles.events.intake import EventIntake
from profiles.observation import Authority
from profiles.storage.database import Collision, open_database, retried, writing
from profiles.store import ProfileStore
from tests.at_once import run_at_once
from tests.busy_writer import GOES, STAYS, VISITORS, done_by, open_store, said_by, start
from tests.events_shop import NOW, PRODUCTS, outcome
from tests.postgresql_server import Server
from tests.profile_stores import Place, held
from tests.profiles_shop import PRIVACY, SCHEMA
from tests.traces import traces_in

ROLES = (("say", "a"), ("say", "b"), ("act", "a"), ("act", "b"), ("merge", "m"), ("erase", "e"))


def prepared(url: str, state: Path) -> ProfileStore:
    """A store that knows the two customers, who agree to profiling."""
    store = open_store(url, state)
    store.put_customers([Customer(name, "Somebody", consent={"profiling": True}) for name in (STAYS, GOES)])
    return store


def alone(folder: Path) -> EventIntake:
    """The same one after the other, without the customer who goes."""
    intake = EventIntake(prepared(f"sqlite:///{folder / 'alone.db'}", folder), PRODUCTS, lambda: NOW)
    for visitor in VISITORS:
        intake.store.merge(visitor, STAYS)
    for name in "ab":
        intake.store.append(list(said_by(name)))
        intake.take(done_by(name))
    return intake


def test_processes_that_say_act_merge_and_erase_at_once_end_where_one_alone_does(place: Place, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    url = place(state)
    store = prepared(url, state)
    run_at_once([start(url, state, role, name) for role, name in ROLES])
    intake, expected = EventIntake(store, PRODUCTS, lambda: NOW), alone(tmp_path)
    intake.settle()
    stated = {item.id for name in "ab" for item in said_by(name)}
    assert {item.id for item in store.history(STAYS) if item.authority is Authority.STATED} == stated
    assert outcome(intake, STAYS)[0] == outcome(expected, STAYS)[0]
    assert outcome(intake, STAYS)[1] == pytest.approx(outcome(expected, STAYS)[1], rel=1e-9)
    before = store.read(STAYS, NOW)
    store.rebuild()
    assert held(store.read(STAYS, NOW)) == held(before)
    assert traces_in(state, store.engine, ["azure-lagoon"]) == [] and GOES not in store.customers()
    for engine in (store.engine, expected.store.engine):
        engine.dispose()


def test_a_write_that_postgresql_ends_for_another_one_is_done_again(server: Server) -> None:
    url = server.database()
    store = ProfileStore(open_database(url), SCHEMA, PRIVACY)
    store.put_customers([Customer(name, "Before") for name in ("A", "B")])
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as other:
        other.execute("SET deadlock_timeout = '60s'")  # so that it is the store whose transaction is ended
        other.execute("SELECT 1 FROM customer WHERE id = 'B' FOR UPDATE")
        writer = threading.Thread(target=store.put_customers, args=([Customer(name, "After") for name in ("A", "B")],))
        writer.start()
        _until_somebody_waits(url)
        other.execute("UPDATE customer SET record = record WHERE id = 'A'")  # they wait for each other, until one goes
        other.commit()
    writer.join(timeout=60)
    assert [store.customer(name).name for name in ("A", "B")] == ["After", "After"]
    store.engine.dispose()


def test_what_collides_every_time_is_an_error_in_the_end() -> None:
    tried = []

    @retried
    def work() -> None:
        tried.append(1)
        raise Collision("again")

    with pytest.raises(Collision):
        work()
    assert len(tried) > 1


def test_a_deadlock_is_told_from_other_errors(server: Server) -> None:
    engine = open_database(server.database())
    with pytest.raises(Collision, match="nothing was written"), writing(engine) as connection:
        raising = "RAISE EXCEPTION 'they wait' USING ERRCODE = 'deadlock_detected'"
        connection.exec_driver_sql(f"DO $$ BEGIN {raising}; END $$")
    engine.dispose()


def _until_somebody_waits(url: str) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as watching:
        for _ in range(600):
            if watching.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                return
            watching.execute("SELECT pg_sleep(0.05)")
    pytest.fail("nobody has waited")
