"""What changes in a shop's files is what the next search finds, and a broken file costs nothing."""

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.__main__ import main
from retrieval.embedder import Embedder
from retrieval.filters import Filters
from retrieval.live import LiveRetriever
from retrieval.search import Retriever
from tests.retrieval_shop import ANSWERS, SHOP_TOML, embedder, product, write_shop


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_shop(tmp_path / "shop")


@pytest.fixture
def live(shop: Path, tmp_path: Path) -> LiveRetriever:
    return LiveRetriever(Retriever.open(shop, tmp_path / "state", embedder()))


@pytest.fixture
def unused(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The texts that are embedded from here on."""
    seen: list[str] = []
    encode = Embedder.encode

    def noted(self: Embedder, texts: Any) -> Any:
        seen.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(Embedder, "encode", noted)
    yield seen


def rows(**changes: dict[str, Any]) -> list[str]:
    """The catalogue's lines, with changes of some products by sku."""
    made = [product(number) for number in range(40)]
    return [json.dumps(item | changes.get(item["sku"].replace("-", ""), {}), ensure_ascii=False) for item in made]


def priced(sku: str, price: float, stock: int = 5) -> dict[str, Any]:
    item = product(int(sku.removeprefix("P-")))
    return {"price": price, "variants": [one | {"price": price, "stock": stock} for one in item["variants"]]}


def test_a_price_and_the_stock_are_those_of_the_file_at_once_and_nothing_is_embedded(
    shop: Path, live: LiveRetriever, unused: list[str]
) -> None:
    live.current().search("")
    for price in (3.0, 4.0, 5.0):  # as long a file each time, written as fast as can be
        write_shop(shop, rows(P000=priced("P-000", price), P001=priced("P-001", 9.0, stock=0)))
        began = time.perf_counter()
        found = live.current()
        assert time.perf_counter() - began < 1
        assert found.catalog.by_sku["P-000"].price == price
        (hit,) = found.search("", Filters(max_price=price))
        assert (hit.product.sku, hit.variant.price, hit.variant.stock) == ("P-000", Decimal(str(price)), 5)
        assert all(variant.stock == 0 for variant in found.catalog.by_sku["P-001"].variants)
    assert unused == []


def test_what_did_not_change_is_the_same_object_and_costs_microseconds(live: LiveRetriever) -> None:
    first = live.current()
    time.sleep(0.1)  # until the files count as settled
    assert live.current() is first
    began = time.perf_counter()
    for _ in range(200):
        assert live.current() is first
    assert (time.perf_counter() - began) / 200 < 0.002


def test_a_new_product_is_found_a_removed_one_is_not_and_one_text_is_embedded(
    shop: Path, live: LiveRetriever, unused: list[str]
) -> None:
    live.current()
    added = json.dumps(product(50, title="Quiet Violin Case", category="cases"))
    write_shop(shop, [*rows()[1:], added])
    now = live.current()
    assert now.search("one quiet violin")[0].product.sku == "P-050"  # asked in no other test: a known query is kept
    assert "cases" in now.facets.values("category")
    assert "P-000" not in {hit.product.sku for hit in now.search("", k=50)}
    assert len([text for text in unused if "Violin" in text]) == 1 and len(unused) == 2  # and the query
    assert Retriever.open(shop, now.origin.state_dir, embedder()).search("violin")[0].product.sku == "P-050"


def test_many_new_products_do_not_keep_a_search_waiting(
    shop: Path, live: LiveRetriever, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.current()
    go = threading.Event()
    encode = Embedder.encode

    def slow(self: Embedder, texts: Any) -> Any:
        if len(texts) > 40:
            go.wait(60)
        return encode(self, texts)

    monkeypatch.setattr(Embedder, "encode", slow)
    many = [json.dumps(product(number, title=f"Violin Case {number}")) for number in range(100, 150)]
    write_shop(shop, [*rows(P000=priced("P-000", 3.0)), *many])
    now = live.current()
    assert now.catalog.by_sku["P-000"].price == 3.0  # while the others wait to be embedded
    assert "violin" not in now.search("violin")[0].product.title.casefold()
    go.set()
    end = time.monotonic() + 60
    while "Violin" not in live.current().search("violin")[0].product.title:
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("catalog.jsonl", '{"sku": "P-000", "title": "T', "line 41: broken JSON"),
        ("catalog.jsonl", '{"sku": "X", "title": "T", "category": "c", "price": "soon"}', "line 41: price"),
        ("answers.yaml", "- id: [", "not YAML"),
        ("shop.toml", "[facets", "shop.toml"),
        ("shop.toml", '[facets]\ncolor = {type = "smell"}', "unknown type 'smell'"),
        ("catalog.jsonl", None, "no products"),
    ],
)
def test_a_broken_file_keeps_the_shop_as_it_was_and_is_logged_once(
    shop: Path, live: LiveRetriever, name: str, text: str | None, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = live.current().search("warm jacket", k=40)
    whole = (shop / name).read_text(encoding="utf-8")
    broken = "" if text is None else whole + text if name == "catalog.jsonl" else text
    (shop / name).write_text(broken, encoding="utf-8")
    time.sleep(0.1)
    for _ in range(3):
        assert live.current().search("warm jacket", k=40) == before
    (record,) = (record for record in caplog.records if record.levelno >= logging.ERROR)
    assert why in record.getMessage()
    (shop / name).write_text(whole, encoding="utf-8")
    assert live.current().search("warm jacket", k=40) == before


def test_a_line_that_was_broken_before_does_not_hold_the_others_up(tmp_path: Path) -> None:
    shop = write_shop(tmp_path / "shop", ["{broken", *rows()])
    live = LiveRetriever(Retriever.open(shop, tmp_path / "state", embedder()))
    write_shop(shop, [*rows(P000=priced("P-000", 3.0)), "{broken"])
    assert live.current().catalog.by_sku["P-000"].price == 3.0


def test_answers_and_facets_are_those_of_the_files_too(shop: Path, live: LiveRetriever) -> None:
    live.current()
    (shop / "answers.yaml").write_text(ANSWERS.replace("3-5 days.", "Tomorrow."), encoding="utf-8")
    hit = live.current().answer("How long does shipping take?", "en")
    assert hit is not None and hit.template.text["en"] == "Tomorrow."
    more = ANSWERS + "- id: parking\n  samples: {en: ['Where can I park my car?']}\n  text: {en: 'Behind the shop.'}\n"
    (shop / "answers.yaml").write_text(more, encoding="utf-8")
    hit = live.current().answer("Where can I park my car?", "en")
    assert hit is not None and hit.template.id == "parking"
    (shop / "shop.toml").write_text(SHOP_TOML.replace('"黑色" =', '"schwarz" = "black", "黑色" ='), encoding="utf-8")
    assert live.current().facets.match("color", "schwarz") == "black"
    (shop / "policy.md").write_text("# Policy\n\n## Dogs\nDogs may come along into the shop.\n", encoding="utf-8")
    passage = live.current().policy("may dogs come into the shop?")
    assert passage is not None and passage.heading.endswith("Dogs")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["price", "title", "gone", "stock"])), max_size=6))
