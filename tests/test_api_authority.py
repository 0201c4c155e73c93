"""Nothing of one customer reaches another: every route of the application is asked by those who may not."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from agent.context import Services
from agent.models.scripted import ScriptedModel
from tests.agent_shop import keeper
from tests.api_shop import ALL, Callers, api, bearing, serving
from ui.access.caller import Kind, Scope
from ui.session import new_consultation

VICTIM, STRANGER = "C1002", "C1001"
OPEN = {("POST", "/v1/visitors"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/openapi.json")}
# These refuse in the form of another protocol, or sign somebody in: their own tests ask them.
OTHERS = {
    ("GET", "/.well-known/ucp"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/{name:path}"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/sign-in"),
    ("POST", "/v1/sign-in/codes"),
    ("POST", "/v1/sign-in/visitor"),
    *(("POST", path) for path in ("/ask", "/carts", "/catalog/lookup", "/catalog/product", "/catalog/search")),
    ("GET", "/carts/{id}"),
    ("PUT", "/carts/{id}"),
    ("POST", "/carts/{id}/cancel"),
    ("GET", "/orders/{id}"),
}
DEMO = ("/shop/", "/widget")  # what is somebody's there comes from the API, by their token
NOBODYS = {("GET", "/v1/products/{sku}"), ("POST", "/v1/answers")}  # what they tell is of no customer
PARTS = {"{customer}": VICTIM, "{sku}": "JKT-1001-NVY-M", "{order}": "last", "{handoff}": "0" * 32}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request needs beside its path, to be about the victim and valid."""

    scope: Scope
    body: dict[str, Any] | None = None
    query: dict[str, str] = field(default_factory=dict)


CUSTOMER = {"customer": VICTIM}
ROUTES = {
    ("POST", "/v1/consultations"): Asked(Scope.CHAT, CUSTOMER),
    ("GET", "/v1/consultations/{consultation}"): Asked(Scope.CHAT),
    ("POST", "/v1/consultations/{consultation}/messages"): Asked(Scope.CHAT, {"text": "hello"}),
    ("POST", "/v1/consultations/{consultation}/stop"): Asked(Scope.CHAT),
    ("GET", "/v1/customers/{customer}/profile"): Asked(Scope.PROFILES),
    ("GET", "/v1/customers/{customer}/profile/why"): Asked(Scope.PROFILES, query={"attribute": "size"}),
    ("POST", "/v1/customers/{customer}/profile/changes"): Asked(
        Scope.PROFILES, {"changes": [{"attribute": "size", "value": "L"}]}
    ),
    ("PUT", "/v1/customers/{customer}/consents"): Asked(Scope.PROFILES, {"training": True}),
    ("GET", "/v1/customers/{customer}/export"): Asked(Scope.PROFILES),
    ("DELETE", "/v1/customers/{customer}"): Asked(Scope.PROFILES),
    ("GET", "/v1/products"): Asked(Scope.SEARCH, query={"query": "jacket", **CUSTOMER}),
    ("GET", "/v1/products/{sku}"): Asked(Scope.SEARCH),
    ("POST", "/v1/answers"): Asked(Scope.SEARCH, {"question": "how can i pay?"}),
    ("GET", "/v1/customers/{customer}/cart"): Asked(Scope.CHAT),
    ("POST", "/v1/customers/{customer}/cart/lines"): Asked(Scope.CHAT, {"sku": PARTS["{sku}"]}),
    ("PATCH", "/v1/customers/{customer}/cart/lines/{sku}"): Asked(Scope.CHAT, {"quantity": 2}),
    ("DELETE", "/v1/customers/{customer}/cart/lines/{sku}"): Asked(Scope.CHAT),
    ("DELETE", "/v1/customers/{customer}/cart"): Asked(Scope.CHAT),
    ("POST", "/v1/customers/{customer}/cart/undo"): Asked(Scope.CHAT),
    ("GET", "/v1/customers/{customer}/orders"): Asked(Scope.ORDERS),
    ("GET", "/v1/customers/{customer}/orders/{order}"): Asked(Scope.ORDERS),
    ("GET", "/v1/handoffs"): Asked(Scope.STAFF),
    ("POST", "/v1/handoffs/{handoff}/close"): Asked(Scope.STAFF, {"note": "done"}),
}


@pytest.fixture(scope="module")
def services(api_services: Services) -> Services:
    return api_services


@pytest.fixture(scope="module")
def callers(api_services: Services) -> Callers:
    return Callers.of(api_services)


