"""A result as the page shows it, without any HTML: the tool says what is on a card, the page how it looks.

In: words in the page's language, made by a tool's record with the composer. Out: `Card`s.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """What to draw: a kind of product, in a color."""

    kind: str
    color: str


@dataclass(frozen=True, slots=True)
class Rating:
    """Stars out of five, and how many reviews gave them."""

    stars: float
    reviews: int


@dataclass(frozen=True, slots=True)
class Row:
    """A line with a name; its value may have several lines of its own."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One thing that was found or proposed. What is empty or None is not shown.

    `key`: two cards of one key show the same thing, and only the first is shown. `marks` are short words under the
    title; `text` and `chips` are shown on demand. With `columns`, the rows are a table: each has a value a column.
    """

    key: str
    title: str
    price: str = ""
    picture: Picture | None = None
    marks: tuple[str, ...] = ()
    stock: int | None = None
    rating: Rating | None = None
    reasons: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    text: str = ""
    chips: tuple[str, ...] = ()
