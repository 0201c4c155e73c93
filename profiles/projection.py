"""The projection of a customer's journal as text: settled claims in, one line of JSON out, and back.

Attributes are read one by one, so that an append decodes only those that it touches.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from profiles.claims import claim_from_json, claim_to_json
from profiles.fold import Settled, Slot
from profiles.observation import Authority
from profiles.schema import Schema

FORMAT = 2  # raise it when claims, their JSON or the fold's rules change

Body = Mapping[str, Any]  # by attribute, as JSON


def fingerprint(schema: Schema) -> str:
    """Of all that a projection depends on beside the journal."""
    attributes = schema.attributes.values()
    shape = [(item.name, item.many, item.per and item.per.name, item.half_life_days) for item in attributes]
    return sha256(repr((FORMAT, shape)).encode()).hexdigest()[:16]


def body_from_text(text: str) -> Body:
    loaded: Body = json.loads(text)
    return loaded


def body_to_text(body: Body) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def settled_to_json(settled: Settled) -> dict[str, Any]:
    at, act, name = settled.last
    return {
        "slots": [
            [name, [claim_to_json(claim) for claim in slot.standing.values()], sorted(slot.blocks, key=repr)]
            for name, slot in settled.slots.items()
        ],
        "blocks": sorted(settled.blocks, key=repr),
        "past": [claim_to_json(claim) for claim in settled.past],
        "last": [at.isoformat(), act, name],
    }


def settled_from_json(attribute: str, data: Mapping[str, Any]) -> Settled:
    at, act, last = data["last"]
    slots = {}
    for name, claims, blocks in data["slots"]:
        standing = [claim_from_json(attribute, claim) for claim in claims]
        slots[name] = Slot(
            {claim.authority: claim for claim in standing},
            frozenset((Authority(authority), value) for authority, value in blocks),
        )
    return Settled(
        slots,
        frozenset((Authority(authority), value) for authority, value in data["blocks"]),
        tuple([claim_from_json(attribute, claim) for claim in data["past"]]),
        (datetime.fromisoformat(at), act, last),
    )
