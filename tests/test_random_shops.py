"""Random shops, and self-play on them: they open, their gold calls fit their tools, and a seed settles everything."""

import json
import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.checkpoint.sqlite import SqliteSaver

from agent.lexicon import ShopLexicon
from agent.models.scripted import ScriptedModel
from agent.models.template import render
from agent.prompt import customer_card, instructions
from agent.shopkeeper import Shopkeeper
from agent.tools import build_tools
from agent.tools.schemas import plain
from agent.tools.update_profile import parameters
from errors import ConfigError
from finetune.__main__ import main
from finetune.samples import read_samples
from finetune.selfplay import runner
from finetune.selfplay.customer import Habits, plan
from finetune.selfplay.environment import Outcome, RememberingEmbedder, Stage, draw_customer, open_stage
from finetune.selfplay.shops import bank
from finetune.selfplay.shops.make import make_shop, shop_name
from finetune.selfplay.shopview import ShopView
from finetune.selfplay.words.message import Step
from profiles.shop.files import load_facets
from tests.guided import supported

SEED, SHOPS = 3, 2  # the first keeps a budget from what to what, the second sizes by kind of product
CONSULTATIONS = 8
HABITS = Habits(0.3)


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("shops")
    return [make_shop(folder / shop_name(number), SEED, number) for number in range(SHOPS)]


@pytest.fixture(scope="module")
def embedder() -> RememberingEmbedder:
    return RememberingEmbedder()


@pytest.fixture(scope="module", params=range(SHOPS))
def stage(request: pytest.FixtureRequest, shops: list[Path], embedder: RememberingEmbedder) -> Iterator[Stage]:
    with open_stage(shops[request.param], embedder) as opened:
        yield opened


@pytest.fixture(scope="module")
def plans(stage: Stage) -> list[list[Step]]:
    return [list(made.steps) for made in stage.plans(range(60), 1, HABITS)]


def _calls(plans: list[list[Step]]) -> Iterator[tuple[Step, str, dict[str, Any]]]:
    for steps in plans:
        for step in steps:
            for call in step.calls:
                yield step, call.name, call.arguments


def _against(schema: dict[str, Any], value: Any) -> str:
    """What in `value` the JSON schema forbids; the few keywords that tools use."""
    kinds: dict[str, Any] = {"string": str, "number": (int, float), "object": dict, "array": list}
    named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(isinstance(value, kinds[kind]) for kind in named):
        return f"{value!r} is no {named}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{value!r} is not in {schema['enum']}"
    if isinstance(value, list):
        within = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 99)
        return next(filter(None, (_against(schema["items"], one) for one in value)), "" if within else "too many")
    if isinstance(value, dict):
        known = schema["properties"]
        odd = [name for name in value if name not in known] + [name for name in schema["required"] if name not in value]
        return next(
            filter(None, (_against(known[name], one) for name, one in value.items() if name in known)), str(odd or "")
        )
    return ""


def test_a_random_shop_opens_with_nothing_left_out(stage: Stage) -> None:
    retriever, view = stage.services.retriever, stage.view
    assert not retriever.catalog.rejected
    assert 55 <= len(retriever.catalog.products) <= 130
    assert 20 <= len(retriever.templates) <= 40
    assert 8 <= len(stage.services.schema.attributes) <= 28
    assert len(view.topics.by_attribute) == sum(bool(a.writers & {"stated"}) for a in view.schema.attributes.values())
    assert any(customer.orders for customer in view.customers)
    for template in retriever.templates.values():
        for text in template.text.values():
            assert "{" not in text.format_map(stage.services.shop.facts)


def test_the_prompt_of_a_random_shop_is_short(stage: Stage) -> None:
    tools = [convert_to_openai_tool(tool) for tool in build_tools(stage.services)]
    text = render([{"role": "system", "content": instructions(stage.services)}], tools, False)
    assert len(text) < 3600  # about 800 tokens


def test_every_gold_call_is_valid_for_its_tool(stage: Stage, plans: list[list[Step]]) -> None:
    schemas = {
        tool.name: convert_to_openai_tool(tool)["function"]["parameters"] for tool in build_tools(stage.services)
    }
    names = set()
    for step, name, arguments in _calls(plans):
        names.add(name)
        assert not (wrong := _against(schemas[name], arguments)), f"{step.text}: {name} {arguments}: {wrong}"
    assert len(names) >= 9


