"""The tool that puts two or more products side by side, or picks one of them by a criterion.

In: which products, and by what ("weight", "lightest", "price"). Out: an `Outcome` of kind "comparison": the facets in
which they differ, by product, and for a criterion which comes first. Errors: `RefusedWrite` where it is not clear which
products are meant.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from agent.context import TurnContext
from agent.replies.card import Card, Row
from agent.replies.composer import Artifact, Composer
from agent.shown import COMPARES, SPEAKS_OF, Reference, shown_in
from agent.tools.get_product import asked_products, label_of, reference_argument, truth
from agent.tools.outcome import Outcome, RefusedWrite, Runtime, outcome
from agent.tools.product_facts import Facts, Question
from agent.tools.products import best_variant
from agent.tools.schemas import Json, arguments, text
from agent.tools.tool import Source, Tool
from language.aspects import Aspect
from language.decimals import plain
from retrieval.catalog import ONE_SIZE, Product
from retrieval.facets import VARIANT_FACETS

NAME = "compare_products"
MOST = 4
ROWS = 6  # differences that one reply names
_BETTER: Mapping[str, str] = {"price": "least", "rating": "most"}  # where the customer says no direction


def compare_products(
    runtime: Runtime, products: Reference | list[Reference] | None = None, by: str | None = None
) -> Outcome:
    """What differs between the products, first what the customer asks for by name, which may also be the same; `by` a
    criterion, which of them comes first."""
    context = runtime.context
    chosen = _chosen(products, runtime)
    facts = Facts.of_shop(context.services)
    asked = facts.aspects(Question(context.read(by or "")))
    criterion = next((aspect for aspect in asked if aspect.name not in (*VARIANT_FACETS, "stock")), None)
    values = {name: [value(each) for each in chosen] for name, value in _properties(chosen, facts).items()}
    named = {aspect.name for aspect in facts.aspects(Question(context.reading))}
    told = [name for name, row in values.items() if any(row) and (len(set(row)) > 1 or name in named)]
    differing = {name: values[name] for name in sorted(told, key=lambda name: name not in named)}
    artifact: dict[str, Any] = {
        "kind": "comparison",
        SPEAKS_OF: [each.sku for each in chosen],
        COMPARES: [each.sku for each in chosen],
        "products": [_named(each, context) for each in chosen],
        "rows": [{"facet": name, "values": row} for name, row in differing.items()],
    }
    if criterion is not None:
        artifact["by"] = _verdict(criterion, chosen, facts)
        artifact[SPEAKS_OF] = _first(artifact["by"]) or artifact[SPEAKS_OF]
    lines = "; ".join(f"{row['facet']}: {', '.join(row['values'])}" for row in artifact["rows"])
    return outcome(context, artifact, f"compared {', '.join(each.sku for each in chosen)}", lines or "no differences")


def _chosen(references: Reference | Sequence[Reference] | None, runtime: Runtime) -> list[Product]:
    """At least two products: of one, the others of the list are what it is compared with."""
    found = asked_products(references or "shown", runtime)[:MOST]
    if len(found) > 1:
        return found
    catalog, listed = runtime.context.services.retriever.catalog, shown_in(runtime.state["messages"]).listed
    others = [catalog.by_sku[sku] for sku in listed if sku in catalog.by_sku and sku != found[0].sku]
    if len(others) != 1:
        raise RefusedWrite(f"only {found[0].sku} to compare", "compared_one")
    return [*found, *others]


def _properties(products: Sequence[Product], facts: Facts) -> dict[str, Callable[[Product], str]]:
    """How to read each property, those that matter to most customers first: what is measured before what is named."""
    declared = [name for name in facts.space.names if any(name in each.facets for each in products)]
    declared.sort(key=lambda name: facts.space.facet(name).type != "number")
    read: dict[str, Callable[[Product], str]] = {
        "price": lambda each: f"{plain(best_variant(each).price):.2f}",
        "rating": lambda each: "" if each.rating is None else f"{each.rating:.1f}",
    }
    read |= {name: partial(facts.value, facet=name) for name in declared}
    return read | {name: partial(_in_stock, name=name) for name in VARIANT_FACETS}


def _in_stock(product: Product, name: str) -> str:
    there = [variant for variant in product.variants if variant.stock > 0]
    own = dict.fromkeys(variant.color if name == "color" else variant.size for variant in there)
    return ", ".join(value for value in own if value and value != ONE_SIZE)


def _verdict(criterion: Aspect, products: Sequence[Product], facts: Facts) -> Json:
    """Which product has the least or the most ("best"), or which share it ("tied"); neither where nothing is said."""
    amounts = {each.sku: _amount(each, criterion.name) for each in products}
    known = {sku: amount for sku, amount in amounts.items() if amount is not None}
    verdict: Json = {"facet": criterion.name}
    direction = criterion.direction or _BETTER.get(criterion.name, "")
    if not known or not direction:
        return verdict
    best = min(known.values()) if direction == "least" else max(known.values())
    first = [each for each in products if known.get(each.sku) == best]
    verdict |= {"value": _properties(products, facts)[criterion.name](first[0])}
    if len(first) == 1:
        return verdict | {"best": first[0].sku, "title": first[0].title}
    return verdict | {"tied": [each.sku for each in first]}


def _first(verdict: Mapping[str, Any]) -> list[str]:
    """The SKUs of what comes first, one or those that tie."""
    return [verdict["best"]] if "best" in verdict else verdict.get("tied", [])


def _amount(product: Product, name: str) -> float | None:
    if name == "price":
        return float(best_variant(product).price)
    if name == "rating":
        return product.rating
    value = product.facets.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _named(product: Product, context: TurnContext) -> Json:
    return {
        "sku": product.sku,
        "title": product.title,
        "titles": dict(product.titles),
        "price": plain(best_variant(product).price),
        "currency": context.services.shop.currency,
        "rating": product.rating,
        "stock": sum(variant.stock for variant in product.variants),
    }


def say(composer: Composer, artifact: Artifact) -> str:
    """The verdict first, then each product with what sets it apart."""
    titles = [_title(composer, product) for product in artifact["products"]]
    rows = artifact["rows"][:ROWS]
    verdict = _said(composer, artifact)
    if verdict and artifact["by"].get("value"):
        return verdict
    lines = [
        composer.say(
            "compared_line",
            title=title,
            details=composer.say("comma").join(
                f"{_label(composer, row['facet'])} {_value(composer, row['facet'], row['values'][place])}"
                for row in rows
                if row["values"][place]
            ),
        )
        for place, title in enumerate(titles)
    ]
    return "\n".join([verdict or composer.say("compared"), *(f"- {line}" for line in lines)])


def _said(composer: Composer, artifact: Artifact) -> str:
    verdict = artifact.get("by")
    if not verdict:
        return ""
    label, value = _label(composer, verdict["facet"]), _value(composer, verdict["facet"], verdict.get("value", ""))
    first = _first(verdict)
    if not (first and value):
        return ""
    names = [_title(composer, product) for product in artifact["products"] if product["sku"] in first]
    others = [
        f"{_title(composer, product)} ({other})"
        for place, product in enumerate(artifact["products"])
        if product["sku"] not in first and (other := _of(composer, artifact, verdict["facet"], place))
    ]
    comma = composer.say("comma")
    key = "compared_best" if len(first) == 1 else "compared_alike"
    said = composer.say(key, label=label, title=comma.join(names), value=value)
    rest = composer.say("compared_others", others=comma.join(others)) if others else ""
    return f"{said} {rest}".strip()


def _of(composer: Composer, artifact: Artifact, facet: str, place: int) -> str:
    """What a product of the comparison has of a facet, in words."""
    values: Sequence[str] = next((row["values"] for row in artifact["rows"] if row["facet"] == facet), [])
    return _value(composer, facet, values[place]) if values else ""


def _title(composer: Composer, product: Mapping[str, Any]) -> str:
    return str(product["titles"].get(composer.language, product["title"]))


def _label(composer: Composer, facet: str) -> str:
    key = f"label_{facet}"
    return composer.say(key) if composer.services.phrases.has(key) else label_of(composer, facet)


def _value(composer: Composer, facet: str, value: str) -> str:
    if facet == "price" and value:
        return composer.money(float(value))
    return truth(composer, value)


def cards(composer: Composer, artifact: Artifact) -> Sequence[Card]:
    """One table: a row for each difference, a column for each product."""
    rows = tuple(
        Row(
            _label(composer, row["facet"]),
            tuple(_value(composer, row["facet"], value) or "–" for value in row["values"]),
        )
        for row in artifact["rows"]
    )
    titles = tuple(_title(composer, product) for product in artifact["products"])
    return (Card(key=" ".join(artifact[SPEAKS_OF]), title="", columns=titles, rows=rows),)


TOOL = Tool(
    name=NAME,
    brief="what differs between products that were shown",
    when=(
        "Put two to four certain products side by side, or say which of them comes first by a criterion (the lightest, "
        "the cheapest, the best rated). Use it when the customer asks for the difference or which of the shown ones "
        "is better. For the lightest or cheapest of the whole shop use search_products with sort."
    ),
    parameters=lambda services: arguments(
        {
            "products": reference_argument(services),
            "by": text("The criterion in the customer's words, if they name one: lightest, price, reviews."),
        },
        required=("products",),
    ),
    function=compare_products,
    kind="comparison",
    say=say,
    cards=cards,
    sources={"by": Source.NEWEST_WORDS},
)
