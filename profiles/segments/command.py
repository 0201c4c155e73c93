"""`python -m profiles segments`: sizes and overlaps, members with the reasons for each, lists to take away."""

import argparse
import sys
from collections.abc import Mapping

from errors import ConfigError
from profiles.commands.words import print_json
from profiles.privacy.audit import Act
from profiles.privacy.commands import noted, noted_all
from profiles.segments.audience import csv_lines, hashed_lines
from profiles.segments.condition import Verdict
from profiles.segments.members import PURPOSE, Members, Segments
from profiles.store import ProfileStore


def add_segments_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="show the members of this segment, and why each is one")
    parser.add_argument("--of", metavar="ID", help="show in which segments a customer is, and why or why not")
    parser.add_argument(
        "--export",
        choices=("csv", "hashed"),
        help="print a list of the segment's members: for the shop itself, or hashed as ad platforms take it",
    )


def run_segments(options: argparse.Namespace, store: ProfileStore) -> None:
    segments = Segments.open(options.shop, store)
    if options.export and not options.name:
        raise ConfigError("--export needs the NAME of a segment")
    names = [segments.named(options.name).name] if options.name else ()
    if options.of:
        customer = store.customer(options.of).id
        noted(options, store, customer)
        _show_customer(options, segments.of(customer, names))
        return
    members = segments.members(names)
    if options.name or options.json:  # sizes alone tell nothing of anybody
        shown = {customer for held in members.reasons.values() for customer in held}
        noted_all(options, store, sorted(shown), Act.EXPORTED if options.export else Act.READ)
    if options.export:
        _export(options, segments, members)
    elif options.json:
        print_json(_json(segments, members))
    elif options.name:
        print(f"{options.name}: {segments.named(options.name).description}")
        print(f"{members.sizes[options.name]} members, of those who consent to {PURPOSE}")
        for customer, reasons in members.reasons[options.name].items():
            print(f"{customer:<12} {'; '.join(reasons)}")
    else:
        _table(segments, members)


def _show_customer(options: argparse.Namespace, verdicts: Mapping[str, Verdict]) -> None:
    if options.json:
        print_json({name: {"member": item.holds, "reasons": item.reasons} for name, item in verdicts.items()})
        return
    for name, item in verdicts.items():
        print(f"{'in ' if item.holds else 'not'} {name}: {'; '.join(item.reasons)}")


def _export(options: argparse.Namespace, segments: Segments, members: Members) -> None:
    reasons = members.reasons[options.name]
    customers = [segments.store.customer(name) for name in reasons]
    lines = list(csv_lines(customers, reasons) if options.export == "csv" else hashed_lines(customers))
    print("\n".join(lines))
    print(f"{len(lines) - 1} of {len(customers)} members of {options.name}", file=sys.stderr)


def _json(segments: Segments, members: Members) -> dict[str, object]:
    return {
        "segments": [
            {
                "name": segment.name,
                "description": segment.description,
                "size": members.sizes[segment.name],
                "members": members.reasons[segment.name],
            }
            for segment in segments.segments
            if segment.name in members.reasons
        ],
        "overlap": members.overlap,
    }


def _table(segments: Segments, members: Members) -> None:
    if not segments.segments:
        print("this shop declares no segments; profiles/segments/declarations.py shows how")
        return
    width = max(map(len, members.sizes))
    print(f"{'':<{width}}  {'size':>6}  description")
    for segment in segments.segments:
        print(f"{segment.name:<{width}}  {members.sizes[segment.name]:>6}  {segment.description}")
    print(f"\nin both:\n{'':<{width}}  {'  '.join(members.sizes)}")
    for name, row in members.overlap.items():
        print(f"{name:<{width}}  {'  '.join(f'{count:>{len(other)}}' for other, count in row.items())}")
