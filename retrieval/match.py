"""How well rows fit a question: a question and a collection come in, a score of 0 to 1 per row goes out.

The embedder reads English only, so a Chinese question is matched by the character pairs it shares with the
samples.
"""

from collections.abc import Mapping

import numpy as np

from retrieval.embed import Embedder
from retrieval.index import Collection
from retrieval.lexical import Scores, chinese_share

DENSE_WEIGHT = 0.75  # of an English query; what is left goes to the words


def relevance(
    collection: Collection, query: str, embedder: Embedder, places: list[int] | None = None
) -> Scores:
    """How well each row fits `query`, 0 to 1: cosine and BM25, weighed by how Chinese the query is."""
    if not query.strip() or not collection.rows:
        return np.zeros(len(collection.rows), dtype=np.float32)
    weight = DENSE_WEIGHT * (1 - chinese_share(query))
    words = collection.lexical.scores(query)
    if weight == 0:
        return np.clip(words, 0, 1)
    cosines = collection.dense_scores(embedder.encode_query(query), places)
    return np.clip(weight * np.maximum(cosines, 0) + (1 - weight) * np.minimum(words, 1), 0, 1)


def best_by_owner(collection: Collection, scores: Scores) -> Mapping[str, float]:
    """The best score of each owner (the part of a row's key before the first slash), best first."""
    best: dict[str, float] = {}
    for place in np.argsort(-scores, kind="stable"):
        best.setdefault(collection.rows[place].key.partition("/")[0], float(scores[place]))
    return best
