"""A consultation is handed to a person once, and that person reads what matters."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.handoff import SHOWN_LINES, Handoffs, Line, summarize
from agent.orders.proposals import Proposal
from errors import NotFound
from profiles.observation import Authority, Evidence, Polarity, Trait
from profiles.storage.database import open_database

AT = datetime(2026, 10, 20, 12, tzinfo=UTC)


@pytest.fixture
def handoffs(tmp_path: Path) -> Iterator[Handoffs]:
    engine = open_database(tmp_path / "shopkeeper.db")
    yield Handoffs(engine)
    engine.dispose()


def trait(attribute: str, value: str, polarity: Polarity = "fact") -> Trait:
    return Trait(attribute, value, polarity, Authority.STATED, 0.9, (Evidence("turn", "s1:1", value),), AT, None)


def test_an_opened_handoff_is_open_and_read_back(handoffs: Handoffs) -> None:
    opened = handoffs.open("C1", "s1", "asked for a person", "customer: hi", AT)
    assert handoffs.is_open("s1")
    assert not handoffs.is_open("s2")
    assert handoffs.waiting() == [opened]
    assert (opened.status, opened.created, opened.summary) == ("open", AT, "customer: hi")


def test_asking_again_keeps_the_first_request(handoffs: Handoffs) -> None:
    first = handoffs.open("C1", "s1", "first", "one", AT)
    assert handoffs.open("C1", "s1", "second", "two") == first
    assert handoffs.waiting() == [first]


def test_the_longest_wait_comes_first(handoffs: Handoffs) -> None:
    opened = [handoffs.open("C1", f"s{number}", "why", "what") for number in range(3)]
    assert handoffs.waiting() == opened


def test_a_closed_handoff_gives_the_consultation_back(handoffs: Handoffs) -> None:
    opened = handoffs.open("C1", "s1", "why", "what", AT)
    closed = handoffs.close(opened.id, "refunded")
    assert (closed.id, closed.status) == (opened.id, "closed")
    assert closed.summary == "what\nNote: refunded"
    assert not handoffs.is_open("s1")
    assert handoffs.waiting() == []


def test_the_customer_is_told_once_that_the_agent_is_back(handoffs: Handoffs) -> None:
    opened = handoffs.open("C1", "s1", "why", "what", AT)
    assert not handoffs.is_back("s1")
    handoffs.close(opened.id)
    assert handoffs.is_back("s1") and not handoffs.is_back("s2")
    handoffs.note_told("s1")
    assert not handoffs.is_back("s1")


def test_a_consultation_can_be_handed_over_again(handoffs: Handoffs) -> None:
    first = handoffs.open("C1", "s1", "why", "what", AT)
    handoffs.close(first.id)
    assert handoffs.open("C1", "s1", "again", "what", AT).id != first.id
    assert handoffs.is_open("s1")


@pytest.mark.parametrize("opened_before", [False, True])
def test_closing_what_is_not_open_is_an_error_that_names_what_is(handoffs: Handoffs, opened_before: bool) -> None:
    other, wrong = handoffs.open("C2", "s2", "why", "what", AT), "no-such"
    if opened_before:
        wrong = handoffs.open("C1", "s1", "why", "what", AT).id
        handoffs.close(wrong)
    with pytest.raises(NotFound, match=f"{wrong}.*{other.id}"):
        handoffs.close(wrong)
    assert handoffs.is_open("s2")


def test_handoffs_survive_a_restart(tmp_path: Path) -> None:
    opened = Handoffs(open_database(tmp_path / "shopkeeper.db")).open("C1", "s1", "why", "what", AT)
    assert Handoffs(open_database(tmp_path / "shopkeeper.db")).waiting() == [opened]


def test_a_summary_holds_lines_profile_and_proposal() -> None:
    facts = {"order_id": "AP-10482", "items": [{"title": "Boots"}], "amount": 59.0, "address": ""}
    waiting = Proposal(
        id="p1",
        consultation="s1",
        customer="C1",
        kind="cancel_order",
        arguments={"order_id": "AP-10482"},
        summary=facts,
        status="pending",
        created=AT,
        expires=AT,
    )
    text = summarize(
        [Line("customer", "cancel\n  AP-10482"), Line("agent", "Shall I?")],
        [trait("size", "42"), trait("color", "red", "dislike")],
        waiting,
    )
    assert text.splitlines() == [
        "customer: cancel AP-10482",
        "agent: Shall I?",
        f"Known: size 42 ({Authority.STATED}); dislikes color red ({Authority.STATED})",
        "Proposed, not confirmed: cancel_order (order_id AP-10482; amount 59.0)",
    ]


def test_a_summary_of_nothing_says_so() -> None:
    assert summarize([], [], None) == "Known: nothing"


@given(st.lists(st.text(max_size=1000), max_size=40))
def test_a_summary_stays_short_and_keeps_the_newest_line(texts: list[str]) -> None:
    shown = summarize([Line("customer", text) for text in texts], [], None).split("\n")
    earlier = len(texts) > SHOWN_LINES
    assert len(shown) == min(len(texts), SHOWN_LINES) + 1 + earlier
    assert all(len(line) <= 320 for line in shown)
    if texts:
        assert shown[-2][10:20] == " ".join(texts[-1].split())[:10]
    if earlier:
        assert shown[0] == f"({len(texts) - SHOWN_LINES} earlier messages)"
