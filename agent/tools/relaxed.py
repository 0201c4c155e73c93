"""What a search gives up where nothing fits all that is asked for.

In: the filters, those of the search before it, the turn's context. Out: filters with less in them, those that give up
least first, and what they have given up. What only the search before asked for goes before what the newest message
says: who wanted down and now wants something waterproof may have no down. Tastes go before fit, then whom it is made
for; never the kind of product, the price or a dislike.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from agent.context import TurnContext
from retrieval.filters import Filters

_LAST = ("brand", "material", "color", "size")  # behind all others
TASTES = _LAST[:-1]  # a size is fit
_TRIED = 3  # filters at most that are left out together, before all are


def relaxed(filters: Filters, earlier: Mapping[str, Collection[str]], context: TurnContext) -> Iterator[Filters]:
    """One filter less, then two, then more; of several features of one facet all but one go together."""
    names, older = _names(filters, context), _of_earlier(filters, earlier, context)
    given_up = [name for name in names if name in older and filters.equals[name] in older[name]]
    yield from (_without(filters, some) for some in _some(given_up))
    newest = _without(filters, given_up)
    newer = {name: _but(values, older.get(name, ())) for name, values in filters.all_of.items()}
    if newer != filters.all_of:
        yield replace(newest, all_of={name: values for name, values in newer.items() if values})
    if filters.all_of:  # of several features the first ones count most
        filters = replace(
            filters, all_of={name: (newer[name] or values)[:1] for name, values in filters.all_of.items()}
        )
        yield from ((replace(newest, all_of=filters.all_of),) if given_up else ())
        yield filters
    yield from (_without(filters, some) for some in _some(names))


def left_out(asked: Filters, found: Filters) -> list[str]:
    """What was asked for and is not among the filters that were found by: ``["color navy"]``."""
    several = (
        (name, value) for name, values in asked.all_of.items() for value in _but(values, found.all_of.get(name, ()))
    )
    single = ((name, value) for name, value in asked.equals.items() if name not in found.equals)
    return [f"{name} {value}" for name, value in (*several, *single)]


def _names(filters: Filters, context: TurnContext) -> list[str]:
    """The filters that may be left out, those that matter least first."""
    facets, kinds = context.services.retriever.facets.facets, context.services.lexicon.kinds
    of_people = [name for name in filters.equals if name in facets and facets[name].people]
    last = (*(name for name in _LAST if name in filters.equals), *of_people)
    others = [name for name in filters.equals if name not in last]
    first = sorted(others, key=lambda name: not (name in facets and facets[name].gives_way))
    return [name for name in (*first, *last) if name not in kinds]


def _of_earlier(filters: Filters, earlier: Mapping[str, Collection[str]], context: TurnContext) -> dict[str, set[str]]:
    """By facet, what the search before asked for and the newest message does not say; but for fit, and for people."""
    facets = context.services.retriever.facets.facets
    said = {(value.facet, value.value) for value in context.reading.values}
    wanted = {**{name: (value,) for name, value in filters.equals.items()}, **filters.all_of}
    found = dict[str, set[str]]()
    for name, values in wanted.items():
        had = earlier.get(name, ())
        if name != _LAST[-1] and not (name in facets and facets[name].people):
            found[name] = {value for value in values if value in had and (name, value) not in said}
    return found


def _some(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for count in range(1, min(_TRIED, len(names)) + 1):
        yield from combinations(names, count)
    if len(names) > _TRIED:
        yield tuple(names)


def _without(filters: Filters, names: Collection[str]) -> Filters:
    return replace(filters, equals={name: value for name, value in filters.equals.items() if name not in names})


def _but(values: Sequence[str], left: Collection[str]) -> tuple[str, ...]:
    return tuple(value for value in values if value not in left)
