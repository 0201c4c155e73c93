"""What suits who is to have it without its being said again: size and department, and no children's goods unasked.

In: the turn's context, what is known of whom it is for, the filters that were asked for. Out: narrower filters, the
narrowest first; whoever searches takes the first that leaves something. What the customer asked for is never changed.
Of somebody else the word alone may tell the department: for a husband what is only for women or children is left out,
while what is for everybody stays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from agent.context import TurnContext
from agent.personalization import Held, held
from language.people import group_of
from profiles.observation import Authority, Profile
from retrieval.facets import VARIANT_FACETS, facet_values
from retrieval.filters import Filters

_SURE = (Authority.STATED, Authority.SHOP)
_AGE = "age"  # the attribute of that name, in years


def suited(context: TurnContext, profile: Profile, filters: Filters, who: str = "") -> Iterator[Filters]:
    """The filters with all that is known of fit, then with less of it, then only without what nobody asked for.

    `who` is to have it, "" is the customer. For a child each is tried with what is made for children alone first.
    """
    if filters.only is not None:
        return
    made = _made_for(context, profile, filters, who)
    for one in [*_fitting(context, profile, filters, made)] or [filters]:
        yield from _childrens(context, one, {**made, **filters.equals})
        if one is not filters:
            yield one


def _fitting(context: TurnContext, profile: Profile, filters: Filters, made: dict[str, str]) -> Iterator[Filters]:
    """As `suited`, for those for whom the values that they are `made` for tell."""
    known = [one for one in held(context, profile.traits) if _fits(one, filters, context)]
    own = {one.facet: one.value for one in reversed(known)}
    base = _unasked(context, filters, own)
    for_them = _for_people(context, filters, own, made)
    names = sorted(own, key=lambda name: name in VARIANT_FACETS)  # a size is given up before a department
    for count in range(len(names), 0, -1):
        chosen = {name: own[name] for name in names[:count]}
        yield replace(for_them, equals={**chosen, **for_them.equals})
    if for_them != base:
        yield for_them
    if base != filters:
        yield base


def _childrens(context: TurnContext, filters: Filters, people: Mapping[str, str]) -> Iterator[Filters]:
    """The filters with what is made for children alone, and not for everybody, where it is for one of them."""
    space = context.services.retriever.facets
    apart = (space.facet(name) for name in people if name in space.names and not space.facet(name).many)
    others = {
        one.name: {*one.values} - {people[one.name]} for one in apart if people[one.name] == one.people.get("child")
    }
    if others:
        without = {name: filters.without.get(name, frozenset()) | values for name, values in others.items()}
        yield replace(filters, without={**filters.without, **without})


def _made_for(context: TurnContext, profile: Profile, filters: Filters, who: str) -> dict[str, str]:
    """By facet that tells people apart, the value for the group of `who`, where nothing else is asked for or noted."""
    space = context.services.retriever.facets
    told = _asked(filters) | {one.facet for one in held(context, profile.traits) if one.trait.about == who}
    open_to = [name for name in space.names if space.facet(name).people and name not in told] if who else []
    group = group_of(who, context.readings, _age(profile, who)) if open_to else None
    made = {name: space.facet(name).people.get(group, "") for name in open_to} if group else {}
    return {name: value for name, value in made.items() if value}


def _fits(one: Held, filters: Filters, context: TurnContext) -> bool:
    """Whether it is a fact about the person that products of this kind can have, and nothing else was asked for."""
    asked = _asked(filters)
    is_plain = one.is_own and not one.is_range and one.trait.polarity == "fact"
    facets = context.services.retriever.facets
    if not is_plain or one.trait.authority not in _SURE or one.facet in asked or one.facet not in facets.names:
        return False
    kinds = {filters.equals[name] for name in context.services.lexicon.kinds if name in filters.equals}
    if not kinds:
        return one.facet not in VARIANT_FACETS and not one.scopes
    products = (product for product in context.services.retriever.catalog.products if product.category in kinds)
    return any(one.concerns(product) and one.value in facet_values(product, None, one.facet) for product in products)


def _asked(filters: Filters) -> set[str]:
    return {*filters.equals, *filters.any_of, *filters.all_of, *filters.without}


def _age(profile: Profile, who: str) -> float | None:
    """What a shop that keeps ages has noted of theirs."""
    ages = [trait.value for trait in profile.traits if trait.about == who and trait.attribute == _AGE]
    return next((float(age) for age in ages if isinstance(age, int | float)), None)


def _for_people(context: TurnContext, filters: Filters, own: dict[str, str], made: dict[str, str]) -> Filters:
    """Without what is made for other groups of people; of several values of one product theirs must be one."""
    space = context.services.retriever.facets
    shared = {name: value for name, value in made.items() if space.facet(name).many}
    base = _unasked(context, filters, {**own, **made})
    others = {name: frozenset(space.facet(name).people.values()) - {made[name]} for name in made.keys() - shared.keys()}
    without = {name: base.without.get(name, frozenset()) | values for name, values in others.items() if values}
    return replace(base, equals={**base.equals, **shared}, without={**base.without, **without})


def _unasked(context: TurnContext, filters: Filters, own: dict[str, str]) -> Filters:
    space = context.services.retriever.facets
    hidden = {
        name: frozenset(value for value in space.facet(name).unless_asked if own.get(name) != value)
        for name in space.names
        if name not in filters.equals and name not in filters.any_of
    }
    without = {name: filters.without.get(name, frozenset()) | values for name, values in hidden.items() if values}
    return replace(filters, without={**filters.without, **without})
