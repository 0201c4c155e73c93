"""The retrieval command: a shop's folder and a question come in, what is found goes out, as text or JSON."""

import argparse
import json
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from errors import ShopkeeperError
from language.decimals import plain
from retrieval.catalog import load_catalog
from retrieval.embedder import Embedder
from retrieval.facets import facet_values
from retrieval.filters import Filters
from retrieval.preferences import Taste
from retrieval.search import ProductHit, Retriever
from retrieval.upsert import upsert_products

FLAGS = ("category", "color", "size", "material", "brand")
EPILOG = """\
examples:
  python -m retrieval build
  python -m retrieval search "warm waterproof jacket" --color green --size M --max-price 150
  python -m retrieval search "socks" --without material=wool --sort price_low -k 5 --json
  python -m retrieval answer "can I send it back?"
  python -m retrieval answer "多久可以退货" --language zh --json
  python -m retrieval check
  python -m retrieval upsert new.jsonl            products into the catalogue; agents that run have them at once

exit codes:
  0 done (a search without hits is done too)   1 check found rejected catalogue lines
  2 wrong argument or shop setting             3 broken data in the shop's files
  6 the embedder failed                        7 the index cannot be read or written
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    _hush()
    try:
        result: int = options.run(options)
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return result


def build(options: argparse.Namespace) -> int:
    """Build or refresh the index and say what it holds."""
    retriever = _open(options)
    counts = {name: len(collection.rows) for name, collection in retriever.index.collections.items()}
    identity = retriever.index.identity
    report = {"embedder": identity.embedder, **counts, "rejected": len(retriever.catalog.rejected)}
    _print(report, ", ".join(f"{name}: {value}" for name, value in report.items()), options.json)
    return 0


def search(options: argparse.Namespace) -> int:
    """Print the products found."""
    filters = Filters(
        equals={name: getattr(options, name) for name in FLAGS if getattr(options, name) is not None},
        without=_pairs(options.without),
        min_price=options.min_price,
        max_price=options.max_price,
        in_stock=not options.sold_out,
    )
    retriever = _open(options)
    tastes = [Taste(name, values) for name, values in _pairs(options.prefer).items()]
    hits = retriever.search(options.query, filters, options.k, options.sort, tastes)
    _print([hit_to_json(hit) for hit in hits], "\n".join(map(_line, hits)) or "nothing found", options.json)
    return 0


def answer(options: argparse.Namespace) -> int:
    """Print the approved answer and the passage of the policy that fit the question."""
    retriever = _open(options)
    found, passage = retriever.answer(options.question, options.language), retriever.policy(options.question)
    report: dict[str, Any] = {
        "answer": found
        and {"id": found.template.id, "text": found.template.text[options.language], "score": found.score},
        "policy": passage and {"heading": passage.heading, "text": passage.text, "score": passage.score},
    }
    lines = [f"{name}: {json.dumps(part, ensure_ascii=False) if part else 'none'}" for name, part in report.items()]
    _print(report, "\n".join(lines), options.json)
    return 0


def upsert(options: argparse.Namespace) -> int:
    """Merge the products of a JSON-lines file into the shop's catalogue, and index them."""
    done = upsert_products(options.shop, options.file)
    retriever = _open(options)
    report = {"added": done.added, "changed": done.changed, "products": len(retriever.catalog.products)}
    _print(report, ", ".join(f"{name}: {value}" for name, value in report.items()), options.json)
    return 0


def check(options: argparse.Namespace) -> int:
    """Print each catalogue line that was rejected, with the reason."""
    catalog = load_catalog(options.shop / "catalog.jsonl")
    rejected = [{"line": line.line_number, "reason": line.reason} for line in catalog.rejected]
    lines = [f"{len(catalog.products)} products, {len(rejected)} lines rejected"]
    lines += [f"line {line['line']}: {line['reason']}" for line in rejected]
    _print({"products": len(catalog.products), "rejected": rejected}, "\n".join(lines), options.json)
    return 1 if rejected else 0


