"""Yes and no as a value: "yes", "是" or "sí" of a feature in; true, false or neither out. Pure functions."""

from functools import cache

from language.packs import Section, languages, section
from language.text import fold


class Truth(Section):
    """How a language writes the two truth values."""

    true: tuple[str, ...]
    false: tuple[str, ...]


def truth_of(text: str) -> bool | None:
    """``truth_of("Yes") is True``; None where the text is neither, in any language."""
    return _truths().get(fold(text).text.strip(" .!?"))


@cache
def _truths() -> dict[str, bool]:
    known = [told for code in languages() if (told := section(code, "truth", Truth))]
    truths = {"true": True, "1": True, "false": False, "0": False}
    truths |= {word: True for told in known for word in told.true}
    return truths | {word: False for told in known for word in told.false}
