"""The demo shop's agent for tests: the real stores, index and order book.

In: a state directory. Out: `Services` and `Shopkeeper`s over them. `agent.models.scripted` stands in where a test needs
to know exactly what the model asked for; `tests/test_conversation.py` runs the real one.
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.sqlite import SqliteSaver

from agent.context import Services
from agent.models.scripted import CallPair
from agent.services import open_services
from agent.shop import load_shop
from agent.shopkeeper import Shopkeeper

SHOP = Path("shop")


def change(quote: str, attribute: str, value: str | float, polarity: str = "fact") -> dict[str, Any]:
    """One entry of `update_profile`."""
    return {"quote": quote, "attribute": attribute, "value": value, "polarity": polarity}


def noting(*changes: dict[str, Any]) -> CallPair:
    return ("update_profile", {"changes": list(changes)})


def open_demo_services(state: Path) -> Services:
    return open_services(load_shop(SHOP), state)


def small_shop(folder: Path, customers: Sequence[str]) -> Path:
    """The demo shop with twenty products, three answers, these customers and their orders, and no events."""
    shop = Path(shutil.copytree(SHOP, folder / "shop", ignore=shutil.ignore_patterns("state", "generator", "events*")))
    products = (SHOP / "catalog.jsonl").read_text(encoding="utf-8").splitlines()[:20]
    (shop / "catalog.jsonl").write_text("\n".join(products), encoding="utf-8")
    answers = yaml.safe_load((SHOP / "answers.yaml").read_text(encoding="utf-8"))
    answers = answers if isinstance(answers, list) else answers["answers"]
    (shop / "answers.yaml").write_text(yaml.safe_dump(answers[:3], allow_unicode=True), encoding="utf-8")
    for name, field in (("customers.jsonl", "id"), ("orders.jsonl", "customer")):
        lines = (SHOP / name).read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if json.loads(line)[field] in customers]
        (shop / name).write_text("\n".join(kept), encoding="utf-8")
    return shop


@contextmanager
def keeper(services: Services, model: BaseChatModel, checkpoints: Path | str = ":memory:") -> Iterator[Shopkeeper]:
    """A shopkeeper that asks `model`; `checkpoints` is a file where a restart is to find them."""
    connection = sqlite3.connect(checkpoints, check_same_thread=False)
    try:
        yield Shopkeeper(services, model, SqliteSaver(connection))
    finally:
        connection.close()
