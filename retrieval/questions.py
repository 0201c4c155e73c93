"""Which approved answer a question asks for: sample questions come in, a confidence per template goes out.

A kernel ridge regression, fitted when the index is built, learns from all samples at once what tells the templates
apart. Two questions are alike by meaning (cosine of their vectors by multilingual-e5-small, around the middle of all
samples) and in writing (n-grams). Beside the samples it learns general requests that shops
do not answer (`background.txt`), so that these score low.

What a question would have scored had it not been a sample follows from the same fit without another one (the left-out
residual of ridge regression: weight / diagonal of the inverse). These scores, of samples and of background, place the
curve from score to confidence for each shop, of English and of other languages; where there are too few samples, a
default curve stands.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import inv
from scipy.sparse import csr_matrix

from language.text import simplified
from retrieval.curve import Curve
from retrieval.e5 import sentences
from retrieval.embedder import Vectors
from retrieval.index import Row
from retrieval.lexical import unread_share
from retrieval.ngrams import NgramSpace

DENSE_WEIGHT = 0.8  # what is left goes to n-grams
SHARPNESS = 2.5  # how much more two close questions count than two distant ones
RIDGE = 0.05
MOST = 4000  # samples that are fitted, in turn from each template: the time for fitting grows with the cube
YIELDING = 0.55  # a background request this like a sample is something that this shop does answer
# For a script with few samples; where the curves of small sets lie (3 samples a template).
DEFAULT = Curve(0.09, 60.0)

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class QuestionMatcher:
    """The fit: each row of `dense`, `grams` and `weights` is a question it learnt, each column of `weights` a name.

    `dense`: (rows, width), `grams`: (rows, ngrams.WIDTH), both weighed; `weights`: (rows, templates).
    """

    names: tuple[str, ...]
    dense: Vectors
    grams: csr_matrix
    weights: NDArray[np.float32]
    space: NgramSpace
    centre: Vectors
    english: Curve
    unread: Curve
    languages: tuple[str, ...]

    @classmethod
    def build(cls, samples: Sequence[Row], background: Sequence[Row]) -> "QuestionMatcher":
        """Fit to samples, whose keys are `<template id>/<language>/<number>`, and to what no template answers.

        Raises ModelError.
        """
        known = _spread(sorted(samples, key=lambda row: row.key))
        if not known:
            nothing, empty = np.zeros((0, 0), dtype=np.float32), csr_matrix((0, 1), dtype=np.float32)
            none = nothing[0:0].ravel()
            return cls((), nothing, empty, nothing, NgramSpace(none), none, DEFAULT, DEFAULT, ())
        rows = [*known, *background]
        names = tuple(dict.fromkeys(_owner(row) for row in known))
        columns = {name: number for number, name in enumerate(names)}
        owners = [columns[_owner(row)] for row in known] + list(range(len(names), len(names) + len(background)))
        texts, languages = [row.text for row in rows], tuple(dict.fromkeys(map(_language, known)))
        unread = np.array([unread_share(text, languages) for text in texts])
        space = NgramSpace.build(texts, owners)
        vectors = sentences().encode(texts)
        centre = vectors[: len(known)].mean(axis=0)
        dense, grams = _features(vectors - centre, space.rows(texts))
        likeness = np.asarray(dense @ dense.T + (grams @ grams.T).toarray(), dtype=np.float64)
        kept = np.ones(len(rows), dtype=bool)
        kept[len(known) :] = likeness[len(known) :, : len(known)].max(axis=1) < YIELDING
        targets = np.zeros((int(kept.sum()), len(names)))
        targets[np.arange(len(known)), owners[: len(known)]] = 1
        weights, left_out = _fit(_kernel(likeness[np.ix_(kept, kept)]), targets)
        english, other = _curves(left_out.max(axis=1), unread[kept], len(known))
        return cls(
            names, dense[kept], grams[kept], weights.astype(np.float32), space, centre, english, other, languages
        )

    def confidences(self, question: str) -> dict[str, float]:
        """How surely each template answers `question`, 0 to 1, surest first. Raises ModelError."""
        question = simplified(question)
        if not question.strip() or not self.names:
            return {}
        dense, grams = _features(sentences().encode([question]) - self.centre, self.space.rows([question]))
        likeness = self.dense @ dense[0] + self.grams @ grams.toarray()[0]  # ten times as fast as by a sparse row
        scores = _kernel(likeness) @ self.weights
        curve = self.english.between(self.unread, unread_share(question, self.languages))
        order = np.argsort(-scores, kind="stable")
        return {self.names[place]: curve.confidence(float(scores[place])) for place in order}

    def save(self, path: Path) -> None:
        """Write one file. Raises OSError."""
        parts: dict[str, Any] = {
            "names": np.array(self.names, dtype=np.str_),
            "dense": self.dense,
            "grams_data": self.grams.data,
            "grams_indices": self.grams.indices,
            "grams_indptr": self.grams.indptr,
            "grams_shape": np.array(self.grams.shape),
            "weights": self.weights,
            "worth": self.space.worth,
            "centre": self.centre,
            "curves": np.array([[curve.middle, curve.slope] for curve in (self.english, self.unread)]),
            "languages": np.array(self.languages, dtype=np.str_),
        }
        packed = io.BytesIO()  # so that a full disk is an OSError like any other
        np.savez(packed, **parts)
        path.write_bytes(packed.getvalue())

    @classmethod
    def load(cls, path: Path) -> "QuestionMatcher":
        """Read what `save` wrote. Raises OSError, ValueError, KeyError when the file is missing or damaged."""
        with np.load(path, allow_pickle=False) as parts:
            cells = (parts["grams_data"], parts["grams_indices"], parts["grams_indptr"])
            english, unread = (Curve(float(middle), float(slope)) for middle, slope in parts["curves"])
            return cls(
                tuple(str(name) for name in parts["names"]),
                parts["dense"],
                csr_matrix(cells, shape=tuple(parts["grams_shape"])),
                parts["weights"],
                NgramSpace(parts["worth"]),
                parts["centre"],
                english,
                unread,
                tuple(str(code) for code in parts["languages"]),
            )


def _owner(row: Row) -> str:
    return row.key.partition("/")[0]


def _language(row: Row) -> str:
    return row.key.split("/")[1]


def _spread(rows: Sequence[Row]) -> list[Row]:
    """At most MOST rows, each template's first ones."""
    turns: dict[str, int] = {}
    numbered = []
    for row in rows:
        turns[_owner(row)] = turn = turns.get(_owner(row), 0) + 1
        numbered.append((turn, row))
    return [row for _, row in sorted(numbered, key=lambda pair: pair[0])[:MOST]]


