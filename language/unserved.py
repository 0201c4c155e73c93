"""What a customer is told whose language the shop does not serve: one sentence in that language.

In: the language of the message, and those that are served. Out: the sentence, which names the languages served. Errors:
`ConfigError` for a language without a pack.
"""

from collections.abc import Sequence

from language.names import language_names
from language.packs import Section, section


class Unserved(Section):
    """The sentence; `{languages}` stands where the languages served are named."""

    sentence: str


def unserved_sentence(language: str, served: Sequence[str]) -> str:
    """In `language`; "" where its pack does not say it."""
    words = section(language, "unserved", Unserved)
    return words.sentence.format(languages=language_names(served, language)) if words else ""
