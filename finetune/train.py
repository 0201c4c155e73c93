"""Training on consultations, by any method of `methods.py`, packed so that it is fast on a CPU too.

In: `Features` of samples, a base and a `Recipe`. Out: a bfloat16 adapter in PEFT's format (a whole model, if all
weights were trained), with `training.json` beside it that says how it was made; checkpoints and logs in `checkpoints/`.
Several processes under `accelerate launch` train together. Errors: ConfigError for settings that do not fit together,
DataError without samples, those of opening the base.
"""

import importlib.util
import json
import math
import os
import random
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from peft import PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch.optim.lr_scheduler import LambdaLR
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from errors import ConfigError, DataError, choices
from finetune.attention import ATTENTION, register
from finetune.base import TURN_END, base_name, open_tokenizer
from finetune.batches import BeginAlike
from finetune.methods import ADAPTER_WEIGHTS, Method, configuration, find_method, method_of, open_model
from finetune.packing import pack, pad
from finetune.samples import Features
from finetune.schedule import KeepPace, Pace

TRACKERS = ("tensorboard", "wandb", "none")
_LAYER = re.compile(r"\.layers\.(\d+)\.")  # in a parameter's name


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. A run ends after `epochs`, or after `minutes` of wall time if that comes first.

    ``Recipe(minutes=60)``; `batch` is samples a process computes at once, packed into one sequence, and `accumulate`
    how many such batches make a step; `learning_rate` is the peak, None the method's own; `layers` is how many of the
    last layers are changed, None all: what lies below is only computed forward, and not kept; `save_memory` computes
    activations twice instead of keeping them.
    """

    method: str = "lora"
    rank: int = 32
    learning_rate: float | None = None
    batch: int = 8
    accumulate: int = 1
    epochs: float = 3.0
    minutes: float | None = None
    warmup_steps: int = 20
    layers: int | None = None
    save_steps: int = 50
    save_memory: bool = False
    track: str = "tensorboard"
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did; `finished` is false if it was stopped on request and can go on from its checkpoint."""

    finished: bool
    steps: int
    minutes: float
    loss: float
    samples: int
    learnt_tokens: int


def train(
    base: str | Path, features: Sequence[Features], out: Path, recipe: Recipe, start: Path | None = None
) -> Outcome:
    """Train in `out`, going on from the last checkpoint there; SIGTERM stops it with a checkpoint.

    A new run begins with what was trained in `start` (its rank then counts), or without it from nothing.

    Raises DataError if there are no samples.
    """
    if not features:
        raise DataError("no samples to train on: expected at least one with an assistant message")
    method = find_method(recipe.method)
    order = BeginAlike(features, recipe.batch, _turn_end(base), recipe.seed, by_length=not method.packed)
    collate = pack if method.packed else pad
    trainer = open_trainer(LanguageTrainer, base, list(features), collate, order, out, recipe, start)
    return run(trainer, base, out, sum(sum(sample.learnt) for sample in features))


class LanguageTrainer(Trainer):  # type: ignore[misc]
    """Transformers' trainer, with our order of samples and a schedule that follows the clock."""

    keep: KeepPace
    order: BeginAlike
    recipe: Recipe

    def compute_loss(self, model: Any, inputs: Any, *how: Any, **more: Any) -> Any:
        """The mean over learnt tokens of a whole step, over all its batches and processes."""
        self.keep.tokens += inputs["input_ids"].numel()
        return super().compute_loss(model, inputs, *how, **more)

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> LambdaLR:
        """A `Pace` for the steps that the data gives."""
        self.keep.pace.total_steps = num_training_steps
        self.lr_scheduler = LambdaLR(optimizer or self.optimizer, self.keep.pace)
        return self.lr_scheduler

    def _get_train_sampler(self, train_dataset: Any = None) -> BeginAlike:
        return self.order


Kind = TypeVar("Kind", bound=LanguageTrainer)


