"""The tool that finds products by words and validated filters.

In: the model's arguments and the turn's context. Out: an `Outcome` of kind "products". The profile takes part in code
(`agent.personalization`, `agent.recommendations`): what the customer dislikes is excluded, what was said in this
consultation about the price of such products holds until it is changed, and what the customer likes and did reorders
the hits with a reason that names the trait or the act. A search `about` somebody else goes by what is kept of that
person instead.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.messages import ToolMessage

from agent.clarification import next_question, onward
from agent.context import Services, TurnContext
from agent.intents import Telling
from agent.personalization import profile_of, tastes
from agent.recommendations import SUGGESTION, earlier_suggestions, owned_durables, personal_order, suggestion
from agent.replies.card import Card
from agent.replies.composer import Artifact, Composer, own_word
from agent.replies.gate.keys import Keys
from agent.shown import SHOWS, SORTED
from agent.tools.outcome import Outcome, Runtime, outcome
from agent.tools.product_facts import Facts
from agent.tools.products import product_card, product_json
from agent.tools.relaxed import TASTES, left_out, relaxed
from agent.tools.schemas import MAX_LISTED, Json, arguments, choice, number, text
from agent.tools.search_wish import AMONG_SHOWN, NOT, SearchCall, Wish, as_value, wish_of
from agent.tools.suited import suited
from agent.tools.tool import Source, Tool
from agent.unsold import unsold_things
from language.names import label_in
from language.recipients import recipient
from language.text import has_han
from profiles.card import brief
from profiles.observation import Profile
from retrieval.facets import Facet
from retrieval.filters import Filters
from retrieval.search import BASIC_SORTS, ProductHit, Sort, sorted_by

NAME = "search_products"
_SORTED = "The order of the results, if the customer wants the cheapest, dearest or best rated."
SHOWN = 3
UNLIKE = 0.3  # a score below which nothing is like the words of a search
POOL = 40  # of which the first are shown; whether and what to ask is judged by all
_NAME_CHARS = 40  # of words that are said back as the name of a thing


def search_products(
    query: str,
    runtime: Runtime,
    min_price: float | None = None,
    max_price: float | None = None,
    sort: Sort | None = None,
    where: Mapping[str, Any] | None = None,
    among: str | None = None,
    about: str = "",
    **asked: Any,
) -> Outcome:
    """The best products in stock that meet every filter (`asked`: by facet name, as the shop has them).

    `where`: any other facets, with a value, several or a range; ``not``, among `asked`: what is ruled out. Filters that
    leave nothing are dropped, and named.
    """
    context, who = runtime.context, recipient(about)
    profile = profile_of(context, context.services.profiles.read(context.customer), who)
    ruled_out = asked.pop(NOT, None) or {}
    asked |= {name: as_value(wanted) for name, wanted in (where or {}).items() if name not in asked}
    thing, nearest = ("", {}) if among else _unsold(context, query, {*asked, *ruled_out})
    if thing and not nearest:
        nothing = {"kind": "products", "query": thing, "filters": {}, "dropped": [], "hits": []}
        return outcome(context, nothing | {"unsold": thing}, f"the shop sells no {thing}")
    asked |= nearest
    call = SearchCall(query, asked, min_price, max_price, ruled_out, among, who)
    wish = wish_of(call, profile, runtime)
    pool, filters, dropped = _search(context, profile, wish, sort, who, _earlier(runtime))
    if not (who or _is_sold(wish, pool)):  # ideas for somebody are like no product
        nothing = {"kind": "products", "query": wish.words, "filters": {}, "dropped": [], "hits": []}
        return outcome(context, nothing | {"unsold": wish.query}, f"the shop sells no {wish.query}")
    messages = runtime.state["messages"]
    owned = frozenset() if who else owned_durables(context)
    held_to = _filters_json(filters)
    ordered = pool if sort or who else personal_order(context, pool, owned)
    hits = (ordered if sort else onward(messages, ordered, held_to))[:SHOWN]
    beside = suggestion(context, hits, filters, owned | earlier_suggestions(messages), profile.traits)
    artifact: dict[str, Any] = {
        "kind": "products",
        "query": wish.words,
        "filters": held_to,
        "dropped": [*wish.unknown, *dropped],
        "hits": [product_json(hit, context.services.shop.currency) | _measured(context, hit, sort) for hit in hits],
        SHOWS: [hit.product.sku for hit in hits],
    } | ({"instead_of": thing} if thing else {})
    if sort:
        artifact[SORTED] = sort
    if who:
        artifact["about"] = who
    if beside:
        anchor, hit = beside
        artifact[SUGGESTION] = {"anchor": dict(anchor.titles)} | product_json(hit, context.services.shop.currency)
    if wish.resumed is not None:
        artifact["resumed"] = {"id": wish.resumed.id, "wanted": brief(wish.resumed)}
    if not hits:
        return outcome(context, artifact, "found nothing")
    if not (sort or dropped) and (question := next_question(context, profile, messages, pool, wish.filters)):
        artifact["question"] = question
    lines = [f"{hit.product.sku} {hit.product.title} {hit.product.price:.2f}" for hit in hits]
    return outcome(context, artifact, f"found {', '.join(hit.product.sku for hit in hits)}", "\n".join(lines))


def _measured(context: TurnContext, hit: ProductHit, sort: Sort | None) -> dict[str, str]:
    """How much it has of what the list is sorted by, where that is a facet: {"measured": "2.6 kg"}."""
    facet, facts = sorted_by(sort or ""), Facts.of_shop(context.services)
    measured = facts.value(hit.product, facet) if facet in facts.space.names else ""
    return {"measured": measured} if measured else {}


def _unsold(context: TurnContext, query: str, conditions: Collection[str]) -> tuple[str, dict[str, str]]:
    """What a query asks for that the shop does not sell, and the kind nearest to it, if any.

    Nothing where a kind is among the conditions; in a query that goes on, only what the newest message names counts.
    """
    services, said = context.services, context.reading.text.casefold()
    found = () if services.lexicon.kinds & {*conditions} else unsold_things(context.read(query), services.assortment)
    things = [thing.text for thing in found if thing.text.casefold() in said]
    nearest = services.assortment.nearest(things[0]) if things else None
    return (things[0] if things else ""), (dict([nearest]) if nearest else {})


def say(composer: Composer, artifact: Artifact) -> str:
    """One line for each product, behind what had to be left out or was taken up again."""
    hits = artifact["hits"]
    if thing := artifact.get("unsold"):
        is_name = len(thing) <= _NAME_CHARS
        return composer.say("found_unsold", query=thing) if is_name else composer.say("found_unlike")
    if not hits:
        return composer.say("found_none")
    head = composer.say("found_one") if len(hits) == 1 else composer.say("found_many", count=len(hits))
    if thing := artifact.get("instead_of"):
        head = composer.say("found_instead", thing=thing)
    if artifact["dropped"]:
        names = ", ".join(composer.value(*named.split(" ", 1)) for named in artifact["dropped"])
        head = f"{composer.say('found_relaxed', dropped=names)} {head}"
    if back := artifact.get("resumed"):
        head = f"{composer.say('resumed', wanted=back['wanted'])} {head}"
    lines = [head, *(f"- {composer.product(hit)}" for hit in hits)]
    if beside := artifact.get(SUGGESTION):
        anchor = beside["anchor"].get(composer.language) or beside["anchor"]["en"]
        lines.append(composer.say("suggested", anchor=anchor, product=composer.product(beside)))
    return "\n".join(lines)


def ask(composer: Composer, artifact: Artifact) -> str:
    """One short question behind all else; values in the customer's language, where the shop has such a word."""
    question = artifact.get("question")
    if not question:
        return ""
    facet = composer.services.retriever.facets.facet(question["facet"])
    values = [own_word(facet, value, composer.language) for value in question["values"]]
    label = label_in(facet.label, composer.language, facet.name)
    comma, last = composer.say("comma"), composer.say("or")
    offered = last.join([comma.join(values[:-1]), values[-1]]) if values[1:] else values[0]
    return composer.say("narrow_down", label=label, values=offered)


