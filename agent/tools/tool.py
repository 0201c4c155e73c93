"""A tool as one record: what models read of it, its function, and what becomes of its result.

In: the record's own file under `agent/tools/`. Out: `Tool`, from which everything else is made: the prompt, the call,
the reply, the evidence of the gate, the card on the page, the customer's intents, and what a small model may write as
an argument. Nothing about a tool stands anywhere else but its phrases.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from langchain_core.messages.tool import ToolCall
from langchain_core.tools import BaseTool, StructuredTool

from agent.context import Services
from agent.intents import Telling
from agent.models.profile import Descriptions
from agent.replies.card import Card
from agent.replies.composer import Artifact, Composer
from agent.replies.gate.keys import Keys
from agent.tools.outcome import Outcome
from agent.tools.schemas import Json, plain


class Source(Enum):
    """Where in a conversation an argument's value comes from: a small model may then write nothing else."""

    ORDER_ID = "an order's id that somebody wrote, or the newest order"
    LEAST_PRICE = "a floor of the price that the customer named"
    MOST_PRICE = "a ceiling of the price that the customer named"
    SORT = "how the newest message wants results sorted"
    STATUS = "an order's status that the newest message names"
    NEWEST_WORDS = "words of the newest message, as they stand there"
    WORDS = "words of any message of the customer, as they stand there"
    CHANGES = "what the newest message says of the customer"


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """Everything about one tool.

    `brief` is its description for a model that was trained to use it, `when` the one for other models: what the tool
    does, when to use it and when not. `parameters` makes the JSON schema of the arguments from the shop; each argument
    has a description. `is_learnt`: the published adapter was trained with this tool, and is offered it; `as_learnt`
    makes the arguments that it was trained on, where the tool takes more by now. `is_superseded`: no other model is
    offered it. `function` gets the arguments and a `runtime` and returns words and an artifact of this `kind`.

    `say` puts the artifact to the customer, in the language of the composer; `say_beside` does so where other results
    are spoken of too; `ask` may add a question to the end of the reply. `cards` are what the page shows of the
    artifact. `keys` tell the gate how to read the artifact's own keys. `sources`: by argument, where its value comes
    from. `intent` says what a call that went well tells of the customer's intents; a tool that `pursues` one goes on
    with what the customer wants, so that no word of that message is taken for giving up. `keeps_proposal`: whoever asks
    for this has not turned away from a proposal that waits for their yes.
    """

    name: str
    brief: str
    when: str
    parameters: Callable[[Services], Json]
    function: Callable[..., Outcome]
    kind: str
    say: Callable[[Composer, Artifact], str]
    say_beside: Callable[[Composer, Artifact], str] | None = None
    ask: Callable[[Composer, Artifact], str] | None = None
    cards: Callable[[Composer, Artifact], Sequence[Card]] | None = None
    keys: Keys = Keys()  # noqa: RUF009 - frozen
    sources: Mapping[str, Source] = field(default_factory=dict)
    intent: Callable[[Telling, ToolCall, Artifact], None] | None = None
    pursues: bool = False
    keeps_proposal: bool = False
    is_learnt: bool = False
    as_learnt: Callable[[Services], Json] | None = None
    is_superseded: bool = False

    def schema(self, services: Services) -> Json:
        """The JSON schema of the arguments without descriptions, as tuned models read it."""
        return plain((self.as_learnt or self.parameters)(services))

    def is_offered(self, descriptions: Descriptions) -> bool:
        """Whether a model that reads such descriptions is told of the tool."""
        return self.is_learnt if descriptions == "brief" else not self.is_superseded

    def bind(self, services: Services, descriptions: Descriptions = "brief") -> BaseTool:
        """The tool as LangChain calls it."""
        schema = self.schema(services) if descriptions == "brief" else self.parameters(services)
        return StructuredTool.from_function(
            self.function,
            name=self.name,
            description=self.when if descriptions == "full" else self.brief,
            args_schema=schema if descriptions == "full" else plain(schema),
            response_format="content_and_artifact",
        )
