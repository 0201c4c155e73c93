"""`python -m profiles build`: options in, a built folder or database and a report out."""

import argparse
import json
import sys
from pathlib import Path

from profiles.build.local import build_locally
from profiles.build.on_ray import build_on_ray, ray_session
from profiles.build.outcome import finished
from profiles.build.plan import make_plan

ENGINES = ("local", "ray")
WORK = Path("runs/profiles-build")


def add_build_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("events", nargs="+", type=Path, metavar="EVENTS", help="files of Segment or GA4 events, or .gz")
    parser.add_argument("--out", required=True, metavar="DIR_OR_URL", help="a folder, or the URL of a shop's database")
    parser.add_argument("--engine", choices=ENGINES, default="local", help="one process, or a Ray cluster")
    parser.add_argument("--parts", type=int, help="so many parts; a part is folded in memory (default: by size)")
    parser.add_argument("--work", type=Path, default=WORK, help=f"with a URL: where the rest goes (default: {WORK})")
    parser.add_argument("--ray-address", metavar="ADDRESS", help="of a running cluster; without it Ray runs here")
    parser.add_argument("--ray-workers", type=int, default=2, metavar="N", help="processes of a Ray that runs here")


def run_build(options: argparse.Namespace) -> None:
    """Build, or go on building; what is there already is reported again."""
    database = options.out if "://" in options.out else ""
    folder = options.work if database else Path(options.out)
    plan = make_plan(options.shop, options.events, folder, database, options.parts, options.state)
    report = finished(plan)
    if report is None and options.engine == "ray":
        with ray_session(options.ray_address, options.ray_workers):
            report = build_on_ray(plan, _progress)
    elif report is None:
        report = build_locally(plan, _progress)
    print(json.dumps(report.to_json(), indent=2) if options.json else "\n".join(report.lines()))
    print(f"built: {folder}", file=sys.stderr)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
