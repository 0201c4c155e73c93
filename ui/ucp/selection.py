"""Which variants a choice leaves, and what could be chosen beside it.

In: a product, the options chosen so far, which of them matter most. Out: `Selection`, and each option's values with
`available` and `exists`. Pure functions. A choice that no variant has gives way from the end of the preferences; what
the preferences do not name gives way after them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from retrieval.catalog import Product, Variant
from ui.ucp.envelope import Json
from ui.ucp.products import OPTIONS, best_first, choices_of, labels_of

Chosen = Mapping[str, str]  # labels by the option's name


@dataclass(frozen=True, slots=True)
class Selection:
    """`chosen` is what the variants have, the featured one first."""

    chosen: Chosen
    variants: tuple[Variant, ...]


def select(product: Product, asked: Sequence[tuple[str, str]], preferences: Sequence[str]) -> Selection:
    """What a product's page shows for these choices; without any, the variant that stands for the product."""
    if not asked:
        featured = best_first(product.variants)[0]
        return select_variant(product, featured)
    chosen = _known(product, asked)
    for name in _giving_way(chosen, preferences):
        if _matching(product, chosen):
            break
        chosen = {other: label for other, label in chosen.items() if other != name}
    return Selection(chosen, tuple(best_first(_matching(product, chosen))))


def select_variant(product: Product, variant: Variant) -> Selection:
    """A variant determines all choices, and comes first."""
    chosen = choices_of(variant)
    others = [one for one in _matching(product, chosen) if one.sku != variant.sku]
    return Selection(chosen, (variant, *best_first(others)))


def signalled(product: Product, chosen: Chosen) -> list[Json]:
    """Each option's values: whether a variant has it beside what else is chosen, and whether it can be bought."""
    return [
        {"name": name, "values": [{"label": label} | _signals(product, chosen, name, label) for label in labels]}
        for name, labels in labels_of(product)
    ]


def _signals(product: Product, chosen: Chosen, name: str, label: str) -> Json:
    found = _matching(product, {**chosen, name: label})
    return {"available": any(variant.stock > 0 for variant in found), "exists": bool(found)}


def _matching(product: Product, chosen: Chosen) -> list[Variant]:
    return [variant for variant in product.variants if chosen.items() <= choices_of(variant).items()]


def _known(product: Product, asked: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The choices as the product spells them; what it has no option for is none."""
    names = {name.casefold(): name for name in OPTIONS.values()} | {"colour": OPTIONS["color"]}
    labels = {name: {label.casefold(): label for label in values} for name, values in labels_of(product)}
    read = ((names.get(name.strip().casefold(), ""), label.strip()) for name, label in asked)
    return {name: labels[name].get(label.casefold(), label) for name, label in read if name in labels}


def _giving_way(chosen: Chosen, preferences: Sequence[str]) -> Iterator[str]:
    """The choices in the order in which they are given up."""
    preferred = [name.strip().casefold() for name in preferences]
    listed = [name for word in preferred for name in chosen if name.casefold() == word]
    yield from reversed(listed)
    yield from reversed([name for name in chosen if name not in listed])
