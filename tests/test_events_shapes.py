"""Segment and GA4 events are read into the same event; what cannot be says why."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.events.event import Aside, Event, Reason
from profiles.events.machines import is_bot_agent
from profiles.events.shapes import EventReader
from tests.events_shop import NOW, PRODUCTS, event, order, refund
from tests.profiles_shop import START

READER = EventReader(PRODUCTS, lambda: NOW)
MICROSECONDS = int(START.timestamp() * 1e6)


def ga4(name: str, **more: Any) -> dict[str, Any]:
    """As BigQuery exports it to JSON: whole numbers are texts there."""
    made = {
        "event_name": name,
        "event_timestamp": str(MICROSECONDS),
        "user_id": "C1",
        "user_pseudo_id": "1.2",
        "items": [{"item_id": "P1", "item_name": "Jacket", "price": 49.5, "quantity": "2"}],
    }
    return made | more


def read(raw: object) -> Event:
    found = READER.read(raw)
    assert isinstance(found, Event), found
    return found


def refused(raw: object) -> Aside:
    found = READER.read(raw)
    assert isinstance(found, Aside), found
    return found


def test_a_segment_view_and_a_ga4_view_are_the_same_act() -> None:
    first, second = read(event(1, anonymousId="1.2")), read(ga4("view_item"))
    assert (first.customer, first.visitor, first.kind, first.at, first.skus) == ("C1", "1.2", "viewed", START, ("P1",))
    assert (second.customer, second.visitor, second.kind, second.at, second.skus) == (
        first.customer,
        first.visitor,
        first.kind,
        first.at,
        first.skus,
    )


@pytest.mark.parametrize(
    ("segment", "name", "kind"),
    [
        ("Product Viewed", "view_item", "viewed"),
        ("Product Clicked", "select_item", "clicked"),
        ("Product Added", "add_to_cart", "added"),
        ("Product Added to Wishlist", "add_to_wishlist", "saved"),
        ("Products Searched", "view_search_results", "searched"),
        ("Order Completed", "purchase", "bought"),
        ("Order Refunded", "refund", "refunded"),
    ],
)
def test_every_act_has_a_name_in_both(segment: str, name: str, kind: str) -> None:
    first = event(1, segment, properties={"product_id": "P1", "order_id": "A"})
    second = ga4(name, ecommerce={"transaction_id": "A"})
    assert (read(first).kind, read(second).kind) == (kind, kind)


def test_the_variant_is_taken_where_the_catalogue_has_it_and_the_product_where_not() -> None:
    known = {"product_id": "P1", "sku": "P1-M"}
    unknown = {"product_id": "P1", "sku": "P1-XXL"}
    strange = {"product_id": "Q", "sku": "Q-1"}
    assert read(event(1, properties={"products": [known, unknown, strange]})).skus == ("P1-M", "P1", "Q-1")


def test_money_is_the_total_or_else_what_the_products_cost() -> None:
    assert read(order(1, "A", 60.5)).amount == 60.5
    products = [{"product_id": "P1", "price": "20", "quantity": 2}, {"product_id": "P2", "price": 5}]
    priced = event(1, "Order Completed", properties={"order_id": 7, "products": products})
    assert (read(priced).amount, read(priced).order) == (Decimal(45), "7")
    assert read(refund(1, "A", None)).amount is None


def test_ga4_has_the_order_in_ecommerce_or_in_its_parameters() -> None:
    inside = ga4("purchase", ecommerce={"transaction_id": "A", "purchase_revenue": 99.0})
    params = [{"key": "transaction_id", "value": {"string_value": "A"}}, {"key": "value", "value": {"int_value": "99"}}]
    beside = ga4("purchase", event_params=params)
    assert {(read(raw).order, read(raw).amount) for raw in (inside, beside)} == {("A", Decimal(99))}
    back = read(ga4("refund", ecommerce={"transaction_id": "A", "refund_value": -99.0}))
    assert (back.order, back.amount) == ("A", Decimal(99))


def test_a_ga4_event_has_the_same_id_whenever_it_is_exported() -> None:
    later = ga4("view_item", traffic_source={"name": "(direct)"}, event_date="20261001")
    assert read(ga4("view_item")).id == read(later).id
    assert read(ga4("view_item")).id != read(ga4("view_item", items=[{"item_id": "P2"}])).id


def test_a_login_names_whose_browser_it_was() -> None:
    identify = {
        "type": "identify",
        "messageId": "i1",
        "userId": "C1",
        "anonymousId": "b1",
        "timestamp": event(1)["timestamp"],
    }
    alias = {"type": "alias", "messageId": "i2", "userId": "C1", "previousId": "b1", "timestamp": event(1)["timestamp"]}
    found = [read(identify), read(alias), read(ga4("login", user_pseudo_id="b1"))]
    assert {(item.kind, item.customer, item.visitor) for item in found} == {("identified", "C1", "b1")}


@pytest.mark.parametrize("raw", [{"type": "page", "messageId": "1"}, event(1, "Cart Viewed"), ga4("scroll")])
def test_what_says_nothing_about_products_is_passed_over(raw: dict[str, Any]) -> None:
    assert READER.read(raw) is None


@pytest.mark.parametrize(
    ("raw", "reason", "named"),
    [
        ("no json", Reason.MALFORMED, "not a JSON object"),
        ({}, Reason.MALFORMED, "event"),
        ({"event": 7}, Reason.MALFORMED, "event"),
        ({"event": ["Product Viewed"], "userId": "C1"}, Reason.MALFORMED, "event"),
        ({"type": 7, "event": "Product Viewed"}, Reason.MALFORMED, "type"),
        ({"event_name": None, "user_id": "C1"}, Reason.MALFORMED, "event_name"),
        (event(1, timestamp="yesterday"), Reason.MALFORMED, "timestamp"),
        (event(1, timestamp="2026-10-01T12:00:00"), Reason.MALFORMED, "timezone"),
        (event(1, messageId=None), Reason.MALFORMED, "messageId"),
        (event(1, messageId="x" * 181), Reason.MALFORMED, "messageId"),
        (event(1, messageId="a\x00b"), Reason.MALFORMED, "messageId"),
        (event(1, messageId="a\ud800b"), Reason.MALFORMED, "messageId"),
        (event(1, userId=None), Reason.MALFORMED, "neither"),
        (event(1, properties={}), Reason.MALFORMED, "no product"),
        (event(1, properties=[1]), Reason.MALFORMED, "properties"),
        (event(1, properties={"product_id": "P1", "price": -1}), Reason.IMPOSSIBLE, "price -1"),
        (event(1, properties={"products": [{"sku": "P1", "quantity": -2}]}), Reason.IMPOSSIBLE, "quantity -2"),
        (order(1, "A", -5.0), Reason.IMPOSSIBLE, "total -5"),
        (event(1, timestamp="1970-01-01T00:00:00Z"), Reason.IMPOSSIBLE, "1970"),
        (ga4("view_item", event_timestamp=10**20), Reason.IMPOSSIBLE, "event_timestamp"),
        (event(1, days=101), Reason.FUTURE, "2027"),
        (event(1, context={"userAgent": "Googlebot/2.1"}), Reason.BOT_AGENT, "Googlebot"),
    ],
)
def test_what_cannot_be_is_kept_aside_with_its_reason(raw: object, reason: Reason, named: str) -> None:
    found = refused(raw)
    assert found.reason is reason and named in found.detail


def test_a_browsers_clock_may_be_a_little_ahead() -> None:
    assert read(event(1, days=100 + 4 / 1440)).at > NOW
    assert refused(event(1, days=100 + 6 / 1440)).reason is Reason.FUTURE


def test_a_bot_is_known_by_its_agent_and_a_telephone_is_none() -> None:
    assert is_bot_agent("Mozilla/5.0 (compatible; bingbot/2.0)") and is_bot_agent("python-requests/2.32")
    assert is_bot_agent("Mozilla/5.0 (X11) HeadlessChrome/140.0")
    assert not is_bot_agent("Mozilla/5.0 (Linux; Android 14; CUBOT P80) AppleWebKit/537.36 Chrome/140.0 Mobile")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from((event(1), order(1, "A", 5.0), ga4("purchase"))), st.data())
def test_no_json_is_too_strange_to_be_read_or_kept_aside(raw: dict[str, Any], data: st.DataObject) -> None:
    for name in data.draw(
        st.lists(st.sampled_from([*raw, "context", "type", "ecommerce", "event_params"]), max_size=3)
    ):
        raw = raw | {name: data.draw(_JSON)}
    found = READER.read(raw)
    if isinstance(found, Event):
        assert found.id and found.at <= NOW + timedelta(minutes=5)
        assert "\x00" not in "".join((found.id, found.customer, found.visitor, found.order, *found.skus))
