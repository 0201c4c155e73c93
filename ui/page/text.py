"""Text from customers, shops and models, made safe to show: nothing in it is ever markup.

In: any text or value. Out: HTML that shows just that. Beside HTML's own characters, `{`, `$`, `@` and the
backtick are written as entities, since the page's HTML component evaluates templates.
"""

import html
import re
from typing import Any

from agent.replies.composer import shown
from language.names import label_in
from profiles.reserved import INTENTS
from profiles.schema import Schema
from ui.page.labels import label

_TEMPLATE_CHARACTERS = str.maketrans({character: f"&#{ord(character)};" for character in "{}$@`"})
_DASH = re.compile(r"^[ \t]*[-*] +", re.MULTILINE)


def escape(value: Any) -> str:
    """HTML that shows the value as text, in an element or in a quoted attribute."""
    return html.escape(str(value), quote=True).translate(_TEMPLATE_CHARACTERS)


def plain(text: str) -> str:
    """A message for the conversation: its text as it is, with bullets for dashes.

    Nothing in it is rendered: a link or an image could carry a conversation to another host. Quotes stay,
    since the text also names its bubble for screen readers.
    """
    return html.escape(_DASH.sub("• ", text.strip()), quote=False)


def shown_value(attribute: str, value: Any, schema: Schema, currency: str, language: str) -> str:
    """A trait's value as people write it: money with its sign, a range as "$100-200", whole numbers without a point."""
    known = schema.attributes.get(attribute)
    if isinstance(value, bool):
        return label("yes_value" if value else "no_value", language)
    if known:
        return shown(known, value, currency, language)
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def shown_attribute(attribute: str, schema: Schema, language: str) -> str:
    """An attribute's label in the language, else in English, else its name in words."""
    if attribute == INTENTS.name:
        return label("intent", language)
    known = schema.attributes.get(attribute)
    name = label_in(known.label if known else {}, language, attribute)
    return name[:1].upper() + name[1:]
