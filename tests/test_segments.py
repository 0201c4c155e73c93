"""Segments: what may be declared, who is in and why, live and in batch, on both databases; lists for others."""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import ConfigError, NotFound
from profiles.__main__ import main
from profiles.customer import Customer, normalized_email
from profiles.observation import Authority, Evidence, Polarity, Profile, Trait
from profiles.segments.audience import csv_lines, hashed_lines, normalized_phone
from profiles.segments.condition import Every, Facts, Not, Some, Verdict
from profiles.segments.declarations import Segment, Shelf, read_segments
from profiles.segments.members import Segments
from profiles.shop.files import load_facets, load_products, load_schema, load_settings
from tests.events_shop import CUSTOMERS, NOW, PRODUCTS, event, histories, open_intake, order
from tests.postgresql_server import Server
from tests.profiles_shop import FACETS, SCHEMA, START, observation, write_shop

SHELF = Shelf(SCHEMA, FACETS, PRODUCTS)
BOOTS: dict[str, Any] = {"event": "viewed", "where": {"category": "boots"}, "at_least": 2}
LEAVES: list[dict[str, Any]] = [
    BOOTS,
    {"event": "bought", "within_days": 60},
    {"event": "added", "at_most": 0},
    {"trait": "color", "is": ["red", "navy"]},
    {"trait": "color", "is": "black", "polarity": "dislike"},
    {"trait": "size"},
    {"trait": "budget", "at_least": 50, "at_most": 150},
    {"affinity": "color", "is": "navy", "at_least": 1.5},
    {"number": "orders", "at_least": 1},
    {"number": "days_since_act", "at_most": 30},
    {"number": "spent", "at_most": 20},
]
CONDITIONS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda part: {"not": part}, inner)
    ),
    max_leaves=6,
)


def read(condition: dict[str, Any], name: str = "some") -> Segment:
    return read_segments({name: condition | {"description": "some people"}}, SHELF)[0]


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    values: dict[str, list[Any]] = {"color": ["red", "navy", "black"], "size": ["M"], "budget": [20.0, 60.0, 200.0]}
    traits = []
    for name, chosen in values.items():
        for value in draw(st.sets(st.sampled_from(chosen), max_size=2 if name == "color" else 1)):
            polarity: Polarity = draw(st.sampled_from(("like", "dislike"))) if name == "color" else "fact"
            said = (Evidence("turn", "t", f"about {value}"),)
            traits.append(Trait(name, value, polarity, Authority.STATED, 0.9, said, START, None))
    return Facts(Profile("C1", tuple(traits)), NOW)


@given(facts(), CONDITIONS, CONDITIONS)
def test_and_or_and_not_are_those_of_logic(known: Facts, one: dict[str, Any], other: dict[str, Any]) -> None:
    a, b = read(one).condition, read(other).condition
    one_holds, other_holds = a.judge(known).holds, b.judge(known).holds
    assert Not(a).judge(known) == Verdict(not one_holds, a.judge(known).reasons)
    assert Not(Not(a)).judge(known) == a.judge(known)
    assert Every((a, b)).judge(known).holds == (one_holds and other_holds)
    assert Some((a, b)).judge(known).holds == (one_holds or other_holds)
    assert Not(Every((a, b))).judge(known).holds == Some((Not(a), Not(b))).judge(known).holds
    assert Every((a, b)).judge(known).holds == Every((b, a)).judge(known).holds
    assert all(part.judge(known).reasons for part in (a, Every((a, b)), Some((a, b))))


def check_batch(url: str, events: list[dict[str, Any]], conditions: list[dict[str, Any]]) -> None:
    """Everybody at once, or one after the other: the same verdicts; and overlaps are counts of members."""
    intake = open_intake(url)
    random.Random(0).shuffle(events)
    intake.take(events)
    intake.store.append(
        [
            observation("o1", "color", "red", polarity="like", customer="C1"),
            observation("o2", "budget", 80.0, customer="C2"),
        ]
    )
    named = [read(condition, f"s{number}") for number, condition in enumerate(conditions)]
    segments = Segments(intake.store, named, now=lambda: NOW)
    live = {customer: segments.of(customer) for customer in CUSTOMERS}
    members = segments.members()
    for name, reasons in members.reasons.items():
        assert reasons == {who: live[who][name].reasons for who in CUSTOMERS if live[who][name].holds}
        assert segments.members([name]).reasons[name] == reasons, "alone it is what it is among others"
    for one, row in members.overlap.items():
        assert row[one] == members.sizes[one]
        for other, count in row.items():
            assert count == members.overlap[other][one] <= min(members.sizes[one], members.sizes[other])
    intake.store.engine.dispose()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(histories(), st.lists(CONDITIONS, min_size=1, max_size=4))
