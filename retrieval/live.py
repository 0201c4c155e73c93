"""A retriever that is never out of date: files of the shop that change come in, the retriever to use now goes out.

Each use looks at the stamps of the shop's files, which takes microseconds. Where one has changed, products, prices,
stock, facets and answers are read again and swapped in as a whole, before the use goes on. Texts that are new have to
be embedded: a few at once, many by a thread, while what is indexed already is found with its new prices. A file that
cannot be read, or has lines that cannot, leaves all as it was, and is logged. Errors: none but those of opening.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from errors import DataError, ShopkeeperError
from retrieval.answers import load_answers
from retrieval.catalog import Catalog, Product, load_catalog
from retrieval.e5 import sentences
from retrieval.facets import FacetSpace
from retrieval.index import Row
from retrieval.index_build import QUESTIONS, Rows, build_index, digest_of
from retrieval.policy import load_policy
from retrieval.rows import background_rows, passage_rows, product_rows, sample_rows
from retrieval.search import ANSWERS, CATALOG, POLICY, SETTINGS, SOURCES, Retriever, by_key, read_facets
from retrieval.storage import StoredIndex, read_index, write_index

log = logging.getLogger(__name__)
Stamps = Mapping[str, tuple[int, int, int]]
_SETTLED = 50_000_000  # nanoseconds: a file that changed less long ago may change again without another stamp
_AT_ONCE = 32  # new texts that are embedded while somebody waits
_SMALL = 2000  # rows of what has changed that are indexed while somebody waits
_NAMED = 5  # broken lines, by an error


class LiveRetriever:
    """The current retriever of one shop, for many threads."""

    def __init__(self, opened: Retriever) -> None:
        self._now = opened
        self._shop_dir, self._index_dir = opened.origin.shop_dir, opened.origin.state_dir / "index"
        self._rows = ProductRows(opened)
        self._seen: Stamps = {}  # so that the first use reads what has changed since the opening
        self._refreshing, self._indexing, self._swapping = threading.Lock(), threading.Lock(), threading.Lock()

    def current(self) -> Retriever:
        """The retriever of the shop's files as they are now."""
        stamps = _stamps(self._shop_dir)
        if stamps != self._seen and self._refreshing.acquire(blocking=False):
            try:
                self._refresh(stamps)
            finally:
                self._refreshing.release()
        return self._now

    def _refresh(self, stamps: Stamps) -> None:
        changed = {name for name in SOURCES if name not in self._seen or self._seen[name] != stamps[name]}
        now = time.time_ns()
        self._seen = {name: stamp for name, stamp in stamps.items() if abs(now - stamp[0]) > _SETTLED}
        try:
            after = reread(self._now, changed)
        except ShopkeeperError as error:
            log.error("%s goes on with the shop as it was: %s", self._shop_dir, error)
            return
        except Exception:  # whatever stands in a file, it costs nobody an answer
            log.exception("%s goes on with the shop as it was", self._shop_dir)
            return
        if after is not self._now:
            with self._swapping:
                self._now = replace(after, index=self._now.index)
            self._index()

    def _index(self) -> None:
        """New texts into the index: a few now, many later."""
        index, rows = self._now.index, self._rows.all(self._now)
        changed = _changed(index, rows)
        if not changed:
            return
        known = {row.digest for name in changed if name not in QUESTIONS for row in index.collections[name].rows}
        new = sum(row.digest not in known for name, some in changed.items() if name not in QUESTIONS for row in some)
        if asked := [row.text for name in QUESTIONS if name in changed for row in rows[name]]:
            new += sentences().unread(asked)
        if new <= _AT_ONCE and sum(map(len, changed.values())) <= _SMALL:
            self._build(rows)
        else:
            threading.Thread(target=self._build_all, daemon=True, name="retrieval index").start()

    def _build_all(self) -> None:
        """Until the index is of what is current: the files may change while it is built."""
        with self._indexing:
            while _changed(self._now.index, rows := self._rows.all(self._now)) and self._build(rows):
                pass

    def _build(self, rows: Rows) -> bool:
        try:
            index = build_index(rows, self._now.embedder, self._now.index, read_index(self._index_dir))
            with self._swapping:
                self._now = replace(self._now, index=index)
            write_index(self._index_dir, index)
        except ShopkeeperError as error:
            log.error("what is new in %s is not indexed: %s", self._shop_dir, error)
            return False
        return True


