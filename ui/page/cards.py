"""Cards: the products of a turn, a proposal that waits for a yes, and the banner of a handoff, as HTML.

In: `Card`s as the tools' records make them, in the page's language. Out: HTML in which every text from outside is
escaped. Pure functions.
"""

from collections.abc import Sequence

from agent.replies.card import Card, Rating
from ui.page.icons import drawing, paint
from ui.page.labels import label
from ui.page.panels import panel
from ui.page.text import escape

_LOW_STOCK = 3


def products_panel(cards: Sequence[Card], language: str) -> str:
    """The cards of the products, each once."""
    unique = list({card.key: card for card in cards}.values())
    if not unique:
        return panel("products", f'<p class="empty">{label("products_empty", language)}</p>', language)
    rows = "".join(f"<li>{card_of(card, language)}</li>" for card in unique)
    return panel("products", f'<ul class="cards">{rows}</ul>', language, len(unique))


def card_of(card: Card, language: str) -> str:
    """A card with a drawing, title and price, what else it says, and the rest on demand."""
    picture = f'<div class="picture">{drawing(card.picture.kind, card.picture.color)}</div>' if card.picture else ""
    meta = f"{_marks(card)}{_stock(card.stock, language)}{_rating(card.rating, language)}"
    meta = f'<p class="meta">{meta}</p>' if meta else ""
    reasons = "".join(
        f'<p class="reason">{label("why", language, reason=escape(reason))}</p>' for reason in card.reasons
    )
    return (
        f'<article class="{"card" if picture else "card plain"}">{picture}'
        f'<div class="body">{_heading(card)}'
        f"{meta}{_rows(card)}{reasons}{_details(card, language)}</div></article>"
    )


def proposal_card(card: Card | None, language: str) -> str:
    """What will be done if the customer says yes; empty without a proposal."""
    if card is None:
        return ""
    return (
        f'<section class="proposal" lang="{escape(language)}" aria-label="{label("proposal", language)}">'
        f'<p class="kicker">{label("proposal", language)}</p><h2>{escape(card.title)}</h2>'
        f'{_rows(card)}<p class="note">{label("nothing_yet_done", language)}</p></section>'
    )


def handoff_banner(handed_off: bool, language: str) -> str:
    """Says that a person takes over; empty otherwise."""
    if not handed_off:
        return ""
    return f'<p class="banner" role="status" lang="{escape(language)}">{label("handed_off", language)}</p>'


def _heading(card: Card) -> str:
    price = f'<span class="price">{escape(card.price)}</span>' if card.price else ""
    return f"<header><h3>{escape(card.title)}</h3>{price}</header>" if card.title else ""


def _rows(card: Card) -> str:
    if not card.rows:
        return ""
    if card.columns:
        return _table(card)
    lines = ((escape(row.name), "<br>".join(map(escape, row.values))) for row in card.rows)
    return f"<dl>{''.join(f'<div><dt>{name}</dt><dd>{value}</dd></div>' for name, value in lines)}</dl>"


def _table(card: Card) -> str:
    """It scrolls by itself where it is wider than the panel."""
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in card.columns)
    values = ("".join(f"<td>{escape(value)}</td>" for value in row.values) for row in card.rows)
    lines = (
        f'<tr><th scope="row">{escape(row.name)}</th>{cells}</tr>' for row, cells in zip(card.rows, values, strict=True)
    )
    head = f"<thead><tr><td></td>{heads}</tr></thead>"
    return f'<div class="table"><table>{head}<tbody>{"".join(lines)}</tbody></table></div>'


def _marks(card: Card) -> str:
    """The short words; of a product with a color, the first one beside a sample of it."""
    marks = [escape(mark) for mark in card.marks]
    if marks and card.picture and card.picture.color:
        marks[0] = f'<i class="swatch" style="background:{paint(card.picture.color)}" aria-hidden="true"></i>{marks[0]}'
    return "".join(f"<span>{mark}</span>" for mark in marks)


def _stock(count: int | None, language: str) -> str:
    if count is None:
        return ""
    state = "out_of_stock" if count <= 0 else "low_stock" if count <= _LOW_STOCK else "in_stock"
    return f'<span class="stock {state}">{label(state, language, count=count)}</span>'


def _rating(rating: Rating | None, language: str) -> str:
    if rating is None:
        return ""
    words = label("rating", language, rating=f"{rating.stars:.1f}", count=rating.reviews)
    stars = f"★ {rating.stars:.1f}"
    return f'<span class="rating" title="{words}"><span aria-hidden="true">{stars}</span>' + (
        f'<span class="sr-only">{words}</span></span>'
    )


def _details(card: Card, language: str) -> str:
    """What is shown on demand: the text, the chips, and the key that the shop knows it by."""
    if not (card.text or card.chips):
        return ""
    chips = "".join(f"<li>{escape(chip)}</li>" for chip in card.chips)
    return (
        f"<details><summary>{label('details', language)}</summary><p>{escape(card.text)}</p>"
        f'<ul class="chips">{chips}</ul><p class="sku"><code>{escape(card.key)}</code></p></details>'
    )
