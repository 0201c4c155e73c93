"""How much help a model gets is its profile's choice: what is taken, and that what is off is not run."""

import json
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.messages.tool import invalid_tool_call, tool_call
from langgraph.checkpoint.sqlite import SqliteSaver

from agent import models
from agent.__main__ import main
from agent.context import Services
from agent.models import load_chat_model
from agent.models.engine_model import EmbeddedChatModel
from agent.models.profile import GGUF, PROFILES, SERVED, TUNED, ModelProfile, choose_profile, profile_of
from agent.models.scripted import Answer, ScriptedModel
from agent.shop import load_shop
from agent.shopkeeper import Shopkeeper
from agent.tools import build_tools
from agent.turn import Turn
from errors import ConfigError, ModelError
from eval.stage import model_file
from tests.agent_shop import keeper
from tests.test_engine import small_model

GUIDED = str(Path("agent/guided").resolve())
ANNA = "C1002"


@contextmanager
def recorded() -> Iterator[set[str]]:
    """The files of `agent.guided` whose functions run meanwhile, in every thread."""
    ran = set[str]()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(GUIDED) and frame.f_code.co_name != "<module>":
            ran.add(Path(frame.f_code.co_filename).stem)

    threading.settrace(note)
    sys.settrace(note)
    try:
        yield ran
    finally:
        sys.settrace(None)
        threading.settrace(None)


def consultation(services: Services, profile: ModelProfile, name: str) -> list[Turn]:
    """A wish with a price and a dislike, then an order by an id that nobody said."""
    answers: list[Answer] = [
        [("search_products", {"query": "jacket"})],
        [("get_order", {"order_id": "AP-77777"})],
    ]
    with keeper(services, ScriptedModel(script=answers, guidance=profile)) as agent:
        said = ("a jacket under $150, no wool", "and where is my order?")
        return [agent.reply(ANNA, name, text) for text in said]


def test_a_tuned_model_gets_all_help(services: Services) -> None:
    with recorded() as ran:
        search, order = consultation(services, replace(TUNED, recognise=False), "tuned")
    assert {"constraints", "repair", "order_ids", "middleware"} <= ran
    assert search.tools[-1].arguments["max_price"] == 150
    assert order.tools[-1].ok  # the id that nobody said became the customer's newest


@pytest.mark.parametrize("profile", [GGUF, SERVED], ids=lambda profile: profile.name)
def test_other_models_get_none_and_none_of_its_code_runs(services: Services, profile: ModelProfile) -> None:
    with recorded() as ran:
        search, order = consultation(services, profile, profile.name)
    assert ran == set()
    assert search.tools[-1].arguments == {"query": "jacket"}
    assert not order.tools[-1].ok
    assert services.orders.get(ANNA, "last").id in order.reply  # no such order; theirs are named


