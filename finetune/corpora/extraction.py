"""A conversation with what should be noted of each turn, as one training sample for `agent.extraction`.

In: a profile schema, the turns, and the changes by turn. Out: a `Sample` in the very messages that the listener shows
a model.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from agent.extraction import Prompt, Turn, tool_of
from agent.models.engine_model import to_openai
from finetune.samples import Sample
from profiles.schema import Schema


def listening_sample(
    schema: Schema, turns: Sequence[Turn], changes: Mapping[int, Sequence[Mapping[str, Any]]], meta: Mapping[str, Any]
) -> Sample:
    """What is noted is learnt; the shop's own words are read and not learnt."""
    prompt = Prompt(schema)
    for number, turn in enumerate(turns):
        prompt.hear(turn, "")
        prompt.write(changes.get(number, ()))
    messages = [to_openai(message) for message in prompt.messages()]
    for before, message in pairwise(messages):
        if message["role"] == "assistant" and before["role"] != "user":
            message["learn"] = False  # what the shop said; what is noted follows the customer
    return Sample(messages=messages, tools=[tool_of(schema)], meta=dict(meta))
