"""The shop's approved answers by UCP's draft `ask`: a question in, the shop's own words out.

Only what the shop has approved is said: an answer, else a passage of its policy, else that there is none. Errors:
`ModelError` if the question cannot be read.
"""

from collections.abc import Mapping, Sequence

from agent.tools.find_answer import surest, ways_to_ask
from language.detection import detect, reply_language
from retrieval.search import Retriever
from ui.access.caller import Scope
from ui.ucp.call import Call
from ui.ucp.envelope import Capability, Json, enveloped, info
from ui.ucp.requests import Question

_TELLING_CHARS = 2000  # of the policy, which tell its language


def ask(call: Call, asked: Question) -> Json:
    """An answer in the question's language, or in the one that the platform names."""
    call.caller.needs(Scope.SEARCH)
    services = call.services
    served, retriever = services.shop.languages, services.retriever
    spoken = asked.context.tongue
    language = reply_language(spoken if spoken in served else detect(asked.query, served, None), served)
    words = _approved(asked.query, retriever, language, services.shop.facts)
    words = words or _passage(asked.query, retriever, language, served)
    messages = [info("not_found", id) for id in asked.ids if id not in retriever.catalog.by_sku]
    if words is None:
        words = "The shop has approved no answer to this question."
        messages.append(info("no_answer", "the tool ask_shopkeeper speaks of products and orders too"))
    return enveloped(Capability.ASK, {"answer": {"plain": words}}, messages)


def _approved(question: str, retriever: Retriever, language: str, facts: Mapping[str, str]) -> str | None:
    """The surest approved answer to the question, or to a clause of it."""
    for ways in ways_to_ask(question, question, ""):
        if best := surest(ways, retriever, language):
            return best.template.text[language].format_map(facts)
    return None


def _passage(question: str, retriever: Retriever, language: str, served: Sequence[str]) -> str | None:
    """A passage of the policy, for those who read its language."""
    text = "\n".join(passage.text for passage in retriever.passages.values())[:_TELLING_CHARS]
    found = retriever.policy(question) if text and detect(text, served, None) == language else None
    return found.text if found else None
