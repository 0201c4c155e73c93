"""The conversation that must work, with the real model on the embedded engine, in wordings it was not trained on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.shopkeeper import Shopkeeper, open_shopkeeper
from eval.conversation import play
from eval.suites.conversation import CUSTOMERS, WORDINGS

ENOUGH = 10


@pytest.fixture(scope="module")
def shopkeeper(demo_state: Callable[[], Path]) -> Iterator[Shopkeeper]:
    with open_shopkeeper(Path("shop"), demo_state()) as opened:
        yield opened


@pytest.mark.parametrize("wording", range(WORDINGS))
def test_at_least_ten_of_the_twelve_cases_work(shopkeeper: Shopkeeper, wording: int) -> None:
    results = play(shopkeeper, CUSTOMERS[wording], f"conversation-{wording}", wording)
    failed = {result.case: (result.said, result.failed, result.turn.reply) for result in results if result.failed}
    assert len(results) - len(failed) >= ENOUGH, failed


def test_words_arrive_before_the_turn_ends_and_the_turn_counts_what_it_took(shopkeeper: Shopkeeper) -> None:
    text = "please send my last order to 12 Main Street, Portland OR 97201 instead"  # an address is left to the model
    turn = shopkeeper.reply("C1009", "counted", text)
    assert turn.usage["model_calls"] >= 1
    assert turn.usage["prompt_tokens"] > turn.usage["completion_tokens"] > 0
    assert 0 < turn.first_token <= turn.seconds
