"""What a tool gives back: words for the model, and a JSON artifact for everything else.

In: the turn's context and the two texts. Out: the pair that LangChain's `content_and_artifact` wants. In strict mode
the reply is composed from the artifact and follows in the conversation, so that the model needs only the brief text;
a model that writes its own replies gets the full one.
"""

from typing import Any

from agent.context import TurnContext

Artifact = dict[str, Any]
Outcome = tuple[str, Artifact]


def outcome(context: TurnContext, artifact: Artifact, brief: str, full: str | None = None) -> Outcome:
    """The pair (content, artifact); `artifact["kind"]` says what it is."""
    strict = context.services.shop.replies != "free"
    return (brief if strict or full is None else full), artifact
