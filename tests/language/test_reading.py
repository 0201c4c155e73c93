"""A message is read once, and right: the table of `readings.yaml`, and what holds for every text."""

import json
import subprocess
import sys
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from language.matching import Lexicon
from language.reading import Reading, read
from language.shop_words import load_shop_words

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 27)
CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("readings.yaml").read_text(encoding="utf-8"))


@cache
def _lexicon() -> Lexicon:
    return Lexicon(load_shop_words(ROOT / "shop").words, ("en", "zh", "es", "de"))


def _read(text: str) -> Reading:
    shapes = load_shop_words(ROOT / "shop").id_shapes
    return read(text, today=TODAY, lexicon=_lexicon(), served=("en", "zh", "es", "de"), id_shapes=shapes)


@pytest.mark.parametrize("case", CASES, ids=[case["say"][:40] for case in CASES])
def test_a_message_is_read_as_it_was_meant(case: dict[str, Any]) -> None:
    facts = _read(case["say"]).to_json()
    if "language" in case:
        assert facts["language"] == case["language"]
    if "price" in case:
        assert [facts["price"]["min"], facts["price"]["max"]] == case["price"], facts["quantities"]
    for value, counts in case.get("counts", []):
        assert (value, counts) in [(each["value"], each["counts"]) for each in facts["quantities"]]
    if "dates" in case:
        assert [each["date"] for each in facts["dates"]] == case["dates"]
    values = {(each["facet"], each["value"]): each["denied"] for each in facts["values"]}
    for facet, value in case.get("values", []):
        assert values.get((facet, value)) is False, values
    for facet, value in case.get("denied", []):
        assert values.get((facet, value)) is True, values
    for name, key in (("ids", "order_ids"), ("question", "question"), ("about", "about"), ("back", "refers_back")):
        if name in case:
            assert facts[key] == case[name]


@given(st.text(max_size=200))
def test_any_text_is_read_and_every_span_stands_in_it(text: str) -> None:
    reading = _read(text)
    spans = [(quantity.start, quantity.end) for quantity in reading.quantities]
    spans += [(day.start, day.end) for day in reading.dates]
    spans += [(value.start, value.end) for value in reading.values]
    spans += [(reference.start, reference.end) for reference in reading.references]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(each.text.strip() in text for each in reading.references)
    json.dumps(reading.to_json())


def test_the_command_prints_one_object_and_its_help_teaches() -> None:
    command = [sys.executable, "-m", "language"]
    asked = ["boots under $100, no leather", "--today", "2026-11-27", "--json"]
    done = subprocess.run([*command, *asked], capture_output=True, text=True, check=True, cwd=ROOT)
    facts = json.loads(done.stdout)
    assert facts["price"] == {"min": None, "max": 100} and facts["question"] is False
    assert {"language", "quantities", "dates", "values", "order_ids", "about", "refers_back"} <= set(facts)
    helped = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "refers_back" in helped.stdout and "--today" in helped.stdout


def test_a_shop_that_is_none_is_told_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "language", "hi", "--shop", "/nowhere"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 2 and "/nowhere" in done.stderr and "Traceback" not in done.stderr
