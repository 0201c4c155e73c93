"""What languages and labelled things are called, in any language.

In: codes of languages, or the labels that a shop gave by language. Out: names, "Chinese", "中文", "Englisch und Spanisch".
Names and lists are Babel's. Errors: none; what Babel does not know is called by its code.
"""

from collections.abc import Mapping, Sequence

from babel import Locale, UnknownLocaleError
from babel.lists import format_list


def language_name(code: str, language: str) -> str:
    """``language_name("zh", "es") == "chino"``."""
    locale = _locale(language)
    return str(locale.languages.get(code, code)) if locale else code


def language_names(codes: Sequence[str], language: str) -> str:
    """Several names in one phrase: ``language_names(["en", "es"], "de") == "Englisch und Spanisch"``."""
    names = [language_name(code, language) for code in codes]
    return format_list(names, locale=language) if _locale(language) else ", ".join(names)


def own_name(code: str) -> str:
    """A language as it calls itself, for a list to choose from: ``own_name("es") == "Español"``."""
    name = language_name(code, code)
    return name[:1].upper() + name[1:]


def label_in(labels: Mapping[str, str], language: str, name: str) -> str:
    """A shop's label in the language, else the English one, else the name in words: ``"shoe size"`` of "shoe_size"."""
    return labels.get(language) or labels.get("en") or name.replace("_", " ")


def _locale(language: str) -> Locale | None:
    try:
        return Locale(language)
    except (UnknownLocaleError, ValueError):
        return None
