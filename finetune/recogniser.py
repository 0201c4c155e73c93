"""Training of the recogniser: written consultations in, low-rank changes of the upper encoder and a head out.

In: consultations with what each message wants, and what was trained before, if it is to learn more. Out: a folder that
`agent.guided.recogniser` reads, and figures on consultations that were held back. The loss is the binary cross-entropy
of each wish. Errors: `DataError` for consultations that cannot be read, and for weights of other labels.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from agent.guided.recogniser.encoder import (
    Lower,
    Settings,
    bag,
    lower_and_network,
    lower_and_trained,
    read_settings,
    write,
)
from agent.guided.recogniser.labels import LABELS, NOTE, STATED, STATED_OF_OTHER, WISHES, without_previous
from errors import DataError
from finetune.consultations.written import SPLITS, WRITTEN, consultations
from finetune.recogniser_examples import Example, examples
from finetune.train import has_bfloat16
from retrieval.sentence_encoder import sentence_vectors

CHECKPOINTS = Path("runs/recogniser")
_Item = TypeVar("_Item")
_Key = tuple[tuple[str, str], str]  # situation and message, and the marked words
UPPER = "upper."  # begins the names of the encoder's layers in the network
_AT_ONCE = 64
_STANDARD = 1000  # samples from which the head's numbers are standardised


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. `start`: a folder with what was trained before, which learns more, and at half the pace."""

    epochs: int = 4
    rank: int = 48
    batch: int = 16
    learning_rate: float = 1e-4
    head_rate: float = 3e-3
    seed: int = 7
    start: str = ""

    @property
    def rates(self) -> tuple[float, float]:
        """Of the encoder, and of the head."""
        pace = 0.5 if self.start else 1.0
        return self.learning_rate * pace, self.head_rate * pace