class ProductRows:
    """The rows of a retriever's texts; those of products that did not change are made once."""

    def __init__(self, opened: Retriever) -> None:
        """`opened`: with an index of its own rows."""
        rows = {row.key: row for row in opened.index.collections["products"].rows}
        self._made = {item.sku: (item, rows[item.sku]) for item in opened.catalog.products if item.sku in rows}
        self._aliases = _aliases(opened.facets)
        self._lock = threading.Lock()

    def all(self, retriever: Retriever) -> Rows:
        """By collection."""
        templates = tuple(retriever.templates.values())
        return {
            "products": self._products(retriever.catalog.products, retriever.facets),
            "samples": sample_rows(templates),
            "background": background_rows() if templates else [],
            "passages": passage_rows(tuple(retriever.passages.values())),
        }

    def _products(self, products: Sequence[Product], space: FacetSpace) -> list[Row]:
        with self._lock:
            before = self._made if self._aliases == _aliases(space) else {}
            self._aliases = _aliases(space)
            self._made = {
                item.sku: made if (made := before.get(item.sku)) and made[0] is item else _with_row(item, space)
                for item in products
            }
            return [row for _, row in self._made.values()]


def reread(before: Retriever, changed: Set[str] = frozenset(SOURCES)) -> Retriever:
    """These files as they are now, on the index that there is; the same object where nothing has changed.

    Errors: those of opening, and `DataError` for a catalogue with lines that cannot be read and were not there before.
    """
    shop = before.origin.shop_dir
    catalog, facets = before.catalog, before.origin.facets
    templates, passages = before.templates, before.passages
    if CATALOG in changed:
        catalog = _reread_catalog(shop / CATALOG, before.catalog)
    if SETTINGS in changed:
        facets = read_facets(shop)
    if ANSWERS in changed:
        templates = {template.id: template for template in load_answers(shop / ANSWERS)}
    if POLICY in changed:
        passages = by_key(load_policy(shop / POLICY))
    is_same_catalog = catalog.products == before.catalog.products
    same = facets == before.origin.facets and templates == before.templates and passages == before.passages
    if is_same_catalog and same:
        return before
    space = before.facets
    if facets != before.origin.facets or not _same_facets(before.catalog, catalog):
        space = FacetSpace.from_shop(facets, catalog)
    origin = replace(before.origin, facets=facets)
    return replace(before, catalog=catalog, facets=space, templates=templates, passages=passages, origin=origin)


def _reread_catalog(path: Path, before: Catalog) -> Catalog:
    after = load_catalog(path, before)
    known = Counter(line.reason for line in before.rejected)
    known.subtract(line.reason for line in after.rejected)
    wrong = [line for line in after.rejected if known[line.reason] < 0]
    if wrong:
        raise DataError("; ".join(f"{path.name}, line {line.line_number}: {line.reason}" for line in wrong[:_NAMED]))
    if before.products and not after.products:
        raise DataError(f"{path.name} holds no products")  # as while somebody writes it
    return after


def _same_facets(before: Catalog, after: Catalog) -> bool:
    """Whether the products have the same values of facets: then prices, stock or texts have changed alone."""
    if len(before.products) != len(after.products):
        return False
    pairs = ((before.by_sku.get(item.sku), item) for item in after.products)
    return all(old is new or (old is not None and _facets_of(old) == _facets_of(new)) for old, new in pairs)


def _facets_of(product: Product) -> tuple[object, ...]:
    variants = tuple((variant.color, variant.size) for variant in product.variants)
    return product.sku, product.category, product.brand, product.facets, variants


def _changed(index: StoredIndex, rows: Rows) -> Rows:
    """The collections whose rows are others than those that the index has."""
    ordered = {name: tuple(sorted(some, key=lambda row: row.key)) for name, some in rows.items()}
    return {name: some for name, some in ordered.items() if not _is_indexed(index, name, some)}


def _is_indexed(index: StoredIndex, name: str, rows: Sequence[Row]) -> bool:
    if name in QUESTIONS:
        return index.identity.sources.get(name) == digest_of(rows)
    return rows == index.collections[name].rows


def _with_row(product: Product, space: FacetSpace) -> tuple[Product, Row]:
    (row,) = product_rows([product], space)
    return product, row


def _aliases(space: FacetSpace) -> Mapping[str, Mapping[str, str]]:
    return {name: facet.aliases for name, facet in space.facets.items()}


def _stamps(shop_dir: Path) -> Stamps:
    """When each file was last written, how long it is, and which one it is; zeros for one that is not there."""
    found = dict.fromkeys(SOURCES, (0, 0, 0))
    for name in SOURCES:
        with suppress(OSError):
            status = (shop_dir / name).stat()
            found[name] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found
