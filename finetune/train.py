"""LoRA training on consultations, with TRL and PEFT, packed so that it is fast on a CPU too.

In: `Features` of samples, a base folder and a `Recipe`. Out: a bfloat16 adapter in PEFT's format, with
`training.json` beside it that says how it was made; checkpoints and TensorBoard logs in `checkpoints/`.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file
from torch.optim.lr_scheduler import LambdaLR
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.trainer_utils import get_last_checkpoint
from trl import SFTConfig, SFTTrainer

from errors import DataError
from finetune.attention import ATTENTION, register
from finetune.batches import BeginAlike
from finetune.merge import ADAPTER_WEIGHTS
from finetune.pace import KeepPace, Pace
from finetune.packing import loss, pack
from finetune.samples import Features

BASE_NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. A run ends after `epochs`, or after `minutes` of wall time if that comes first.

    ``Recipe(minutes=60)``; `batch` is samples a step, packed into one sequence; `learning_rate` is the peak.
    """

    rank: int = 32
    learning_rate: float = 1.0e-3
    batch: int = 8
    epochs: float = 3.0
    minutes: float | None = None
    warmup_steps: int = 20
    save_steps: int = 50
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


def train(base: Path, features: Sequence[Features], out: Path, recipe: Recipe, start: Path | None = None) -> Outcome:
    """Train an adapter in `out`, going on from the last checkpoint there; SIGTERM stops it with a checkpoint.

    A new run begins with the adapter in `start` (its rank then counts), or without one from nothing.

    Raises DataError if there are no samples.
    """
    if not features:
        raise DataError("no samples to train on: expected at least one with an assistant message")
    out.mkdir(parents=True, exist_ok=True)
    checkpoints = out / "checkpoints"
    trainer = _trainer(base, features, checkpoints, recipe, start)
    last = get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None
    with trainer.keep.stop_on_signal():
        trainer.train(resume_from_checkpoint=last)
    pace = trainer.keep.pace
    outcome = Outcome(
        finished=not trainer.keep.stop_asked,
        steps=trainer.state.global_step,
        minutes=round(pace.spent, 1),
        loss=round(_last_loss(trainer.state.log_history), 4),
        samples=len(features),
        learnt_tokens=sum(sum(sample.learnt) for sample in features),
    )
    if outcome.finished:
        save_adapter(trainer.model, out)
        facts = {"recipe": asdict(recipe), **asdict(outcome)}
        (out / "training.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return outcome


def save_adapter(model: PeftModel, out: Path) -> None:
    """Write the adapter in bfloat16, half of what it is trained in; the file is whole or not there."""
    model.peft_config["default"].base_model_name_or_path = BASE_NAME  # not where it lay on this machine
    model.save_pretrained(out)
    path = out / ADAPTER_WEIGHTS
    work = path.with_suffix(".tmp")
    save_file({name: value.to(torch.bfloat16) for name, value in load_file(path).items()}, work)
    work.replace(path)
    path.chmod(0o644)
    (out / "README.md").unlink(missing_ok=True)  # PEFT's empty model card


class PackedTrainer(SFTTrainer):  # type: ignore[misc]
    """TRL's trainer with the packed loss and a schedule that follows the clock."""

    keep: KeepPace
    order: BeginAlike

    def _get_train_sampler(self, train_dataset: Any = None) -> BeginAlike:
        return self.order

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """The mean over learnt tokens of this batch; its outputs are never asked for."""
        self.keep.tokens += inputs["input_ids"].numel()
        return loss(model, inputs)

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> LambdaLR:
        """A `Pace` for the steps that the data gives."""
        self.keep.pace.total_steps = num_training_steps
        self.lr_scheduler = LambdaLR(optimizer or self.optimizer, self.keep.pace)
        return self.lr_scheduler


def _trainer(
    base: Path, features: Sequence[Features], checkpoints: Path, recipe: Recipe, start: Path | None
) -> PackedTrainer:
    random.seed(recipe.seed)
    torch.manual_seed(recipe.seed)
    register()
    # Frozen weights in bfloat16 are read by fast matrix units; the adapter itself stays float32, and autocast
    # brings it to bfloat16 where it meets them.
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16, attn_implementation=ATTENTION)
    fresh = LoraConfig(r=recipe.rank, lora_alpha=recipe.rank, target_modules="all-linear", task_type="CAUSAL_LM")
    if start is not None:
        model = PeftModel.from_pretrained(model, start, is_trainable=True)
    keep = KeepPace(Pace(1, recipe.minutes, recipe.warmup_steps))
    tokenizer = AutoTokenizer.from_pretrained(base)
    order = BeginAlike(features, recipe.batch, tokenizer.eos_token_id, recipe.seed)
    trainer = PackedTrainer(
        model=model,
        args=_settings(checkpoints, recipe),
        train_dataset=_dataset(features),
        processing_class=tokenizer,
        data_collator=_collate,
        peft_config=fresh if start is None else None,
        callbacks=[keep, order],
    )
    trainer.keep, trainer.order = keep, order
    for module in trainer.model.modules():
        if isinstance(module, LoraLayer):
            module.cast_input_dtype_enabled = False  # else each input goes to float32 and back
    return trainer


def _settings(checkpoints: Path, recipe: Recipe) -> SFTConfig:
    return SFTConfig(
        output_dir=str(checkpoints),
        per_device_train_batch_size=recipe.batch,
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        adam_beta2=0.99,
        max_grad_norm=1.0,
        bf16=True,
        use_cpu=not torch.cuda.is_available(),
        gradient_checkpointing=False,
        max_length=None,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        dataloader_pin_memory=False,
        logging_steps=5,
        save_steps=recipe.save_steps,
        save_total_limit=2,
        report_to="tensorboard",
        disable_tqdm=True,
        seed=recipe.seed,
    )


def _dataset(features: Sequence[Features]) -> Dataset:
    return Dataset.from_dict(
        {"input_ids": [list(f.ids) for f in features], "learnt": [list(f.learnt) for f in features]}
    )


def _collate(rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
    return pack([Features(row["input_ids"], row["learnt"]) for row in rows])


def _last_loss(history: Sequence[dict[str, float]]) -> float:
    losses = [entry["loss"] for entry in history if "loss" in entry]
    return sum(losses[-10:]) / len(losses[-10:]) if losses else float("nan")
