"""The chat model over a real vLLM server: the same prompt, tool calls whole and streamed, words as they come.

Slow and large, so only run on demand: SHOPKEEPER_VLLM=1 pytest tests/vllm
"""

import json
from typing import Any

import httpx
import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.models import load_chat_model
from agent.models.engine_model import to_openai
from agent.models.template import render
from eval.vllm_server import SERVED_NAME


@tool
def get_order(order_id: str) -> str:
    """Show an order."""
    return order_id


@pytest.fixture(scope="module")
def model(url: str) -> BaseChatModel:
    return load_chat_model(url, seconds=60)


def orders_asked() -> list[BaseMessage]:
    """A consultation whose pattern any model continues, tuned or not."""
    messages: list[BaseMessage] = [SystemMessage("You help customers of a shop.")]
    for number in ("AP-10101", "AP-10202", "AP-10303"):
        call = {"name": "get_order", "args": {"order_id": number}, "id": number, "type": "tool_call"}
        messages += [
            HumanMessage(f"Where is my order {number}?"),
            AIMessage("", tool_calls=[call]),
            ToolMessage(f"{number} shipped 快递", tool_call_id=number),
            AIMessage(f"Order {number} is on its way."),
        ]
    return [*messages, HumanMessage("Where is my order AP-10404?")]


def made(answer: AIMessage) -> list[tuple[str, dict[str, Any]]]:
    return [(call["name"], call["args"]) for call in answer.tool_calls]


def test_the_server_renders_the_same_prompt(url: str) -> None:
    tools = [convert_to_openai_tool(get_order)]
    shown = [to_openai(message) for message in orders_asked()]
    prompt = render(shown, tools)
    root = url.removesuffix("/v1")
    sent: list[dict[str, Any]] = [
        message | {"tool_calls": [_as_sent(call) for call in message["tool_calls"]]}
        if message.get("tool_calls")
        else {key: value for key, value in message.items() if key != "tool_calls"}
        for message in shown
    ]
    body = {"model": SERVED_NAME, "messages": sent, "tools": tools, "add_generation_prompt": True}
    tokens = httpx.post(root + "/tokenize", json=body, timeout=60).raise_for_status().json()["tokens"]
    back = httpx.post(root + "/detokenize", json={"model": SERVED_NAME, "tokens": tokens}, timeout=60)
    assert back.raise_for_status().json()["prompt"] == prompt


def _as_sent(call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    arguments = json.dumps(function["arguments"], ensure_ascii=False)
    return {"id": "1", "type": "function", "function": {"name": function["name"], "arguments": arguments}}


def test_a_call_is_read(model: BaseChatModel) -> None:
    answer = model.bind_tools([get_order]).invoke(orders_asked())
    assert made(answer) == [("get_order", {"order_id": "AP-10404"})]
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["input_tokens"] > 50


def test_a_streamed_call_is_whole_and_shows_no_markup(model: BaseChatModel) -> None:
    whole: AIMessageChunk | None = None
    for chunk in model.bind_tools([get_order]).stream(orders_asked()):
        assert isinstance(chunk, AIMessageChunk)
        assert "tool_call" not in str(chunk.content)
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    assert made(whole) == [("get_order", {"order_id": "AP-10404"})]


def test_words_stream_with_usage_at_the_end(model: BaseChatModel) -> None:
    chunks = list(model.stream([HumanMessage("What is the capital of France? One sentence.")]))
    assert sum(bool(chunk.content) for chunk in chunks) > 3
    assert any(isinstance(chunk, AIMessageChunk) and chunk.usage_metadata for chunk in chunks)