def cards(composer: Composer, artifact: Artifact) -> Sequence[Card]:
    """One card for each product."""
    return [product_card(composer, hit) for hit in artifact["hits"]]


def learnt_parameters(services: Services) -> Json:
    """The words, the facets that shop.toml lists with as many values as a prompt holds, the prices and the order."""
    facets = {}
    for name in services.shop.tool_facets:
        values = services.retriever.facets.values(name)
        words = f"Only products with this {name.replace('_', ' ')}, if the customer asks for one."
        facets[name] = choice(sorted(values), words) if len(values) <= MAX_LISTED else text(words)
    properties = {
        "query": text("What is looked for, in a few of the customer's words."),
        **facets,
        "min_price": number("The least the customer wants to pay, in the shop's currency, if they say so."),
        "max_price": number("The most the customer wants to pay, in the shop's currency, if they say so."),
        "sort": choice(BASIC_SORTS, _SORTED),
    }
    return arguments(properties, required=("query",))


def parameters(services: Services) -> Json:
    """Those, with any facet as a condition, what is ruled out, and sorting by any number."""
    space, known = services.retriever.facets, learnt_parameters(services)["properties"]
    others = [name for name in space.names if name not in known]
    properties = known | {
        "sort": choice(services.retriever.sorts, _SORTED + " A facet with _low or _high: the lightest, the brightest."),
        "where": {
            "type": "object",
            "properties": {name: _condition(space.facet(name)) for name in others},
            "additionalProperties": False,
            "description": "Other conditions on the products, only those that the customer names.",
        },
        NOT: {
            "type": "object",
            "properties": {
                name: {"type": "array", "items": {"type": "string"}, "description": f"Ruled out: {_words(name)}."}
                for name in space.names
                if space.facet(name).type == "choice"
            },
            "additionalProperties": False,
            "description": "What the customer does not want, if they say so.",
        },
        "among": choice((AMONG_SHOWN,), "Only among the products that were shown last, if the customer means those."),
        "about": text(
            "For whom it is to be, if not for the customer: daughter, dad, 爸爸. Their sizes and tastes count, not the "
            "customer's. Leave it out where the customer looks for themselves."
        ),
    }
    return arguments(properties, required=("query",))


