"""Training of the recogniser: written consultations in, low-rank changes of the encoder and a head out.

In: consultations with what each message wants. Out: a folder that `agent.guided.recogniser` reads, and figures on
consultations that were held back. The loss is the binary cross-entropy of each wish. Errors: `DataError` for
consultations that cannot be read.
"""

import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.guided.recogniser.encoder import (
    Settings,
    bag,
    base,
    encoded,
    network,
    sentence_encoder,
    write,
)
from agent.guided.recogniser.labels import (
    GOES_ON,
    LABELS,
    NOTE,
    STATED,
    STATED_OF_OTHER,
    WISHES,
    details,
    note_text,
)
from agent.guided.recogniser.situation import Situation
from agent.tools.search_products import NAME as SEARCH
from finetune.consultations.consultation import Consultation, Message
from finetune.consultations.written import consultations

PROPOSING = ("cancel_order", "return_items", "exchange_item", "change_address", "report_problem")


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
    rank: int = 48
    batch: int = 16
    learning_rate: float = 1e-4
    head_rate: float = 3e-3
    seed: int = 7


def examples(consultations: Sequence[Consultation]) -> Iterator[Example]:
    """Every message, in the situation that a perfect agent would have made."""
    for talk in consultations:
        previous, before, has_list, pending = "", tuple[str, ...](), False, ""
        searched: Mapping[str, Any] = {}
        for message in talk.messages:
            now = Situation(previous, before, has_list, pending)
            told = (label for call in message.calls for label in details(call.tool, call.arguments))
            searches = [call.arguments for call in message.calls if call.tool == SEARCH]
            goes_on = [GOES_ON] if searches and searched and _goes_on(searches[0], searched) else []
            yield Example(now.text(), message.say, frozenset((*message.wants, *told, *goes_on)), talk.language)
            yield from notes(message, talk.language)
            searched = searches[-1] if searches else searched
            called = tuple(call.tool for call in message.calls)
            has_list = has_list or SEARCH in called
            proposed = next((name for name in called if name in PROPOSING), "")
            pending = proposed or ("" if called or {"yes", "no"} & set(message.wants) else pending)
            previous, before = message.say, called


def notes(message: Message, language: str) -> Iterator[Example]:
    """The notes that a message bears out, of whom, and tempting ones that it does not."""
    changes = [change for call in message.calls for change in call.arguments.get("changes", ())]
    for change in changes:
        told = note_text(change["attribute"], change["value"], change.get("polarity", "fact"))
        stated = STATED_OF_OTHER if change.get("about") else STATED
        yield Example(told, message.say, frozenset({stated}), language)
    for tempting in message.not_noted:
        of_other = frozenset({STATED_OF_OTHER} if tempting.because == "other" else ())
        polarity = "like" if isinstance(tempting.value, str) and tempting.value.isalpha() else "fact"
        yield Example(note_text(tempting.attribute, tempting.value, polarity), message.say, of_other, language)


