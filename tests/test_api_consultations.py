"""Consultations over HTTP, on a real server: what is said and answered, as it comes, stopped, sent again, too much."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from agent.context import Services
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from tests.agent_shop import keeper
from tests.api_shop import Callers, GatedModel, api, serving
from ui.api import events, turns

ANNA = "C1002"
STREAM = {"accept": "text/event-stream"}
SEARCH = ("search_products", {"query": "jacket"})


@pytest.fixture(scope="module")
def callers(api_services: Services) -> Callers:
    return Callers.of(api_services)


@pytest.fixture
def shopkeeper(api_services: Services, model: ScriptedModel) -> Iterator[Shopkeeper]:
    with keeper(api_services, model) as opened:
        yield opened


@pytest.fixture
def client(shopkeeper: Shopkeeper, callers: Callers) -> Iterator[httpx.Client]:
    with serving(api(shopkeeper, callers)) as opened:
        opened.headers.update(callers.customer(ANNA))
        yield opened


@pytest.fixture
def gated() -> Iterator[GatedModel]:
    model = GatedModel()
    yield model
    model.gate.set()


@pytest.fixture
def slow(api_services: Services, gated: GatedModel, callers: Callers) -> Iterator[httpx.Client]:
    """A server whose model waits in the middle of a reply that it writes itself."""
    free = replace(api_services, shop=replace(api_services.shop, replies="free"))
    with keeper(free, gated) as opened, serving(api(opened, callers)) as client:
        client.headers.update(callers.customer(ANNA))
        yield client


def begin(client: httpx.Client) -> str:
    answer = client.post("/v1/consultations")
    assert answer.status_code == 201
    return str(answer.json()["id"])


def say(client: httpx.Client, consultation: str, text: str, **headers: str) -> httpx.Response:
    return client.post(f"/v1/consultations/{consultation}/messages", json={"text": text}, headers=headers)


def events_in(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """Name and data of each event; a comment is "comment"."""
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)
        elif line.startswith(":"):
            yield "comment", line


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def texts(client: httpx.Client, consultation: str) -> list[tuple[str, str]]:
    messages = client.get(f"/v1/consultations/{consultation}").json()["messages"]
    return [(one["role"], one["text"]) for one in messages]


def test_a_consultation_begins_with_a_greeting_and_is_as_it_was_left(
    client: httpx.Client, model: ScriptedModel
) -> None:
    begun = client.post("/v1/consultations").json()
    assert begun["customer"] == ANNA and begun["id"].startswith(f"{ANNA}.") and "AI" in begun["greeting"]
    assert texts(client, begun["id"]) == []
    model.script[:] = [[SEARCH]]
    turn = say(client, begun["id"], "  a jacket ").json()
    assert turn["tools"][0]["name"] == "search_products" and turn["products"]
    assert texts(client, begun["id"]) == [("customer", "a jacket"), ("assistant", turn["reply"])]


def test_a_key_talks_for_whom_it_names(client: httpx.Client, callers: Callers, model: ScriptedModel) -> None:
    client.headers.update(callers.key())
    assert client.post("/v1/consultations").status_code == 403
    visitor = callers.visitor().visitor
    begun = client.post("/v1/consultations", json={"customer": visitor}).json()
    model.script[:] = ["Hello."]
    assert say(client, begun["id"], "hello").status_code == 200


def test_a_proposal_and_a_handoff_are_told(client: httpx.Client, model: ScriptedModel) -> None:
    asked, handed = begin(client), begin(client)
    model.script[:] = [[("manage_data", {"action": "erase"})], [("hand_off", {"reason": "asked for a person"})]]
    assert say(client, asked, "delete everything you know about me").json()["proposal"]["kind"] == "erase_data"
    assert client.get(f"/v1/consultations/{asked}").json()["proposal"]["status"] == "pending"
    assert say(client, handed, "i want to talk to a person").json()["handoff"] is True
    assert client.get(f"/v1/consultations/{handed}").json()["handoff"] is True


def test_a_stream_tells_what_happens_and_ends_with_the_turn(client: httpx.Client, model: ScriptedModel) -> None:
    consultation = begin(client)
    model.script[:] = [[SEARCH]]
    with client.stream(
        "POST", f"/v1/consultations/{consultation}/messages", json={"text": "a jacket"}, headers=STREAM
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = list(events_in(answer.iter_lines()))
    names = [name for name, _ in told]
    assert names[:2] == ["step", "products"] and names[-1] == "turn"
    found, turn = told[1][1], told[-1][1]
    assert told[0][1] == {"name": "search_products", "arguments": turn["tools"][0]["arguments"], "ok": True}
    assert [one["sku"] for one in found] == turn["products"] and found[0]["price"]["currency"] == "USD"
    assert "".join(data["text"] for name, data in told if name == "delta") == turn["reply"]


def test_who_goes_away_ends_nothing(slow: httpx.Client, gated: GatedModel) -> None:
    consultation = begin(slow)
    path = f"/v1/consultations/{consultation}/messages"
    with slow.stream("POST", path, json={"text": "hello"}, headers=STREAM) as answer:
        assert next(events_in(answer.iter_lines())) == ("delta", {"text": "Let me see."})
    gated.gate.set()
    whole = [("customer", "hello"), ("assistant", "Let me see. One moment. Here it is.")]
    until(lambda: texts(slow, consultation) == whole)


def test_a_stopped_answer_says_so_at_once_and_the_consultation_goes_on(slow: httpx.Client, gated: GatedModel) -> None:
    consultation = begin(slow)
    path = f"/v1/consultations/{consultation}"
    with slow.stream("POST", f"{path}/messages", json={"text": "hello"}, headers=STREAM) as answer:
        told = events_in(answer.iter_lines())
        next(told)
        assert slow.post(f"{path}/stop").status_code == 204
        name, problem = next(told)
        assert (name, problem["type"]) == ("problem", "urn:shopkeeper:problem:stopped")
    gated.gate.set()
    assert say(slow, consultation, "hello again").json()["reply"] == "Let me see. One moment. Here it is."
    assert slow.post(f"{path}/stop").status_code == 204  # of nothing


def test_a_heartbeat_keeps_a_quiet_stream_open(
    slow: httpx.Client, gated: GatedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    path = f"/v1/consultations/{begin(slow)}/messages"
    with slow.stream("POST", path, json={"text": "hello"}, headers=STREAM) as answer:
        for name, _ in events_in(answer.iter_lines()):
            if name == "comment":
                gated.gate.set()
        assert name == "turn"


def test_a_turn_holds_up_nobody_else_and_the_next_of_its_consultation_waits(
    slow: httpx.Client, gated: GatedModel
) -> None:
    consultation = begin(slow)
    path = f"/v1/consultations/{consultation}/messages"
    replies: list[str] = []
    with slow.stream("POST", path, json={"text": "hello"}, headers=STREAM) as answer:
        next(events_in(answer.iter_lines()))
        second = threading.Thread(target=lambda: replies.append(say(slow, consultation, "and?").json()["reply"]))
        second.start()
        assert slow.get("/healthz").json() == {"status": "ok"}
        assert not replies
        gated.gate.set()
        second.join(timeout=20)
    assert replies and [text for role, text in texts(slow, consultation) if role == "customer"] == ["hello", "and?"]


def test_when_too_many_wait_the_next_is_told_when_to_come_back(
    api_services: Services, gated: GatedModel, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "AT_ONCE", 1)
    monkeypatch.setattr(turns, "MOST_WAITING", 0)
    free = replace(api_services, shop=replace(api_services.shop, replies="free"))
    with keeper(free, gated) as opened, serving(api(opened, callers)) as client:
        client.headers.update(callers.customer(ANNA))
        first, second = begin(client), begin(client)
        path = f"/v1/consultations/{first}/messages"
        with client.stream("POST", path, json={"text": "hello"}, headers=STREAM) as answer:
            next(events_in(answer.iter_lines()))
            busy = say(client, second, "hello", **{"idempotency-key": "busy"})
            assert busy.status_code == 503 and busy.json()["type"] == "urn:shopkeeper:problem:busy"
            assert int(busy.headers["retry-after"]) > 0
        gated.gate.set()
        until(lambda: len(texts(client, first)) == 2)
        until(lambda: say(client, second, "hello", **{"idempotency-key": "busy"}).status_code == 200)


def test_a_message_with_a_key_is_answered_once(client: httpx.Client, model: ScriptedModel) -> None:
    consultation, key = begin(client), {"idempotency-key": "message-1"}
    model.script[:] = [[SEARCH]]
    first = say(client, consultation, "a jacket", **key)
    again = say(client, consultation, "a jacket", **key)
    assert again.json() == first.json() and again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers and len(texts(client, consultation)) == 2
    streamed = say(client, consultation, "a jacket", **key, **STREAM)
    told = list(events_in(iter(streamed.text.splitlines())))
    assert told == [("delta", {"text": first.json()["reply"]}), ("turn", first.json())]
    other = say(client, consultation, "a tent", **key)
    assert other.status_code == 422 and other.headers["content-type"] == "application/problem+json"


def test_while_a_message_with_a_key_is_being_answered_a_repeat_is_refused(
    slow: httpx.Client, gated: GatedModel
) -> None:
    consultation, key = begin(slow), {"idempotency-key": "message-2"}
    path = f"/v1/consultations/{consultation}/messages"
    with slow.stream("POST", path, json={"text": "hello"}, headers=STREAM | key) as answer:
        next(events_in(answer.iter_lines()))
        refused = say(slow, consultation, "hello", **key)
        assert refused.status_code == 409 and refused.json()["type"] == "urn:shopkeeper:problem:in-flight"
    gated.gate.set()
    until(lambda: say(slow, consultation, "hello", **key).status_code == 200)
    assert len(texts(slow, consultation)) == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"text": "x" * 4001}, "4001 characters; a message has at most 4000"),
        ({"text": "  "}, "text"),
        ({}, "text"),
        ({"text": "hello", "customer": "C1001"}, "customer"),
    ],
)
def test_what_is_no_message_is_a_problem(client: httpx.Client, body: dict[str, str], words: str) -> None:
    answer = client.post(f"/v1/consultations/{begin(client)}/messages", json=body)
    assert answer.status_code == 422 and words in answer.json()["detail"]
    assert answer.json()["type"] == "urn:shopkeeper:problem:invalid"


def test_a_failure_of_the_shop_says_nothing_of_its_inside(
    client: httpx.Client, model: ScriptedModel, shopkeeper: Shopkeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Iterator[object]:
        raise RuntimeError("secret-place")
        yield

    consultation = begin(client)
    monkeypatch.setattr(shopkeeper, "stream", broken)
    answer = say(client, consultation, "hello")
    assert answer.status_code == 500 and "secret" not in answer.text
    streamed = say(client, consultation, "hello", **STREAM)
    assert streamed.status_code == 200 and "event: problem" in streamed.text and "secret" not in streamed.text
