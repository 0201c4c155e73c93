"""How many people a message lists, and that no list is read where there is none."""

import pytest

from language.company import company_in


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a tent for me, my husband and two kids", 4),
        ("something for me the missus and 4 kids to sleep in", 6),
        ("the two of us and a newborn", 3),
        ("my dad and I go camping", 2),
        ("2 adults and 3 children", 5),
        ("我们一家五口要去露营", 5),
        ("我和老公还有一个孩子", 3),
        ("就我们俩", 2),
        ("für mich und meine drei Kinder", 4),
        ("wir sind zu dritt", 3),
        ("mi marido, yo y dos niños", 4),
    ],
)
def test_people_who_are_listed_are_counted(text: str, count: int) -> None:
    assert [one.count for one in company_in(text)] == [count]


@pytest.mark.parametrize(
    "text",
    [
        "me and my friends",  # any number of them
        "a coat for my wife",
        "for me, my brother has one already",
        "shirts for my son and socks for me",
        "my son is 9 and my daughter 7",
        "gloves for me and 40 bucks at most",
        "给我老婆买件外套",
    ],
)
def test_what_is_no_list_of_people_counts_nobody(text: str) -> None:
    assert company_in(text) == ()