def hit_to_json(hit: ProductHit) -> dict[str, Any]:
    """A hit as one flat JSON object: the variant's price, colour, size, stock and the product's facets."""
    product, variant = hit.product, hit.variant
    facets = {name: list(value) if isinstance(value, tuple) else value for name, value in product.facets.items()}
    return facets | {
        "sku": product.sku,
        "variant": variant.sku,
        "title": product.title,
        "titles": dict(product.titles),
        "price": plain(variant.price),
        "category": product.category,
        "brand": product.brand,
        "color": variant.color,
        "size": variant.size,
        "stock": variant.stock,
        "rating": product.rating,
        "score": hit.score,
        "reasons": list(hit.reasons),
    }


def _line(hit: ProductHit) -> str:
    variant, material = hit.variant, ", ".join(facet_values(hit.product, None, "material"))
    reasons = f"  ({'; '.join(hit.reasons)})" if hit.reasons else ""
    about = ", ".join(part for part in (variant.color, variant.size, material) if part)
    return f"{hit.score:.2f}  {variant.price:8.2f}  {variant.sku}  {hit.product.title}: {about}{reasons}"


def _open(options: argparse.Namespace) -> Retriever:
    return Retriever.open(options.shop, options.state or options.shop / "state", Embedder(options.embedder))


def _print(data: Any, text: str, as_json: bool) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=1) if as_json else text)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"'{text}' is not FACET=VALUE, such as material=wool")
    return name, value


def _pairs(pairs: Sequence[tuple[str, str]]) -> dict[str, frozenset[str]]:
    names = {name for name, _ in pairs}
    return {name: frozenset(value for other, value in pairs if other == name) for name in sorted(names)}


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--shop", type=Path, default=Path("shop"), metavar="DIR", help="the shop's folder (shop)")
    shared.add_argument("--state", type=Path, metavar="DIR", help="where the index is kept (SHOP/state)")
    shared.add_argument("--embedder", metavar="MODEL", help="a sentence-transformers folder or model name")
    shared.add_argument("--json", action="store_true", help="print JSON")
    parser = argparse.ArgumentParser(
        "python -m retrieval",
        description="Find products, approved answers and policy passages in a shop.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "build", build, shared)
    _add(commands, "check", check, shared)
    taking = _add(commands, "upsert", upsert, shared)
    taking.add_argument("file", type=Path, metavar="FILE.jsonl", help="a product, or what changes of it, a line")
    asking = _add(commands, "answer", answer, shared)
    asking.add_argument("question")
    asking.add_argument("--language", default="en", help="language of the answer (en)")
    finding = _add(commands, "search", search, shared)
    finding.add_argument("query")
    for name in FLAGS:
        finding.add_argument(f"--{name}", help=f"keep only this {name}")
    finding.add_argument("--without", action="append", type=_pair, default=[], metavar="FACET=VALUE", help="leave out")
    finding.add_argument(
        "--prefer", action="append", type=_pair, default=[], metavar="FACET=VALUE", help="move up; price=100..200 too"
    )
    finding.add_argument("--min-price", type=float, help="lowest price, in the shop's currency")
    finding.add_argument("--max-price", type=float, help="highest price, in the shop's currency")
    finding.add_argument("--sort", choices=("price_low", "price_high", "rating"), help="order (by relevance)")
    finding.add_argument("--sold-out", action="store_true", help="also what is not in stock")
    finding.add_argument("-k", type=int, default=3, help="how many (3)")
    return parser


def _add(commands: Any, name: str, run: Any, shared: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=run.__doc__, parents=[shared])
    parser.set_defaults(run=run)
    return parser


def _hush() -> None:
    """Keep the libraries' progress bars and notices out of the command's output."""
    os.environ |= {
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TQDM_DISABLE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
    }
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
