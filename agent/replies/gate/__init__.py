"""The gate: a reply may claim only what this turn's results, or the customer's own words, hold.

In: the reply, and `Evidence`. Out: `GateReport`. Prices, counts, dates, ids, links and percentages may come from
a result or from the customer; availability, discounts, what became of an order, and weekdays only from a result.
Markup of calls and results is never said.
Whether a claim is about the right product is not checked, only that its value is there. Pure functions.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from agent.replies.gate.claims import Claim, Day, Value, find_claims, id_key, normalized
from agent.replies.gate.keys import Keys
from agent.replies.gate.words import claimed_topics, source_topics, value_topics


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a reply may rest on: `results` are JSON texts, read by `keys`; `said` the customer's messages."""

    results: tuple[str, ...]
    said: tuple[str, ...]
    keys: Keys


@dataclass(frozen=True, slots=True)
class GateReport:
    """How many claims there were, how many have no evidence, and the words of those."""

    checked: int
    blocked: int
    unsupported: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the evidence holds. A number is held with its units; None is a number without one."""

    numbers: dict[Decimal, set[str | None]]
    days: frozenset[Day]
    weekdays: frozenset[int]
    names: frozenset[tuple[str, Value]]
    topics: frozenset[str]


# Words are for people: what looks like a call or a result was written to look like one.
_MARKUP = re.compile(r"</?tool_\w+>|<\|\w+\|>|\"(?:name|arguments|tool_calls)\"\s*:", re.IGNORECASE)
_NEVER_SPEC = frozenset(("money", "stock", "star", "percent", "zhe"))
_NEED_OWN_UNIT = frozenset(("percent", "zhe"))


def check(reply: str, evidence: Evidence) -> GateReport:
    """Compare every claim of the reply with the evidence."""
    facts = _facts(evidence)
    text = normalized(reply)
    claims = find_claims(text)
    topics = list(claimed_topics(text))
    unsupported = [claim.text for claim in claims if not _holds(facts, claim)]
    unsupported += [words for topic, words in topics if topic not in facts.topics]
    markup = _MARKUP.findall(reply)
    return GateReport(len(claims) + len(topics) + len(markup), len(unsupported) + len(markup), (*unsupported, *markup))


def _holds(facts: _Facts, claim: Claim) -> bool:
    match claim.value:
        case Decimal() as number:
            held = (unit for value in (number, *claim.others) for unit in facts.numbers.get(value, ()))
            return any(_fits(claim.unit, unit) for unit in held) or _is_year(facts, claim)
        case Day() as day:
            return any(day.agrees(other) for other in facts.days)
        case int() as weekday if claim.kind == "weekday":
            return weekday in facts.weekdays
        case str() as digits if claim.kind == "ref":
            known = {number for number in facts.numbers if facts.numbers[number] & {None, "spec"}}
            return ("ref", digits) in facts.names or Decimal(digits) in known
    return (claim.kind, claim.value) in facts.names


def _fits(claimed: str | None, held: str | None) -> bool:
    """Whether a number with the unit `held` supports the same number claimed with the unit `claimed`."""
    if claimed == held or claimed is None:
        return True
    if held is None:
        return claimed not in _NEED_OWN_UNIT
    return held == "spec" and claimed not in _NEVER_SPEC


def _is_year(facts: _Facts, claim: Claim) -> bool:
    """ "In 2026" needs a date of that year."""
    return claim.unit in (None, "year") and claim.value in {day.year for day in facts.days}


@lru_cache(maxsize=32)
def _facts(evidence: Evidence) -> _Facts:
    """A streamed reply is checked sentence by sentence against the same evidence."""
    claims, topics, weekdays = list[Claim](), set[str](), set[int]()
    keys = evidence.keys
    for result in evidence.results:
        for key, value, is_descriptive in _leaves(_parsed(result), keys):
            held = list(_held(key, value, is_descriptive, keys))
            claims += held
            topics |= value_topics(key, value)
            if isinstance(value, str) and key not in keys.spoken:
                topics |= source_topics(normalized(value))
                weekdays.update(_weekdays(key in keys.past, held))
    for message in evidence.said:
        claims += find_claims(normalized(message))
    return _gathered(claims, frozenset(weekdays), frozenset(topics))


def _weekdays(is_past: bool, held: Iterable[Claim]) -> Iterator[int]:
    """Weekdays that a text names or its dates fall on; when something was ordered promises no delivery."""
    for claim in held:
        if claim.kind == "weekday" and isinstance(claim.value, int):
            yield claim.value
        elif isinstance(claim.value, Day) and not is_past and claim.value.weekday is not None:
            yield claim.value.weekday


def _gathered(claims: Iterable[Claim], weekdays: frozenset[int], topics: frozenset[str]) -> _Facts:
    numbers: dict[Decimal, set[str | None]] = {}
    days, names = set[Day](), set[tuple[str, Value]]()
    for claim in claims:
        if isinstance(claim.value, Decimal):
            for value in (claim.value, *claim.others):
                numbers.setdefault(value, set()).add(claim.unit)
        elif isinstance(claim.value, Day):
            days.add(claim.value)
        else:
            names.add((claim.kind, claim.value))
        if claim.kind == "id":
            names.add(("ref", "".join(char for char in str(claim.value) if char.isdigit())))
    return _Facts(numbers, frozenset(days), weekdays, frozenset(names), topics)


def _parsed(result: str) -> Any:
    try:
        return json.loads(result)
    except ValueError:
        return result


def _leaves(value: Any, keys: Keys, key: str = "", is_descriptive: bool = False) -> Iterator[tuple[str, Any, bool]]:
    """Every value of a result with its key, lists too; what the model wrote is left out."""
    if key in keys.ignored:
        return
    is_descriptive = is_descriptive or key in keys.descriptive
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, keys, str(name), is_descriptive)
    elif isinstance(value, list):
        yield key, value, is_descriptive
        for inner in value:
            yield from _leaves(inner, keys, key, is_descriptive)
    else:
        yield key, value, is_descriptive


def _held(key: str, value: Any, is_descriptive: bool, keys: Keys) -> Iterator[Claim]:
    """The claims that one value supports: a list supports its length, a text whatever it says."""
    unit = keys.units.get(key, "spec" if is_descriptive else None)
    match value:
        case bool() | None:
            return
        case list():
            pieces = [item.get("quantity", 1) for item in value if isinstance(item, dict)]
            counts = {len(value), sum(piece for piece in pieces if isinstance(piece, int))}
            yield from (Claim("number", str(count), Decimal(count), "count") for count in counts)
        case int() | float() if key not in keys.unnumbered:
            yield from (Claim("number", str(number), number, unit) for number in _roundings(value, unit))
        case str():
            for claim in find_claims(normalized(value)):
                plain = claim.kind == "number" and claim.unit is None
                yield replace(claim, unit=unit if plain else claim.unit)
            yield Claim("id", value, id_key(value))


def _roundings(value: float, unit: str | None) -> set[Decimal]:
    """A number as it is, and as replies show it: money to cents, a rating to tenths."""
    try:
        exact = Decimal(str(value))
        steps = (Decimal("0.01"), Decimal("0.1")) if unit == "star" else (Decimal("0.01"),)
        ways = (ROUND_HALF_UP, ROUND_HALF_EVEN)
        return {exact} | {exact.quantize(step, rounding=way) for step in steps for way in ways}
    except ArithmeticError:  # NaN, or too large for cents
        return set()
