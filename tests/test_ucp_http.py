"""UCP over HTTP on a real server: discovery, catalogue, carts, orders, answers; who may, and what is nobody's."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from language.text import has_han
from tests.agent_shop import keeper, open_demo_services
from tests.agents_server import AGENT, OTHER, UCP_AGENT, YEARS, over_http, served

JACKET, VARIANT, SOLD_OUT = "JKT-1001", "JKT-1001-NVY-M", "JKT-1001-NVY-S"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def shopkeeper(demo_state: Callable[[], Path]) -> Iterator[Shopkeeper]:
    with keeper(open_demo_services(demo_state()), ScriptedModel()) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(shopkeeper: Shopkeeper) -> Iterator[str]:
    with served(shopkeeper) as running:
        yield running


def send(address: str, method: str, path: str, body: Any = None, token: str = "all", **more: Any) -> httpx.Response:
    headers = UCP_AGENT | {"authorization": f"Bearer {token}"} | more.pop("headers", {})
    return httpx.request(method, address + path, json=body, headers=headers, timeout=60, **more)


def post(address: str, path: str, body: Any, token: str = "all", status: int = 200, **more: Any) -> Json:
    answer = send(address, "POST", path, body, token, **more)
    assert answer.status_code == status, answer.text
    told: Json = answer.json()
    assert told["ucp"]["version"] == "2026-08-25"
    return told


def lines(*items: tuple[str, int]) -> Json:
    return {"line_items": [{"item": {"id": id}, "quantity": quantity} for id, quantity in items]}


def test_everybody_finds_what_the_shop_speaks_and_where(address: str) -> None:
    answer = httpx.get(f"{address}/.well-known/ucp", timeout=30)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "public, max-age=3600"
    profile = answer.json()["ucp"]
    services = {one["transport"]: one["endpoint"] for one in profile["services"]["dev.ucp.shopping"]}
    assert services == {"mcp": f"{address}/mcp", "rest": address}
    assert profile["payment_handlers"] == {} and profile["capabilities"]["dev.ucp.shopping.ask"][0]["config"]["draft"]


def test_a_search_finds_by_words_filters_or_both_and_pages_on(address: str) -> None:
    found = post(address, "/catalog/search", {"query": "rain jacket", "pagination": {"limit": 3}})
    assert len(found["products"]) == 3 and found["pagination"]["has_next_page"] and found["policies"]
    cursor = found["pagination"]["cursor"]
    more = post(address, "/catalog/search", {"query": "rain jacket", "pagination": {"limit": 3, "cursor": cursor}})
    assert not {p["id"] for p in found["products"]} & {p["id"] for p in more["products"]}
    boots = post(address, "/catalog/search", {"filters": {"categories": ["boots"], "price": {"max": 15000}}})
    assert boots["products"] and len(boots["products"]) <= 10
    for product in boots["products"]:
        assert product["categories"][0]["value"] == "boots" and product["variants"][0]["price"]["amount"] <= 15000
    navy = post(address, "/catalog/search", {"query": "jacket", "filters": {"color": "navy", "available": True}})
    for product in navy["products"]:
        assert {"name": "Color", "label": "navy"} in product["variants"][0]["options"]
        assert product["variants"][0]["availability"] == {"available": True, "status": "in_stock"}
    nothing = post(address, "/catalog/search", {"query": "submarine periscope"})
    assert nothing["products"] == [] and "messages" not in nothing and not nothing["pagination"]["has_next_page"]


def test_titles_come_in_the_language_that_is_asked_for(address: str) -> None:
    ids = {"ids": [JACKET]}
    by_context = post(address, "/catalog/lookup", ids | {"context": {"language": "zh-Hans"}})
    by_header = post(address, "/catalog/lookup", ids, headers={"accept-language": "zh-CN,en;q=0.5"})
    assert by_context["products"][0]["title"] == by_header["products"][0]["title"] == "Badger 男款轻量雨衣"


def test_a_lookup_says_which_id_became_which_variant(address: str) -> None:
    found = post(address, "/catalog/lookup", {"ids": [JACKET, VARIANT, VARIANT, "nothing"]})
    assert [product["id"] for product in found["products"]] == [JACKET]
    inputs = {v["id"]: [(one["id"], one["match"]) for one in v["inputs"]] for v in found["products"][0]["variants"]}
    assert inputs[VARIANT] == [(VARIANT, "exact")]
    assert [(JACKET, "featured")] in inputs.values() and len(inputs) == 2
    assert found["messages"] == [{"type": "info", "code": "not_found", "content": "nothing"}]
    cheap = post(address, "/catalog/lookup", {"ids": [JACKET], "filters": {"price": {"max": 100}}})
    assert cheap["products"] == [] and "policies" not in cheap


def test_a_product_tells_what_can_be_chosen(address: str) -> None:
    asked = {"id": JACKET, "selected": [{"name": "Color", "label": "navy"}], "preferences": ["Color"]}
    product = post(address, "/catalog/product", asked)["product"]
    assert product["selected"] == [{"name": "Color", "label": "navy"}]
    sizes = {value["label"]: value for value in product["options"][1]["values"]}
    assert sizes["S"] == {"label": "S", "available": False, "exists": True} and sizes["M"]["available"]
    assert all({"name": "Color", "label": "navy"} in variant["options"] for variant in product["variants"])
    exact = post(address, "/catalog/product", asked | {"id": "JKT-1001-DGR-S"})["product"]
    assert exact["variants"][0]["id"] == "JKT-1001-DGR-S" and exact["selected"][0]["label"] == "dark green"
    none = post(address, "/catalog/product", {"id": "nothing"})
    assert none["ucp"]["status"] == "error" and none["messages"][0]["severity"] == "unrecoverable"


def test_a_cart_is_made_shown_replaced_and_emptied(address: str, shopkeeper: Shopkeeper) -> None:
    made = post(address, "/carts", lines((VARIANT, 2), ("JKT-1002", 1), (SOLD_OUT, 1)), status=201)
    assert [message["code"] for message in made["messages"]] == ["item_unavailable", "out_of_stock"]
    assert [message["path"] for message in made["messages"]] == ["$.line_items[1]", "$.line_items[2]"]
    totals = {row["type"]: row["amount"] for row in made["totals"]}
    assert totals == {"subtotal": 11800, "fulfillment": 0, "total": 11800} and made["currency"] == "USD"
    assert made["continue_url"] == f"https://www.alderandpine.example/checkout/{made['id']}"
    path = f"/carts/{made['id']}"
    assert send(address, "GET", path).json()["line_items"] == made["line_items"]
    changed = send(address, "PUT", path, lines((VARIANT, 99))).json()
    assert changed["id"] == made["id"] and changed["messages"][0]["code"] == "quantity_adjusted"
    assert changed["line_items"][0]["quantity"] == 14
    refused = send(address, "PUT", path, lines(("nothing", 1))).json()
    assert refused["ucp"]["status"] == "error"
    assert send(address, "GET", path).json()["line_items"] == changed["line_items"]
    before = post(address, f"{path}/cancel", None)
    assert before["line_items"] == changed["line_items"]
    for answer in (send(address, "GET", path), send(address, "PUT", path, lines((VARIANT, 1)))):
        assert answer.json()["messages"][0]["code"] == "not_found"


def test_a_cart_made_for_somebody_keeps_what_they_have_in_theirs(address: str) -> None:
    first = post(address, "/carts", lines((VARIANT, 1)), "visitor", 201)
    second = post(address, "/carts", lines(("JKT-1003-DGR-S", 1)), "visitor", 201)
    assert second["id"] == first["id"] and len(second["line_items"]) == 2
    assert post(address, "/carts", lines(("nothing", 1)), "visitor")["ucp"]["status"] == "error"
    assert post(address, "/carts", {"line_items": []}, "visitor")["messages"][0]["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("owner", "token", "status"),
    [
        ("visitor", "visitor", "success"),
        ("visitor", "other", "error"),
        ("visitor", "C1002", "error"),
        ("visitor", "chat", "success"),  # whoever holds the id of a visitor's cart was given it
        ("C1002", "C1002", "success"),
        ("C1002", "C1003", "error"),
        ("C1002", "all", "success"),
        ("C1002", "chat", 403),
        ("visitor", "search", 403),
    ],
)
def test_anothers_cart_is_none(address: str, owner: str, token: str, status: Any) -> None:
    cart = post(address, "/carts", lines((VARIANT, 1)), owner, 201)["id"]
    for method, path, body in (("GET", "", None), ("PUT", "", lines((VARIANT, 1))), ("GET", "", None)):
        answer = send(address, method, f"/carts/{cart}{path}", body, token)
        assert (answer.json()["ucp"]["status"] if answer.status_code == 200 else answer.status_code) == status
        if status == "error":
            assert answer.json()["messages"][0]["code"] == "not_found"


@pytest.mark.parametrize(
    ("token", "customer", "order", "outcome"),
    [
        ("C1002", None, "AP-10739", "success"),
        ("all", "C1002", "AP-10739", "success"),
        ("C1003", None, "AP-10739", "error"),
        ("all", "C1003", "AP-10739", "error"),
        ("C1002", None, "AP-99999", "error"),
        ("all", None, "AP-10739", 403),
        ("chat", "C1002", "AP-10739", 403),
        ("C1003", "C1002", "AP-10739", 403),
        ("all", "C999", "AP-10739", 404),
    ],
)
def test_an_order_is_its_customers(address: str, token: str, customer: str | None, order: str, outcome: Any) -> None:
    params = {"customer": customer} if customer else {}
    answer = send(address, "GET", f"/orders/{order}", None, token, params=params)
    assert (answer.json()["ucp"]["status"] if answer.status_code == 200 else answer.status_code) == outcome
    if outcome == "success":
        told = answer.json()
        assert told["checkout_id"] and told["permalink_url"] and told["fulfillment"]["expectations"]
    else:
        assert "AP-10739, " not in answer.text and "AP-10062" not in answer.text


def test_an_approved_answer_is_the_shops_own(address: str) -> None:
    told = post(address, "/ask", {"query": "how long do I have to return something?", "ids": [JACKET, "nothing"]})
    assert "30 days" in told["answer"]["plain"]
    assert told["messages"] == [{"type": "info", "code": "not_found", "content": "nothing"}]
    chinese = post(address, "/ask", {"query": "你们多久可以退货？"})["answer"]["plain"]
    assert "30" in chinese and has_han(chinese)
    unknown = post(address, "/ask", {"query": "who won the chess championship of 1972"})
    assert unknown["messages"][0]["code"] == "no_answer"


@pytest.mark.parametrize(
    ("path", "body", "token", "headers", "status", "code"),
    [
        ("/catalog/search", {"query": "x"}, "nobody", {}, 401, "unauthorized"),
        ("/catalog/search", {"query": "x"}, "busy", {}, 429, "rate_limited"),
        ("/catalog/search", {"query": "x"}, "chat", {}, 403, "insufficient_scope"),
        ("/catalog/lookup", {"ids": [JACKET]}, "chat", {}, 403, "insufficient_scope"),
        ("/catalog/product", {"id": JACKET}, "none", {}, 403, "insufficient_scope"),
        ("/ask", {"query": "x"}, "chat", {}, 403, "insufficient_scope"),
        ("/carts", {"line_items": []}, "search", {}, 403, "insufficient_scope"),
        ("/catalog/search", {}, "all", {}, 400, "invalid_request"),
        ("/catalog/search", [], "all", {}, 400, "invalid_request"),
        ("/catalog/search", {"query": "x", "pagination": {"cursor": "²"}}, "all", {}, 400, "invalid_request"),
        ("/catalog/search", {"query": "x"}, "all", {"ucp-agent": "me"}, 400, "invalid_profile_url"),
        ("/catalog/search", {"query": "x" * 300_000}, "all", {}, 400, "invalid_request"),
        ("/catalog/lookup", {"ids": ["x"] * 51}, "all", {}, 400, "request_too_large"),
        ("/catalog/lookup", {"ids": []}, "all", {}, 400, "invalid_request"),
        ("/carts", lines((VARIANT, 0)), "all", {}, 400, "invalid_request"),
    ],
)
def test_what_cannot_be_answered_has_a_status_and_a_code(
    address: str, path: str, body: Any, token: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = send(address, "POST", path, body, token, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["messages"][0] | {"code": code} == answer.json()["messages"][0]
    assert answer.headers.get("www-authenticate", "").startswith("Bearer") == (status == 401)
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)


def test_the_tools_answer_as_the_routes_do(address: str) -> None:
    """One function behind both."""

    async def by_tool(name: str, payload: Json) -> Any:
        async with over_http(address, "all", YEARS[1]) as client:
            return (await client.call_tool(name, {"meta": AGENT} | payload)).structured_content

    for name, path, payload in (
        ("search_catalog", "/catalog/search", {"filters": {"brand": "Greenshank"}}),
        ("lookup_catalog", "/catalog/lookup", {"ids": [JACKET]}),
        ("get_product", "/catalog/product", {"id": JACKET}),
        ("ask_business", "/ask", {"query": "do you ship abroad?"}),
    ):
        wrapped = {"ask" if name == "ask_business" else "catalog": payload}
        assert anyio.run(by_tool, name, wrapped) == post(address, path, payload)


def test_a_visitors_cart_is_the_customers_once_they_are_known(address: str, shopkeeper: Shopkeeper) -> None:
    cart = post(address, "/carts", lines((VARIANT, 1)), "other", 201)["id"]
    shopkeeper.services.profiles.merge(OTHER, "C1014")
    mine = send(address, "GET", f"/carts/{cart}", None, "all", params={"customer": "C1014"}).json()
    assert mine["id"] == cart
    assert send(address, "GET", f"/carts/{cart}", None, "visitor").json()["messages"][0]["code"] == "not_found"
