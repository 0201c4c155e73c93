"""The retriever: a shop's folder comes in; products, approved answers and policy passages go out.

Products are found by meaning and by word, kept only if one variant meets every filter, and moved by what
the customer likes, with a reason that names the trait.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from errors import ConfigError, choices
from retrieval.answers import Template, load_answers
from retrieval.catalog import Catalog, Product, Variant, load_catalog
from retrieval.embedder import Embedder
from retrieval.facets import FacetSpace
from retrieval.filters import Filters, prepare
from retrieval.index_build import current_index
from retrieval.match import relevance
from retrieval.policy import Passage, load_policy
from retrieval.preferences import Preference, PreferenceSet
from retrieval.rows import background_rows, passage_rows, product_rows, sample_rows
from retrieval.storage import StoredIndex

Sort = str  # "price_low", "price_high", "rating", or a facet of numbers: "weight_low", "weight_high"
BASIC_SORTS = ("price_low", "price_high", "rating")
LIKE_BONUS = 0.06  # added to the relevance for each liked facet; about the gap between neighbours in a result
LIKE_LIMIT = 0.15
OUTSIDE = 0.9  # what is left of the relevance for each liked range that a product is outside of; never nothing
SORT_POOL = 0.6  # sorting by price or rating looks at products at least this relevant, compared with the best
ANSWER_THRESHOLD = 0.5
POLICY_THRESHOLD = 0.35
SOURCES = CATALOG, ANSWERS, POLICY, SETTINGS = ("catalog.jsonl", "answers.yaml", "policy.md", "shop.toml")


@dataclass(frozen=True, slots=True)
class ProductHit:
    """A product, its best variant under the filters, a score of 0 to 1, and why it was moved up."""

    product: Product
    variant: Variant
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Boost:
    """What somebody outside knows of a product: what to add to its score, and why, in words ("" for nobody to read)."""

    bonus: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AnswerHit:
    """An approved answer and how surely it fits, 0 to 1."""

    template: Template
    score: float


@dataclass(frozen=True, slots=True)
class PassageHit:
    """A passage of the policy and how well it fits, 0 to 1."""

    text: str
    heading: str
    score: float


@dataclass(frozen=True, slots=True)
class Origin:
    """The folders that a retriever was read from, and the `[facets]` table as it stood."""

    shop_dir: Path
    state_dir: Path
    facets: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Retriever:
    """Everything that can be looked up in one shop.

    Read-only, so threads may share it; after changes, `retrieval.live` makes another one of its `origin`.
    """

    catalog: Catalog
    facets: FacetSpace
    templates: Mapping[str, Template]
    passages: Mapping[str, Passage]
    index: StoredIndex
    embedder: Embedder
    origin: Origin

    @classmethod
    def open(cls, shop_dir: Path, state_dir: Path, embedder: Embedder | None = None) -> "Retriever":
        """Load the shop and its index in `state_dir`/index, built anew if missing, stale or damaged.

        Raises ConfigError, DataError (a file of the shop), ModelError (the embedder), StorageError (the
        index).
        """
        embedder = embedder or Embedder()
        catalog = load_catalog(shop_dir / CATALOG)
        facets = read_facets(shop_dir)
        space = FacetSpace.from_shop(facets, catalog)
        templates = load_answers(shop_dir / ANSWERS)
        passages = by_key(load_policy(shop_dir / POLICY))
        rows = {
            "products": product_rows(catalog.products, space),
            "samples": sample_rows(templates),
            "background": background_rows() if templates else [],
            "passages": passage_rows(tuple(passages.values())),
        }
        index = current_index(state_dir / "index", rows, embedder)
        by_id = {template.id: template for template in templates}
        return cls(catalog, space, by_id, passages, index, embedder, Origin(shop_dir, state_dir, facets))

    def search(
        self,
        query: str,
        filters: Filters | None = None,
        k: int = 3,
        sort: Sort | None = None,
        prefer: Sequence[Preference] = (),
    ) -> list[ProductHit]:
        """The `k` best products, best first; an empty query lists what passes the filters, best rated first.

        `prefer`: of facets that there are not, passed over. A `sort` is among all that is relevant, so it lowers
        nothing. Raises ConfigError for a filter, sort or k that cannot be, ModelError when the embedder fails.
        """
        if sort is not None and sort not in self.sorts:
            raise ConfigError(f"unknown sort '{sort}'; sorts: {choices(self.sorts)}")
        if k < 1:
            raise ConfigError(f"k must be 1 or more, not {k}")
        test = prepare(filters or Filters(), self.facets)
        collection = self.index.collections["products"]
        passing: dict[int, tuple[Variant, ...]] = {}
        for place, row in enumerate(collection.rows):
            product = self.catalog.by_sku.get(row.key)  # none: sold no more, and the index does not know yet
            if product and (variants := test.passing(product)):
                passing[place] = variants
        scores = relevance(collection, query, self.embedder, list(passing))
        palate, outside = PreferenceSet.of(prefer, self.facets), 1.0 if sort else OUTSIDE
        hits = [
            _hit(self.catalog.by_sku[collection.rows[place].key], variants, float(scores[place]), palate, outside)
            for place, variants in passing.items()
        ]
        return _ordered(hits, sort, self._is_of_one_kind(filters))[:k]

    @property
    def sorts(self) -> tuple[str, ...]:
        """What results can be sorted by: the price, the rating, and the facets that are numbers."""
        numbers = [name for name in self.facets.names if self.facets.facet(name).type == "number"]
        return (*BASIC_SORTS, *(f"{name}_{end}" for name in numbers for end in ("low", "high")))

    def _is_of_one_kind(self, filters: Filters | None) -> bool:
        """Whether the filters name a kind of product: then all that passes is relevant."""
        named = (filters.equals if filters else {}).items()
        kinds = self.catalog.categories
        return any(value in kinds and set(self.facets.values(name)) == kinds for name, value in named)

    def answer(self, question: str, language: str, least: float = ANSWER_THRESHOLD) -> AnswerHit | None:
        """The approved answer to `question`, if one fits surely enough and has a text in `language`."""
        for name, score in self.index.questions.confidences(question).items():
            if score < least:
                return None
            template = self.templates.get(name)
            if template and language in template.text:
                return AnswerHit(template, round(score, 4))
        return None

    def policy(self, question: str) -> PassageHit | None:
        """The passage of the policy that fits `question` best, if any fits."""
        collection = self.index.collections["passages"]
        scores = relevance(collection, question, self.embedder, spoken=self.index.questions.languages)
        if not len(scores) or scores.max() < POLICY_THRESHOLD:
            return None
        place = int(np.argmax(scores))
        passage = self.passages.get(collection.rows[place].key)
        return PassageHit(passage.text, passage.heading, round(float(scores[place]), 4)) if passage else None


def by_key(passages: Sequence[Passage]) -> Mapping[str, Passage]:
    """The passages by the keys of their rows."""
    return {row.key: passage for row, passage in zip(passage_rows(passages), passages, strict=True)}


def liking(reasons: int) -> float:
    """What so many liked things add to a relevance."""
    return min(LIKE_LIMIT, LIKE_BONUS * reasons)


def _hit(
    product: Product, variants: tuple[Variant, ...], relevance: float, palate: PreferenceSet, outside: float
) -> ProductHit:
    """Show the variant that suits best; among equals the first in stock, then the cheapest."""
    fits = {variant.sku: palate.fit(product, variant) for variant in variants}

    def suits(variant: Variant) -> tuple[int, bool, Decimal]:
        fit = fits[variant.sku]
        return len(fit.reasons) - fit.missed, variant.stock > 0, -variant.price

    best = max(variants, key=suits)
    fit = fits[best.sku]
    liked = min(1.0, relevance + liking(len(fit.reasons)))
    return ProductHit(product, best, round(liked * outside**fit.missed, 4), fit.reasons)


def reorder(hits: Sequence[ProductHit], boosts: Mapping[str, Boost]) -> list[ProductHit]:
    """The hits with what is known of their products, by sku: scores and reasons, best first again.

    Hits that come out alike, because a score ends at 0 and at 1, stay in their order.
    """
    moved = []
    for hit in hits:
        boost = boosts.get(hit.product.sku, Boost(0.0))
        score = round(min(1.0, max(0.0, hit.score + boost.bonus)), 4)
        reasons = (boost.reason, *hit.reasons) if boost.reason else hit.reasons
        moved.append(replace(hit, score=score, reasons=reasons))
    return sorted(moved, key=lambda hit: -hit.score)


def sorted_by(sort: Sort) -> str:
    """``sorted_by("weight_low") == "weight"``; "" for the rating."""
    return sort.rpartition("_")[0]


def _ordered(hits: list[ProductHit], sort: Sort | None, all_relevant: bool) -> list[ProductHit]:
    """Best first. A sort is among the relevant, so that "cheapest tent" is a tent."""
    hits.sort(key=lambda hit: (-hit.score, -(hit.product.rating or 0), hit.product.sku))
    if sort is None or not hits:
        return hits
    relevant = [hit for hit in hits if all_relevant or hit.score >= SORT_POOL * hits[0].score]
    if sort == "rating":
        return sorted(relevant, key=lambda hit: (-(hit.product.rating or 0), -hit.product.reviews))
    name, sign = sorted_by(sort), 1 if sort.endswith("_low") else -1
    amounts = {hit.product.sku: _amount(hit, name) for hit in relevant}
    told = [hit for hit in relevant if amounts[hit.product.sku] is not None]
    return sorted(told, key=lambda hit: sign * (amounts[hit.product.sku] or 0))


def _amount(hit: ProductHit, name: str) -> float | None:
    """The price of the variant, or a number among the facets; None where the catalogue does not say it."""
    if name == "price":
        return float(hit.variant.price)
    value = hit.product.facets.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def read_facets(shop_dir: Path) -> Mapping[str, Mapping[str, Any]]:
    """The `[facets]` table of a shop. Raises ConfigError."""
    path = shop_dir / SETTINGS
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("facets", {})
    except FileNotFoundError:
        raise ConfigError(f"no shop at {path.parent}: it has no {path.name}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: [facets] must be a table, not {table!r}")
    return table