def test_quotes_questions_and_addresses_are_word_for_word(plans: list[list[Step]]) -> None:
    words = [
        (step.text, piece)
        for step, _, arguments in _calls(plans)
        for piece in [
            *(change["quote"] for change in arguments.get("changes", ())),
            *(arguments[name] for name in ("question", "address") if name in arguments),
        ]
    ]
    assert len(words) > 60
    assert all(piece and piece in text for text, piece in words)


def test_what_the_model_sees_listed_is_spelt_as_listed_and_all_else_is_what_was_said(
    stage: Stage, plans: list[list[Step]]
) -> None:
    topics = stage.view.topics.by_attribute
    for step, name, arguments in _calls(plans):
        if name != "update_profile":
            continue
        for change in arguments["changes"]:
            topic = topics[change["attribute"]]
            if topic.aspect.kind not in ("choice", "text") or change["polarity"] == "forget":
                continue
            if stage.view.schema.attributes[change["attribute"]].per:  # as the catalogue has both
                continue
            if topic.shown:
                assert any(word.value == change["value"] for words in topic.words.values() for word in words)
            else:
                assert str(change["value"]).casefold() in step.text.casefold()


def test_nearly_everything_planned_comes_true(stage: Stage) -> None:
    outcome = Outcome()
    for made in stage.plans(range(15), 2, HABITS):
        stage.play(made, outcome)
    assert outcome.kept >= 14, outcome.table()
    assert sum(outcome.dropped.values()) <= 2, outcome.table()


def test_a_rehearsal_is_what_the_agents_graph_does(stage: Stage) -> None:
    kept = 0
    for made in stage.plans(range(4), 3, HABITS):
        stage.reset()
        customer, steps = made.customer, made.steps
        stage.rehearsal.begin(customer.id, "same")
        rehearsed = [stage.rehearsal.turn(step) for step in steps]
        messages, tools = stage.rehearsal.transcript()
        stage.reset()
        model = ScriptedModel()
        with closing(sqlite3.connect(":memory:", check_same_thread=False)) as connection:
            keeper = Shopkeeper(stage.services, model, SqliteSaver(connection))
            for step, turn in zip(steps, rehearsed, strict=True):
                model.expect(step.answer)
                real = keeper.reply(customer.id, "same", step.text)
                assert (real.reply, model.asked) == (turn.reply, turn.asked)
                assert [(t.name, t.ok) for t in real.tools] == [(t.name, t.ok) for t in turn.tools]
            assert (messages, tools) == keeper.transcript("same")
        kept += len(steps)
    assert kept > 5


def test_a_plan_leaves_what_it_should_and_the_same_each_time(stage: Stage) -> None:
    for made in stage.plans(range(4), 5, HABITS):
        outcomes = [stage.expected(made.customer, made.steps) for _ in range(2)]
        assert outcomes[0] == outcomes[1]


def test_ranges_and_sizes_by_kind_are_said_and_offered_as_they_are_expected(shops: list[Path]) -> None:
    heard = set[str]()
    for folder in shops:
        view = ShopView.open(folder)
        new = [one for one in view.schema.attributes.values() if one.range or one.per]
        kinds = {product.category for product in view.catalog.products}
        words = ShopLexicon.of(view.schema, load_facets(folder), kinds)
        tool = {"function": {"name": "update_profile", "parameters": plain(parameters(view.schema))}}
        assert len(new) == 1
        for step, change in _noted(view, new[0].name, 150):
            holds = [customer_card(new[0].name), HumanMessage(step.text)]
            changes: Any = supported(holds, [tool], words)["update_profile.changes"]
            offers = [kind["properties"] for kind in changes["items"]["anyOf"]]
            own = [kind for kind in offers if kind["attribute"]["const"] == new[0].name]
            offered = [value for kind in own for value in kind["value"].get("enum") or [kind["value"]["const"]]]
            assert change["value"] in offered, step.text
            heard.add(re.sub(r"[\w ]+: |\d+", "", str(change["value"])) if new[0].range else change["polarity"])
    assert {"..", "fact"} <= heard


