"""The one question after a list of products: whether to ask, about what, what the customer answered, what to show then.

In: the turn's context, the consultation's messages, what a search found. Out: a question as an artifact has it
(``{"facet", "values"}``), filters that customers named when they were asked, and the hits in the order that suits who
has seen some of them. What was asked and shown stands in the results of the consultation, so nothing is asked twice in
it, and the model has no part in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage

from agent.context import TurnContext
from agent.personalization import facet_of, held
from language.named import NOTHING
from profiles.attribute import key_of
from profiles.card import FAINT
from profiles.observation import Profile
from retrieval.clarification import best_question, candidates
from retrieval.filters import Filters
from retrieval.search import SORT_POOL, ProductHit

MANY = 7  # products that fit about as well as the best: fewer are soon looked through
NARROW = 2  # conditions beside the category: who has so many knows what they want
OFFERED = 3  # values that the question names


def next_question(
    context: TurnContext, profile: Profile, messages: Sequence[AnyMessage], hits: Sequence[ProductHit], filters: Filters
) -> dict[str, Any] | None:
    """What to ask, if it is worth it: many fit, the customer was not precise, and one answer would tell much."""
    fitting = [hit for hit in hits if hit.score >= SORT_POOL * hits[0].score]
    if len(fitting) < MANY or _conditions(context, filters) >= NARROW:
        return None
    space, known = context.services.retriever.facets, context.services.validator.facets
    chances = {name: facet.ask for name, facet in space.facets.items() if facet.type == "choice" and name in known}
    never = {*_asked(messages), *filters.equals, *_known(context, profile, fitting)}
    question = best_question(candidates(fitting, space), chances, never)
    return None if question is None else {"facet": question.facet, "values": list(question.values[:OFFERED])}


def answered(context: TurnContext, messages: Sequence[AnyMessage]) -> dict[str, str]:
    """Values that the customer named of what they had been asked about; the last word counts, two at once are none.

    Whoever turns to another kind of product has answered nothing of that one.
    """
    found: dict[str, str] = {}
    asked: set[str] = set()
    kinds = set[tuple[str, str]]()
    for message in messages:
        if isinstance(message, ToolMessage):
            asked |= set(_asked([message]))
        elif isinstance(message, HumanMessage):
            facets = context.read(str(message.text)).facets
            named_kinds = {
                (name, value) for name in context.services.lexicon.kinds & {*facets} for value in facets[name].whole
            }
            if named_kinds and kinds and not named_kinds & kinds:
                found, asked = {}, set()
            kinds = named_kinds or kinds
            for name in sorted(asked):
                named = facets.get(name, NOTHING)
                wanted = [value for value in named.whole if value not in named.ruled_out]
                if len(wanted) == 1:
                    found[name] = wanted[0]
                elif wanted or named.ruled_out:
                    found.pop(name, None)
    return found


def onward(
    messages: Sequence[AnyMessage], hits: Sequence[ProductHit], filters: Mapping[str, Any]
) -> Sequence[ProductHit]:
    """The hits, last those that the customer has passed over: shown beside a question that was answered instead.

    That is so while a search keeps all `filters` (as an artifact has them) of the one that asked. The same article in
    another variant has not been seen.
    """
    seen = {
        hit["variant"]
        for result in _asking(messages)
        if all(filters.get(name) == value for name, value in result["filters"].items())
        for hit in result["hits"]
    }
    return sorted(hits, key=lambda hit: hit.variant.sku in seen)


def _asking(messages: Sequence[AnyMessage]) -> Iterator[Mapping[str, Any]]:
    """The results of these messages that ask something."""
    for message in messages:
        artifact = message.artifact if isinstance(message, ToolMessage) else None
        if isinstance(artifact, Mapping) and artifact.get("question"):
            yield artifact


def _asked(messages: Sequence[AnyMessage]) -> Iterator[str]:
    """The facets that results of these messages have asked about."""
    return (str(result["question"]["facet"]) for result in _asking(messages))


def _conditions(context: TurnContext, filters: Filters) -> int:
    """How many the search has, beside the kind of product."""
    kinds = context.services.lexicon.kinds
    prices = (filters.min_price, filters.max_price)
    return sum(name not in kinds for name in filters.equals) + any(price is not None for price in prices)


def _known(context: TurnContext, profile: Profile, hits: Sequence[ProductHit]) -> set[str]:
    """Facets of which the profile has a value; what behaviour or an older word disagrees with may be asked about.

    Who has liked navy and green may want this one in black: tastes of before are no answer, and not asking about them
    costs turns (the suite `question`). What is kept per key is known where each hit is of a key that has a value.
    """
    attributes, names = context.services.schema.attributes, context.services.retriever.facets.names
    sure = [t for t in profile.traits if t.polarity != "dislike" and t.confidence >= FAINT and not t.challenges]
    sure = [t for t in sure if context.said_here(t) or not (attributes[t.attribute].many or t.polarity == "like")]
    keyed = [trait for trait in sure if attributes[trait.attribute].per and key_of(trait.value)]
    kept = held(context, keyed)
    everywhere = {facet_of(attributes[trait.attribute], names) for trait in sure if trait not in keyed}
    return everywhere | {
        name
        for name in {one.facet for one in kept}
        if all(any(one.facet == name and one.concerns(hit.product) for one in kept) for hit in hits)
    }
