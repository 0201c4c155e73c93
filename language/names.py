"""What languages and labelled things are called, in any language.

In: codes of languages, or the labels and the other words that a shop gave by language. Out: "Chinese", "中文",
"Englisch und Spanisch". Names and lists are Babel's. Errors: none; what Babel does not know is called by its code.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.lists import format_list

from language.packs import Section, languages, section


class Naming(Section):
    """How names are written in a language: with `capital_nouns`, "Größe" within a sentence too."""

    capital_nouns: bool = False


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


def in_sentence(label: str, language: str) -> str:
    """A label within a sentence: "budget" for "Budget", but "EU size", and "Budget" in German."""
    naming = section(language, "names", Naming) if language in languages() else None
    capital = naming is not None and naming.capital_nouns
    return label[:1].lower() + label[1:] if label[1:2].islower() and not capital else label


def flat_aliases(aliases: Mapping[str, Any]) -> dict[str, str]:
    """Other words for values, of all languages: a table of a language may stand among them, by its code.

    ``flat_aliases({"parka": "jackets", "es": {"chaqueta": "jackets"}}) == {"parka": "jackets", "chaqueta": "jackets"}``
    """
    plain = {str(alias): str(value) for alias, value in aliases.items() if not isinstance(value, Mapping)}
    for words in own_words(aliases).values():
        plain |= {alias: value for value, listed in words.items() for alias in listed}
    return plain


def own_words(aliases: Mapping[str, Any]) -> dict[str, dict[str, tuple[str, ...]]]:
    """The other words by language and value, of the languages that have a table of their own."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for language, table in aliases.items():
        if isinstance(table, Mapping):
            words = found.setdefault(str(language), {})
            for alias, value in table.items():
                words[str(value)] = (*words.get(str(value), ()), str(alias))
    return found


def _locale(language: str) -> Locale | None:
    try:
        return Locale(language)
    except (UnknownLocaleError, ValueError):
        return None