def train(
    samples: Sequence[Example], labels: Sequence[str], recipe: Recipe, held_back: Sequence[Example], checkpoint: Path
) -> Any:
    """The trained network; after each pass over the samples a line says how it does on what was held back.

    What was learnt is then kept in the file `checkpoint`: a training that was stopped goes on from there.
    """
    import torch

    torch.manual_seed(recipe.seed)
    lower, whole = lower_and_trained(Path(recipe.start)) if recipe.start else lower_and_network(len(labels))
    read = Read.of([*samples, *held_back], lower)
    learners = [list(group) for group in _upper_and_head(whole)]
    steps = recipe.epochs * -(-len(samples) // recipe.batch)
    groups = [{"params": part, "lr": rate} for part, rate in zip(learners, recipe.rates, strict=True)]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [*recipe.rates], total_steps=steps, pct_start=0.1)
    loss_of = torch.nn.BCEWithLogitsLoss()

    def logits(part: Sequence[Example]) -> Any:
        with _fast():
            return whole(*read.batch(part)).float()

    state = Checkpoint(checkpoint, {"recipe": asdict(recipe), "samples": len(samples)})
    done = state.restore(whole, optimizer, schedule)
    if not (done or recipe.start):
        _standardise(whole, read, samples[:: max(1, len(samples) // _STANDARD)])
    began, chances = time.monotonic(), None
    for epoch in range(done + 1, recipe.epochs + 1):
        rng = random.Random(f"{recipe.seed} {epoch}")
        whole.train()
        total, parts = 0.0, _batches(samples, recipe.batch, rng, read.length)
        for number, part in enumerate(parts, 1):
            loss = loss_of(logits(part), _targets(part, labels))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([*learners[0], *learners[1]], 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
            if number % 50 == 0:
                print(f"epoch {epoch}, batch {number} of {len(parts)}, loss {total / number:.4f}", flush=True)
        chances = _chances(whole, held_back, logits, len(labels))
        figures = score(chances, held_back, labels)
        told = ", ".join(f"{of} {json.dumps(figures[of])}" for of in ("all", "several", "notes"))
        print(
            f"epoch {epoch}: loss {total / len(parts):.4f}, held back {told}, {time.monotonic() - began:.0f} s",
            flush=True,
        )
        state.keep(epoch, whole, optimizer, schedule)
    return whole, _chances(whole, held_back, logits, len(labels)) if chances is None else chances


@dataclass(frozen=True, slots=True)
class Read:
    """What the parts of the recogniser that are not trained read from texts, once for all passes.

    `states` by pair of texts: states of its pieces (half precision) and which of them are the message's and marked;
    `sentences`: vectors of texts.
    """

    states: Mapping[_Key, tuple[Any, Any]]
    sentences: Mapping[str, Any]

    @classmethod
    def of(cls, samples: Sequence[Example], lower: Lower) -> "Read":
        """Read all of these; it is told how far that is."""
        pairs = list(dict.fromkeys(map(_key, samples)))
        pairs.sort(key=lambda pair: len(pair[0][0]) + len(pair[0][1]))
        return cls(dict(_read_states(pairs, lower)), dict(_read_sentences(samples)))

    def batch(self, part: Sequence[Example]) -> tuple[Any, ...]:
        """What the network takes."""
        import numpy as np
        import torch

        read = [self.states[_key(each)] for each in part]
        pad = partial(torch.nn.utils.rnn.pad_sequence, batch_first=True)
        states = pad([states for states, _ in read]).float()
        mask, of_message = pad([torch.ones_like(of) for _, of in read]), pad([of for _, of in read])
        texts = [(each.message, without_previous(each.situation)) for each in part]
        sentences = np.stack([np.concatenate([self.sentences[text] for text in pair]) for pair in texts])
        return states, mask, of_message, torch.from_numpy(sentences), *bag([each.message for each in part])

    def length(self, sample: Example) -> int:
        """Its pieces."""
        return len(self.states[_key(sample)][1])


def _key(sample: Example) -> _Key:
    return (sample.situation, sample.message), sample.marked


def _read_states(pairs: Sequence[_Key], lower: Lower) -> Iterator[tuple[_Key, tuple[Any, Any]]]:
    import torch

    for start in range(0, len(pairs), _AT_ONCE):
        part = pairs[start : start + _AT_ONCE]
        with torch.inference_mode(), _fast():
            batch = lower.encoded([pair for pair, _ in part], [words for _, words in part])
            states = lower.states(batch).half()
        for place, (pair, words) in enumerate(part):
            length = int(batch.mask[place].sum())
            yield (pair, words), (states[place, :length].clone(), batch.part[place, :length].clone())
        if start % (_AT_ONCE * 50) == 0:
            print(f"read {start} of {len(pairs)} texts", flush=True)


def _read_sentences(samples: Sequence[Example]) -> Iterator[tuple[str, Any]]:
    texts = list(dict.fromkeys(text for each in samples for text in (each.message, without_previous(each.situation))))
    for part in _parts(texts, 256):
        yield from zip(part, sentence_vectors(part), strict=True)


def _fast() -> Any:
    """Half precision where the processor has it; elsewhere it takes a hundred times as long."""
    import torch

    return torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16())


def _upper_and_head(whole: Any) -> Iterator[Iterator[Any]]:
    """The parameters that learn slowly, and those that learn fast."""
    for is_upper in (True, False):
        yield (
            parameter
            for name, parameter in whole.named_parameters()
            if parameter.requires_grad and name.startswith(UPPER) == is_upper
        )


def _standardise(whole: Any, read: Read, samples: Sequence[Example]) -> None:
    """Give the head vectors around zero: as they come, all are nearly the same."""
    import torch

    whole.eval()
    with torch.inference_mode(), _fast():
        vectors = torch.cat([whole.pooled(*read.batch(part)[:3]) for part in _parts(samples, 64)])
    whole.centre.data, whole.spread.data = vectors.mean(0), vectors.std(0) + 1e-3


def _chances(whole: Any, samples: Sequence[Example], logits: Callable[[Sequence[Example]], Any], labels: int) -> Any:
    """Probabilities (samples, labels)."""
    import numpy as np
    import torch

    whole.eval()
    with torch.inference_mode():
        read = [torch.sigmoid(logits(part)) for part in _parts(samples, 64)]
    return torch.cat(read).numpy() if read else np.zeros((0, labels))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was learnt until the end of a pass. `of` is what it belongs to: with other samples nothing is taken over."""

    path: Path
    of: Mapping[str, Any]

    def keep(self, epoch: int, *learners: Any) -> None:
        """Of a network, its optimizer, its schedule."""
        import torch

        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        torch.save({"of": dict(self.of), "epoch": epoch, "states": [each.state_dict() for each in learners]}, fresh)
        fresh.replace(self.path)

    def restore(self, *learners: Any) -> int:
        """The pass after which it was kept; 0 where there is none."""
        import torch

        kept = torch.load(self.path, weights_only=True) if self.path.exists() else {}
        if kept.get("of") != self.of:
            return 0
        for learner, state in zip(learners, kept["states"], strict=True):
            learner.load_state_dict(state)
        return int(kept["epoch"])


def score(chances: Any, samples: Sequence[Example], labels: Sequence[str]) -> dict[str, Any]:
    """Figures of wishes, over all messages, those with several and by language, of notes, and by label.

    Of wishes: exact sets, and whether the surest is right; of notes: whether they are judged right. Precision and
    recall are of all.
    """
    import numpy as np

    truth = np.array([[label in each.wants for label in labels] for each in samples], dtype=bool).reshape(chances.shape)
    found = chances >= 0.5
    wishes = np.array([label in WISHES for label in labels])
    stated = np.array([label in (STATED, STATED_OF_OTHER) for label in labels])
    of_notes = np.array([each.situation.startswith(NOTE) for each in samples], dtype=bool)
    languages = np.array([each.language for each in samples])

    def of_wishes(rows: Any) -> dict[str, float]:
        is_right = truth[rows][:, wishes]
        surest = is_right[np.arange(rows.sum()), chances[rows][:, wishes].argmax(1)]
        exact = (found[rows][:, wishes] == is_right).all(1)
        return {"n": int(rows.sum()), "exact": _share(exact), "surest": _share(surest)}

    judged = (found[of_notes][:, stated] == truth[of_notes][:, stated]).all(1)
    wrongly = found[of_notes][:, stated].any(1) & ~truth[of_notes][:, stated].any(1)
    figures: dict[str, Any] = {"all": of_wishes(~of_notes)}
    figures["several"] = of_wishes(~of_notes & (truth[:, wishes].sum(1) > 1))
    figures |= {language: of_wishes(~of_notes & (languages == language)) for language in sorted(set(languages))}
    figures["notes"] = {"n": int(of_notes.sum()), "right": _share(judged), "wrongly_kept": _share(wrongly)}
    return figures | {"labels": dict(_by_label(found, truth, labels))}


def _by_label(found: Any, truth: Any, labels: Sequence[str]) -> Iterator[tuple[str, dict[str, float]]]:
    for place, label in enumerate(labels):
        hits = float((found[:, place] & truth[:, place]).sum())
        precision, recall = (hits / max(1.0, float(of[:, place].sum())) for of in (found, truth))
        yield label, {"n": int(truth[:, place].sum()), "precision": round(precision, 2), "recall": round(recall, 2)}


def _share(found: Any) -> float:
    return round(float(found.mean()), 3) if len(found) else 0.0


def trained_tensors(whole: Any, rank: int) -> dict[str, Any]:
    """What was trained, by the names that the recogniser reads, in half precision: of each layer's change its largest
    parts, whole what is small."""
    import torch

    before = dict(lower_and_network(1)[1].named_parameters())
    kept: dict[str, Any] = {}
    for name, after in whole.named_parameters():
        if not name.startswith(UPPER) or after.dim() == 1:
            kept[name] = after.detach()
            continue
        left, sizes, right = torch.linalg.svd((after - before[name]).detach(), full_matrices=False)
        layer = name.removesuffix(".weight")
        kept[f"{layer}.up"] = left[:, :rank] * sizes[:rank].sqrt()
        kept[f"{layer}.down"] = sizes[:rank].sqrt()[:, None] * right[:rank]
    return {name: tensor.to(torch.float16) for name, tensor in kept.items()}


def _batches(
    samples: Sequence[Example], size: int, rng: random.Random, length: Callable[[Example], int]
) -> list[Sequence[Example]]:
    """Shuffled, with texts of like length together: less is padded."""
    shuffled = rng.sample(list(samples), len(samples))
    blocks = (shuffled[start : start + 16 * size] for start in range(0, len(shuffled), 16 * size))
    parts = [part for block in blocks for part in _parts(sorted(block, key=length), size)]
    return rng.sample(parts, len(parts))


def _parts(samples: Sequence[_Item], size: int) -> list[Sequence[_Item]]:
    return [samples[start : start + size] for start in range(0, len(samples), size)]


def _targets(part: Sequence[Example], labels: Sequence[str]) -> Any:
    import torch

    return torch.tensor([[float(label in each.wants) for label in labels] for each in part])


def train_and_write(data: Path, out: Path, recipe: Recipe, rehearse: float = 0.0) -> dict[str, Any]:
    """Train on packed consultations, keep the weights, and give the figures on what was held back.

    `rehearse`: the share of the project's own consultations that are learnt beside others, so that what was learnt
    from them before is not forgotten.
    """
    if recipe.start and read_settings(Path(recipe.start)).labels != LABELS:
        raise DataError(f"{recipe.start}: was trained to other labels than {WRITTEN.with_name('labels.yaml')} has")
    talks, held = consultations("training", data), consultations("held_back", data)
    if rehearse and data != WRITTEN:
        known = {one.id for one in (*talks, *held)}
        own, kept = ([one for one in consultations(split) if one.id not in known] for split in SPLITS)
        talks = (*talks, *random.Random(recipe.seed).sample(own, round(len(own) * rehearse)))
        held = (*held, *kept)
    samples, held_back = list(examples(talks, is_learnt=True)), list(examples(held))
    print(f"{len(samples)} messages to learn from, {len(held_back)} held back", flush=True)
    checkpoint = CHECKPOINTS / f"{out.resolve().name}.pt"
    whole, chances = train(samples, LABELS, recipe, held_back, checkpoint)
    write(out, Settings(LABELS, recipe.rank), trained_tensors(whole, recipe.rank))
    checkpoint.unlink()
    return score(chances, held_back, LABELS)


def table(figures: Mapping[str, Any]) -> str:
    """The figures in lines."""
    over = [f"{name}: {json.dumps(value)}" for name, value in figures.items() if name != "labels"]
    rows = [
        f"{label:22} n {of['n']:4} precision {of['precision']:.2f} recall {of['recall']:.2f}"
        for label, of in figures["labels"].items()
    ]
    return "\n".join([*over, *rows])
