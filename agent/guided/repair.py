"""What a small model forgets of a message with several conditions, and what plainly stands in it.

In: the model's answer, the messages it answers, the tools and the shop's lexicon. Out: the same answer; if it
searches, with the kind of product, the filters and the prices that the newest message asks for, and with notes of a
price limit and of what the message rules out; if it searches or notes, with ranges of what to spend and with what the
message says of one kind ("M in jackets"). Nothing that the model wrote is changed, and nothing is guessed: only
values that are named whole, in words that say which argument they are ("under $150", "no wool", "made of cotton").
One answer is replaced: whether a kind of product is in stock is told by a search, and by no order, profile nor policy;
when it will be is left to the answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage
from langchain_core.messages.tool import ToolCall

from agent.guided.constraints import MAX_PRICE, MIN_PRICE, Conversation, apart
from agent.guided.per_key import pairs_in
from agent.lexicon import ShopLexicon
from agent.tools.find_answer import NAME as FIND_ANSWER
from agent.tools.hand_off import NAME as HAND_OFF
from agent.tools.schemas import writable_attributes
from agent.tools.search_products import NAME as SEARCH_PRODUCTS
from agent.tools.update_profile import MAX_CHANGES
from agent.tools.update_profile import NAME as UPDATE_PROFILE
from language.numbers import as_written
from language.quantities import find_ranges
from language.reading import Reading
from profiles.attribute import Attribute, Bound, key_of
from profiles.quotes import find_quote

Change = dict[str, Any]
_BOUNDS: tuple[Bound, Bound] = (MIN_PRICE, MAX_PRICE)


@dataclass(frozen=True, slots=True)
class Limit:
    """A price limit as it was said: "under $150" is a `max_price` of 150."""

    bound: Bound
    price: float | int
    words: str


def completed(answer: AIMessage, talk: Conversation, tools: Sequence[Mapping[str, Any]]) -> AIMessage:
    """The answer with what it lacks; `tools` are OpenAI-style dictionaries."""
    lexicon, newest = talk.lexicon, talk.newest
    offered = {tool["function"]["name"]: tool["function"]["parameters"]["properties"] for tool in tools}
    if lexicon is not None and SEARCH_PRODUCTS in offered:
        answer = _of_stock(answer, newest, offered[SEARCH_PRODUCTS], lexicon)
    calls = answer.tool_calls
    searches = [call for call in calls if call["name"] == SEARCH_PRODUCTS]
    if lexicon is None or not newest.text or len(searches) > 1:  # of two searches nobody knows which is meant
        return answer
    plain, limits = [*_ranges(newest, lexicon), *_per_key(newest, lexicon)], limits_of(newest)
    if searches:
        search = _search(searches[0], newest, limits, offered[SEARCH_PRODUCTS], lexicon)
        calls = [search if call is searches[0] else call for call in calls]
        plain = [*_limits(newest, limits, lexicon), *_dislikes(newest, lexicon), *plain]
    elif _notes_one(calls, limits):
        plain = [*_limits(newest, limits, lexicon), *plain]
    if UPDATE_PROFILE in offered and any(call["name"] in (SEARCH_PRODUCTS, UPDATE_PROFILE) for call in calls):
        calls = _noted(calls, plain, lexicon)
    return answer.model_copy(update={"tool_calls": calls})


def limits_of(reading: Reading) -> list[Limit]:
    """The price limits that a message names as such; not lengths, ages, days or order ids."""
    return [
        Limit(name, as_written(price), each.text)
        for each in reading.quantities
        if each.is_bound and each.may_be("money")
        for name, price in zip(_BOUNDS, each.prices, strict=True)
        if price is not None
    ]


def _of_stock(answer: AIMessage, newest: Reading, offered: Mapping[str, Any], words: ShopLexicon) -> AIMessage:
    """A search for the kind of product that a question for stock names, in place of calls that cannot tell."""
    called = {call["name"] for call in answer.tool_calls}
    asks_for_stock = newest.has_cue("stock") and not (newest.has_cue("ordering") or newest.order_ids)
    if not asks_for_stock or HAND_OFF in called or (FIND_ANSWER in called and newest.has_cue("later")):
        return answer
    kinds = [(facet, kind) for facet in offered if words.is_kind(facet) for kind in words.kinds_whole(facet, newest)]
    if len(kinds) != 1:
        return answer
    ((facet, kind),) = kinds
    if any(call["name"] == SEARCH_PRODUCTS and call["args"].get(facet, kind) == kind for call in answer.tool_calls):
        return answer
    kept = [call for call in answer.tool_calls if call["name"] == UPDATE_PROFILE]
    return answer.model_copy(update={"content": "", "tool_calls": [*kept, _call(SEARCH_PRODUCTS, {"query": kind})]})


def _search(
    call: ToolCall, newest: Reading, limits: Sequence[Limit], offered: Mapping[str, Any], words: ShopLexicon
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


def _noted(calls: list[ToolCall], plain: Sequence[Change], words: ShopLexicon) -> list[ToolCall]:
    """The calls with the changes that say something which is not noted in them."""
    notes = next((call for call in calls if call["name"] == UPDATE_PROFILE), None)
    held = _listed(notes) if notes else []
    if notes and not held:
        return calls
    known = {_contested(change, words) for change in held}
    added = [change for change in plain if _contested(change, words) not in known]
    if not added:
        return calls
    changes = {"changes": [*held, *added][:MAX_CHANGES]}
    if notes is not None:
        return [{**call, "args": changes} if call is notes else call for call in calls]
    return [_call(UPDATE_PROFILE, changes), *calls]


def _listed(call: ToolCall) -> list[Change]:
    """The changes of a call; none where a served model, bound to no grammar, wrote no such list: the tool says so."""
    changes = call["args"].get("changes") if call["name"] == UPDATE_PROFILE else None
    return changes if isinstance(changes, list) and all(isinstance(change, dict) for change in changes) else []


def _contested(change: Change, words: ShopLexicon) -> tuple[object, str, bool]:
    """What two changes of one answer must not both say: an attribute, of a key, liked or disliked."""
    attribute = words.schema.attributes.get(str(change.get("attribute")))
    key = key_of(change.get("value", "")) if attribute and attribute.per else ""
    return change.get("attribute"), key, change.get("polarity") == "dislike"


def _call(name: str, arguments: dict[str, Any]) -> ToolCall:
    return ToolCall(name=name, args=arguments, id=f"call_{uuid4().hex[:12]}", type="tool_call")


def _stated(words: ShopLexicon) -> Iterator[Attribute]:
    return (words.schema.attributes[name] for name in writable_attributes(words.schema))


def _notes_one(calls: Sequence[ToolCall], limits: Sequence[Limit]) -> bool:
    """Whether a limit of the message is noted: then so is the other end of "120 to 180"."""
    changes = [change for call in calls for change in _listed(call) if change.get("polarity") == "fact"]
    return any(change.get("value") == limit.price for change in changes for limit in limits)


def _limits(newest: Reading, limits: Sequence[Limit], words: ShopLexicon) -> Iterator[Change]:
    """What the message plainly says of prices."""
    for attribute in _stated(words):
        for limit in limits:
            if limit.bound == attribute.bound:
                yield _change(newest, limit.words, attribute.name, limit.price)


def _dislikes(newest: Reading, words: ShopLexicon) -> Iterator[Change]:
    """What the message plainly rules out."""
    for attribute in _stated(words):
        if attribute.polarity and not attribute.sensitive:
            ruled_out = words.denials(attribute.facet or attribute.name, newest)
            for denial in dict.fromkeys(ruled_out.values()):  # "no wool" may rule several values out
                yield _change(newest, denial.quote, attribute.name, denial.word, "dislike")


def _ranges(newest: Reading, words: ShopLexicon) -> Iterator[Change]:
    """The one range of prices in the message, where the shop keeps one range of money and no limit beside it."""
    money = [attribute for attribute in _stated(words) if attribute.type == "money" and not attribute.per]
    said = find_ranges(apart(money[0], newest.text, words), "money") if len(money) == 1 and money[0].range else []
    if len(said) == 1:
        yield _change(newest, said[0].text, money[0].name, said[0].range.value)


def _per_key(newest: Reading, words: ShopLexicon) -> Iterator[Change]:
    """What the message plainly says of one key: "M in jackets"."""
    for attribute in _stated(words):
        if attribute.per and not attribute.polarity:
            for pair in pairs_in(attribute, newest.text, words):
                if pair.plain:
                    yield _change(newest, pair.words, attribute.name, pair.text)


def _change(newest: Reading, quote: str, attribute: str, value: str | float, polarity: str = "fact") -> Change:
    """The words as the customer wrote them."""
    found = find_quote(quote, {"": newest.text})
    return {"quote": found.text if found else quote, "attribute": attribute, "value": value, "polarity": polarity}
