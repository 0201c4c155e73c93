"""What an agent works with, as the shop's files are now.

In: `Services` that were opened once. Out: the same, with the catalogue, the words and the facets of the files as they
stand at each use, whatever has changed since (`retrieval.live`). One turn works with one `Services`, from its beginning
to its end.
"""

import threading
from dataclasses import replace

from agent.context import Services
from agent.lexicon import ShopLexicon
from profiles.shop.files import load_facets
from profiles.validator import Firewall
from retrieval.live import LiveRetriever
from retrieval.search import Retriever


class LiveServices:
    """Of one shop, for many threads."""

    def __init__(self, opened: Services) -> None:
        self._now = opened
        self._retriever = LiveRetriever(opened.retriever)
        self._lock = threading.Lock()

    def current(self) -> Services:
        """The services of the shop's files as they are now."""
        retriever = self._retriever.current()
        if retriever is not self._now.retriever:
            with self._lock:
                if retriever is not self._now.retriever:
                    self._now = _with_retriever(self._now, retriever)
        return self._now


def _with_retriever(services: Services, retriever: Retriever) -> Services:
    if retriever.facets is services.retriever.facets:  # prices, stock, texts, answers: no words of the shop's
        return replace(services, retriever=retriever)
    facets = load_facets(services.shop.root)
    declared = retriever.origin.facets
    tool_facets = tuple(name for name in services.shop.tool_facets if name in declared)
    return replace(
        services,
        retriever=retriever,
        shop=replace(services.shop, facets=declared, tool_facets=tool_facets),
        firewall=Firewall(services.schema, facets, services.shop.zone),
        lexicon=ShopLexicon.of(
            services.schema,
            facets,
            retriever.catalog.categories,
            services.shop.languages,
            services.lexicon.id_shapes,
        ),
    )
