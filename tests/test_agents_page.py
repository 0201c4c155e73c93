"""The examples of docs/agents.md do what the page says: each is read from it and run."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from tests.agent_shop import keeper, open_demo_services
from tests.agents_server import ROOT, served
from ui.mcp.tools import TOOLS

PAGE = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
EXAMPLES: list[str] = [code for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "from mcp" in code]
SHOP = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture(scope="module")
def shopkeeper(demo_state: Callable[[], Path], model: ScriptedModel) -> Iterator[Shopkeeper]:
    with keeper(open_demo_services(demo_state()), model) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(shopkeeper: Shopkeeper) -> Iterator[str]:
    with served(shopkeeper) as running:
        yield running


def example(words: str) -> str:
    """The one that has these words."""
    (code,) = (one for one in EXAMPLES if words in one)
    return code


def run(code: str) -> str:
    """What it prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"SHOP_KEY": "all"}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def test_every_example_is_run_here() -> None:
    assert len(EXAMPLES) == 3


def test_the_catalogue_is_looked_up(address: str) -> None:
    lines = run(example("search_catalog").replace(SHOP, address)).splitlines()
    assert lines and all("-NVY-" in line and "'USD'" in line for line in lines)


def test_the_customer_is_asked_and_decides(address: str, shopkeeper: Shopkeeper, model: ScriptedModel) -> None:
    model.expect([("cancel_order", {"order_id": "AP-10789"})])
    said = run(example("ask_customer").replace(SHOP, address))
    assert said.startswith("the shop asks:") and "AP-10789" in said and "C1002." in said
    assert shopkeeper.services.orders.get("C1002", "AP-10789").status == "cancelled"


def test_a_process_of_this_machine_is_started(demo_state: Callable[[], Path]) -> None:
    code = example("StdioServerParameters")
    words = '["-m", "ui", "mcp", "--shop", "shop", "--customer", "C1002"]'
    assert words in code
    code = code.replace(words, repr(["-m", "tests.mcp_stdio", str(demo_state()), "C1002", "[]"]))
    assert "ask_shopkeeper" in run(code.replace('command="python"', f"command={sys.executable!r}"))


def test_the_page_names_the_tools_and_routes_that_there_are(address: str) -> None:
    assert all(f"`{tool.name}`" in PAGE for tool in TOOLS)
    assert httpx.get(f"{address}/.well-known/ucp", timeout=30).json()["ucp"]["version"] in PAGE
