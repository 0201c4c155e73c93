"""One vLLM server for these tests. Slow and large, so only run on demand: `make test-vllm`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from eval.vllm_server import MODEL, serve


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """The base URL of a server with the merged default model."""
    if not os.environ.get("SHOPKEEPER_VLLM"):
        pytest.skip("set SHOPKEEPER_VLLM=1 to start a vLLM server (5 GB)")
    with serve(Path(os.environ.get("SHOPKEEPER_VLLM_MODEL", MODEL))) as address:
        yield address
