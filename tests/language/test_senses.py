"""Words that are a value in some places only."""

import pytest

from language.senses import is_meant


@pytest.mark.parametrize(
    ("text", "is_bag"),
    [("买个包", True), ("包 黑色的", True), ("那个包裹", False), ("包装破了", False), ("包邮吗", False)],
)
def test_a_parcel_and_its_wrapping_are_no_bag(text: str, is_bag: bool) -> None:
    place = text.index("包")
    assert is_meant(text, (place, place + 1), "category") is is_bag
