"""What a small model forgets of a message with several conditions, and what plainly stands in it.

In: the model's answer, the messages it answers, the tools and the shop's `Vocabulary`. Out: the same answer; if it
searches, with the kind of product, the filters and the prices that the newest message asks for, and with notes of a
price limit and of what the message rules out. Nothing that the model wrote is changed, and nothing is guessed: only
values that are named whole, in words that say which argument they are ("under $150", "no wool", "made of cotton").
One answer is replaced: whether a kind of product is in stock is told by a search, and by no order nor profile.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.messages.tool import ToolCall

from agent.said import MAX_PRICE, MIN_PRICE
from agent.tools.schemas import MAX_CHANGES, SEARCH_PRODUCTS, UPDATE_PROFILE, writable_attributes
from agent.vocabulary import Vocabulary
from agent.wording import Limit, asks_for_stock, limits_in
from profiles.quotes import find_quote

_TELL_STOCK = frozenset((SEARCH_PRODUCTS, "find_answer", "hand_off"))  # these are left to the model


def completed(
    answer: AIMessage, messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]], words: Vocabulary | None
) -> AIMessage:
    """The answer with what it lacks; `tools` are OpenAI-style dictionaries."""
    newest = next((str(m.text) for m in reversed(messages) if isinstance(m, HumanMessage)), "")
    offered = {tool["function"]["name"]: tool["function"]["parameters"]["properties"] for tool in tools}
    if words is not None and SEARCH_PRODUCTS in offered:
        answer = _of_stock(answer, newest, offered[SEARCH_PRODUCTS], words)
    searches = [call for call in answer.tool_calls if call["name"] == SEARCH_PRODUCTS]
    if words is None or not newest or len(searches) != 1:  # of two searches nobody knows which is meant
        return answer
    limits = limits_in(newest)
    search = _search(searches[0], newest, limits, offered[SEARCH_PRODUCTS], words)
    calls = [search if call is searches[0] else call for call in answer.tool_calls]
    noted = _noted(calls, newest, limits, words) if UPDATE_PROFILE in offered else calls
    return answer.model_copy(update={"tool_calls": noted})


def _of_stock(answer: AIMessage, newest: str, offered: Mapping[str, Any], words: Vocabulary) -> AIMessage:
    """A search for the kind of product that a question for stock names, in place of calls that cannot tell."""
    if not asks_for_stock(newest) or any(call["name"] in _TELL_STOCK for call in answer.tool_calls):
        return answer
    kinds = [kind for facet in offered if words.is_kind(facet) for kind in words.kinds_whole(facet, newest)]
    if len(kinds) != 1:
        return answer
    kept = [call for call in answer.tool_calls if call["name"] == UPDATE_PROFILE]
    return answer.model_copy(update={"content": "", "tool_calls": [*kept, _call(SEARCH_PRODUCTS, {"query": kinds[0]})]})


def _search(
    call: ToolCall, newest: str, limits: Sequence[Limit], offered: Mapping[str, Any], words: Vocabulary
) -> ToolCall:
    """The search with the kind of product, the filters and the prices; in the order of the schema."""
    given = {**call["args"]}
    query = str(given.get("query", ""))
    for facet in offered if query == query.lower() else ():  # a title says all of itself
        asked = words.kinds_whole(facet, newest) if words.is_kind(facet) else words.cued_values(facet, newest)
        if len(asked) == 1 and asked[0] in offered[facet].get("enum", asked):
            given.setdefault(facet, asked[0])
    for limit in limits:
        if limit.bound in offered and limit.price not in (given.get(MIN_PRICE), given.get(MAX_PRICE)):
            given.setdefault(limit.bound, limit.price)
    return {**call, "args": {name: given[name] for name in [*offered, *given] if name in given}}


def _noted(calls: list[ToolCall], newest: str, limits: Sequence[Limit], words: Vocabulary) -> list[ToolCall]:
    notes = next((call for call in calls if call["name"] == UPDATE_PROFILE), None)
    held = notes["args"].get("changes") if notes else []
    if not isinstance(held, list) or not all(isinstance(change, dict) for change in held):
        return calls  # a served model is bound to no grammar; the tool says what is wrong
    known = {(change.get("attribute"), change.get("polarity") == "dislike") for change in held}
    added = [
        change
        for change in _plain_changes(newest, limits, words)
        if (change["attribute"], change["polarity"] == "dislike") not in known
    ]
    if not added:
        return calls
    changes = {"changes": [*held, *added][:MAX_CHANGES]}
    if notes is not None:
        return [{**call, "args": changes} if call is notes else call for call in calls]
    return [_call(UPDATE_PROFILE, changes), *calls]


def _call(name: str, arguments: dict[str, Any]) -> ToolCall:
    return ToolCall(name=name, args=arguments, id=f"call_{uuid4().hex[:12]}", type="tool_call")


def _plain_changes(newest: str, limits: Sequence[Limit], words: Vocabulary) -> Iterator[dict[str, Any]]:
    """What the message plainly says of prices and dislikes, as changes."""
    for name in writable_attributes(words.schema):
        attribute = words.schema.attributes[name]
        for limit in limits:
            if limit.bound == attribute.bound:
                found = find_quote(limit.words, {"": newest})
                yield _change(found.text if found else limit.words, name, limit.price, "fact")
        if attribute.polarity and not attribute.sensitive:
            for denial in words.denials(attribute.facet or name, newest).values():
                yield _change(denial.quote, name, denial.word, "dislike")


def _change(quote: str, attribute: str, value: str | float, polarity: str) -> dict[str, Any]:
    return {"quote": quote, "attribute": attribute, "value": value, "polarity": polarity}
