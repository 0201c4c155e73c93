"""Import, card and the commands, on a small shop directory."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from errors import DataError
from profiles.__main__ import main
from profiles.card import MAX_CHARS, card
from profiles.fold import fold
from profiles.observation import Authority, Profile
from profiles.shop.imports import ensure_imported, import_shop, open_store
from tests.profiles_shop import SCHEMA, START, observation, write_shop


def run(shop: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main([*arguments, "--shop", str(shop)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_shop(tmp_path / "shop", customers=3, events=120)


def test_an_import_is_idempotent(shop: Path, tmp_path: Path) -> None:
    store = open_store(shop, tmp_path / "state")
    ensure_imported(shop, store)
    first = {name: store.history(name) for name in store.customers()}
    import_shop(shop, store)
    assert {name: store.history(name) for name in store.customers()} == first
    assert list(first) == ["C1001", "C1002", "C1003"] and all(first.values())


def test_a_later_import_brings_only_what_is_new(shop: Path, tmp_path: Path) -> None:
    store = open_store(shop, tmp_path / "state")
    ensure_imported(shop, store)
    before = len(store.history("C1001"))
    order = {
        "id": "AP-9",
        "customer": "C1001",
        "placed": "2026-10-05T09:00:00Z",
        "status": "paid",
        "total": 10,
    }
    with (shop / "orders.jsonl").open("a") as lines:
        lines.write(json.dumps(order) + "\n")
    import_shop(shop, store)
    news = store.history("C1001")[before:]
    assert {(item.attribute, item.value) for item in news} == {("order_count", 2.0), ("total_spent", 70.5)}


def test_without_consent_to_profiling_nothing_observed_and_nothing_sensitive_is_kept(
    shop: Path, tmp_path: Path
) -> None:
    store = open_store(shop, tmp_path / "state")
    ensure_imported(shop, store)
    willing, unwilling = store.read("C1001"), store.read("C1002")
    assert any(trait.authority is Authority.OBSERVED for trait in willing.traits) and willing.of("allergy")
    assert {trait.authority for trait in unwilling.traits} == {Authority.SHOP, Authority.STATED}
    assert not unwilling.of("allergy")


def test_an_import_that_was_cut_short_goes_on(shop: Path, tmp_path: Path) -> None:
    events = shop / "events.jsonl.gz"
    whole = events.read_bytes()
    events.write_bytes(whole[: len(whole) // 2])
    store = open_store(shop, tmp_path / "state")
    with pytest.raises(DataError, match=r"events\.jsonl\.gz"):
        ensure_imported(shop, store)
    assert not any(trait.authority is Authority.OBSERVED for trait in store.read("C1001").traits)
    events.write_bytes(whole)
    ensure_imported(shop, store)
    assert any(trait.authority is Authority.OBSERVED for trait in store.read("C1001").traits)


def test_events_that_cannot_be_read_do_not_stop_an_import(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "events.jsonl").write_text('{broken\n{"event": "Product Viewed", "messageId": "m7", "userId": "C1001"}\n')
    code, _, err = run(shop, capsys, "list")
    assert code == 0 and "2 events kept aside: malformed" in err


def test_list_imports_by_itself_and_counts_orders(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(shop, capsys, "list", "--json")
    rows = json.loads(out)
    assert code == 0 and [row["customer"] for row in rows] == ["C1001", "C1002", "C1003"]
    assert rows[0]["orders"] == 1 and rows[0]["name"] == "Customer 0" and rows[0]["traits"] > 3


def test_show_prints_the_contract(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(shop, capsys, "show", "C1001", "--json")
    shown: dict[str, Any] = json.loads(out)
    assert code == 0 and list(shown) == ["customer", "traits", "past"]
    contract = ["attribute", "value", "polarity", "authority", "confidence", "evidence", "about"]
    assert list(shown["traits"][0]) == [*contract, "since", "until", "challenges"]
    liked = next(trait for trait in shown["traits"] if trait["value"] == "dark green")
    assert liked["evidence"][0]["quote"] == "I love dark green"


@pytest.mark.parametrize("command", [("show", "C9"), ("history", "C9"), ("explain", "C9", "color")])
def test_an_unknown_customer_is_an_error_that_names_valid_ones(
    shop: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    code, _, err = run(shop, capsys, *command)
    assert code == 4 and "C1001" in err


def test_explain_and_history_give_reasons(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "I love dark green" in run(shop, capsys, "explain", "C1001", "color")[1]
    assert "nothing is known" in run(shop, capsys, "explain", "C1001", "budget")[1]
    assert "stated" in run(shop, capsys, "history", "C1001")[1]
    code, _, err = run(shop, capsys, "explain", "C1001", "shoe_color")
    assert code == 3 and "budget" in err


def test_explain_names_the_range_and_the_key(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(shop, capsys, "list")
    store = open_store(shop, shop / "state")
    told = [("price_range", "50..80"), ("price_range", "100..200"), ("size_in", "boots: 42"), ("size_in", "jackets: M")]
    made = [observation(f"{n}", *item, days=n, customer="C1001") for n, item in enumerate(told)]
    store.append(made)
    prices = run(shop, capsys, "explain", "C1001", "price_range")[1]
    assert "holds price_range: 100..200" in prices and "replaced 50..80" in prices
    sizes = run(shop, capsys, "explain", "C1001", "size_in")[1]
    assert "holds size_in: boots: 42" in sizes and "holds size_in: jackets: M" in sizes and "replaced" not in sizes


def test_a_broken_line_is_named_with_file_and_number(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "customers.jsonl").write_text('{"id": "C1"}\n{broken\n')
    code, _, err = run(shop, capsys, "list")
    assert code == 3 and "customers.jsonl line 2" in err


def test_an_order_that_cannot_be_read_is_named(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = {"id": "AP-7", "customer": "C1001", "placed": "soon", "status": "paid", "total": 5}
    (shop / "orders.jsonl").write_text(json.dumps(order))
    code, _, err = run(shop, capsys, "list")
    assert code == 3 and "AP-7" in err


def test_a_folder_that_is_no_shop_is_an_error_and_stays_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(tmp_path / "nowhere", capsys, "list")
    assert code == 2 and "profile.yaml" in err and not (tmp_path / "nowhere").exists()


def test_migrating_what_is_no_shop_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(tmp_path / "nowhere", capsys, "migrate")
    assert code == 2 and "profile.yaml" in err and not (tmp_path / "nowhere").exists()
    code, out, _ = run(tmp_path / "nowhere", capsys, "migrate", "--database", str(tmp_path / "a.db"))
    assert code == 0 and "is at revision" in out


def test_orders_are_told_only_where_profiles_hold_their_number(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = yaml.safe_load((shop / "profile.yaml").read_text())
    kept = [item for item in held["attributes"] if item["name"] != "order_count"]
    (shop / "profile.yaml").write_text(yaml.safe_dump({"attributes": kept}))
    assert {row["orders"] for row in json.loads(run(shop, capsys, "list", "--json")[1])} == {None}
    assert len({line.index("Customer") for line in run(shop, capsys, "list")[1].splitlines()[1:]}) == 1


def test_a_command_says_so_where_there_is_nothing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nobody has looked at C1001" in run(shop, capsys, "audit", "C1001")[1]
    assert "removed of everybody" in run(shop, capsys, "retain")[1]
    with pytest.raises(SystemExit):
        run(shop, capsys, "consent", "C1001", "ads", "no")
    assert "choose from 'service', 'profiling', 'training'" in capsys.readouterr().err


def test_the_card_is_short_stable_and_puts_the_customers_word_first() -> None:
    journal = [
        observation("1", "color", "red", polarity="like", by=Authority.OBSERVED),
        observation("2", "material", "wool", polarity="dislike"),
        observation("3", "size", "M"),
        observation("4", "budget", 150.0),
        observation("5", "member_tier", "gold", by=Authority.SHOP),
    ]
    line = card(fold(journal, SCHEMA, START), SCHEMA)
    assert line == "budget: 150; size: M; dislikes material: wool; member_tier: gold; (seen) likes color: red"
    assert card(fold(journal[::-1], SCHEMA, START), SCHEMA) == line
    assert card(Profile("C1"), SCHEMA) == ""


def test_a_card_of_a_large_profile_stays_within_its_length() -> None:
    journal = [observation(f"{i}", "need", f"need {i} {'x' * 40}", polarity="like") for i in range(50)]
    assert len(card(fold(journal, SCHEMA, START), SCHEMA)) <= MAX_CHARS
