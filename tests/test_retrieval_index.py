"""The index: what was saved is what is read, damage or change makes a new build, a full disk harms nothing."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import StorageError
from retrieval.index import Collection, Row
from retrieval.search import Retriever
from retrieval.storage import read_index
from tests.retrieval_shop import embedder, product, write_shop

WORDS = ["warm", "jacket", "tent", "wool", "帐篷", "保暖", "boots", "red"]
ROWS = st.dictionaries(
    st.text("abc/", min_size=1, max_size=4),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    max_size=8,
).map(lambda texts: [Row(key, text, text) for key, text in texts.items()])


def _found(collection: Collection, query: str) -> list[tuple[str, float, float]]:
    dense = collection.dense_scores(embedder().encode_query(query))
    words = collection.lexical.scores(query)
    return [
        (row.key, round(float(a), 4), round(float(b), 4))
        for row, a, b in zip(collection.rows, dense, words, strict=True)
    ]


@settings(deadline=None, max_examples=40)
@given(rows=ROWS, more=ROWS, query=st.sampled_from(WORDS))
def test_upsert_then_delete_is_identity(rows: list[Row], more: list[Row], query: str) -> None:
    before = Collection.build(rows, embedder(), {})
    keys = frozenset(row.key for row in more) - {row.key for row in rows}
    new = [row for row in more if row.key in keys]
    after = before.upsert(new, embedder()).delete(keys, embedder())
    assert after.rows == before.rows
    assert _found(after, query) == _found(before, query)


@settings(deadline=None, max_examples=40)
@given(rows=ROWS, query=st.sampled_from(WORDS))
def test_saving_and_loading_gives_the_same_scores(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], query: str
) -> None:
    folder = tmp_path_factory.mktemp("collection")
    made = Collection.build(rows, embedder(), {})
    made.save(folder)
    assert _found(Collection.load(folder), query) == _found(made, query)


def test_an_upsert_replaces_the_row_with_the_same_key() -> None:
    made = Collection.build([Row("a", "tent", "tent"), Row("b", "boots", "boots")], embedder(), {})
    changed = made.upsert([Row("a", "wool", "wool")], embedder())
    assert [row.text for row in changed.rows] == ["wool", "boots"]
    assert _found(changed, "wool")[0][1] > 0.99


def test_a_second_opening_reads_the_build_and_finds_the_same(tmp_path: Path) -> None:
    shop = write_shop(tmp_path / "shop")
    first = Retriever.open(shop, tmp_path / "state", embedder())
    build = (tmp_path / "state/index/CURRENT").read_text()
    second = Retriever.open(shop, tmp_path / "state", embedder())
    assert (tmp_path / "state/index/CURRENT").read_text() == build
    assert second.search("warm jacket", k=20) == first.search("warm jacket", k=20)


def test_a_changed_catalogue_is_indexed_anew_embedding_only_what_changed(tmp_path: Path) -> None:
    shop = write_shop(tmp_path / "shop")
    old = Retriever.open(shop, tmp_path / "state", embedder())
    lines = [json.dumps(product(number)) for number in range(1, 40)]
    write_shop(shop, [*lines, json.dumps(product(50, title="Quiet Violin Case"))])
    new = Retriever.open(shop, tmp_path / "state", embedder())
    assert new.search("violin")[0].product.sku == "P-050"
    kept = set(old.index.collections["products"].vectors()) & set(new.index.collections["products"].vectors())
    assert len(kept) == 39
    assert "P-000" not in {hit.product.sku for hit in new.search("jacket", k=50)}


@pytest.mark.parametrize(
    "name",
    [
        "CURRENT",
        "manifest.json",
        "products/rows.json",
        "passages/vectors.faiss",
        "products/words/vocab.index.json",
    ],
)
@pytest.mark.parametrize("damage", ["gone", "cut", "noise"])
def test_a_damaged_index_is_rebuilt(tmp_path: Path, name: str, damage: str) -> None:
    shop = write_shop(tmp_path / "shop")
    hits = Retriever.open(shop, tmp_path / "state", embedder()).search("tent")
    root = tmp_path / "state/index"
    folder = root / (root / "CURRENT").read_text()
    path = root / name if name == "CURRENT" else folder / name
    whole = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"\xff\x00" * 40)
    assert read_index(root) is None
    assert Retriever.open(shop, tmp_path / "state", embedder()).search("tent") == hits
    assert read_index(root) is not None


FULL_DISK = """
import resource, sys
from pathlib import Path
from errors import StorageError
from retrieval.search import Retriever
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    Retriever.open(Path(sys.argv[1]), Path(sys.argv[2]))
except StorageError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def test_a_write_that_fails_is_a_storage_error_and_leaves_the_old_build(tmp_path: Path) -> None:
    shop = write_shop(tmp_path / "shop")
    Retriever.open(shop, tmp_path / "state", embedder())
    before = sorted(path.name for path in (tmp_path / "state/index").iterdir())
    write_shop(shop, [json.dumps(product(number)) for number in range(41)])
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(shop), str(tmp_path / "state")], capture_output=True, text=True
    )
    assert done.returncode == 7, done.stderr
    assert done.stdout.startswith("cannot write the index under")
    assert sorted(path.name for path in (tmp_path / "state/index").iterdir()) == before
    assert read_index(tmp_path / "state/index") is not None


def test_a_state_directory_that_is_a_file_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    with pytest.raises(StorageError, match="cannot write the index"):
        Retriever.open(write_shop(tmp_path / "shop"), tmp_path / "state", embedder())


def test_old_builds_are_cleared_but_the_last_one_stays(tmp_path: Path) -> None:
    shop = write_shop(tmp_path / "shop")
    for count in (5, 6, 7, 8):
        write_shop(shop, [json.dumps(product(number)) for number in range(count)])
        Retriever.open(shop, tmp_path / "state", embedder())
    assert len([path for path in (tmp_path / "state/index").iterdir() if path.is_dir()]) == 2


def test_several_threads_may_open_and_search_at_once(tmp_path: Path) -> None:
    shop = write_shop(tmp_path / "shop")
    found: list[list[str]] = []

    def work(number: int) -> None:
        retriever = Retriever.open(shop, tmp_path / "state", embedder())
        for turn in range(5):
            hits = retriever.search(f"warm jacket {turn if number < 2 else 0}")
            found.append([hit.product.category for hit in hits])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
