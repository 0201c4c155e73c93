"""Calls compared exactly, and the suite that scores next calls on shops by it."""

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.messages.tool import tool_call
from pydantic import Field

from agent.models.calls import Call
from agent.models.scripted import ScriptedModel
from errors import DataError
from eval.exact import calls_of, same_call, same_calls, same_names, to_call
from eval.suite import Case, Options
from eval.suites import shopcalls


def test_calls_agree_by_name_and_arguments_in_any_order_of_keys_and_calls() -> None:
    one, two = Call("search", {"query": "a", "max": 60}), Call("note", {"changes": [{"a": 1}, {"a": 2}]})
    assert same_calls([two, one], [Call("search", {"max": 60.0, "query": "a"}), two])
    assert same_call(two, Call("note", {"changes": [{"a": 2}, {"a": 1}]}))
    assert not same_call(Call("x", {"ids": ["1", "2"]}), Call("x", {"ids": ["2", "1"]}))
    assert not same_call(Call("x", {"n": True}), Call("x", {"n": 1}))
    assert same_call(
        Call("x", {"query": "a", "n": [{"quote": "b"}]}), Call("x", {"query": "c", "n": [{}]}), ("query", "quote")
    )
    assert same_names([one, two], [Call("note", {}), Call("search", {})])
    assert not same_calls([one], [one, one])


def test_a_call_is_read_however_it_is_written_and_what_is_none_is_refused() -> None:
    call = Call("search", {"query": "a"})
    assert to_call({"function": {"name": "search", "arguments": '{"query": "a"}'}}) == call
    assert to_call({"name": "search", "args": {"query": "a"}}) == call
    broken = AIMessage(
        "", invalid_tool_calls=[{"name": None, "args": "{", "id": "1", "error": "", "type": "invalid_tool_call"}]
    )
    assert not same_calls(calls_of(broken), [])
    wrong: list[dict[str, object]] = [
        {"name": "x", "arguments": "{"},
        {"arguments": {}},
        {"name": "x", "arguments": []},
    ]
    for bad in wrong:
        with pytest.raises(DataError):
            to_call(bad)


class GoldModel(ScriptedModel):
    """Answers every message with the gold calls, found by the customer's words; `wrong` names a tool it never calls."""

    wrong: str = ""
    gold: dict[str, Any] = Field(default_factory=dict)

    def bind_tools(self, tools: Any, **kwargs: Any) -> "GoldModel":
        return self

    def invoke(self, input: Any, *args: Any, **kwargs: Any) -> AIMessage:
        calls = [to_call(call) for call in self.gold.get(json.dumps([str(m.content) for m in input]), ())]
        kept = [call for call in calls if call.name != self.wrong]
        return AIMessage(
            "", tool_calls=[tool_call(name=c.name, args=c.arguments, id=str(n)) for n, c in enumerate(kept)]
        )


def test_next_calls_are_scored_against_the_gold_ones_by_tool(held_out: Path, tmp_path: Path) -> None:
    options = Options(shop=held_out, work=tmp_path, settings={"random": "0", "consultations": "12"})
    made = shopcalls.cases(options)
    assert made == shopcalls.cases(options)
    gold = {
        json.dumps([str(m.get("content") or "") for m in case.data["messages"][:place]]): case.data["messages"][
            place
        ].get("tool_calls")
        or ()
        for case in made
        for place in case.data["points"]
    }
    perfect = shopcalls.metrics([shopcalls.run(case, GoldModel(gold=gold)) for case in made])
    assert perfect["exact"] == 1.0
    assert perfect["messages"] >= 12
    blind = shopcalls.metrics([shopcalls.run(case, GoldModel(gold=gold, wrong="search_products")) for case in made])
    assert blind["exact/search_products"] == 0.0
    assert blind["exact/find_answer"] == 1.0 if "exact/find_answer" in blind else True
    assert 0 < blind["exact"] < 1
    silent = shopcalls.metrics([shopcalls.run(case, GoldModel()) for case in made])
    assert silent["exact"] == pytest.approx(
        sum(one == ["words"] for case in made for one in _tools(case)) / perfect["messages"]
    )


def _tools(case: Case) -> list[list[str]]:
    found = [case.data["messages"][place].get("tool_calls") or () for place in case.data["points"]]
    return [sorted({to_call(call).name for call in calls}) or ["words"] for calls in found]


def test_samples_come_from_a_file_too_and_a_bad_one_is_named(held_out: Path, tmp_path: Path) -> None:
    options = Options(shop=held_out, work=tmp_path, settings={"random": "0", "consultations": "4"})
    made = shopcalls.cases(options)
    path = next(tmp_path.glob("*.jsonl"))
    assert [c.data for c in shopcalls.cases(Options(data=path))] == [{**c.data, "shop": ""} for c in made]
    assert [c.data for c in shopcalls.cases(Options(data=path, shops=held_out.parent))] == [c.data for c in made]
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1"):
        shopcalls.cases(Options(data=bad))
