"""How the gate reads the values of a result: by the key that they stand under.

In: what each tool's record says of its own keys. Out: one `Keys` for all results of a shop. `SHARED` holds the words
that mean the same in every result. Errors: `ConfigError` for two tools that give one key different units.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from errors import ConfigError


@dataclass(frozen=True, slots=True)
class Keys:
    """By key of a result: what unit its numbers have, and what its words may support.

    `units`: "money", "stock", "star", "size", "day", "hour", "percent", "spec" (a figure of a product or a count, which
    fits any unit but those of a price, stock or rating), ... `ignored` keys were written by the model and support
    nothing. `spoken` ones are words of the customer or of the conversation: they support numbers, but no claim about
    stock or orders. Numbers in `descriptive` ones are neither prices nor stock. Dates in `past` ones promise no
    delivery. `unnumbered` numbers are none that a reply may say.
    """

    units: Mapping[str, str] = field(default_factory=dict, hash=False)
    ignored: frozenset[str] = frozenset()
    spoken: frozenset[str] = frozenset()
    descriptive: frozenset[str] = frozenset()
    past: frozenset[str] = frozenset()
    unnumbered: frozenset[str] = frozenset()


SHARED = Keys(
    units={
        "price": "money", "total": "money", "amount": "money", "shipping_fee": "money", "cap": "money",
        "days": "day", "percent": "percent", "quantity": "spec", "size": "size",
    },
    ignored=frozenset(("reason", "arguments")),
    spoken=frozenset(("quote", "summary")),
    descriptive=frozenset(("title", "titles", "description", "brand", "category", "color", "address")),
    past=frozenset(("placed", "created", "expires", "at", "since", "until")),
    unnumbered=frozenset(("confidence", "score")),
)  # fmt: skip


def joined(keys: Iterable[Keys]) -> Keys:
    """All of them as one, with the shared ones."""
    every = [SHARED, *keys]
    units: dict[str, str] = {}
    for one in every:
        for key, unit in one.units.items():
            if units.setdefault(key, unit) != unit:
                raise ConfigError(f"the key {key!r} of a result has two units: {units[key]!r} and {unit!r}")
    sets = {f.name: frozenset[str]().union(*(getattr(one, f.name) for one in every)) for f in fields(Keys)[1:]}
    return Keys(units, **sets)
