"""Peers: what an extractor reports, how calls are counted, memories become pairs; the peers where installed.

`.venv-peers/bin/python -m pytest tests/test_eval_peers.py` runs all of it.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata

from agent.models.scripted import ScriptedModel
from errors import DataError, ModelError
from eval.__main__ import main
from eval.peers.environment import REQUIREMENTS, ROOT
from eval.peers.usage import counted, messages_by_turn, pairs_in_words
from eval.suite import Case, Options
from eval.suites.profile import cases, metrics, run
from tests.laps_data import write_laps

TURNS = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["customer", "assistant"]), "text": st.text(max_size=9)})
)
CATEGORIES = ["dish_like", "dish_dislike", "companions"]
EXTRACTORS = """
from eval.peers.usage import counted

def asking(turns, categories, model):
    asked, usage = counted(model)
    words = [asked.invoke(turn["text"]).text for turn in turns if turn["role"] == "customer"]
    return usage.report([(categories[0], word) for word in words], unread=1)

def own_model(turns, categories):
    return {"found": [], "model_calls": 7}

def below_nothing(turns, categories):
    return {"found": [], "model_calls": -1}

def of_another_name(turns, categories):
    return {"pairs": []}
"""


def needs(library: str) -> pytest.MarkDecorator:
    """Only where a peer is installed. It is not imported here: that would turn its telemetry on."""
    return pytest.mark.skipif(find_spec(library) is None, reason=f"{library} is not installed here")


def said(words: str, read: int = 0, written: int = 0, **more: Any) -> AIMessage:
    """An answer, and what it took."""
    usage = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
    return AIMessage(words, usage_metadata=usage, **more)


def called(*arguments: dict[str, str]) -> AIMessage:
    """LangMem's schema, called once for each."""
    calls = [{"name": "Preference", "args": one, "id": str(at)} for at, one in enumerate(arguments)]
    return said("", 10, 5, tool_calls=calls)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The film evening with one of the extractors above."""
    (tmp_path / "peer_reports.py").write_text(EXTRACTORS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    data = write_laps(tmp_path / "laps")

    def made(name: str) -> Case:
        return next(iter(cases(Options(data=data, settings={"extractor": name, "files": "films.json"}))))

    return made


def test_an_extractor_that_takes_the_model_gets_it_and_says_what_it_took(case: Any) -> None:
    asking = case("peer_reports:asking")
    assert asking.subject == "model"
    record = run(asking, ScriptedModel(script=[said("funny", 20, 3), said("funny", 30, 4)]))
    assert record["found"] == [["genre_like", "funny"]]
    figures = metrics([record])
    assert {name: figures[name] for name in figures if name.endswith("_per_turn") and name != "seconds_per_turn"} == {
        "model_calls_per_turn": 1.0,
        "tokens_read_per_turn": 25.0,
        "tokens_written_per_turn": 3.5,
        "unread_per_turn": 0.5,
    }


def test_an_extractor_with_a_model_of_its_own_reports_what_it_knows(case: Any) -> None:
    own = case("peer_reports:own_model")
    assert own.subject == "none"
    figures = metrics([run(own, None)])
    assert figures["model_calls_per_turn"] == 3.5
    assert "tokens_read_per_turn" not in figures


@pytest.mark.parametrize(
    ("name", "problem"), [("below_nothing", "model_calls: .*greater"), ("of_another_name", "found: Field required")]
)
def test_a_wrong_report_is_told_with_its_place(case: Any, name: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        run(case(f"peer_reports:{name}"), None)


def test_calls_that_fail_are_counted_and_the_model_itself_stays_as_it_was() -> None:
    model = ScriptedModel(script=[said("a", 1, 1), ModelError("too long"), said("b", 2, 2)])
    asked, usage = counted(model)
    asked.invoke("one")
    with pytest.raises(ModelError):
        asked.invoke("two")
    model.invoke("three")
    report = usage.report([], unread=1)
    assert (report["model_calls"], report["tokens_read"], report["tokens_written"]) == (2, 1, 1)
    assert model.callbacks is None


def test_calls_from_several_threads_are_all_counted() -> None:
    asked, usage = counted(ScriptedModel(script=[said("x", 1, 2)] * 40))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(asked.invoke, ["hello"] * 40))
    report = usage.report([], unread=0)
    assert (report["model_calls"], report["tokens_read"], report["tokens_written"]) == (40, 40, 80)


@given(TURNS)
def test_each_turn_ends_with_the_customer_and_nothing_before_that_is_lost(turns: list[dict[str, str]]) -> None:
    grouped = list(messages_by_turn(turns))
    assert all([one["role"] for one in group].index("user") == len(group) - 1 for group in grouped)
    flat = [(one["role"].replace("user", "customer"), one["content"]) for group in grouped for one in group]
    assert flat == [(turn["role"], turn["text"]) for turn in turns][: len(flat)]
    assert len(grouped) == sum(turn["role"] == "customer" for turn in turns)


@given(st.lists(st.tuples(st.sampled_from(CATEGORIES), st.text(min_size=1).filter(lambda text: text == text.strip()))))
def test_memories_written_as_category_and_value_are_read_back(pairs: list[tuple[str, str]]) -> None:
    assert pairs_in_words([f"{category}: {value}" for category, value in pairs], CATEGORIES) == pairs


def test_memories_of_no_category_are_left_out() -> None:
    memories = ["User likes soup", "Dish_Like : soup: lentil", "mood: happy", "companions:", ": soup", ""]
    assert pairs_in_words(memories, CATEGORIES) == [("dish_like", "soup: lentil")]


def test_the_peers_list_is_exact_and_holds_nothing_that_the_project_has_already() -> None:
    pinned = _pinned(REQUIREMENTS)
    assert {"langmem", "mem0ai"} <= set(pinned)
    assert not set(pinned.items()) & set(_pinned(ROOT / "requirements.lock").items())


def _pinned(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    parts = [line.partition("==") for line in lines]
    assert all(version for _, _, version in parts)
    return {name.lower().replace("-", "_"): version for name, _, version in parts}


@pytest.mark.skipif(find_spec("langmem") is not None, reason="langmem is installed here")
def test_without_the_peers_the_command_says_how_to_get_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["run", "profile", "--data", str(write_laps(tmp_path)), "--set", "extractor=eval.peers.langmem:extract"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    assert "python -m eval.peers.environment" in capsys.readouterr().err


@needs("langmem")
def test_langmem_keeps_its_memories_from_turn_to_turn(case: Any) -> None:
    cut = [{"name": None, "args": "cut off", "id": "1", "error": None, "type": "invalid_tool_call"}]
    first = called({"category": "genre_like", "value": "funny"}, {"category": "viewing_companions", "value": "alone"})
    model = ScriptedModel(script=[first, said("", 10, 5, invalid_tool_calls=cut)])
    record = run(case("eval.peers.langmem:extract"), model)
    assert record["found"] == [["genre_like", "funny"], ["viewing_companions", "alone"]]
    assert (record["model_calls"], record["tokens_read"], record["unread"]) == (2, 20, 1)
    assert "funny" in str(model.seen[1])


@needs("mem0")
def test_mem0_adds_what_it_reads_and_counts_what_it_cannot(case: Any) -> None:
    own = {"id": "0", "text": "genre_like: funny", "attributed_to": "user"}
    shops = {"id": "1", "text": "movie_like: The Paper Boat", "attributed_to": "assistant"}
    model = ScriptedModel(script=[said(json.dumps({"memory": [own, shops]}), 9, 9), said('{"memory": [{"id"', 9, 9)])
    record = run(case("eval.peers.mem0:extract"), model)
    assert record["found"] == [["genre_like", "funny"]]
    assert (record["model_calls"], record["tokens_written"], record["unread"]) == (2, 18, 1)
    assert "genre_like" in str(model.seen[0]) and "# EXAMPLES" not in str(model.seen[0])
    assert not import_module("mem0.memory.telemetry").MEM0_TELEMETRY
