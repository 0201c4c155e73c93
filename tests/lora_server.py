"""A real HTTP server that answers as vLLM's runtime LoRA endpoints do, and keeps what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BASE_MODEL = "shopkeeper"


class Server(ThreadingHTTPServer):
    """`adapters`: name to folder. `updating`: whether VLLM_ALLOW_RUNTIME_LORA_UPDATING is set. `asked`: in order."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.adapters: dict[str, str] = {}
        self.merged: list[str] = []
        self.updating = True
        self.asked: list[tuple[str, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        names = [BASE_MODEL, *self.server.merged, *self.server.adapters]
        self._send(200, json.dumps({"object": "list", "data": [{"id": name, "object": "model"} for name in names]}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        name = body.get("lora_name") or body.get("model")
        match self.path:
            case "/v1/load_lora_adapter" if self.server.updating:
                if name in self.server.adapters:
                    self._error(400, "InvalidUserInput", f"The lora adapter '{name}' has already been loaded.")
                elif not Path(body["lora_path"], "adapter_config.json").is_file():
                    self._error(404, "NotFoundError", f"No adapter found for '{body['lora_path']}'")
                else:
                    self.server.adapters[name] = body["lora_path"]
                    self._send(200, f"Success: LoRA adapter '{name}' added successfully.")
            case "/v1/unload_lora_adapter" if self.server.updating:
                del self.server.adapters[name]
                self._send(200, f"Success: LoRA adapter '{name}' removed successfully.")
            case "/v1/chat/completions":
                message = {"role": "assistant", "content": f"I am {name}."}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                head = {"id": "1", "created": 1, "model": name, "object": "chat.completion"}
                self._send(200, json.dumps(head | {"choices": [choice]}))
            case _:
                self._send(404, json.dumps({"detail": "Not Found"}))

    def _error(self, status: int, kind: str, message: str) -> None:
        self._send(status, json.dumps({"error": {"message": message, "type": kind, "code": status}}))

    def _send(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Quiet, so that test output stays readable."""


@contextmanager
def lora_server() -> Iterator[Server]:
    """Runs it on a free port."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
