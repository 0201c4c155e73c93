"""The tool that finds the shop's approved answer.

In: the customer's question. Out: an `Outcome` of kind "answer": a template, else a passage of the policy, else a
template that may be meant, said to be so, else none.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import ToolMessage
from langchain_core.messages.tool import ToolCall
from pydantic import Field

from agent.context import TurnContext
from agent.intents import QUESTION, Telling
from agent.replies.composer import Artifact, Composer
from agent.tools.outcome import Outcome, Runtime, outcome
from agent.tools.proposals import tool_of
from agent.tools.schemas import arguments, text
from agent.tools.tool import Source, Tool
from language.clauses import clauses
from language.detection import detect
from language.packs import Section, section
from profiles.intents.intent import Kind, State
from retrieval.answers import Template
from retrieval.search import AnswerHit, Retriever

NAME = "find_answer"
_ELLIPTIC = 60  # characters of a question that may lean on the message before it
_CLEARER = 0.2  # by so much a question that points at nothing is answered better behind what was done last
_NEARLY = 0.1  # by so much less surely an answer may fit that is meant behind what was done
NEAR = 0.3  # confidence of an answer that may be meant
_SHORT = 8  # characters of a clause that may be a question
_TELLING_CHARS = 2000  # of the policy, which tell its language


class Topics(Section):
    """What a question may be about that only goes on from what was done: words by tool."""

    of: Mapping[str, str] = Field(default_factory=dict)


def find_answer(question: str, runtime: Runtime) -> Outcome:
    """The approved answer to the question; the customer's own words are tried too, the better match counts."""
    context = runtime.context
    retriever = context.services.retriever
    if meant := _after_act(question, context):
        return approved(meant, context)
    own = context.heard.get(context.turn, "")
    earlier = [text for turn, text in context.heard.items() if turn != context.turn]
    for ways in ways_to_ask(question, own, earlier[-1] if earlier else "", _topical(question, runtime)):
        best = surest(ways, retriever, context.language)
        if best is None:
            continue
        behind = [hit for each in _topical(question, runtime) if (hit := retriever.answer(each, context.language))]
        clearer = 0.0 if context.reading.references else _CLEARER
        template = next((hit for hit in behind if hit.score >= best.score + clearer), best).template
        return approved(template, context)
    passage = retriever.policy(question) if context.language == _policy_language(context) else None
    if passage is not None:
        return outcome(context, _answer(passage.text), f"policy {passage.heading}", passage.text)
    near = retriever.answer(question, context.language, NEAR)
    if near is not None:
        return approved(near.template, context, is_sure=False)
    return outcome(context, _answer(None), "no approved answer")


def _after_act(question: str, context: TurnContext) -> Template | None:
    """The answer that is meant behind what was last proposed or done, where the question fits it nearly as well as what
    it asks by itself, or a like one: "when is the money back", of what was cancelled."""
    newest, retriever = context.services.proposals.last(context.consultation), context.services.retriever
    if newest is None or newest.customer != context.customer or newest.status not in ("pending", "done"):
        return None
    topics, tool = section(context.language, "topics", Topics) or Topics(), tool_of(newest.kind)
    hit = retriever.answer(f"{topics.of[tool]}: {question}", context.language) if tool in topics.of else None
    if hit is None or tool not in hit.template.after:
        return None
    own = retriever.answer(question, context.language)
    is_like = own is None or own.template.topic == hit.template.topic or own.score <= hit.score + _NEARLY
    return hit.template if is_like else None


def approved(template: Template, context: TurnContext, *, is_sure: bool = True) -> Outcome:
    """A template as it is said to this customer, with the shop's facts in its slots; else as what may be meant."""
    words = template.text[context.language].format_map(context.services.shop.facts)
    doubt = {} if is_sure else {"unsure": True}
    return outcome(context, _answer(words, template.id) | doubt, f"answer {template.id}", words)


def ways_to_ask(question: str, own: str, earlier: str, topical: Sequence[str] = ()) -> Iterator[Sequence[str]]:
    """A part of the message by itself; the question and the whole message; each clause of them; then the question
    behind the message before it (`earlier`, if there is one), and behind what was done last (`topical`)."""
    if question.strip() in own and len(question) < len(own):
        yield [question]
    whole = list(dict.fromkeys(words for words in (question, own) if words.strip()))
    yield whole
    parts = (part for words in whole for part in clauses(words))
    yield [part for part in dict.fromkeys(parts) if len(part) >= _SHORT and part not in whole]
    if earlier and len(question) <= _ELLIPTIC:
        yield [f"{earlier} {question}"]
        yield topical


def surest(ways: Sequence[str], retriever: Retriever, language: str) -> AnswerHit | None:
    """The surest answer to any of these."""
    hits = [hit for each in ways if (hit := retriever.answer(each, language)) is not None]
    return max(hits, key=lambda hit: hit.score, default=None)


def _topical(question: str, runtime: Runtime) -> list[str]:
    """A short question behind what was done last: "exchange: how long have i got for that"."""
    topics = section(runtime.context.language, "topics", Topics) or Topics()
    tools = (message.name for message in reversed(runtime.state["messages"]) if isinstance(message, ToolMessage))
    found = [f"{topics.of[str(name)]}: {question}" for name in tools if name in topics.of]
    return found[:1] if len(question) <= _ELLIPTIC else []


def _policy_language(context: TurnContext) -> str:
    """The policy is written once, in whatever language, and quoted to those who read it."""
    text = "\n".join(passage.text for passage in context.services.retriever.passages.values())
    return detect(text[:_TELLING_CHARS], context.services.shop.languages, None)


def _answer(words: str | None, template: str | None = None) -> dict[str, Any]:
    return {"kind": "answer", "template": template, "text": words}


def intent(telling: Telling, call: ToolCall, artifact: Artifact) -> None:
    """A question; it is open while the shop has no answer to it."""
    state = State.DONE if artifact["text"] and not artifact.get("unsure") else State.OPEN
    telling.tell(telling.new(), Kind.QUESTION, state, {QUESTION: str(call["args"]["question"])}, call)


def say(composer: Composer, artifact: Artifact) -> str:
    """The answer as the shop wrote it, with a word of doubt where another question may be meant."""
    if artifact.get("unsure"):
        return composer.say("answer_unsure", text=artifact["text"])
    return str(artifact["text"] or composer.say("no_answer"))


TOOL = Tool(
    name=NAME,
    brief="approved answer about policy or service",
    when=(
        "Find the shop's approved answer to a question about its rules and services: delivery, returns, payment, "
        "warranty, gift cards, opening hours and the like. Use it for every such question instead of answering "
        "from memory. Do not use it for products and their stock (search_products) or for the customer's own "
        "orders (find_orders)."
    ),
    parameters=lambda services: arguments(
        {"question": text("The question in the customer's own words, without greetings; one question a call.")}
    ),
    function=find_answer,
    kind="answer",
    say=say,
    sources={"question": Source.NEWEST_WORDS},
    intent=intent,
    keeps_proposal=True,
    is_learnt=True,
)
