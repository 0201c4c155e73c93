"""The bank: verticals with their categories and values, and aspects with the ways to speak of them.

In: `verticals.yaml` and `aspects.yaml` beside this module. Out: frozen `Vertical`s and `Aspect`s; words by language
code. `HELD_OUT` names the verticals that only evals use. Errors: `ConfigError` for a name that is not in the bank.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from errors import ConfigError, choices

HELD_OUT = ("baby", "beauty", "garden", "music")  # no training shop sells these
LANGUAGES = ("en", "zh")
Kind = Literal["choice", "text", "money", "number", "date", "boolean"]
Phrases = Mapping[str, Mapping[str, tuple[str, ...]]]  # by role, then by language
_ROLES = ("with", "clause", "say", "again", "other", "yes", "no")


@dataclass(frozen=True, slots=True)
class Value:
    """One value and, by language, the words for it; the first word is the one that a catalogue uses."""

    words: Mapping[str, tuple[str, ...]]

    def name(self, language: str) -> str:
        """What a catalogue in this language calls it; its English name where there is no other."""
        return (self.words.get(language) or self.words["en"])[0]


@dataclass(frozen=True, slots=True)
class Aspect:
    """Something that may be known of a product or a customer, and how it is spoken of (see aspects.yaml)."""

    key: str
    kind: Kind = "choice"
    facet: tuple[str, ...] = ()
    attribute: tuple[str, ...] = ()
    lasting: bool = False
    taste: bool = False
    before: bool = False
    proper: bool = False
    sensitive: bool = False
    many: bool = False
    range: tuple[int, int] = (1, 9)
    values: tuple[Value, ...] = ()
    cues: tuple[str, ...] = ()
    label: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    phrases: Phrases = field(default_factory=dict)

    def lines(self, role: str, language: str) -> tuple[str, ...]:
        """The phrases of a role, none if it has none in this language."""
        return self.phrases.get(role, {}).get(language, ())


@dataclass(frozen=True, slots=True)
class Noun:
    """A word for a kind of product; `single` is empty where there is only a plural."""

    single: str
    plural: str


@dataclass(frozen=True, slots=True)
class Kindred:
    """A category: its nouns by language, prices from and to (dollars), the aspects its products have, their sizes."""

    name: str
    nouns: Mapping[str, tuple[Noun, ...]]
    price: tuple[float, float]
    aspects: tuple[str, ...]
    sizes: str = ""


@dataclass(frozen=True, slots=True)
class Vertical:
    """A line of business: names for shops and brands, needs, values by aspect, and categories."""

    name: str
    shops: tuple[str, ...]
    brands: tuple[str, ...]
    needs: tuple[Value, ...]
    values: Mapping[str, tuple[Value, ...]]
    categories: tuple[Kindred, ...]


def verticals(names: str = "train") -> tuple[Vertical, ...]:
    """Those named ("toys,diy"), those for training ("train"), for evals ("held-out"), or "all". Raises ConfigError."""
    every = _verticals()
    if names == "all":
        return tuple(every.values())
    if names in ("train", "held-out"):
        return tuple(one for name, one in every.items() if (name in HELD_OUT) == (names == "held-out"))
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in every:
            raise ConfigError(f"no vertical {name!r}; there are train, held-out, all, {choices(every, 40)}")
    return tuple(every[name] for name in wanted)


@cache
def aspects() -> Mapping[str, Aspect]:
    """All aspects by key."""
    return {key: _aspect(key, raw) for key, raw in _read("aspects.yaml").items()}


def read_values(items: Iterable[object]) -> tuple[Value, ...]:
    """``read_values(["grey/gray = 灰色"])[0].words["en"] == ("grey", "gray")``."""
    made = []
    for item in items:
        english, _, chinese = str(item).partition(" = ")
        words = {"en": _split(english, "/"), "zh": _split(chinese, "/")}
        made.append(Value({language: said for language, said in words.items() if said}))
    return tuple(made)


def plural(noun: str) -> str:
    """``plural("bookshelf") == "bookshelfs"``: irregular ones are written out in the bank."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        return noun[:-1] + "ies"
    return noun + "s"


@cache
def _verticals() -> Mapping[str, Vertical]:
    return {name: _vertical(name, raw) for name, raw in _read("verticals.yaml").items()}


def _vertical(name: str, raw: Mapping[str, Any]) -> Vertical:
    categories = tuple(
        Kindred(
            category,
            _nouns(entry["nouns"]),
            (float(entry["price"][0]), float(entry["price"][1])),
            tuple(entry["aspects"]),
            entry.get("sizes", ""),
        )
        for category, entry in raw["categories"].items()
    )
    values = {aspect: read_values(items) for aspect, items in raw["aspects"].items()}
    values.setdefault("color", read_values(_COLORS))
    values.setdefault("scent", read_values(("lavender = 薰衣草", "lemon = 柠檬", "rose = 玫瑰")))
    return Vertical(name, tuple(raw["shops"]), tuple(raw["brands"]), read_values(raw["needs"]), values, categories)


_COLORS = (
    "black = 黑色", "white = 白色", "grey/gray = 灰色", "red = 红色", "blue = 蓝色", "dark green = 深绿色",
    "pink = 粉色", "silver = 银色", "yellow = 黄色",
)  # fmt: skip


def _aspect(key: str, raw: Mapping[str, Any]) -> Aspect:
    phrases = {
        role: {language: tuple(lines) for language, lines in raw[role].items()} for role in _ROLES if role in raw
    }
    low, high = raw.get("range", (1, 9))
    return Aspect(
        key=key,
        kind=raw.get("kind", "choice"),
        facet=tuple(raw.get("facet", ())),
        attribute=tuple(raw.get("attribute", ())),
        lasting=raw.get("lasting", False),
        taste=raw.get("taste", False),
        before=raw.get("before", False),
        proper=raw.get("proper", False),
        sensitive=raw.get("sensitive", False),
        many=raw.get("many", False),
        range=(int(low), int(high)),
        values=read_values(raw.get("values", ())),
        cues=tuple(raw.get("cues", ())),
        label={language: tuple(words) for language, words in raw["label"].items()},
        phrases=phrases,
    )


def _nouns(text: str) -> Mapping[str, tuple[Noun, ...]]:
    english, _, chinese = text.partition(" = ")
    made = []
    for item in _split(english, ";"):
        single, slash, many = item.partition("/")
        made.append(Noun(single.strip(), many.strip() if slash else plural(item)))
    return {"en": tuple(made), "zh": tuple(Noun(word, word) for word in _split(chinese, "/"))}


def _split(text: str, mark: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(mark) if part.strip())


def _read(name: str) -> Mapping[str, Any]:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return loaded


def words_of(values: Sequence[Value], language: str) -> list[str]:
    """All words for these values in a language."""
    return [word for value in values for word in value.words.get(language, ())]
