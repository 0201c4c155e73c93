"""Goods that a text names and asks for, of whatever shop, by the names and words of the language packs."""

import pytest

from language.things import is_beside, things_asked, things_in


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("what about a lantern", ["lantern"]),
        ("do you do LANTERNS, or bike racks?", ["LANTERNS", "bike racks"]),
        ("anything for kayaking", []),  # what is done with a thing is no thing
        ("we go mountain biking", []),
        ("boots, cushioned", []),
        ("有没有登山杖和吊床", ["登山杖", "吊床"]),
        ("was kostet das", []),
    ],
)
def test_goods_are_named_in_one_number_or_another_and_the_longest_name_counts(text: str, things: list[str]) -> None:
    assert [thing.text for thing in things_in(text)] == things
    assert all(text[thing.start : thing.end] == thing.text for thing in things_in(text))


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("gaiters?", ["gaiters"]),
        ("i was wondering whether you might do a lantern for camping", ["lantern"]),
        ("looking for a kayak", ["kayak"]),
        ("my brother in law who lives up there bought himself a kayak", []),  # told, not asked for
        ("a strap for my kayak", []),
        ("it has to fit under a helmet", []),
        ("something for the lantern parade", []),
        ("充电宝卖不", ["充电宝"]),
        ("带防雨罩的那种", []),  # what comes with it
    ],
)
def test_what_is_only_told_of_or_is_part_of_something_else_is_not_asked_for(text: str, things: list[str]) -> None:
    assert [thing.text for thing in things_asked(text)] == things


@pytest.mark.parametrize(("text", "is_so"), [("a strap for my kayak", True), ("looking for a kayak", False)])
def test_what_something_is_for_stands_beside_it(text: str, is_so: bool) -> None:
    assert is_beside(text, text.index("kayak")) == is_so
