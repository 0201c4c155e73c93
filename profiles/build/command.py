"""`python -m profiles build`: options in, a built folder or database and a report out.

What builds is imported when it is asked to: every command of `python -m profiles` reads these options.
"""

import argparse
import json
import sys
from pathlib import Path

from errors import StorageError
from profiles.events.report import Report

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
    try:
        report = _build(options, folder, database)
    except OSError as error:
        raise StorageError(f"cannot build in {folder}: {error}") from error
    print(json.dumps(report.to_json(), indent=2) if options.json else "\n".join(report.lines()))
    print(f"built: {folder}", file=sys.stderr)


def _build(options: argparse.Namespace, folder: Path, database: str) -> Report:
    from profiles.build.outcome import finished
    from profiles.build.plan import make_plan

    plan = make_plan(options.shop, options.events, folder, database, options.parts, options.state)
    if (report := finished(plan)) is not None:
        return report
    if options.engine == "ray":
        from profiles.build.on_ray import build_on_ray, ray_session

        with ray_session(options.ray_address, options.ray_workers):
            return build_on_ray(plan, _progress)
    from profiles.build.local import build_locally

    return build_locally(plan, _progress)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