def _condition(facet: Facet) -> Json:
    """What a condition on a facet looks like."""
    words = f"Only products with this {_words(facet.name)}"
    match facet.type:
        case "number":
            ends = {"min": number("At least."), "max": number("At most.")}
            return arguments(ends, required=()) | {"description": f"{words}, at least or at most."}
        case "boolean":
            return {"type": "boolean", "description": f"{words}."}
        case _ if len(facet.values) <= MAX_LISTED:
            return choice(facet.values, f"{words}.")
        case _:
            return text(f"{words}.")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _is_sold(wish: Wish, pool: Sequence[ProductHit]) -> bool:
    """Whether what was found may be what is looked for: by a filter that it meets, or since it is like the words."""
    filters = wish.filters
    is_narrowed = bool(filters.equals or filters.any_of or filters.all_of or filters.only is not None)
    return is_narrowed or has_han(wish.query) or not pool or pool[0].score >= UNLIKE


def _search(
    context: TurnContext,
    profile: Profile,
    wish: Wish,
    sort: Sort | None,
    who: str,
    earlier: Mapping[str, Collection[str]],
) -> tuple[list[ProductHit], Filters, list[str]]:
    """The hits, the filters that left some, and those that were dropped, for which the profile counts again.

    `earlier`: the filters of the search before; what only they have goes first where nothing fits.
    What suits whom it is for is tried first: in their size and department, without what nobody sees unasked.
    """
    fitting = [*suited(context, profile, wish.filters, who)]
    for filters in fitting if who else (*fitting, wish.filters):
        if hits := _found(context, profile, wish.query, filters, sort, wish.filters):
            return hits, filters, []
    tastes_of = [(filters, name) for filters in fitting if who for name in TASTES if name in filters.equals]
    for filters, name in tastes_of:  # a daughter's fleece in another color before a man's in hers
        equals = {other: value for other, value in filters.equals.items() if other != name}
        if hits := _found(context, profile, wish.query, replace(filters, equals=equals), sort):
            return hits, replace(filters, equals=equals), [f"{name} {filters.equals[name]}"]
    if who and (hits := _found(context, profile, wish.query, wish.filters, sort, wish.filters)):
        return hits, wish.filters, []
    less = relaxed(wish.filters, earlier, context)
    for filters in less if not who else (one for each in less for one in (*suited(context, profile, each, who), each)):
        if hits := _found(context, profile, wish.query, filters, sort):
            return hits, filters, left_out(wish.filters, filters)
    return [], wish.filters, []


