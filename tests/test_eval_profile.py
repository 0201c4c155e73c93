"""The profile suite: how pairs are compared, and that any extractor can be measured on any directory of the form."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.extraction import NOTHING
from agent.models.scripted import ScriptedModel
from errors import ConfigError
from eval.__main__ import main
from eval.pairs import Pair, compare, normalised, soft_matches
from eval.suite import Case, Options
from eval.suites.profile import SUITE, cases, metrics, run
from tests.agent_shop import change, noting
from tests.laps_data import write_laps

PAIRS = st.lists(st.tuples(st.sampled_from(["dish", "mood"]), st.text("ab .", min_size=1, max_size=5)), max_size=6)
EXTRACTOR = """
def first_words(turns, categories):
    assert {turn["role"] for turn in turns} == {"customer", "assistant"}
    return [{"category": categories[0], "value": turns[0]["text"].split()[0]}]

def wrong(turns, categories):
    return ["dish"]
"""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Tomatoes!", "tomato"),
        ("Romantic  Comedies", "romantic comedy"),
        ("gluten-free dishes", "Gluten free dish"),
        ("Children’s movies", "childrens movie"),
        ("movies", "movie"),
        ("glass", "Glass"),
    ],
)
def test_wordings_that_are_the_same(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


def test_the_kinds_of_agreement() -> None:
    gold = [("dish", "Pasta"), ("dish", "spicy lentil soup"), ("mood", "happy")]
    found = [("dish", "pastas"), ("dish", "lentil soup"), ("mood", "pasta"), ("dish", "Pasta")]
    counts = compare(gold, found)
    assert (counts["exact"].hits, counts["exact"].predicted) == (1, 4)
    assert (counts["normalised"].hits, counts["normalised"].predicted, counts["normalised"].gold) == (1, 3, 3)
    assert counts["soft"].hits == 2
    assert (counts["category"].hits, counts["category"].gold) == (2, 2)


def test_soft_matching_is_one_to_one_and_finds_the_most() -> None:
    gold = [("d", "a b c"), ("d", "a b")]
    found = [("d", "a b"), ("d", "b c")]
    assert soft_matches(gold, found) == {0: 1, 1: 0}
    assert len(soft_matches(gold, found[:1])) == 1


@settings(deadline=None)
@given(PAIRS, PAIRS)
def test_hits_never_exceed_either_side_and_softness_only_adds(gold: list[Pair], found: list[Pair]) -> None:
    counts = compare(gold, found)
    for one in counts.values():
        assert one.hits <= min(one.gold, one.predicted) and 0 <= one.f1 <= 1
    assert counts["normalised"].hits <= counts["soft"].hits
    mirrored = compare(found, gold)
    assert all(mirrored[kind].hits == one.hits for kind, one in counts.items())
    assert all(one.hits == one.gold for one in compare(gold, gold).values())


def test_a_session_is_replayed_through_listening(tmp_path: Path) -> None:
    case = next(one for one in cases(Options(data=write_laps(tmp_path))) if one.id.startswith("films"))
    notes = noting(
        change("just me", "viewing_companions", "alone"),
        change("funny", "genre", "funny", "like"),
        change("scary", "genre", "scary", "like"),
    )
    record = run(case, ScriptedModel(script=[[notes], NOTHING]))
    assert sorted(record["found"]) == [["genre_like", "funny"], ["viewing_companions", "alone"]]
    assert [refused[1] for refused in record["refused"]] == ["scary"]
    figures = metrics([record])
    assert (figures["precision"], figures["quoted"], figures["model_calls_per_turn"]) == (1.0, 1.0, 1.0)
    assert figures["recall"] == pytest.approx(2 / 3)
    assert figures["f1/movie_like"] == 0.0


def test_cases_are_the_same_again_and_mix_the_files(tmp_path: Path) -> None:
    options = Options(data=write_laps(tmp_path))
    first: list[Case] = cases(options)
    assert first == cases(options)
    assert {case.id for case in first} == {"films/0/0", "food/0/0"}
    assert SUITE.targets


def test_files_can_be_chosen_by_name(tmp_path: Path) -> None:
    data = write_laps(tmp_path)
    assert [case.id for case in cases(Options(data=data, settings={"files": "foo*.json"}))] == ["food/0/0"]
    with pytest.raises(ConfigError, match="no such file"):
        cases(Options(data=data, settings={"files": "*_val.json"}))


def test_another_extractor_stands_in_the_models_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "peer_extractor.py").write_text(EXTRACTOR, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    command = ["run", "profile", "--data", str(write_laps(tmp_path / "laps")), "--out", str(tmp_path / "out"), "--json"]
    assert main([*command, "--set", "extractor=peer_extractor:first_words"]) == 0
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["suite"], line["n"], line["metrics"]["found_values"]) == ("profile", 2, 2.0)
    assert main([*command, "--set", "extractor=peer_extractor:wrong"]) == 1
    assert "expected category and value" in capsys.readouterr().err
    assert main([*command, "--set", "extractor=peer_extractor:nothing"]) == 2
    assert "module:function" in capsys.readouterr().err


def test_missing_data_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "profile", "--out", str(tmp_path)]) == 2
    assert "LAPS form" in capsys.readouterr().err
