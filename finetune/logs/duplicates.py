"""Near-duplicates: a consultation in, whether one very like it was seen before.

Texts are compared by MinHash sketches (datasketch) of their word triples; numbers count as equal, so that the same
macro answer with another order id is the same. Sketches and their bands lie in the work file: memory does not grow with
the log.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any

import numpy as np
from datasketch import MinHash

_BANDS, _ROWS = 25, 5  # two texts that are alike to 0.8 share a band in all but one of 20,000 cases
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\d_]+|\d+")

TABLES = (
    "CREATE TABLE IF NOT EXISTS band (hash INTEGER PRIMARY KEY, document INTEGER) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS sketch (document INTEGER PRIMARY KEY, sketch BLOB)",
)


def is_duplicate(database: sqlite3.Connection, texts: Iterable[str], max_similarity: float) -> bool:
    """Whether one seen before is more alike than that; if not, this one is remembered."""
    sketch = _sketch(texts)
    bands = list(_bands(sketch))
    marks = ",".join("?" * len(bands))
    found = database.execute(
        f"SELECT sketch FROM sketch WHERE document IN (SELECT document FROM band WHERE hash IN ({marks}))", bands
    )
    for (other,) in found:
        if float(np.mean(np.frombuffer(other, dtype=sketch.dtype) == sketch)) > max_similarity:
            return True
    document = database.execute("INSERT INTO sketch (sketch) VALUES (?)", (sketch.tobytes(),)).lastrowid
    database.executemany("INSERT OR REPLACE INTO band VALUES (?, ?)", [(band, document) for band in bands])
    return False


def _sketch(texts: Iterable[str]) -> np.ndarray[Any, Any]:
    words = ["0" if word.isdigit() else word for text in texts for word in _WORD.findall(text.casefold())]
    triples = {" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))}
    sketch = MinHash(num_perm=_BANDS * _ROWS, seed=1)
    sketch.update_batch([triple.encode("utf-8", "replace") for triple in sorted(triples)])
    return np.asarray(sketch.hashvalues)


def _bands(sketch: np.ndarray[Any, Any]) -> Iterator[int]:
    for band in range(_BANDS):
        part = bytes([band]) + sketch[band * _ROWS : (band + 1) * _ROWS].tobytes()
        yield int.from_bytes(blake2b(part, digest_size=8).digest(), "big", signed=True)
