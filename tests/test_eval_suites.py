"""What drift and language score, on which shops suites run, and that every case has a clean one."""

import dataclasses
import itertools
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.models.scripted import Answer
from agent.shop import load_shop
from agent.shopkeeper import Shopkeeper
from errors import ConfigError
from eval.customers.facts import ShopFacts
from eval.shops import chosen_shops, played_shops
from eval.stage import Stages
from eval.suite import Options
from eval.suites import drift, language
from finetune.selfplay.shops.make import make_shop
from profiles.shop.files import read_lines
from tests.eval_shop import customer_of, scripted


def test_drift_counts_what_is_held_what_was_never_said_and_what_went_stale(keeper: Shopkeeper, held_out: Path) -> None:
    options = Options(shop=held_out, settings={"random": "0", "sessions": "12"})
    case = next(
        case
        for case in drift.cases(options)
        if any(m["gone"] for m in case.data["messages"]) and len(case.data["truth"]) > 1
    )
    script: list[Answer] = []
    lookups: list[Any] = [value for message in case.data["messages"] for _, value in message["gone"]]
    for message in case.data["messages"]:
        changes = [{"quote": message["text"], "attribute": a, "value": v, "polarity": p} for a, v, p in message["said"]]
        forgets = [
            {"quote": message["text"], "attribute": a, "value": "*", "polarity": "forget"} for a, v in message["gone"]
        ]
        noted = changes or forgets
        if message["search"]:
            script.append([("search_products", {"query": str(lookups[0])})])
        else:
            script.append([("update_profile", {"changes": noted})] if noted else "I see.")
    record = drift.run(case, scripted(keeper, script))
    figures = drift.metrics([record])
    assert figures["slot_f1"] == 1.0, record["why"]
    assert figures["wrong_inference"] == 0.0
    assert figures["evidence_precision"] == 1.0
    assert figures["stale_use"] == 1.0  # the search went by a value that had been given up


def test_an_agent_that_notes_nothing_recalls_nothing(keeper: Shopkeeper, held_out: Path) -> None:
    case = drift.cases(Options(shop=held_out, settings={"random": "0", "sessions": "1"}))[0]
    record = drift.run(case, scripted(keeper, ["I see."] * 20))
    assert drift.metrics([record])["slot_recall"] == 0.0
    assert not record["ok"]


def test_a_session_is_answered_and_understood_in_its_languages(tmp_path: Path, stages: Stages) -> None:
    both = next(
        made
        for number in itertools.count()
        if len(load_shop(made := make_shop(tmp_path / str(number), 5, number, "held-out")).languages) > 1
    )
    made_cases = language.cases(Options(shop=both, settings={"sessions": "4"}))
    case = made_cases[2]
    with stages.agent(both) as opened:
        script: list[Answer] = []
        for message in case.data["messages"]:
            filters = {
                k: v for k, v in message["filters"].items() if k in (*opened.services.shop.tool_facets, "max_price")
            }
            call = ("search_products", {"query": message["text"]} | filters)
            script.append([call if message["filters"] else ("find_answer", {"question": message["text"]})])
        record = language.run(case, scripted(opened, script))
        silent = language.run(made_cases[0], scripted(opened, ["Sure."] * 9))
    assert all(one["answered"] for one in record["turns"]), record
    assert language.metrics([record])["understood"] >= 0.5
    assert language.metrics([silent])["understood"] == 0.0


def test_a_shop_of_one_language_is_refused(tmp_path: Path) -> None:
    single = next(
        made
        for number in itertools.count()
        if len(load_shop(made := make_shop(tmp_path / str(number), 5, number, "held-out")).languages) == 1
    )
    with pytest.raises(ConfigError, match="serves en and zh"):
        language.cases(Options(shop=single))


def test_shops_come_from_a_directory_from_the_seed_or_are_the_one_named(held_out: Path, tmp_path: Path) -> None:
    fresh = Options(shop=held_out, work=tmp_path, settings={"random": "2"})
    first = chosen_shops(fresh)
    assert [ShopFacts.load(made).customers for made in first]
    assert chosen_shops(fresh) == first != chosen_shops(dataclasses.replace(fresh, seed=1))
    assert chosen_shops(Options(shop=held_out, settings={"random": "0"})) == [held_out]
    assert chosen_shops(Options(shops=tmp_path)) == sorted(path.parent for path in tmp_path.glob("*/shop.toml"))
    for wrong in (tmp_path / "nowhere", held_out):
        with pytest.raises(ConfigError, match="--shops"):
            chosen_shops(Options(shops=wrong))
    with pytest.raises(ConfigError, match="at least 0"):
        chosen_shops(Options(settings={"random": "few"}))


def test_simulated_customers_are_never_the_shops_own(held_out: Path, tmp_path: Path) -> None:
    assert played_shops(Options(shop=held_out, work=tmp_path, settings={"random": "0"})) == [held_out]
    (invented,) = played_shops(Options(shop=Path("shop"), work=tmp_path, settings={"random": "0"}))
    ids = [{line["id"] for line in read_lines(shop / "orders.jsonl")} for shop in (Path("shop"), invented)]
    assert ids[1] and not ids[0] & ids[1]


def test_a_case_borrows_a_clean_agent(stages: Stages, held_out: Path) -> None:
    with stages.agent(held_out) as first, closing(sqlite3.connect(":memory:")):
        customer = customer_of(first)
        first.services.handoffs.open(customer, "c", "why", "what", datetime.now(UTC))
        assert first.services.handoffs.is_open("c")
    with stages.agent(held_out) as second:
        assert not second.services.handoffs.is_open("c")
