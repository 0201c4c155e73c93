"""What people like changes, and comes back: one current value, and each span of its past, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.fold import fold
from profiles.observation import Polarity, Profile, Trait
from profiles.store import ProfileStore
from profiles.validator import Firewall, ProposedChange
from tests.profile_stores import somebody
from tests.profiles_shop import FACETS, SCHEMA, observation

JANUARY, MARCH, SEPTEMBER = (datetime(2026, month, 10, 12, tzinfo=UTC) for month in (1, 3, 9))
Say = Callable[..., None]


@pytest.fixture
def customer() -> str:
    return somebody()


@pytest.fixture
def say(store: ProfileStore, customer: str) -> Say:
    """What a customer says on a day, and what a model makes of it, through the firewall into the journal."""

    def said(words: str, at: datetime, *changes: ProposedChange) -> None:
        turn = f"{customer}:{at:%Y%m%d%H%M}"
        held = store.read(customer, at)
        admitted = Firewall(SCHEMA, FACETS).admit(changes, {turn: words}, customer, at, turn, held)
        assert not admitted.refused, admitted.refused
        store.append(admitted.observations)

    return said


def of(profile: Profile, name: str) -> list[tuple[object, str]]:
    return [(trait.value, trait.polarity) for trait in profile.of(name)]


def spans(profile: Profile, name: str) -> list[tuple[object, str, datetime, datetime | None]]:
    every: list[Trait] = [*profile.past, *profile.traits]
    found = [(item.value, item.polarity, item.since, item.until) for item in every if item.attribute == name]
    return sorted(found, key=lambda span: span[2])


ENGLISH = ("I love wool", "I don't like wool any more, I want cotton now", "love wool", "don't like wool", "cotton now")
CHINESE = ("我喜欢美利奴羊毛", "我不喜欢美利奴羊毛了，现在想要棉", "喜欢美利奴羊毛", "不喜欢美利奴羊毛", "想要棉")


@pytest.mark.parametrize(("wool", "words"), [("wool", ENGLISH), ("merino wool", CHINESE)])
def test_the_opposite_of_what_was_said_ends_it(
    store: ProfileStore, customer: str, say: Say, wool: str, words: tuple[str, str, str, str, str]
) -> None:
    first, then, said, dislike, want = words
    say(first, JANUARY, ProposedChange(said, "material", wool, "like"))
    changes = (ProposedChange(dislike, "material", wool, "dislike"), ProposedChange(want, "material", "cotton", "like"))
    say(then, MARCH, *changes)
    now = store.read(customer, SEPTEMBER)
    assert sorted(of(now, "material")) == [("cotton", "like"), (wool, "dislike")]
    assert (wool, "like", JANUARY, MARCH) in spans(now, "material")
    assert of(store.read(customer, JANUARY), "material") == [(wool, "like")]
    assert fold(store.history(customer), SCHEMA, SEPTEMBER).of("material") == now.of("material")


@pytest.mark.parametrize("how", ["dislike", "forget"])
def test_a_like_that_comes_back_is_a_new_span(store: ProfileStore, customer: str, say: Say, how: str) -> None:
    say("I like red", JANUARY, ProposedChange("I like red", "color", "red", "like"))
    say("no red please", MARCH, ProposedChange("no red", "color", "red", "dislike" if how == "dislike" else "forget"))
    say("I like red", SEPTEMBER, ProposedChange("I like red", "color", "red", "like"))
    after = timedelta(days=30)
    between = [("red", "dislike")] if how == "dislike" else []
    assert of(store.read(customer, JANUARY + after), "color") == [("red", "like")]
    assert of(store.read(customer, MARCH + after), "color") == between
    assert of(store.read(customer, SEPTEMBER + after), "color") == [("red", "like")]
    found = spans(store.read(customer, SEPTEMBER + after), "color")
    expected = [("red", "like", JANUARY, MARCH), ("red", "like", SEPTEMBER, None)]
    assert found == ([expected[0], ("red", "dislike", MARCH, SEPTEMBER), expected[1]] if between else expected)
    assert len(store.history(customer)) == 3


@settings(max_examples=60)
@given(st.lists(st.sampled_from(("like", "dislike", "forget")), min_size=1, max_size=5), st.randoms())
def test_however_often_it_turns_there_is_one_current_word_and_no_span_is_merged(
    turns: list[str], random: Random
) -> None:
    lines, expected = [], list[tuple[str, int, int | None]]()
    for number, turn in enumerate(turns):
        open_span = expected[-1] if expected and expected[-1][2] is None else None
        if turn == "forget":
            lines.append(observation(f"n{number}", "color", "red", days=number, op="retract"))
        else:
            polarity: Polarity = "like" if turn == "like" else "dislike"
            lines.append(observation(f"n{number}", "color", "red", days=number, polarity=polarity))
        if open_span and open_span[0] != turn:
            expected[-1] = (open_span[0], open_span[1], number)
            open_span = None
        if turn != "forget" and open_span is None:
            expected.append((turn, number, None))
    random.shuffle(lines)
    profile = fold(lines, SCHEMA, max(item.at for item in lines) + timedelta(days=1))
    start = min(item.at for item in lines)
    found = spans(profile, "color")
    days = [(kind, (since - start).days, until and (until - start).days) for _, kind, since, until in found]
    assert days == expected
    assert len(profile.of("color")) == (turns[-1] != "forget")
