"""`python -m profiles events`: files and streams of events in, and what they have added up to."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import clock
from errors import ConfigError
from language.decimals import plain
from profiles.events.affinity import half_life, score_at
from profiles.events.files import take_file, take_stream
from profiles.events.intake import EventIntake
from profiles.events.report import Report
from profiles.privacy.commands import noted
from profiles.shop.files import load_products
from profiles.shop.imports import open_intake
from profiles.store import ProfileStore


def add_events_options(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "source",
        nargs="?",
        default=argparse.SUPPRESS,
        metavar="FILE",
        help="take events in from a file, or - for stdin",
    )
    what.add_argument("--in", dest="source", metavar="FILE", help="the same")
    what.add_argument("--of", metavar="ID", help="show a customer's activity and affinities")
    what.add_argument("--asides", action="store_true", help="show examples of events that could not count, and why")
    what.add_argument(
        "--bench", type=_positive, metavar="N", help="measure: make N events, take them in beside the shop's own"
    )


def run_events(options: argparse.Namespace, store: ProfileStore) -> None:
    intake = open_intake(options.shop, store)
    if options.bench:
        from profiles.events.bench import measure

        _print(options, *_figures(measure(store.schema, load_products(options.shop, store.schema), options.bench)))
    elif options.of:
        customer = store.customer(options.of).id
        noted(options, store, customer)
        _print(options, *_customer(intake, customer))
    elif options.asides:
        _print(options, *_asides(intake))
    else:
        report = _take(intake, options.source)
        _print(options, report.to_json(), report.lines())
        if report.aside:
            print("why, with examples: python -m profiles events --asides", file=sys.stderr)


def _take(intake: EventIntake, source: str) -> Report:
    if source != "-":
        return take_file(intake, Path(source), _progress)
    if sys.stdin is None:
        raise ConfigError("standard input is closed: nothing can come through it; name a file")
    return take_stream(intake, sys.stdin.fileno(), _progress)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, not {text!r}")
    return int(text)


def _print(options: argparse.Namespace, data: object, lines: list[str]) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2) if options.json else "\n".join(lines))


def _progress(report: Report) -> None:
    print(f"read {report.read} events", file=sys.stderr)


def _customer(intake: EventIntake, customer: str) -> tuple[Any, list[str]]:
    activity, now = intake.activity(customer), clock.now()
    bought = activity.purchases
    attributes = intake.store.schema.attributes
    rows: list[dict[str, Any]] = [
        {
            "attribute": name,
            "value": value,
            "affinity": round(score_at(item, now, half_life(attributes[name])), 4),
            "evidence": item.quote(),
            "stands_out": item.confidence is not None,
        }
        for name, held in sorted(intake.affinities(customer).items())
        if name in attributes
        for value, item in held.items()
        if item.counts
    ]
    rows.sort(key=lambda row: (row["attribute"], -row["affinity"], row["value"]))
    data = {
        "customer": customer,
        "acts": activity.acts,
        "last_act": activity.last_at.isoformat() if activity.last_at else None,
        "orders": bought.orders,
        "spent": plain(bought.spent),
        "last_order": bought.last.isoformat() if bought.last else None,
        "affinities": rows,
    }
    lines = [
        f"{customer}  {activity.acts} acts, last {_day(activity.last_at)}; "
        f"{bought.orders} orders, {bought.spent:.2f} in all, last {_day(bought.last)}"
    ]
    for row in rows:
        mark = "*" if row["stands_out"] else " "
        lines.append(f"{mark} {row['affinity']:8.2f}  {row['attribute']}: {row['value']}  ({row['evidence']})")
    return data, lines


def _day(at: Any) -> str:
    return f"{at:%Y-%m-%d}" if at else "never"


def _asides(intake: EventIntake) -> tuple[Any, list[str]]:
    items = intake.asides()
    data = [
        {"reason": item.reason.value, "detail": item.detail, "customer": item.customer, "body": item.body}
        for item in items
    ]
    return data, [f"{item.reason}: {item.detail}  {item.body[:200]}" for item in items]


def _figures(data: dict[str, Any]) -> tuple[Any, list[str]]:
    return data, [f"{name.replace('_', ' '):<28} {value:>12}" for name, value in data.items()]
