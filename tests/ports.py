"""Ports for the servers that tests start: in: nothing; out: a port that nobody has."""

import random
import socket

# Below those that systems hand out by themselves, so that no client's connection takes one before its server starts.
_PORTS = range(20_000, 32_000)
_random = random.SystemRandom()  # the same in no two of the processes that run tests at once


def free_port() -> int:
    """A free port of 127.0.0.1."""
    while True:
        port = _random.choice(_PORTS)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
