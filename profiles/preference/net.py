"""The ranker: small networks trained with binary cross-entropy on what was taken next and sampled negatives.

In: `Examples`. Out: chances. Several members that differ in where they started are trained side by side, and their
mean is the answer. Training is seeded, tells its progress, and can be stopped and resumed: after each epoch the
checkpoint is replaced, and a resumed run ends with the same weights as one that was never stopped.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from errors import DataError
from profiles.preference.candidates import Table
from profiles.preference.scorer import Examples, Progress
from profiles.preference.storage import Arrays, read_model, write_model

KIND = "net"
_CHECKPOINT = "net-checkpoint"
_CONSTANT = 1e-4  # a feature that hardly varied in training is not blown up when it does later


@dataclass(frozen=True, slots=True)
class Recipe:
    """How it is trained."""

    hidden: int = 32
    members: int = 4
    epochs: int = 12
    batch: int = 64
    negatives: int = 10
    rate: float = 5e-3
    weight_decay: float = 1e-4
    seed: int = 0


class _Members(nn.Module):
    """`members` networks of one hidden layer each, computed together."""

    def __init__(self, features: int, recipe: Recipe, generator: torch.Generator) -> None:
        super().__init__()
        members, hidden = recipe.members, recipe.hidden

        def drawn(inputs: int, *shape: int) -> nn.Parameter:
            return nn.Parameter((torch.rand(*shape, generator=generator) * 2 - 1) / inputs**0.5)

        self.into = drawn(features, members, features, hidden)
        self.into_bias = drawn(features, members, 1, hidden)
        self.out = drawn(hidden, members, hidden, 1)
        self.out_bias = drawn(hidden, members, 1, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """Rows x features in, members x rows of logits out."""
        hidden = torch.relu(torch.matmul(rows, self.into) + self.into_bias)
        return (torch.matmul(hidden, self.out) + self.out_bias).squeeze(-1)


class Net:
    """A `Scorer`."""

    kind = KIND

    def __init__(self, recipe: Recipe | None = None) -> None:
        self.recipe = recipe or Recipe()
        self._members: _Members | None = None
        self._mean = self._deviation = self._least = self._most = np.zeros(0, dtype=np.float32)

    def fit(
        self, examples: Examples, *, checkpoint: Path | None = None, progress: Progress = lambda line: None
    ) -> None:
        """Raises DataError without examples."""
        if not len(examples.taken):
            raise DataError("no examples to train on: no customer's next item is among the candidates")
        recipe = self.recipe
        self._mean = examples.rows.mean(axis=0)
        self._least, self._most = examples.rows.min(axis=0), examples.rows.max(axis=0)
        spread = examples.rows.std(axis=0)
        self._deviation = np.where(spread < _CONSTANT, np.float32(1), spread)
        self._members = members = self._fresh(examples.rows.shape[1])
        optimizer = torch.optim.AdamW(members.parameters(), recipe.rate, weight_decay=recipe.weight_decay)
        digest = self._digest(examples)
        done = _resume(checkpoint, digest, members, optimizer)
        if done:
            progress(f"goes on after epoch {done} of {recipe.epochs}")
        for epoch in range(done, recipe.epochs):
            _set_rate(optimizer, recipe.rate * 0.5 * (1 + np.cos(np.pi * epoch / recipe.epochs)))
            loss = self._epoch(examples, members, optimizer, np.random.default_rng([recipe.seed, epoch]))
            if checkpoint is not None:
                _keep(checkpoint, digest, epoch + 1, members, optimizer)
            progress(f"epoch {epoch + 1} of {recipe.epochs}: loss {loss:.4f}")

    def score(self, rows: Table) -> NDArray[np.float64]:
        if self._members is None:
            raise DataError("the ranker is not trained yet")
        with torch.no_grad():
            logits: Tensor = self._members(self._scaled(rows))
        return torch.sigmoid(logits.double().mean(dim=0)).numpy()

    def state(self) -> tuple[dict[str, Any], Arrays]:
        arrays: Arrays = {
            "mean": self._mean, "deviation": self._deviation, "least": self._least, "most": self._most,
        }  # fmt: skip
        if self._members is not None:
            arrays |= {name: value.numpy() for name, value in self._members.state_dict().items()}
        return {"recipe": asdict(self.recipe)}, arrays

    @classmethod
    def from_state(cls, header: Mapping[str, Any], arrays: Arrays) -> "Net":
        net = cls(Recipe(**header["recipe"]))
        net._mean, net._deviation, net._least, net._most = (
            arrays[name] for name in ("mean", "deviation", "least", "most")
        )
        if len(net._mean):
            net._members = net._fresh(len(net._mean))
            _put(net._members, arrays, "")
        return net

    def _fresh(self, features: int) -> _Members:
        return _Members(features, self.recipe, torch.Generator().manual_seed(self.recipe.seed))

    def _scaled(self, rows: Table) -> Tensor:
        # What lies outside what was trained on counts as its edge: an item nobody took yet, as one that few took.
        return torch.from_numpy((np.clip(rows, self._least, self._most) - self._mean) / self._deviation)

    def _epoch(
        self, examples: Examples, members: _Members, optimizer: torch.optim.Optimizer, rng: np.random.Generator
    ) -> float:
        recipe, total, order = self.recipe, 0.0, rng.permutation(len(examples.taken))
        target = torch.zeros(1 + recipe.negatives)
        target[0] = 1.0
        size = min(recipe.batch, max(8, len(order) // 16))  # few examples are seen in many steps all the same
        for at in range(0, len(order), size):
            batch = order[at : at + size]
            rows = examples.sample(batch, recipe.negatives, rng.random((len(batch), recipe.negatives)))
            logits: Tensor = members(self._scaled(examples.rows[rows.ravel()]))
            wanted = target.repeat(len(batch)).expand_as(logits)
            # A sum over members: each learns as if it were alone.
            loss = nn.functional.binary_cross_entropy_with_logits(logits, wanted) * recipe.members
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += float(loss.detach()) / recipe.members * len(batch)
        return total / len(order)

    def _digest(self, examples: Examples) -> str:
        """Of what a checkpoint must agree with."""
        parts = [json.dumps(asdict(self.recipe), sort_keys=True).encode()]
        parts += [np.ascontiguousarray(one).tobytes() for one in (examples.rows, examples.starts, examples.taken)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = float(rate)


def _keep(path: Path, digest: str, epoch: int, members: _Members, optimizer: torch.optim.Optimizer) -> None:
    arrays: Arrays = {f"weight/{name}": value.numpy() for name, value in members.state_dict().items()}
    for number, slots in optimizer.state_dict()["state"].items():
        arrays |= {f"slot/{number}/{name}": value.numpy() for name, value in slots.items()}
    write_model(path, _CHECKPOINT, {"digest": digest, "epoch": epoch}, arrays)


def _resume(path: Path | None, digest: str, members: _Members, optimizer: torch.optim.Optimizer) -> int:
    """Epochs that the checkpoint has behind it; 0 where there is none for these examples and settings."""
    if path is None or not path.exists():
        return 0
    header, arrays = read_model(path, _CHECKPOINT)
    if header["digest"] != digest:
        return 0
    _put(members, arrays, "weight/")
    state = optimizer.state_dict()
    slots: dict[int, dict[str, Tensor]] = {}
    for name, value in arrays.items():
        if name.startswith("slot/"):
            _, number, slot = name.split("/")
            slots.setdefault(int(number), {})[slot] = torch.from_numpy(value)
    optimizer.load_state_dict({**state, "state": slots})
    return int(header["epoch"])


def _put(members: _Members, arrays: Arrays, prefix: str) -> None:
    members.load_state_dict({name: torch.from_numpy(arrays[prefix + name]) for name in members.state_dict()})
