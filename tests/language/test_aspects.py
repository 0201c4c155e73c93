"""What a text asks of a product, also with slips of the pen."""

import pytest

from language.aspects import find_aspects

FACETS: dict[str, dict[str, str]] = {"weight": {"en": "Weight"}, "material": {"en": "Material"}, "insulation": {}}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("what colurs", ["color"]),
        ("what coulors does it come in", ["color"]),
        ("which colros do you have", ["color"]),
        ("waht sizes", ["size"]),
        ("wieght?", ["weight"]),
        ("what is the wheight", ["weight"]),
        ("what matieral is it", ["material"]),
        ("the pirce?", ["price"]),
        ("availble?", ["stock"]),
        ("reviws", ["rating"]),
        ("colurs?", ["color"]),
        ("and colours", ["color"]),
        ("颜色呢", ["color"]),
        ("這雙有什麼顏色？", ["color"]),
        ("這頂多重", ["weight"]),
        ("red colour", []),
        ("这个颜色的退了吧", []),
        ("what courses", []),
        ("my height", []),
        ("the prize", []),
        ("the school starts up the stairs", []),
        ("precisely", []),
        ("I insult better", []),
        ("sand-coloured", []),
        ("the band", []),
        ("I like racing, not falling", []),
    ],
)
def test_aspects_are_found_but_for_slips(text: str, names: list[str]) -> None:
    assert [aspect.name for aspect in find_aspects(text, FACETS)] == names


@pytest.mark.parametrize(
    ("text", "name", "direction"),
    [
        ("what has the longest runtime of anything you carry?", "runtime", "most"),
        ("best battery life", "runtime", "most"),
        ("lowest weight please", "weight", "least"),
        ("whats ur lowest price", "price", "least"),
        ("best price on these", "price", "least"),
        ("续航最长的", "runtime", "most"),
        ("最低价格的那款", "price", "least"),
        ("is the runtime long", "runtime", ""),
        ("the largest size you have", "size", ""),
        ("which of them weighs less", "weight", "least"),
        ("is one less bulky?", "weight", "least"),
        ("哪款轻一些", "weight", "least"),
        ("这顶沉吗", "weight", ""),
        ("how long will it run on one charge", "runtime", ""),
    ],
)
def test_the_most_or_the_least_of_what_is_named(text: str, name: str, direction: str) -> None:
    facets = FACETS | {"runtime": {"en": "Runtime"}}
    assert [aspect.direction for aspect in find_aspects(text, facets) if aspect.name == name] == [direction]
