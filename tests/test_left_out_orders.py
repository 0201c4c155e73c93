"""A purchase that was a gift says nothing of the customer's tastes: now, with what comes later, and after a rebuild."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.build.plan import make_plan
from profiles.customer import Customer
from profiles.events.intake import EventIntake
from profiles.events.left_out import OrderMark
from profiles.observation import Authority
from profiles.preference.goods import Good
from profiles.preference.service import Preferences
from profiles.privacy.export import export
from profiles.shop.imports import open_intake as open_shop_intake
from profiles.shop.imports import open_store
from tests.events_shop import NOW, PRODUCTS, event, histories, open_intake, order
from tests.profiles_shop import write_shop

GOODS = {sku: Good(sku, "jackets", ()) for sku in PRODUCTS}


@pytest.fixture
def intake(url: str) -> EventIntake:
    return open_intake(url)


def mark(order_id: str, *, left_out: bool = True, customer: str = "C1") -> OrderMark:
    return OrderMark(customer, order_id, left_out, NOW, "consultation 1")


def tastes(intake: EventIntake, customer: str = "C1") -> dict[tuple[str, str], tuple[float, str]]:
    held = intake.affinities(customer)
    return {
        (name, value): (round(one.score, 9), one.quote())
        for name, values in held.items()
        for value, one in values.items()
        if one.at
    }


def observed(intake: EventIntake) -> set[tuple[str, object]]:
    traits = intake.store.read("C1").traits
    return {(trait.attribute, trait.value) for trait in traits if trait.authority is Authority.OBSERVED}


def test_a_gift_is_no_taste_and_nothing_they_have(intake: EventIntake, tmp_path: Path) -> None:
    orders = [order(number, name, 20.0, days=number) for number, name in enumerate("ABC")]
    intake.take(orders)
    assert ("color", "navy") in observed(intake)
    preferences = Preferences.open(intake.store.engine, GOODS, tmp_path)
    assert preferences.owned("C1", {"D": ["P2"]}) == {"P1-M", "P2"}
    for name in "ABCD":
        intake.leave_out(mark(name))
    assert not observed(intake) and not tastes(intake)
    assert preferences.owned("C1", {"D": ["P2"]}) == frozenset()
    assert intake.activity("C1").purchases.orders == 3  # the shop's books are what they were
    intake.take(orders)  # reported again
    assert not tastes(intake)


def test_it_counts_again_when_the_customer_says_that_it_was_theirs(intake: EventIntake) -> None:
    intake.take([order(number, name, 20.0, days=number) for number, name in enumerate("ABC")])
    before = tastes(intake), observed(intake)
    intake.leave_out(mark("A"))
    assert tastes(intake) != before[0]
    intake.leave_out(mark("A", left_out=False))
    assert (tastes(intake), observed(intake)) == before


law = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@law
@given(acts=histories(), gifts=st.sets(st.sampled_from("xy")), cut=st.integers(0, 25))
def test_when_it_is_said_does_not_matter(acts: list[dict[str, object]], gifts: set[str], cut: int) -> None:
    """Before the events, between them, or after: as if the purchases had never been, for tastes."""
    first, later = open_intake("sqlite://"), open_intake("sqlite://")
    for name in sorted(gifts):
        first.leave_out(mark(name))
    first.take(acts)
    later.take(acts[:cut])
    for name in sorted(gifts):
        later.leave_out(mark(name))
    later.take(acts[cut:])
    assert tastes(first) == tastes(later)
    assert first.activity("C1") == later.activity("C1")


def test_what_was_said_is_exported(intake: EventIntake) -> None:
    intake.take([event(1)])
    intake.leave_out(mark("A"))
    assert [row["order_id"] for row in json.loads(json.dumps(export(intake.store, "C1")))["left_out_orders"]] == ["A"]


@pytest.mark.parametrize("database", ["", "built.db"])
def test_a_gift_is_left_out_of_profiles_that_are_built_from_events(tmp_path: Path, database: str) -> None:
    shop = write_shop(tmp_path / "shop", customers=2, events=1)
    acts = [order(number, name, 20.0, days=number, userId="C1001") for number, name in enumerate("ABC")]
    path = tmp_path / "acts.jsonl"
    path.write_text("".join(json.dumps(act) + "\n" for act in acts))
    store = open_store(shop, shop / "state")
    for name in "ABC":
        open_shop_intake(shop, store).leave_out(mark(name, customer="C1001"))
    store.engine.dispose()
    plan = make_plan(shop, [path], tmp_path / "out", database=database and f"sqlite:///{tmp_path / database}", parts=1)
    into = plan.open_store()
    built = EventIntake(into, PRODUCTS, lambda: NOW)
    into.put_customers([Customer("C1001", consent={"profiling": True})])
    built.take(acts)
    assert built.activity("C1001").purchases.orders == 3 and not tastes(built, "C1001")
    into.engine.dispose()