def _goes_on(search: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether a search is the one before with changes: of the same kind, or with most of its words."""
    kinds = {name for name in search.keys() & before.keys() if isinstance(search[name], str) and name != "query"}
    words = set(str(before.get("query", "")).casefold().split())
    kept = len(words & set(str(search.get("query", "")).casefold().split()))
    return any(search[name] == before[name] for name in kinds) or kept * 2 >= max(1, len(words))


def train(samples: Sequence[Example], labels: Sequence[str], recipe: Recipe, held_back: Sequence[Example]) -> Any:
    """The trained network; after each pass over the samples a line says how it does on what was held back."""
    import torch

    torch.manual_seed(recipe.seed)
    rng = random.Random(recipe.seed)
    encoder, tokenizer = base()
    encoder.embeddings.requires_grad_(False)
    whole = network(encoder, len(labels))
    vectors = sentence_encoder()
    sentences = dict(_encoded_sentences([*samples, *held_back], vectors))
    weights = [parameter for parameter in encoder.parameters() if parameter.requires_grad]
    head = [*whole.head.parameters(), *whole.grams.parameters()]
    steps = recipe.epochs * -(-len(samples) // recipe.batch)
    rates = [recipe.learning_rate, recipe.head_rate]
    groups = [{"params": part, "lr": rate} for part, rate in zip((weights, head), rates, strict=True)]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=steps, pct_start=0.1)
    loss_of = torch.nn.BCEWithLogitsLoss()

    def logits(part: Sequence[Example]) -> Any:
        batch = encoded(tokenizer, [(each.situation, each.message) for each in part])
        own = torch.stack([torch.from_numpy(sentences[each.message]) for each in part])
        with torch.autocast("cpu", torch.bfloat16):
            return whole(batch, own, *bag([each.message for each in part])).float()

    began = time.monotonic()
    for epoch in range(1, recipe.epochs + 1):
        whole.train()
        total, parts = 0.0, _batches(samples, recipe.batch, rng)
        for number, part in enumerate(parts, 1):
            loss = loss_of(logits(part), _targets(part, labels))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([*weights, *head], 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
            if number % 50 == 0:
                print(f"epoch {epoch}, batch {number} of {len(parts)}, loss {total / number:.4f}", flush=True)
        whole.eval()
        with torch.inference_mode():
            chances = torch.cat([torch.sigmoid(logits(part)) for part in _parts(held_back, 64)]).numpy()
        figures = score(chances, held_back, labels)
        told = f"{json.dumps(figures['all'])}, notes {json.dumps(figures['notes'])}"
        print(
            f"epoch {epoch}: loss {total / len(parts):.4f}, held back {told}, {time.monotonic() - began:.0f} s",
            flush=True,
        )
    return whole, chances


def score(chances: Any, samples: Sequence[Example], labels: Sequence[str]) -> dict[str, Any]:
    """Figures of wishes, over all messages and by language, of notes, and by label.

    Of wishes: exact sets, and whether the surest is right; of notes: whether they are judged right. Precision and
    recall are of all.
    """
    import numpy as np

    truth = np.array([[label in each.wants for label in labels] for each in samples])
    found = chances >= 0.5
    wishes = np.array([label in WISHES for label in labels])
    stated = np.array([label in (STATED, STATED_OF_OTHER) for label in labels])
    of_notes = np.array([each.situation.startswith(NOTE) for each in samples])
    languages = np.array([each.language for each in samples])

    def of_wishes(rows: Any) -> dict[str, float]:
        is_right = truth[rows][:, wishes]
        surest = is_right[np.arange(rows.sum()), chances[rows][:, wishes].argmax(1)]
        exact = (found[rows][:, wishes] == is_right).all(1)
        return {"n": int(rows.sum()), "exact": _share(exact), "surest": _share(surest)}

    judged = (found[of_notes][:, stated] == truth[of_notes][:, stated]).all(1)
    wrongly = found[of_notes][:, stated].any(1) & ~truth[of_notes][:, stated].any(1)
    figures: dict[str, Any] = {"all": of_wishes(~of_notes)}
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

    before = dict(base()[0].named_parameters())
    kept: dict[str, Any] = {f"head.{name}": tensor.detach() for name, tensor in whole.head.named_parameters()}
    kept["grams.weight"] = whole.grams.weight.detach()
    for name, after in whole.encoder.named_parameters():
        if not after.requires_grad:
            continue
        if after.dim() == 1:
            kept[name] = after.detach()
            continue
        left, sizes, right = torch.linalg.svd((after - before[name]).detach(), full_matrices=False)
        layer = name.removesuffix(".weight")
        kept[f"{layer}.up"] = left[:, :rank] * sizes[:rank].sqrt()
        kept[f"{layer}.down"] = sizes[:rank].sqrt()[:, None] * right[:rank]
    return {name: tensor.to(torch.float16) for name, tensor in kept.items()}


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


def _targets(part: Sequence[Example], labels: Sequence[str]) -> Any:
    import torch

    return torch.tensor([[float(label in each.wants) for label in labels] for each in part])


def train_and_write(data: Path, out: Path, recipe: Recipe) -> dict[str, Any]:
    """Train on packed consultations, keep the weights, and give the figures on what was held back."""
    samples = list(examples(consultations("training", data)))
    held_back = list(examples(consultations("held_back", data)))
    print(f"{len(samples)} messages to learn from, {len(held_back)} held back", flush=True)
    whole, chances = train(samples, LABELS, recipe, held_back)
    write(out, Settings(LABELS, recipe.rank), trained_tensors(whole, recipe.rank))
    return score(chances, held_back, LABELS)


def table(figures: Mapping[str, Any]) -> str:
    """The figures in lines."""
    over = [f"{name}: {json.dumps(value)}" for name, value in figures.items() if name != "labels"]
    rows = [
        f"{label:22} n {of['n']:4} precision {of['precision']:.2f} recall {of['recall']:.2f}"
        for label, of in figures["labels"].items()
    ]
    return "\n".join([*over, *rows])
