"""A visitor who signs in on the page: what they said goes on as the customer's, and as nobody else's."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.models.scripted import Answer, ScriptedModel
from agent.services import open_services
from agent.shop import load_shop
from agent.shopkeeper import Shopkeeper
from errors import NotFound
from profiles.customer import Customer
from profiles.events.intake import EventIntake
from profiles.intents.intent import State
from profiles.intents.reads import read_intents
from profiles.observation import Authority
from profiles.privacy.audit import Act, Audit
from profiles.privacy.consents import Consent
from profiles.privacy.purposes import Purpose
from profiles.shop.imports import open_intake
from retrieval.embedder import Embedder
from tests.agent_shop import change, keeper, noting, small_shop
from tests.events_shop import NOW, event
from tests.profile_stores import merged_into
from ui.page.consultation import View, opened
from ui.page.sign_in import signed_in
from ui.session import Session, as_customer, new_session

ADA, BO, STRICT = "C1002", "C1003", "C9001"
WISH = "I need touchscreen gloves; show me a jacket"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_shop(tmp_path_factory.mktemp("small"), (ADA, BO))


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


class Desk:
    """The shop's agent and its way in for events."""

    def __init__(self, shopkeeper: Shopkeeper, intake: EventIntake) -> None:
        self.shopkeeper, self.intake = shopkeeper, intake
        self.store = intake.store

    def sign_in(self, session: Session, customer: str) -> Session:
        return signed_in(self.shopkeeper, self.intake, session, customer)

    def view(self, session: Session) -> View:
        return opened(self.shopkeeper, session)

    def known_of(self, customer: str) -> tuple[object, ...]:
        """What their words and acts amount to, as of a moment."""
        held = self.store.read(customer, NOW), self.store.history(customer), read_intents(self.store, customer, NOW)
        return *held, self.intake.activity(customer), merged_into(self.store, customer)

    def says(self, customer: str, value: str) -> list[Authority]:
        """Who says that the customer likes something."""
        return [trait.authority for trait in self.store.read(customer).traits if trait.value == value]


@pytest.fixture
def desk(shop: Path, embedder: Embedder, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(shop, embedder, tmp_path, [[*WISHED], "Hello."]) as made:
        yield made


WISHED = (noting(change("touchscreen", "need", "touchscreen", "like")), ("search_products", {"query": "jacket"}))


@contextmanager
def open_desk(shop: Path, embedder: Embedder, state: Path, script: Sequence[Answer]) -> Iterator[Desk]:
    services = open_services(load_shop(shop), state, embedder)
    services.profiles.put_customers([Customer(STRICT, "Strict", consent={"service": False, "profiling": False})])
    services.profiles.record_consents([Consent(ADA, Purpose.PROFILING, True, NOW, "letter", "Ada")])
    with keeper(services, ScriptedModel(script=list(script)), state / "talks.db") as shopkeeper:
        yield Desk(shopkeeper, open_intake(shop, services.profiles))
    services.profiles.engine.dispose()


def visited(desk: Desk, shop: Path) -> Session:
    """A visitor who has said what they like, looks for a jacket, and has looked at products."""
    session = new_session("en")
    desk.shopkeeper.reply(session.customer, session.consultation, WISH)
    sku = json.loads((shop / "catalog.jsonl").read_text(encoding="utf-8").splitlines()[0])["sku"]
    seen = event(0, sku=sku, userId=None, anonymousId=session.visitor, timestamp="2026-11-01T10:00:00Z")
    desk.intake.take([seen | {"messageId": f"{session.visitor}-{number}"} for number in range(4)])
    return session


def test_what_a_visitor_said_did_and_wants_goes_on_as_the_customers(desk: Desk, shop: Path) -> None:
    visitor = visited(desk, shop)
    session = desk.sign_in(visitor, ADA)
    assert (session.customer, session.consultation) == (ADA, visitor.consultation)
    assert desk.says(ADA, "touchscreen") == [Authority.STATED] and desk.says(BO, "touchscreen") == []
    trait = next(trait for trait in desk.store.read(ADA).traits if trait.value == "touchscreen")
    assert trait.evidence[0].quote == "touchscreen"
    assert [intent.state for intent in read_intents(desk.store, ADA)][:1] == [State.OPEN]
    assert desk.intake.activity(ADA).acts == 4
    assert [line.text for line in desk.view(session).lines if line.by == "customer"] == [WISH]
    desk.shopkeeper.reply(ADA, session.consultation, "and hello")
    assert [m.text for m in desk.shopkeeper.messages(session.consultation) if m.type == "human"] == [WISH, "and hello"]
    noted = {(line.act, line.by) for line in Audit(desk.store.engine).of([ADA])}
    assert {(Act.CHANGED, "page"), (Act.READ, "page"), (Act.READ, "agent")} <= noted


def test_the_visitors_id_and_consultation_open_nothing_for_anybody_else(desk: Desk, shop: Path) -> None:
    visitor = visited(desk, shop)
    session = desk.sign_in(visitor, ADA)
    assert session.visitor != visitor.visitor
    for somebody in (BO, visitor.visitor, session.visitor):
        with pytest.raises(NotFound):
            desk.shopkeeper.reply(somebody, visitor.consultation, "what do you know of me?")
    left = as_customer(session, "", lambda _: True)
    assert desk.view(left).profile.traits == () and desk.view(left).intents == ()
    other = desk.sign_in(session, BO)
    assert other.consultation != session.consultation and "touchscreen" not in str(desk.view(other))


def test_signing_in_again_changes_nothing_and_as_somebody_else_brings_nothing(desk: Desk, shop: Path) -> None:
    visitor = visited(desk, shop)
    first = desk.sign_in(visitor, ADA)
    before = desk.known_of(ADA)
    again = desk.sign_in(visitor, ADA)  # from another window, which knows of nothing yet
    assert desk.known_of(ADA) == before and again.consultation == first.consultation
    other = desk.sign_in(visitor, BO)
    assert other.customer == BO and other.consultation.startswith(BO) and desk.says(BO, "touchscreen") == []
    assert desk.store.owner(visitor.visitor) == ADA


def test_the_customers_consent_holds_for_what_comes_in(desk: Desk, shop: Path) -> None:
    session = desk.sign_in(visited(desk, shop), STRICT)
    assert desk.store.read(STRICT).traits == () and desk.intake.activity(STRICT).acts == 0
    assert read_intents(desk.store, STRICT) == () and "touchscreen" not in str(desk.store.history(STRICT))
    assert [line.text for line in desk.view(session).lines if line.by == "customer"] == [WISH]


def test_who_has_said_nothing_leaves_nothing(desk: Desk) -> None:
    visitor = new_session("en")
    session = desk.sign_in(visitor, ADA)
    assert session.consultation.startswith(ADA) and merged_into(desk.store, ADA) == []
    assert visitor.visitor not in str(Audit(desk.store.engine).of([ADA, visitor.visitor]))
