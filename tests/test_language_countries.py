"""Countries that a text names, in the languages of the packs; names that more often mean something else are not."""

import pytest

from language.countries import countries_in


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("do you send it to the UK?", ("GB",)),
        ("hes in scotland tho", ("GB",)),
        ("shipping to Canada, or to ireland", ("CA", "IE")),
        ("寄到加拿大多少钱", ("CA",)),
        ("香港可以寄吗", ("HK",)),
        ("¿Lo envían a Alemania?", ("DE",)),
        ("nach Österreich bitte", ("AT",)),
        ("for my friend Jordan and his mate Chad", ()),
        ("roast turkey for the trip", ()),
        ("is it waterproof", ()),
        ("", ()),
    ],
)
def test_countries_are_named_in_any_language(text: str, codes: tuple[str, ...]) -> None:
    assert countries_in(text) == codes
