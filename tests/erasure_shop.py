"""A shop's database and state directory, filled in every place with a customer to erase and another one.

In: a database's URL and a state directory. Out: a `Shop`; what of the customer stands where (`traces`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage
from langgraph.graph import END, START, StateGraph

from agent.cart.cart import Line
from agent.cart.carts import Carts
from agent.checkpoints import open_checkpoints
from agent.context import ShopState
from agent.conversations import Conversations
from agent.erasure_targets import agent_places
from agent.handoff import Handoffs
from agent.orders.book import OrderBook
from agent.orders.cases import Case
from agent.orders.order import Rules
from agent.orders.proposals import Proposals
from finetune.logs.erasure import SampleSets
from profiles.customer import Customer
from profiles.events.intake import EventIntake
from profiles.intents.intent import State
from profiles.intents.journal import KIND, close, intent_id, say
from profiles.intents.reads import read_intents
from profiles.observation import Evidence
from profiles.preference.covisitation import Covisitation
from profiles.preference.erasure import PreferenceFiles
from profiles.preference.goods import Good
from profiles.preference.model import Event
from profiles.preference.products import Products
from profiles.preference.service import Preferences
from profiles.privacy.audit import Act, Audit
from profiles.privacy.consent_file import ConsentFile
from profiles.privacy.consents import Consent
from profiles.privacy.erasure import Erasure
from profiles.privacy.erasure_targets import Place
from profiles.privacy.keys import customer_key, load_salt
from profiles.privacy.purposes import Purpose
from profiles.storage.database import open_database, writing
from profiles.store import ProfileStore
from tests.events_shop import NOW, PRODUCTS, event
from tests.order_shop import line
from tests.profiles_shop import PRIVACY, SCHEMA, observation
from tests.traces import traces_in

MODEL = "covisitation.npz"  # as `profiles build` leaves it
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
        files: list[Place] = [SampleSets([self.state / "runs"]), PreferenceFiles([self.state / MODEL])]
        return [*files, *agent_places(self.store.engine, self.state)]

    def erasure(self) -> Erasure:
        return Erasure(self.store, self.state)


def open_shop(url: str, state: Path) -> Shop:
    salt = load_salt(state)
    return Shop(url, state, ProfileStore(open_database(url), SCHEMA, PRIVACY, salt, ConsentFile(state, salt)))


def fill(shop: Shop) -> None:
    for name, words in (("QX-7731", "Quillfeather"), (OTHER, "Ordinary")):
        email = "quill@example.org" if name != OTHER else "o@example.org"
        shop.store.put_customers([Customer(name, words, email, consent={"profiling": True, "training": True})])
        shop.store.record_consents([Consent(name, Purpose.TRAINING, False, NOW, f"consultation {name}", "Ada")])
        said = observation(f"{name}-1", "need", f"{words} azure-lagoon" if name != OTHER else "socks", customer=name)
        shop.store.append([said])
        Audit(shop.store.engine).note(name, Act.READ, "Ada", detail="show")
        who: Mapping[str, Any] = {"userId": name}
        shop.intake().take([event(n, **who) | {"messageId": f"{name}-{n}"} for n in range(5)])
        fill_desk(shop, name, words)
        fill_intents(shop, name, f"{words} azure-lagoon" if name != OTHER else "socks")
        fill_consultation(shop, name, f"{name}.0001", f"I am {words}, I live at {address_of(name)}")
    shop.store.append([observation("v-1", "need", "azure-lagoon shoes", customer="vis-8842")])
    shop.intake().take([event(50, userId=None, anonymousId="vis-8842")])
    shop.intake().take([event(51, userId="QX-7731", properties={"product_id": ["Quillfeather"]})])  # kept aside
    fill_cart(shop, "vis-8842", "azure-lagoon shoes")
    fill_consultation(shop, "vis-8842", "7f0e", "a visitor speaks of an azure-lagoon")
    fill_consultation(shop, OTHER, "c2-2", "what did QX-7731 buy?".replace("QX-7731", "somebody"))
    shop.store.merge("vis-8842", "QX-7731")
    shop.store.undo("QX-7731-1", "Quillfeather said so")
    fill_samples(shop)
    fill_preferences(shop)


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
    proposals = Proposals(shop.store.engine, book, Rules(Decimal(500), 30))
    order = {"order_id": made["id"], "address": f"5 {address}"}
    proposals.propose(f"{name}.0001", name, "change_address", order)
    fill_cart(shop, name, f"{words} azure-lagoon" if name != OTHER else "socks")
    case = Case(f"case-{name}", name, f"{name}.0001", made["id"], [], "late", "", words, "open", "", NOW)
    with writing(shop.store.engine) as connection:
        proposals.cases.add(connection, case)
    Conversations(shop.store.engine).begin(f"{name}.0001", name, words)
    Handoffs(shop.store.engine).open(name, f"{name}.0001", f"{words} is angry", f"customer: {words} of {address}")


def fill_cart(shop: Shop, name: str, title: str) -> None:
    """Something in it, and something that was in it before."""
    carts = Carts(shop.store.engine)
    carts.change(name, lambda lines: (Line("P1", 1, Decimal(9), f"{title} no longer wanted"),))
    carts.change(name, lambda lines: (Line("P2", 2, Decimal(5), title),))


def fill_consultation(shop: Shop, customer: str, thread: str, words: str) -> None:
    graph = StateGraph(ShopState)
    graph.add_node("answer", lambda _: {"card": f"need: {words}"})
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    with open_checkpoints(shop.store.engine, shop.state) as checkpoints:
        said: Any = {"messages": [HumanMessage(words)], "customer": customer}
        compiled = graph.compile(checkpointer=checkpoints.saver)
        compiled.invoke(said, {"configurable": {"thread_id": thread}}, durability="sync")


def fill_intents(shop: Shop, name: str, query: str) -> None:
    intent, evidence = intent_id(name, 0), Evidence("turn", f"{name}.0001:1", f"I look for {query}")
    told = [say(intent, slot, value, name, evidence, NOW) for slot, value in {KIND: "find", "query": query}.items()]
    shop.store.append([*told, close(intent, State.OPEN, name, evidence, NOW)])


def fill_preferences(shop: Shop) -> None:
    """A model with each customer's acts, and the snapshot of the running one."""
    model = Covisitation(Products({}))
    for number, (name, sku) in enumerate((("QX-7731", "P1"), (OTHER, "P1"), ("vis-8842", "P2"), (OTHER, "P2"))):
        model.learn(Event(f"{name}-{number}", name, sku, float(number)))
    model.save(shop.state / MODEL)
    goods = {sku: Good(sku, "jackets", ()) for sku in PRODUCTS}
    Preferences.open(shop.store.engine, goods, shop.state).save()


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
        read_intents(shop.store, OTHER, NOW),
        shop.store.customer(OTHER),
        shop.intake().activity(OTHER),
        shop.intake().affinities(OTHER),
        OrderBook(shop.store.engine).list(OTHER),
        Carts(shop.store.engine).get(OTHER),
        threads - {"QX-7731.0001", "7f0e"},
        (shop.state / "runs" / "logs" / "train.jsonl").read_text().count("hello"),
        Covisitation.load(shop.state / MODEL).customers() & {OTHER},
    )
