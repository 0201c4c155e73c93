"""A build takes in nothing of who was erased, though the shop's own files still have them: into files and a database.

What folds is one for all engines (`profiles.build.fold`), so the local one is run here.
"""

import gzip
import json
from pathlib import Path

import pytest

from profiles.build.local import build_locally
from profiles.build.plan import make_plan
from profiles.privacy.keys import customer_key, load_salt
from profiles.privacy.tombstones import bury
from profiles.storage.database import open_database
from profiles.store import ProfileStore
from profiles.visitors import visitor_name
from tests.profiles_shop import SCHEMA, write_shop

GONE, OTHER = "C1001", "C1003"  # both consent to profiling
BROWSER = "browser-77"  # that the erased customer was known to use


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = write_shop(tmp_path / "shop", customers=4, events=80)
    for name in (GONE, visitor_name(BROWSER)):  # as an erasure does
        bury(folder / "state", customer_key(name, load_salt(folder / "state")))
    return folder


@pytest.fixture
def events(shop: Path) -> Path:
    """With a login of the erased customer's, so that acts of a browser are theirs too."""
    path = shop.parent / "events.jsonl"
    made = [json.loads(line) for line in gzip.decompress((shop / "events.jsonl.gz").read_bytes()).splitlines()]
    login = {"type": "identify", "messageId": "login", "anonymousId": BROWSER, "timestamp": made[0]["timestamp"]}
    seen = [{**event, "messageId": f"seen{n}", "anonymousId": BROWSER} for n, event in enumerate(made[:9])]
    for event in seen:
        del event["userId"]
    path.write_text("".join(json.dumps(event) + "\n" for event in (*made, {**login, "userId": GONE}, *seen)))
    return path


def content(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    whole = [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files]
    return b"\n".join(whole).decode("utf-8", "replace")


def test_files_have_nothing_of_the_erased(shop: Path, events: Path, tmp_path: Path) -> None:
    plan = make_plan(shop, [events], tmp_path / "out", parts=2)
    report = build_locally(plan, lambda _: None)
    assert report.aside["erased customer"] == 20 + 9 and report.taken == 20
    told = content(tmp_path / "out")
    assert OTHER in told and GONE not in told and BROWSER not in told


def test_a_database_has_nothing_of_the_erased(shop: Path, events: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'built.db'}"
    build_locally(make_plan(shop, [events], tmp_path / "out", database=url, parts=2), lambda _: None)
    store = ProfileStore(open_database(url), SCHEMA, salt=load_salt(shop / "state"))
    assert OTHER in store.customers() and GONE not in store.customers()
    store.engine.dispose()
    held = (tmp_path / "built.db").read_bytes()
    assert OTHER.encode() in held and GONE.encode() not in held and BROWSER.encode() not in held
