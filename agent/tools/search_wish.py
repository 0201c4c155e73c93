"""What a call of `search_products` asks for: its words and filters, with what the consultation and the profile add.

In: the call's arguments, the profile of whom it is for, the turn's context. Out: a `Wish`. What was answered to a
question counts, a search that was left off is taken up again, and a price limit holds for its kind of product.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage

from agent.clarification import answered
from agent.context import TurnContext
from agent.intents import PRICES, QUERY, inherited, resumed
from agent.personalization import avoided
from agent.shown import shown_in
from agent.tools.outcome import Runtime
from profiles.intents.intent import Intent
from profiles.observation import Profile
from retrieval.filters import Filters

NOT, AMONG_SHOWN = "not", "shown"
Prices = tuple[float | None, float | None]  # the least and the most


@dataclass(frozen=True, slots=True)
class SearchCall:
    """The arguments of one call. `asked`: by facet; `who`: for whom, "" for the customer."""

    query: str
    asked: Mapping[str, Any]
    min_price: float | None
    max_price: float | None
    ruled_out: Mapping[str, Any]
    among: str | None
    who: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What to search for: the words, the filters, and filters that no catalogue value fits.

    `words` are the call's, with those of the intent that was `resumed`; `query` is never empty.
    """

    words: str
    query: str
    filters: Filters
    unknown: tuple[str, ...]
    resumed: Intent | None


def wish_of(call: SearchCall, profile: Profile, runtime: Runtime) -> Wish:
    """The call with what holds beside it."""
    context, messages = runtime.context, runtime.state["messages"]
    named = answered(context, messages) | {name: value for name, value in call.asked.items() if value}
    prices, words = _prices(call.min_price, call.max_price), call.query
    back = resumed(context, messages, named)
    if back is not None:
        held = inherited(context, back)
        named = {name: value for name, value in held.items() if name not in PRICES} | named
        prices = _inherited_prices(held, prices)
        words = " ".join(dict.fromkeys([*words.split(), *back.values.get(QUERY, "").split()]))
    wish = _wish(context, profile, words, named, prices, call.who, messages)
    narrowed = _narrowed(wish.filters, call.ruled_out, call.among, runtime)
    return replace(wish, filters=narrowed, resumed=back)


def as_value(wanted: Any) -> Any:
    """A range as text ("5..8"), a list as it is, a truth in small letters."""
    if isinstance(wanted, Mapping):
        low, high = (wanted.get(end) for end in ("min", "max"))
        return f"{'' if low is None else low}..{'' if high is None else high}"
    if isinstance(wanted, list | tuple):
        return [str(one) for one in wanted]
    return str(wanted).lower() if isinstance(wanted, bool) else str(wanted)


def _narrowed(filters: Filters, ruled_out: Mapping[str, Any], among: str | None, runtime: Runtime) -> Filters:
    """The filters without what this call rules out, and among what was shown, if it says so."""
    names = runtime.context.services.retriever.facets.names
    without = {name: frozenset(map(str, _listed(values))) for name, values in ruled_out.items() if name in names}
    joined = {name: filters.without.get(name, frozenset()) | values for name, values in without.items()}
    only = frozenset(shown_in(runtime.state["messages"]).listed) if among == AMONG_SHOWN else None
    return replace(filters, without={**filters.without, **joined}, only=only or None)


def _listed(values: Any) -> Sequence[Any]:
    return values if isinstance(values, list | tuple) else [values]


def _prices(low: float | None, high: float | None) -> Prices:
    """A range the wrong way round is a slip of the tongue; a ceiling of nothing is none."""
    low = low if low is not None and low > 0 else None
    high = high if high is not None and high > 0 else None
    return (high, low) if low is not None and high is not None and low > high else (low, high)


def _inherited_prices(held: Mapping[str, str], prices: Prices) -> Prices:
    """What is said now counts before what was said then."""
    low, high = (
        said if said is not None else float(held[name]) if name in held else None
        for name, said in zip(PRICES, prices, strict=True)
    )
    return _prices(low, high)


def _wish(
    context: TurnContext,
    profile: Profile,
    query: str,
    asked: Mapping[str, Any],
    prices: Prices,
    who: str,
    messages: Sequence[AnyMessage],
) -> Wish:
    facets = context.services.retriever.facets
    several = {name: raws for name, raws in asked.items() if isinstance(raws, list) and name in facets.names}
    any_of = {name: tuple(filter(None, (facets.match(name, raw) for raw in raws))) for name, raws in several.items()}
    matched = {
        name: facets.match(name, raw) for name, raw in asked.items() if name in facets.names and name not in several
    }
    unknown = tuple(f"{name} {asked[name]}" for name, value in matched.items() if value is None)
    equals = {name: value for name, value in matched.items() if value is not None}
    low, high = prices
    bounds = _bounds(context, profile, equals, messages)
    without, without_in = avoided(context, profile, equals, who)
    filters = Filters(
        equals=equals,
        without=without,
        without_in=without_in,
        min_price=low if low is not None else bounds.get("min_price"),
        max_price=high if high is not None else bounds.get("max_price"),
        any_of={name: values for name, values in any_of.items() if values and not facets.facet(name).many},
        all_of={name: values for name, values in any_of.items() if values and facets.facet(name).many},
    )
    words = " ".join([query, *(asked[name] for name, value in matched.items() if value is None)])
    return Wish(query, words.strip() or equals.get("category", "") or "anything", filters, unknown, None)


def _bounds(
    context: TurnContext, profile: Profile, equals: Mapping[str, str], messages: Sequence[AnyMessage]
) -> dict[str, float]:
    """The prices that hold, by filter: what was said since the last search, or held for the same kind of product.

    "40 for the headlamp" is no limit for boots.
    """
    kind = {name: value for name, value in equals.items() if name in context.services.lexicon.kinds}
    artifacts = ((at, (m.artifact or {})) for at, m in enumerate(messages) if isinstance(m, ToolMessage))
    searches = {at: artifact["filters"] for at, artifact in artifacts if artifact.get("kind") == "products"}
    same = [filters for filters in searches.values() if kind.items() <= filters.items()]
    said = {str(message.id): at for at, message in enumerate(messages) if isinstance(message, HumanMessage)}
    newest = max(searches, default=-1)
    found: dict[str, float] = {}
    for trait in profile.traits:
        bound = context.services.schema.attributes[trait.attribute].bound
        if bound and isinstance(trait.value, float) and context.said_here(trait):
            is_since = any(said.get(one.id, -1) > newest for one in trait.evidence)
            held = trait.value if is_since else same[-1].get(bound) if same else None
            found |= {bound: held} if held is not None else {}
    return found
