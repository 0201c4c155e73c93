"""A number said of what goes or of what stays limits the pieces of a line; numbers of anything else do not."""

from decimal import Decimal

import pytest

from agent.orders.counts import going
from agent.orders.items import Wording, pieces_of
from agent.orders.order import Order, OrderItem, OrderRefused


@pytest.mark.parametrize(
    ("said", "of", "goes"),
    [
        ("one of them can go back", 2, 1),
        ("I got four, please take two back", 4, 2),
        ("bought three want to send one back", 3, 1),
        ("keep one and return the rest", 3, 2),
        ("I only need one of the mugs", 3, 2),
        ("one's plenty, really one is enough", 2, 1),
        ("I don't need one of them", 3, 1),
        ("the second one goes back", 2, 1),
        ("one is too tight, that goes back", 2, 1),
        ("no wait, just send back one", 3, 1),
        ("return one, I keep two", 3, 1),
        ("of the three I bought one goes back", 3, 1),
        ("买了四双 退两双", 4, 2),
        ("留一件，其他的退", 3, 2),
        ("有一双想退", 3, 1),
        ("只要一个就够了", 2, 1),
        ("quiero devolver una de las dos", 2, 1),
        ("me quedo con dos", 3, 1),
        ("eine davon geht zurück", 2, 1),
        ("zwei behalte ich", 3, 1),
    ],
)
def test_a_number_of_what_goes_or_stays_limits_the_pieces(said: str, of: int, goes: int) -> None:
    assert going(said, of) == goes


@pytest.mark.parametrize(
    "said",
    [
        "return the mugs",
        "one more thing, the mugs go back",
        "one last thing I'd like to return the mugs",
        "send the small one back",
        "that one goes back",
        "I bought two, they all go back",
        "send them back, they are one size too big",
        "ordered 2 weeks ago, send them back",
        "cancel it and put one tent into my cart",
        "三件都退",
        "同一单的杯子退掉",
        "另外一件事，杯子想退",
        "una cosa más, quiero devolver las tazas",
        "noch eine frage, die tassen gehen zurück",
    ],
)
def test_other_numbers_limit_nothing(said: str) -> None:
    assert going(said, 3) is None


def test_of_several_lines_only_the_one_that_is_meant_is_limited() -> None:
    lines = (
        OrderItem("S0", "Camp Mug", 3, Decimal(9), "red", "one size"),
        OrderItem("S1", "Pot", 1, Decimal(9), "", ""),
    )
    order = Order(
        "A-1", "C1", "2026-11-01T00:00:00Z", "paid", lines, Decimal(36), Decimal(0), "1 Hill Street", *([None] * 4)
    )
    assert pieces_of(order, ["mugs"], Wording(said="one of the mugs")) == {0: 3}  # nothing is said to become of it
    assert pieces_of(order, ["mugs"], Wording(said="send one of the mugs back")) == {0: 1}
    assert pieces_of(order, ["2 mugs"], Wording(said="2 mugs, I keep one")) == {0: 2}
    assert pieces_of(order, ["mugs", "pot"], Wording(said="one of the mugs goes back, the pot too")) == {0: 3, 1: 1}


def test_a_word_for_all_beside_an_item_means_every_line_that_it_fits() -> None:
    lines = tuple(OrderItem(f"S{n}", f"{name} 袜子", 1, Decimal(9), "", "") for n, name in enumerate(("Dale", "Beck")))
    order = Order(
        "A-1", "C1", "2026-11-01T00:00:00Z", "paid", lines, Decimal(18), Decimal(0), "1 Hill Street", *([None] * 4)
    )
    assert pieces_of(order, ["袜子"], Wording(said="袜子都不要了，其他照发")) == {0: 1, 1: 1}
    with pytest.raises(OrderRefused):
        pieces_of(order, ["袜子"], Wording(said="袜子不要了，其他都照发"))


def test_who_counts_and_does_not_say_of_what_is_asked() -> None:
    lines = tuple(OrderItem(f"S{n}", title, 2, Decimal(9), "", "") for n, title in enumerate(("Mug", "Pot")))
    order = Order(
        "A-1", "C1", "2026-11-01T00:00:00Z", "paid", lines, Decimal(36), Decimal(0), "1 Hill Street", *([None] * 4)
    )
    with pytest.raises(OrderRefused) as refused:
        pieces_of(order, [], Wording(said="send one back"))
    assert refused.value.rule == "items"
    assert pieces_of(order, [], Wording(said="send it all back")) == {0: 2, 1: 2}
