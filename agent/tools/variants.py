"""Which variant of a product is meant: what is said now or was asked about, the customer's own size, what is there.

In: a product, the color and size of a call, the consultation so far. Out: a `Choice`, and the products of which the
newest result about the cart has left a choice open. Nothing is guessed: of two that fit, the customer has to choose.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AnyMessage, ToolMessage

from agent.context import TurnContext
from agent.personalization import held, profile_of
from agent.tools.outcome import Artifact, Runtime
from agent.tools.product_facts import own_values
from language.size_steps import stepped
from retrieval.catalog import ONE_SIZE, Product, Variant
from retrieval.facets import VARIANT_FACETS, FacetSpace

OPEN = "cart_open"  # key of a cart's result: what could not be done yet, product by product
ITEMS = "cart_items"  # what was done
ASKED = "asked"  # key of a product in a result: the color and size that were asked for
Said = Mapping[str, Sequence[str]]  # by "color" and "size": the product's values that may be meant


@dataclass(frozen=True, slots=True)
class Choice:
    """The variant; or an `offer` of those in stock, one of which the customer has to choose; or neither: none is there.

    `known`: the color and size as far as they are settled. `is_own_size`: it is the customer's, and nobody said it now.
    """

    product: Product
    variant: Variant | None = None
    offer: tuple[Variant, ...] = ()
    known: Mapping[str, str] = field(default_factory=dict)
    is_own_size: bool = False


def choice_of(product: Product, color: str | None, size: str | None, runtime: Runtime) -> Choice:
    """The variant that a call means. What was said of the product before counts where nothing is said now."""
    context = runtime.context
    before, own = remembered(product, runtime.state["messages"]), own_sizes(product, context)
    worn = before.get("size") or next(iter(sorted(own)), "")
    size = in_sizes_of(product, size or "", worn, context.services.retriever.facets)
    said = said_of(product, {"color": color, "size": size}, context)
    return chosen(product, said, before, own)


def in_sizes_of(product: Product, said: str, own: str, space: FacetSpace) -> str:
    """A size as it was said; "a size up" as the product's next one behind `own`."""
    there = {variant.size for variant in product.variants}
    return (
        stepped(said, own, [size for size in space.values("size") if size in there]) if "size" in space.names else said
    )


def chosen(product: Product, said: Said, before: Mapping[str, str], sizes: Iterable[str] = ()) -> Choice:
    """The variant that is in stock and fits what is said, then what was said before, then one of the own `sizes`."""
    there = [one for one in product.variants if one.stock and fits(one, said)]
    if not there:
        return Choice(product, known={name: values[0] for name, values in said.items()})
    for name in VARIANT_FACETS:
        if name in before and name not in said:
            there = [one for one in there if value_of(one, name) == before[name]] or there
    own = [one for one in there if one.size in set(sizes)]
    is_own = len({one.size for one in own}) == 1 < len({one.size for one in there})
    there = own if is_own else there
    values = {name: {value_of(one, name) for one in there} for name in VARIANT_FACETS}
    known = {name: value for name, (value, *more) in values.items() if not more and value not in ("", ONE_SIZE)}
    if len(there) > 1:
        return Choice(product, offer=tuple(there), known=known, is_own_size=is_own)
    return Choice(product, there[0], (), known, is_own)


def said_of(product: Product, given: Mapping[str, str | None], context: TurnContext) -> dict[str, list[str]]:
    """What a call names, as the product has it."""
    space = context.services.retriever.facets
    return {
        name: own_values(space, product, name, str(value)) for name, value in given.items() if str(value or "").strip()
    }


def remembered(product: Product, messages: Iterable[AnyMessage]) -> dict[str, str]:
    """The color and size of the product that results were about; the last word on each counts.

    What was done in the cart counts for "another one", until something else is done there.
    """
    results = [message.artifact for message in messages if isinstance(message, ToolMessage) and message.artifact]
    done = [artifact for artifact in results if OPEN in artifact][-1:]
    found: dict[str, str] = {}
    for artifact in results:
        if OPEN not in artifact or artifact in done:
            for told in _told(product.sku, artifact):
                found |= {name: str(told[name]) for name in VARIANT_FACETS if told.get(name)}
    return found


def left_open(messages: Iterable[AnyMessage]) -> dict[str, Artifact]:
    """By product: what the newest result about the cart has left open."""
    results = [message.artifact for message in messages if isinstance(message, ToolMessage) and message.artifact]
    newest: Artifact = next((artifact for artifact in reversed(results) if OPEN in artifact), {})
    return {str(each["product"]): each for each in newest.get(OPEN, ())}


def own_sizes(product: Product, context: TurnContext, who: str = "") -> frozenset[str]:
    """The sizes of the product that the customer wears, or `who` they buy for."""
    space = context.services.retriever.facets
    profile = profile_of(context, context.services.profiles.read(context.customer), who)
    worn = [one for one in held(context, profile.traits) if one.facet == "size" and one.is_own]
    return frozenset(
        size for one in worn if one.concerns(product) for size in own_values(space, product, "size", one.value)
    )


def fits(variant: Variant, said: Said) -> bool:
    """Whether it has a color and a size of these."""
    return all(value_of(variant, name) in values for name, values in said.items())


def value_of(variant: Variant, name: str) -> str:
    """Its color or size."""
    return variant.color if name == "color" else variant.size


def offered(variants: Iterable[Variant]) -> list[dict[str, Any]]:
    """Colors with their sizes, as an artifact has them: ``[{"color": "navy", "sizes": ["M", "L"]}]``."""
    found: dict[str, list[str]] = {}
    for one in variants:
        found.setdefault(one.color, []).extend([] if one.size == ONE_SIZE else [one.size])
    return [{"color": color, "sizes": sizes} for color, sizes in found.items()]


def _told(sku: str, artifact: Artifact) -> Iterator[Mapping[str, Any]]:
    """What one result says of the product's variant: what was asked for, searched for, or done in the cart."""
    yield from (each.get(ASKED, {}) for each in artifact.get("products", ()) if each["sku"] == sku)
    asked = artifact.get("filters", {})
    for hit in artifact.get("hits", ()):
        if hit["sku"] == sku:
            yield {name: hit[name] for name in VARIANT_FACETS if name in asked}
    yield from (each for key in (ITEMS, OPEN) for each in artifact.get(key, ()) if each.get("product") == sku)
