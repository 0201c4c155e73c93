"""What a text says was so, or might be, and not what is: "I used to ski", "if I ever took up skiing", 以前常滑雪.

In: a text and a place in it. Out: whether the words there are of such a time. The packs' section `tense` has the
patterns; each covers all words that it is about, up to where the present begins ("but now"). Errors: `ConfigError` for
a broken language pack.
"""

import re
from functools import cache

from errors import ConfigError
from language.packs import Section, languages, section
from language.text import Span


class Tense(Section):
    """One language's regular expressions, which do not mind case."""

    not_now: tuple[str, ...]


def is_not_now(text: str, span: Span) -> bool:
    """``is_not_now("I used to ski, now I hike", (10, 13))``."""
    said = text.replace("’", "'")
    return any(found.start() <= span[0] and span[1] <= found.end() for found in _pattern().finditer(said))


@cache
def _pattern() -> re.Pattern[str]:
    packs = (pack for code in languages() if (pack := section(code, "tense", Tense)))
    try:
        return re.compile("|".join(f"(?:{way})" for pack in packs for way in pack.not_now), re.IGNORECASE)
    except re.error as error:
        raise ConfigError(f"section tense has a pattern that cannot be read: {error}") from error
