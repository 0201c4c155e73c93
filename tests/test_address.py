"""An address that comes in pieces becomes whole, and one that is proposed is changed in the part that was said."""

import pytest

from agent.orders.address import amended, corrected, is_whole, joined

OWN = "12 Hill Street, Bend, OR 97701"


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("88 Alder Lane, Eugene OR 97401", True),
        ("88 alder lane", False),
        ("Eugene OR 97401", False),
        ("9 Thistle Wynd, Leith, Edinburgh EH6 7QT", True),
    ],
)
def test_a_whole_address_has_a_house_and_a_postcode_where_the_customers_own_has(address: str, whole: bool) -> None:
    assert is_whole(address, OWN) == whole
    assert is_whole("北京市朝阳区望京街道9号", "上海市静安区南京西路1号")


def test_a_piece_is_put_behind_what_was_said_before() -> None:
    assert joined("88 Alder Lane", " Eugene OR 97401") == "88 Alder Lane, Eugene OR 97401"
    assert joined("", "88 Alder Lane") == "88 Alder Lane"


@pytest.mark.parametrize(
    ("piece", "address"),
    [
        ("14 Hill Street", "14 Hill Street, Bend, OR 97701"),
        ("97702", "12 Hill Street, Bend, OR 97702"),
    ],
)
def test_a_piece_takes_the_place_of_its_like(piece: str, address: str) -> None:
    assert amended(OWN, piece) == address


@pytest.mark.parametrize(
    ("piece", "address"),
    [
        ("apt 21", "9 Dock Road, Apt 21, Salem, OR 97301"),
        ("it's Apt 21, not 12", "9 Dock Road, Apt 21, Salem, OR 97301"),
        ("apt 21 not 12", "9 Dock Road, Apt 21, Salem, OR 97301"),
        ("floor 3", ""),  # there is none
        ("21", ""),  # of the house or of the flat
    ],
)
def test_a_numbered_part_takes_the_place_of_its_like_and_of_nothing_else(piece: str, address: str) -> None:
    assert amended("9 Dock Road, Apt 12, Salem, OR 97301", piece) == address


def test_a_postcode_of_two_words_is_one() -> None:
    before = "9 Thistle Wynd, Leith, Edinburgh EH6 7QT"
    assert amended(before, "EH6 7TQ") == "9 Thistle Wynd, Leith, Edinburgh EH6 7TQ"


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("sorry, it is number 21, I turned it round", "21 Hill Street, Bend, OR 97701"),
        ("21, not 12", "21 Hill Street, Bend, OR 97701"),
        ("not 12 but 21", "21 Hill Street, Bend, OR 97701"),
        ("12 is right, not 21", OWN),
        ("the postcode is 97710", "12 Hill Street, Bend, OR 97710"),
        ("门牌号是 21 号", "21 Hill Street, Bend, OR 97701"),
        ("die Hausnummer ist 21", "21 Hill Street, Bend, OR 97701"),
        ("my phone number is 5550123", ""),
        ("two of them, or 21", ""),
        ("when does it come", ""),
    ],
)
def test_a_number_that_is_called_by_its_name_or_put_for_another_is_corrected(said: str, address: str) -> None:
    assert corrected(OWN, said) == address


def test_of_a_house_and_a_flat_it_must_be_clear_which() -> None:
    assert corrected("9 Dock Road, Apt 12, Salem, OR 97301", "it is number 21") == ""
    assert corrected("9 Dock Road, Apt 12, Salem, OR 97301", "21, not 12") == "9 Dock Road, Apt 21, Salem, OR 97301"
