"""The shop's records: one customer's line and orders in, *shop* and *stated* observations out.

Ids depend on the record alone, so that reading the same records again writes nothing twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from errors import DataError
from language.decimals import exact, plain
from profiles.attribute import Attribute, Facets
from profiles.observation import Authority, Evidence, Observation, Value
from profiles.schema import Schema

_FROM_RECORD = ("member_tier", "member_since", "city", "name", "language")
_RETURNED = frozenset({"returned", "return_requested"})
_UNPAID = frozenset({"cancelled"})


@dataclass(frozen=True, slots=True)
class OrderLine:
    """What profiles need of a line of orders.jsonl; `total` in the shop's currency."""

    customer: str
    placed: datetime
    status: str
    total: Decimal

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "OrderLine":
        """Errors: `DataError` names the order and what is wrong with it."""
        try:
            placed, total = read_time(record["placed"]), exact(float(record["total"]))
            return cls(str(record["customer"]), placed, str(record["status"]), total)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DataError(f"order {record.get('id')!r} cannot be read: {error!r}") from error


@dataclass(frozen=True, slots=True)
class OrderNumbers:
    """A customer's orders in numbers. `spent` is in the shop's currency, cancelled orders left out."""

    count: int = 0
    spent: Decimal = Decimal()
    return_rate: float = 0.0

    @classmethod
    def of(cls, orders: Sequence[OrderLine]) -> "OrderNumbers":
        kept = [order for order in orders if order.status not in _UNPAID]
        returned = sum(order.status in _RETURNED for order in kept)
        spent = sum((order.total for order in kept), Decimal())
        return cls(len(orders), spent, round(returned / len(kept), 2) if kept else 0.0)


def read_time(text: str) -> datetime:
    """ISO date or time; without a zone it is UTC."""
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def record_observations(
    record: Mapping[str, Any], numbers: OrderNumbers, schema: Schema, as_of: datetime
) -> list[Observation]:
    """Shop-authority facts of a line of customers.jsonl, as of the newest record of the shop."""
    facts: dict[str, Value] = {name: record[name] for name in _FROM_RECORD if record.get(name)}
    facts |= {
        "order_count": float(numbers.count),
        "total_spent": plain(numbers.spent),
        "return_rate": numbers.return_rate,
    }
    customer = str(record["id"])
    written = {item.name: item for item in schema.writable_by(Authority.SHOP)}
    return [
        Observation(
            f"record:{customer}:{name}:{as_of:%Y%m%dT%H%M%S}",
            customer,
            name,
            written[name].clean(value),
            "fact",
            Authority.SHOP,
            Evidence("record", customer, f"{name}: {value}"),
            as_of,
        )
        for name, value in facts.items()
        if name in written
    ]


def _held_value(attribute: Attribute, raw: Value, facets: Facets, said_on: date) -> Value:
    """What was said once stays true when the catalogue no longer has it; a value of the schema's own must fit."""
    try:
        return attribute.clean(raw, facets, said_on)
    except DataError:
        if not attribute.facet or attribute.values:
            raise
        return attribute.clean(raw, None, said_on)


def stated_observations(
    record: Mapping[str, Any], schema: Schema, facets: Facets, customer: str, zone: tzinfo = UTC
) -> Iterator[Observation]:
    """What the customer stated in past consultations; "friday" is one of the shop's calendar."""
    for number, trait in enumerate(record.get("traits") or ()):
        try:
            attribute = schema.attribute(trait["attribute"])
            at = read_time(trait["at"])
            value = _held_value(attribute, trait["value"], facets, at.astimezone(zone).date())
            polarity, quote = trait["polarity"], str(trait["quote"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DataError(f"customer {customer}: trait {number} cannot be read: {error!r}") from error
        yield Observation(
            f"stated:{customer}:{attribute.name}:{value}:{polarity}:{at:%Y%m%dT%H%M%S}",
            customer,
            attribute.name,
            value,
            polarity,
            Authority.STATED,
            Evidence("turn", f"{customer}:{at:%Y%m%dT%H%M%S}", quote),
            at,
            confidence=0.9,
        )
