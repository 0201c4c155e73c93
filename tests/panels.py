"""What panels are shown of in the tests, and a reader of their HTML."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

from profiles.fold import fold, settle
from profiles.history.explanation import tell
from profiles.observation import Authority, Evidence, Observation, Polarity, Profile, Trait
from profiles.schema import Schema
from ui.page.panels import profile_panel

NOW = datetime(2026, 10, 2, 12, tzinfo=UTC)
LATER = datetime(2026, 10, 3, 12, tzinfo=UTC)
SCHEMA = Schema.parse(
    {
        "attributes": [
            {
                "name": "budget",
                "type": "money",
                "writers": ["stated"],
                "label": {"en": "Budget", "zh": "预算"},
            },
            {"name": "need", "type": "text", "many": True, "polarity": True, "writers": ["stated"]},
            {"name": "size", "type": "text", "writers": ["stated", "observed"], "label": {"en": "Size"}},
        ]
    }
)


class Tags(HTMLParser):
    """The tags, attribute names and text of some HTML."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.words = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words += data


def trait(attribute: str, value: str | float, polarity: Polarity = "fact", **changed: Any) -> Trait:
    fields: dict[str, Any] = {
        "authority": Authority.STATED,
        "confidence": 0.8,
        "evidence": (Evidence("turn", "C1001.0123456789abcdef0123456789abcdef:3", "under $150 please"),),
        "since": NOW,
        "until": None,
    }
    return Trait(attribute, value, polarity, **(fields | changed))


def product(**changed: Any) -> dict[str, Any]:
    return {
        "sku": "JKT-1",
        "variant": "JKT-1-DGR-M",
        "title": "Fell Jacket",
        "titles": {"en": "Fell Jacket", "zh": "山岭夹克"},
        "category": "jackets",
        "brand": "Northfell",
        "price": 139.0,
        "currency": "USD",
        "color": "dark green",
        "size": "M",
        "stock": 2,
        "rating": 4.6,
        "reviews": 212,
        "facets": {"material": ["nylon"], "waterproof": True, "weight_g": 420.0},
        "description": "Keeps the rain out.",
        "reasons": ["color dark green"],
    } | changed


def shown(traits: tuple[Trait, ...] = (), past: tuple[Trait, ...] = (), language: str = "en") -> str:
    return profile_panel(Profile("C1001", traits, past), SCHEMA, "USD", language)


def said(number: int, attribute: str, value: str | float, **changed: Any) -> Observation:
    words = Evidence("turn", f"turn-{number}", f"words of turn {number}")
    fields: dict[str, Any] = {"polarity": "fact", "authority": Authority.STATED, "confidence": 0.9}
    fields |= {"evidence": words, "at": NOW + timedelta(hours=number)} | changed
    return Observation(f"o{number}", "C1001", attribute, value, **fields)


def explained(journal: list[Observation], language: str = "en") -> str:
    """The panel of somebody with this journal."""
    profile = fold(journal, SCHEMA, journal[-1].at)
    return profile_panel(profile, SCHEMA, "USD", language, told=tell(settle(journal, SCHEMA), journal, SCHEMA))
