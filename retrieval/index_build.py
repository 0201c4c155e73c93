"""The index of a shop's rows: rows by collection come in, a `StoredIndex` goes out, and onto the disk.

What is indexed is texts, so a change of prices or stock leaves an index as it is. A text that was embedded before is
not embedded again. Errors: `ModelError`, `StorageError`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from retrieval.embedder import Embedder, Vectors
from retrieval.index import Collection, Row
from retrieval.questions import QuestionMatcher
from retrieval.storage import Identity, StoredIndex, read_index, write_index

Rows = Mapping[str, Sequence[Row]]  # by collection
QUESTIONS = ("samples", "background")  # what these say is learnt, and not searched


def current_index(root: Path, rows: Rows, embedder: Embedder) -> StoredIndex:
    """The index of these rows under `root`; built anew, and written, where that is of others, missing or damaged."""
    identity = identity_of(rows, embedder)
    stored = read_index(root)
    if stored is not None and stored.identity == identity:
        return stored
    index = build_index(rows, embedder, stored)
    write_index(root, index)
    return index


def build_index(rows: Rows, embedder: Embedder, *before: StoredIndex | None) -> StoredIndex:
    """The index of these rows. Of indexes that were made by the same embedder, vectors are used again, and the
    collections whose rows are the same, as they are."""
    identity = identity_of(rows, embedder)
    usable = [index for index in before if index is not None and _same_embedder(index.identity, identity)]
    known: dict[str, Vectors] = {}
    for index in usable:
        for collection in index.collections.values():
            known |= collection.vectors()
    built = {}
    for name, some in rows.items():
        if name in QUESTIONS:
            continue
        same = [index for index in usable if index.identity.sources.get(name) == identity.sources[name]]
        built[name] = same[0].collections[name] if same else Collection.build(some, embedder, known)
    fitted = [
        index.questions
        for index in usable
        if all(index.identity.sources.get(name) == identity.sources[name] for name in QUESTIONS)
    ]
    questions = fitted[0] if fitted else QuestionMatcher.build(*(rows[name] for name in QUESTIONS))
    return StoredIndex(identity, built, questions)


def identity_of(rows: Rows, embedder: Embedder) -> Identity:
    """Which embedder, and a digest of the rows of each collection."""
    return Identity(embedder.name, embedder.sha256, {name: digest_of(some) for name, some in rows.items()})


def digest_of(rows: Sequence[Row]) -> str:
    """Of the rows, in whatever order they come."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda row: row.key):
        for part in (row.key, row.text, row.words):
            digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def _same_embedder(one: Identity, other: Identity) -> bool:
    return (one.embedder, one.embedder_sha256) == (other.embedder, other.embedder_sha256)
