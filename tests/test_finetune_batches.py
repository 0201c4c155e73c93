"""The training set: several files with weights, and batches of samples that begin alike."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from errors import ConfigError, DataError
from finetune.base import build_base
from finetune.batches import BeginAlike
from finetune.data_mix import Source, read_mixture
from finetune.packing import pack
from finetune.samples import Features, Sample, write_samples

END = 9


def features(families: list[int]) -> list[Features]:
    """As many samples of each shop as `families` says; each sample has a tail of its own."""
    made = []
    for shop, count in enumerate(families):
        for number in range(count):
            ids = [*(10 + shop for _ in range(30)), END, 500 + number, 1, 2]
            made.append(Features(ids, [False] * 32 + [True] * 2))
    return made


def batches(order: BeginAlike, size: int) -> list[list[int]]:
    places = list(order)
    return [places[at : at + size] for at in range(0, len(places), size)]


@given(st.lists(st.integers(1, 20), min_size=1, max_size=8), st.integers(1, 6), st.booleans())
def test_every_epoch_has_each_sample_once_and_mixes_shops_only_in_left_overs(
    families: list[int], batch: int, by_length: bool
) -> None:
    samples = features(families)
    order = BeginAlike(samples, batch, END, seed=1, by_length=by_length)
    found = batches(order, batch)
    assert sorted(place for places in found for place in places) == list(range(len(samples))) and len(order) == len(
        samples
    )
    alike = sum(len({samples[place].ids[0] for place in places}) == 1 and len(places) == batch for places in found)
    assert alike >= sum(count // batch for count in families)


def test_epochs_differ_and_the_same_epoch_comes_back_after_a_restart() -> None:
    samples = features([12, 12, 5])
    order = BeginAlike(samples, 4, END, seed=1)
    first = list(order)
    order.on_epoch_begin(None, SimpleNamespace(epoch=1.0), None)
    second = list(order)
    again = BeginAlike(samples, 4, END, seed=1)
    again.on_epoch_begin(None, SimpleNamespace(epoch=1.4), None)
    assert first != second and list(again) == second


def test_batches_that_begin_alike_are_shorter_to_compute() -> None:
    samples = features([8, 8, 8, 8])
    packed = [pack([samples[p] for p in places]) for places in batches(BeginAlike(samples, 4, END, seed=1), 4)]
    assert {batch["input_ids"].numel() for batch in packed} == {31 + 4 * 3}


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(build_base())


def test_files_are_mixed_by_weight(tokenizer: Any, tmp_path: Path) -> None:
    asked = {"role": "user", "content": "hi"}
    said = [Sample(messages=[asked, {"role": "assistant", "content": f"hello {n}"}]) for n in range(40)]
    write_samples(tmp_path / "a.jsonl", [*said, Sample(messages=[asked])])
    write_samples(tmp_path / "b.jsonl", [Sample(messages=[asked, {"role": "assistant", "content": "word " * 99}])])
    sources = [Source(tmp_path / "a.jsonl", 0.5), Source.parse(f"{tmp_path / 'b.jsonl'}=3")]
    mixture = read_mixture(sources, tokenizer, 64, seed=3)
    assert mixture.cut == 3 and 10 < len(mixture.features) - 3 < 30
    whole = read_mixture([Source(tmp_path / "a.jsonl")], tokenizer, 64, seed=3)
    assert len(whole.features) == 40 and whole.skipped == 1 and "no assistant" in str(whole)
    assert read_mixture(sources, tokenizer, 64, seed=3).features == mixture.features


def test_bad_sources_are_named(tokenizer: Any, tmp_path: Path) -> None:
    assert Source.parse("runs/a.jsonl") == Source(Path("runs/a.jsonl"), 1.0)
    for weight in ("0", "-1", "many", "nan", "inf"):
        with pytest.raises(ConfigError, match=weight):
            Source.parse(f"runs/a.jsonl={weight}")
    with pytest.raises(DataError, match="no samples at"):
        read_mixture([Source(tmp_path / "none.jsonl")], tokenizer, 64, seed=3)
