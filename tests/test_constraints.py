"""What calls may copy from a conversation: prices and order ids that somebody said, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agent.models.grammar import SPAN_OF, tool_grammar
from language.ids import possible_ids
from tests.guided import supported


def _tool(name: str, required: tuple[str, ...] = (), **properties: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": [*required],
    }
    return {"type": "function", "function": {"name": name, "description": name, "parameters": schema}}


SEARCH = _tool("search_products", ("query",), query="string", min_price="number", max_price="number")
ORDER = _tool("get_order", ("order_id",), order_id="string")
CARD = SystemMessage("Customer: budget: 900")


def _call(name: str, **arguments: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": "1"}])


def test_a_price_is_the_customers_and_not_the_cards_nor_a_products() -> None:
    talk: list[BaseMessage] = [CARD, HumanMessage("a jacket, two hundred at most"), _call("search_products", query="x")]
    talk += [ToolMessage("J1 Jacket 149.95", tool_call_id="1"), HumanMessage("一百五以内的呢")]
    assert supported(talk, [SEARCH], None)["search_products.max_price"] == [150, 200]


def test_a_price_said_earlier_holds_while_its_call_is_in_sight() -> None:
    talk: list[BaseMessage] = [_call("search_products", query="tent", max_price=120.5), HumanMessage("in green")]
    assert supported(talk, [SEARCH], None)["search_products.max_price"] == [120.5]


def test_order_ids_are_as_they_were_typed_or_shown() -> None:
    shown = ToolMessage("SO-2024-0117 shipped, 2026/00123 paid", tool_call_id="1")
    talk: list[BaseMessage] = [shown, HumanMessage("and #W1000042, or ap 10482?")]
    allowed = supported(talk, [ORDER, SEARCH], None)["get_order.order_id"]
    assert {"last", "SO-2024-0117", "2026/00123", "#W1000042", "10482", "ap 10482"} <= {*allowed}


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("where is AP-10482?", ["AP-10482"]),
        ("2026/00123 and SO-2024-0117", ["2026/00123", "SO-2024-0117"]),
        ("我的订单48201到了吗", ["48201"]),
        ("two jackets, size 42, for 99 euros", []),
        ("what abt 4100666?", ["4100666"]),
    ],
)
def test_an_id_is_read_whole(words: str, ids: list[str]) -> None:
    assert possible_ids(words) == ids


@given(st.integers(2, 5000), st.integers(2, 5000))
def test_whatever_price_is_said_can_be_asked_for(low: int, high: int) -> None:
    allowed = supported([HumanMessage(f"between ${low} and {high} dollars")], [SEARCH], None)
    assert min(low, high) in allowed["search_products.min_price"]
    assert max(low, high) in allowed["search_products.max_price"]


@pytest.mark.parametrize(
    ("words", "least", "most"),
    [
        ("at most 10", [], [10]),
        ("I won't pay more than $25", [], [25]),
        ("30 or more, please", [30], []),
        ("nothing below 50", [50], []),
        ("太便宜的不放心，至少一百一十块", [110], []),
        ("超过850就不要了", [], [850]),
        ("a tent for 90", [], [90]),
        ("order 2026/00197, and a tent", [], []),
        ("12月20日之前要到，一点点就好", [], []),
    ],
)
def test_a_price_is_the_least_or_the_greatest_as_it_was_said(words: str, least: list[int], most: list[int]) -> None:
    allowed = supported([HumanMessage(words)], [SEARCH], None)
    assert (allowed["search_products.min_price"], allowed["search_products.max_price"]) == (least, most)


@pytest.mark.parametrize(
    ("words", "sorts"),
    [("the cheapest you have", ["price_low"]), ("which is best rated", ["rating"]), ("a red tent", [])],
)
def test_results_are_put_in_an_order_that_was_asked_for(words: str, sorts: list[str]) -> None:
    tool = _tool("search_products", ("query",), query="string")
    tool["function"]["parameters"]["properties"]["sort"] = {"type": "string", "enum": ["price_low", "rating"]}
    assert supported([HumanMessage(words)], [tool], None)["search_products.sort"] == sorts


@pytest.mark.parametrize(
    ("words", "statuses"),
    [("which orders were delivered?", ["delivered"]), ("哪些订单在路上", ["shipped"]), ("all my orders", [])],
)
def test_orders_are_listed_by_a_status_that_was_named(words: str, statuses: list[str]) -> None:
    tool = _tool("list_orders")
    tool["function"]["parameters"]["properties"]["status"] = {"type": "string", "enum": ["delivered", "shipped"]}
    assert supported([HumanMessage(words)], [tool], None)["list_orders.status"] == statuses


def test_an_address_is_copied_from_the_customers_words_and_a_question_from_the_newest() -> None:
    tools = [_tool("find_answer", question="string"), _tool("change_address", address="string")]
    talk: list[BaseMessage] = [HumanMessage("to 5 Oak Lane"), AIMessage("Which order?"), HumanMessage("AP-10482")]
    allowed = supported(talk, tools, None)
    assert allowed["change_address.address"] == {SPAN_OF: ["to 5 Oak Lane", "AP-10482"]}
    assert allowed["find_answer.question"] == {SPAN_OF: ["AP-10482"]}


def _grammar_of(tag: str, tool: str) -> str | None:
    tags = json.loads(tag)["format"]["tags"]
    return next((one["content"]["grammar"] for one in tags if f'"{tool}"' in one["begin"]), None)


def test_what_nobody_said_is_left_out_of_a_call() -> None:
    tag = tool_grammar([SEARCH, ORDER], supported([HumanMessage("a tent")], [SEARCH, ORDER], None))
    search = _grammar_of(tag, "search_products")
    assert search is not None
    assert "query" in search
    assert "price" not in search


def test_a_tool_that_needs_what_nobody_said_is_not_on_offer_unless_none_is() -> None:
    allowed: dict[str, list[str]] = {"get_order.order_id": []}
    assert _grammar_of(tool_grammar([SEARCH, ORDER], allowed), "get_order") is None
    assert _grammar_of(tool_grammar([ORDER], allowed), "get_order") is not None
