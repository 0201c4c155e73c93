"""One searchable collection: rows of text come in, dense and lexical scores per row go out.

Vectors lie in a FAISS inner-product index with ids made from the rows' keys; texts that were embedded
before are not embedded again, so an upsert or a delete costs only the new texts.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import faiss
import numpy as np

from retrieval.embedder import Embedder, Vectors
from retrieval.lexical import LexicalIndex, Scores, tokenize

DENSE_CANDIDATES = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to find: `text` is embedded, `words` is matched word by word."""

    key: str
    text: str
    words: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Collection:
    """Rows in the order of their keys, with both indexes over them."""

    rows: tuple[Row, ...]
    dense: faiss.IndexIDMap2
    lexical: LexicalIndex
    places: Mapping[int, int] = field(repr=False)

    @classmethod
    def build(cls, rows: Sequence[Row], embedder: Embedder, known: Mapping[str, Vectors]) -> "Collection":
        """Index `rows`; `known` maps a text's digest to its vector and saves embedding it.

        Raises ModelError.
        """
        ordered = tuple(sorted(rows, key=lambda row: row.key))
        fresh = {row.digest: row.text for row in ordered if row.digest not in known}
        vectors = dict(known) | dict(zip(fresh, embedder.encode(list(fresh.values())), strict=True))
        matrix = np.array([vectors[row.digest] for row in ordered], dtype=np.float32)
        ids = np.array([_id(row.key) for row in ordered], dtype=np.int64)
        dense = faiss.IndexIDMap2(faiss.IndexFlatIP(matrix.shape[1] if len(ordered) else 1))
        if len(ordered):
            dense.add_with_ids(matrix, ids)
        lexical = LexicalIndex.build([tokenize(row.words) for row in ordered])
        return cls(ordered, dense, lexical, {int(number): place for place, number in enumerate(ids)})

    def upsert(self, rows: Sequence[Row], embedder: Embedder) -> "Collection":
        """A collection that also has `rows`, in place of those with the same key. Raises ModelError."""
        merged = {row.key: row for row in self.rows} | {row.key: row for row in rows}
        return Collection.build(list(merged.values()), embedder, self.vectors())

    def delete(self, keys: frozenset[str], embedder: Embedder) -> "Collection":
        """A collection without the rows of these keys."""
        return Collection.build([row for row in self.rows if row.key not in keys], embedder, self.vectors())

    def vectors(self) -> dict[str, Vectors]:
        """Every row's vector by the digest of its text."""
        if not self.rows:
            return {}
        matrix = self.dense.index.reconstruct_n(0, len(self.rows))
        return {row.digest: vector for row, vector in zip(self.rows, matrix, strict=True)}

    def dense_scores(self, vector: Vectors, places: Sequence[int] | None = None) -> Scores:
        """Cosine with each row (0 past the best 1000); only rows at `places`, if given, are looked at."""
        scores = np.zeros(len(self.rows), dtype=np.float32)
        if not self.rows or (places is not None and not places):
            return scores
        options = None
        if places is not None and len(places) < len(self.rows):
            wanted = np.array([_id(self.rows[place].key) for place in places], dtype=np.int64)
            options = faiss.SearchParameters(sel=faiss.IDSelectorBatch(wanted))  # type: ignore[call-arg]  # its stub lags
        count = min(DENSE_CANDIDATES, len(self.rows) if places is None else len(places))
        cosines, ids = self.dense.search(vector[None, :], count, params=options)
        for cosine, number in zip(cosines[0], ids[0], strict=True):
            if number >= 0:
                scores[self.places[int(number)]] = cosine
        return scores

    def save(self, folder: Path) -> None:
        """Write into an existing, empty folder. Raises OSError."""
        rows = [[row.key, row.text, row.words] for row in self.rows]
        (folder / "rows.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        # Serialized here and not by FAISS, so that a full disk is an OSError like any other.
        (folder / "vectors.faiss").write_bytes(faiss.serialize_index(self.dense).tobytes())
        (folder / "words").mkdir()
        self.lexical.save(folder / "words")

    @classmethod
    def load(cls, folder: Path) -> "Collection":
        """Read what `save` wrote.

        Raises OSError, ValueError, RuntimeError when files are missing or damaged.
        """
        rows = tuple(Row(*row) for row in json.loads((folder / "rows.json").read_text(encoding="utf-8")))
        raw = np.frombuffer((folder / "vectors.faiss").read_bytes(), dtype=np.uint8)
        dense = faiss.deserialize_index(raw)
        if not isinstance(dense, faiss.IndexIDMap2) or dense.ntotal != len(rows):
            raise ValueError(f"{folder} has {dense.ntotal} vectors for {len(rows)} rows")
        places = {_id(row.key): place for place, row in enumerate(rows)}
        return cls(rows, dense, LexicalIndex.load(folder / "words", len(rows)), places)


def _id(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) >> 1
