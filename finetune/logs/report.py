"""What became of a log: counts, reasons, and where to look, without a word of anybody.

In: the work file after a run. Out: `report.json`, and the same as a table to print.
"""

import json
from collections.abc import Mapping
from typing import Any

from finetune.logs.intake import SPLITS, STAGE, UNREAD
from finetune.logs.labels import SAMPLES
from finetune.logs.replay import TURNS
from finetune.logs.work import Work

REPORT_FILE = "report.json"


def report_of(work: Work, settings: Mapping[str, Any]) -> dict[str, Any]:
    """JSON-able: how many were read, kept and became samples, and why the others did not."""
    return {
        "read": work.number("read"),
        "kept": work.number("kept"),
        "samples": work.number("samples"),
        "unread": work.reasons(UNREAD),
        "dropped": work.reasons(STAGE),
        "turns": work.reasons(TURNS),
        "not_learnt": work.reasons(SAMPLES),
        "customers": {split: sum(1 for _ in work.customers(split)) for split in SPLITS},
        "settings": dict(settings),
    }


def write_report(work: Work, report: Mapping[str, Any]) -> None:
    """Beside the samples."""
    text = json.dumps(report, indent=1, ensure_ascii=False, default=str)
    (work.folder / REPORT_FILE).write_text(text + "\n", encoding="utf-8")


def table(report: Mapping[str, Any]) -> str:
    """For people: each part with its reasons and first places."""
    lines = [f"{report['read']} consultations read, {report['kept']} kept, {report['samples']} samples"]
    parts = {
        "lines that cannot be read": "unread",
        "consultations dropped": "dropped",
        "turns": "turns",
        "consultations without a sample": "not_learnt",
    }
    for title, name in parts.items():
        if report[name]:
            lines.append(f"{title}:")
            lines += [_line(reason, found) for reason, found in report[name].items()]
    shares = ", ".join(f"{split} {count}" for split, count in report["customers"].items())
    return "\n".join([*lines, f"customers: {shares}"])


def _line(reason: str, found: Mapping[str, Any]) -> str:
    places = ", ".join(found["examples"][:3])
    return f"{found['count']:8}  {reason}" + (f"  (first: {places})" if places else "")
