"""What takes an observation back: it and its journal in; an undo to append, if there is something to undo, out.

An undo can be undone too: it is the newest one that holds. Pure functions.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from profiles.fold import order_of, undone_ids
from profiles.observation import Authority, Evidence, Observation


def undo_of(target: Observation, journal: Iterable[Observation], reason: str, at: datetime) -> Observation | None:
    """`journal`: the customer's, of the target's attribute. None if the target counts as never made already."""
    items = sorted(journal, key=order_of)
    if target.id in undone_ids(items):
        return None
    number = sum(item.op == "undo" and item.value == target.id for item in items)
    name = f"undo:{sha256(target.id.encode()).hexdigest()[:16]}:{number}"  # the same of two who undo it at once
    return replace(
        target,
        id=name,
        value=target.id,
        authority=Authority.SHOP,
        evidence=Evidence("record", name, reason),
        at=max(at, target.at + timedelta(microseconds=1)),
        op="undo",
        confidence=1.0,
    )
