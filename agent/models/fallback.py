"""When the model is down: a chat model without weights, so that search and templates still answer.

In: the same messages and tools as the real model. Out: one tool call. A product search if a kind of product is named
and nothing is asked about it; else the approved answer if one fits; else the search. LangChain's
`ModelFallbackMiddleware` calls it after the model has failed.
"""

import logging
import re
from collections.abc import Callable
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.messages.tool import tool_call
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable

from language.cues import cue
from language.detection import detect
from retrieval.search import Retriever

log = logging.getLogger(__name__)
DEGRADED = "degraded"  # response_metadata key of its messages


class RuleModel(BaseChatModel):
    """Chooses between `find_answer` and `search_products`; says in its metadata that the model is down."""

    retriever: Callable[[], Retriever]  # the one of now
    languages: tuple[str, ...]

    @property
    def _llm_type(self) -> str:
        return "shopkeeper-rules"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, AIMessage]:
        """It knows its two tools by name."""
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        log.warning("the model does not answer: rules stand in for it")
        last = next(m for m in reversed(messages) if isinstance(m, HumanMessage))
        words = str(last.content)
        language = detect(words, self.languages, None)
        if not self._wants_product(words) and self.retriever().answer(words, language) is not None:
            call = tool_call(name="find_answer", args={"question": words}, id=f"rule-{last.id}")
        else:
            call = tool_call(name="search_products", args={"query": words}, id=f"rule-{last.id}")
        message = AIMessage("", tool_calls=[call], response_metadata={DEGRADED: True})
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _wants_product(self, words: str) -> bool:
        """Whether a category of the shop is named, and no question put about it."""
        facets = self.retriever().facets
        named = (words, *re.findall(r"[^\W_]+", words))
        return not cue("asks", words) and any(facets.match("category", word) for word in named)
