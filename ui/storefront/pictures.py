"""A picture of a product, drawn from its kind and its colour: a category and a colour in, an SVG out.

No photograph is fetched or kept. The shapes are those of the page's small drawings, with what a larger picture shows
beside: pockets, laces, light and shade.
"""

from collections.abc import Mapping

from ui.page.icons import paint, shape

_GROUNDS = ("#f2eee3", "#e7eee7", "#e5edf2", "#f3e9e4", "#ecebf3")  # behind the product, by its kind
_TOP = "M9.2 3.6c.6 1.5 5 1.5 5.6 0M6.6 19.8h10.8"  # of what is worn above: collar and hem
_DETAILS: Mapping[str, str] = {
    "jackets": f"{_TOP}M8.2 14.2l2 .6v2.6l-2-.4M15.8 14.2l-2 .6v2.6l2-.4M3.1 14.5l1.6.5M20.9 14.5l-1.6.5",
    "fleeces": f"{_TOP}M9.5 4.8c1.2.9 3.8.9 5 0M3.1 14.5l1.6.5M20.9 14.5l-1.6.5",
    "shirts": "M8.6 4.5 12 7.5l3.4-3M13.6 10.5h2.4v2.2h-2.4zM11.5 9h1M11.5 12h1M11.5 15h1M11.5 18h1",
    "baselayers": "M8.2 4.4c1 2.3 6.6 2.3 7.6 0M7.3 19.7h9.4M3.5 10l1.2-2.2M20.5 10l-1.2-2.2",
    "trousers": "M12 6v4M7.2 8.5c1.6 0 2.3-.8 2.4-2.3M16.8 8.5c-1.6 0-2.3-.8-2.4-2.3M5.3 16.5h3M18.7 16.5h-3",
    "boots": "M8.5 3v8.5M6.8 20.2h14M14 13.2l-2.5 1.6M16.5 14l-2.3 1.5M11.8 5.5l1.4.6M11.8 8.5l1.4.6",
    "socks": "M8.2 6.5h6.6M9.5 14.5c1.8 0 3.6 1.5 3.6 3.2M5.6 18.2c.2 1 1 2 2 2.3",
    "gloves": "M10 4v5M13 4v5M7 19.8h10.5M9 13.5c1.5 1.5 5 1.5 7 0",
    "hats": "M4.6 18h14.8M8 15.5c.2-4 1.2-7 2.4-9M16 15.5c-.2-4-1.2-7-2.4-9M12 15.5V6",
    "backpacks": "M6.8 20.5V11M17.2 20.5V11M9 6.8h6M8 16.3h8M12 16.3v1.2M10.3 3.6c.8-.7 2.6-.7 3.4 0",
    "tents": "M4 16.2h4.7M15.3 16.2H20M1 21l-.6.8M23 21l.6.8M12 13.5c-1.5 2-2.3 4.5-2.5 7.5h5c-.2-3-1-5.5-2.5-7.5z",
    "sleeping bags": "M8.6 5.2c2.2-1.4 5.6-.8 6.8 1.6M7.2 13h9.2M7.7 17.5h8.3M15.3 8.5v12",
    "cookware": "M4 14.5h13M5 9V7.8h11V9M10.5 7.8V6.8M19 12h3.2",
    "headlamps": "M4 10.5c5-3 11-3 16 0M9.2 11.5l-1-1.5M14.8 11.5l1-1.5",
    "bottles": "M10 4h4M8.8 9.4h6.4M9 15.5h1.8M9 16.7h1.2",
}
_SEAM = 'fill="none" stroke="#000" stroke-opacity=".3" stroke-width=".34" stroke-linecap="round"'
_HOLE = 'fill="#fff" fill-opacity=".85"'


def picture(category: str, color: str) -> str:
    """The same picture each time."""
    drawn = shape(category).replace('class="seam"', _SEAM).replace('class="hole"', _HOLE)
    ground = _GROUNDS[sum(category.encode()) % len(_GROUNDS)]
    details = _DETAILS.get(category, "")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 480" width="480" height="480"><defs>'
        '<radialGradient id="g" cx=".5" cy=".45" r=".62"><stop stop-color="#fff" stop-opacity=".8"/>'
        '<stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient>'
        '<linearGradient id="l" x1="0" y1="0" x2="1" y2="1">'
        '<stop stop-color="#fff" stop-opacity=".38"/><stop offset=".42" stop-color="#fff" stop-opacity="0"/>'
        '<stop offset=".62" stop-opacity="0"/><stop offset="1" stop-opacity=".3"/></linearGradient>'
        '<filter id="s" x="-.2" y="-.2" width="1.4" height="1.5"><feDropShadow dx="0" dy=".3" stdDeviation=".5" '
        'flood-opacity=".3"/></filter>'
        '<filter id="b" x="-.5" y="-2" width="2" height="5"><feGaussianBlur stdDeviation="8"/></filter></defs>'
        f'<rect width="480" height="480" fill="{ground}"/><rect width="480" height="480" fill="url(#g)"/>'
        '<ellipse cx="240" cy="422" rx="150" ry="11" fill="#000" fill-opacity=".22" filter="url(#b)"/>'
        '<g transform="translate(45 32) scale(16.25)" stroke-linejoin="round">'
        f'<g fill="{paint(color)}" stroke="#000" stroke-opacity=".22" stroke-width=".16" filter="url(#s)">{drawn}</g>'
        f'<g fill="url(#l)">{_without_seams(drawn)}</g>'
        f'<path d="{details}" fill="none" stroke="#000" stroke-opacity=".26" stroke-width=".24" '
        'stroke-linecap="round"/>'
        f'<path d="{details}" fill="none" stroke="#fff" stroke-opacity=".3" stroke-width=".12" '
        'stroke-linecap="round" transform="translate(.12 .16)"/>'
        "</g></svg>"
    )


def _without_seams(drawn: str) -> str:
    """The shapes that light falls on."""
    return "".join(f"<{part}" for part in drawn.split("<") if part and "fill=" not in part)