@pytest.fixture(scope="module")
def app(services: Services, callers: Callers) -> Iterator[FastAPI]:
    with keeper(services, ScriptedModel(script=["Hello."] * 40)) as shopkeeper:
        yield api(shopkeeper, callers)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[httpx.Client]:
    with serving(app) as client:
        yield client


def routes_of(app: FastAPI) -> set[tuple[str, str]]:
    found = ((one.methods or set(), one.path or "") for one in iter_route_contexts(app.routes))
    return {(method, path) for methods, path in found for method in methods if method != "HEAD"}


def ask(client: httpx.Client, route: tuple[str, str], headers: dict[str, str]) -> httpx.Response:
    """The request about the victim."""
    method, path = route
    for part, value in (PARTS | {"{consultation}": new_consultation(VICTIM)}).items():
        path = path.replace(part, value)
    asked = ROUTES[route]
    return client.request(method, path, json=asked.body, params=asked.query, headers=headers)


def test_every_route_is_open_on_purpose_or_asked_here(app: FastAPI) -> None:
    asked = {route for route in routes_of(app) if not route[1].startswith(DEMO)}
    assert asked == OPEN | OTHERS | ROUTES.keys()


@pytest.mark.parametrize("route", sorted(ROUTES), ids=" ".join)
class TestRoute:
    def refused(self, answer: httpx.Response, services: Services, *statuses: int) -> None:
        """With a problem that tells nothing of anybody."""
        assert answer.status_code in statuses, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        store = services.profiles
        victim = store.customer(VICTIM)
        told = [victim.name, victim.email, victim.address, *(o.id for o in services.orders.list(VICTIM))]
        told += [str(trait.value) for trait in store.read(VICTIM).traits if len(str(trait.value)) > 5]
        told += [name for name in store.customers() if name not in (VICTIM, STRANGER)]
        assert not [words for words in told if words and words in answer.text]

    def test_nobody_is_refused(self, route: tuple[str, str], client: httpx.Client, services: Services) -> None:
        for headers in ({}, bearing("made-up"), {"authorization": "Basic eDp5"}):
            answer = ask(client, route, headers)
            self.refused(answer, services, 401)
            assert answer.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize("kind", [Kind.CUSTOMER, Kind.VISITOR])
    def test_somebody_else_is_refused(
        self, route: tuple[str, str], kind: Kind, client: httpx.Client, services: Services, callers: Callers
    ) -> None:
        is_customer = kind is Kind.CUSTOMER
        other = callers.customer(STRANGER) if is_customer else bearing(callers.visitor().token)
        answer = ask(client, route, other)
        if route in NOBODYS:
            assert answer.status_code == 200
        else:
            self.refused(answer, services, 403, 404)

    def test_a_key_without_the_scope_is_refused(
        self, route: tuple[str, str], client: httpx.Client, services: Services, callers: Callers
    ) -> None:
        less = callers.key(*ALL - {ROUTES[route].scope})
        self.refused(ask(client, route, less), services, 403)

    def test_a_key_without_orders_acts_for_no_customer(
        self, route: tuple[str, str], client: httpx.Client, services: Services, callers: Callers
    ) -> None:
        answer = ask(client, route, callers.key(*ALL - {Scope.ORDERS}))
        is_of_a_customer = route not in NOBODYS and ROUTES[route].scope is not Scope.STAFF
        if is_of_a_customer:
            self.refused(answer, services, 403)
        else:
            assert answer.status_code in (200, 404)


def test_whom_a_visitor_turned_out_to_be_is_told_to_nobody(
    client: httpx.Client, services: Services, callers: Callers
) -> None:
    visitor = callers.visitor()
    consultation = new_consultation(visitor.visitor)
    services.profiles.merge(visitor.visitor, VICTIM)
    for path in (f"/v1/consultations/{consultation}", f"/v1/customers/{visitor.visitor}/profile"):
        answer = client.get(path, headers=bearing(visitor.token))
        assert answer.status_code == 401 and VICTIM not in answer.text
    assert client.get(f"/v1/consultations/{consultation}", headers=callers.customer(VICTIM)).status_code == 200


def test_an_unknown_customer_is_not_told_which_there_are(client: httpx.Client, callers: Callers) -> None:
    answer = client.get("/v1/customers/C9999/profile", headers=callers.key())
    assert answer.status_code == 404 and answer.json()["detail"] == "no customer 'C9999'"
