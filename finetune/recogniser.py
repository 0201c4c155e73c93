"""Training of the recogniser: written consultations in, low-rank changes of the encoder and a head out.

In: consultations with what each message wants. Out: a folder that `agent.guided.recogniser` reads, and figures on
consultations that were held back. The loss is the binary cross-entropy of each wish. Errors: `DataError` for
consultations that cannot be read.
"""

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from finetune.consultations.reading import Consultation

from agent.guided.recogniser.encoder import base, encoded, network, sentence_encoder
from agent.guided.recogniser.situation import Situation

PROPOSING = ("cancel_order", "return_items", "exchange_item", "change_address", "report_problem")
LAYERS = ("query", "key", "value", "dense")  # of the encoder, that get low-rank changes


@dataclass(frozen=True, slots=True)
class Example:
    """A message in its situation, and what it wants."""

    situation: str
    message: str
    wants: frozenset[str]
    language: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train."""

    epochs: int = 8
    rank: int = 16
    batch: int = 32
    learning_rate: float = 1e-3
    seed: int = 7


def examples(consultations: Sequence[Consultation]) -> Iterator[Example]:
    """Every message, in the situation that a perfect agent would have made."""
    for talk in consultations:
        previous, before, has_list, pending = "", tuple[str, ...](), False, ""
        for message in talk.messages:
            now = Situation(previous, before, has_list, pending)
            yield Example(now.text(), message.say, frozenset(message.wants), talk.language)
            called = tuple(call.name for call in message.calls)
            has_list = has_list or "search_products" in called
            proposed = next((name for name in called if name in PROPOSING), "")
            pending = proposed or ("" if called or {"yes", "no"} & set(message.wants) else pending)
            previous, before = message.say, called


def train(samples: Sequence[Example], wishes: Sequence[str], recipe: Recipe, held_back: Sequence[Example]) -> Any:
    """The trained network; after each pass over the samples a line says how it does on what was held back."""
    import torch

    torch.manual_seed(recipe.seed)
    rng = random.Random(recipe.seed)
    encoder, tokenizer = base()
    encoder.requires_grad_(False)
    _make_low_rank(encoder, recipe.rank)
    whole = network(encoder, len(wishes))
    vectors = sentence_encoder()
    sentences = {text: vector for text, vector in _encoded_sentences([*samples, *held_back], vectors)}
    weights = [parameter for parameter in whole.parameters() if parameter.requires_grad]
    steps = recipe.epochs * -(-len(samples) // recipe.batch)
    optimizer = torch.optim.AdamW(weights, lr=recipe.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps, pct_start=0.1)
    loss_of = torch.nn.BCEWithLogitsLoss()

    def logits(part: Sequence[Example]) -> Any:
        batch = encoded(tokenizer, [(each.situation, each.message) for each in part])
        own = torch.stack([torch.from_numpy(sentences[each.message]) for each in part])
        with torch.autocast("cpu", torch.bfloat16):
            return whole(batch, own).float()

    began = time.monotonic()
    for epoch in range(1, recipe.epochs + 1):
        whole.train()
        total, parts = 0.0, _batches(samples, recipe.batch, rng)
        for number, part in enumerate(parts, 1):
            loss = loss_of(logits(part), _targets(part, wishes))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
            if number % 50 == 0:
                print(f"epoch {epoch}, batch {number} of {len(parts)}, loss {total / number:.4f}", flush=True)
        whole.eval()
        with torch.inference_mode():
            chances = torch.cat([torch.sigmoid(logits(part)) for part in _parts(held_back, 64)]).numpy()
        figures = json.dumps(score(chances, held_back, wishes)["all"])
        print(f"epoch {epoch}: loss {total / len(parts):.4f}, held back {figures}, {time.monotonic() - began:.0f} s")
    return whole, chances


def score(chances: Any, samples: Sequence[Example], wishes: Sequence[str]) -> dict[str, Any]:
    """Figures over all samples, by language and by wish: exact sets, the surest wish right, precision and recall."""
    import numpy as np

    truth = np.array([[wish in each.wants for wish in wishes] for each in samples])
    found = chances > 0.5
    languages = np.array([each.language for each in samples])

    def over(rows: Any) -> dict[str, float]:
        exact = float((found[rows] == truth[rows]).all(1).mean())
        surest = float(truth[rows][np.arange(rows.sum()), chances[rows].argmax(1)].mean())
        hits = float((found[rows] & truth[rows]).sum())
        f1 = 2 * hits / max(1.0, float(found[rows].sum() + truth[rows].sum()))
        return {"n": int(rows.sum()), "exact": round(exact, 3), "surest": round(surest, 3), "f1": round(f1, 3)}

    by_wish = {}
    for place, wish in enumerate(wishes):
        hits = float((found[:, place] & truth[:, place]).sum())
        precision, recall = (hits / max(1.0, float(of[:, place].sum())) for of in (found, truth))
        by_wish[wish] = {"n": int(truth[:, place].sum()), "precision": round(precision, 2), "recall": round(recall, 2)}
    figures: dict[str, Any] = {"all": over(languages == languages)}
    figures |= {language: over(languages == language) for language in sorted(set(languages))}
    return figures | {"wishes": by_wish}


def trained_tensors(whole: Any) -> dict[str, Any]:
    """What was trained, by the names that the recogniser reads, in half precision."""
    import torch

    state = {name: tensor.detach().to(torch.float16) for name, tensor in whole.state_dict().items()}
    kept = {name: tensor for name, tensor in state.items() if name.startswith("head.")}
    changes = (name for name in state if name.endswith((".up", ".down")))
    return kept | {name.removeprefix("encoder."): state[name] for name in changes}


def _make_low_rank(encoder: Any, rank: int) -> None:
    import torch

    class LowRank(torch.nn.Module):
        """A layer that stays as it is, and a change of it that is learnt."""

        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner
            self.down = torch.nn.Parameter(torch.randn(rank, inner.in_features) / inner.in_features**0.5)
            self.up = torch.nn.Parameter(torch.zeros(inner.out_features, rank))

        def forward(self, states: Any) -> Any:
            return self.inner(states) + (states @ self.down.T) @ self.up.T

    for module in list(encoder.encoder.modules()):
        for name, child in list(module.named_children()):
            if name in LAYERS and isinstance(child, torch.nn.Linear):
                setattr(module, name, LowRank(child))


def _encoded_sentences(samples: Sequence[Example], encode: Any) -> Iterator[tuple[str, Any]]:
    texts = list(dict.fromkeys(each.message for each in samples))
    for start in range(0, len(texts), 256):
        part = texts[start : start + 256]
        yield from zip(part, encode(part), strict=True)


def _batches(samples: Sequence[Example], size: int, rng: random.Random) -> list[Sequence[Example]]:
    """Shuffled, with texts of like length together: less is padded."""
    shuffled = rng.sample(list(samples), len(samples))
    blocks = (shuffled[start : start + 16 * size] for start in range(0, len(shuffled), 16 * size))
    parts = [part for block in blocks for part in _parts(sorted(block, key=lambda each: len(each.message)), size)]
    return rng.sample(parts, len(parts))


def _parts(samples: Sequence[Example], size: int) -> list[Sequence[Example]]:
    return [samples[start : start + size] for start in range(0, len(samples), size)]


def _targets(part: Sequence[Example], wishes: Sequence[str]) -> Any:
    import torch

    return torch.tensor([[float(wish in each.wants) for wish in wishes] for each in part])