class GiveOutRanks(TrainerCallback):  # type: ignore[misc]
    """AdaLoRA's schedule, which follows the clock as the learning rate does."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._begun = False

    def on_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """After the weights moved and before the gradients go: what mattered least loses its rank."""
        self._begun = True
        config = model.peft_config["default"]
        model.base_model.update_and_allocate(int((config.total_step - 1) * self._pace.progress(state.global_step)))
        config.rank_pattern = None  # else a checkpoint leaves out what may still get a rank, and cannot be loaded

    def on_train_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """The last word, which also says in the configuration who has how many."""
        if self._begun:
            model.base_model.update_and_allocate(model.peft_config["default"].total_step)


def open_trainer(
    kind: type[Kind],
    base: str | Path,
    data: Sequence[Any],
    collate: Callable[[Any], Any],
    order: BeginAlike,
    out: Path,
    recipe: Recipe,
    start: Path | None,
) -> Kind:
    """A trainer of that kind, with a model to train. Raises ConfigError for a recipe that cannot be followed."""
    method = find_method(recipe.method)
    _check(method, recipe, start)
    if recipe.learning_rate is None:
        recipe = replace(recipe, learning_rate=method.rate)
    random.seed(recipe.seed)
    torch.manual_seed(recipe.seed)
    out.mkdir(parents=True, exist_ok=True)
    keep = KeepPace(Pace(1, recipe.minutes, recipe.warmup_steps))
    steps = math.ceil(math.ceil(len(data) / recipe.batch) / recipe.accumulate * recipe.epochs)
    trainer = kind(
        model=_model(method, base, recipe, start, steps),
        args=_settings(out / "checkpoints", recipe),
        train_dataset=data,
        processing_class=open_tokenizer(base),
        data_collator=collate,
        callbacks=[keep, order, *([GiveOutRanks(keep.pace)] if method.name == "adalora" else [])],
    )
    trainer.remove_callback(PrinterCallback)  # KeepPace prints
    trainer.keep, trainer.order, trainer.recipe = keep, order, recipe
    return trainer


def run(trainer: LanguageTrainer, base: str | Path, out: Path, learnt_tokens: int) -> Outcome:
    """Train from the last checkpoint on; at the end, save."""
    with trainer.keep.stop_on_signal():
        trainer.train(resume_from_checkpoint=_last_whole(out / "checkpoints"))
    outcome = Outcome(
        finished=not trainer.keep.stop_asked,
        steps=trainer.state.global_step,
        minutes=round(trainer.keep.pace.spent, 1),
        loss=round(_last_loss(trainer.state.log_history), 4),
        samples=len(trainer.train_dataset),
        learnt_tokens=learnt_tokens,
    )
    if outcome.finished and trainer.is_world_process_zero():
        save(trainer.model, trainer.processing_class, base_name(base), out)
        facts = {"recipe": asdict(trainer.recipe), "base": base_name(base), **asdict(outcome)}
        (out / "training.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return outcome


def save(model: Any, tokenizer: Any, base: str, out: Path) -> None:
    """Write the adapter, or the whole model; each file is whole or not there.

    Matrices are kept in bfloat16, half of what they are trained in; vectors (magnitudes, factors near 1) in float32.
    """
    with tempfile.TemporaryDirectory(prefix=".saving-", dir=out) as folder:
        work = Path(folder)
        if isinstance(model, PeftModel):
            model.peft_config["default"].base_model_name_or_path = base
            model.save_pretrained(work, save_embedding_layers=False)
            (work / "README.md").unlink(missing_ok=True)  # PEFT's empty model card
            weights = load_file(work / ADAPTER_WEIGHTS)
            save_file({name: _half(value) for name, value in weights.items()}, work / ADAPTER_WEIGHTS)
        else:
            model.to(torch.bfloat16).save_pretrained(work)
            tokenizer.save_pretrained(work)
        for file in sorted(work.iterdir()):
            file.chmod(0o644)
            file.replace(out / file.name)


def has_bfloat16() -> bool:
    """Whether the GPU, or without one the processor, computes in bfloat16 itself."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return any(has for name, has in torch.cpu.get_capabilities().items() if "bf16" in name)


