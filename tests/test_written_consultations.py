"""The project's own consultations: the packed file, its splits, what the check finds, how broken lines are told."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from errors import DataError
from finetune.__main__ import main
from finetune.consultations.check import check
from finetune.consultations.consultation import Consultation, read
from finetune.consultations.faults import faults
from finetune.consultations.labels import wants
from finetune.consultations.near_copies import against, among
from finetune.consultations.shops import ShopFacts, read_shop, shop_directory, shop_names
from finetune.consultations.written import SPLITS, WRITTEN, consultations, pack, split_of
from finetune.selfplay.shops.bank import HELD_OUT

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def written() -> tuple[Consultation, ...]:
    return consultations()


@pytest.fixture(scope="module")
def demo() -> ShopFacts:
    return read_shop(shop_directory("demo"))


def made(change: Change = lambda it: None) -> dict[str, Any]:
    """A good consultation with one thing changed."""
    line: dict[str, Any] = {
        "id": "t-1",
        "shop": "demo",
        "customer": "C1003",
        "language": "en",
        "voice": "a tester",
        "turns": [
            {
                "say": "red wool hats please, i always wear red",
                "wants": ["search", "note"],
                "calls": [
                    {"search_products": {"query": "red wool hats", "color": "red", "where": {"gender": "men"}}},
                    {"update_profile": {"changes": [quoting("i always wear red")]}},
                ],
            },
            {"say": "thanks", "wants": ["talk"], "calls": []},
        ],
    }
    change(line["turns"][0])
    return line


def quoting(quote: str, **other: Any) -> dict[str, Any]:
    return {"quote": quote, "attribute": "color", "value": "red", "polarity": "like"} | other


def test_the_file_passes_its_own_check(written: tuple[Consultation, ...], tmp_path: Path) -> None:
    report = check(written, made=tmp_path)
    assert not report.faults, report.text()
    assert set(report.by["shops"]) == set(shop_names())
    assert all(report.by["wants"][label] > 50 for label in wants())


def test_packing_what_was_read_gives_the_same_lines_and_the_same_bytes_each_time(
    written: tuple[Consultation, ...], tmp_path: Path
) -> None:
    first, second = tmp_path / "first.gz", tmp_path / "second.gz"
    assert pack(written, first) == pack(reversed(written), second) == len(written)
    assert first.read_bytes() == second.read_bytes()
    assert gzip.decompress(first.read_bytes()) == gzip.decompress(WRITTEN.read_bytes())


def test_the_splits_are_disjoint_whole_and_keep_what_evals_use_back(written: tuple[Consultation, ...]) -> None:
    by_split = {split: {one.id for one in consultations(split)} for split in SPLITS}
    assert not by_split["training"] & by_split["held_back"]
    assert by_split["training"] | by_split["held_back"] == {one.id for one in written}
    assert not {one.shop for one in written if one.id in by_split["training"]} & set(HELD_OUT)
    tenth = [split_of(one) for one in written if one.shop not in HELD_OUT].count("held_back")
    assert 0.05 < tenth / len(written) < 0.15


def test_a_split_follows_from_the_id_alone() -> None:
    ids = [f"t-{number}" for number in range(30)]
    kept = [name for name in ids if split_of(read(made() | {"id": name})) == "held_back"]
    assert kept == ["t-8", "t-12", "t-21"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda it: it.update(wants=["serch"]), "turns.0.wants.0: no label 'serch'; there are address, answer"),
        (lambda it: it.update(wants=[]), "turns.0.wants"),
        (lambda it: it.update(calls=[{"sell": {}}]), "no tool 'sell'; there are cancel_order, cart"),
        (lambda it: it.update(calls=[{"cart": {}, "get_total": {}}]), "one call an item"),
        (lambda it: it.update(say=["a list"]), "turns.0.say"),
        (lambda it: it.update(want=["search"]), "turns.0.want"),
        (
            lambda it: it.update(not_noted=[{"attribute": "size", "value": "M", "because": "so"}]),
            "no reason 'so'; there are hypothetical, joke",
        ),
    ],
)
def test_a_broken_line_is_told_with_its_file_line_id_and_the_valid_values(
    change: Change, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "broken.gz"
    lines = [made(), made(change) | {"id": "t-2"}]
    path.write_bytes(gzip.compress("\n".join(json.dumps(line) for line in lines).encode()))
    with pytest.raises(DataError) as raised:
        consultations(path=path)
    assert str(raised.value).startswith(f"{path}, line 2: t-2: ") and told in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(b"{"), gzip.compress(b"[]"), gzip.compress(b"{}\n")[:-9]],
    ids=["no gzip", "no whole value", "a list", "cut short"],  # the bytes hold the second they were made in
)
def test_what_is_no_packed_file_is_an_error_that_names_it(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"broken\.gz"):
        consultations(path=path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda it: it.update(wants=["search", "search", "note"]), "a label twice"),
        (lambda it: it.update(wants=["search", "note", "talk"]), "'talk' beside other labels"),
        (lambda it: it.update(wants=["search"]), "a call that means 'note'"),
        (lambda it: it.update(wants=["search", "note", "cart"]), "label 'cart' without its call"),
        (lambda it: it["calls"][0]["search_products"].update(colour="red"), "no argument 'colour'; there are about"),
        (
            lambda it: it["calls"][0]["search_products"].update(sort="dearest"),
            "no sort 'dearest'; there are price_high",
        ),
        (lambda it: it["calls"][0]["search_products"].update(color="puce"), "no value 'puce'; there are black"),
        (lambda it: it["calls"][0]["search_products"].update(where={"colour": 1}), "no facet 'colour'"),
        (
            lambda it: it["calls"][0]["search_products"].update(where={"color": {"min": 1}}),
            "only a number has the ends",
        ),
        (lambda it: it["calls"][0]["search_products"].pop("query"), "no query"),
        (lambda it: it["calls"][1]["update_profile"].update(changes=[quoting("i wear red")]), "the quote is not in"),
        (lambda it: it["calls"][1]["update_profile"].update(changes=[quoting("red", polarity="fact")]), "no polarity"),
        (
            lambda it: it["calls"][1]["update_profile"].update(changes=[quoting("red", attribute="member_tier")]),
            "no attribute that a customer may state 'member_tier'",
        ),
        (
            lambda it: it["calls"][1]["update_profile"].update(
                changes=[quoting("red", attribute="size", value="huge", polarity="fact")]
            ),
            "size: no value 'huge'; there are L, M, S",
        ),
        (
            lambda it: it.update(wants=["answer"], calls=[{"find_answer": {"question": "do you ship"}}]),
            "the question is not in the message",
        ),
        (
            lambda it: it.update(wants=["address"], calls=[{"change_address": {"address": "1 Elm Road"}}]),
            "the address is not in the messages",
        ),
        (
            lambda it: it.update(not_noted=[{"attribute": "mood", "value": 1, "because": "joke"}]),
            "not noted: no attribute 'mood'",
        ),
    ],
)
def test_the_check_finds_what_does_not_go_together(change: Change, told: str, demo: ShopFacts) -> None:
    assert not list(faults(read(made()), demo))
    found = [str(fault) for fault in faults(read(made(change)), demo)]
    assert len(found) == 1 and found[0].startswith("t-1.1: ") and told in found[0], found


def test_a_customer_that_the_shop_does_not_have_is_a_fault_and_a_visitor_is_none(demo: ShopFacts) -> None:
    assert not list(faults(read(made() | {"customer": "visitor"}), demo))
    assert "no customer 'C9999'" in str(*faults(read(made() | {"customer": "C9999"}), demo))


def test_near_copies_are_found_among_themselves_and_in_a_folder(tmp_path: Path) -> None:
    one = read(made())
    other = read(made(lambda it: it.update(say="Red wool hats, please! I always wore red")) | {"id": "t-2"})
    assert "nearly what t-1.1 says" in str(*among([one, other]))
    dialogues = [{"turns": [{"say": "Red wool hats... I always wear red!"}, {"say": "thanks"}]}]
    (tmp_path / "some.yaml").write_text(yaml.safe_dump(dialogues), encoding="utf-8")
    assert [fault.message for fault in against([one], tmp_path)] == [1]
    (tmp_path / "some.yaml").write_text("- 1", encoding="utf-8")
    with pytest.raises(DataError, match=r"some\.yaml"):
        list(against([one], tmp_path))


def test_a_shop_is_made_as_of_the_day_of_the_consultations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPKEEPER_NOW", "2031-01-01T00:00:00+00:00")
    orders = (shop_directory("toys", tmp_path) / "orders.jsonl").read_text(encoding="utf-8")
    placed = [json.loads(line)["placed"] for line in orders.splitlines()]
    assert "2026-11" in max(placed)[:7]
    with pytest.raises(DataError, match="no shop 'cars'; there are baby"):
        shop_directory("cars", tmp_path)


def test_the_commands_pack_check_and_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, packed = tmp_path / "some.yaml", tmp_path / "some.gz"
    source.write_text(yaml.safe_dump([made(), made(lambda it: it.update(wants=["search"])) | {"id": "t-2"}]), "utf-8")
    assert main(["consultations", "pack", str(source), "--out", str(packed)]) == 0
    assert main(["consultations", "check", "--in", str(packed), "--json"]) == DataError.exit_code
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [fault["id"] for fault in report["faults"]] == ["t-2", "t-2"] and report["messages"] == 4
    assert main(["consultations", "show", "t-1", "--in", str(packed)]) == 0
    assert "i always wear red" in capsys.readouterr().out
    assert main(["consultations", "show", "t-9", "--in", str(packed)]) == DataError.exit_code
    assert main(["consultations", "pack", str(source), str(source), "--out", str(packed)]) == DataError.exit_code
