"""The same agent, its model served by vLLM: the conversation that must work, and words that stream."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.shopkeeper import Shopkeeper, open_shopkeeper
from agent.turn import Delta, Turn
from eval.conversation import play
from eval.suites.conversation import CUSTOMERS

ENOUGH = 10  # of the twelve cases


@pytest.fixture(scope="module")
def shopkeeper(url: str, demo_state: Callable[[], Path]) -> Iterator[Shopkeeper]:
    with open_shopkeeper(Path("shop"), demo_state(), model=url, profile="tuned") as opened:
        yield opened


def test_the_conversation_works_without_a_grammar_too(shopkeeper: Shopkeeper) -> None:
    results = play(shopkeeper, CUSTOMERS[0], "served", 0)
    failed = {result.case: (result.failed, result.turn.tools) for result in results if result.failed}
    assert len(results) - len(failed) >= ENOUGH, failed
    assert sum(result.turn.usage["model_calls"] for result in results) >= len(results) - 2


def test_a_reply_in_words_is_streamed_and_ends_as_the_turns_reply(shopkeeper: Shopkeeper) -> None:
    events = list(shopkeeper.stream(CUSTOMERS[1], "served-words", "good morning!"))
    turn = events[-1]
    assert isinstance(turn, Turn)
    assert turn.usage["completion_tokens"] > 0
    assert "".join(event.text for event in events if isinstance(event, Delta)) == turn.reply
