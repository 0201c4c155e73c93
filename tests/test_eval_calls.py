"""The suite of next calls: which history a model is given, and what counts as the gold call."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field

from errors import ConfigError
from eval.suite import Case, Options, Record
from eval.suites.calls import SUITE
from tests.tau2_data import write_tau2
from tests.test_corpora_taskmaster import dialogue, write

Answer = Callable[[Sequence[BaseMessage]], AIMessage]


class Told(BaseChatModel):
    """A chat model that answers as a function says, and remembers what it was offered."""

    answer: Answer
    offered: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "told"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        self.offered.append({"tools": tools, **kwargs})
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self.answer(messages))])


def calling(name: str, arguments: dict[str, Any]) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": "1"}])


def gold_of(case: Case) -> dict[int, dict[str, Any]]:
    """The gold call by the number of results that have been read before it."""
    turns = [point["turn"][0]["tool_calls"][0]["function"] for point in case.data["points"]]
    return dict(enumerate(turns))


def knowing(case: Case, change: Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]) -> Told:
    """A model that makes the gold call, changed."""
    gold = gold_of(case)

    def answer(messages: Sequence[BaseMessage]) -> AIMessage:
        return calling(*change(gold[sum(isinstance(message, ToolMessage) for message in messages)]))

    return Told(answer=answer)


def run_all(cases: Sequence[Case], change: Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]) -> list[Record]:
    return [SUITE.run(case, knowing(case, change)) for case in cases]


def gold(call: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return call["name"], call["arguments"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_tau2(tmp_path / "data", seed=4, customers=20)


def test_the_gold_calls_are_exact_and_every_tool_has_its_figure(data: Path) -> None:
    cases = SUITE.cases(Options(data=data))
    assert len(cases) == 20
    metrics = SUITE.metrics(run_all(cases, gold))
    assert metrics["exact"] == metrics["name"] == metrics["exact_any_order"] == 1.0
    scored = [point for case in cases for point in case.data["points"] if point["scored"]]
    assert metrics["calls"] == len(scored)
    names = {point["turn"][0]["tool_calls"][0]["function"]["name"] for point in scored}
    assert all(metrics[f"exact/{name}"] == 1.0 for name in names)


def test_a_wrong_argument_keeps_the_name_only(data: Path) -> None:
    cases = SUITE.cases(Options(data=data))
    metrics = SUITE.metrics(run_all(cases, lambda call: (call["name"], {**call["arguments"], "zip": "0"})))
    assert metrics["name"] == 1.0
    assert metrics["exact"] == metrics["exact_any_order"] == 0.0


def test_another_order_of_items_counts_only_where_order_is_free(data: Path) -> None:
    def backwards(call: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        turned = {name: value[::-1] if isinstance(value, list) else value for name, value in call["arguments"].items()}
        return call["name"], turned

    metrics = SUITE.metrics(run_all(SUITE.cases(Options(data=data)), backwards))
    assert metrics["exact_any_order"] == 1.0
    assert metrics["exact"] < 1.0


def test_the_model_must_call_and_may_name_only_what_has_come_up(data: Path) -> None:
    case = SUITE.cases(Options(data=data))[0]
    model = knowing(case, gold)
    SUITE.run(case, model)
    assert all(offer["tool_choice"] == "required" for offer in model.offered)
    ids = {one for offer in model.offered for known in offer["allowed"].values() for one in known}
    text = str(case.data["opening"]) + str([point["turn"][1]["content"] for point in case.data["points"]])
    assert not [one for one in ids if one.lstrip("#") not in text]


def test_splits_are_those_of_training(data: Path) -> None:
    sizes = [len(SUITE.cases(Options(data=data, settings={"split": split}))) for split in ("all", "train", "held-out")]
    assert sizes[0] == sizes[1] + sizes[2]
    with pytest.raises(ConfigError, match="split=some: expected all, train, held-out"):
        SUITE.cases(Options(data=data, settings={"split": "some"}))


def test_dialogues_count_calls_and_where_nothing_is_to_be_called(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", [dialogue()])
    (case,) = SUITE.cases(Options(data=path))
    eager = Told(answer=lambda messages: calling("find_fruit", {"query": "plum"}))
    metrics = SUITE.metrics([SUITE.run(case, eager)])
    assert metrics["calls"] == 3
    assert metrics["exact"] == pytest.approx(1 / 3)
    assert metrics["quiet"] == 0.0
    silent = Told(answer=lambda messages: AIMessage("Sure."))
    metrics = SUITE.metrics([SUITE.run(case, silent)])
    assert (metrics["exact"], metrics["quiet"]) == (0.0, 1.0)


def test_data_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--data is missing"):
        SUITE.cases(Options())
    with pytest.raises(ConfigError, match="no such file"):
        SUITE.cases(Options(data=tmp_path / "no"))