def _noted(view: ShopView, name: str, plans: int) -> Iterator[tuple[Step, dict[str, Any]]]:
    for number in range(plans):
        rng = random.Random(f"1:{number}")
        for step in plan(rng, view, draw_customer(rng, view), HABITS):
            for call in step.calls:
                for change in call.arguments.get("changes", ()):
                    if change["attribute"] == name:
                        yield step, change


def test_a_shop_that_keeps_them_is_else_as_it_would_be(shops: list[Path], tmp_path: Path) -> None:
    for number, varied in enumerate(shops):
        plain = make_shop(tmp_path / str(number), SEED, number, vary=False)
        for name in ("shop.toml", "catalog.jsonl", "answers.yaml", "customers.jsonl", "orders.jsonl"):
            assert (plain / name).read_bytes() == (varied / name).read_bytes()
        assert (plain / "profile.yaml").read_bytes() != (varied / "profile.yaml").read_bytes()


def test_held_out_verticals_are_in_no_training_shop() -> None:
    training, held = bank.verticals("train"), bank.verticals("held-out")
    assert {vertical.name for vertical in held} == set(bank.HELD_OUT)
    assert len(training) >= 14
    assert not set(bank.HELD_OUT) & {vertical.name for vertical in training}


def test_a_shop_follows_from_seed_number_and_verticals(tmp_path: Path) -> None:
    one, two = (make_shop(tmp_path / name, 9, 5, "held-out") for name in ("one", "two"))
    other = make_shop(tmp_path / "other", 9, 6, "held-out")
    for name in ("shop.toml", "catalog.jsonl", "answers.yaml", "profile.yaml", "customers.jsonl", "orders.jsonl"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    assert (one / "catalog.jsonl").read_bytes() != (other / "catalog.jsonl").read_bytes()
    nouns = {k.name for vertical in bank.verticals("held-out") for k in vertical.categories}
    assert ShopView.open(one).topics.vertical in bank.verticals("held-out")
    assert nouns


def test_an_unknown_vertical_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="no vertical 'shoes'; there are train, held-out, all"):
        bank.verticals("shoes")


def test_every_phrase_of_the_bank_names_its_value_and_marks_a_quote_where_it_is_noted() -> None:
    for aspect in bank.aspects().values():
        for role, lines in aspect.phrases.items():
            for line in (line for by_language in lines.values() for line in by_language):
                assert ("{v}" in line) == (role not in ("yes", "no")), (aspect.key, line)
                noted = role in ("say", "yes", "no") or (aspect.lasting and role in ("with", "clause", "again"))
                assert ("<" in line) == noted, (aspect.key, role, line)


def test_the_file_is_the_same_for_one_worker_and_two_and_after_a_stop(shops: list[Path], tmp_path: Path) -> None:
    alone, shared = tmp_path / "alone.jsonl", tmp_path / "shared.jsonl"
    runner.play(shops[:2], CONSULTATIONS, alone, 3, HABITS, workers=1)
    runner.play(shops[:2], CONSULTATIONS, shared, 3, HABITS, workers=2)
    assert alone.read_bytes() == shared.read_bytes()
    lines = alone.read_text("utf-8").splitlines(keepends=True)
    begun = tmp_path / "begun.jsonl"
    begun.write_text("".join(lines[:-4]) + lines[-4][:80], encoding="utf-8")
    runner.play(shops[:2], CONSULTATIONS, begun, 3, HABITS, workers=1)
    assert begun.read_bytes() == alone.read_bytes()
    named = [sample.meta["shop"] for sample in read_samples(alone)]
    assert named == sorted(named) and len(set(named)) == 2


def test_the_shops_command_makes_directories(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shops", "--count", "2", "--seed", "8", "--out", str(tmp_path), "--verticals", "diy,toys"]) == 0
    made = [Path(line) for line in capsys.readouterr().out.split()]
    assert [folder.name for folder in made] == ["shop-0000", "shop-0001"]
    for folder in made:
        lines = (folder / "catalog.jsonl").read_text("utf-8").splitlines()
        assert len({json.loads(line)["sku"] for line in lines}) == len(lines)


def test_planned_dialogues_of_random_shops_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["play", "--random-shops", "2", "--dry", "3", "--out", str(tmp_path / "play.jsonl")]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert printed.count("---") == 6 and not (tmp_path / "play.jsonl").exists()
    assert main(command) == 0
    assert capsys.readouterr().out == printed
