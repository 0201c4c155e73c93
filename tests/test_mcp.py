"""MCP with the SDK's own client, of both protocol years, on a real server: what other agents are told, and may do."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult

from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from profiles.privacy.audit import Audit
from profiles.privacy.consents import Consent
from profiles.privacy.purposes import Purpose
from tests.agent_shop import change, keeper, noting, open_demo_services
from tests.agents_server import AGENT, OTHER, VISITOR, YEARS, Asked, over_http, over_stdio, served
from ui.mcp.tools import TOOLS

JACKET, VARIANT = "JKT-1001", "JKT-1001-NVY-M"
Json = dict[str, Any]


def cancelling(order: str) -> list[tuple[str, Json]]:
    """What the model calls."""
    return [("cancel_order", {"order_id": order})]


@pytest.fixture(scope="module")
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture(scope="module")
def shopkeeper(demo_state: Callable[[], Path], model: ScriptedModel) -> Iterator[Shopkeeper]:
    with keeper(open_demo_services(demo_state()), model) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(shopkeeper: Shopkeeper) -> Iterator[str]:
    with served(shopkeeper) as running:
        yield running


def called(
    address: str, token: str, name: str, arguments: Json, year: str = YEARS[1], customer: Asked | None = None
) -> CallToolResult:
    """One call with a client of its own."""

    async def work() -> Any:
        async with over_http(address, token, year, customer) as client:
            try:
                return await client.call_tool(name, arguments)
            except MCPError as error:
                return error

    result = anyio.run(work)
    if isinstance(result, MCPError):
        raise result
    assert isinstance(result, CallToolResult)
    return result


def told(result: CallToolResult) -> Json:
    """The data of a result, which stands in its text too."""
    assert not result.is_error, result.content
    body = result.structured_content
    assert isinstance(body, dict) and json.loads(result.content[0].text) == body  # type: ignore[union-attr]
    return body


def ucp(address: str, token: str, name: str, year: str = YEARS[1], **arguments: Any) -> Json:
    return told(called(address, token, name, {"meta": AGENT, **arguments}, year))


@pytest.mark.parametrize("year", YEARS)
def test_both_protocol_years_list_the_same_tools_in_the_same_order(address: str, year: str) -> None:
    async def listed() -> Any:
        async with over_http(address, "none", year) as client:
            return client.protocol_version, client.instructions, await client.list_tools()

    version, instructions, listing = anyio.run(listed)
    assert version == ("2025-11-25" if year == "legacy" else year)
    assert year != "legacy" or "data" in instructions
    assert [tool.name for tool in listing.tools] == [tool.name for tool in TOOLS]
    for tool in listing.tools:
        assert tool.description and tool.annotations and tool.input_schema["type"] == "object"
        assert not {"$schema", "$ref", "$defs"} & set(_keys(tool.input_schema)), tool.name
    by_name = {tool.name: tool for tool in listing.tools}
    assert by_name["search_catalog"].annotations.read_only_hint is True
    assert by_name["cancel_cart"].annotations.destructive_hint is True
    assert "material" in by_name["search_catalog"].description
    assert set(by_name["search_catalog"].input_schema["required"]) == {"meta", "catalog"}
    if year != "legacy":
        assert (listing.ttl_ms, listing.cache_scope) == (300_000, "public")


def _keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node
        for value in node.values():
            yield from _keys(value)
    elif isinstance(node, list):
        for value in node:
            yield from _keys(value)


def test_discovery_names_the_new_revision_and_needs_no_handshake(address: str) -> None:
    async def found() -> Any:
        async with over_http(address, "none", "auto") as client:
            return client.protocol_version, client.instructions

    assert anyio.run(found)[0] == "2026-07-28"
    plain = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    plain["params"] = {"name": "lookup_catalog", "arguments": {"meta": AGENT, "catalog": {"ids": [JACKET]}}}
    headers = {"authorization": "Bearer search", "content-type": "application/json"}
    request = urllib.request.Request(f"{address}/mcp", json.dumps(plain).encode(), headers)  # it accepts nothing
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer)["result"]["structuredContent"]["products"][0]["id"] == JACKET


@pytest.mark.parametrize("token", [None, "unknown", "busy"])
def test_nobody_unknown_reaches_the_sdk(address: str, token: str | None) -> None:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    answer = httpx.post(f"{address}/mcp", json={}, headers=headers, timeout=30)
    assert answer.json()["error"]["code"] == -32000
    if token == "busy":
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
        assert answer.json()["error"]["data"] == {"retry_after": 7}
    else:
        assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer")


CATALOG = {"meta": AGENT, "catalog": {"query": "jacket"}}
CART = {"line_items": [{"item": {"id": VARIANT}, "quantity": 1}]}


@pytest.mark.parametrize(
    ("token", "name", "arguments", "words"),
    [
        ("chat", "search_catalog", CATALOG, "needs the scope search"),
        ("chat", "lookup_catalog", {"meta": AGENT, "catalog": {"ids": [JACKET]}}, "search"),
        ("chat", "get_product", {"meta": AGENT, "catalog": {"id": JACKET}}, "search"),
        ("chat", "ask_business", {"meta": AGENT, "ask": {"query": "returns?"}}, "search"),
        ("search", "ask_shopkeeper", {"message": "hi"}, "needs the scope chat"),
        ("chat", "ask_shopkeeper", {"message": "hi", "customer": "C1002"}, "needs the scope orders"),
        ("search", "create_cart", {"meta": AGENT, "cart": CART}, "chat"),
        ("chat", "create_cart", {"meta": AGENT, "cart": CART, "customer": "C1002"}, "orders"),
        ("search", "get_cart", {"meta": AGENT, "id": "x"}, "chat"),
        ("chat", "get_order", {"meta": AGENT, "id": "AP-10789", "customer": "C1002"}, "orders"),
        ("all", "get_order", {"meta": AGENT, "id": "AP-10789"}, "name the customer"),
        ("C1003", "get_order", {"meta": AGENT, "id": "AP-10789", "customer": "C1002"}, "not the caller"),
        ("chat", "profile_passport", {"customer": VISITOR}, "needs the scope profiles"),
        ("all", "profile_passport", {}, "name the customer"),
        ("visitor", "profile_passport", {"customer": OTHER}, "not the caller"),
    ],
)
@pytest.mark.parametrize("year", YEARS)
def test_who_may_not_is_told_what_is_missing(
    address: str, year: str, token: str, name: str, arguments: Json, words: str
) -> None:
    with pytest.raises(MCPError, match=words) as caught:
        called(address, token, name, arguments, year)
    assert (caught.value.code, caught.value.data["code"]) == (-32000, "insufficient_scope")


@pytest.mark.parametrize(
    ("name", "arguments", "code", "words"),
    [
        ("find_shoes", {}, -32602, "no tool 'find_shoes'; there are ask_business"),
        ("search_catalog", {"catalog": {"query": "x"}}, -32001, "meta"),
        ("search_catalog", {"meta": {"ucp-agent": {"profile": "me"}}, "catalog": {"query": "x"}}, -32001, "profile"),
        ("search_catalog", {"meta": AGENT, "catalog": {}}, -32602, "a query, filters, or both"),
        ("search_catalog", {"meta": AGENT, "catalog": {"filters": {}}}, -32602, "a query, filters, or both"),
        ("search_catalog", CATALOG | {"catalog": {"query": "x", "pagination": {"cursor": "z"}}}, -32602, "no page 'z'"),
        ("lookup_catalog", {"meta": AGENT, "catalog": {"ids": ["x"] * 51}}, -32602, "catalog.ids"),
        ("create_cart", {"meta": AGENT, "cart": {"line_items": [{"item": {"id": "x"}}]}}, -32602, "quantity"),
        ("ask_shopkeeper", {"message": ""}, -32602, "message"),
    ],
)
def test_arguments_that_cannot_be_are_errors_that_name_them(
    address: str, name: str, arguments: Json, code: int, words: str
) -> None:
    with pytest.raises(MCPError, match=words) as caught:
        called(address, "all", name, arguments)
    assert caught.value.code == code


@pytest.mark.parametrize("year", YEARS)
def test_the_agent_is_asked_and_the_consultation_goes_on(address: str, model: ScriptedModel, year: str) -> None:
    model.expect([("search_products", {"query": "rain jacket"})], "Here.", "You are welcome.")
    first = told(called(address, "chat", "ask_shopkeeper", {"message": "a rain jacket please"}, year))
    assert first["customer"].startswith("visitor-") and first["consultation"].startswith(first["customer"])
    assert first["proposal"] is None and first["handoff"] is False and "next" not in first
    product = first["products"][0]
    assert product["id"] and product["variants"][0]["price"]["currency"] == "USD"
    cart = {"line_items": [{"item": {"id": product["variants"][0]["id"]}, "quantity": 1}]}
    made = ucp(address, "chat", "create_cart", year, cart=cart, customer=first["customer"])
    assert made["line_items"][0]["id"] == product["variants"][0]["id"]
    again = {"message": "thanks a lot", "consultation": first["consultation"]}
    second = told(called(address, "chat", "ask_shopkeeper", again, year))
    assert second["consultation"] == first["consultation"] and second["reply"]
    assert len(model.seen[-1]) > 3


@pytest.mark.parametrize(
    ("token", "customer"), [("C1003", None), ("other", None), ("chat", None), ("all", "C1003"), ("all", VISITOR)]
)
def test_anothers_consultation_is_none(
    address: str, shopkeeper: Shopkeeper, model: ScriptedModel, token: str, customer: str | None
) -> None:
    model.expect("Hello.")
    begun = told(called(address, "C1002", "ask_shopkeeper", {"message": "hello"}))["consultation"]
    arguments = {"message": "what did I say", "consultation": begun} | ({"customer": customer} if customer else {})
    if token == "chat":  # it may act for no customer at all
        with pytest.raises(MCPError, match="orders"):
            called(address, token, "ask_shopkeeper", arguments)
    else:
        result = called(address, token, "ask_shopkeeper", arguments)
        assert result.is_error and "you have no consultation" in result.content[0].text  # type: ignore[union-attr]
    assert len(shopkeeper.messages(begun)) == 2


@pytest.mark.parametrize("consultation", ["x", "C1002", "C1002." + "0" * 31, "." + "0" * 32, "' or 1=1"])
def test_what_is_no_consultation_is_none(address: str, consultation: str) -> None:
    result = called(address, "all", "ask_shopkeeper", {"message": "hi", "consultation": consultation})
    assert result.is_error and "you have no consultation" in result.content[0].text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("buyer", "order", "action", "content", "status"),
    [
        ("C1003", "AP-10774", "accept", {"confirm": True}, "cancelled"),
        ("C1006", "AP-10784", "accept", None, "cancelled"),
        ("C1005", "AP-10793", "accept", {"confirm": False}, "paid"),
        ("C1008", "AP-10795", "decline", None, "paid"),
    ],
)
def test_a_proposal_waits_for_the_customer_whom_the_client_asks(
    address: str,
    shopkeeper: Shopkeeper,
    model: ScriptedModel,
    buyer: str,
    order: str,
    action: str,
    content: Json | None,
    status: str,
) -> None:
    model.expect(cancelling(order))
    customer, asked = Asked(action, content), {"message": f"cancel order {order}", "customer": buyer}
    body = told(called(address, "all", "ask_shopkeeper", asked, customer=customer))
    assert len(customer.questions) == 1 and order in customer.questions[0]
    assert body["proposal"] is None
    assert shopkeeper.services.orders.get(buyer, order).status in (status, "processing" if status == "paid" else status)
    said = [str(m.text) for m in shopkeeper.messages(body["consultation"]) if m.type == "human"]
    assert said == [f"cancel order {order}", "yes" if status == "cancelled" else "no"]


def test_who_closes_the_question_has_said_nothing(address: str, shopkeeper: Shopkeeper, model: ScriptedModel) -> None:
    model.expect(cancelling("AP-10786"))
    asked = {"message": "cancel order AP-10786", "customer": "C1009"}
    with pytest.raises(MCPError, match="still waits"):
        called(address, "all", "ask_shopkeeper", asked, customer=Asked("cancel"))
    assert shopkeeper.services.orders.get("C1009", "AP-10786").status != "cancelled"


@pytest.mark.parametrize(("year", "buyer", "order"), [(YEARS[0], "C1003", "AP-10794"), (YEARS[1], "C1014", "AP-10781")])
def test_a_client_that_can_ask_nobody_is_told_to_bring_the_yes(
    address: str, shopkeeper: Shopkeeper, model: ScriptedModel, year: str, buyer: str, order: str
) -> None:
    model.expect(cancelling(order))
    asked = {"message": f"cancel {order}", "customer": buyer}
    first = told(called(address, "all", "ask_shopkeeper", asked, year))
    assert first["proposal"]["kind"] == "cancel_order" and "their own yes" in first["next"]
    assert shopkeeper.services.orders.get(buyer, order).status != "cancelled"
    yes = {"message": "yes please", "consultation": first["consultation"]}
    second = told(called(address, "all", "ask_shopkeeper", yes, year))
    assert second["proposal"] is None and "next" not in second
    assert shopkeeper.services.orders.get(buyer, order).status == "cancelled"


def test_a_yes_to_what_waits_no_more_does_nothing(address: str, shopkeeper: Shopkeeper, model: ScriptedModel) -> None:
    """Neither twice, nor for somebody else, nor with a state that was made up."""
    model.expect(cancelling("AP-10789"))
    orders = shopkeeper.services.orders

    async def states() -> None:
        asked, yes = {"message": "cancel order AP-10789"}, {"confirm": {"action": "accept"}}
        async with over_http(address, "C1002", YEARS[1], Asked("accept")) as client:
            waits: Any = await client.session.call_tool("ask_shopkeeper", asked, allow_input_required=True)
            state = waits.request_state
            assert waits.input_requests["confirm"].params.message
        async with over_http(address, "C1003", YEARS[1], Asked("accept")) as client:
            stolen = await _again(client, asked, yes, state)
            assert stolen.is_error and "you have no consultation" in stolen.content[0].text
        async with over_http(address, "C1002", YEARS[1], Asked("accept")) as client:
            for bad in ("{}", "yes", state.replace('"proposal":"', '"proposal":"0')):
                with pytest.raises(MCPError):
                    await _again(client, asked, yes, bad)
            with pytest.raises(MCPError, match="has not answered"):
                await _again(client, asked, {}, state)
            assert orders.get("C1002", "AP-10789").status == "paid"
            assert not (await _again(client, asked, yes, state)).is_error
            assert orders.get("C1002", "AP-10789").status == "cancelled"
            with pytest.raises(MCPError, match="waits no more"):
                await _again(client, asked, yes, state)

    anyio.run(states)


async def _again(client: Client, asked: Json, responses: Any, state: Any) -> Any:
    return await client.session.call_tool(
        "ask_shopkeeper", asked, input_responses=responses, request_state=state, allow_input_required=True
    )


def test_the_passport_has_what_was_consented_to_and_nothing_that_identifies(
    address: str, shopkeeper: Shopkeeper, model: ScriptedModel
) -> None:
    told_of = noting(
        change("I hate wool", "material", "wool", "dislike"),
        change("size M", "size", "M"),
        change("allergic to latex", "allergy", "latex"),
        change("up to 120", "budget", 120),
    )
    model.expect([told_of], "Noted.")
    words = "I hate wool, I'm size M, up to 120 dollars, and I'm allergic to latex"
    body = told(called(address, "C1003", "ask_shopkeeper", {"message": words}))
    passport = told(called(address, "all", "profile_passport", {"customer": "C1003"}))
    assert passport["dislikes"]["material"] == ["wool"] and passport["budget"]["budget"] == [120.0]
    assert passport["sizes"]["size"] == ["M"] and passport["currency"] == "USD"
    for secret in ("latex", "Elan", "Whitehorse", "Portland", "I hate", body["consultation"], "C1003"):
        assert secret not in json.dumps(passport)
    lines = Audit(shopkeeper.services.profiles.engine).of(["C1003"])
    assert ("key all", "passport") in [(line.by, line.detail) for line in lines]
    withdrawn = Consent("C1003", Purpose.SERVICE, False, datetime.now(UTC), "test", "customer")
    shopkeeper.services.profiles.record_consents([withdrawn])
    assert told(called(address, "C1003", "profile_passport", {}))["dislikes"] == {}


def test_what_the_shop_does_not_know_is_a_result_that_names_nobody(address: str) -> None:
    for name, arguments in (("ask_shopkeeper", {"message": "hi"}), ("profile_passport", {})):
        result = called(address, "all", name, {**arguments, "customer": "C999"})
        assert result.is_error and result.content[0].text == "no customer 'C999'"  # type: ignore[union-attr]


@pytest.mark.parametrize("year", YEARS)
def test_over_standard_input_and_output(demo_state: Callable[[], Path], year: str) -> None:
    customer = Asked("accept")

    async def talk() -> tuple[Json, Json]:
        script = [[["cancel_order", {"order_id": "AP-10789"}]]]
        async with Client(
            over_stdio(demo_state(), "C1002", script), mode=year, elicitation_callback=customer
        ) as client:
            asked: Json = {"message": "cancel order AP-10789"}
            body = told(await client.call_tool("ask_shopkeeper", asked))
            if year == "legacy":
                yes = {"message": "yes", "consultation": body["consultation"]}
                body = told(await client.call_tool("ask_shopkeeper", yes))
            order = told(await client.call_tool("get_order", {"meta": AGENT, "id": "AP-10789"}))
            return body, order

    body, order = anyio.run(talk)
    assert body["customer"] == "C1002" and body["proposal"] is None
    assert {line["status"] for line in order["line_items"]} == {"removed"}
    assert len(customer.questions) == (0 if year == "legacy" else 1)
