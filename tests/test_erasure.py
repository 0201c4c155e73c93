"""Erasure on SQLite and PostgreSQL: then no file and no table has anything of the customer, whatever broke off."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from langchain_core.messages import HumanMessage
from langgraph.graph import END, START, StateGraph
from sqlalchemy import text

from agent.checkpoints import open_checkpoints
from agent.context import ShopState
from agent.handoff import Handoffs
from agent.orders.book import OrderBook
from agent.orders.order import Rules
from agent.orders.proposals import Proposals
from agent.places import agent_places
from errors import NotFound, Refused, StorageError
from finetune.logs.erasing import SampleSets
from profiles.customer import Customer
from profiles.database import open_database
from profiles.events.intake import EventIntake
from profiles.observation import Authority, Observation
from profiles.privacy.audit import Act, Audit
from profiles.privacy.erasure import Erasure
from profiles.privacy.keys import customer_key, load_salt
from profiles.privacy.places import Place, Subject
from profiles.privacy.tombstones import erased
from profiles.store import ProfileStore
from tests.events_shop import NOW, PRODUCTS, event
from tests.order_shop import line
from tests.profile_journals import JOURNALS
from tests.profile_stores import DATABASES, databases, somebody, told_of
from tests.profiles_shop import PRIVACY, SCHEMA, observation
from tests.traces import traces_in

SECRETS = ("QX-7731", "vis-8842", "Quillfeather", "quill@example.org", "azure-lagoon", "Zephyr Lane", "TRACK4477")
OTHER = "C2"


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop's database with a customer of whom every place has something, and another one."""

    url: str
    state: Path
    store: ProfileStore

    def intake(self) -> EventIntake:
        return EventIntake(self.store, PRODUCTS, lambda: NOW)

    def places(self) -> list[Place]:
        return [SampleSets([self.state / "runs"]), *agent_places(self.store.engine, self.state)]

    def erasure(self) -> Erasure:
        return Erasure(self.store, self.state)


@pytest.fixture(scope="module", params=DATABASES)
def place(request: pytest.FixtureRequest) -> Iterator[Callable[[Path], str]]:
    with databases(request.param) as made:
        yield made


@pytest.fixture
def shop(place: Callable[[Path], str], tmp_path: Path) -> Iterator[Shop]:
    state = tmp_path / "state"
    state.mkdir()
    opened = open_shop(place(state), state)
    yield opened
    opened.store.engine.dispose()


def open_shop(url: str, state: Path) -> Shop:
    return Shop(url, state, ProfileStore(open_database(url), SCHEMA, PRIVACY, load_salt(state)))


def fill(shop: Shop) -> None:
    for name, words in (("QX-7731", "Quillfeather"), (OTHER, "Ordinary")):
        email = "quill@example.org" if name != OTHER else "o@example.org"
        shop.store.put_customers([Customer(name, words, email, consent={"profiling": True, "training": True})])
        said = observation(f"{name}-1", "need", f"{words} azure-lagoon" if name != OTHER else "socks", customer=name)
        shop.store.append([said])
        Audit(shop.store.engine).note(name, Act.READ, "Ada", detail="show")
        who: Mapping[str, Any] = {"userId": name}
        shop.intake().take([event(n, **who) | {"messageId": f"{name}-{n}"} for n in range(5)])
        fill_desk(shop, name, words)
        fill_consultation(shop, name, f"{name}.0001", f"I am {words}, I live at {address_of(name)}")
    shop.store.append([observation("v-1", "need", "azure-lagoon shoes", customer="vis-8842")])
    shop.intake().take([event(50, userId=None, anonymousId="vis-8842")])
    shop.intake().take([event(51, userId="QX-7731", properties={"product_id": ["Quillfeather"]})])  # kept aside
    fill_consultation(shop, "vis-8842", "7f0e", "a visitor speaks of an azure-lagoon")
    fill_consultation(shop, OTHER, "c2-2", "what did QX-7731 buy?".replace("QX-7731", "somebody"))
    shop.store.merge("vis-8842", "QX-7731")
    shop.store.undo("QX-7731-1", "Quillfeather said so")
    fill_samples(shop)


def address_of(name: str) -> str:
    return "1 Zephyr Lane" if name != OTHER else "2 Other Road"


def fill_desk(shop: Shop, name: str, words: str) -> None:
    book = OrderBook(shop.store.engine)
    path = shop.state / "orders.jsonl"
    address, tracking = address_of(name), "TRACK4477" if name != OTHER else "T1"
    made = line(f"AP-{len(name)}", customer=name, address=address, tracking=tracking)
    path.write_text(json.dumps(made) + "\n", encoding="utf-8")
    assert book.import_orders(path).added == 1
    path.unlink()
    proposals = Proposals(shop.store.engine, book, Rules(500.0, 30))
    order = {"order_id": made["id"], "address": f"5 {address}"}
    proposals.propose(f"{name}.0001", name, "change_address", order)
    Handoffs(shop.store.engine).open(name, f"{name}.0001", f"{words} is angry", f"customer: {words} of {address}")


