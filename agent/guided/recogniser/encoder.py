"""The encoder and its head: two texts come in, a probability for each wish goes out.

In: a folder with `weights.safetensors` and `settings.json`, as training writes them: low-rank changes of the upper half
of multilingual-e5-small, two layers over its first vector and the means over message, situation and the words that a
note to be judged stands in (384 numbers each), two layers over the vectors of both texts by the multilingual universal
sentence encoder (512 each), and a weight for each word, character and pair of them in the message. Out: probabilities
between 0 and 1. Errors: `ConfigError` for weights that are not there, `ModelError` for weights that do not fit.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any
from zlib import crc32

from pydantic import TypeAdapter, ValidationError

from agent.guided.recogniser.labels import without_previous
from errors import ConfigError, ModelError, first_mistake
from language.text import HAN, fold, simplified
from retrieval.e5 import Encoded, Tokenizer, Words, load
from retrieval.sentence_encoder import WIDTH as SENTENCE
from retrieval.sentence_encoder import sentence_vectors

WEIGHTS, SETTINGS = "weights.safetensors", "settings.json"
MAX_TOKENS = 112
GRAMS = 16_384  # rows of the table of words and pairs
FROZEN = 6  # lower layers of the encoder that stay as they came
_WIDTH, _HIDDEN = 384, 384
_POOLED = 4 * _WIDTH  # numbers that the head reads of a pair of texts
_SCALE = 4.0  # a sentence's vector has length one: its numbers are small
_PIECE = re.compile(rf"[{HAN}]|[^\W{HAN}]+|[?!]")
DEFAULT = Path(__file__).with_name("trained")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the weights are for: the labels in the head's order, and the rank of the changes of the encoder."""

    labels: tuple[str, ...]
    rank: int


class Encoder:
    """Reads one message at a time; safe between threads."""

    def __init__(self, folder: Path = DEFAULT) -> None:
        self.settings = read_settings(folder)
        self._lower, self._network = _load(folder)
        self._lock = Lock()  # of the tokenizer

    def probabilities(self, situation: str, message: str) -> Mapping[str, float]:
        """By wish."""
        return self.judged([situation], message)[0]

    def each(self, situation: str, messages: Sequence[str]) -> list[Mapping[str, float]]:
        """By label, of several messages in one situation: the parts of one."""
        return self._read([(situation, message) for message in messages])

    def judged(self, situations: Sequence[str], message: str, marked: Sequence[str] = ()) -> list[Mapping[str, float]]:
        """By label, of one message behind each of several texts: notes that it may state, in its `marked` words."""
        return self._read([(situation, message) for situation in situations], marked)

    def _read(self, pairs: Sequence[tuple[str, str]], marked: Sequence[str] = ()) -> list[Mapping[str, float]]:
        import torch

        if not pairs:
            return []
        pairs = [(simplified(situation), simplified(message)) for situation, message in pairs]
        marked = [*map(simplified, marked)]
        with self._lock:
            batch = self._lower.encoded(pairs, marked)
        messages = [message for _, message in pairs]
        texts = [text for situation, message in pairs for text in (message, without_previous(situation))]
        several = [*dict.fromkeys(texts)]
        rows = dict(zip(several, torch.from_numpy(sentence_vectors(several)), strict=True))
        sentences = torch.stack([rows[text] for text in texts]).view(len(pairs), -1)
        with torch.inference_mode():
            states = self._lower.states(batch)
            logits = self._network(states, batch.mask, batch.part, sentences, *bag(messages))
        return [dict(zip(self.settings.labels, row, strict=True)) for row in torch.sigmoid(logits).tolist()]


@dataclass(frozen=True, slots=True)
class Lower:
    """The half of the encoder that is not trained."""

    encoder: Any
    tokenizer: Tokenizer
    words: Words

    def encoded(self, pairs: Sequence[tuple[str, str]], marked: Sequence[str] = ()) -> Encoded:
        """Pairs of texts in pieces; the situation is cut where both are too long."""
        return self.tokenizer.pairs(pairs, MAX_TOKENS, marked)

    def states(self, batch: Encoded) -> Any:
        """Vectors of the pieces, shape (pairs, pieces, 384)."""
        import torch

        whole = torch.zeros_like(batch.ids)
        states = self.encoder.embeddings(inputs_embeds=self.words(batch.ids), token_type_ids=whole)
        return through(self.encoder.encoder.layer[:FROZEN], states, batch.mask)


def through(layers: Any, states: Any, mask: Any) -> Any:
    """States behind layers of the encoder; pieces that `mask` has 0 for are not seen."""
    import torch

    unseen = (1 - mask[:, None, None, :].to(states.dtype)) * torch.finfo(states.dtype).min
    for layer in layers:
        states = layer(states, unseen)
    return states


