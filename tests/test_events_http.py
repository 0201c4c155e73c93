"""Events over HTTP, on a real server and both databases: who may send, what is answered, what is kept, who is who."""

import base64
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from agent.models.scripted import ScriptedModel
from errors import ConfigError
from profiles.card import card
from profiles.customer import Customer
from profiles.events.intake import EventIntake
from profiles.events.keys import Keys
from profiles.shop.imports import open_intake as open_shop_intake
from profiles.storage.database import open_database
from profiles.store import ProfileStore
from tests.agent_shop import SHOP, keeper, open_demo_services
from tests.events_shop import NOW, PRODUCTS, event, open_intake
from tests.http_server import running
from tests.page_browser import served
from tests.profiles_shop import SCHEMA, START
from ui.events import EventRoutes

KEYS = Keys("write-key-of-the-shop", "identity-secret-of-the-shop")


async def _page(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("the page")(scope, receive, send)


@contextmanager
def serving(intake: EventIntake, keys: Keys = KEYS) -> Iterator[httpx.Client]:
    """A client of a real server, which sends the write key."""
    with (
        running(EventRoutes(_page, intake, keys), lifespan="off") as address,
        httpx.Client(base_url=address, auth=(KEYS.write_key, ""), timeout=30) as client,
    ):
        yield client


@pytest.fixture
def intake(url: str) -> Iterator[EventIntake]:
    intake = open_intake(url)
    yield intake
    intake.store.engine.dispose()


@pytest.fixture
def client(intake: EventIntake) -> Iterator[httpx.Client]:
    with serving(intake) as client:
        yield client


def sign(customer: str) -> str:
    return hmac.new(KEYS.identity_secret.encode(), customer.encode(), sha256).hexdigest()


def identify(number: int, visitor: str, customer: str, signature: str | None) -> dict[str, Any]:
    message = {"messageId": f"i{number}", "anonymousId": visitor, "userId": customer, "timestamp": START.isoformat()}
    return message | ({"context": {"signature": signature}} if signature is not None else {})


def test_what_is_answered_is_kept_and_a_repetition_counts_once(client: httpx.Client, intake: EventIntake) -> None:
    first = client.post("/v1/track", json=event(1))
    again = client.post("/v1/track", json=event(1))
    assert (first.status_code, first.json()["taken"], first.json()["rejected"]) == (200, 1, [])
    assert (again.status_code, again.json()["taken"], again.json()["duplicates"]) == (200, 0, 1)
    other = EventIntake(ProfileStore(open_database(str(intake.store.engine.url)), SCHEMA), PRODUCTS, lambda: NOW)
    assert other.activity("C1").acts == 1


def test_a_message_without_id_or_time_gets_them(client: httpx.Client, intake: EventIntake) -> None:
    bare = {"userId": "C1", "event": "Product Viewed", "properties": {"product_id": "P1"}}
    dated = bare | {"timestamp": START.isoformat()}
    assert client.post("/v1/track", json=bare).json()["taken"] == 1
    assert client.post("/v1/track", json=dated).json()["taken"] == 1
    assert client.post("/v1/track", json=dated).json()["duplicates"] == 1
    assert intake.activity("C1").last_at == NOW


def test_a_batch_takes_what_is_good_and_names_what_is_not(client: httpx.Client, intake: EventIntake) -> None:
    broken = event(3, properties={"product_id": "P1", "price": -5})
    answer = client.post("/v1/batch", json={"batch": [event(1), "nonsense", event(2), broken]})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["read"], told["taken"]) == (4, 2)
    assert [(item["index"], item["id"], item["reason"]) for item in told["rejected"]] == [
        (1, None, "malformed"),
        (3, "e003", "impossible value"),
    ]
    assert "-5" in told["rejected"][1]["detail"]
    assert {item.reason.value for item in intake.asides()} == {"malformed", "impossible value"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (event(1, timestamp="yesterday"), "timestamp"),
        (event(1, userId=None), "neither a customer nor a visitor"),
        (event(1, properties={"product_id": "P1", "price": -5}), "-5"),
        (event(1, type="alias"), "alias"),
        ([1, 2], "[1, 2]"),
    ],
)
def test_a_bad_message_is_an_error_with_its_value(
    client: httpx.Client, intake: EventIntake, body: Any, words: str
) -> None:
    answer = client.post("/v1/track", json=body)
    assert answer.status_code == 400
    assert words in answer.json()["detail"] and answer.json()["success"] is False
    assert intake.activity("C1").acts == 0


