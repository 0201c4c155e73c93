"""How alike two questions are in writing: texts come in, rows of weighed n-grams of unit length go out.

English counts by pieces of two to five letters within a word, so that a typing error costs a part of a word and not
all of it, and by stems ("how" and "when" count here). Chinese counts by single characters and their pairs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize

from language.words import stem
from retrieval.lexical import strip_particles, without_accents

WIDTH = 2**18  # columns that n-grams are hashed into: no vocabulary to keep, and two rarely share one
LETTERS = range(2, 6)


@dataclass(frozen=True, slots=True)
class NgramSpace:
    """What each n-gram is worth: more, the fewer owners use it; `worth` has shape (WIDTH,)."""

    worth: NDArray[np.float32]

    @classmethod
    def build(cls, texts: Sequence[str], owners: Sequence[int]) -> "NgramSpace":
        """Weigh the n-grams of `texts`; the texts of one owner (a template) count together."""
        counts = _COUNTER.transform(texts)
        groups = csr_matrix((np.ones(len(texts)), (np.asarray(owners), np.arange(len(texts)))))
        users = np.bincount((groups @ counts).indices, minlength=WIDTH)
        return cls((np.log((1 + groups.shape[0]) / (1 + users)) + 1).astype(np.float32))

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        """One row of unit length a text, shape (len(texts), WIDTH); empty where a text has no n-gram."""
        counts = _COUNTER.transform(texts)
        counts.data = (1 + np.log(counts.data)) * self.worth[counts.indices]
        return csr_matrix(normalize(counts), dtype=np.float32)


def question_grams(text: str) -> list[str]:
    """Pieces and stems of English words, Chinese characters and their pairs."""
    words = re.findall(r"[a-z0-9]+", re.sub("['’]", "", without_accents(text)))
    grams = [piece for word in words for piece in _pieces(f" {word} ")]
    grams.extend(f"stem {stem(word)}" for word in words)
    for run in re.findall(r"[\u3400-\u9fff]+", strip_particles(text)):
        grams.extend(run)
        grams.extend(run[i : i + 2] for i in range(len(run) - 1))
    return grams


def _pieces(word: str) -> list[str]:
    return [word[i : i + length] for length in LETTERS for i in range(len(word) - length + 1)]


_COUNTER = HashingVectorizer(analyzer=question_grams, n_features=WIDTH, alternate_sign=False, norm=None)
