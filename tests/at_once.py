"""Processes that begin together: each says "ready" and waits for a line; all must end well, and silently."""

import subprocess
from collections.abc import Sequence


def run_at_once(processes: "Sequence[subprocess.Popen[str]]") -> None:
    """Let them go once all are ready, and wait for their ends."""
    for one in processes:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    for one in processes:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    ends = [one.communicate(timeout=300)[0] for one in processes]
    assert [(one.returncode, end) for one, end in zip(processes, ends, strict=True)] == [(0, "")] * len(processes)
