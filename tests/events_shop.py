"""Events for the tests: small ones to write down, random ones for the laws, and a way in over a small catalogue."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Engine

from profiles.customer import Customer
from profiles.events.affinity import Products
from profiles.events.intake import EventIntake
from profiles.events.report import Report
from profiles.observation import Trait
from profiles.storage.database import open_database
from profiles.store import ProfileStore
from tests.profiles_shop import SCHEMA, START

NOW = START + timedelta(days=100)
PRODUCTS: Products = {
    "P1": {"color": ("navy",), "category": ("jackets",)},
    "P1-M": {"color": ("navy",), "category": ("jackets",), "size": ("M",)},
    "P2": {"color": ("red",), "category": ("boots",)},
    "P3": {"color": ("red", "navy", "black", "white")},
    "P4": {"color": ("black",), "category": ("boots",), "size": ("L",)},
}
CUSTOMERS = ("C1", "C2")


def open_intake(place: Path | str | Engine, customers: tuple[str, ...] = CUSTOMERS) -> EventIntake:
    """The way in of a shop that knows `customers`, all of whom consent to profiling."""
    store = ProfileStore(place if isinstance(place, Engine) else open_database(place), SCHEMA)
    store.put_customers([Customer(name, consent={"profiling": True}) for name in customers])
    return EventIntake(store, PRODUCTS, lambda: NOW)


def event(number: int, name: str = "Product Viewed", sku: str = "P1", days: float = 0.0, **more: Any) -> dict[str, Any]:
    """A Segment event of C1, `days` after START; what else is given takes the place of its fields."""
    at = START + timedelta(days=days)
    made = {
        "messageId": f"e{number:03d}",
        "userId": "C1",
        "event": name,
        "timestamp": at.isoformat(),
        "properties": {"product_id": sku},
    }
    return made | more


def order(number: int, order_id: str, total: float | None, days: float = 0.0, **more: Any) -> dict[str, Any]:
    properties = {"order_id": order_id, "total": total, "products": [{"product_id": "P1", "sku": "P1-M"}]}
    return event(number, "Order Completed", days=days, properties=properties) | more


def refund(number: int, order_id: str, total: float | None, days: float = 0.0) -> dict[str, Any]:
    return event(number, "Order Refunded", days=days, properties={"order_id": order_id, "total": total})


def fast(count: int, seconds: float, first: int = 0) -> list[dict[str, Any]]:
    """Views of one product, so many seconds apart."""
    return [event(first + number, days=(first + number) * seconds / 86_400) for number in range(count)]


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Any acts of two customers and a visitor, some at one moment, with orders, refunds and searches among them."""
    found = []
    for number in range(draw(st.integers(1, 25))):
        days = draw(st.sampled_from((0.0, 0.0, 1.0, 7.0, 40.0, 90.0)) | st.floats(0, 90))
        kind = draw(st.sampled_from("vvvvvcaors"))
        who: dict[str, Any] = draw(st.sampled_from(({}, {}, {"userId": "C2"}, {"userId": None, "anonymousId": "b1"})))
        sku = draw(st.sampled_from(list(PRODUCTS)))
        if kind == "o":
            found.append(
                order(number, draw(st.sampled_from("xy")), draw(st.sampled_from((None, 10.0, 25.5))), days, **who)
            )
        elif kind == "r":
            found.append(refund(number, draw(st.sampled_from("xy")), draw(st.sampled_from((None, 5.0))), days) | who)
        else:
            name = {"v": "Product Viewed", "c": "Product Clicked", "a": "Product Added", "s": "Products Searched"}[kind]
            found.append(event(number, name, sku, days, **who))
    return found


def adds_up(report: Report) -> bool:
    """Every event that was read became something."""
    counted = report.taken + report.duplicates + report.passed_over + sum(report.aside.values())
    return report.read + report.returned == counted


def outcome(intake: EventIntake, customer: str) -> tuple[Any, ...]:
    """What events have led to, as far as it must not depend on how they arrived; and the scores."""
    profile = intake.store.read(customer, NOW)
    traits = sorted(map(_said, profile.traits), key=repr)
    held = {
        (attribute, value): item
        for attribute, values in intake.affinities(customer).items()
        for value, item in values.items()
        if item.counts
    }
    plain = {key: (item.at, item.newest, sorted(item.counts.items())) for key, item in held.items()}
    return (traits, plain, intake.activity(customer)), {key: item.score for key, item in held.items()}


def _said(trait: Trait) -> tuple[Any, ...]:
    challenges = tuple(map(_said, trait.challenges))
    confidence = round(trait.confidence, 9)
    return trait.attribute, trait.value, trait.polarity, trait.authority, confidence, trait.evidence, challenges


def purchase_again(number: int, order_id: str, total: float | None, days: float, **more: Any) -> dict[str, Any]:
    """The same order as GA4 reports it, for instance when its last page is loaded again."""
    at = START + timedelta(days=days)
    made = {
        "event_name": "purchase",
        "event_timestamp": int(at.timestamp() * 1e6),
        "batch_event_index": number,
        "user_id": "C1",
        "user_pseudo_id": "b7",
        "items": [{"item_id": "P1-M"}],
        "ecommerce": {"transaction_id": order_id, "purchase_revenue": total},
    }
    return made | more
