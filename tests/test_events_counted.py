"""Which acts count, and whose they are, on SQLite and PostgreSQL."""

from datetime import timedelta
from decimal import Decimal

import pytest

from profiles.customer import Customer
from profiles.events.intake import EventIntake
from profiles.events.report import Report
from tests.events_shop import adds_up, event, fast, open_intake, order, refund
from tests.profiles_shop import START


@pytest.fixture
def intake(url: str) -> EventIntake:
    return open_intake(url)


def test_money_counts_an_order_once_and_takes_refunds_off(intake: EventIntake) -> None:
    intake.take(
        [order(1, "A", 60.0), order(2, "A", 60.0, days=1), order(3, "B", 40.0, days=2), order(4, "C", 9.0, days=3)]
    )
    intake.take([refund(5, "A", 15.5, days=4), refund(6, "C", None, days=5), refund(6, "C", None, days=5)])
    bought = intake.activity("C1").purchases
    assert (bought.orders, bought.spent, bought.last) == (2, Decimal("84.5"), START + timedelta(days=2))
    assert intake.activity("C1").last_at == START + timedelta(days=3)


def test_people_who_become_known_get_what_they_did_before(intake: EventIntake) -> None:
    acts = [event(number, userId="C9") for number in range(4)]
    assert intake.take(acts).aside == {"unknown customer": 4}
    assert intake.take(acts).duplicates == 4
    intake.store.put_customers([Customer("C9", consent={"profiling": True})])
    report = intake.take([event(9, userId="C9")])
    assert (report.taken, report.returned) == (5, 4)
    assert intake.store.read("C9").of("color")[0].evidence[0].quote == "viewed 5"
    assert intake.take(acts).duplicates == 4


def test_settling_counts_what_waited(intake: EventIntake) -> None:
    intake.take([event(number, userId="C9") for number in range(4)])
    assert intake.settle() == Report()
    intake.store.put_customers([Customer("C9", consent={"profiling": True})])
    assert adds_up(intake.settle()) and intake.activity("C9").acts == 4
    assert intake.settle() == Report()


@pytest.mark.parametrize("how", ["link", "identify"])
def test_what_a_visitor_did_is_the_customers_after_login(intake: EventIntake, how: str) -> None:
    acts = [event(number, userId=None, anonymousId="b1") for number in range(4)]
    assert intake.take(acts[:3]).aside == {"unknown customer": 3}
    if how == "link":
        assert intake.link("b1", "C1").taken == 3
    else:
        login = {"type": "identify", "messageId": "i", "userId": "C1", "anonymousId": "b1"}
        assert intake.take([login | {"timestamp": acts[0]["timestamp"]}]).taken == 3
    assert intake.take(acts[3:]).taken == 1  # and from then on
    assert intake.store.read("C1").of("color")[0].evidence[0].quote == "viewed 4"
    assert intake.link("b1", "C2").taken == 0 and not intake.activity("C2").acts  # a browser has one owner


def test_without_consent_nothing_is_kept(intake: EventIntake) -> None:
    intake.take([event(1, userId="C8")])
    intake.store.put_customers([Customer("C8", consent={"service": True})])
    report = intake.take([event(2, userId="C8")])
    assert report.aside == {"no consent to profiling": 2} and adds_up(report)
    intake.store.put_customers([Customer("C8", consent={"profiling": True})])
    intake.take([event(3, userId="C8")])
    assert intake.activity("C8").acts == 1


def test_a_product_that_is_not_in_the_catalogue_says_nothing_but_is_named(intake: EventIntake) -> None:
    report = intake.take([event(number, sku="GONE") for number in range(4)])
    assert report.aside == {"unknown product": 4} and adds_up(report)
    assert {item.detail for item in intake.asides()} == {"GONE"}
    assert not intake.store.read("C1").traits


def test_examples_of_what_could_not_count_are_kept_but_not_all(intake: EventIntake) -> None:
    report = intake.take(["{broken", event(1, properties={"sku": "P1", "price": -3}), *range(150)])
    assert report.aside == {"malformed": 151, "impossible value": 1} and adds_up(report)
    kept = intake.asides()
    assert [item.body for item in kept].count("{broken") == 1 and len(kept) == 101


def test_acts_that_come_too_fast_for_a_person_do_not_count(intake: EventIntake) -> None:
    person = [event(1000 + number, sku="P2", days=2) for number in range(4)]
    intake.take(person)
    assert intake.take(fast(150, 1.0)).taken == 150
    assert "navy" in {trait.value for trait in intake.store.read("C1").of("color")}
    report = intake.take(fast(100, 1.0, first=150))
    assert report.aside == {"too fast for a person": 100} and report.withdrawn == 150 and adds_up(report)
    assert {trait.value for trait in intake.store.read("C1").of("color")} == {"red"}
    assert intake.activity("C1").acts == 4
    assert intake.take(fast(10, 1.0, first=250)).aside == {"too fast for a person": 10}


def test_who_never_pauses_is_no_person_however_slow(intake: EventIntake) -> None:
    report = intake.take(fast(4000, 30.0))
    assert report.aside["too fast for a person"] > 2000 and adds_up(report)


def test_orders_count_even_if_the_browsing_was_a_machines(intake: EventIntake) -> None:
    intake.take([*fast(260, 1.0), order(999, "A", 20.0, days=0.001)])
    assert intake.activity("C1").purchases.spent == 20.0
