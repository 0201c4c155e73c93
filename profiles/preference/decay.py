"""Counts that fade with time and cost O(1) an event.

Instead of making all old counts smaller, each new one is made larger by a growth that doubles every half-life; only
ratios and values divided by the newest growth are ever read.
"""

from math import exp2

from errors import ConfigError
from profiles.preference.history import DAY

LEAST_DAYS = 7.0  # growth is a float: 1,000 doublings are all it can hold
_MOST_DOUBLINGS = 1000.0


class Decay:
    """The growth. `half_life_days` None: nothing fades."""

    def __init__(self, half_life_days: float | None, origin: float | None = None, newest: float = 1.0) -> None:
        if half_life_days is not None and half_life_days < LEAST_DAYS:
            raise ConfigError(f"half-life of {half_life_days} days: expected at least {LEAST_DAYS:g}, or None")
        self.half_life_days, self.origin, self.newest = half_life_days, origin, newest

    def growth(self, at: float) -> float:
        """By how much an event at this time counts more than one at the first event's time."""
        if self.half_life_days is None:
            return 1.0
        if self.origin is None:
            self.origin = at
        doublings = (at - self.origin) / (self.half_life_days * DAY)
        growth = exp2(max(-_MOST_DOUBLINGS, min(_MOST_DOUBLINGS, doublings)))
        if growth > self.newest:
            self.newest = growth
        return growth

    def to_json(self) -> list[float | None]:
        return [self.half_life_days, self.origin, self.newest]
