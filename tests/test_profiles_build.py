"""Years of events at once come to what the same events come to live, in files and in a database."""

import json
from pathlib import Path

import pytest

from profiles.build.local import build_locally
from profiles.build.outcome import ASIDES, COVISITS
from profiles.events.intake import EventIntake
from profiles.preference.covisitation import Covisitation
from profiles.preference.model import Event
from tests.build_history import CUSTOMERS, History, affinities, assert_same, customers_of, quiet


def test_what_is_built_is_what_live_events_come_to(history: History, tmp_path: Path) -> None:
    plan = history.plan(tmp_path / "out")
    report = build_locally(plan, quiet)
    intake, counted = history.live(tmp_path / "live.db", plan)
    found = customers_of(plan)
    assert set(found) == {f"C{1001 + n}" for n in range(CUSTOMERS) if intake.activity(f"C{1001 + n}").acts}
    for name, line in found.items():
        scores = {(row["attribute"], row["value"]): (row["score"], row["counts"]) for row in line["affinities"]}
        assert_same(scores, affinities(intake, name))
        activity, told = intake.activity(name), intake.affinities(name)
        bought = activity.purchases
        assert (line["acts"], line["orders"], line["spent"]) == (activity.acts, bought.orders, bought.spent)
        standing = {(a, v): i.confidence for a, held in told.items() for v, i in held.items() if i.confidence}
        shown = {(trait["attribute"], trait["value"]): trait["confidence"] for trait in line["traits"]}
        assert shown == pytest.approx(standing)
    for reason in ("malformed", "impossible value", "from the future", "user agent of a bot", "unknown product"):
        assert report.aside[reason] == counted.aside[reason] > 0
    assert (report.read, report.taken - report.withdrawn) == (counted.read, counted.taken - counted.withdrawn)
    assert report.read + report.returned == (
        report.taken + report.duplicates + report.passed_over + sum(report.aside.values())
    )
    examples = [json.loads(line) for line in (tmp_path / "out" / ASIDES).read_text(encoding="utf-8").splitlines()]
    live_ones = {(item.reason.value, item.detail) for item in intake.asides()}
    assert {(item["reason"], item["detail"]) for item in examples} == live_ones
    intake.store.engine.dispose()


def test_covisits_of_the_parts_add_up_to_those_of_all(history: History, tmp_path: Path) -> None:
    plans = [history.plan(tmp_path / str(parts), parts=parts) for parts in (1, 4)]
    for plan in plans:
        build_locally(plan, quiet)
    one, many = (Covisitation.load(Path(plan.folder) / COVISITS) for plan in plans)
    for model in (one, many):
        assert sum(model.counts) > 0
        model.learn(Event("now", "new", one.items[0], plans[0].now().timestamp()))
    scores = [model.scores("new") for model in (one, many)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-9) and scores[0].max() > 0.01
    assert customers_of(plans[0]) == customers_of(plans[1])


def test_a_build_into_a_database_is_as_if_the_events_had_come_live_and_can_be_repeated(
    url: str, history: History, tmp_path: Path
) -> None:
    plan = history.plan(tmp_path / "work", url)
    assert "password" not in (tmp_path / "work" / "plan.json").read_text(encoding="utf-8")
    report = build_locally(plan, quiet)
    alone, _ = history.live(tmp_path / "live.db", plan)
    intake = EventIntake(plan.open_store(), plan.products, plan.now)
    for number in range(CUSTOMERS):
        name = f"C{1001 + number}"
        assert_same(affinities(intake, name), affinities(alone, name))
        assert intake.activity(name) == alone.activity(name)
    again = build_locally(history.plan(tmp_path / "again", url, parts=2), quiet)
    assert again.taken == 0 and again.duplicates > report.duplicates
    assert affinities(intake, "C1001") == affinities(EventIntake(plan.open_store(), plan.products), "C1001")
    for engine in (intake.store.engine, alone.store.engine):
        engine.dispose()
