"""What a small model forgets of a message with several conditions, and what plainly stands in it.

In: the model's answer, the conversation it answers and the tools. Out: the same answer; if it
searches, with the kind of product, the filters and the prices that the newest message asks for, and with notes of a
price limit and of what the message rules out; if it searches or notes, with ranges of what to spend and with what the
message says of one kind ("M in jackets"). Nothing that the model wrote is changed, and nothing is guessed: only
values that are named whole, in words that say which argument they are ("under $150", "no wool", "made of cotton").
One answer is replaced: whether a kind of product is in stock is told by a search, and by no order, profile nor policy;
when it will be is left to the answers.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage
from langchain_core.messages.tool import ToolCall

from agent.guided.conversation import Conversation
from agent.notes import MAX_PRICE, MIN_PRICE
from agent.shop_reading import Change, ShopReading
from agent.tools.find_answer import NAME as FIND_ANSWER
from agent.tools.hand_off import NAME as HAND_OFF
from agent.tools.search_products import NAME as SEARCH_PRODUCTS
from agent.tools.update_profile import MAX_CHANGES
from agent.tools.update_profile import NAME as UPDATE_PROFILE
from language.named import NOTHING
from profiles.attribute import key_of
from profiles.schema import Schema


def completed(answer: AIMessage, talk: Conversation, tools: Sequence[Mapping[str, Any]]) -> AIMessage:
    """The answer with what it lacks; `tools` are OpenAI-style dictionaries."""
    newest = talk.newest
    if not isinstance(newest, ShopReading):
        return answer
    offered = {tool["function"]["name"]: tool["function"]["parameters"]["properties"] for tool in tools}
    if SEARCH_PRODUCTS in offered:
        answer = _of_stock(answer, newest, offered[SEARCH_PRODUCTS])
    calls = answer.tool_calls
    searches = [call for call in calls if call["name"] == SEARCH_PRODUCTS]
    if not newest.text or len(searches) > 1:  # of two searches nobody knows which is meant
        return answer
    if searches:
        search = _search(searches[0], newest, offered[SEARCH_PRODUCTS])
        calls = [search if call is searches[0] else call for call in calls]
    if UPDATE_PROFILE in offered:
        calls = _noted(calls, newest)
    return answer.model_copy(update={"tool_calls": calls})


def _of_stock(answer: AIMessage, newest: ShopReading, offered: Mapping[str, Any]) -> AIMessage:
    """A search for the kind of product that a question for stock names, in place of calls that cannot tell."""
    called = {call["name"] for call in answer.tool_calls}
    asks_for_stock = "stock" in newest.cues and not ("ordering" in newest.cues or newest.order_ids)
    if not asks_for_stock or HAND_OFF in called or (FIND_ANSWER in called and "later" in newest.cues):
        return answer
    kinds = [(facet, kind) for facet in offered if facet in newest.kinds for kind in newest.facets[facet].wanted]
    if len(kinds) != 1:
        return answer
    ((facet, kind),) = kinds
    if any(call["name"] == SEARCH_PRODUCTS and call["args"].get(facet, kind) == kind for call in answer.tool_calls):
        return answer
    kept = [call for call in answer.tool_calls if call["name"] == UPDATE_PROFILE]
    return answer.model_copy(update={"content": "", "tool_calls": [*kept, _call(SEARCH_PRODUCTS, {"query": kind})]})


def _search(call: ToolCall, newest: ShopReading, offered: Mapping[str, Any]) -> ToolCall:
    """The search with the kind of product, the filters and the prices; in the order of the schema."""
    given = {**call["args"]}
    query = str(given.get("query", ""))
    for facet in offered if query == query.lower() else ():  # a title says all of itself
        named = newest.facets.get(facet, NOTHING)
        asked = named.wanted if facet in newest.kinds else named.asked
        if len(asked) == 1 and asked[0] in offered[facet].get("enum", asked):
            given.setdefault(facet, asked[0])
    for limit in newest.limits:
        if limit.bound in offered and limit.price not in (given.get(MIN_PRICE), given.get(MAX_PRICE)):
            given.setdefault(limit.bound, limit.price)
    return {**call, "args": {name: given[name] for name in [*offered, *given] if name in given}}


def _noted(calls: list[ToolCall], newest: ShopReading) -> list[ToolCall]:
    """The calls with the changes that plainly stand in the message, but for those that they have.

    Beside a search all are noted. Where a limit of the message is noted, so is the other end of "120 to 180".
    """
    notes = [call for call in calls if call["name"] == UPDATE_PROFILE]
    held = [_listed(call) for call in notes]
    searches = any(call["name"] == SEARCH_PRODUCTS for call in calls)
    if not (notes or searches) or (notes and not held[0]):
        return calls
    facts = [change.get("value") for changes in held for change in changes if change.get("polarity") == "fact"]
    limits = searches or any(limit.price in facts for limit in newest.limits)
    wanted = {"limit": limits, "dislike": searches, "other": True}
    known = {_contested(change, newest.reader.schema) for change in held[0]} if notes else set()
    plain = [{**one.change} for one in newest.plain if wanted[one.of]]
    added = [change for change in plain if _contested(change, newest.reader.schema) not in known]
    if not added:
        return calls
    changes = {"changes": [*(held[0] if notes else ()), *added][:MAX_CHANGES]}
    if notes:
        return [{**call, "args": changes} if call is notes[0] else call for call in calls]
    return [_call(UPDATE_PROFILE, changes), *calls]


def _listed(call: ToolCall) -> list[Change]:
    """The changes of a call; none where a served model, bound to no grammar, wrote no such list: the tool says so."""
    changes = call["args"].get("changes")
    return changes if isinstance(changes, list) and all(isinstance(change, dict) for change in changes) else []


def _contested(change: Change, schema: Schema) -> tuple[object, str, bool]:
    """What two changes of one answer must not both say: an attribute, of a key, liked or disliked."""
    attribute = schema.attributes.get(str(change.get("attribute")))
    key = key_of(change.get("value", "")) if attribute and attribute.per else ""
    return change.get("attribute"), key, change.get("polarity") == "dislike"


def _call(name: str, arguments: dict[str, Any]) -> ToolCall:
    return ToolCall(name=name, args=arguments, id=f"call_{uuid4().hex[:12]}", type="tool_call")
