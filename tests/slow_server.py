"""A real HTTP server that speaks as a model server does and writes slowly, so that somebody can act while it does.

In: nothing. Out: its address; what it says is a count, so that each reply is known by its first word.
"""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SENTENCES = 30
PAUSE = 0.15  # seconds between sentences
_numbers = itertools.count(1)


@contextmanager
def slow_server() -> Iterator[str]:
    """The address of a running server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._head("application/json")
        self.wfile.write(json.dumps({"data": [{"id": "slow"}]}).encode())

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = [message["content"] for message in asked["messages"] if message["role"] == "user"]
        name = "".join(filter(str.isalpha, str(said[-1]).title()))
        sentences = [f"{name} goes on. " for _ in range(SENTENCES)] + [f"{name} ends."]
        base: dict[str, Any] = {"id": str(next(_numbers)), "created": 1, "model": "slow"}
        if not asked.get("stream"):
            self._head("application/json")
            choice = {"index": 0, "message": {"role": "assistant", "content": "".join(sentences)}}
            body = base | {"object": "chat.completion", "choices": [choice | {"finish_reason": "stop"}]}
            self.wfile.write(json.dumps(body).encode())
            return
        self._head("text/event-stream")
        for sentence in sentences:
            self._event(base, {"content": sentence}, None)
            time.sleep(PAUSE)
        self._event(base, {}, "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, base: dict[str, Any], delta: dict[str, Any], reason: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        event = base | {"object": "chat.completion.chunk", "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    def _head(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass
