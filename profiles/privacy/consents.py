"""Who agreed to what: a line each time somebody says so, never changed; the last one of a purpose holds.

In: a connection of `profiles.storage.database`, and names that are owners (`profiles.journal`). Out: consents by
purpose, and the lines. A purpose that nobody spoke of is absent: what holds then is the shop's default (`settings`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from profiles.journal import batched
from profiles.privacy.purposes import Purpose
from profiles.storage.tables import consents, merged, time_text
from profiles.visitors import is_visitor, visitor_name

FROM_RECORD = "record"  # the source of what the shop's own record says
_LINES = select(consents).where(consents.c.customer.in_(bindparam("names", expanding=True))).order_by(consents.c.seq)


@dataclass(frozen=True, slots=True)
class Consent:
    """One line. `source`: where it was said ("record", "account page", "consultation 17"); `by`: who wrote it down."""

    customer: str
    purpose: Purpose
    granted: bool
    at: datetime
    source: str
    by: str

    def to_json(self) -> dict[str, Any]:
        return {
            "purpose": self.purpose.value,
            "granted": self.granted,
            "at": self.at.isoformat(),
            "source": self.source,
            "by": self.by,
        }


def add_consents(connection: Connection, lines: Sequence[Consent]) -> None:
    """Append."""
    rows = [
        {
            "customer": line.customer,
            "purpose": line.purpose.value,
            "granted": line.granted,
            "at": time_text(line.at),
            "source": line.source,
            "who": line.by,
        }
        for line in lines
    ]
    if rows:
        connection.execute(consents.insert(), rows)


def consents_said(connection: Connection, names: Collection[str]) -> dict[str, dict[str, bool]]:
    """By name and purpose, what was said last."""
    found: dict[str, dict[str, bool]] = {name: {} for name in names}
    for part in batched(names):
        for row in connection.execute(_LINES, {"names": part}):
            found[row.customer][row.purpose] = row.granted
    return found


def consent_lines(connection: Connection, names: Collection[str]) -> list[Consent]:
    """All lines of these names, in the order they were written."""
    found = [row for part in batched(names) for row in connection.execute(_LINES, {"names": part})]
    return [
        Consent(row.customer, Purpose(row.purpose), row.granted, datetime.fromisoformat(row.at), row.source, row.who)
        for row in sorted(found, key=lambda row: int(row.seq))
    ]


def unwilling(connection: Connection, purpose: Purpose) -> set[str]:
    """Everybody whose last word on a purpose is no, under all names that are theirs: visitors, and browsers by them."""
    last = select(func.max(consents.c.seq)).where(consents.c.purpose == purpose.value).group_by(consents.c.customer)
    said_no = select(consents.c.customer).where(consents.c.seq.in_(last), consents.c.granted.is_(False))
    names = set(connection.execute(said_no).scalars())
    names.update(connection.execute(select(merged.c.visitor).where(merged.c.customer.in_(said_no))).scalars())
    return names | {visitor_name(name) for name in names if not is_visitor(name)}
