"""Every word that the page itself says: the packs' section `labels`.

In: a key, a language and the slots of the text. Out: the text. What customers, products and the agent say is not here:
it comes from the shop. Errors: `ConfigError` for a key that there is not.
"""

from collections.abc import Mapping
from functools import cache

from pydantic import ConfigDict

from errors import ConfigError, choices
from language.packs import Section, section

_FALLBACK = "en"


class Labels(Section):
    """One language's texts by key."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, str]

    @property
    def by_key(self) -> dict[str, str]:
        """All of them."""
        return self.__pydantic_extra__


def label(key: str, language: str, **slots: str | int) -> str:
    """The text of `key`; a language that the page does not have falls back to English."""
    texts = _labels(language) or _labels(_FALLBACK)
    if key not in texts:
        raise ConfigError(f"no label {key!r}; there are {choices(texts)}")
    return texts[key].format(**slots) if slots else texts[key]


def has_label(key: str) -> bool:
    """Whether the page has a word for the key: names from outside, like a tool's slots, need not have one."""
    return key in _labels(_FALLBACK)


@cache
def _labels(language: str) -> Mapping[str, str]:
    """None for a language whose pack has no labels."""
    words = section(language, "labels", Labels)
    return words.by_key if words else {}
