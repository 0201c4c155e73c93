"""Opening a shop: broken lines are told and left out, a missing index is made again, a second opening finds all."""

import json
import shutil
from pathlib import Path

import pytest

from agent.services import open_services
from agent.shop import load_shop
from errors import ConfigError, DataError, StorageError
from retrieval.filters import Filters
from tests.agent_shop import small_shop


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small shop with lines that nobody can read."""
    shop = small_shop(tmp_path, ("C1001", "C1002"))
    products = (shop / "catalog.jsonl").read_text(encoding="utf-8").splitlines()
    without_price = {key: value for key, value in json.loads(products[0]).items() if key != "price"}
    lines = [*products[:3], "{broken", json.dumps(without_price | {"sku": "X-1"}), *products[3:]]
    (shop / "catalog.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return shop


def test_broken_lines_are_told_and_the_rest_works(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    services = open_services(load_shop(small), small / "state")
    told = capsys.readouterr().err
    assert "catalog.jsonl, line 4: " in told
    assert "catalog.jsonl, line 5: " in told
    assert services.retriever.search("jacket", Filters(), k=3)


def test_a_missing_index_is_built_again_and_nothing_else_is_lost(small: Path) -> None:
    services = open_services(load_shop(small), small / "state")
    hits = [hit.product.sku for hit in services.retriever.search("warm jacket", Filters(), k=3)]
    customers = services.profiles.customers()
    shutil.rmtree(small / "state" / "index")
    again = open_services(load_shop(small), small / "state")
    assert [hit.product.sku for hit in again.retriever.search("warm jacket", Filters(), k=3)] == hits
    assert again.profiles.customers() == customers


def test_an_order_that_cannot_be_read_is_named(small: Path) -> None:
    (small / "orders.jsonl").write_text('{"id": "AP-1"}', encoding="utf-8")
    with pytest.raises(DataError, match="'AP-1' cannot be read"):
        open_services(load_shop(small), small / "state")


def test_an_answer_meant_behind_an_act_that_there_is_not_is_named(small: Path) -> None:
    answers = small / "answers.yaml"
    told = {"id": "again", "samples": {"en": ["again?"]}, "text": {"en": "Again."}, "after": ["cancel_orders"]}
    answers.write_text(f"{answers.read_text(encoding='utf-8')}\n- {json.dumps(told)}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"'again': `after` names no tool 'cancel_orders'; there are .*cancel_order"):
        open_services(load_shop(small), small / "state")


def test_a_directory_that_is_no_shop_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no shop\.toml"):
        load_shop(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_state_that_cannot_be_made_is_a_storage_error(small: Path) -> None:
    with pytest.raises(StorageError, match="cannot make the state directory"):
        open_services(load_shop(small), small / "shop.toml" / "state")