def _features(vectors: Vectors, grams: csr_matrix) -> tuple[Vectors, csr_matrix]:
    """Vectors and n-grams, weighed so that the sum of both products is how alike two questions are, at most 1.

    `vectors`: (rows, width), of any length; `grams`: (rows, ngrams.WIDTH).
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    dense = np.sqrt(DENSE_WEIGHT) * vectors / np.maximum(lengths, 1e-6)
    return dense.astype(np.float32), csr_matrix(np.sqrt(1 - DENSE_WEIGHT) * grams, dtype=np.float32)


def _kernel(likeness: NDArray[Any]) -> Matrix:
    """0 where nothing is alike, 1 where all is; a sum of powers of the likeness."""
    return np.asarray(np.expm1(SHARPNESS * np.maximum(likeness, 0)) / np.expm1(SHARPNESS))


def _fit(kernel: Matrix, targets: Matrix) -> tuple[Matrix, Matrix]:
    """The weights, and what each row would have scored, had it been left out."""
    inverse = inv(kernel + RIDGE * np.eye(len(kernel)), assume_a="pos")
    weights = inverse @ targets
    return weights, targets - weights / np.diag(inverse)[:, None]


def _curves(best: NDArray[np.float64], shares: NDArray[np.float64], known: int) -> tuple[Curve, Curve]:
    """The curves of what the embedder reads and of what not; the first `known` scores are of samples."""
    other = shares > 0.5
    answered = np.arange(len(best)) < known
    return (
        Curve.fit(best[answered & ~other], best[~answered & ~other], DEFAULT),
        Curve.fit(best[answered & other], best[~answered & other], DEFAULT),
    )
