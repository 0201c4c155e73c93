"""Customers: a seed comes in, three hundred people with hidden tastes go out, and what they once said."""

import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shop.generator.ranges import Brand, load_words
from shop.generator.tastes import Taste, draw_taste

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)  # the shop's books end here
TIERS = ((1500.0, "vip"), (700.0, "gold"), (250.0, "silver"), (0.0, "basic"))


@dataclass(frozen=True, slots=True)
class Person:
    """A customer. `taste` is hidden: no file holds it."""

    id: str
    name: str
    email: str
    phone: str
    language: str
    city: str
    address: str
    abroad: bool
    since: datetime
    consent: dict[str, bool]
    taste: Taste

    def to_json(self, spent: float, traits: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """One line of customers.jsonl; `spent` in dollars decides the member tier."""
        return {
            "id": self.id, "name": self.name, "email": self.email, "phone": self.phone,
            "language": self.language, "city": self.city, "address": self.address,
            "member_tier": next(tier for least, tier in TIERS if spent >= least),
            "member_since": f"{self.since:%Y-%m-%d}", "consent": self.consent, "traits": list(traits),
        }  # fmt: skip


def make_people(brands: Sequence[Brand], count: int, seed: int) -> tuple[Person, ...]:
    """`count` customers, C1001 upward."""
    words = load_words("people")
    rng = random.Random(f"{seed}/people")
    names = [brand.name for brand in brands if not brand.kids]
    used: set[str] = set()
    return tuple(_make_person(number, words, names, used, rng) for number in range(count))


def _make_person(number: int, words: dict[str, Any], brands: list[str], used: set[str], rng: random.Random) -> Person:
    gender = rng.choice(("women", "men"))
    while True:
        culture = rng.choices(words["cultures"], [c["weight"] for c in words["cultures"]])[0]
        given, family = rng.choice(culture[gender]), rng.choice(culture["family"])
        chinese = culture["language"] == "zh"
        name = family + given if chinese else f"{given} {family}"
        city = rng.choices(words["cities"], [c["weight"] for c in words["cities"]])[0]
        phone = f"{city['phone']}{rng.randint(0, 99):02}"
        if used.isdisjoint((name, phone)):
            used |= {name, phone}
            break
    pinyin = words["pinyin"]
    parts = (pinyin[given], pinyin[family]) if chinese else (_ascii(given), _ascii(family))
    street = f"{rng.randint(2, 980)} {rng.choice(words['streets'])}"
    flat = rng.choice(("", "", f", Apt {rng.randint(1, 24)}"))
    return Person(
        id=f"C{1001 + number}",
        name=name,
        email=f"{'.'.join(parts)}@{rng.choice(('example.com', 'example.net', 'example.org'))}",
        phone=phone,
        language=culture["language"],
        city=city["name"],
        address=f"{street}{flat}, {city['tail']}",
        abroad=city.get("abroad", False),
        since=NOW - timedelta(days=rng.randint(380, 2600)),
        consent={"service": True, "profiling": rng.random() < 0.87, "training": rng.random() < 0.35},
        taste=draw_taste(gender, brands, rng),
    )


def _ascii(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if c.isascii() and c.isalpha())
    return plain or "customer"


def make_traits(person: Person, seed: int) -> list[dict[str, Any]]:
    """What the customer said in past consultations: none to six true things, with their words."""
    rng = random.Random(f"{seed}/traits/{person.id}")
    quotes = load_words("quotes")
    told = list(_tellable(person.taste, rng))
    chosen = rng.sample(told, min(len(told), rng.choice((0, 0, 1, 2, 2, 3, 3, 4, 5, 6))))
    at = NOW - timedelta(days=rng.randint(20, 340), minutes=rng.randint(0, 600))
    traits = []
    for attribute, value, polarity in chosen:
        key = attribute if polarity == "fact" else f"{attribute}_{polarity}"
        said = _in_language(value, person.language, quotes["zh_words"])
        quote = rng.choice(quotes[key][person.language]).replace("{v}", said)
        quote = quote[0].upper() + quote[1:]
        at = min(NOW - timedelta(days=2), at + timedelta(minutes=rng.choice((1, 2, 3, 60 * 24 * 9))))
        traits.append(
            {
                "attribute": attribute,
                "value": value,
                "polarity": polarity,
                "quote": quote,
                "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            }
        )
    return traits


def _tellable(taste: Taste, rng: random.Random) -> Iterator[tuple[str, str | float, str]]:
    yield "size", taste.size, "fact"
    yield "shoe_size", taste.shoe_size, "fact"
    yield "color", taste.colors[0], "like"
    yield "color", taste.no_color, "dislike"
    yield "material", taste.likes_material, "like"
    yield "brand", taste.brands[0], "like"
    yield "activity", next(name for name in taste.activities if name != "everyday"), "like"
    if taste.avoids:
        yield "material", taste.avoids, "dislike"
    if taste.ethics:
        yield "ethics", taste.ethics, "like"
    low = {"low": 60, "mid": 120, "high": 250}[taste.band]
    yield "budget", float(low + 10 * rng.randint(0, 6)), "fact"
    yield "fit", taste.fit, "fact"
    yield "department", taste.gender, "fact"
    yield "skill_level", taste.skill_level, "fact"
    if taste.foot_width != "regular":
        yield "foot_width", taste.foot_width, "fact"
    yield "delivery", "express" if taste.hurried else rng.choice(("standard", "pickup")), "fact"
    yield "contact_channel", rng.choice(("email", "phone", "sms")), "fact"
    yield (
        "height_cm",
        float(rng.randint(154, 176) if taste.gender == "women" else rng.randint(166, 194)),
        "fact",
    )
    if {"camping", "travel"} & set(taste.activities):
        yield "group_size", float(rng.randint(2, 6)), "fact"


def _in_language(value: str | float, language: str, words: dict[str, str]) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if language == "en":
        return value
    colors: dict[str, list[str]] = load_words("colors")
    return colors[value][1] if value in colors else words.get(value, value)