def fill_consultation(shop: Shop, customer: str, thread: str, words: str) -> None:
    graph = StateGraph(ShopState)
    graph.add_node("answer", lambda _: {"card": f"need: {words}"})
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    with open_checkpoints(shop.store.engine, shop.state) as checkpoints:
        said: Any = {"messages": [HumanMessage(words)], "customer": customer}
        compiled = graph.compile(checkpointer=checkpoints.saver)
        compiled.invoke(said, {"configurable": {"thread_id": thread}}, durability="sync")


def fill_samples(shop: Shop) -> None:
    folder = shop.state / "runs" / "logs"
    folder.mkdir(parents=True)
    salt = load_salt(shop.state)
    rows = [
        {"messages": [{"role": "user", "content": words}], "meta": {"customer": customer_key(name, salt)}}
        for name, words in (("QX-7731", "an azure-lagoon"), (OTHER, "hello"), ("vis-8842", "azure-lagoon shoes"))
    ]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def traces(shop: Shop) -> list[str]:
    return traces_in(shop.state, shop.store.engine, SECRETS)


def left_of_the_other(shop: Shop) -> tuple[Any, ...]:
    with open_checkpoints(shop.store.engine, shop.state) as checkpoints:
        threads = checkpoints.threads()
    return (
        shop.store.history(OTHER),
        shop.store.customer(OTHER),
        shop.intake().activity(OTHER),
        shop.intake().affinities(OTHER),
        OrderBook(shop.store.engine).list(OTHER),
        threads - {"QX-7731.0001", "7f0e"},
        (shop.state / "runs" / "logs" / "train.jsonl").read_text().count("hello"),
    )


def test_nothing_of_an_erased_customer_is_left_in_any_file_or_table(shop: Shop) -> None:
    fill(shop)
    assert {found.partition(": ")[2] for found in traces(shop)} == set(SECRETS)
    before = left_of_the_other(shop)
    receipt = shop.erasure().run("QX-7731", shop.places(), by="Ada")
    assert traces(shop) == []
    assert left_of_the_other(shop) == before
    some = ("observations", "events", "affinities", "consents", "customers", "merged visitors", "events kept aside")
    more = ("consultations", "checkpoints", "proposals", "handoffs", "orders made nobody's", "samples")
    assert [name for name in (*some, *more) if not receipt.removed[name]] == []
    assert (receipt.removed["consultations"], receipt.removed["samples"]) == (2, 2)
    assert "QX-7731" not in json.dumps(receipt.to_json()) and receipt.customer in erased(shop.state)


def test_the_audit_still_says_who_looked_but_not_at_whom(shop: Shop) -> None:
    fill(shop)
    key = shop.erasure().run("QX-7731", shop.places(), by="Ada").customer
    found = Audit(shop.store.engine).of(["QX-7731", key])
    assert [(item.customer, item.act, item.by) for item in found] == [(key, Act.READ, "Ada"), (key, Act.ERASED, "Ada")]


class Breaking:
    """A place behind which the power fails."""

    def held(self) -> list[str]:
        return []

    def erase(self, subject: Subject) -> Mapping[str, int]:
        raise StorageError("the disk is gone")


@pytest.mark.parametrize("after", range(4))
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


def test_a_merged_visitor_is_the_customer_and_somebody_unknown_is_nobody(shop: Shop) -> None:
    fill(shop)
    with pytest.raises(NotFound, match="QX-77"):
        shop.erasure().run("QX-77", shop.places())
    assert erased(shop.state) == frozenset()
    shop.erasure().run("vis-8842", shop.places())
    assert traces(shop) == []


def test_a_database_with_erased_customers_needs_the_salt_that_they_were_erased_with(shop: Shop) -> None:
    fill(shop)
    shop.erasure().run("QX-7731", shop.places())
    for salt in (None, b"x" * 32):
        with pytest.raises(StorageError, match="salt"):
            ProfileStore(shop.store.engine, SCHEMA, PRIVACY, salt)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(journal=JOURNALS, others=JOURNALS)
def test_whatever_was_written_erasing_leaves_nothing_and_lets_nothing_in(
    shop: Shop, journal: list[Observation], others: list[Observation]
) -> None:
    customer, other = somebody(), somebody()
    shop.store.append(told_of(customer, journal))
    shop.store.append(told_of(other, others))
    before = shop.store.history(other), shop.store.read(other, NOW)
    if not journal:
        return
    shop.erasure().run(customer)
    assert shop.store.history(customer) == [] and not shop.store.read(customer).traits
    with pytest.raises(Refused):
        shop.store.append([observation("new", "size", "M", by=Authority.STATED, customer=customer)])
    assert (shop.store.history(other), shop.store.read(other, NOW)) == before
