"""Self-play on the demo shop: whom it invents, what they say, what follows, and the samples that come of it."""

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
from errors import Refused
from finetune.samples import Sample, read_samples
from finetune.selfplay import runner
from finetune.selfplay.customer import MOST, Habits, folded, plan
from finetune.selfplay.environment import Outcome, open_stage
from finetune.selfplay.shops.population import peopled
from finetune.selfplay.shopview import ShopView
from finetune.selfplay.words import load_words
from finetune.selfplay.words.message import Step
from profiles.observation import Authority
from profiles.shop.files import read_lines

SHOP = Path("shop")
ACCEPTANCE = Path("eval/conversation.yaml")
CONSULTATIONS = 12


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return peopled(SHOP, tmp_path_factory.mktemp("invented") / "shop", 7)


@pytest.fixture(scope="module")
def shop(invented: Path) -> ShopView:
    return ShopView.open(invented)


@pytest.fixture(scope="module")
def plans(shop: ShopView) -> list[list[Step]]:
    habits = Habits(0.3, runner.wordings_of(ACCEPTANCE))
    made = []
    for number in range(500):
        rng = random.Random(f"test:{number}")
        made.append(plan(rng, shop, rng.choice(shop.customers), habits))
    return made


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, invented: Path) -> tuple[Path, Outcome]:
    out = tmp_path_factory.mktemp("play") / "play.jsonl"
    return out, runner.play([invented], CONSULTATIONS, out, 3, Habits())


def test_nobody_of_the_shop_is_in_what_self_play_is_played_on(invented: Path) -> None:
    held = "".join(path.read_text(encoding="utf-8") for path in sorted(invented.iterdir()))
    own = list(read_lines(SHOP / "customers.jsonl"))
    secrets = {str(customer[name]) for customer in own for name in ("email", "phone", "address")}
    secrets |= {str(order["tracking"]) for order in read_lines(SHOP / "orders.jsonl") if order["tracking"]}
    secrets |= {str(trait["quote"]) for customer in own for trait in customer["traits"]}
    assert len(secrets) > 900 and not [secret for secret in secrets if secret in held]
    ids = [{str(order["id"]) for order in read_lines(folder / "orders.jsonl")} for folder in (SHOP, invented)]
    assert not ids[0] & ids[1] and {name[:3] for name in ids[1]} == {"AP-"}
    for name in ("catalog.jsonl", "answers.yaml", "policy.md", "profile.yaml", "shop.toml"):
        assert (invented / name).read_bytes() == (SHOP / name).read_bytes()


def test_a_shop_whose_customers_do_not_agree_to_training_is_not_played_on(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"customer 'C1\d+' of shop does not agree to training"), open_stage(SHOP):
        pass
    with pytest.raises(Refused, match="invented customers"):
        runner.play([SHOP], 1, tmp_path / "play.jsonl", 3, Habits())


def test_those_who_are_invented_have_said_bought_and_looked_at_things(invented: Path) -> None:
    with open_stage(invented) as stage:
        profiles, view = stage.services.profiles, stage.view
        known = [{trait.authority for trait in profiles.read(customer.id).traits} for customer in view.customers]
        for authority in (Authority.STATED, Authority.OBSERVED, Authority.SHOP):
            assert sum(authority in found for found in known) > len(known) / 5
        assert sum(any(order.changeable for order in one.orders) for one in view.customers) > len(known) / 5
    assert peopled(SHOP, invented, 7) == invented and peopled(SHOP, invented.with_name("x"), 8) != invented
    assert peopled(invented, invented.with_name("y"), 8) == invented  # nobody in it is the shop's own


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


def test_a_plan_follows_from_its_seed_alone_in_any_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "finetune", "play", "--shop", str(SHOP), "--dry", "12", "--seed", "5", "--out"]
    runs = [
        subprocess.run(
            [*command, str(tmp_path / seed)],
            capture_output=True,
            text=True,
            timeout=60,
            env={"PYTHONHASHSEED": seed},
            check=True,
        )
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
    played: tuple[Path, Outcome], invented: Path, tmp_path: Path
) -> None:
    whole = played[0].read_text(encoding="utf-8").splitlines(keepends=True)
    begun = tmp_path / "play.jsonl"
    begun.write_text("".join(whole[:-1]) + whole[-1][:100], encoding="utf-8")
    again = runner.play([invented], CONSULTATIONS, begun, 3, Habits())
    assert again.played < CONSULTATIONS
    assert begun.read_text("utf-8") == "".join(whole)


def _roles(samples: list[Sample]) -> list[str]:
    return [str(message["role"]) for sample in samples for message in sample.messages]
