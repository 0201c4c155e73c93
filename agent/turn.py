"""The answer to one message: what `--json`, the page and other programs get.

In: the messages that a turn added to the consultation, and its counts. Out: `Turn`, whose `to_json` is the contract
(see the README). While a turn runs, `Step`, `Delta` and `Replace` say what has happened so far: whoever adds up the
words of the last two has exactly `Turn.reply` when the turn comes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delta:
    """Words of the reply that the gate has let through, behind those of before."""

    text: str


@dataclass(frozen=True, slots=True)
class Replace:
    """The whole reply, in place of the words so far: they were a fragment of one that did not leave."""

    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One tool call and what it gave: `result` is the tool's artifact."""

    name: str
    arguments: Json
    ok: bool
    result: Json

    def to_json(self) -> Json:
        """The contract's form."""
        return {"name": self.name, "arguments": self.arguments, "ok": self.ok, "result": self.result}


@dataclass(frozen=True, slots=True)
class Turn:
    """A whole turn. `profile` holds the traits that were added, superseded and retracted.

    Wall times in seconds: `first_token` of the model's first answer, `first_words` shown to the customer, the turn.
    """

    reply: str
    language: str
    tools: tuple[Step, ...]
    profile: Mapping[str, tuple[Json, ...]]
    products: tuple[Json, ...]
    template: str | None
    handoff: bool
    proposal: Json | None
    gate: Mapping[str, int]
    usage: Mapping[str, int]
    seconds: float
    first_words: float
    first_token: float

    def to_json(self) -> Json:
        """One line of the contract."""
        return {
            "reply": self.reply,
            "language": self.language,
            "tools": [step.to_json() for step in self.tools],
            "profile": self.own_profile | {"others": self._profile(of_others=True)},
            "products": [product["sku"] for product in self.products],
            "template": self.template,
            "handoff": self.handoff,
            "proposal": self.proposal,
            "gate": dict(self.gate),
            "usage": dict(self.usage),
            "seconds": round(self.seconds, 3),
        }

    @property
    def own_profile(self) -> Json:
        """What became of the customer's own traits: `added`, `superseded`, `retracted`."""
        return self._profile(of_others=False)

    def _profile(self, *, of_others: bool) -> Json:
        """The customer's own traits, or those of whom they buy for: who reads one never takes it for the other."""
        return {
            name: [trait for trait in traits if bool(trait["about"]) == of_others]
            for name, traits in self.profile.items()
        }


def steps(messages: Sequence[AnyMessage]) -> tuple[Step, ...]:
    """The tool calls among a turn's messages, each with its result, in the order they were made."""
    results = {message.tool_call_id: message for message in messages if isinstance(message, ToolMessage)}
    calls = [call for message in messages if isinstance(message, AIMessage) for call in message.tool_calls]
    answered = [(call, results[str(call["id"])]) for call in calls if str(call["id"]) in results]
    return tuple(
        Step(call["name"], call["args"], result.status == "success", result.artifact or {}) for call, result in answered
    )


def profile_changes(done: Sequence[Step]) -> dict[str, tuple[Json, ...]]:
    """The profile's changes over all steps."""
    writes = [step.result for step in done if step.result.get("kind") == "profile"]
    return {
        name: tuple(trait for write in writes for trait in write[name]) for name in ("added", "superseded", "retracted")
    }


def usage(messages: Sequence[AnyMessage]) -> dict[str, int]:
    """Model calls and tokens of a turn; replies that code wrote count nothing."""
    metered = [m.usage_metadata for m in messages if isinstance(m, AIMessage) and m.usage_metadata]
    return {
        "model_calls": len(metered),
        "prompt_tokens": sum(one["input_tokens"] for one in metered),
        "completion_tokens": sum(one["output_tokens"] for one in metered),
    }


def first_token(messages: Sequence[AnyMessage]) -> float:
    """Seconds until the model's first token, as the engine measured it; 0 where it does not say."""
    said = (m.response_metadata.get("time_to_first_token") for m in messages if isinstance(m, AIMessage))
    return next((float(seconds) for seconds in said if seconds), 0.0)
