"""From a log to samples: consent, duplicates, quality, splits, resuming, and the report."""

import json
import multiprocessing
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from errors import ConfigError, DataError
from finetune.lineage import KEYS_FILE, read_keys
from finetune.logs import intake
from finetune.logs.pipeline import Request, run_logs
from finetune.logs.rules import DUPLICATE, NO_CONSENT
from profiles.customer import Customer
from profiles.privacy.keys import customer_key, load_salt
from profiles.shop.imports import open_store
from tests.logs_shop import make_shop, own, write_lines

WORDS = (
    "warm", "light", "blue", "green", "tent", "boots", "river", "stove", "cheap", "summer", "winter", "trail", "socks",
    "gift", "rain", "camp", "sleep", "bottle", "glove", "hat", "strong", "soft", "hard", "fast", "slow", "today",
    "month", "store", "small", "large", "wide", "narrow", "snow", "wind", "black", "good", "for", "with", "and",
)  # fmt: skip
PLAIN = ("do you have a warm jacket?", "We do, have a look at our jackets.")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_shop(tmp_path_factory.mktemp("logs") / "shop")


def take(shop: Path, folder: Path, lines: Sequence[Any], **more: Any) -> dict[str, Any]:
    """Run without a teacher, which ends with a report and no sample."""
    log = write_lines(folder / "log.jsonl", lines)
    with pytest.raises(DataError, match="no sample"):
        run_logs(Request(log, shop, folder / "out", folder / "state", **more))
    report: dict[str, Any] = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
    return report


def kept(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "out" / intake.KEPT_FILE).read_text("utf-8").splitlines()]


def various(number: int) -> str:
    """English texts that are no near-duplicates of each other."""
    return "I would like the " + " ".join(random.Random(number).sample(WORDS, 8))


def test_only_who_consented_is_learnt_from(shop: Path, tmp_path: Path) -> None:
    lines = [
        own("shop says yes", various(1), "ok"),
        own("log says no", various(2), "ok", consent=False),
        own("shop says no", various(3), "ok", customer="C3", consent=True),
        own("nobody says", various(4), "ok", customer="stranger"),
        own("log says yes", various(5), "ok", customer="stranger", consent=True),
    ]
    report = take(shop, tmp_path, lines)
    assert [one["line"] for one in kept(tmp_path)] == [1, 5]
    assert report["dropped"][NO_CONSENT] == {"count": 3, "examples": ["log.jsonl:2", "log.jsonl:3", "log.jsonl:4"]}


def test_the_newest_consent_is_the_store_s(shop: Path, tmp_path: Path) -> None:
    store = open_store(shop, tmp_path / "state")
    store.put_customers([Customer("C1", consent={"training": False}), Customer("V7", consent={"training": True})])
    take(shop, tmp_path, [own("a", various(1), "ok"), own("b", various(2), "ok", customer="V7")])
    assert [one["line"] for one in kept(tmp_path)] == [2]


def test_what_is_worth_nothing_is_dropped_with_its_reason(shop: Path, tmp_path: Path) -> None:
    loop = [text for n in range(3) for text in (various(n), "Please restart your router now.")]
    lines = [
        own("a", "hi", "hello"), own("b", various(9)), own("c", various(2), "ok", rating="bad"),
        own("d", various(3), "ok", resolved=False), own("e", *loop), own("f", "x" * 5000, "ok"),
        own("g", *[various(n) for n in range(100)]),
        own("h", "Wo ist meine Bestellung, ich warte schon seit zwei Wochen darauf?", "Sie ist unterwegs."),
        own("i", various(4), "ok"),
    ]  # fmt: skip
    dropped = take(shop, tmp_path, lines)["dropped"]
    assert [one["id"] for one in kept(tmp_path)] == ["i"]
    assert set(dropped) == {
        "fewer than 8 characters of the customer", "no answer of the agent", "rated bad by the customer",
        "not resolved", "the agent repeats itself", "a message of more than 4000 characters", "more than 80 messages",
        "in a language the shop does not speak (de)",
    }  # fmt: skip


