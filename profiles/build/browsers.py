"""Whose a browser's acts are: the lines of some browsers in, the same by customer out.

The earliest login says it, as when events come in live and in order; a browser of which nobody has heard keeps its acts
under its own name, where they wait.
"""

from collections.abc import Iterable, Iterator

from profiles.build.plan import Plan
from profiles.build.rows import event_line, passed_line, read_lines
from profiles.build.split import Sorted
from profiles.visitors import visitor_name


def settle_browsers(plan: Plan, lines: Iterable[str | bytes]) -> Iterator[Sorted]:
    """All lines of these browsers; logins after the first say nothing more."""
    events, owners, passed = read_lines(lines).events, dict[str, str](), 0
    for event in events:
        if event.kind == "identified":
            owners.setdefault(event.visitor, event.customer)
    told: set[str] = set()
    for event in events:
        if event.kind == "identified" and event.visitor in told:
            passed += 1
            continue
        if event.kind == "identified":
            told.add(event.visitor)
        yield Sorted(plan.part_of(owners.get(event.visitor, visitor_name(event.visitor))), False, event_line(event))
    yield Sorted(0, False, passed_line(passed))
