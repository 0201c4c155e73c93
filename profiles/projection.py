"""The projection: a customer's settled claims as rows in the database, one for each attribute, and back.

An append reads and writes only the attributes that it touches. A row of its own says by which rules the
others were folded, and up to which moment; of other rules they count as not there.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from pydantic_core import from_json, to_json  # a few times as fast as the json module
from sqlalchemy import Connection, bindparam, select

from profiles.candidates import claim_from_json, claim_to_json, ended_from_json, ended_to_json
from profiles.fold import Block, FoldedState, Slot, SlotName
from profiles.journal import batched
from profiles.observation import Authority
from profiles.schema import Schema
from profiles.storage.tables import insert_or_replace, projections, time_text

FORMAT = 4  # raise it when claims, their JSON or the fold's rules change
FEW = 4  # attributes: to name more of them to the database takes longer than to read them all
_HEAD = ""  # the attribute of the row that tells of the others
_ALL = select(projections.c.customer, projections.c.attribute, projections.c.body).where(
    projections.c.customer.in_(bindparam("customers", expanding=True))
)
_SOME = _ALL.where(projections.c.attribute.in_(bindparam("attributes", expanding=True)))
_REMOVED = projections.delete().where(projections.c.customer.in_(bindparam("customers", expanding=True)))


@dataclass(frozen=True, slots=True)
class Projection:
    """What is settled of a customer (of the attributes that were asked for), and the newest observation's time."""

    settled: Mapping[str, FoldedState]
    newest: datetime


def fingerprint(schema: Schema) -> str:
    """Of all that a projection depends on beside the journal."""
    attributes = schema.attributes.values()
    shape = [(item.name, item.many, item.per and item.per.name, item.half_life_days) for item in attributes]
    return sha256(repr((FORMAT, shape)).encode()).hexdigest()[:16]


def load(
    connection: Connection, customers: Collection[str], rules: str, attributes: Collection[str] | None = None
) -> dict[str, Projection]:
    """By customer; those are left out who have none by these rules."""
    found: dict[str, dict[str, str]] = {}
    for part in batched(customers):
        if attributes is None or len(attributes) > FEW:
            rows = connection.execute(_ALL, {"customers": part})
        else:
            rows = connection.execute(_SOME, {"customers": part, "attributes": [_HEAD, *sorted(attributes)]})
        for customer, attribute, body in rows:
            if attributes is None or attribute in attributes or attribute == _HEAD:
                found.setdefault(customer, {})[attribute] = body
    heads = {customer: from_json(bodies.pop(_HEAD, "[null, null]")) for customer, bodies in found.items()}
    return {
        customer: Projection(
            {name: _read(name, body) for name, body in found[customer].items()},
            datetime.fromisoformat(newest),
        )
        for customer, (folded_by, newest) in heads.items()
        if folded_by == rules
    }


@lru_cache(maxsize=4096)
def _read(attribute: str, body: str) -> FoldedState:
    """A turn reads its customer several times; what is settled is never changed in place."""
    return settled_from_json(attribute, from_json(body))


def save(connection: Connection, rules: str, held: Mapping[str, Projection]) -> None:
    """By customer, in place of the rows of the same attributes."""
    rows = []
    for customer, projection in held.items():
        bodies: dict[str, Any] = {name: settled_to_json(item) for name, item in projection.settled.items()}
        bodies[_HEAD] = [rules, time_text(projection.newest)]
        texts = {name: to_json(body).decode() for name, body in bodies.items()}
        rows += [{"customer": customer, "attribute": name, "body": text} for name, text in texts.items()]
    insert_or_replace(connection, projections, rows)


def remove(connection: Connection, customers: Collection[str]) -> None:
    for part in batched(customers):
        connection.execute(_REMOVED, {"customers": part})


def settled_to_json(settled: FoldedState) -> dict[str, Any]:
    at, act, name = settled.last
    return {
        "slots": [
            [*name, [claim_to_json(claim) for claim in slot.standing.values()], sorted(slot.blocks, key=repr)]
            for name, slot in settled.slots.items()
        ],
        "blocks": sorted(settled.blocks, key=repr),
        "past": [ended_to_json(trait) for trait in settled.past],
        "last": [at.isoformat(), act, name],
    }


def settled_from_json(attribute: str, data: Mapping[str, Any]) -> FoldedState:
    at, act, last = data["last"]
    slots: dict[SlotName, Slot] = {}
    for about, name, claims, blocks in data["slots"]:
        standing = [claim_from_json(attribute, claim, about) for claim in claims]
        slots[about, name] = Slot({claim.authority: claim for claim in standing}, _blocks_from_json(blocks))
    return FoldedState(
        slots,
        _blocks_from_json(data["blocks"]),
        tuple([ended_from_json(attribute, trait) for trait in data["past"]]),
        (datetime.fromisoformat(at), act, last),
    )


def _blocks_from_json(data: list[Any]) -> frozenset[Block]:
    return frozenset((about, Authority(authority), value) for about, authority, value in data)
