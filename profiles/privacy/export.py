"""Everything that the profile store holds about a customer: their id in; plain data, and text for a person, out.

What is too old to be shown is left out, as everywhere (`retention`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, select

from profiles.commands.words import of
from profiles.customer import Customer
from profiles.intents.reads import read_intents
from profiles.privacy.audit import Audit
from profiles.privacy.profile_target import names_of
from profiles.storage.database import reading
from profiles.storage.tables import activities, affinities, asides, events, left_out_orders, merged, waiting_events
from profiles.store import ProfileStore

Json = dict[str, Any]


_SECTIONS = ("events", "waiting_events", "events_kept_aside", "affinities", "activity", "left_out_orders")


def export(store: ProfileStore, customer: str, now: datetime | None = None) -> Json:
    """All of it as JSON. Errors: `NotFound`."""
    record = store.customer(customer)
    profile, intents = store.read(record.id), read_intents(store, record.id)
    with reading(store.engine) as connection:
        owner, names = names_of(connection, record.id)
        tables: Mapping[str, Table] = {
            "events": events, "waiting_events": waiting_events, "events_kept_aside": asides,
            "affinities": affinities, "activity": activities, "left_out_orders": left_out_orders,
        }  # fmt: skip
        rows = {
            name: [_plain(row._mapping) for row in connection.execute(select(table).where(table.c.customer.in_(names)))]
            for name, table in tables.items()
        }
        visitors = [
            _plain(row._mapping) for row in connection.execute(select(merged).where(merged.c.customer == owner))
        ]
    for name in ("events", "waiting_events"):
        rows[name].sort(key=lambda row: (row["at"], row["id"]))
    return {
        "customer": owner,
        "exported": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "record": _record(record),
        "consents": [line.to_json() for line in store.consent_history(owner)],
        "consents_now": dict(store.consents(owner)),
        "profile": {
            "traits": [trait.to_full_json() for trait in profile.everyone],
            "past": [trait.to_full_json() for trait in profile.past],
        },
        "intents": [intent.to_json() for intent in intents],
        "journal": [item.to_json() for item in store.history(owner)],
        **rows,
        "visitors": visitors,
        "accesses": [line.to_json() for line in Audit(store.engine).of(names)],
    }


def as_text(data: Json) -> str:
    """The same for a person to read."""
    return "\n".join(_lines(data))


def _lines(data: Json) -> Iterator[str]:
    yield f"What is held about customer {data['customer']}, {data['exported'][:10]}"
    yield from _section("Record", [f"{name}: {value}" for name, value in data["record"].items()])
    yield from _section("Consents, the last of a purpose holds", [_consent(line) for line in data["consents"]])
    yield from _section("Profile now", list(_traits(data["profile"]["traits"])))
    yield from _section("No longer", list(_traits(data["profile"]["past"])))
    yield from _section("What they were trying to get done", list(map(_intent, data["intents"])))
    yield from _section("Every observation, oldest first", [_observation(item) for item in data["journal"]])
    for name in (*_SECTIONS, "visitors", "accesses"):
        yield from _section(name.replace("_", " ").capitalize(), [_row(row) for row in data[name]])


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"\n{title}"
    yield from (f"  {line}" for line in lines or ["nothing"])


def _traits(traits: Sequence[Json]) -> Iterator[str]:
    for trait in traits:
        until = f" until {trait['until'][:10]}" if trait["until"] else ""
        what = f"{of(trait['about'])}{trait['attribute']}: {trait['value']}"
        yield f"{what} ({trait['polarity']}, {trait['authority']}), since {trait['since'][:10]}{until}"
        yield from (f"    {item['kind']} {item['id']}: {item['quote']!r}" for item in trait["evidence"])
        yield from (f"    but {line}" for line in _traits(trait["challenges"]))


def _intent(intent: Json) -> str:
    slots = ", ".join(f"{slot['slot']} {slot['value']}" for slot in intent["slots"])
    return f"{intent['kind']}, {intent['state']}, since {intent['opened'][:10]}: {slots or 'nothing more is known'}"


def _observation(item: Json) -> str:
    evidence = item["evidence"]
    what = f"{of(item['about'])}{item['attribute']}: {item['value']}"
    said = f"{item['at'][:16]} {item['authority']} {item['op']} {item['polarity']} {what}"
    return f"{said}  ({evidence['kind']} {evidence['id']}: {evidence['quote']!r})"


def _consent(line: Json) -> str:
    granted = "yes" if line["granted"] else "no"
    return f"{line['at'][:16]} {line['purpose']}: {granted} ({line['source']}, written down by {line['by']})"


def _row(row: Json) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if value not in (None, "", "{}"))


def _record(record: Customer) -> Json:
    return {name: value for name, value in asdict(record).items() if value and name != "consent"}


def _plain(row: Mapping[Any, Any]) -> Json:
    return {str(name): value for name, value in row.items() if name != "seq"}