def test_what_is_no_json_or_too_large_is_refused(client: httpx.Client) -> None:
    assert client.post("/v1/track", content=b'{"a":').status_code == 400
    assert client.post("/v1/track", content=b"[" * 20_000).status_code == 400
    assert client.post("/v1/track", json=event(1, context={"x": "y" * 40_000})).status_code == 413
    assert client.post("/v1/batch", content=b" " * 600_000).status_code == 413
    large = client.post("/v1/batch", json={"batch": [event(1, context={"x": "y" * 40_000}), event(2)]}).json()
    assert (large["taken"], large["rejected"][0]["reason"]) == (1, "malformed")
    bodies: tuple[dict[str, Any], ...] = ({}, {"batch": []}, {"batch": "x"}, {"batch": [{}] * 2501})
    for body in bodies:
        assert client.post("/v1/batch", json=body).status_code == 400


def test_nobody_sends_without_the_write_key(client: httpx.Client, intake: EventIntake) -> None:
    for auth in (None, ("wrong", ""), ("", KEYS.write_key)):
        for path in ("/v1/track", "/v1/identify", "/v1/batch"):
            headers = {} if auth is None else {"authorization": f"Basic {_basic(*auth)}"}
            answer = httpx.post(str(client.base_url.join(path)), json=event(1), headers=headers)
            assert answer.status_code == 401 and "www-authenticate" in answer.headers
    wrong = httpx.post(str(client.base_url.join("/mp/collect?api_secret=wrong")), json={"client_id": "b", "events": []})
    assert wrong.status_code == 401
    assert intake.activity("C1").acts == 0
    assert client.get("/v1/track").status_code == 405
    assert client.get("/anything").text == "the page"


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def test_a_shop_without_a_write_key_takes_nothing(tmp_path: Path) -> None:
    with serving(open_intake(tmp_path / "shopkeeper.db"), Keys()) as client:
        answer = client.post("/v1/track", json=event(1))
    assert answer.status_code == 503 and "SHOPKEEPER_WRITE_KEY" in answer.json()["detail"]


def test_a_signed_identify_makes_a_visitors_acts_the_customers(client: httpx.Client, intake: EventIntake) -> None:
    client.post("/v1/track", json=event(1, userId=None, anonymousId="b1"))
    assert intake.activity("C1").acts == 0
    assert client.post("/v1/identify", json=identify(1, "b1", "C1", sign("C1"))).status_code == 200
    assert intake.activity("C1").acts == 1


@pytest.mark.parametrize("signature", [None, "", "00", sign("C2")])
def test_nobody_claims_anothers_profile(client: httpx.Client, intake: EventIntake, signature: str | None) -> None:
    mine = event(1, userId=None, anonymousId="b1")
    client.post("/v1/track", json=mine)
    for path, body in (
        ("/v1/identify", identify(1, "b1", "C1", signature)),
        ("/v1/batch", {"batch": [identify(2, "b1", "C1", signature) | {"type": "identify"}]}),
        ("/v1/batch", {"batch": [{"type": "alias", "previousId": "b1"} | identify(3, "", "C1", signature)]}),
    ):
        answer = client.post(path, json=body)
        if path == "/v1/identify":
            assert answer.status_code == 403
        else:
            assert answer.json()["rejected"][0]["reason"] == "identity without a valid signature"
    login: dict[str, Any] = {"client_id": "b1", "user_id": "C1", "events": [{"name": "login"}]}
    if signature is not None:
        login["user_properties"] = {"signature": {"value": signature}}
    told = client.post("/mp/collect", params={"api_secret": KEYS.write_key}, json=login).json()
    assert told["rejected"][0]["reason"] == "identity without a valid signature"
    assert intake.activity("C1").acts == 0
    kept = [item.body for item in intake.asides()]
    assert kept and not any(signature and len(signature) > 2 and signature in body for body in kept)


