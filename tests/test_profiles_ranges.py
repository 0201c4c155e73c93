"""Ranges and values per key: as customers say them, as they are kept, and what they supersede."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import ConfigError, DataError
from language.quantities import Range, range_in
from profiles.fold import fold
from profiles.observation import Profile, Value
from profiles.schema import Schema
from profiles.validator import Admitted, Firewall, ProposedChange
from tests.profiles_shop import FACETS, SCHEMA, START, observation

PRICE, SIZE = SCHEMA.attribute("price_range"), SCHEMA.attribute("size_in")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("between 100 and 200", "100..200"),
        ("$100 - $200", "100..200"),
        ("from 20 to 30 people", "20..30"),
        ("between one hundred and two hundred", "100..200"),
        ("one hundred and fifty to two hundred", "150..200"),
        ("1-2k", "1000..2000"),
        ("1,000 to 1,500.50", "1000..1500.5"),
        ("200 to 100", "100..200"),
        ("over 100 but under 200", "100..200"),
        ("100到200", "100..200"),
        ("一百到两百元", "100..200"),
        ("一到两百", "100..200"),
        ("１００～２００元", "100..200"),
        ("at least 100", "100.."),
        ("fifty or more", "50.."),
        ("not less than 50", "50.."),
        ("至少一百五", "150.."),
        ("100块以上", "100.."),
        ("up to $80", "..80"),
        ("two hundred tops", "..200"),
        ("I can't spend more than $150", "..150"),
        ("I'm not rich, so under 100", "..100"),
        ("不超过200", "..200"),
        ("两百以内", "..200"),
        ("150", None),
        ("100 and 200", None),
        ("2026-10-05", None),
        ("order AP-100-200", None),
        ("no numbers", None),
    ],
)
def test_a_range_is_read_as_it_is_said(text: str, found: str | None) -> None:
    read = range_in(text)
    assert (read.text if read else None) == found


@given(st.integers(0, 99_999), st.integers(0, 99_999), st.sampled_from(["{} to {}", "between {} and {}", "{}到{}"]))
def test_whatever_the_numbers_a_range_has_both(low: int, high: int, saying: str) -> None:
    said = saying.format(low, high)
    assert range_in(said) == Range(float(min(low, high)), float(max(low, high)))


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("100-200", "100..200"),
        ("100..200", "100..200"),
        ("at least 99.999", "100.."),
        ("150", 150.0),
        (150, 150.0),
        ("100 to 100", 100.0),
        ("$150", 150.0),
    ],
)
def test_a_ranged_value_is_one_value_and_a_plain_number_stays_one(raw: Value, clean: Value) -> None:
    assert PRICE.clean(raw) == clean
    assert PRICE.clean(clean) == clean


@pytest.mark.parametrize("raw", ["cheap", "100 or 200", "-5 to 10", "5 to 2000000000", "a-b", ".."])
def test_what_is_no_range_is_refused(raw: str) -> None:
    with pytest.raises(DataError):
        PRICE.clean(raw)


def test_an_attribute_that_is_no_range_takes_none() -> None:
    with pytest.raises(DataError, match="one number"):
        SCHEMA.attribute("budget").clean("100 to 200")


def test_a_newer_range_supersedes_the_older_value() -> None:
    journal = [observation("1", "price_range", 150.0), observation("2", "price_range", "100..200", days=1)]
    profile = fold(journal, SCHEMA, START.replace(year=2027))
    assert [trait.value for trait in profile.traits] == ["100..200"]
    assert [trait.value for trait in profile.past] == [150.0]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("boots: 42", "boots: 42"),
        ("42 for boots", "boots: 42"),
        ("medium in jackets", "jackets: M"),
        ("靴子：42", "boots: 42"),
        ("coat: large", "jackets: L"),
        ("M", "M"),
        (42.0, "42"),
    ],
)
def test_a_value_is_kept_under_its_key(raw: Value, clean: Value) -> None:
    assert SIZE.clean(raw, FACETS) == clean
    assert SIZE.clean(clean, FACETS) == clean


@pytest.mark.parametrize("raw", ["hats: 42", "42 for hats", "boots: huge"])
def test_an_unknown_key_or_value_is_refused(raw: str) -> None:
    with pytest.raises(DataError, match="not one of"):
        SIZE.clean(raw, FACETS)


def sizes(journal: Sequence[tuple[str, str]]) -> set[Value]:
    """What holds after these acts, a day apart: ("assert" or "retract", value)."""
    made = [
        observation(f"{day}", "size_in", value, days=day, op="retract" if op == "retract" else "assert")
        for day, (op, value) in enumerate(journal)
    ]
    return {trait.value for trait in fold(made, SCHEMA, START.replace(year=2027)).traits}


def test_a_key_has_one_value_and_stands_beside_the_others() -> None:
    told = [("assert", "boots: 42"), ("assert", "jackets: M"), ("assert", "L"), ("assert", "boots: 43")]
    assert sizes(told) == {"boots: 43", "jackets: M", "L"}
    assert sizes([*told, ("retract", "boots: *")]) == {"jackets: M", "L"}
    assert sizes([*told, ("retract", "jackets: M")]) == {"boots: 43", "L"}
    assert sizes([*told, ("retract", "*")]) == set()


def admit(said: str, name: str, value: Value, profile: Profile | None = None, asked: str = "") -> Admitted:
    change = ProposedChange(said, name, value, "forget" if profile else "fact")
    return Firewall(SCHEMA, FACETS).admit(
        [change], {"t1": said}, "C1", START, "t1", profile or Profile("C1"), asked={"t1": asked}
    )


@pytest.mark.parametrize(
    ("said", "name", "value", "kept"),
    [
        ("something between 100 and 200", "price_range", "100-200", "100..200"),
        ("一百到两百的", "price_range", "100..200", "100..200"),
        ("about 150", "price_range", 150, 150.0),
        ("I can't spend more than $150", "price_range", "up to 150", "..150"),
        ("I take a 42 in boots", "size_in", "boots: 42", "boots: 42"),
        ("外套穿中码", "size_in", "jackets: M", "jackets: M"),
    ],
)
def test_the_firewall_admits_ranges_and_keys_that_were_said(said: str, name: str, value: Value, kept: Value) -> None:
    admitted = admit(said, name, value)
    assert [item.value for item in admitted.observations] == [kept], admitted.refused


@pytest.mark.parametrize(
    ("said", "name", "value", "why"),
    [
        ("between 100 and 200", "price_range", "100..300", "does not name"),
        ("between 100 and 200", "price_range", 200, "does not name"),
        ("at least 100", "price_range", "..100", "does not name"),
        ("about 150", "price_range", "150..", "does not name"),
        ("I take a 42", "size_in", "boots: 42", "does not name 'boots'"),
        ("I take a 42 in boots", "size_in", "boots: 43", "does not name '43'"),
    ],
)
def test_the_firewall_refuses_ranges_and_keys_that_were_not(said: str, name: str, value: Value, why: str) -> None:
    admitted = admit(said, name, value)
    assert not admitted.observations and why in admitted.refused[0][1]


def test_a_quote_cut_from_its_denial_bounds_the_side_that_was_meant() -> None:
    change = ProposedChange("more than $150", "price_range", "150..", "fact")
    heard = {"t1": "I can't spend more than $150"}
    admitted = Firewall(SCHEMA, FACETS).admit([change], heard, "C1", START, "t1", Profile("C1"))
    assert "does not name" in admitted.refused[0][1]


def test_the_key_may_come_from_what_the_shop_asked() -> None:
    assert admit("42", "size_in", "boots: 42", asked="Which size do you take in boots?").observations
    assert admit("42", "size_in", "boots: 42").refused


def test_what_is_kept_per_key_is_forgotten_by_its_key() -> None:
    journal = [observation("1", "size_in", "boots: 42"), observation("2", "size_in", "jackets: M")]
    profile = fold(journal, SCHEMA, START)
    (gone,) = admit("forget my boots size", "size_in", "boots", profile).observations
    assert (gone.op, gone.value) == ("retract", "boots: 42")


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ({"type": "choice", "values": ["S"], "range": True}, "range"),
        ({"type": "money", "bound": "max_price", "range": True}, "range"),
        ({"type": "text", "per": "kind"}, "per"),
        ({"type": "number", "per": "a"}, "must be a choice: kind"),
        ({"type": "number", "per": "nothing"}, "must be a choice: kind"),
    ],
)
def test_a_schema_whose_ranges_or_keys_make_no_sense_is_refused(entry: dict[str, object], named: str) -> None:
    kind = {"name": "kind", "type": "choice", "values": ["x"], "writers": ["stated"]}
    with pytest.raises(ConfigError, match=named):
        Schema.parse({"attributes": [kind, {"name": "a", "writers": ["stated"], **entry}]})


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("anything above 80 euros forget it", Range(None, 80)),
        ("below $40 it's usually rubbish", Range(40, None)),
        ("more than 43 would hurt", Range(None, 43)),
        ("超过850就不要了", Range(None, 850)),
    ],
)
def test_what_follows_a_bound_may_turn_it_round(said: str, meant: Range) -> None:
    assert range_in(said) == meant
