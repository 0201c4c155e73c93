"""What is reported again: one order however often and late, one event however often it is sent, on both databases."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select, update

from errors import DataError
from profiles.events.act_log import recent_acts
from profiles.events.event import Aside, Event, Reason
from profiles.events.files import take_file
from profiles.events.intake import EventIntake
from profiles.events.messages import ga4_events, segment_batch
from profiles.events.shapes import EventReader
from profiles.shop.imports import import_shop
from profiles.storage.database import reading
from profiles.storage.tables import events, waiting_events
from tests.events_shop import NOW, PRODUCTS, adds_up, event, open_intake, order, outcome, purchase_again, refund
from tests.profile_stores import Place
from tests.profiles_shop import START

READER = EventReader(PRODUCTS, lambda: NOW)


@pytest.fixture
def intake(url: str) -> EventIntake:
    return open_intake(url)


def read(raw: object) -> Event:
    found = READER.read(raw)
    assert isinstance(found, Event), found
    return found


def test_an_order_that_is_reported_again_months_later_is_bought_once_at_the_oldest_time(intake: EventIntake) -> None:
    assert intake.take([order(1, "T1", 60.0)]).taken == 1
    again = intake.take([order(2, "T1", 60.0, days=99), purchase_again(3, "T1", 60.0, 98)])
    assert (again.taken, again.duplicates) == (0, 2) and adds_up(again)
    bought, activity = intake.activity("C1").purchases, intake.activity("C1")
    assert (bought.orders, bought.spent, bought.last) == (1, Decimal("60.0"), START)
    assert (activity.acts, activity.last_at) == (1, START)
    assert intake.affinities("C1")["color"]["navy"].counts == {"bought": 1}


def test_so_it_is_across_restarts_files_and_requests(url: str, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(order(4, "T1", 60.0, days=31)) + "\n", encoding="utf-8")
    take_file(open_intake(url), file)
    open_intake(url).take(segment_batch({"batch": [order(5, "T1", 60.0, days=60)]}, NOW))
    open_intake(url).take([purchase_again(6, "T1", 60.0, 3)])
    bought = open_intake(url).activity("C1").purchases
    assert (bought.orders, bought.spent, bought.last) == (1, Decimal(60), START + timedelta(days=3))


def test_an_order_of_two_people_is_one_once_they_are_one(intake: EventIntake) -> None:
    intake.take([order(1, "T1", 60.0, days=1, userId=None, anonymousId="b1"), order(2, "T1", 60.0, days=2)])
    assert intake.activity("C1").purchases.last == START + timedelta(days=2)
    intake.link("b1", "C1")
    bought = intake.activity("C1").purchases
    assert (bought.orders, bought.last, intake.activity("C1").acts) == (1, START + timedelta(days=1), 1)


@pytest.mark.parametrize("seed", range(4))
def test_it_does_not_matter_which_report_comes_first(
    place: Place, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    events = [order(n, "xy"[n % 2], 10.0 + n, days=n * 7.0) for n in range(6)] + [refund(9, "x", 4.0, days=50)]
    first, second = (open_intake(place(tmp_path_factory.mktemp("orders"))) for _ in range(2))
    first.take(events)
    Random(seed).shuffle(events)
    for raw in events:
        assert adds_up(second.take([raw]))
    assert outcome(first, "C1") == outcome(second, "C1")
    assert first.activity("C1").purchases.orders == 2 and first.activity("C1").acts == 2


@pytest.mark.parametrize("named", [None, "", "(not set)", "undefined", "null"])
def test_a_purchase_without_an_order_id_is_no_order(intake: EventIntake, named: str | None) -> None:
    bare = order(1, "", 5.0, properties={"sku": "P1", "order_id": named})
    report = intake.take([bare, purchase_again(2, named or "", 5.0, 1)])
    assert report.aside == {Reason.NO_ORDER.value: 2}
    assert intake.activity("C1").purchases.orders == 0
    assert {item.reason for item in intake.asides()} == {Reason.NO_ORDER}


def test_a_message_id_that_two_senders_use_loses_nothing(intake: EventIntake) -> None:
    browser = event(1, sku="P1", projectId="web")
    server = event(1, sku="P2", projectId="shop-server")
    other = event(1, "Product Added", sku="P1", projectId="web")
    report = intake.take([browser, server, other, browser, dict(server)])
    assert (report.taken, report.duplicates) == (3, 2)
    assert intake.take([server, other]).duplicates == 2
    assert intake.activity("C1").acts == 3


def test_a_request_that_is_repeated_counts_once_however_late_it_is_sent_again(intake: EventIntake) -> None:
    bare = {"messageId": "m1", "userId": "C1", "event": "Product Viewed", "properties": {"sku": "P1"}}
    dated = bare | {"messageId": "m2", "timestamp": START.isoformat()}
    for late in range(3):
        now = NOW - timedelta(hours=3 - late)
        sent = {"sentAt": (now - timedelta(seconds=late)).isoformat()}
        intake.take(segment_batch({"batch": [bare, dated]} | sent, now))
    assert intake.activity("C1").acts == 2


def test_one_catalogue_or_another_the_event_is_the_same() -> None:
    raw = event(1, properties={"product_id": "P1", "sku": "P1-XXL"})
    later = EventReader({**PRODUCTS, "P1-XXL": {}}, lambda: NOW)
    again = later.read(raw)
    assert isinstance(again, Event) and again.id == read(raw).id and again.skus != read(raw).skus


NOBODIES = (
    *("undefined", "null", "[object Object]", "0", "", "(not set)", "none", "NaN", "unknown", "anonymous"),
    *(" NULL ", '"undefined"', "None", "00000000-0000-0000-0000-000000000000", 0),
)


@pytest.mark.parametrize("name", NOBODIES)
def test_an_id_that_means_nobody_is_never_a_customer_and_nothing_is_merged_under_it(
    intake: EventIntake, name: str | int
) -> None:
    alone = [event(n, userId=name) for n in range(2)]
    login = {"type": "identify", "messageId": "i1", "timestamp": START.isoformat()}
    links = [login | {"userId": name, "anonymousId": "b1"}, login | {"userId": "C1", "anonymousId": name}]
    browsing = event(7, userId=name, anonymousId="b1")
    intake.take([*alone, *links, browsing, purchase_again(8, "T1", 5.0, 1, user_id=name, user_pseudo_id=name)])
    assert intake.take([event(9, userId=None, anonymousId=name)]).taken == 0
    assert intake.activity("C1").acts == 0
    assert intake.link("b1", "C1").taken == 1, "what the browser did is still the browser's"


def test_why_an_id_means_nobody_is_said(intake: EventIntake) -> None:
    intake.take([event(1, userId="undefined"), {"type": "identify", "messageId": "i", "userId": "null",
                 "anonymousId": "b1", "timestamp": START.isoformat()}])  # fmt: skip
    assert [(item.reason, item.customer) for item in intake.asides()] == [(Reason.NOBODY, ""), (Reason.NOBODY, "b1")]
    assert "userId: 'undefined'" in intake.asides()[0].detail


def test_a_product_without_a_name_is_none() -> None:
    raw = purchase_again(1, "T1", 5.0, 1, items=[{"item_id": "(not set)"}, {"item_id": "P2"}])
    assert read(raw).skus == ("P2",)
    bare = READER.read(raw | {"items": [{"item_id": "(not set)"}]})
    assert isinstance(bare, Aside) and bare.detail == "no product is named"


STRANGE_PRICES = ("$19.99", "1.299,00", "1.299", "ask us", "", None, float("nan"), [1], {"a": 1}, True)


@pytest.mark.parametrize("price", STRANGE_PRICES)
def test_a_view_with_an_unreadable_price_is_still_a_view(price: object) -> None:
    assert read(event(1, properties={"sku": "P1", "price": price})).skus == ("P1",)


@pytest.mark.parametrize(
    ("raw", "amount"),
    [("$19.99", "19.99"), ("1.299,00", "1299"), ("1,299.00 USD", "1299"), ("€ 1 200", "1200"), (0.1 + 0.2, None),
     ("12,5", "12.5"), ("1'299.50", "1299.5"), ("1.234.567", "1234567"), (45, "45"), ("1.299", None), ("1,299", None),
     ("3 for 10", None), ("abc", None), ("1e5", None)],
)  # fmt: skip
def test_the_money_of_an_order_is_read_or_not_known_and_never_guessed(raw: object, amount: str | None) -> None:
    found = read(order(1, "A", None, properties={"order_id": "A", "sku": "P1", "total": raw})).amount
    assert found == (None if amount is None and isinstance(raw, str) else Decimal(amount or str(raw)))


def test_one_bad_event_takes_no_other_with_it(intake: EventIntake) -> None:
    batch: list[object] = [
        event(1, properties=[]),
        event(2, properties={"products": {"sku": "P1"}}),
        event(3, properties={"sku": "P1", "price": "$19.99"}),
        None,
        event(4, timestamp=None),
        event(5),
    ]
    report = intake.take(batch)
    assert report.taken == 2 and report.aside == {"malformed": 4} and adds_up(report)


def test_an_event_that_is_too_large_is_left_out_of_its_file(tmp_path: Path, url: str) -> None:
    large, ga4 = event(1, context={"x": "y" * 40_000}), purchase_again(3, "T1", 5.0, 1, more="y" * 40_000)
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(json.dumps(raw) for raw in (large, event(2), ga4)), encoding="utf-8")
    intake = open_intake(url)
    report = take_file(intake, file)
    assert (report.taken, report.aside) == (2, {"malformed": 1})
    (kept,) = intake.asides()
    assert "at most 32000" in kept.detail and kept.customer == "C1"


FAST = timedelta(days=3)


def test_a_fast_device_loses_nothing_and_its_times_are_put_right(intake: EventIntake) -> None:
    """Eleven acts within ten seconds before `NOW`, by a clock that is three days ahead."""
    made = []
    for number in range(11):
        at = NOW - timedelta(seconds=11 - number)
        made.append(event(number) | {"timestamp": (at + FAST).isoformat()})
    report = intake.take(segment_batch({"batch": made, "sentAt": (NOW + FAST).isoformat()}, NOW))
    assert report.taken == 11 and not report.aside
    assert intake.activity("C1").last_at == NOW - timedelta(seconds=1)


@pytest.mark.parametrize("off", [timedelta(days=-400), timedelta(hours=-5), timedelta(), timedelta(days=3), FAST * 900])
def test_a_clock_is_put_right_by_what_it_says_when_it_sends(off: timedelta) -> None:
    happened, received = NOW - timedelta(minutes=30), NOW - timedelta(minutes=2)
    raw = event(1) | {
        "timestamp": (happened + off).isoformat(),
        "sentAt": (received + off).isoformat(),
        "receivedAt": received.isoformat(),
    }
    assert read(raw).at == happened
    through_segment = raw | {"originalTimestamp": raw["timestamp"], "timestamp": happened.isoformat()}
    assert read(through_segment).at == happened, "Segment has put it right already"
    assert read(raw).id == read(through_segment).id


@pytest.mark.parametrize("sent", [None, "", "yesterday", "2026-10-01T12:00:00", 1e300, []])
def test_a_message_that_does_not_say_when_it_was_sent_keeps_its_time(sent: object) -> None:
    assert read(event(1, sentAt=sent, receivedAt=NOW.isoformat())).at == START


@pytest.mark.parametrize("at", [None, "", "2026-10-01T12:00:00", "2026-10-01", "soon", [], {}, 10**30])
def test_a_time_that_cannot_be_used_is_set_aside_however_it_comes(at: object) -> None:
    (stamped,) = segment_batch({"batch": [event(1, timestamp=at)]}, NOW)
    for raw in (event(1, timestamp=at), stamped):
        found = READER.read(raw)
        assert isinstance(found, Aside) and found.reason is Reason.MALFORMED and "timestamp" in found.detail


def test_acts_of_one_moment_stay_in_the_order_they_came_in(intake: EventIntake) -> None:
    names = [f"{number * 7919 % 11:02}" for number in range(11)]
    made = [event(1, sku=("P1", "P2")[n % 2], messageId=name) for n, name in enumerate(names)]
    intake.take(made[:6])
    intake.take(made[6:])
    with reading(intake.store.engine) as connection:
        acts = recent_acts(connection, ["C1"], 50)["C1"]
    assert [act.event.id.partition("~")[0] for act in acts] == names


def test_nobody_signs_in_or_is_imported(intake: EventIntake, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'undefined' means nobody"):
        intake.link("b1", "undefined")
    (tmp_path / "customers.jsonl").write_text('{"id": "null", "name": "Ann"}\n', encoding="utf-8")
    (tmp_path / "orders.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="'null' means nobody"):
        import_shop(tmp_path, intake.store)


def test_ga4_events_of_a_client_whose_clock_is_ahead_are_put_right_and_unusable_times_set_aside() -> None:
    def micros(at: datetime) -> int:
        return int(at.timestamp() * 1_000_000)

    items = {"params": {"items": [{"item_id": "P1"}]}}
    view = {"name": "view_item"} | items
    events = [view | {"timestamp_micros": micros(NOW + FAST) - 5_000_000}, view]
    body = {"client_id": "b1", "timestamp_micros": micros(NOW + FAST), "events": events}
    first, second = (read(raw) for raw in ga4_events(body, NOW))
    assert (first.at, second.at) == (NOW - timedelta(seconds=5), NOW)
    assert [read(raw).id for raw in ga4_events(body, NOW + timedelta(seconds=9))] == [first.id, second.id]
    past = body | {"timestamp_micros": micros(START), "events": [view]}
    assert [read(raw).at for raw in ga4_events(past, NOW)] == [START]
    for bad in (None, "", "soon", 0, 1_760_000_000, micros(NOW + FAST)):
        (raw,) = ga4_events({"client_id": "b1", "events": [view | {"timestamp_micros": bad}]}, NOW)
        assert isinstance(READER.read(raw), Aside)


def test_events_of_a_database_from_before_are_not_counted_again(intake: EventIntake) -> None:
    made = [event(1), event(2, "Product Added"), order(3, "T1", 60.0)]
    intake.take([*made, event(4, userId="C9")])
    with intake.store.engine.begin() as connection:  # as when a message's id alone was an event's id
        for table in (events, waiting_events):
            for name in connection.execute(select(table.c.id)).scalars().all():
                connection.execute(update(table).where(table.c.id == name).values(id=name.partition("~")[0]))
    again = intake.take([*made, event(4, userId="C9"), event(1, "Product Added")])
    assert (again.taken, again.duplicates) == (1, 4)
