"""The ways of training, by one option: what each learns, whether it can be merged, and where it can be served.

In: a method's name, or a folder that training left. Out: `METHODS`, PEFT configurations, and opened models. Errors:
ConfigError for an unknown method; ModelError for a folder that is no trained model, or a use that its method does not
allow. The table of `python -m finetune methods` is made of `METHODS`:

- The embedded engine takes one merged GGUF file, so a method that cannot be merged cannot be served there.
- vLLM takes plain LoRA as an adapter beside its base, and everything else merged.
- What cannot be merged runs on transformers alone: ``open_model(base, folder).generate(...)``.

Bottleneck adapters (Houlsby, Pfeiffer) are not among them: PEFT 0.21 has none.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import ConfigError, ModelError, choices

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
MODEL_CONFIG = "config.json"


@dataclass(frozen=True, slots=True)
class Method:
    """One way of training. `size` says what `--rank` counts, `rate` is the peak learning rate if none is given.

    `vllm`: "adapter or merged", "merged" or "no". `packed`: trains on packed batches; otherwise on padded ones.
    """

    name: str
    learns: str
    rate: float
    size: str = "rank"
    merges: bool = True
    vllm: str = "merged"
    packed: bool = True

    @property
    def engine(self) -> str:
        """How the embedded engine serves it."""
        return "merged" if self.merges else "no"


METHODS = {
    method.name: method
    for method in (
        Method("lora", "low-rank changes of all linear layers", 1e-3, vllm="adapter or merged"),
        Method("dora", "low-rank directions and a magnitude for each output", 1e-3),
        Method("adalora", "low-rank changes, their ranks given out where they matter", 2e-3, "mean rank"),
        Method("ia3", "a factor for each key, value and inner activation", 1e-2, "-"),
        Method("prefix", "keys and values in front of the prompt", 1e-2, "tokens", False, "no", packed=False),
        Method("full", "all weights", 2e-5, "-"),
    )
}


def find_method(name: str) -> Method:
    """Raises ConfigError for a name that is none."""
    if name not in METHODS:
        raise ConfigError(f"method {name!r} is none of: {choices(METHODS)}")
    return METHODS[name]


def table() -> str:
    """All methods, for a person."""
    rows = [("method", "learns", "--rank", "rate", "merge", "embedded engine", "vLLM", "transformers")]
    rows += [
        (m.name, m.learns, m.size, f"{m.rate:.0e}", "yes" if m.merges else "no", m.engine, m.vllm, "yes")
        for m in METHODS.values()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def configuration(method: Method, rank: int, steps: int) -> Any:
    """PEFT's configuration of a fresh adapter; None for full training. `steps` is how long AdaLoRA's schedule is."""
    import peft

    match method.name:
        case "lora" | "dora":
            return peft.LoraConfig(
                r=rank, lora_alpha=rank, use_dora=method.name == "dora",
                target_modules="all-linear", task_type="CAUSAL_LM",
            )  # fmt: skip
        case "adalora":  # begins with half as many ranks again as it keeps; its factors are a tenth of LoRA's in size
            return peft.AdaLoraConfig(
                init_r=rank + (rank + 1) // 2, target_r=rank, lora_alpha=32 * rank, tinit=steps // 10, tfinal=0,
                total_step=max(2, steps), target_modules="all-linear", task_type="CAUSAL_LM",
            )  # fmt: skip
        case "ia3":
            return peft.IA3Config(
                target_modules=["k_proj", "v_proj", "down_proj"], feedforward_modules=["down_proj"],
                task_type="CAUSAL_LM",
            )  # fmt: skip
        case "prefix":
            return peft.PrefixTuningConfig(num_virtual_tokens=rank, task_type="CAUSAL_LM")
        case _:
            return None


def method_of(folder: Path) -> Method:
    """How a trained folder was trained. Raises ModelError if it is none, or by no method of these."""
    if (folder / ADAPTER_CONFIG).is_file() and (folder / ADAPTER_WEIGHTS).is_file():
        config = _json(folder / ADAPTER_CONFIG)
        kind = str(config.get("peft_type"))
        name = "dora" if config.get("use_dora") else {"PREFIX_TUNING": "prefix"}.get(kind, kind.lower())
        if name not in METHODS:
            raise ModelError(f"{folder} was trained by {kind}, none of: {choices(METHODS)}")
        return METHODS[name]
    if (folder / MODEL_CONFIG).is_file() and not (folder / ADAPTER_CONFIG).is_file():
        return METHODS["full"]
    raise ModelError(
        f"no adapter in {folder}: expected {ADAPTER_WEIGHTS} and {ADAPTER_CONFIG}, or a full model with {MODEL_CONFIG}"
    )


def require_merging(folder: Path) -> Method:
    """The method of a folder that shall be merged. Raises ModelError if that cannot be done with it."""
    method = method_of(folder)
    if not method.merges:
        able = choices(m.name for m in METHODS.values() if m.merges)
        raise ModelError(
            f"{folder} was trained by {method.name}, which cannot be merged: the embedded engine and vLLM cannot serve "
            f"it, transformers alone can; methods that can be merged: {able}"
        )
    return method


def named_base(folder: Path) -> str | None:
    """The base model that an adapter says it is for; None for a full model, which needs none."""
    if method_of(folder).name == "full":
        return None
    return str(_json(folder / ADAPTER_CONFIG).get("base_model_name_or_path"))


def open_model(base: str | Path, folder: Path | None, trainable: bool = False, **how: Any) -> Any:
    """The base with what was trained in `folder`, as transformers and PEFT give it; `how` goes to `from_pretrained`.

    Raises ModelError if the base cannot be loaded or the adapter does not fit it.
    """
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    full = folder is not None and method_of(folder).name == "full"
    source = folder if full else base
    try:
        model = AutoModelForCausalLM.from_pretrained(source, **how)
    except (ValueError, OSError) as error:
        raise ModelError(f"cannot load a model from {source}: {error}") from error
    if folder is None or full:
        return model
    try:
        return PeftModel.from_pretrained(model, str(folder), is_trainable=trainable)
    except (ValueError, RuntimeError, OSError) as error:
        raise ModelError(f"{folder} does not fit the base model in {base}: {error}") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} should hold an object, not {type(found).__name__}")
    return found