def read_settings(folder: Path) -> Settings:
    """The settings beside the weights."""
    path = folder / SETTINGS
    try:
        return TypeAdapter(Settings).validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"no recogniser in {folder}: train one with `python -m finetune recogniser`") from error
    except ValidationError as error:
        raise ModelError(f"{path}: {first_mistake(error)}") from error


def write(folder: Path, settings: Settings, tensors: Mapping[str, Any]) -> None:
    """Keep what was trained."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS)
    (folder / SETTINGS).write_text(json.dumps(asdict(settings), indent=1) + "\n", encoding="utf-8")


def bag(texts: Sequence[str]) -> tuple[Any, Any]:
    """Places of the words, Chinese characters and pairs of them of each text in one table, and where each begins."""
    import torch

    places, starts = list[int](), list[int]()
    for text in texts:
        starts.append(len(places))
        pieces = _PIECE.findall(fold(text).text)
        pairs = (" ".join(pair) for pair in pairwise(pieces))
        places += [crc32(piece.encode()) % GRAMS for piece in (*pieces, *pairs)] or [0]
    return torch.tensor(places), torch.tensor(starts)


def network(layers: Any, wishes: int) -> Any:
    """The upper layers of the encoder with the head, as a torch module.

    In: states of the lower layers (texts, pieces, 384), masks and parts (0: situation, 1: message, 2: marked words),
    the vectors of message and situation (texts, 2 * 512), places and starts of `bag`. Out: logits (texts, wishes).
    """
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.upper = layers
            self.parts = torch.nn.Parameter(torch.zeros(3, _WIDTH))
            self.centre = torch.nn.Parameter(torch.zeros(_POOLED), requires_grad=False)
            self.spread = torch.nn.Parameter(torch.ones(_POOLED), requires_grad=False)
            self.dense = torch.nn.Linear(_POOLED, _HIDDEN)
            self.head = torch.nn.Linear(_HIDDEN + _POOLED, wishes)
            self.deep = torch.nn.Linear(2 * SENTENCE, _HIDDEN)
            self.deeper = torch.nn.Linear(_HIDDEN, wishes, bias=False)
            self.grams = torch.nn.EmbeddingBag(GRAMS, wishes, mode="sum")
            torch.nn.init.zeros_(self.grams.weight)
            self.dropout = torch.nn.Dropout(0.1)

        def pooled(self, states: Any, mask: Any, part: Any) -> Any:
            """The first vector, means over the message, the situation and the marked words (texts, 4 * 384).

            Where no words are marked, the whole message stands for them.
            """
            states = through(self.upper, states + self.parts[part], mask).float()
            message, marked = (part > 0).long(), (part > 1).long()
            marked = torch.where(marked.any(1, keepdim=True), marked, message)
            weights = [of.unsqueeze(-1).float() for of in (message, mask - message, marked)]
            means = [(states * weight).sum(1) / weight.sum(1) for weight in weights]
            return torch.cat([states[:, 0], *means], dim=1)

        def forward(self, states: Any, mask: Any, part: Any, sentences: Any, places: Any, starts: Any) -> Any:
            vectors = self.dropout((self.pooled(states, mask, part) - self.centre) / self.spread)
            hidden = self.dropout(torch.nn.functional.gelu(self.dense(vectors)))
            meant = self.dropout(torch.nn.functional.gelu(self.deep(sentences * _SCALE)))
            read = self.head(torch.cat([hidden, vectors], dim=1))
            return read + self.deeper(meant) + self.grams(places, starts)

    return Network()


def lower_and_network(wishes: int) -> tuple[Lower, Any]:
    """The encoder as it comes: its lower half, and the upper one with a head that knows nothing."""
    encoder, tokenizer, words = load()
    return Lower(encoder, tokenizer, words), network(encoder.encoder.layer[FROZEN:], wishes)


@cache
def _load(folder: Path) -> tuple[Lower, Any]:
    """To read with, and kept: nothing changes it."""
    lower, whole = lower_and_trained(folder)
    return lower, whole.eval()


def lower_and_trained(folder: Path) -> tuple[Lower, Any]:
    """The lower half of the encoder, and the upper one and the head with the trained changes merged in."""
    from safetensors.torch import load_file

    settings = read_settings(folder)
    try:
        tensors = load_file(folder / WEIGHTS)
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / WEIGHTS} cannot be read: {error}") from error
    lower, whole = lower_and_network(len(settings.labels))
    for name, parameter in whole.named_parameters():
        layer = name.removesuffix(".weight")
        if f"{layer}.up" in tensors:
            parameter.data = parameter.data + tensors[f"{layer}.up"].float() @ tensors[f"{layer}.down"].float()
        elif name in tensors and tensors[name].shape == parameter.shape:
            parameter.data = tensors[name].float()
        else:
            raise ModelError(f"{folder / WEIGHTS} has no {name!r}: train it anew")
    return lower, whole
