"""The loop's plan: kept from the first run to the next, with the version that training starts from."""

from pathlib import Path

import pytest

from agent.models.pointer import DEFAULT
from errors import ConfigError
from finetune.loop import PLAN, Loop, Plan
from finetune.registry.gate import read_gate
from finetune.registry.registry import Registry
from profiles.privacy.tombstones import bury
from tests.registry_adapters import make_adapter, make_samples


def test_the_parent_is_what_serves_when_the_loop_begins_and_stays_it(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "state")
    version = registry.add(make_adapter(tmp_path / "a", 1, make_samples(tmp_path / "s.jsonl", ["k1"]))).id
    plan = Plan(shop=Path("shop"), state=tmp_path / "state")
    assert Loop(plan, tmp_path / "first").begin().parent == DEFAULT
    registry.switch("publish", version, expected=DEFAULT, sha256="0" * 64, with_gguf=False)
    assert Loop(plan, tmp_path / "first").begin().parent == DEFAULT  # as it was begun
    assert Loop(plan, tmp_path / "second").begin().parent == version
    bury(tmp_path / "state", "k1")
    assert Loop(plan, tmp_path / "third").begin().parent == DEFAULT  # not from what has learnt from the erased


def test_a_folder_begun_with_another_plan_is_left_alone(tmp_path: Path) -> None:
    plan = Plan(shop=Path("shop"), state=tmp_path / "state")
    Loop(plan, tmp_path / "run").begin()
    with pytest.raises(ConfigError, match="begun with another plan"):
        Loop(plan.model_copy(update={"minutes": 60.0}), tmp_path / "run").begin()
    (tmp_path / "run" / PLAN).write_text("{")
    with pytest.raises(ConfigError, match="cannot be read"):
        Loop(plan, tmp_path / "run").begin()


def test_the_projects_gate_names_suites_and_metrics_that_exist() -> None:
    from eval.suites import load_suite  # the gate itself only knows their names

    for limits in read_gate(Path("shop")).suites:
        given = [name for flag, name in zip(limits.arguments, limits.arguments[1:], strict=False) if flag == "--set"]
        suite = load_suite(limits.suite)
        assert {setting.partition("=")[0] for setting in given} <= set(suite.settings)
