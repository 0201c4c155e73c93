"""Event files to lines, each with whose it is: the first step of both engines.

A customer's lines go to the part of the customer. A browser's go by the browser first (`of_browser`), together with
what says whose it is: `browsers` finds out.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from errors import DataError
from profiles.build.plan import Plan
from profiles.build.rows import aside_line, customer_line, event_line, passed_line
from profiles.customer import Customer
from profiles.events.event import Aside, Event
from profiles.events.files import lines_of
from profiles.events.shapes import EventReader
from profiles.shop.files import read_lines
from profiles.visitors import is_visitor, visitor_name


class Sorted(NamedTuple):
    """A line, and the part it belongs to."""

    part: int
    of_browser: bool
    line: str


def split_file(plan: Plan, path: Path) -> Iterator[Sorted]:
    """All of one event file. Errors: `DataError` for one that cannot be read."""
    reader, passed = EventReader(plan.products, plan.now), 0
    try:
        for raw in lines_of(path):
            reading = reader.read(raw)
            if isinstance(reading, Aside):
                yield Sorted(plan.part_of(reading.customer), False, aside_line(reading))
            elif reading is None or (reading.kind == "identified" and not _links(reading)):
                passed += 1
            elif reading.kind == "identified" or not reading.customer:
                yield Sorted(plan.part_of(visitor_name(reading.visitor)), True, event_line(reading))
            else:
                yield Sorted(plan.part_of(reading.customer), False, event_line(reading))
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: {error}") from error
    yield Sorted(0, False, passed_line(passed))


def split_customers(plan: Plan) -> Iterator[Sorted]:
    """The shop's records. Errors: `DataError`."""
    for record in read_lines(Path(plan.shop) / "customers.jsonl"):
        customer = Customer.from_record(record)
        yield Sorted(plan.part_of(customer.id), False, customer_line(customer))


def _links(reading: Event) -> bool:
    """Whether it says whose a browser is."""
    return bool(reading.customer and reading.visitor and not is_visitor(reading.customer))
