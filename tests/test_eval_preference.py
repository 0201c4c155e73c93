"""The preference suite: which files it reads, what it asks for, and that nothing of the answer reaches a model."""

import json
import random
from pathlib import Path

import pytest

from errors import ConfigError, DataError
from eval.__main__ import main
from eval.sequences import read_sequences
from eval.suite import Options
from eval.suites.preference import SUITE, cases, learn, metrics, run


def write_data(folder: Path) -> Path:
    """Sixty customers of two kinds, one item that nobody has in training, in files of any name."""
    rng = random.Random(0)
    folder.mkdir(parents=True, exist_ok=True)
    kinds = {"c": [f"c{number}" for number in range(12)], "p": [f"p{number}" for number in range(12)]}
    lines = [f"u{number} {' '.join(rng.sample(kinds['cp'[number % 2]], 7))}" for number in range(60)]
    lines.append("u60 c1 c2 c3 c4 new9")
    (folder / "taken.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    attributes = {item: [1 if item.startswith("c") else 2, 3] for items in kinds.values() for item in items}
    (folder / "facts.json").write_text(json.dumps(attributes | {"new9": [1, 3]}), encoding="utf-8")
    return folder


@pytest.mark.parametrize("kind", ["blend", "covisitation", "ranker", "popularity", "forest"])
def test_every_model_is_measured_by_one_command(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_data(tmp_path / "data")
    command = ["run", "preference", "--data", str(data), "--out", str(tmp_path / "out"), "--json"]
    assert main([*command, "--set", f"model={kind}"]) == 0
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    figures = line["metrics"]
    assert (line["suite"], line["n"], figures["cold"], figures["unseen"]) == ("preference", 61, 1.0, 1.0)
    assert 0.0 < figures["ndcg@10"] <= figures["hr@10"] <= 1.0 and figures["seconds_per_event"] > 0
    assert 0.0 < figures["coverage"] <= 1.0
    if kind != "popularity":
        assert figures["hr@10"] > 0.9  # five of a customer's own kind are left, and the other kind's twelve
    if kind in ("blend", "ranker"):
        assert figures["hr@10/cold"] == 1.0


def test_the_item_asked_for_and_what_comes_after_it_are_not_learnt(tmp_path: Path) -> None:
    read = read_sequences(write_data(tmp_path))
    for fold, left in (("test", 1), ("validation", 2)):
        made = learn(read, "popularity", fold, 0, tmp_path / "checkpoint", lambda line: None)
        counts = dict(zip(made.model.items, made.model.scores("u0"), strict=True))
        for item in counts:
            assert counts[item] == sum(items[:-left].count(item) for items in read.customers.values())
        assert "new9" not in made.seen


def test_items_the_customer_has_are_ruled_out_and_the_rank_is_among_all_others(tmp_path: Path) -> None:
    data = write_data(tmp_path / "data")
    asked = cases(Options(data=data, work=tmp_path, settings={"model": "popularity"}))
    assert {case.id for case in asked} == {f"u{number}" for number in range(61)}
    case = next(one for one in asked if one.id == "u60")
    record = run(case, None)
    assert not {"c1", "c2", "c3", "c4"} & set(record["first"])
    assert record["rank"] == 25 - 4  # nobody took it: the last of those that are left
    figures = metrics([{**record, "rank": 1}, {**record, "rank": 3}, {**record, "rank": 11}])
    assert figures["hr@10"] == pytest.approx(2 / 3)
    assert figures["ndcg@10"] == pytest.approx(1.5 / 3)
    assert figures["mrr"] == pytest.approx((1 + 1 / 3 + 1 / 11) / 3)
    assert SUITE.targets


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("u1 a1 b2\nu2\n", "line 2: expected an id and item ids"),
        ("u1 a1 b2\n\nu1 c3\n", "line 3: customer 'u1' has a line already"),
        ("u1 a1 \xff\n", "line 1: not UTF-8"),
    ],
)
def test_bad_sequences_are_told_by_line(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "taken.txt").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=says):
        read_sequences(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{\n"a1": [1,\n}', "line 3: not JSON"),
        ('{\n"a1": [1],\n"b2": 5}', "line 3: item 'b2' has attributes '5'"),
        ("[1]", "line 1: expected an object"),
    ],
)
def test_bad_attributes_are_told_by_line(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "taken.txt").write_text("u1 a1 b2 c3\n", encoding="utf-8")
    (tmp_path / "facts.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=says):
        read_sequences(tmp_path)


def test_files_are_found_by_their_form(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("What this is: a few words\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="found none"):
        read_sequences(tmp_path)
    (tmp_path / "clicks.csv").write_text("7,1,2,3\n8,2,3\n", encoding="utf-8")
    assert read_sequences(tmp_path).customers == {"7": ("1", "2", "3"), "8": ("2", "3")}
    (tmp_path / "clicks_sample.txt").write_text("7 4 5 6\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="several"):
        read_sequences(tmp_path)
    (tmp_path / "clicks_facts.json").write_text('{"1": {"color": ["red", "blue"], "brand": "Rush"}}', encoding="utf-8")
    read = read_sequences(tmp_path)
    assert set(read.customers) == {"7", "8"}
    assert read.attributes == {"1": ("color=red", "color=blue", "brand=Rush")}
    assert read_sequences(tmp_path / "clicks_sample.txt").customers == {"7": ("4", "5", "6")}


def test_what_cannot_be_asked_for_is_told(tmp_path: Path) -> None:
    data = write_data(tmp_path)
    for setting, value in (("model", "oracle"), ("fold", "last")):
        with pytest.raises(ConfigError, match=f"no such {setting}"):
            cases(Options(data=data, settings={setting: value}))
    (tmp_path / "taken.txt").write_text("u1 a1 b2\n", encoding="utf-8")
    with pytest.raises(DataError, match="no customer has 3 items"):
        cases(Options(data=data))
    with pytest.raises(ConfigError, match="--data is missing"):
        cases(Options())
