"""Which order is meant: only the customer's own ids are ids, and a wrong one is never replaced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.guided.order_ids import chosen_order
from agent.orders.meant import without
from agent.orders.order import NEWEST
from language.ids import OrderId, find_order_ids

OWN = ["AP-10482", "AP-10411"]


def named(words: str, own: list[str] = OWN) -> list[OrderId]:
    return list(find_order_ids(words, ("en", "zh", "es", "de"), own=own))


def meant(wrote: str, said: str, shown: tuple[str, ...] = (), own: list[str] = OWN, address: str = "") -> str:
    return chosen_order(wrote, named(wrote, own), named(without(address, said), own), [], shown)


@pytest.mark.parametrize(
    "words",
    [
        "where is my last order from 2026?",
        "the one for $1500",
        "the one that was 1,500 dollars",
        "my phone is 13800138000",
        "call me on +1 555 0142 777",
        "send it to Portland 97201",
        "for $10482",
        "my order of 20 November 2026",
        "I want 2 tents and a 3 person one",
        "boots in 42 or 43",
    ],
)
def test_a_year_a_price_a_phone_number_or_a_postcode_is_no_order(words: str) -> None:
    assert named(words) == []
    assert meant(NEWEST, words) == NEWEST
    assert meant("2026", words) == NEWEST


@pytest.mark.parametrize(
    "written",
    ["AP-10482", "ap 10482", "AP10482", "10482", "#10482", "order no. 10482", "订单10482到哪了", "ＡＰ－１０４８２",
     "A P dash 1 0 4 8 2", "A P dash one zero four eight two", "订单一零四八二", "uno cero cuatro ocho dos",
     "eins null vier acht zwei"],
)  # fmt: skip
def test_an_own_id_is_read_however_it_is_written(written: str) -> None:
    assert [(each.id, each.is_own) for each in named(f"cancel {written} please")] == [("AP-10482", True)]


@pytest.mark.parametrize("own", [["2026/00123"], ["SO-2024-0117"], ["#W1000042"], ["48201"], ["W7"]])
def test_ids_of_other_shapes_are_own_ids_too(own: list[str]) -> None:
    assert [each.id for each in named(f"where is {own[0]}?", own)] == own


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("cancel A P dash one zero four eight three", "AP-10483"),
        ("cancel K E dash 9999999", "KE-9999999"),
        ("cancel 10483", "10483"),
        ("cancel order 77777", "77777"),
        ("取消订单77777", "77777"),
        ("cancel ap-1048", "ap-1048"),
        ("cancel #99", NEWEST),  # too short for an id
    ],
)
@pytest.mark.parametrize("own", [["AP-10482"], OWN])
def test_a_mistyped_id_is_never_replaced_by_an_order_there_is(said: str, wrong: str, own: list[str]) -> None:
    assert meant(NEWEST, said, own=own) == wrong
    assert meant("AP-10482", said, own=own) == wrong


def test_an_id_that_nobody_said_is_the_one_of_the_message_or_the_last_spoken_of() -> None:
    assert meant("AP-12345", "what about 10411") == "AP-10411"
    assert meant("AP-12345", "and that one?", ("AP-10411", "AP-10482")) == "AP-10482"
    assert meant("AP-12345", "and that one?") == NEWEST
    assert meant("AP-10411", "10482 please", ("AP-10411",)) == "AP-10411"  # it was shown: that is meant
    assert meant("AP-99999", "is AP-99999 mine? and 10482?") == "AP-99999"


def test_the_numbers_of_an_address_name_no_order() -> None:
    said = "send it to 10411 Elm Road please"
    assert meant(NEWEST, said) == "AP-10411"
    assert meant(NEWEST, said, address="10411 Elm Road") == NEWEST


@given(st.integers(10_000, 99_999), st.sampled_from(["order {}", "ap-{}", "AP {}", "#{}"]))
def test_whatever_number_is_written_as_an_id_it_names_itself_alone(number: int, form: str) -> None:
    written = form.format(number)
    (order,) = named(f"cancel {written}")
    assert order.is_own == (f"AP-{number}" in OWN) and str(number) in order.text and str(number) in order.id
