"""Lines of a cart: which of them a customer means, how many pieces, and how a line is told.

In: a reference (a position, words, an SKU, "it"), the cart, the consultation so far. Out: `Priced` lines. Errors:
`RefusedWrite` that says that it is not in the cart, or asks which where two lines fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.messages import ToolMessage

from agent.cart.bill import Priced, priced
from agent.cart.cart import Cart
from agent.replies.composer import Artifact, Composer, own_word
from agent.shown import SHOWS, Reference, best_named, is_all, is_it, place_of, shown_in
from agent.tools.outcome import RefusedWrite, Runtime
from agent.tools.variants import Said, fits
from language.numbers import find_numbers
from retrieval.catalog import Product

KIND = "cart"
MOST_PIECES = 999


def lines_meant(
    references: Reference | Sequence[Reference] | None, cart: Cart, runtime: Runtime, said: Said | None = None
) -> list[Priced]:
    """The lines, each once; `said` is a color and a size that tell lines of one product apart."""
    lines = priced(cart.lines, runtime.context.services.retriever.catalog)
    if not lines:
        raise RefusedWrite("the cart is empty", "cart_empty")
    several = [references] if references is None or isinstance(references, str | int | float) else references
    found = [line for each in several or [None] for line in _meant(each, lines, runtime, said or {})]
    return list({one.line.sku: one for one in found}.values())


def line_meant(
    reference: Reference | Sequence[Reference] | None, cart: Cart, runtime: Runtime, said: Said | None = None
) -> Priced:
    """The one line."""
    found = lines_meant(reference, cart, runtime, said)
    if len(found) > 1:
        raise _which(found, runtime)
    return found[0]


def pieces_of(raw: object, least: int = 1) -> int | None:
    """A number of pieces as a model may write it: 2, "2", "two"; None where there is none."""
    if raw is None or not str(raw).strip():
        return None
    found = find_numbers(str(raw))
    number = found[0].values[0] if len(found) == 1 and len(found[0].values) == 1 else None
    if number is None or number % 1 or not least <= number <= MOST_PIECES or str(raw).strip().startswith("-"):
        raise RefusedWrite(f"{raw!r} is no number of pieces from {least} to {MOST_PIECES}", "how_many")
    return int(number)


def line_title(composer: Composer, line: Mapping[str, Any]) -> str:
    """ "Badger Men's Rain Jacket (navy, M)"."""
    title = str(line["titles"].get(composer.language, line["title"]))
    variant = composer.say("comma").join(
        variant_word(composer, name, str(line[name])) for name in ("color", "size") if line.get(name)
    )
    return f"{title} ({variant})" if variant else title


def variant_word(composer: Composer, name: str, value: str) -> str:
    """A color or a size in the customer's language, where the shop has a word for it."""
    facets = composer.services.retriever.facets
    return own_word(facets.facet(name), value, composer.language) if name in facets.names else value


def say_line(composer: Composer, line: Mapping[str, Any]) -> str:
    """A line with its quantity and what it costs, and what has changed since it was put in."""
    title = line_title(composer, line)
    if line.get("gone"):
        return composer.say("cart_gone", title=title)
    said = composer.say("cart_line", n=line["quantity"], title=title, price=composer.money(line["amount"]))
    if "price_then" in line:
        said += composer.say(
            "cart_price_then", price=composer.money(line["price"]), before=composer.money(line["price_then"])
        )
    if "stock" in line:
        said += composer.say("cart_few_left" if line["stock"] else "cart_none_left", n=line["stock"])
    return said


def _meant(reference: Reference | None, lines: Sequence[Priced], runtime: Runtime, said: Said) -> Sequence[Priced]:
    shown = shown_in(runtime.state["messages"])
    spoken_of = [one for one in lines if one.product and one.product.sku in shown.focus]
    if is_all(reference):
        return spoken_of if len(spoken_of) > 1 else lines
    if reference is None or is_it(reference):
        found = spoken_of or lines
    elif (place := place_of(reference)) is not None:
        found = _at(place, lines, runtime)
    else:
        found = _named(str(reference), lines)
    if len(found) > 1 and said:
        found = [one for one in found if one.variant and fits(one.variant, said)] or found
    if len(found) == 1:
        return found
    raise _which(found, runtime) if found else _not_in(lines, runtime)


def _at(place: int, lines: Sequence[Priced], runtime: Runtime) -> list[Priced]:
    """By the place in the list shown last: the cart itself, or products that may be in it."""
    told = [message.artifact or {} for message in runtime.state["messages"] if isinstance(message, ToolMessage)]
    listing: Artifact = next((one for one in reversed(told) if one.get(SHOWS)), {})
    if listing.get("kind") == KIND:
        skus = [line["sku"] for line in listing["lines"]][place - 1 : place] if place else []
        return [one for one in lines if one.line.sku in skus]
    products = listing.get(SHOWS, ())[place - 1 : place] if place else ()
    return [one for one in lines if one.product and one.product.sku in products] or list(lines[place - 1 : place])


def _named(said: str, lines: Sequence[Priced]) -> list[Priced]:
    """By an SKU, or by words of the title, the color and the size."""
    exact = [one for one in lines if said.upper() in (one.line.sku.upper(), one.product and one.product.sku.upper())]
    best = {product.sku for product in best_named(said, map(_as_product, lines))}
    return exact or [one for one in lines if one.line.sku in best]


def _as_product(one: Priced) -> Product:
    """The line as a product of one variant."""
    if one.product is None or one.variant is None:
        return Product(one.line.sku, one.line.title, {}, "", "", "", one.line.price, {}, None, 0, ())
    return replace(one.product, sku=one.line.sku, variants=(one.variant,))


def _which(lines: Sequence[Priced], runtime: Runtime) -> RefusedWrite:
    return RefusedWrite("several lines of the cart fit", "which_product", names=_names(lines, runtime))


def _not_in(lines: Sequence[Priced], runtime: Runtime) -> RefusedWrite:
    return RefusedWrite("it is not in the cart", "cart_not_in", names=_names(lines, runtime))


def _names(lines: Sequence[Priced], runtime: Runtime) -> str:
    context = runtime.context
    composer = Composer(context.services, context.language, context.turn)
    return "; ".join(line_title(composer, one.to_json()) for one in lines)
