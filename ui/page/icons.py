"""A drawing for each kind of product, in the colour of the variant: no image is ever fetched.

In: a category and a colour as the catalogue names them. Out: one inline SVG. A category without a drawing
gets a tag, a colour without a paint a neutral one.
"""

from collections.abc import Mapping

_TAG = '<path d="M4 5v8l9 9 8-8-9-9H4z"/><circle cx="8" cy="9" r="1.4" class="hole"/>'
_JACKET = '<path d="M9 3 4 6 2 15l3 1 1-4v9h12v-9l1 4 3-1-2-9-5-3-3 2z"/><path class="seam" d="M12 5v16"/>'
_SHIRT = '<path d="M8 4 2 8l2 4 3-2v11h10V10l3 2 2-4-6-4c-1 2-7 2-8 0z"/>'
_DRAWINGS: Mapping[str, str] = {
    "jackets": _JACKET,
    "fleeces": _JACKET.replace("M12 5v16", "M12 5v7M9 15h6"),
    "shirts": _SHIRT + '<path class="seam" d="M12 6v15"/>',
    "baselayers": _SHIRT,
    "trousers": '<path d="M6 3h12l2 19h-6l-2-12-2 12H4z"/><path class="seam" d="M6 6h12"/>',
    "boots": '<path d="M7 3h7v9c3 1 7 2 7 5v3H6V12z"/><path class="seam" d="M6 18h15M10 7h4M10 10h4"/>',
    "socks": '<path d="M8 2h7v11c0 2 0 3-2 5-2 3-7 4-9 2-2-3 0-5 4-8z"/><path class="seam" d="M8 5h7"/>',
    "gloves": '<path d="M7 22v-7L3 10l2-2 3 3V4h3v-1h3v1h3v3h2v9l-2 6z"/><path class="seam" d="M7 18h11"/>',
    "hats": '<path d="M4 16c0-8 3-11 8-11s8 3 8 11z"/><path d="M3 16h18v4H3z"/><circle cx="12" cy="3.6" r="1.8"/>',
    "backpacks": '<path d="M9 5a3 3 0 0 1 6 0c3 1 4 3 4 6v11H5V11c0-3 1-5 4-6z"/>'
    '<path class="seam" d="M8 14h8v5H8zM9 9h6"/>',
    "tents": '<path d="M12 4 1 21h22z"/><path class="seam" d="M12 9v12M12 9l-5 12M12 9l5 12"/>',
    "sleeping bags": '<path d="M8 3c5-2 9 1 9 6l-1 10c0 4-8 4-8 0L6 9c0-3 0-5 2-6z"/>'
    '<path class="seam" d="M7 11h10M7.500 15h9"/>',
    "cookware": '<path d="M3 9h15v7c0 3-2 5-4 5H7c-2 0-4-2-4-5zM18 11h5v2h-5z"/><path class="seam" d="M3 12h15"/>',
    "headlamps": '<path d="M2 9c6-5 14-5 20 0v4c-6-4-14-4-20 0z"/><circle cx="12" cy="14" r="5"/>'
    '<circle cx="12" cy="14" r="2" class="hole"/>',
    "bottles": '<path d="M10 2h4v4l3 4v12H7V10l3-4z"/><path class="seam" d="M7 13h10M7 18h10"/>',
}
_PAINTS: Mapping[str, str] = {
    "black": "#2b2f33",
    "navy": "#24406e",
    "dark green": "#2f5d45",
    "olive": "#6f7340",
    "grey": "#8b939a",
    "red": "#b8433f",
    "orange": "#d9772b",
    "yellow": "#e0b63a",
    "blue": "#3b74b9",
    "light blue": "#8db9dd",
    "white": "#f4f3ee",
    "brown": "#7b573b",
    "purple": "#74549b",
    "pink": "#d98ba6",
    "sand": "#cdb68c",
}
_NEUTRAL = "#9aa79f"


def paint(color: str) -> str:
    """A CSS colour for a catalogue colour."""
    return _PAINTS.get(color, _NEUTRAL)


def shape(category: str) -> str:
    """What the SVG is made of, on a square of 24."""
    return _DRAWINGS.get(category, _TAG)


def drawing(category: str, color: str) -> str:
    """The SVG; decoration only, so screen readers skip it."""
    parts = shape(category)
    return f'<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false" fill="{paint(color)}">{parts}</svg>'