def test_in_batch_and_live_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, events: list[dict[str, Any]], conditions: list[dict[str, Any]]
) -> None:
    check_batch(f"sqlite:///{tmp_path_factory.mktemp('segments') / 'shopkeeper.db'}", events, conditions)


@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
@given(histories(), st.lists(CONDITIONS, min_size=1, max_size=4))
def test_so_they_are_on_postgresql(
    server: Server, events: list[dict[str, Any]], conditions: list[dict[str, Any]]
) -> None:
    check_batch(server.database(), events, conditions)


def test_reasons_say_what_was_done_and_said(url: str) -> None:
    intake = open_intake(url)
    recent = (NOW - START).days - 10.0
    intake.take([event(n, sku="P2", days=recent + n) for n in range(3)] + [order(9, "x", 25.5, days=recent)])
    intake.store.append([observation("o1", "color", "red", polarity="like")])
    both = read({"all": [BOOTS, {"trait": "color", "is": "RED"}, {"number": "spent", "at_least": 20}]})
    reasons = Segments(intake.store, [both], now=lambda: NOW).members().reasons["some"]
    last = START + timedelta(days=recent + 2)
    assert reasons == {
        "C1": (
            f"viewed 3 times, category boots, last on {last:%Y-%m-%d}",
            'likes color: red (stated, "about red")',
            "spent is 25.5",
        )
    }


def test_events_leave_a_segment_with_time(url: str) -> None:
    intake = open_intake(url)
    intake.take([order(1, "x", 25.5)])
    bought = read({"event": "bought", "within_days": 90})
    for days, holds in ((89, True), (91, False)):
        later = Segments(intake.store, [bought], now=lambda days=days: START + timedelta(days=days))  # type: ignore[misc]
        assert later.of("C1")["some"].holds is holds
        assert ("C1" in later.members().reasons["some"]) is holds


def test_nobody_is_put_anywhere_without_consent(url: str) -> None:
    intake = open_intake(url)
    intake.take([event(1), event(2, userId="C2")])
    seen = read({"event": "viewed"})
    other = Segments(intake.store, [seen], consents=lambda who, purpose: (who, purpose) == ("C2", "profiling"))
    assert list(other.members().reasons["some"]) == ["C2"]
    intake.store.put_customers([Customer("C2", consent={"profiling": False})])
    segments = Segments(intake.store, [seen], now=lambda: NOW)
    assert list(segments.members().reasons["some"]) == ["C1"]
    assert segments.of("C2")["some"] == Verdict(False, ("no consent to profiling",))