@pytest.mark.parametrize(
    ("name", "file"), [("constrain", "constraints"), ("repair", "repair"), ("guess_ids", "order_ids")]
)
def test_each_help_can_be_had_alone(services: Services, name: str, file: str) -> None:
    alone = choose_profile("http://x/v1", changes={name: True})
    with recorded() as ran:
        consultation(services, alone, f"only {name}")
    assert file in ran
    shared = {"constraints"} if name == "repair" else set()
    assert not ran & ({"constraints", "repair", "order_ids"} - {file} - shared)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("embedded", "tuned"),
        ("large", "large"),
        ("my/own.gguf", "gguf"),
        ("http://x/v1", "served"),
        ("http://x/v1#published", "tuned"),
    ],
)
def test_the_profile_fits_the_kind_of_model_unless_one_is_named(model: str, expected: str) -> None:
    assert choose_profile(model).name == expected
    assert choose_profile(model, "served") is SERVED
    assert choose_profile(model, None, {"base": "gguf", "repair": True}) == replace(GGUF, repair=True)
    assert choose_profile(model, None, {"marker": {"open": "[", "close": "]"}}).marker.open == "["


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("clever", None, "no model profile 'clever'; there are gguf, large, served, tuned"),
        (None, {"base": "clever"}, "no model profile 'clever'"),
        (None, {"guess": True}, "no setting 'guess'; there are .*base, constrain.*template"),
        (None, {"template": "mine"}, "template"),
        (None, {"seconds": "soon"}, "seconds"),
    ],
)
def test_a_wrong_setting_is_named_with_the_valid_ones(
    name: str | None, changes: dict[str, Any] | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        choose_profile("embedded", name, changes)


def test_a_shops_file_may_choose_a_profile_and_is_checked(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(
        'name = "S"\nlanguages = ["en"]\ncurrency = "USD"\n[model_profile]\nbase = "gguf"\nseconds = 5.0\n', "utf-8"
    )
    shop = load_shop(tmp_path)
    assert choose_profile(shop.model, shop.profile, shop.model_profile) == replace(GGUF, seconds=5.0)
    text = (tmp_path / "shop.toml").read_text("utf-8")
    (tmp_path / "shop.toml").write_text(text.replace('"gguf"', '"big"'), "utf-8")
    with pytest.raises(ConfigError, match=r"shop\.toml: no model profile 'big'"):
        load_shop(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [([], "tuned"), (["--model", "large"], "large"), (["--model", "x.gguf"], "gguf"),
     (["--model", "http://x/v1"], "served"), (["--model", "x.gguf", "--profile", "tuned"], "tuned")],
)  # fmt: skip
def test_help_says_which_profile_a_model_takes(
    arguments: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*arguments, "--help"])
    shown = capsys.readouterr().out
    assert f"takes {name}." in " ".join(shown.split())
    assert all(f"\n  {profile}" in shown for profile in PROFILES)


def test_the_larger_model_is_fetched_by_a_command_that_the_error_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "LARGE_GGUF", Path("nowhere/large.gguf"))
    with pytest.raises(ModelError, match=r"no model at nowhere/large\.gguf: run `make model MODEL=large`"):
        load_chat_model("large")
    assert model_file("large") == Path("nowhere/large.gguf")


def test_full_descriptions_say_when_and_change_no_argument(services: Services) -> None:
    brief = build_tools(services)
    records = {tool.name: tool for tool in services.tools}
    for short in brief:
        long = records[short.name].bind(services, "full")
        assert len(long.description) > len(short.description)
        assert records[short.name].as_learnt or long.args.keys() == short.args.keys()
    assert json.dumps([tool.args for tool in build_tools(services)]) == json.dumps([tool.args for tool in brief])


def test_a_gguf_model_reads_schemas_and_its_calls_are_held_to_them() -> None:
    model = load_chat_model(str(small_model()), seconds=60, max_new_tokens=96)
    assert isinstance(model, EmbeddedChatModel) and profile_of(model) is GGUF
    status = {"type": "string", "enum": ["paid", "shipped"]}
    order = {"type": "object", "properties": {"status": status}, "required": ["status"]}
    tool = {"type": "function", "function": {"name": "list_orders", "description": "List.", "parameters": order}}
    messages = [SystemMessage("Be kind."), HumanMessage("What has been shipped?")]
    try:
        assert model.warm(messages[:1], [tool]) < 60
        answer = model.bind_tools([tool], tool_choice="any").invoke(messages)
    finally:
        model.engine.close()
    assert answer.content == ""
    assert answer.tool_calls
    for call in answer.tool_calls:
        assert call["name"] == "list_orders" and call["args"]["status"] in status["enum"]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_a_call_that_cannot_be_read_beside_one_that_can_stays_out_of_the_conversation(
    services: Services, profile: ModelProfile
) -> None:
    cut = invalid_tool_call(name=None, args='{"name": "update_pro', id="cut", error=None)
    good = tool_call(name="search_products", args={"query": "tent"}, id="good")
    answer = AIMessage("", tool_calls=[good], invalid_tool_calls=[cut])
    model = ScriptedModel(script=[answer, "Sure.", "Sure."], guidance=profile)
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    agent = Shopkeeper(services, model, SqliteSaver(connection))
    turn = agent.reply(ANNA, "beside", "a tent")
    assert [step.name for step in turn.tools] == ["search_products"]
    kept = [message for message in agent.messages("beside") if isinstance(message, AIMessage)]
    assert not any(message.invalid_tool_calls for message in kept)
    assert "update_pro" not in turn.reply
    assert agent.reply(ANNA, "beside", "thanks").reply
    connection.close()
