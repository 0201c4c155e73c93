"""What stays behind an erasure is named, and what comes back with a backup is erased again, on both databases."""

import gzip
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from agent.checkpoints import CHECKPOINTS_FILE
from finetune.copies import left_in_copies
from finetune.erase import Wish, erase
from profiles.customer import Customer
from profiles.shop.imports import open_store
from profiles.storage.database import DATABASE, DATABASE_FILE
from tests.erasure_shop import OTHER, SECRETS, Shop, fill, left_of_the_other, traces
from tests.profiles_shop import observation, write_shop
from tests.test_restored_backups import Backup

NAMES = ("QX-7731", "vis-8842")


@pytest.fixture
def shop(erasure_shop: Shop) -> Shop:
    return erasure_shop


def copied(source: Path, target: Path) -> None:
    """A copy of a SQLite database, as docs/keeping.md makes one."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def test_a_customer_who_comes_back_with_a_backup_is_erased_from_all_of_it_again(shop: Shop, tmp_path: Path) -> None:
    fill(shop)
    outside = tmp_path / "backups"
    outside.mkdir()
    database, checkpoints = Backup(shop.url), shop.state / CHECKPOINTS_FILE
    if checkpoints.is_file():  # PostgreSQL has the consultations in the same database
        copied(checkpoints, outside / CHECKPOINTS_FILE)
    before = left_of_the_other(shop)
    shop.erasure().run("QX-7731", shop.places())
    assert traces(shop) == []
    database.put_back()
    if checkpoints.is_file():
        for part in shop.state.glob(f"{CHECKPOINTS_FILE}*"):
            part.unlink()
        shutil.copy(outside / CHECKPOINTS_FILE, checkpoints)
    assert {found.partition(": ")[2] for found in traces(shop)} >= set(SECRETS) - {"quill@example.org"}
    receipts = shop.erasure().run_again(shop.places())
    assert receipts and traces(shop) == []
    assert left_of_the_other(shop) == before
    assert shop.erasure().run_again(shop.places()) == []


def test_copies_that_nobody_can_erase_are_named_and_nothing_else_is(shop: Shop) -> None:
    fill(shop)
    (shop.state / "index").mkdir()
    (shop.state / "index" / "words.json").write_text(json.dumps({"QX-7731": "azure-lagoon"}), encoding="utf-8")
    others = {"QX-77310": 1, "XQX-7731": 2, "C2": 3}
    (shop.state / "index" / "others.json").write_text(json.dumps(others), encoding="utf-8")
    with gzip.open(shop.state / "export.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.write("x" * (1 << 20) + '{"visitor": "vis-8842"}\n')
    if (shop.state / DATABASE_FILE).is_file():
        copied(shop.state / DATABASE_FILE, shop.state / "old.db")
        copied(shop.state / CHECKPOINTS_FILE, shop.state / "old-checkpoints.db")
    expected = {"words.json", "export.jsonl.gz"} | {path.name for path in shop.state.glob("old*.db")}
    shop.erasure().run("QX-7731", shop.places())
    left = left_in_copies(shop.state, NAMES)
    assert {Path(line.removeprefix("not erased from ").split(",")[0]).name for line in left} == expected
    assert all(line.startswith("not erased from ") for line in left)
    assert left_in_copies(shop.state, [OTHER[::-1]]) == []


def test_the_receipt_of_the_command_says_what_was_not_erased_and_a_restored_copy_is_erased_when_opened(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, state = write_shop(tmp_path / "shop"), tmp_path / "state"
    state.mkdir()
    if make_url(url).drivername != "sqlite":
        monkeypatch.setenv(DATABASE, url)
        where: str | None = url
    else:
        where = None
    store = open_store(root, state, where)
    store.put_customers([Customer("C1001", "Ada", consent={"profiling": True})])
    store.append([observation("o1", "need", "azure-lagoon", customer="C1001")])
    backup = Backup(str(store.engine.url.render_as_string(hide_password=False)))
    store.engine.dispose()
    (state / "notes.txt").write_text("C1001 called twice\n", encoding="utf-8")
    (receipt,) = erase(Wish("C1001", root, state, (), (), "Ada"))
    assert [line for line in receipt.left if line.startswith(f"not erased from {state / 'notes.txt'}")]
    assert receipt.to_json()["left"] == list(receipt.left)
    backup.put_back()
    back = open_store(root, state, where)
    assert "C1001" not in back.customers() and back.history("C1001") == []
    back.engine.dispose()
