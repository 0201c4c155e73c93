"""Adapters in a running vLLM server: loaded, listed and unloaded without a restart.

In: the server's base URL; names and folders of adapters. Out: what it serves. The server needs `--enable-lora`,
`--max-lora-rank` at least the adapter's, and the environment variable VLLM_ALLOW_RUNTIME_LORA_UPDATING=1; it reads the
folder itself, so that it has to lie where the server sees it. An answer being written stays on its adapter, because a
version's name is its own: callers ask for the new name from the next call on, and the old one is unloaded only when a
further version is published. The requests are those of vLLM 0.32 (`/v1/models`, `/v1/load_lora_adapter`,
`/v1/unload_lora_adapter`), checked against its source and a local HTTP server; on a GPU they have not been run.
Errors: `ModelError` with what the server said.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import httpx

from agent.models import API_KEY
from errors import ModelError

_SECONDS = 120.0  # a large adapter is read from a slow disk


class LoraServer:
    """``LoraServer("http://127.0.0.1:8000/v1").load("20261125-1", Path("adapter"))``"""

    def __init__(self, url: str) -> None:
        self.url = url.partition("#")[0].rstrip("/")

    def models(self) -> list[str]:
        """Names that it answers to: of the base model, and of adapters."""
        answer = self._ask("GET", "/models")
        try:
            return [str(model["id"]) for model in answer.json()["data"]]
        except (ValueError, LookupError, TypeError) as error:
            raise ModelError(f"{self.url}/models answered what is no list of models: {answer.text[:200]}") from error

    def load(self, name: str, adapter: Path) -> None:
        """Serve `adapter` under `name` from now on; nothing happens if it does already."""
        if name not in self.models():
            self._ask("POST", "/load_lora_adapter", {"lora_name": name, "lora_path": str(adapter.resolve())})

    def unload(self, name: str) -> None:
        """Forget an adapter; nothing happens if the server does not have it."""
        if name in self.models():
            self._ask("POST", "/unload_lora_adapter", {"lora_name": name})

    def _ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {os.environ.get(API_KEY, 'none')}"}
        try:
            answer = httpx.request(method, self.url + path, json=body, headers=headers, timeout=_SECONDS)
        except httpx.HTTPError as error:
            raise ModelError(f"no model server answers at {self.url}{path}: {error}") from error
        if answer.status_code == httpx.codes.NOT_FOUND and "detail" in answer.text:  # no such address at all
            raise ModelError(
                f"{self.url} takes no adapters while it runs: start vLLM with --enable-lora and "
                "VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 in its environment"
            )
        if answer.is_error:
            raise ModelError(f"{self.url}{path} answered {answer.status_code}: {answer.text[:300]}")
        return answer
