"""What is indexed of each thing: products, templates and passages come in, rows of text go out."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from retrieval.answers import Template
from retrieval.catalog import Product
from retrieval.facets import FacetSpace
from retrieval.index import Row
from retrieval.policy import Passage

BACKGROUND = Path(__file__).with_name("background.txt")


def product_rows(products: Sequence[Product], space: FacetSpace) -> list[Row]:
    """One row per product; its key is the SKU. A word in a title weighs three times one in a description."""
    return [Row(product.sku, _product_text(product), _product_words(product, space)) for product in products]


def sample_rows(templates: Sequence[Template]) -> list[Row]:
    """One row per sample question; its key is `<template id>/<language>/<number>`."""
    return [
        Row(f"{template.id}/{language}/{number}", question, question)
        for template in templates
        for language, questions in template.samples.items()
        for number, question in enumerate(questions)
    ]


def background_rows() -> list[Row]:
    """One row per request that shops do not answer; its key is the line's number."""
    lines = BACKGROUND.read_text(encoding="utf-8").splitlines()
    return [Row(f"{number:05}", line, line) for number, line in enumerate(lines) if line and not line.startswith("#")]


def passage_rows(passages: Sequence[Passage]) -> list[Row]:
    """One row per passage; its key is the passage's number, and a digest of what it says."""
    return [
        Row(
            f"{number:05}-{hashlib.blake2b(repr(passage).encode(), digest_size=6).hexdigest()}",
            f"{passage.heading}. {passage.text}",
            f"{passage.heading} {passage.heading} {passage.text}",
        )
        for number, passage in enumerate(passages)
    ]


def _product_text(product: Product) -> str:
    facets = "; ".join(f"{name}: {', '.join(values)}" for name, values in _choices(product))
    return f"{product.title}. {product.category}. {product.description} {facets}"


def _product_words(product: Product, space: FacetSpace) -> str:
    titles = " ".join(product.titles.values())
    facets = [" ".join(values) for _, values in _choices(product)]
    colors = sorted({variant.color for variant in product.variants})
    others = space.other_words(product)
    named = [titles, titles, titles, product.category, product.brand, product.sku]
    return " ".join([*named, *facets, *colors, *others, product.description])


def _choices(product: Product) -> list[tuple[str, tuple[str, ...]]]:
    return [(name, value) for name, value in sorted(product.facets.items()) if isinstance(value, tuple) and value]
