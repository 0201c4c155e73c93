"""Each method on the real base: it trains, saves, is opened again, answers, and is the same when merged."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from errors import ConfigError, ModelError
from finetune.__main__ import main
from finetune.base import BASE_DIR, BASE_NAME, build_base, open_tokenizer
from finetune.build import build
from finetune.merge import merge
from finetune.methods import ADAPTER_WEIGHTS, METHODS, find_method, method_of, named_base, open_model, table
from finetune.samples import Features, encode
from finetune.train import Recipe, train
from tests.finetune_base import exchange

SAID = exchange("Where is my order?", "It waits at the harbour.")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return open_tokenizer(build_base())


@pytest.fixture(scope="module")
def features(tokenizer: Any) -> list[Features]:
    return [encode(tokenizer, sample, 64) for sample in (SAID, exchange("May I return it?", "Yes, for ninety days."))]


@pytest.fixture(scope="module")
def plain() -> Any:
    return open_model(build_base(), None, dtype=torch.float32).eval()


@pytest.fixture(scope="module", params=METHODS)
def trained(request: pytest.FixtureRequest, features: list[Features], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp(request.param)
    recipe = Recipe(request.param, rank=8, batch=2, epochs=5, warmup_steps=0, track="none")
    assert train(build_base(), features, out, recipe).finished
    return out


def logits(model: Any, sample: Features) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(input_ids=torch.tensor([list(sample.ids)])).logits[0]
    return found


def surprise(found: torch.Tensor, sample: Features) -> float:
    """Nats a learnt token."""
    places = [at for at in range(1, len(sample.ids)) if sample.learnt[at]]
    targets = torch.tensor([sample.ids[at] for at in places])
    return float(torch.nn.functional.cross_entropy(found[[at - 1 for at in places]], targets))


def test_a_method_trains_saves_reloads_answers_and_merges(
    trained: Path, features: list[Features], plain: Any, tokenizer: Any, tmp_path: Path
) -> None:
    method = method_of(trained)
    model = open_model(BASE_DIR, trained, dtype=torch.float32).eval()
    before, after = logits(plain, features[0]), logits(model, features[0])
    assert surprise(after, features[0]) < surprise(before, features[0]) - 0.3
    prompt = tokenizer.apply_chat_template(
        SAID.messages[:1], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    written = model.generate(**prompt, max_new_tokens=6, do_sample=False)[0, prompt["input_ids"].shape[1] :]
    assert tokenizer.decode(written, skip_special_tokens=True).strip()
    assert named_base(trained) == (None if method.name == "full" else BASE_NAME)
    if method.merges:
        merged = open_model(merge(trained, tmp_path / "merged"), None, dtype=torch.float32).eval()
        found = logits(merged, features[0])  # the merged weights are rounded to bfloat16
        assert torch.linalg.norm(found - after) < 0.15 * torch.linalg.norm(after - before)
    else:
        with pytest.raises(ModelError, match=r"cannot be merged.*adalora, dora"):
            build(trained, tmp_path / "built")
        assert not (tmp_path / "built" / "model.gguf").exists()


def test_vectors_are_kept_exact_and_matrices_in_half(trained: Path) -> None:
    for file in trained.glob("*.safetensors"):
        for name, value in load_file(file).items():
            vector = value.ndim == 1 or min(value.shape) == 1
            expected = torch.float32 if vector and file.name == ADAPTER_WEIGHTS else torch.bfloat16
            assert value.dtype == expected, name


def test_the_table_says_where_each_can_be_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == table().splitlines() and [line.split()[0] for line in lines[1:]] == list(METHODS)
    assert next(line for line in lines if line.startswith("prefix")).split()[-4:] == ["no", "no", "no", "yes"]


def test_what_does_not_fit_together_is_told(
    features: list[Features], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)  # as if it were not installed
    with pytest.raises(ConfigError, match="adalora, dora, full"):
        find_method("lara")
    with pytest.raises(ModelError, match="full model"):
        method_of(tmp_path)
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LOHA"}')
    (tmp_path / ADAPTER_WEIGHTS).write_bytes(b"")
    with pytest.raises(ModelError, match="LOHA"):
        method_of(tmp_path)
    lora = shutil.copytree(Path("finetune/adapter"), tmp_path / "lora")
    for recipe, told in (
        (Recipe("dora"), "trained by lora"),
        (Recipe("lora", track="paper"), "tensorboard, wandb"),
        (Recipe("full", layers=2), "--layers goes with lora, dora and ia3"),
        (Recipe("lora", track="wandb"), "pip install wandb"),
    ):
        with pytest.raises(ConfigError, match=told):
            train(build_base(), features, tmp_path / "out", recipe, start=lora)
    with pytest.raises(ConfigError, match="save memory"):
        train(build_base(), features, tmp_path / "out", Recipe("prefix", save_memory=True))
    with pytest.raises(ModelError, match="no-such-base"):
        train(tmp_path / "no-such-base", features, tmp_path / "out", Recipe())
