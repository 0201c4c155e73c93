"""A real HTTP server for tests: an application in, its address out, in a thread that ends with the test."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from tests.ports import free_port


@contextmanager
def running(app: Any, **settings: Any) -> Iterator[str]:
    """The address; `settings`: of uvicorn, which sets up no logging: it would close, through absl, what pytest captures
    into.
    """
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, **settings))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=30)
