"""Self-play on the demo shop: what simulated customers say, what follows from it, and the samples that come of it."""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.models.template import render
from finetune.samples import Sample, read_samples
from finetune.selfplay import runner
from finetune.selfplay.customer import MOST, Habits, folded, plan
from finetune.selfplay.shopview import ShopView
from finetune.selfplay.stage import Outcome
from finetune.selfplay.words import load_words
from finetune.selfplay.words.message import Step

SHOP = Path("shop")
ACCEPTANCE = Path("eval/conversation.yaml")
CONSULTATIONS = 12


@pytest.fixture(scope="module")
def shop() -> ShopView:
    return ShopView.open(SHOP)


@pytest.fixture(scope="module")
def plans(shop: ShopView) -> list[list[Step]]:
    habits = Habits(0.3, runner.wordings_of(ACCEPTANCE))
    made = []
    for number in range(500):
        rng = random.Random(f"test:{number}")
        made.append(plan(rng, shop, rng.choice(shop.customers), habits))
    return made


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    out = tmp_path_factory.mktemp("play") / "play.jsonl"
    return out, runner.play([SHOP], CONSULTATIONS, out, 3, Habits())


def _changes(steps: list[Step]) -> Iterator[tuple[Step, dict[str, Any]]]:
    for step in steps:
        for call in step.calls:
            if call.name == "update_profile":
                for change in call.arguments["changes"]:
                    yield step, change


def test_a_quote_is_in_the_message_word_for_word(plans: list[list[Step]]) -> None:
    quotes = [(step.text, change["quote"]) for steps in plans for step, change in _changes(steps)]
    assert len(quotes) > 300
    assert all(quote and quote in text for text, quote in quotes)


def test_a_question_and_an_address_are_repeated_word_for_word(plans: list[list[Step]]) -> None:
    repeated = [
        (step.text, call.arguments[name])
        for steps in plans
        for step in steps
        for call in step.calls
        for name in ("question", "address")
        if name in call.arguments
    ]
    assert len(repeated) > 100
    assert all(words and words in text for text, words in repeated)


def test_the_profile_is_written_before_anything_else_happens(plans: list[list[Step]]) -> None:
    names = [[call.name for call in step.calls] for steps in plans for step in steps]
    assert all("update_profile" not in after for _, *after in filter(None, names))


def test_a_turn_has_calls_or_words_and_only_answers_have_neither(plans: list[list[Step]]) -> None:
    for steps in plans:
        assert 1 <= len(steps) <= MOST
        for step in steps:
            assert bool(step.calls) + bool(step.reply) == (step.kind not in ("confirm", "decline"))


def test_plans_have_every_intent_in_both_languages_and_most_of_them_come_first_too(plans: list[list[Step]]) -> None:
    def names(steps: list[Step]) -> set[str]:
        return {call.name for step in steps for call in step.calls}

    tools = {
        "get_profile", "update_profile", "search_products", "find_answer", "list_orders", "get_order", "cancel_order",
        "return_items", "change_address", "hand_off",
    }  # fmt: skip
    chinese = [[step for step in steps if any("\u4e00" <= c <= "\u9fff" for c in step.text)] for steps in plans]
    assert set.union(*map(names, plans)) == tools
    assert set.union(*map(names, chinese)) == tools
    assert set.union(*(names(steps[:1]) for steps in plans)) == tools


def test_a_plan_follows_from_its_seed_alone_in_any_process() -> None:
    command = [sys.executable, "-m", "finetune", "play", "--shop", str(SHOP), "--dry", "12", "--seed", "5"]
    runs = [
        subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PYTHONHASHSEED": seed}, check=True)
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert runs[0].stdout.count("---") >= 12


def test_no_message_is_one_of_the_acceptance_conversation(plans: list[list[Step]]) -> None:
    said = {folded(text) for case in yaml.safe_load(ACCEPTANCE.read_text("utf-8")) for text in case["say"]}
    assert said and not said & {folded(step.text) for steps in plans for step in steps}


def test_no_phrase_of_the_words_is_one_of_the_acceptance_conversation() -> None:
    said = {folded(text) for case in yaml.safe_load(ACCEPTANCE.read_text("utf-8")) for text in case["say"]}
    for language in ("en", "zh"):
        words = load_words(language)
        assert not said & {folded(line) for lines in words.phrases.values() for line in lines}


def test_play_keeps_nearly_all_that_it_planned(played: tuple[Path, Outcome]) -> None:
    _, outcome = played
    assert outcome.played == CONSULTATIONS
    assert outcome.kept >= CONSULTATIONS - 1
    assert sum(outcome.dropped.values()) <= 2, outcome.table()


def test_samples_hold_the_gold_calls_with_results_and_the_template_renders_them(
    played: tuple[Path, Outcome],
) -> None:
    samples = list(read_samples(played[0]))
    assert len({sample.meta["consultation"] for sample in samples}) == len(samples) == played[1].kept
    assert Counter(_roles(samples))["tool"] > CONSULTATIONS
    for sample in samples:
        assert sample.messages[0]["role"] == "system"
        assert render(sample.messages, sample.tools, False).count("<|im_start|>user") == len(sample.meta["kinds"])


def test_a_run_that_was_stopped_goes_on_behind_its_last_whole_line(
    played: tuple[Path, Outcome], tmp_path: Path
) -> None:
    whole = played[0].read_text(encoding="utf-8").splitlines(keepends=True)
    begun = tmp_path / "play.jsonl"
    begun.write_text("".join(whole[:-1]) + whole[-1][:100], encoding="utf-8")
    again = runner.play([SHOP], CONSULTATIONS, begun, 3, Habits())
    assert again.played < CONSULTATIONS
    assert begun.read_text("utf-8") == "".join(whole)


def _roles(samples: list[Sample]) -> list[str]:
    return [str(message["role"]) for sample in samples for message in sample.messages]
