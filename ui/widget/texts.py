"""Every word that the widget itself says: the packs' section `widget`, and some of the page's labels.

In: a shop, its profile schema, a language. Out: what the panel is given when it is opened, as plain JSON. A language
without the section is answered in the shop's first one that has it, else in English. Errors: none.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from babel.core import Locale

from agent.shop import Shop
from language.names import label_in
from language.packs import languages, section
from profiles.schema import Schema
from ui.page.labels import Labels

_FALLBACK = "en"
_LAUNCHER = "launcher"  # the only label that is needed before the panel is opened
_SHARED = (  # with the page; a pack without labels has them in its section `widget`
    *("tagline", "conversation", "new", "message", "placeholder", "send", "stop", "thinking", "stopped", "yes", "no"),
    *("person_answers", "handed_off", "nothing_yet_done", "like", "dislike", "yes_value", "no_value"),
    *("low_stock", "out_of_stock"),
)


@cache
def widget_labels(language: str) -> Mapping[str, str]:
    """Of one language; empty where its pack has none."""
    words = section(language, "widget", Labels) if language in languages() else None
    if words is None:
        return {}
    page = section(language, "labels", Labels)
    own: dict[str, str] = words.by_key
    return {key: page.by_key[key] for key in _SHARED if page} | own


def launcher_labels() -> dict[str, str]:
    """The button's name in every language that has one."""
    return {code: words[_LAUNCHER] for code in languages() if (words := widget_labels(code))}


def texts(shop: Shop, schema: Schema, asked: str) -> dict[str, Any]:
    """Labels, and the shop's own names; `spoken`: the language in which it tells of products."""
    tried = (asked.split("-")[0].lower(), *shop.languages)
    language = next((code for code in tried if widget_labels(code)), _FALLBACK)
    return {
        "language": language,
        "direction": "rtl" if Locale.parse(language).text_direction == "rtl" else "ltr",
        "shop": shop.name,
        "spoken": language if language in shop.languages else shop.languages[0],
        "currency": shop.currency,
        "labels": dict(widget_labels(language)),
        "attributes": {
            name: {"label": _titled(label_in(item.label, language, name)), "type": item.type}
            for name, item in schema.attributes.items()
        },
    }


def _titled(name: str) -> str:
    return name[:1].upper() + name[1:]
