"""What customers call what a shop may know of them: "how tall I am" is their height, 多高 too.

In: the name of an attribute. Out: words for it in all languages, beside the name and the labels that the shop gives it.
They are the packs' section `attributes`.
"""

from functools import cache

from language.packs import Section, languages, section


class AttributeWords(Section):
    """By attribute, also without its unit ("height" of "height_cm"), what it is called in one language."""

    of: dict[str, tuple[str, ...]]


@cache
def called(name: str) -> tuple[str, ...]:
    """``"how tall" in called("height_cm")``; none for an attribute that no pack knows."""
    packs = [pack.of for code in languages() if (pack := section(code, "attributes", AttributeWords))]
    return tuple(word for of in packs for word in of.get(name) or of.get(name.rpartition("_")[0]) or ())