def _earlier(runtime: Runtime) -> Mapping[str, Collection[str]]:
    """By facet, what the newest search before this one asked for, with what it gave up; nothing without one."""
    results = (m.artifact or {} for m in reversed(runtime.state["messages"]) if isinstance(m, ToolMessage))
    before: Artifact = next((one for one in results if one.get("kind") == "products"), {})
    asked = [(name, one) for name, wanted in before.get("filters", {}).items() for one in _each(wanted)]
    found = dict[str, set[str]]()
    for name, value in (*asked, *(named.split(" ", 1) for named in before.get("dropped", ()))):
        found.setdefault(name, set()).add(value)
    return found


def _each(wanted: object) -> list[str]:
    return [*map(str, wanted)] if isinstance(wanted, list | tuple) else [str(wanted)]


def _found(
    context: TurnContext,
    profile: Profile,
    query: str,
    filters: Filters,
    sort: Sort | None,
    asked: Filters | None = None,
) -> list[ProductHit]:
    """The hits; of what is only known, and was not `asked` for, the reasons speak."""
    prefer = tastes(context, profile, asked or filters)
    return context.services.retriever.search(query, filters, k=POOL, sort=sort, prefer=prefer)


def _filters_json(filters: Filters) -> dict[str, Any]:
    shown: dict[str, Any] = dict(filters.equals)
    shown |= {name: list(values) for name, values in (*filters.any_of.items(), *filters.all_of.items())}
    shown |= {f"not_{name}": sorted(values) for name, values in filters.without.items()}
    for scope, without in filters.without_in.items():
        kinds = "/".join(sorted(scope.values))
        for name, values in without.items():
            shown.setdefault(f"not_{name}", []).extend(f"{kinds}: {value}" for value in sorted(values))
    prices = {"min_price": filters.min_price, "max_price": filters.max_price}
    return shown | {name: value for name, value in prices.items() if value is not None}


TOOL = Tool(
    name=NAME,
    brief="find products",
    when=(
        f"Search the catalogue; gives the {SHOWN} best products in stock with price, stock and rating. Use it "
        "whenever the customer looks for a product, asks what the shop has, what something costs or whether it is"
        " in stock, and again when they change a condition: then give all conditions that still hold. What the "
        "customer is known to like or avoid is taken into account by itself. Do not use it for orders, rules or "
        "services of the shop."
    ),
    parameters=parameters,
    function=search_products,
    kind="products",
    say=say,
    ask=ask,
    cards=cards,
    keys=Keys(
        units={"min_price": "money", "max_price": "money", "stock": "stock", "rating": "star", "reviews": "spec"},
        ignored=frozenset(("query", "question")),
        descriptive=frozenset(("facets", "reasons", "because", "anchor", "dropped")),
    ),
    sources={"min_price": Source.LEAST_PRICE, "max_price": Source.MOST_PRICE, "sort": Source.SORT},
    intent=Telling.search,
    pursues=True,
    is_learnt=True,
    as_learnt=learnt_parameters,
)
