"""Cards: the products of a turn, a proposal that waits for a yes, and the banner of a handoff, as HTML.

In: dicts as `agent.tools.search.product_json` and a proposal's `to_json` make them. Out: HTML in which every
text from outside is escaped, titles in the page's language. Pure functions.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from language.money import format_money
from ui.icons import drawing, paint
from ui.labels import has_label, label
from ui.panels import panel
from ui.text import escape

_LOW_STOCK = 3
_CHIPS = 7
Json = Mapping[str, Any]


def products_panel(products: Sequence[Json], language: str, facets: Mapping[str, str] | None = None) -> str:
    """One card for each product, each once. `facets`: labels for the facets that reasons name."""
    unique = list({product["variant"]: product for product in products}.values())
    if not unique:
        return panel("products", f'<p class="empty">{label("products_empty", language)}</p>', language)
    rows = "".join(f"<li>{product_card(product, language, facets or {})}</li>" for product in unique)
    return panel("products", f'<ul class="cards">{rows}</ul>', language, len(unique))


def product_card(product: Json, language: str, facets: Mapping[str, str]) -> str:
    """Drawing, title, price, the variant, stock, rating, why it is here, and the facets as chips."""
    title = product["titles"].get(language) or product["title"]
    reasons = "".join(
        f'<p class="reason">{label("why", language, reason=_reason(reason, facets))}</p>'
        for reason in product["reasons"][:2]
    )
    return (
        f'<article class="card"><div class="picture">{drawing(product["category"], product["color"])}</div>'
        f'<div class="body"><header><h3>{escape(title)}</h3>'
        f'<span class="price">{escape(format_money(product["price"], product["currency"], language))}</span></header>'
        f'<p class="meta">{_variant(product)}{_stock(product["stock"], language)}'
        f"{_rating(product, language)}</p>"
        f"{reasons}<details><summary>{label('details', language)}</summary>"
        f"<p>{escape(product['description'])}</p>{_chips(product)}"
        f'<p class="sku"><code>{escape(product["variant"])}</code></p></details></div></article>'
    )


def proposal_card(proposal: Json | None, currency: str, language: str) -> str:
    """What will be done if the customer says yes; empty without a proposal."""
    if proposal is None:
        return ""
    kind = str(proposal["kind"])
    facts = {
        key: _fact(key, value, currency, language)
        for key, value in proposal["summary"].items()
        if value not in (None, "", [])
    }
    rows = "".join(
        f"<div><dt>{_name(key, language)}</dt><dd>{value}</dd></div>" for key, value in facts.items()
    )
    return (
        f'<section class="proposal" lang="{escape(language)}" aria-label="{label("proposal", language)}">'
        f'<p class="kicker">{label("proposal", language)}</p><h2>{_name(kind, language)}</h2>'
        f'<dl>{rows}</dl><p class="note">{label("nothing_yet_done", language)}</p></section>'
    )


def handoff_banner(handed_off: bool, language: str) -> str:
    """Says that a person takes over; empty otherwise."""
    if not handed_off:
        return ""
    return f'<p class="banner" role="status" lang="{escape(language)}">{label("handed_off", language)}</p>'


def _reason(reason: str, facets: Mapping[str, str]) -> str:
    """A reason is a facet's name and its value: "color dark green"."""
    name, _, value = reason.partition(" ")
    return escape(f"{facets[name]}: {value}" if name in facets else reason)


def _variant(product: Json) -> str:
    color, size = str(product["color"]), str(product["size"])
    swatch = f'<i class="swatch" style="background:{paint(color)}" aria-hidden="true"></i>'
    return (
        f"<span>{swatch}{escape(color)}</span><span>{escape(size)}</span>"
        if color
        else f"<span>{escape(size)}</span>"
    )


def _stock(count: int, language: str) -> str:
    state = "out_of_stock" if count <= 0 else "low_stock" if count <= _LOW_STOCK else "in_stock"
    return f'<span class="stock {state}">{label(state, language, count=count)}</span>'


def _rating(product: Json, language: str) -> str:
    if product["rating"] is None:
        return ""
    words = label("rating", language, rating=f"{product['rating']:.1f}", count=int(product["reviews"] or 0))
    stars = f"★ {product['rating']:.1f}"
    return f'<span class="rating" title="{words}"><span aria-hidden="true">{stars}</span>' + (
        f'<span class="sr-only">{words}</span></span>'
    )


def _chips(product: Json) -> str:
    values: list[str] = [str(product["brand"])] if product["brand"] else []
    for name, value in product["facets"].items():
        if isinstance(value, list | tuple):
            values += [str(item) for item in value]
        elif value is True:
            values.append(name.replace("_", " "))
        elif isinstance(value, int | float) and value is not False:
            values.append(f"{name.replace('_', ' ')} {value:g}")
        elif isinstance(value, str):
            values.append(value)
    chips = "".join(f"<li>{escape(value)}</li>" for value in list(dict.fromkeys(values))[:_CHIPS])
    return f'<ul class="chips">{chips}</ul>'


def _name(key: str, language: str) -> str:
    return label(key, language) if has_label(key) else escape(key.replace("_", " ").capitalize())


def _fact(key: str, value: Any, currency: str, language: str) -> str:
    if key == "items" and isinstance(value, list | tuple):
        return "<br>".join(_item(item) for item in value)
    if key in ("total", "amount") and isinstance(value, int | float):
        return escape(format_money(value, currency, language))
    return escape(value)


def _item(item: Any) -> str:
    if not isinstance(item, Mapping):
        return escape(item)
    extra = ", ".join(str(item[key]) for key in ("color", "size") if item.get(key))
    return escape(f"{item.get('quantity', 1)} × {item.get('title', '')}" + (f" ({extra})" if extra else ""))
