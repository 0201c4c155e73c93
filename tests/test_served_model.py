"""A served model over a real local HTTP server that breaks tool calls as servers are known to."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from agent.models import load_chat_model
from errors import ModelError

CALL = {"name": "get_order", "arguments": '{"order_id": "AP-1"}'}
TEXT_CALL = '<tool_call>{"name": "get_order", "arguments": {"order_id": "AP-1"}}</tool_call>'
BROKEN = [{"tool_calls": [{"index": 0, "id": "1", "function": CALL | {"arguments": '{"order_id": "AP'}}]}]
GOOD: list[dict[str, Any]] = [
    {"content": "Let me look. "},
    {"tool_calls": [{"index": 0, "id": "1", "type": "function", "function": CALL | {"arguments": '{"order_'}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": 'id": "AP-1"}'}}]},
]
LEAKED = [{"content": piece} for piece in ("Sure.", "\n<", "tool_", "call>", TEXT_CALL[11:40], TEXT_CALL[40:])]
CUT = [{"content": "Sure. "}, {"content": TEXT_CALL[:30]}]


class Server(ThreadingHTTPServer):
    """Streams `deltas`, answers `whole` when not streaming, and counts the requests of each kind."""

    deltas: list[dict[str, Any]]
    whole: dict[str, Any]
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[bool] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._send(json.dumps({"data": [{"id": "small"}]}), "application/json")

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        streaming = bool(asked.get("stream"))
        self.server.asked.append(streaming)
        base: dict[str, Any] = {"id": "1", "created": 1, "model": asked["model"]}
        if streaming:
            events = [
                base | {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
                for delta in self.server.deltas
            ]
            lines = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
            self._send(lines + "data: [DONE]\n\n", "text/event-stream")
        else:
            message = {"role": "assistant", "content": None} | self.server.whole
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self._send(json.dumps(base | {"object": "chat.completion", "choices": [choice]}), "application/json")

    def _send(self, body: str, kind: str) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Quiet, so that test output stays readable."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        server.whole = {"tool_calls": [{"id": "1", "type": "function", "function": CALL}]}
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def streamed(server: Server, deltas: list[dict[str, Any]]) -> AIMessageChunk:
    server.deltas = deltas
    whole: AIMessageChunk | None = None
    for chunk in load_chat_model(server.url, seconds=5).stream("Where is AP-1?", allowed={"order_id": ["AP-1"]}):
        assert isinstance(chunk, AIMessageChunk)
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    assert "tool_" not in str(whole.content)
    assert [(call["name"], call["args"]) for call in whole.tool_calls] == [("get_order", {"order_id": "AP-1"})]
    assert not whole.invalid_tool_calls
    return whole


def test_a_call_streamed_well_is_taken_as_it_is(server: Server) -> None:
    assert streamed(server, GOOD).content == "Let me look."
    assert server.asked == [True]


def test_a_call_broken_in_the_stream_is_asked_for_again_whole(server: Server) -> None:
    streamed(server, BROKEN)
    assert server.asked == [True, False]


def test_a_call_left_in_the_text_is_read_and_not_shown(server: Server) -> None:
    assert streamed(server, LEAKED).content == "Sure."
    assert server.asked == [True]


def test_a_call_cut_off_in_the_text_is_asked_for_again_whole(server: Server) -> None:
    streamed(server, CUT)
    assert server.asked == [True, False]


def test_a_call_left_in_a_whole_answer_is_read(server: Server) -> None:
    server.whole = {"content": "Sure. " + TEXT_CALL}
    answer = load_chat_model(server.url, seconds=5).invoke("Where is AP-1?")
    assert answer.content == "Sure."
    assert answer.tool_calls[0]["args"] == {"order_id": "AP-1"}


def test_a_server_that_fails_is_a_model_error_that_names_it(server: Server) -> None:
    model = load_chat_model(server.url + "#small", seconds=5)
    server.status = 400
    with pytest.raises(ModelError, match=server.url):
        model.invoke("Hi")
    with pytest.raises(ModelError, match=server.url):
        list(model.stream("Hi"))


@pytest.mark.parametrize("args", ['"{\\"order_id\\": \\"AP-1\\"}"', '{"order_id": "AP-1",}', "{'order_id': 'AP-1'}"])
def test_arguments_as_servers_write_them_are_read_streamed_and_whole(server: Server, args: str) -> None:
    call = {"id": "1", "type": "function", "function": CALL | {"arguments": args}}
    streamed(server, [{"tool_calls": [{"index": 0, **call}]}])
    assert server.asked == [True]
    server.whole = {"tool_calls": [call]}
    answer = load_chat_model(server.url, seconds=5).invoke("Where is AP-1?")
    assert [(one["id"], one["args"]) for one in answer.tool_calls] == [("1", {"order_id": "AP-1"})]


@pytest.mark.parametrize("args", ['{"max_price": NaN}', '{"max_price": 1e999}', '{"order_id": "AP', "[]", '"\\ud83d"'])
def test_what_is_no_call_is_none_and_says_why(server: Server, args: str) -> None:
    call = {"id": "1", "type": "function", "function": CALL | {"arguments": args}}
    server.whole, server.deltas = {"tool_calls": [call]}, [{"tool_calls": [{"index": 0, **call}]}]
    model = load_chat_model(server.url, seconds=5)
    whole, *chunks = model.stream("Hi")
    for chunk in chunks:
        whole += chunk
    for answer in (model.invoke("Hi"), whole):
        assert isinstance(answer, AIMessage)
        assert not answer.tool_calls
    assert model.invoke("Hi").invalid_tool_calls
