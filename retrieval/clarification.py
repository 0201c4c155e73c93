"""Which question splits what was found best: weighted candidates in, the facet to ask about out. Pure functions.

Whoever wants product T names one of T's values of the facet, each as likely as the other. The gain of a question is
what its answer is expected to tell about T, in bits: the mutual information of product and answer. Products that do not
have the facet tell nothing of it. Sums are exact, so the order of the candidates never matters.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import exp, fsum, log2

from retrieval.catalog import Product
from retrieval.facets import VARIANT_FACETS, FacetSpace, facet_values
from retrieval.search import ProductHit

LEAST_BITS = 0.3  # a question that is expected to tell less costs the customer more than it helps
_NEGLIGIBLE = 1e-12  # a share of all weights that nobody can mean
SPREAD = 0.1  # a product this much less relevant than the best is wanted e times less often


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that may be the one: how likely (any scale), and its values by facet."""

    weight: float
    values: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Question:
    """A facet to ask about: what the answer is expected to tell in bits, and its values, the likeliest first."""

    facet: str
    bits: float
    values: tuple[str, ...]


def candidates(hits: Sequence[ProductHit], space: FacetSpace) -> list[Candidate]:
    """The hits with weights by their scores, and their values of all facets that hold one of several words."""
    likely = weights([hit.score for hit in hits])
    return [Candidate(weight, values_of(hit.product, space)) for weight, hit in zip(likely, hits, strict=True)]


def weights(scores: Sequence[float]) -> list[float]:
    """How likely each is the one, by the scores of all; 1.0 for the best."""
    best = max(scores, default=0.0)
    return [exp((score - best) / SPREAD) for score in scores]


def values_of(product: Product, space: FacetSpace) -> dict[str, frozenset[str]]:
    """A product's values by facet, of choices only; of colour and size those that are in stock."""
    kept = [variant for variant in product.variants if variant.stock > 0]
    found = {}
    for name, facet in space.facets.items():
        if facet.type == "choice":
            held = (
                [value for variant in kept for value in facet_values(product, variant, name)]
                if name in VARIANT_FACETS
                else facet_values(product, None, name)
            )
            found[name] = frozenset(value for value in held if value)
    return found


def gain(options: Sequence[Candidate], facet: str) -> float:
    """What an answer is expected to tell, in bits; never negative."""
    total = fsum(one.weight for one in options)
    least = max(total * _NEGLIGIBLE, 1e-300)  # below it, shares come out as nothing
    having = [one for one in options if one.values.get(facet) and one.weight > least]
    share = fsum(one.weight for one in having)
    if not having or total <= 0:
        return 0.0
    answers = _answers(having, facet)
    told = fsum(
        one.weight / share * -log2(answers[value] * len(one.values[facet])) / len(one.values[facet])
        for one in having
        for value in one.values[facet]
    )
    return max(0.0, share / total * told)


def best_question(
    options: Sequence[Candidate], chances: Mapping[str, float], never: Collection[str] = ()
) -> Question | None:
    """The facet with the most to tell, weighed by how likely it is that the customer knows and minds (`chances`).

    `never` are facets that must not be asked about. None: no question is worth it.
    """
    expected = {name: chance * gain(options, name) for name, chance in chances.items() if name not in never}
    best = max(sorted(expected), key=lambda name: expected[name], default=None)
    if best is None or expected[best] < LEAST_BITS:
        return None
    answers = _answers([one for one in options if one.values.get(best) and one.weight > 0], best)
    ordered = sorted(answers, key=lambda value: (-answers[value], value))
    return Question(best, expected[best], tuple(ordered))


def _answers(having: Sequence[Candidate], facet: str) -> dict[str, float]:
    """How likely each answer is, among those who have one."""
    parts: dict[str, list[float]] = {}
    for one in having:
        for value in one.values[facet]:
            parts.setdefault(value, []).append(one.weight / len(one.values[facet]))
    share = fsum(one.weight for one in having)
    return {value: fsum(some) / share for value, some in parts.items()}
