"""Words and BM25: texts come in, a score per text for any query goes out, from 0 (no word shared) to about 1.

English words are stemmed and freed of stop words. Chinese is cut into pairs of characters: no dictionary to
load, and a pair shared by two phrasings is found whatever a segmenter would have made of them.
"""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
from bm25s.stopwords import STOPWORDS_EN
from numpy.typing import NDArray

from language.detection import detect
from language.words import stem

K1, B = 1.2, 0.6
_READ = "en"  # what the embedder reads
_STOP = frozenset(STOPWORDS_EN) | frozenset(
    [
        "i",
        "me",
        "my",
        "you",
        "your",
        "we",
        "our",
        "do",
        "does",
        "did",
        "can",
        "could",
        "would",
        "should",
        "am",
        "be",
    ]
)
_ACCENTS = re.compile("[\u0300-\u036f]")
_PIECES = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
# Particles and forms of address that carry no topic; cut out before pairing so that pairs bridge them.
_PARTICLES = re.compile("[的了吗呢啊吧呀嘛]|请问|你好|您好|一下")

Scores = NDArray[np.float32]


def tokenize(text: str) -> list[str]:
    """English stems and Chinese character pairs: ``tokenize("防水jackets") == ["防水", "jacket"]``."""
    tokens: list[str] = []
    words: list[str] = []
    for piece in _PIECES.findall(strip_particles(re.sub(r"['’]", "", without_accents(text)))):
        if piece.isascii():
            words.append(piece)
        else:
            tokens.extend(_pairs(piece))
    return tokens + [stem(word) for word in words if word not in _STOP]


def without_accents(text: str) -> str:
    """Lower case, and the letters alone: ``without_accents("Größe, días") == "grosse, dias"``."""
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))


def strip_particles(text: str) -> str:
    """Chinese text without particles and forms of address."""
    return _PARTICLES.sub("", text)


def unread_share(text: str, spoken: Sequence[str] = ()) -> float:
    """How much of the text an embedder that was taught English cannot read, 0 to 1.

    `spoken`: the languages that it may be in; only where there are others in Latin letters is it asked which one it is.
    """
    share = chinese_share(text)
    others = [code for code in spoken if code not in (_READ, "zh")]
    if share or not others:
        return share
    first = _READ if _READ in spoken else others[0]
    return float(detect(text, (first, *others), None) != _READ)


def chinese_share(text: str) -> float:
    """How much of the text's letters and digits is Chinese, 0 to 1."""
    chinese = len(re.findall(r"[\u3400-\u9fff]", text))
    # A Chinese character says about as much as three Latin letters.
    latin = len(re.findall(r"[a-zA-Z0-9]", text)) / 3
    return chinese / (chinese + latin) if chinese else 0.0


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


class LexicalIndex:
    """BM25 over token lists; row numbers are positions in the list it was built from."""

    def __init__(self, model: bm25s.BM25 | None, rows: int) -> None:
        self._model = model
        self._rows = rows

    @classmethod
    def build(cls, token_lists: Sequence[Sequence[str]]) -> "LexicalIndex":
        """Index one token list per row."""
        if not any(token_lists):
            return cls(None, len(token_lists))
        model = bm25s.BM25(k1=K1, b=B, method="lucene")
        model.index([list(tokens) for tokens in token_lists], show_progress=False)
        return cls(model, len(token_lists))

    def scores(self, query: str) -> Scores:
        """A score per row: its BM25 over the best that any row could have; unknown words count against it."""
        tokens = list(dict.fromkeys(tokenize(query)))
        if self._model is None or not tokens:
            return np.zeros(self._rows, dtype=np.float32)
        vocabulary, ends = self._model.vocab_dict, self._model.scores["indptr"]
        known = [vocabulary[token] for token in tokens if token in vocabulary]
        holders = np.array([ends[i + 1] - ends[i] for i in known] + [0] * (len(tokens) - len(known)))
        best = float(np.log(1 + (self._rows - holders + 0.5) / (holders + 0.5)).sum())
        if not known or best <= 0:
            return np.zeros(self._rows, dtype=np.float32)
        return np.asarray(self._model.get_scores_from_ids(known), dtype=np.float32) / best

    def save(self, folder: Path) -> None:
        """Write into an existing folder. Raises OSError."""
        if self._model is not None:
            self._model.save(str(folder), show_progress=False)

    @classmethod
    def load(cls, folder: Path, rows: int) -> "LexicalIndex":
        """Read what `save` wrote for `rows` rows. Raises OSError, ValueError."""
        if not any(folder.iterdir()):
            return cls(None, rows)
        return cls(bm25s.BM25.load(str(folder), show_progress=False), rows)