def test_after_any_changes_it_finds_what_a_new_opening_finds(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("live")
    items = {number: product(number) for number in range(10)}
    shop = write_shop(folder, [json.dumps(item) for item in items.values()])
    live = LiveRetriever(Retriever.open(shop, folder / "state", embedder()))
    for turn, (number, what) in enumerate(changes):
        match what:
            case "price":
                items[number] = product(number) | priced(f"P-{number:03}", 20.0 + turn)
            case "stock":
                items[number] = product(number) | priced(f"P-{number:03}", 20.0, stock=turn % 2)
            case "title":
                items[number] = product(number, title=f"Violin {turn}")
            case "gone" if len(items) > 1:
                items.pop(number, None)
        write_shop(folder, [json.dumps(item) for item in items.values()])
        fresh = Retriever.open(shop, folder / "other", embedder())
        for query in ("warm jacket", "violin", ""):
            assert live.current().search(query, k=20) == fresh.search(query, k=20)


def test_threads_see_the_old_shop_or_the_new_one_and_never_a_part_of_each(shop: Path, live: LiveRetriever) -> None:
    stop, seen = threading.Event(), list[set[Decimal]]()

    def search() -> None:
        while not stop.is_set():
            found = live.current().search("", k=50)
            seen.append({variant.price for hit in found for variant in hit.product.variants})

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for price in range(1, 8):
        lines = rows(**{f"P{n:03}": priced(f"P-{n:03}", float(price)) for n in range(40)})
        draft = write_shop(shop.with_name("draft"), lines) / "catalog.jsonl"
        draft.replace(shop / "catalog.jsonl")
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    assert all(len(prices) == 1 for prices in seen if max(prices) < 8) and {7.0} == {
        variant.price for hit in live.current().search("", k=50) for variant in hit.product.variants
    }


class TestUpserts:
    """`python -m retrieval upsert`."""

    def run(self, shop: Path, state: Path, *lines: dict[str, Any] | str) -> int:
        file = shop.parent / "news.jsonl"
        texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
        file.write_text("\n".join(texts), encoding="utf-8")
        return main(["upsert", str(file), "--shop", str(shop), "--state", str(state), "--json"])

    def test_changes_and_additions_are_served_at_once_and_after_a_restart(
        self, shop: Path, tmp_path: Path, live: LiveRetriever, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = (shop / "catalog.jsonl").read_bytes().splitlines()
        live.current()
        added = product(60, title="Quiet Violin Case")
        assert self.run(shop, tmp_path / "state", {"sku": "P-003", "price": 3.5, "title": "Plain Socks"}, added) == 0
        assert json.loads(capsys.readouterr().out) == {"added": 1, "changed": 1, "products": 41}
        for retriever in (live.current(), Retriever.open(shop, tmp_path / "state", embedder())):
            assert retriever.search("violin")[0].product.sku == "P-060"
            changed = retriever.catalog.find("P-003")
            assert (changed.price, changed.title, changed.category) == (Decimal("3.5"), "Plain Socks", "socks")
        after = (shop / "catalog.jsonl").read_bytes().splitlines()
        assert [line for place, line in enumerate(after[:40]) if place != 3] == before[:3] + before[4:]
        assert {path.name for path in shop.iterdir()} == {"answers.yaml", "catalog.jsonl", "policy.md", "shop.toml"}

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ({"sku": "P-003", "price": "soon"}, "P-003: price"),
            ({"sku": "new", "title": "No price"}, "new: category"),
            ({"price": 3}, "line 2: expected a JSON object with a sku"),
            ("{broken", "line 2: "),
            (product(60, sku="P-000-0-0"), "duplicate sku"),
        ],
    )
    def test_one_wrong_line_changes_nothing_and_is_named(
        self, shop: Path, tmp_path: Path, line: Any, why: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = (shop / "catalog.jsonl").read_bytes()
        assert self.run(shop, tmp_path / "state", {"sku": "P-000", "price": 1}, line) == 3
        told = capsys.readouterr().err
        assert why in told and "nothing was changed" in told
        assert (shop / "catalog.jsonl").read_bytes() == before

    def test_upserts_of_several_processes_at_once_lose_nothing(self, shop: Path, tmp_path: Path) -> None:
        running = []
        for number in range(3):
            file = tmp_path / f"{number}.jsonl"
            file.write_text(json.dumps(product(70 + number)), encoding="utf-8")
            options = ("--shop", str(shop), "--state", str(tmp_path / "state"))
            running.append(subprocess.Popen([sys.executable, "-m", "retrieval", "upsert", str(file), *options]))
        assert [process.wait(timeout=300) for process in running] == [0, 0, 0]
        found = Retriever.open(shop, tmp_path / "state", embedder()).catalog.by_sku
        assert {"P-070", "P-071", "P-072"} <= set(found) and len({item.sku for item in found.values()}) == 43
