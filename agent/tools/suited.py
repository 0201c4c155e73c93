"""What suits the customer without their saying it again: their size and department, and no children's goods unasked.

In: the turn's context, what is known of whom it is for, the filters that were asked for. Out: narrower filters, the
narrowest first; whoever searches takes the first that leaves something. What the customer asked for is never changed.
"""

from collections.abc import Iterator
from dataclasses import replace

from agent.context import TurnContext
from agent.personalization import Held, held
from profiles.observation import Authority, Profile
from retrieval.facets import VARIANT_FACETS, facet_values
from retrieval.filters import Filters

_SURE = (Authority.STATED, Authority.SHOP)


def suited(context: TurnContext, profile: Profile, filters: Filters) -> Iterator[Filters]:
    """The filters with all that is known of fit, then with less of it, then only without what nobody asked for."""
    if filters.only is not None:
        return
    known = [one for one in held(context, profile.traits) if _fits(one, filters, context)]
    own = {one.facet: one.value for one in reversed(known)}
    base = _unasked(context, filters, own)
    names = sorted(own, key=lambda name: name in VARIANT_FACETS)  # a size is given up before a department
    for count in range(len(names), 0, -1):
        chosen = {name: own[name] for name in names[:count]}
        yield replace(base, equals={**chosen, **base.equals})
    if base != filters:
        yield base


def _fits(one: Held, filters: Filters, context: TurnContext) -> bool:
    """Whether it is a fact about the person that products of this kind can have, and nothing else was asked for."""
    asked = {*filters.equals, *filters.any_of, *filters.all_of, *filters.without}
    is_plain = one.is_own and not one.is_range and one.trait.polarity == "fact"
    facets = context.services.retriever.facets
    if not is_plain or one.trait.authority not in _SURE or one.facet in asked or one.facet not in facets.names:
        return False
    kinds = {filters.equals[name] for name in context.services.lexicon.kinds if name in filters.equals}
    if not kinds:
        return one.facet not in VARIANT_FACETS and not one.scopes
    products = (product for product in context.services.retriever.catalog.products if product.category in kinds)
    return any(one.concerns(product) and one.value in facet_values(product, None, one.facet) for product in products)


def _unasked(context: TurnContext, filters: Filters, own: dict[str, str]) -> Filters:
    space = context.services.retriever.facets
    hidden = {
        name: frozenset(value for value in space.facet(name).unless_asked if own.get(name) != value)
        for name in space.names
        if name not in filters.equals and name not in filters.any_of
    }
    without = {name: filters.without.get(name, frozenset()) | values for name, values in hidden.items() if values}
    return replace(filters, without={**filters.without, **without})
