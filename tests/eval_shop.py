"""For the tests of suites: agents with models that tests write, and turns that tests judge."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from langgraph.checkpoint.sqlite import SqliteSaver

from agent.models.scripted import Answer, ScriptedModel
from agent.shopkeeper import Shopkeeper
from agent.turn import Step, Turn


def scripted(keeper: Shopkeeper, script: list[Answer]) -> Shopkeeper:
    """The same shop with a model that says this."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    return Shopkeeper(keeper.services, ScriptedModel(script=script), SqliteSaver(connection))


def turn(reply: str, *results: Mapping[str, Any]) -> Turn:
    """A turn whose tools gave these results."""
    steps = tuple(Step("tool", {"query": "$4"}, True, dict(result)) for result in results)
    nothing: Any = {"added": (), "superseded": (), "retracted": ()}
    return Turn(reply, "en", steps, nothing, (), None, False, None, {}, {}, 0.1, 0.1, 0.1)


def customer_of(keeper: Shopkeeper) -> str:
    """Any of the shop's."""
    return next(iter(keeper.services.profiles.customers()))
