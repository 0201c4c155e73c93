"""Carts on SQLite and PostgreSQL: what is in them, what they come to, and how they were before."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from agent.cart.bill import bill
from agent.cart.cart import Cart, Line, Lines, NotEnough, exchanged, held_of, joined, put, without
from agent.cart.carts import REMEMBERED, Carts
from agent.shop import Delivery
from errors import NotFound
from profiles.customer import Customer
from profiles.store import ProfileStore
from retrieval.catalog import Catalog, Product, Variant
from tests.profile_stores import Place, open_store, somebody

STOCK = {"A": 0, "B": 1, "C": 3, "D": 40}
PRICES = {"A": "10.10", "B": "19.99", "C": "0.30", "D": "74.70"}
VARIANTS = tuple(Variant(sku, "", "one size", Decimal(PRICES[sku]), STOCK[sku]) for sku in STOCK)
PRODUCTS = {
    one.sku: Product(one.sku, f"Thing {one.sku}", {}, "", "things", "", one.price, {}, None, 0, (one,))
    for one in VARIANTS
}
CATALOG = Catalog(tuple(PRODUCTS.values()), (), PRODUCTS)
SHOP: Any = SimpleNamespace(delivery={"standard": Delivery(Decimal("4.95"), Decimal(75))})
Step = Callable[[Lines], Lines]


def added(sku: str, pieces: int = 1) -> Step:
    return lambda lines: put(lines, PRODUCTS[sku], PRODUCTS[sku].variants[0], pieces)


def swapped(old: str, sku: str, pieces: int) -> Step:
    return lambda lines: exchanged(lines, old, PRODUCTS[sku], PRODUCTS[sku].variants[0], pieces)


def taken(sku: str, pieces: int | None = None) -> Step:
    return lambda lines: without(lines, [sku], pieces)


SKUS, PIECES = st.sampled_from(sorted(STOCK)), st.integers(1, 5)
STEPS = st.one_of(
    st.builds(added, SKUS, PIECES), st.builds(swapped, SKUS, SKUS, PIECES), st.builds(taken, SKUS, st.none() | PIECES)
)


def states(steps: Sequence[Step]) -> list[Lines]:
    """The states of a cart to which this is done, but for what the stock forbids or what changes nothing."""
    found: list[Lines] = [()]
    for step in steps:
        try:
            after = step(found[-1])
        except NotEnough:
            continue
        found += [after] if after != found[-1] else []
    return found


@given(st.lists(STEPS, max_size=30))
def test_a_cart_never_holds_more_than_there_is_and_each_variant_once(steps: list[Step]) -> None:
    for lines in states(steps):
        assert len({line.sku for line in lines}) == len(lines)
        assert all(0 < line.quantity <= STOCK[line.sku] for line in lines)


@given(st.lists(STEPS, max_size=12), SKUS, PIECES)
def test_what_is_put_in_and_taken_out_again_was_never_there(steps: list[Step], sku: str, pieces: int) -> None:
    before = states(steps)[-1]
    if pieces + held_of(before, sku) > STOCK[sku]:
        with pytest.raises(NotEnough, match=f"there are {STOCK[sku]} of {sku}"):
            added(sku, pieces)(before)
    else:
        assert taken(sku, pieces)(added(sku, pieces)(before)) == before


@given(st.lists(STEPS, max_size=12), st.lists(STEPS, max_size=12))
def test_two_carts_as_one_hold_the_larger_number_of_each(one: list[Step], other: list[Step]) -> None:
    own, theirs = states(one)[-1], states(other)[-1]
    found = joined(own, theirs)
    assert {line.sku: line.quantity for line in found} == {
        sku: most for sku in STOCK if (most := max(held_of(own, sku), held_of(theirs, sku)))
    }
    assert joined(found, theirs) == found == joined(found, own)


@given(st.lists(STEPS, max_size=20))
def test_a_total_is_exact_and_delivery_is_the_shops_rule(steps: list[Step]) -> None:
    lines = states(steps)[-1]
    told = bill(lines, CATALOG, SHOP)
    goods = sum((Decimal(PRICES[line.sku]) * line.quantity for line in lines), Decimal())
    assert Decimal(str(told["goods"])) == goods and told["pieces"] == sum(line.quantity for line in lines)
    if lines:
        fee = Decimal(0) if goods >= 75 else Decimal("4.95")
        assert (Decimal(str(told["shipping_fee"])), Decimal(str(told["total"]))) == (fee, goods + fee)
    else:
        assert "total" not in told


def test_what_changed_since_it_was_put_in_is_told() -> None:
    lines = (Line("C", 5, Decimal("0.25"), "Thing C"), Line("gone", 2, Decimal(9), "An old thing"))
    kept, gone = bill(lines, CATALOG, SHOP)["lines"]
    assert (kept["price"], kept["price_then"], kept["stock"], kept["amount"]) == (0.3, 0.25, 3, 1.5)
    assert gone == {"sku": "gone", "quantity": 2, "title": "An old thing", "titles": {}, "gone": True}
    assert bill(lines, CATALOG, SHOP)["goods"] == 1.5


@pytest.fixture
def carts(store: ProfileStore) -> Carts:
    return Carts(store.engine)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=12))
def test_undo_goes_back_state_by_state(carts: Carts, steps: list[Step]) -> None:
    customer = somebody()
    for step in steps:
        try:
            carts.change(customer, step)
        except NotEnough:
            continue
    expected = states(steps)
    assert carts.get(customer).lines == expected.pop()
    while expected:
        assert carts.undo(customer).cart.lines == carts.get(customer).lines == expected.pop()
    with pytest.raises(NotFound, match="taken back"):
        carts.undo(customer)


def test_only_the_last_states_are_kept(carts: Carts) -> None:
    customer = somebody()
    for _ in range(REMEMBERED + 5):
        carts.change(customer, added("D"))
    for _ in range(REMEMBERED):
        carts.undo(customer)
    assert held_of(carts.get(customer).lines, "D") == 5
    with pytest.raises(NotFound):
        carts.undo(customer)


def test_a_cart_survives_a_restart_and_keeps_its_id(carts: Carts) -> None:
    customer = somebody()
    made = carts.change(customer, added("C", 2)).cart
    emptied = carts.change(customer, lambda lines: ()).cart
    assert made.id and made.id == emptied.id == carts.undo(customer).cart.id
    assert Carts(carts.engine).get(customer) == made and carts.get(somebody()) == Cart()


def test_a_change_that_fails_changes_nothing(carts: Carts) -> None:
    customer = somebody()
    with pytest.raises(NotEnough):
        carts.change(customer, added("A"))
    assert carts.get(customer) == Cart() and customer not in carts.held()


def test_changes_at_once_are_all_made(carts: Carts) -> None:
    customer = somebody()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda step: carts.change(customer, step), [added("D")] * 8))
    assert held_of(carts.get(customer).lines, "D") == 8
    assert len(list(carts.history(customer))) == 8


def test_a_visitors_cart_is_the_customers_once_they_sign_in(store: ProfileStore, carts: Carts) -> None:
    visitor, customer = somebody(), somebody()
    store.put_customers([Customer(customer)])
    carts.change(customer, added("B"))
    for step in (added("C"), added("D", 2)):
        carts.change(visitor, step)
    own = carts.get(customer)
    store.merge(visitor, customer)
    assert [(line.sku, line.quantity) for line in carts.get(customer).lines] == [("B", 1), ("C", 1), ("D", 2)]
    assert carts.get(customer).id == own.id and carts.get(visitor) == Cart() and visitor not in carts.held()
    assert [line.sku for line in carts.undo(customer).cart.lines] == ["B", "C"]
    assert carts.undo(customer).cart == own and carts.undo(customer).cart.lines == ()


def test_a_first_cart_is_the_visitors_own(store: ProfileStore, carts: Carts) -> None:
    visitor, customer = somebody(), somebody()
    store.put_customers([Customer(customer)])
    theirs = carts.change(visitor, added("C")).cart
    store.merge(visitor, customer)
    assert carts.change(customer, added("D")).cart == replace(theirs, lines=(*theirs.lines, *added("D")(())))


def test_a_forgotten_cart_is_gone_with_its_past(carts: Carts) -> None:
    customer, other = somebody(), somebody()
    for name in (customer, other):
        carts.change(name, added("C"))
    assert carts.forget([customer]) == 1 and carts.forget([customer]) == 0
    assert carts.get(customer) == Cart() and list(carts.history(customer)) == []
    assert carts.get(other).lines


class Elsewhere:
    """A shop's own carts, which know nothing of ours."""

    def __init__(self) -> None:
        self.kept: dict[str, Lines] = {}

    def create_cart(self, lines: Lines) -> Cart:
        return self.update_cart(f"their-{len(self.kept)}", lines)

    def get_cart(self, id: str) -> Cart | None:
        return Cart(id, self.kept[id], f"https://shop.example/{id}") if id in self.kept else None

    def update_cart(self, id: str, lines: Lines) -> Cart:
        self.kept[id] = lines
        return Cart(id, lines, f"https://shop.example/{id}")

    def cancel_cart(self, id: str) -> None:
        del self.kept[id]


def test_a_shops_own_cart_takes_the_place_of_ours(place: Place, tmp_path: Path) -> None:
    system = Elsewhere()

    def opened(connection: Connection) -> Elsewhere:
        return system

    carts = Carts(open_store(place(tmp_path)).engine, opened)
    customer = somebody()
    carts.change(customer, added("C", 2))
    assert carts.get(customer).checkout == "https://shop.example/their-0"
    system.kept["their-0"] = added("D")(())  # changed on the shop's page
    assert [line.sku for line in carts.change(customer, added("C")).cart.lines] == ["D", "C"]
    assert [line.sku for line in carts.undo(customer).cart.lines] == ["D"]
    del system.kept["their-0"]  # it has run out there
    assert carts.get(customer) == Cart()
    assert carts.change(customer, added("D")).cart.id == "their-0"
    carts.forget([customer])
    assert not system.kept
