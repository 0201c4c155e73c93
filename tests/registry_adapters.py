"""Small adapters, samples and suites for the tests of the registry: real files, in the form that training writes."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent

import torch
from safetensors.torch import save_file

from finetune.registry.gate import Gate
from finetune.registry.lineage import trace
from finetune.samples import Sample, write_samples

CONFIG = {"peft_type": "LORA", "base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-Instruct", "use_dora": False}


def make_samples(path: Path, customers: Sequence[str | None]) -> Path:
    """A sample for each customer key, from a consultation of its own."""
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
    write_samples(
        path,
        [
            Sample(messages=messages, meta={"consultation": f"c-{n}"} | ({"customer": key} if key else {}))
            for n, key in enumerate(customers, 1)
        ],
    )
    return path


def make_adapter(folder: Path, value: float, samples: Path | None = None, **config: object) -> Path:
    """An adapter whose weights are `value`; with the lineage that training writes, if there are samples."""
    folder.mkdir(parents=True)
    save_file({"w": torch.full((2, 2), value)}, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({**CONFIG, **config}))
    (folder / "training.json").write_text(json.dumps({"recipe": {"rank": 2}, "steps": 1}))
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "optimizer.pt").write_bytes(b"not kept")
    if samples is not None:
        trace([samples]).write(folder)
    return folder


def gate_of(folder: Path, suites: Sequence[Mapping[str, object]], script: str) -> Gate:
    """A gate whose suites are a real process: `script` sees `suite`, `model` and `arguments`, and sets `metrics`."""
    path = folder / "suite.py"
    before = """
        import argparse, json, sys
        from pathlib import Path
        sys.path.insert(0, str(Path.cwd()))  # the project's own folders
        parser = argparse.ArgumentParser()
        parser.add_argument("suite")
        for name in ("--shop", "--model", "--out", "--limit"):
            parser.add_argument(name)
        parser.add_argument("--json", action="store_true")
        arguments = parser.parse_args()
        suite, model = arguments.suite, arguments.model
    """
    after = """
        print("progress, which is not the result")
        print(json.dumps({"suite": suite, "n": 4, "metrics": metrics, "seconds": 0.1, "model": model}))
    """
    path.write_text("\n".join(map(dedent, (before, script, after))))
    return Gate.model_validate({"suites": suites, "run": (sys.executable, str(path))})