def test_near_duplicates_are_kept_once_whoever_they_are_from(shop: Path, tmp_path: Path) -> None:
    text = "Hello, my order {} has not come yet and I have been waiting for it since {}, can you tell me where it is?"
    answer = "I am sorry for that, {}. Order {} is on its way and will be with you soon, the carrier says."
    lines = [
        own("a", text.format("AP-10794", "2026-10-01"), answer.format("Megan", "AP-10794")),
        own("b", text.format("AP-10011", "2026-11-04"), answer.format("Megan", "AP-10011")),
        own("c", various(1), "It is."),
    ]
    report = take(shop, tmp_path, lines)
    assert [one["id"] for one in kept(tmp_path)] == ["a", "c"]
    assert report["dropped"][DUPLICATE]["examples"] == ["log.jsonl:2"]


def test_a_customer_is_in_one_split_and_is_nobody_by_name(shop: Path, tmp_path: Path) -> None:
    lines = [
        own(f"k{n}", various(n), f"ok {various(n + 300)}", customer=f"V{n % 40}", consent=True) for n in range(120)
    ]
    take(shop, tmp_path, lines)
    splits: dict[str, set[str]] = {}
    for one in kept(tmp_path):
        splits.setdefault(one["customer"], set()).add(one["split"])
    assert all(len(found) == 1 for found in splits.values()) and len(splits) > 30
    assert "train" in set.union(*splits.values()) and len(set.union(*splits.values())) > 1
    assert set(splits) <= {customer_key(f"V{n}", load_salt(tmp_path / "state")) for n in range(40)}


def test_no_report_and_no_file_holds_what_was_scrubbed(shop: Path, tmp_path: Path) -> None:
    secret = "megan.secret@example.net"
    lines = [own(f"k{n}", f"{various(n)} mail me at {secret}", f"ok, {various(n + 50)}") for n in range(3)]
    log = write_lines(tmp_path / "log.jsonl", [*lines, {"id": "x", "customer": "C1", "messages": secret}])
    with pytest.raises(DataError):
        run_logs(Request(log, shop, tmp_path / "out", tmp_path / "state"))
    assert (tmp_path / "out" / "report.json").is_file()
    for path in (tmp_path / "out").iterdir():
        assert secret.encode() not in path.read_bytes(), path


def test_strict_stops_at_the_first_bad_line(shop: Path, tmp_path: Path) -> None:
    log = write_lines(tmp_path / "log.jsonl", [own("a", *PLAIN), {"id": "b"}])
    with pytest.raises(DataError, match=r"log\.jsonl, line 2: customer: Field required"):
        run_logs(Request(log, shop, tmp_path / "out", tmp_path / "state", strict=True))


def test_other_settings_need_another_folder(shop: Path, tmp_path: Path) -> None:
    take(shop, tmp_path, [own("a", *PLAIN)])
    write_lines(tmp_path / "log.jsonl", [own("b", *PLAIN)])
    with pytest.raises(ConfigError, match="another log"):
        run_logs(Request(tmp_path / "log.jsonl", shop, tmp_path / "out", tmp_path / "state"))


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_a_run_that_was_killed_goes_on_to_the_same_end(shop: Path, tmp_path: Path, format: str) -> None:
    log = tmp_path / f"log.{format}"
    answers = "ok {} you can return it within 30 days of delivery"
    talks = [(f"k{n}", various(n), answers.format(various(n + 300)), f"V{n % 90}") for n in range(450)]
    if format == "jsonl":
        write_lines(log, [own(i, a, b, customer=c, consent=True) for i, a, b, c in talks])
    else:
        rows = [f"{i},{role},{text},{c},yes" for i, a, b, c in talks for role, text in (("customer", a), ("agent", b))]
        log.write_text("\n".join(["conversation_id,role,text,customer,consent", *rows]), encoding="utf-8")

    def run(out: str) -> None:
        with pytest.raises(DataError, match="no sample"):
            run_logs(Request(log, shop, tmp_path / out, tmp_path / "state"))

    process = multiprocessing.get_context("fork").Process(target=run, args=("killed",))
    process.start()
    target = tmp_path / "killed" / intake.KEPT_FILE
    while process.is_alive() and not (target.is_file() and target.stat().st_size):
        time.sleep(0.005)
    process.kill()
    process.join()
    assert not (tmp_path / "killed" / "report.json").exists()
    run("killed")
    run("whole")
    for name in (intake.KEPT_FILE, "report.json", KEYS_FILE):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert len(target.read_bytes().splitlines()) > 400
    assert read_keys(tmp_path / "whole" / KEYS_FILE).keys() == {"train", "val", "test"}
