"""Training runs on a tiny base, named by its folder: killed and gone on, by two processes, in small batches, logged."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from errors import ConfigError
from finetune.__main__ import main
from finetune.base import build_base, open_tokenizer
from finetune.merge import merge
from finetune.methods import ADAPTER_WEIGHTS, open_model
from finetune.packing import pack
from finetune.samples import Features, encode, write_samples
from finetune.train import Recipe, train
from tests.finetune_base import exchange, tiny_base

RECIPE = Recipe(rank=4, batch=2, epochs=2, warmup_steps=0, track="none")
ENVIRONMENT = {**os.environ, "OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("tiny") / "base")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("samples") / "samples.jsonl"
    write_samples(path, [exchange(f"Where is order {n}?", "On its way. " * (1 + n % 3)) for n in range(8)])
    return path


@pytest.fixture(scope="module")
def features(base: Path) -> list[Features]:
    tokenizer = open_tokenizer(base)
    return [encode(tokenizer, exchange(f"Order {n}?", "It is on its way. " * (1 + n % 2)), 64) for n in range(4)]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = load_file(folder / ADAPTER_WEIGHTS)
    return found


def test_a_run_that_was_killed_goes_on_from_its_last_whole_checkpoint(
    base: Path, samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["train", "--base", str(base), "--samples", str(samples), "--out", str(out), "--save-steps", "3"]
    command += ["--batch", "2", "--rank", "4", "--track", "none"]
    run = subprocess.Popen(
        [sys.executable, "-m", "finetune", *command, "--epochs", "5000"], env=ENVIRONMENT, stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 240
        while not (out / "checkpoints" / "checkpoint-6" / "trainer_state.json").exists() and run.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert not (out / ADAPTER_WEIGHTS).exists()
    reached = max(
        int(path.parent.name.split("-")[1]) for path in out.glob("checkpoints/checkpoint-*/trainer_state.json")
    )
    half = out / "checkpoints" / f"checkpoint-{reached + 3}"  # as if it had been killed while it wrote one
    half.mkdir(exist_ok=True)
    epochs = reached // 4 + 2
    assert main([*command, "--epochs", str(epochs)]) == 0
    facts = json.loads((out / "training.json").read_text())
    assert facts["steps"] == 4 * epochs and facts["base"] == str(base) and facts["recipe"]["method"] == "lora"
    assert f"step {reached - reached % 5 + 5}/" in capsys.readouterr().out  # the first line after the resume
    merged = merge(out, tmp_path / "merged")  # finds its base by itself
    assert (merged / "chat_template.jinja").exists() and json.loads((merged / "config.json").read_text())


def test_two_processes_train_together(base: Path, samples: Path, tmp_path: Path) -> None:
    """As `accelerate launch` starts them on GPUs: through torchrun, which it does not use for processors."""
    out = tmp_path / "out"
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--rdzv_backend", "c10d"]
    launch += ["--rdzv_endpoint", "127.0.0.1:0", "--no_python", sys.executable]
    command = ["-m", "finetune", "train", "--base", str(base), "--samples", str(samples), "--out", str(out)]
    command += ["--batch", "2", "--rank", "4", "--epochs", "1", "--minutes", "5", "--track", "none"]
    done = subprocess.run([*launch, *command], env=ENVIRONMENT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads((out / "training.json").read_text())["steps"] == 2  # 8 samples, 2 at once, by 2
    assert done.stdout.count("8 samples") == 1
    alone = tmp_path / "alone"  # the same steps by one process
    assert main([*command[2:7], "--out", str(alone), *command[9:], "--accumulate", "2"]) == 0
    for name, value in weights(alone).items():
        torch.testing.assert_close(weights(out)[name], value, rtol=0.1, atol=1e-3)


def test_batches_that_are_accumulated_train_as_one(base: Path, features: list[Features], tmp_path: Path) -> None:
    together = replace(RECIPE, batch=4, learning_rate=1e-2)
    train(base, features, tmp_path / "together", together)
    train(base, features, tmp_path / "apart", replace(together, batch=1, accumulate=4))
    for name, value in weights(tmp_path / "together").items():
        torch.testing.assert_close(weights(tmp_path / "apart")[name], value, rtol=0.1, atol=2e-3)


def test_memory_saved_changes_nothing_else(base: Path, features: list[Features], tmp_path: Path) -> None:
    train(base, features, tmp_path / "kept", RECIPE)
    train(base, features, tmp_path / "again", replace(RECIPE, save_memory=True))
    for name, value in weights(tmp_path / "kept").items():
        torch.testing.assert_close(weights(tmp_path / "again")[name], value, rtol=0.1, atol=1e-3)


def test_without_bfloat16_it_trains_in_float32(
    base: Path, features: list[Features], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = []

    def opened(*where: Any, **how: Any) -> Any:
        kinds.append(how["dtype"])
        return open_model(*where, **how)

    monkeypatch.setattr("finetune.train.has_bfloat16", lambda: False)
    monkeypatch.setattr("finetune.train.open_model", opened)
    assert train(base, features, tmp_path, RECIPE).finished
    assert kinds == [torch.float32] and weights(tmp_path)


def test_tensorboard_gets_the_curve_by_default(base: Path, features: list[Features], tmp_path: Path) -> None:
    train(base, features, tmp_path, replace(RECIPE, track=Recipe().track, epochs=3))
    assert list(tmp_path.glob("checkpoints/**/events.out.tfevents.*"))


def test_adalora_keeps_its_ranks_over_a_stop(
    base: Path, features: list[Features], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(RECIPE, method="adalora", batch=1, epochs=5)
    calls = 0

    def stop_at_ten(samples: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 10:
            os.kill(os.getpid(), signal.SIGTERM)
        return pack(samples)

    with monkeypatch.context() as patch:
        patch.setattr("finetune.train.pack", stop_at_ten)
        assert not train(base, features, tmp_path, recipe).finished
    assert train(base, features, tmp_path, recipe).steps == 20
    pattern = json.loads((tmp_path / "adapter_config.json").read_text())["rank_pattern"]
    kept = sum(sum(ranks) for ranks in pattern.values())
    assert kept == 4 * len(pattern)  # on average the rank that was asked for


def test_settings_that_cannot_be_are_refused(
    base: Path, samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "--base", str(base), "--samples", str(samples), "--out", str(tmp_path)]
    assert main([*command, "--batch", "0"]) == 2 and "--batch 0" in capsys.readouterr().err
    assert main(["train", "--base", str(tmp_path / "none"), *command[3:]]) == 6
    other = tmp_path / "other"
    open_tokenizer(build_base()).save_pretrained(other)
    table = json.loads((other / "tokenizer.json").read_text())
    table["added_tokens"] = [token for token in table["added_tokens"] if "im_" not in token["content"]]
    table["model"]["vocab"] = {token: n for token, n in table["model"]["vocab"].items() if "im_" not in token}
    (other / "tokenizer.json").write_text(json.dumps(table))
    settings = json.loads((other / "tokenizer_config.json").read_text())
    plain = {name: value for name, value in settings.items() if "im_" not in json.dumps(value)}
    (other / "tokenizer_config.json").write_text(json.dumps(plain))
    with pytest.raises(ConfigError, match="ChatML"):
        open_tokenizer(other)
