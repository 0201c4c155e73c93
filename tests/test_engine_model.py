"""The embedded engine as a chat model: valid calls, nothing leaked, one setting."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any, Literal

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
from pydantic import BaseModel

from agent.models import load_chat_model
from agent.models.calls import TOOL_CALL, BadCall, Call
from agent.models.engine import EmbeddedEngine
from agent.models.engine_model import EmbeddedChatModel, _parts, to_openai
from agent.models.grammar import SPAN_OF, tool_grammar
from errors import ConfigError, ModelError
from tests.test_engine import small_model

Category = Literal["jackets", "boots", "sleeping bags"]


class Change(BaseModel):
    quote: str
    attribute: Literal["size", "color", "budget"]
    polarity: Literal["fact", "like", "dislike"]


@tool
def search_products(query: str, category: Category | None = None, max_price: float | None = None) -> str:
    """Find products."""
    return query


@tool
def update_profile(changes: list[Change]) -> str:
    """Note what the customer said."""
    return str(changes)


@tool
def get_order(order_id: str) -> str:
    """Show an order."""
    return order_id


TOOLS = [search_products, update_profile, get_order]
ASKED: list[BaseMessage] = [
    SystemMessage("You help customers."),
    HumanMessage("A warm jacket under 100, please"),
]


@pytest.fixture(scope="module")
def model() -> Iterator[EmbeddedChatModel]:
    with EmbeddedEngine(small_model()) as engine:
        yield EmbeddedChatModel(engine=engine, max_new_tokens=96)


def test_words_stream_and_end_with_token_counts(model: EmbeddedChatModel) -> None:
    chunks = list(model.stream(ASKED))
    assert sum(bool(chunk.content) for chunk in chunks) > 3
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert isinstance(whole, AIMessageChunk)
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["output_tokens"] > 3
    assert whole.response_metadata["time_to_first_token"] > 0
    assert whole.response_metadata["finish_reason"] in ("stop", "length", "repetition")


def test_a_forced_call_is_valid_even_from_an_untuned_model(model: EmbeddedChatModel) -> None:
    answer = model.bind_tools(TOOLS, tool_choice="search_products").invoke(ASKED)
    assert answer.content == ""
    assert answer.tool_calls
    for call in answer.tool_calls:
        assert call["name"] == "search_products"
        search_products.invoke(call["args"])


def test_any_forces_a_call_and_shows_no_markup(model: EmbeddedChatModel) -> None:
    chunks = list(model.bind_tools(TOOLS, tool_choice="any").stream(ASKED))
    assert not any("tool_call" in str(chunk.content) for chunk in chunks)
    assert any(chunk.tool_call_chunks for chunk in chunks if isinstance(chunk, AIMessageChunk))


def test_values_allowed_just_now_bind_the_argument(model: EmbeddedChatModel) -> None:
    bound = model.bind_tools(TOOLS, tool_choice="get_order", allowed={"order_id": ["last", "AP-10482"]})
    answer = bound.invoke([HumanMessage("Where is my order AP-99999?")])
    assert answer.tool_calls[0]["args"]["order_id"] in ("last", "AP-10482")


@pytest.mark.parametrize("said", ['No "merino wool", ok?\nsize 42 \\ EU', "我不喜欢羊毛，最好是wool-free的"])
def test_a_quote_is_a_piece_of_the_text_it_is_bound_to(model: EmbeddedChatModel, said: str) -> None:
    change = {"type": "object", "properties": {"quote": {SPAN_OF: [said]}}, "required": ["quote"]}
    allowed = {"update_profile.changes": {"type": "array", "items": change, "maxItems": 2}}
    answer = model.bind_tools(TOOLS, tool_choice="update_profile", allowed=allowed).invoke([HumanMessage("hi")])
    quotes = [one["quote"] for call in answer.tool_calls for one in call["args"]["changes"]]
    assert quotes
    assert all(quote and quote in said for quote in quotes)


def test_four_chats_at_once_all_answer(model: EmbeddedChatModel) -> None:
    bound, answers = model.bind_tools(TOOLS, tool_choice="search_products"), list[AIMessage]()
    threads = [threading.Thread(target=lambda: answers.append(bound.invoke(ASKED))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert all(answer.tool_calls for answer in answers)


def test_async_callers_are_served_too(model: EmbeddedChatModel) -> None:
    async def collect() -> list[str]:
        return [str(chunk.content) async for chunk in model.astream([HumanMessage("Say hello.")])]

    assert "".join(asyncio.run(collect()))


def test_a_deadline_reaches_the_caller_as_a_model_error(model: EmbeddedChatModel) -> None:
    hurried = EmbeddedChatModel(engine=model.engine, seconds=0.1)
    with pytest.raises(ModelError, match=r"0\.1 s"):
        hurried.invoke([HumanMessage("Write a long story about a hare.")])


def test_leaving_a_stream_early_stops_the_work(model: EmbeddedChatModel) -> None:
    stream = model.stream([HumanMessage("Write a long story about an owl.")])
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert model.invoke([HumanMessage("Hi")]).content


def test_messages_become_what_the_template_reads() -> None:
    call = {"name": "get_order", "args": {"order_id": "最后"}, "id": "1", "type": "tool_call"}
    assert to_openai(AIMessage("", tool_calls=[call])) == {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"function": {"name": "get_order", "arguments": {"order_id": "最后"}}}],
    }
    assert to_openai(ToolMessage("found", tool_call_id="1")) == {"role": "tool", "content": "found"}
    assert to_openai(HumanMessage([{"type": "text", "text": "hi"}]))["content"] == "hi"


def test_a_call_cut_off_is_invalid_and_never_repaired() -> None:
    from agent.models.engine_model import _chunk

    parts = list(
        _parts(iter(['Ok. <tool_call>{"name": "cancel_order", "arguments": {"order_id": "AP-1']), print, TOOL_CALL)
    )
    assert [type(part) for part in parts] == [str, BadCall]
    message = _chunk(parts[1]).message
    assert isinstance(message, AIMessageChunk)
    assert not message.tool_calls
    assert "cut off" in str(message.invalid_tool_calls[0]["args"])


def test_words_after_a_call_end_the_answer() -> None:
    stopped: list[bool] = []
    text = '<tool_call>{"name": "a", "arguments": {}}</tool_call>'
    parts = list(_parts(iter([text, "\n", text, "\nHere is", " more"]), lambda: stopped.append(True), TOOL_CALL))
    assert parts == [Call("a", {}), Call("a", {})]
    assert stopped == [True]


def test_the_grammar_writes_json_as_json_dumps_does_and_offers_no_null() -> None:
    from langchain_core.utils.function_calling import convert_to_openai_tool

    tools: list[dict[str, Any]] = [convert_to_openai_tool(each) for each in TOOLS]
    tag = json.loads(tool_grammar(tools))["format"]["tags"][0]
    assert tag["begin"] == '<tool_call>{"name": "search_products", "arguments": '
    assert r'"\"query\": " string' in tag["content"]["grammar"]
    assert "null" not in tag["content"]["grammar"]


def test_one_setting_chooses_the_model(tmp_path: Any) -> None:
    loaded = load_chat_model(str(small_model()), seconds=5)
    assert isinstance(loaded, EmbeddedChatModel)
    loaded.engine.close()
    with pytest.raises(ModelError, match="no model at"):
        load_chat_model(str(tmp_path / "absent.gguf"))
    with pytest.raises(ConfigError, match="'gpt' is none of: 'embedded'"):
        load_chat_model("gpt")
    with pytest.raises(ModelError, match=r"no model server answers at http://127\.0\.0\.1:9/v1/models"):
        load_chat_model("http://127.0.0.1:9/v1", seconds=1)
    named: BaseChatModel = load_chat_model("http://127.0.0.1:9/v1#mine", seconds=1)
    with pytest.raises(ModelError, match="failed"):
        named.invoke("hi")
    with pytest.raises(ModelError, match="failed"):
        list(named.stream("hi"))