def test_events_of_the_measurement_protocol_count(client: httpx.Client, intake: EventIntake) -> None:
    at = int((START + timedelta(days=1)).timestamp() * 1_000_000)
    items = [{"item_id": "P1", "price": 20.0, "quantity": 2}]
    body = {
        "client_id": "b1",
        "user_id": "C1",
        "timestamp_micros": at,
        "user_properties": {"signature": {"value": sign("C1")}},
        "events": [
            {"name": "login"},
            {"name": "view_item", "params": {"items": items}},
            {"name": "purchase", "params": {"items": items, "transaction_id": "o1", "value": 45.5, "currency": "USD"}},
            {"name": "scroll"},
        ],
    }
    for taken, duplicates in ((2, 0), (0, 2)):
        told = client.post("/mp/collect", params={"api_secret": KEYS.write_key}, json=body).json()
        assert (told["taken"], told["duplicates"], told["passed_over"]) == (taken, duplicates, 2)
    assert intake.activity("C1").purchases.spent == 45.5
    nobody = client.post("/mp/collect", params={"api_secret": KEYS.write_key}, json={"events": [{"name": "login"}]})
    assert nobody.status_code == 400 and "client_id" in nobody.json()["detail"]


def test_many_senders_at_once_lose_nothing_and_count_nothing_twice(client: httpx.Client, intake: EventIntake) -> None:
    def send(start: int) -> None:
        for number in range(start, start + 12):
            assert client.post("/v1/track", json=event(number, days=number / 100)).status_code == 200

    threads = [threading.Thread(target=send, args=(start,)) for start in (0, 0, 6, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert intake.activity("C1").acts == 18


def test_the_customers_next_turn_knows_it(demo_state: Callable[[], Path]) -> None:
    services, model = open_demo_services(demo_state()), ScriptedModel()
    newcomer = Customer("C9001", "New Comer", consent={"profiling": True})
    services.profiles.put_customers([newcomer])
    intake = open_shop_intake(SHOP, services.profiles)
    tents = [p.sku for p in services.retriever.catalog.products if p.category == "tents"][:6]
    with serving(intake) as client, keeper(services, model) as agent:
        for number, sku in enumerate(tents * 2):
            message = {"userId": "C9001", "event": "Product Added", "properties": {"product_id": sku}}
            assert client.post("/v1/track", json=message | {"messageId": f"t{number}"}).json()["taken"] == 1
        model.script[:] = ["Hello."]
        agent.reply("C9001", "events-1", "hi")
    assert "likes category: tents" in str(model.seen[0][1].content)
    assert "tents" in card(services.profiles.read("C9001"), services.schema)


def test_the_page_and_the_routes_are_one_server(demo_state: Callable[[], Path]) -> None:
    with served(demo_state(), "--model", "http://127.0.0.1:9/v1#none", SHOPKEEPER_WRITE_KEY=KEYS.write_key) as address:
        message = {"userId": "C1002", "event": "Product Viewed", "properties": {"product_id": "BTS-1001"}}
        told = httpx.post(f"{address}/v1/track", json=message, auth=(KEYS.write_key, ""), timeout=30)
        assert (told.status_code, told.json()["taken"]) == (200, 1)
        assert httpx.post(f"{address}/v1/track", json=message, timeout=30).status_code == 401
        assert httpx.get(f"{address}/v1/track", timeout=30).status_code == 405
        assert "gradio" in httpx.get(address, timeout=30).text


def test_keys_come_from_the_environment_or_the_shop_and_must_be_long() -> None:
    table = {"write_key": "w" * 20, "identity_secret": "s" * 20}
    assert Keys.load(table, {}) == Keys("w" * 20, "s" * 20)
    assert Keys.load(table, {"SHOPKEEPER_WRITE_KEY": "e" * 20}).write_key == "e" * 20
    assert "w" * 20 not in repr(Keys.load(table, {}))
    with pytest.raises(ConfigError, match=r"events\.write_key in shop\.toml has 5"):
        Keys.load({"write_key": "short"}, {})
    with pytest.raises(ConfigError, match="SHOPKEEPER_IDENTITY_SECRET has 5"):
        Keys.load(table, {"SHOPKEEPER_IDENTITY_SECRET": "short"})
    with pytest.raises(ConfigError, match=r"events\.writekey"):
        Keys.load({"writekey": "x" * 20}, {})


def test_bodies_are_json_whatever_the_content_type(client: httpx.Client) -> None:
    sent = client.post("/v1/track", content=json.dumps(event(1)), headers={"content-type": "text/plain"})
    assert sent.json()["taken"] == 1
