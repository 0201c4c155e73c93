"""The end of a build: the parts in; report, examples of what was kept aside, and the co-visitation model out.

`report.json` is written last: it says that all of it is there.
"""

import json
import shutil
from itertools import groupby
from pathlib import Path

from profiles.build.covisits import add_up
from profiles.build.fold import folded, part_path, read_part
from profiles.build.plan import Plan, write_whole
from profiles.events.event import Aside
from profiles.events.intake import EventIntake
from profiles.events.ledger import EXAMPLES_PER_REASON
from profiles.events.report import Report

REPORT, ASIDES, COVISITS = "report.json", "asides.jsonl", "covisitation.npz"


def finished(plan: Plan) -> Report | None:
    """What an earlier build of the same has left."""
    path = Path(plan.folder) / REPORT
    return Report(**json.loads(path.read_bytes())) if path.exists() else None


def finish(plan: Plan) -> Report:
    """Put the parts together, and clear what only served the building."""
    folder, report, asides = Path(plan.folder), Report(), list[Aside]()
    for path in folded(plan).values():
        counts, examples = read_part(path)
        report += counts
        asides += examples
    if plan.database:
        store = plan.open_store()
        report += EventIntake(store, plan.products, plan.now).settle()
        store.engine.dispose()
    add_up(plan, [part_path(plan, part, ".npz") for part in folded(plan)], folder / COVISITS)
    lines = [json.dumps(_shown(item), ensure_ascii=False) + "\n" for item in _examples(asides)]
    write_whole(folder / ASIDES, "".join(lines).encode())
    write_whole(folder / REPORT, json.dumps(report.to_json(), indent=1).encode())
    shutil.rmtree(plan.work)
    return report


def _examples(asides: list[Aside]) -> list[Aside]:
    """So many of each reason."""
    ordered = sorted(asides, key=lambda item: (item.reason, item.detail, item.body, item.customer))
    by_reason = groupby(ordered, key=lambda item: item.reason)
    return [item for _, items in by_reason for item in list(items)[:EXAMPLES_PER_REASON]]


def _shown(item: Aside) -> dict[str, str]:
    return {"reason": item.reason.value, "detail": item.detail, "customer": item.customer, "body": item.body}
