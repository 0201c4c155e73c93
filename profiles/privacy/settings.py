"""A shop's defaults for privacy: the table `[privacy]` of shop.toml in, a frozen `Privacy` out.

    [privacy]
    consents = {service = true, profiling = false, training = false}   # where a customer has said nothing
    keep = "3y"                # what is learnt about a customer; an attribute's own `keep` in profile.yaml goes first
    keep_events = "400d"       # what they did in the shop, orders left out

All may be left out: then only what a customer agreed to is allowed, and nothing is too old.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from profiles.privacy.purposes import Purpose
from profiles.privacy.spans import Span


@dataclass(frozen=True, slots=True)
class Privacy:
    """`consents`: what a customer who has said nothing agrees to. Days None: nothing is too old."""

    consents: Mapping[Purpose, bool] = field(default_factory=dict)
    keep_days: float | None = None
    keep_events_days: float | None = None


class PrivacyFile(BaseModel):
    """The table as it stands in the file."""

    model_config = ConfigDict(extra="forbid")

    consents: dict[Purpose, bool] = Field(default_factory=dict)
    keep: Span | None = None
    keep_events: Span | None = None

    def settings(self) -> Privacy:
        return Privacy(self.consents, self.keep, self.keep_events)
