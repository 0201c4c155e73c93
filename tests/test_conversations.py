"""Which consultation a conversation is: what is found by its words, and who goes on with it, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.conversations import Conversation, Conversations, Status, digest
from profiles.storage.database import open_database


@pytest.fixture
def kept(url: str) -> Conversations:
    return Conversations(open_database(url))


def only(found: list[Conversation]) -> Conversation:
    assert len(found) == 1
    return found[0]


def test_one_of_many_goes_on_with_it(kept: Conversations) -> None:
    kept.begin("C1.a", "C1", "one")
    found = only(kept.found("one"))
    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(lambda _: kept.claim(found, "two"), range(6))) == 1
    assert kept.found("one") == [] and only(kept.found("two")).claims == 2


def test_those_of_the_same_words_are_all_found_the_newest_first(kept: Conversations) -> None:
    for name in ("C1.a", "C1.b", "C1.a"):
        kept.begin(name, "C1", "one")
    assert [one.consultation for one in kept.found("one")] == ["C1.b", "C1.a"]
    assert kept.get("C1.b") == kept.found("one")[0] and kept.get("C1.c") is None


def test_what_became_of_a_message_is_kept_until_the_next_one(kept: Conversations) -> None:
    kept.begin("C1.a", "C1", "one")
    assert only(kept.found("one")).is_running(60) and not only(kept.found("one")).is_running(0)
    kept.end("C1.a", "one", Status.ANSWERED)
    found = only(kept.found("one"))
    assert found.status is Status.ANSWERED and not found.is_running(60)
    assert kept.claim(found, "two")
    kept.end("C1.a", "one", Status.FAILED)  # of a request that ends late
    assert only(kept.found("two")).status is Status.RUNNING
    kept.forget("C1.a")
    assert kept.found("two") == []


def test_whoever_is_gone_does_not_hold_it_for_ever(kept: Conversations) -> None:
    kept.begin("C1.a", "C1", "one")
    found = only(kept.found("one"))
    assert not replace(found, at=found.at - timedelta(seconds=61)).is_running(60)


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_a_digest_is_of_the_messages_one_by_one(some: list[str], others: list[str]) -> None:
    same = [text.split() for text in some] == [text.split() for text in others]
    assert (digest(("key", "k1", ""), some) == digest(("key", "k1", ""), others)) == same
    assert digest(("key", "k1", ""), some) != digest(("key", "k1", "C1"), some)
