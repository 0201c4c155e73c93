"""What a message names only to keep is kept, and what it merely excludes says nothing of what stands before it."""

from decimal import Decimal

import pytest

from agent.orders.items import Wording, pieces_of
from agent.orders.order import Order, OrderItem


def order(*titles: str) -> Order:
    items = tuple(OrderItem(f"S{n}", title, 1, Decimal(10), "grey", "M") for n, title in enumerate(titles))
    money = Decimal(10 * len(items))
    return Order(
        "A-1", "C1", "2026-11-01T00:00:00Z", "paid", items, money, Decimal(0), "1 Hill Street, Bend", *([None] * 4)
    )


@pytest.mark.parametrize(
    ("said", "wish", "pieces"),
    [
        ("the shoes not the socks", "shoes", {0: 1}),
        ("return the shoes, the socks I keep", "shoes", {0: 1}),
        ("everything but the socks", "everything but the socks", {0: 1}),
    ],
)
def test_only_what_is_wished_for_goes(said: str, wish: str, pieces: dict[int, int]) -> None:
    both = order("Moss Trail Running Shoe", "Ibex Crew Socks")
    assert pieces_of(both, [wish], Wording(said=said)) == pieces


def test_excluding_what_another_order_has_keeps_nothing_of_this_one() -> None:
    alone = order("Moss Trail Running Shoe")
    assert pieces_of(alone, ["shoes"], Wording(said="the shoes not the socks")) == {0: 1}


@pytest.mark.parametrize(
    ("said", "wish", "pieces"),
    [
        ("只退裤子 袜子我留着", ["裤子", "袜子"], {0: 1}),
        ("袜子 留着 裤子退掉", ["裤子", "袜子"], {0: 1}),
        ("不要退 袜子", ["裤子", "袜子"], {0: 1}),
        ("裤子 袜子 都退", ["裤子", "袜子"], {0: 1, 1: 1}),
    ],
)
def test_a_space_between_chinese_items_parts_what_is_said_of_them(
    said: str, wish: list[str], pieces: dict[int, int]
) -> None:
    both = order("裤子", "袜子")
    assert pieces_of(both, wish, Wording(said=said)) == pieces


@pytest.mark.parametrize(
    ("said", "goes"),
    [
        ("I don't need the pot any more, only the stove", "pot"),
        ("leave the pot out, return the stove", "stove"),
        ("I no longer want the stove, the pot can stay", "stove"),
        ("锅不要了，炉子照发", "锅"),
        ("炉子用不着了，只留锅", "炉子"),
    ],
)
def test_what_is_not_needed_goes_and_what_is_left_stays(said: str, goes: str) -> None:
    titles = ("Alpine Pot", "Gas Stove") if said.isascii() else ("锅", "炉子")
    both = order(*titles)
    place = next(place for place, title in enumerate(titles) if goes in title.casefold())
    assert pieces_of(both, [*titles], Wording(said=said)) == {place: 1}


@pytest.mark.parametrize("said", ["I need to send the stove back", "I just want my money for the pot, only the pot"])
def test_what_is_only_named_stays_nowhere(said: str) -> None:
    wish = "stove" if "stove" in said else "pot"
    assert pieces_of(order("Alpine Pot", "Gas Stove"), [wish], Wording(said=said))


def test_several_that_stay_need_not_be_told_apart() -> None:
    three = order("冲锋衣", "徒步袜子", "登山袜子")
    assert pieces_of(three, ["冲锋衣", "袜子"], Wording(said="冲锋衣不要了，袜子照发")) == {0: 1}
