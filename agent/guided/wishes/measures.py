"""Numbers of a message in the units in which the shop measures its products: litres, people, degrees.

In: quantities of a message, and units of facets. Out: numbers in these units. Pure functions.
"""

from collections.abc import Iterator, Mapping

from agent.shop import Shop
from agent.shop_reading import ShopReading
from language.quantities import Quantity

EXTENTS = ("l", "people")  # units of what customers call big or small
_TO_BASE = {"kg": ("g", 1000), "ml": ("l", 0.001), "m": ("mm", 1000), "cm": ("mm", 10)}


def units_of(shop: Shop) -> Mapping[str, str]:
    """What the numbers of a facet count, by facet."""
    return {name: str(unit) for name, settings in shop.facets.items() if (unit := settings.get("unit"))}


def measures(reading: ShopReading, units: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """The numbers of the message that a facet of the shop counts, each as this facet and in its unit."""
    for each in reading.quantities:
        for name, unit in units.items():
            if each.low is not None and each.low == each.high and (ends := in_unit(each, unit)) and ends[0] is not None:
                yield name, ends[0]


def in_unit(quantity: Quantity, unit: str) -> tuple[float | None, float | None] | None:
    """The ends of a quantity in the unit of a facet; None where it counts something else."""
    factor = _factor(quantity, unit)
    if factor is None:
        return None
    low, high = (None if end is None else round(float(end) * factor, 3) for end in (quantity.low, quantity.high))
    return low, high


def _factor(quantity: Quantity, unit: str) -> float | None:
    """What the quantity is multiplied by to be in the unit; a number below zero without a unit is a temperature."""
    is_cold = unit == "°C" and quantity.unit is None and quantity.counts is None and (quantity.low or 0) < 0
    if quantity.unit == unit or is_cold or (unit == "people" and quantity.counts == "people"):
        return 1.0
    base, factor = _TO_BASE.get(quantity.unit or "", ("", 0.0))
    return factor if base == unit else None
