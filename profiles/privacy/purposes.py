"""What a shop uses personal data for: one word for each purpose, everywhere.

In: an observation and its attribute. Out: the purposes that the customer must agree to before it is kept.
"""

from collections.abc import Mapping
from enum import StrEnum

from errors import DataError, choices
from profiles.attribute import Attribute
from profiles.observation import Authority, Observation


class Purpose(StrEnum):
    """`SERVICE`: to be served, with what the customer states for it. `PROFILING`: what is learnt from behaviour or
    inferred, and sensitive things. `TRAINING`: consultations as samples for the shop's model."""

    SERVICE = "service"
    PROFILING = "profiling"
    TRAINING = "training"


# Where neither the customer nor the shop has said anything: who writes to a shop wants to be served.
UNSAID: Mapping[str, bool] = {Purpose.SERVICE: True, Purpose.PROFILING: False, Purpose.TRAINING: False}


def purpose_named(text: str) -> Purpose:
    """Errors: `DataError` names the purposes that there are."""
    try:
        return Purpose(text)
    except ValueError:
        raise DataError(f"no purpose {text!r} to consent to; there are {choices(Purpose)}") from None


def needed_for(item: Observation, attribute: Attribute) -> tuple[Purpose, ...]:
    """What must be agreed to; the shop's own records, and taking something back, need nothing."""
    if item.op != "assert" or item.authority is Authority.SHOP:
        return ()
    if item.authority is not Authority.STATED:
        return (Purpose.PROFILING,)
    return (Purpose.SERVICE, Purpose.PROFILING) if attribute.sensitive else (Purpose.SERVICE,)