def _check(method: Method, recipe: Recipe, start: Path | None) -> None:
    if recipe.track not in TRACKERS:
        raise ConfigError(f"tracker {recipe.track!r} is none of: {choices(TRACKERS)}")
    if recipe.track == "wandb" and importlib.util.find_spec("wandb") is None:
        raise ConfigError("tracking in W&B needs its package: pip install wandb")
    if recipe.layers is not None and method.name not in ("lora", "dora", "ia3"):
        raise ConfigError(f"--layers goes with lora, dora and ia3, not with {method.name}")
    if recipe.save_memory and method.name == "prefix":
        raise ConfigError("prefix tuning cannot save memory by computing activations twice: leave --save-memory out")
    if start is not None and (begun := method_of(start)) is not method:
        raise ConfigError(f"{start} was trained by {begun.name}: go on by --method {begun.name}, not {method.name}")
    if start is not None and method.name == "adalora":
        raise ConfigError(f"the ranks in {start} are given out: AdaLoRA cannot begin there, only from nothing")


def _model(method: Method, base: str | Path, recipe: Recipe, start: Path | None, steps: int) -> Any:
    # Frozen weights in bfloat16 are read by fast matrix units; the adapter itself stays float32, and autocast brings it
    # to bfloat16 where it meets them. Weights that are trained are float32: small changes vanish in bfloat16.
    half = has_bfloat16() and method.name != "full"
    how = {"attn_implementation": ATTENTION} if method.packed else {}
    register()
    model = open_model(base, start, trainable=True, dtype=torch.bfloat16 if half else torch.float32, **how)
    adapter = configuration(method, recipe.rank, steps)
    if adapter is not None and start is None:
        try:
            model = get_peft_model(model, adapter)
        except ValueError as error:
            raise ConfigError(f"{base} has no layers that {method.name} could change: {error}") from error
    if method.name == "prefix" and start is None:
        for encoder in model.prompt_encoder.values():
            encoder.embedding.weight.data.mul_(0.1)  # as large as PEFT draws them, they drown the prompt
    if recipe.layers is not None:
        keep_below(model, recipe.layers)
    if method.name == "lora":
        for module in model.modules():
            if hasattr(module, "cast_input_dtype_enabled"):
                module.cast_input_dtype_enabled = False  # else each input goes to float32 and back
    return model


def keep_below(model: Any, layers: int) -> None:
    """Let training change nothing below the last `layers` layers."""
    first = model.config.num_hidden_layers - layers
    for name, weights in model.named_parameters():
        layer = _LAYER.search(name)
        if layer is not None and int(layer.group(1)) < first:
            weights.requires_grad = False


def _settings(checkpoints: Path, recipe: Recipe) -> TrainingArguments:
    on_gpu, together = torch.cuda.is_available(), "WORLD_SIZE" in os.environ
    return TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=recipe.batch,
        gradient_accumulation_steps=recipe.accumulate,
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        adam_beta2=0.99,
        max_grad_norm=1.0,
        bf16=has_bfloat16(),
        use_cpu=not on_gpu,
        ddp_backend="gloo" if together and not on_gpu else None,
        ddp_find_unused_parameters=False,
        activation_checkpointing=recipe.save_memory,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        logging_steps=5,
        save_steps=recipe.save_steps,
        save_total_limit=2,
        report_to=recipe.track,
        run_name=checkpoints.parent.name,
        disable_tqdm=True,
        seed=recipe.seed,
    )


def _last_whole(checkpoints: Path) -> str | None:
    """The newest checkpoint that was written to its end: the trainer's state is its last file."""
    whole = [path.parent for path in checkpoints.glob("checkpoint-*/trainer_state.json") if path.stat().st_size]
    return str(max(whole, key=lambda path: int(path.name.rpartition("-")[2]))) if whole else None


def _turn_end(base: str | Path) -> int:
    return int(open_tokenizer(base).convert_tokens_to_ids(TURN_END))


def _half(value: torch.Tensor) -> torch.Tensor:
    return value if value.ndim == 1 or min(value.shape) == 1 else value.to(torch.bfloat16)


def _last_loss(history: Sequence[dict[str, float]]) -> float:
    losses = [entry["loss"] for entry in history if "loss" in entry]
    return sum(losses[-10:]) / len(losses[-10:]) if losses else float("nan")
