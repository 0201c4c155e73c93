"""A process that opens all of a shop's database: ``python -m tests.starter SHOP STATE [URL]``.

Like a start of the agent but for its index and model. It begins when a line comes on standard input.
"""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from agent.checkpoints import open_checkpoints
from agent.handoff import Handoffs
from agent.orders.book import OrderBook
from agent.orders.order import Rules
from agent.orders.proposals import Proposals
from profiles.shop.imports import ensure_imported, open_store


def start(shop: Path, state: Path, url: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.starter", str(shop), str(state), url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, text=True, cwd=Path(__file__).parent.parent, **pipes)  # type: ignore[call-overload,no-any-return]


def main() -> None:
    shop, state, url = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    print("ready", flush=True)
    sys.stdin.readline()
    store = open_store(shop, state, url)
    ensure_imported(shop, store)
    orders = OrderBook(store.engine)
    orders.import_orders(shop / "orders.jsonl", store.erased_among)
    Proposals(store.engine, orders, Rules(Decimal(500), 30))
    Handoffs(store.engine)
    with open_checkpoints(store.engine, state) as checkpoints:
        checkpoints.threads()


if __name__ == "__main__":
    main()
