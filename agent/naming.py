"""Which of the shop's values a text names for certain, where guessing would narrow a search wrongly.

In: the catalogue's facets (values with other words for them) and a text. Out: values by facet. The opposite of
`agent.vocabulary`, which is generous: a misspelt or half-said value is none here, and a longer one hides its family.
"""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from profiles.schema import Facets
from profiles.words import has_cjk, mentions
from retrieval.facets import common_words, covers


def values_named(facet: str, text: str, facets: Facets) -> list[str]:
    """``values_named("color", "a dark green one", facets) == ["dark green"]``."""
    values = facets.get(facet, ())
    found = [value for value in values if any(_says(text, form) for form in _forms(facet, value, values))]
    return [one for one in found if not any(other != one and covers(one, other) for other in found)]


def _forms(facet: str, value: str, values: Collection[str]) -> tuple[str, ...]:
    others = values[value] if isinstance(values, Mapping) else ()
    return (value, *others, *common_words(facet, value))


@lru_cache(maxsize=4096)
def _says(text: str, form: str) -> bool:
    """A single letter is a size only where it stands alone and large: "M", and not the end of "I'm"."""
    if len(form) == 1 and not has_cjk(form):
        return bool(re.search(rf"(?<![\w'’-]){re.escape(form.upper())}(?![\w'’-])", text))
    return mentions(text, form)
