"""tau2's retail database as a shop directory: the agent's own parts open it and find what the database holds."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.services import open_services
from agent.shop import load_shop
from eval.__main__ import main
from eval.tau2_shop import facet_name, import_shop
from finetune.corpora.tau2.data import Retail, read_shop
from retrieval.catalog import load_catalog
from tests.tau2_data import write_tau2


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Retail:
    return read_shop(write_tau2(tmp_path_factory.mktemp("tau2") / "data", seed=9, customers=3))


@pytest.fixture(scope="module")
def shop(retail: Retail, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return import_shop(retail, tmp_path_factory.mktemp("shop") / "shop", "Quay & Co")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_variant_is_in_the_catalogue_with_its_price_and_options(retail: Retail, shop: Path) -> None:
    catalog = load_catalog(shop / "catalog.jsonl")
    assert not catalog.rejected
    for product in retail.db["products"].values():
        for item_id, variant in product["variants"].items():
            found = catalog.find(item_id)
            (ours,) = [one for one in found.variants if one.sku == item_id]
            assert (found.category, float(ours.price)) == (product["name"], variant["price"])
            assert (ours.stock > 0) == variant["available"]
            assert ours.color == variant["options"].get("color", "")
            rest = {
                facet_name(name): value for name, value in variant["options"].items() if name not in ("color", "size")
            }
            for name, value in rest.items():
                assert found.facets[name] in ((value,), value == "yes")


def test_the_agent_opens_it_with_customers_orders_and_rules(retail: Retail, shop: Path, tmp_path: Path) -> None:
    services = open_services(load_shop(shop), tmp_path / "state")
    for user_id, user in retail.db["users"].items():
        orders = services.orders.list(user_id)
        assert [order.id for order in reversed(orders)] == [one.lstrip("#") for one in user["orders"]]
        for order in orders:
            theirs = retail.db["orders"][f"#{order.id}"]
            assert float(order.total) == pytest.approx(sum(item["price"] for item in theirs["items"]))
            assert sum(item.quantity for item in order.items) == len(theirs["items"])
            assert (order.status == "processing") == (theirs["status"] == "pending")
    kind = next(iter(retail.db["products"].values()))
    hits = services.retriever.search(kind["name"])
    assert any(hit.product.category == kind["name"] for hit in hits)
    services.profiles.engine.dispose()


def test_a_directory_in_use_is_left_alone(retail: Retail, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_tau2(tmp_path / "data", customers=2)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "note.txt").write_text("mine")
    assert main(["import-tau2", "--data", str(data), "--out", str(tmp_path / "shop")]) == 2
    assert "is in use" in capsys.readouterr().err
    assert main(["import-tau2", "--data", str(data), "--out", str(tmp_path / "new")]) == 0
    assert "python -m agent --shop" in capsys.readouterr().out


def test_a_status_or_an_order_that_is_not_known_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_tau2(tmp_path / "data", customers=2)
    db = json.loads((data / "db.json").read_text())
    next(iter(db["orders"].values()))["status"] = "lost at sea"
    (data / "db.json").write_text(json.dumps(db))
    assert main(["import-tau2", "--data", str(data), "--out", str(tmp_path / "shop")]) == 3
    assert "status 'lost at sea' is none of: pending" in capsys.readouterr().err