def test_a_merged_visitor_is_looked_for_as_the_customer(url: str) -> None:
    intake = open_intake(url)
    intake.take([event(1)])
    intake.store.merge("visitor-1", "C1")
    assert Segments(intake.store, [read({"event": "viewed"})], now=lambda: NOW).of("visitor-1")["some"].holds


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (
            {"trait": "colour", "is": "red"},
            "segments.some.trait: unknown attribute 'colour'; known: allergy, budget, category, color",
        ),
        ({"trait": "size", "is": "huge"}, "'huge' is not one of"),
        ({"trait": "color", "at_least": 3}, "'color' is of type choice"),
        ({"trait": "size", "polarity": "like"}, "'size' is neither liked nor disliked"),
        ({"affinity": "budget", "is": "x", "at_least": 1}, "nothing is observed of 'budget'"),
        ({"affinity": "color", "at_least": 1}, "needs `is`"),
        ({"event": "looked"}, "'viewed'"),
        ({"event": "viewed", "is": "red"}, "'is' does not go with 'event'; at_least, at_most, where, within_days does"),
        ({"event": "viewed", "within_days": 0}, "within_days"),
        ({"event": "viewed", "where": {"colour": "red"}}, "unknown attribute 'colour'"),
        ({"number": "visits", "at_least": 1}, "'orders'"),
        ({"number": "orders"}, "needs at_least or at_most"),
        ({"number": "orders", "at_least": 3, "at_most": 2}, "at_least 3 is more than at_most 2"),
        ({"trait": "size", "event": "viewed"}, "exactly one of all, any, not, trait"),
        ({}, "found none"),
        ({"all": []}, "all"),
        ({"all": [{"any": [{"trait": "colour"}]}]}, "segments.some.all.0.any.0.trait"),
        ({"traits": "size"}, "traits"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_would_be_right(condition: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(condition)
    assert words in str(caught.value) and str(caught.value).startswith("segments.some")


def test_the_demo_shops_segments_can_be_read() -> None:
    shop = Path("shop")
    schema = load_schema(shop)
    shelf = Shelf(schema, load_facets(shop), load_products(shop, schema))
    segments = read_segments(load_settings(shop, "segments"), shelf)
    assert len(segments) >= 3 and all(segment.description for segment in segments)


def test_hashed_lists_are_of_normalised_addresses_and_say_nothing_else() -> None:
    ann = Customer("C1", "Ann", email=" Ann@Example.ORG ", phone="+1 (415) 555-0142")
    lines = list(hashed_lines([ann, Customer("C2", "Nobody"), Customer("C3", email="no address", phone="555-0142")]))
    cells = [sha256(text.encode()).hexdigest() for text in ("ann@example.org", "+14155550142", "14155550142")]
    assert lines == ["email_sha256,phone_e164_sha256,phone_digits_sha256", ",".join(cells)]


def test_what_a_spreadsheet_would_run_is_shown() -> None:
    lines = list(csv_lines([Customer("C1", "=cmd()", email="a@example.org")], {"C1": ("-1", 'likes "x"')}))
    assert lines[1] == 'C1,\'=cmd(),a@example.org,,"\'-1; likes ""x"""'


@given(st.text(max_size=30))
def test_normalising_again_changes_nothing(text: str) -> None:
    for normalized in (normalized_email, normalized_phone):
        once = normalized(text)
        assert normalized(once) == once
    assert normalized_phone("0044 20 7946 0018") == "+442079460018"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_shop(tmp_path_factory.mktemp("segments") / "shop")
    with (folder / "shop.toml").open("a", encoding="utf-8") as file:
        file.write('\n[segments.gold]\ndescription = "gold members"\ntrait = "member_tier"\nis = "gold"\n')
        file.write('\n[segments.lookers]\ndescription = "look around"\nevent = "viewed"\nat_least = 2\n')
    return folder


def test_the_command_shows_sizes_members_and_lists(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*options: str) -> str:
        assert main(["segments", "--shop", str(shop), *options]) == 0
        return capsys.readouterr().out

    table = run()
    assert "gold" in table and "look around" in table and "in both" in table
    members = run("gold")
    assert "C1001" in members and "member_tier: gold (shop" in members
    assert "C1002" not in members, "no consent to profiling"
    assert "not gold: no consent to profiling" in run("--of", "C1002")
    hashed = run("gold", "--export", "hashed").splitlines()
    assert len(hashed) == 3 and "C1001" not in "".join(hashed)
    assert "C1001@example.com" in run("gold", "--export", "csv")
    assert "gold" in run("gold", "--of", "C1001") and "lookers" not in run("gold", "--of", "C1001")
    assert '"overlap"' in run("--json")


def test_whoever_sees_or_takes_members_away_is_noted_with_each_of_them(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def acts() -> list[str]:
        assert main(["audit", "C1001", "--shop", str(shop), "--json"]) == 0
        return [line["act"] for line in json.loads(capsys.readouterr().out) if line["detail"] == "segments"]

    before = acts()
    for options in ([], ["gold"], ["gold", "--export", "csv"], ["--of", "C1001"]):
        assert main(["segments", "--shop", str(shop), *options]) == 0
    capsys.readouterr()
    assert acts()[len(before) :] == ["read", "exported", "read"]


def test_the_command_names_what_is_wrong(
    shop: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    fails: Callable[..., int] = lambda *options: main(["segments", "--shop", str(shop), *options])  # noqa: E731
    assert fails("silver") == NotFound.exit_code
    assert "there are gold, lookers" in capsys.readouterr().err
    assert fails("--export", "csv") == ConfigError.exit_code
