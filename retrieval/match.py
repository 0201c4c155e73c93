"""How well rows fit a question: a question and a collection come in, a score of 0 to 1 per row goes out.

The embedder reads English only, so a query in another language is matched by the words, or the Chinese character pairs,
that it shares with a row, as far as it is told which languages may be spoken.
"""

from collections.abc import Sequence

import numpy as np

from language.text import simplified
from retrieval.embedder import Embedder
from retrieval.index import Collection
from retrieval.lexical import Scores, unread_share

DENSE_WEIGHT = 0.75  # of an English query; what is left goes to the words


def relevance(
    collection: Collection,
    query: str,
    embedder: Embedder,
    places: list[int] | None = None,
    spoken: Sequence[str] = (),
) -> Scores:
    """How well each row fits `query`, 0 to 1: cosine and BM25, weighed by how much of it the embedder reads."""
    query = simplified(query)
    if not query.strip() or not collection.rows:
        return np.zeros(len(collection.rows), dtype=np.float32)
    weight = DENSE_WEIGHT * (1 - unread_share(query, spoken))
    words = collection.lexical.scores(query)
    if weight == 0:
        return np.clip(words, 0, 1)
    cosines = collection.dense_scores(embedder.encode_query(query), places)
    return np.clip(weight * np.maximum(cosines, 0) + (1 - weight) * np.minimum(words, 1), 0, 1)
