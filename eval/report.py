"""Results as a table for the terminal and as one HTML page with plots, for one model or several side by side.

In: `Result`s, and where there are any their records. Out: text, or a page that needs nothing besides itself: the plots
are SVG inside of it. Errors: `DataError` for a result file that cannot be read, `StorageError` for a page that cannot
be written.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from matplotlib.figure import Figure

from errors import DataError, StorageError
from eval.runner import Line, Result
from eval.thresholds import Threshold
from eval.wrong_turns import WrongTurn

RESULT, PAGE = "result.json", "report.html"
_FAILED_SHOWN = 40
_COLOURS = ("#2f6f5e", "#c9803a", "#5a6fb0", "#a34d62", "#7a8a3a", "#777777")


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of all results that are compared; None where one does not have it. `part` of a larger one."""

    name: str
    values: tuple[float | None, ...]
    part: bool
    target: str
    met: tuple[bool | None, ...]


def table(results: Sequence[Result]) -> str:
    """Metrics in rows, results in columns."""
    rows = _rows(results)
    width = max(len(row.name) for row in rows) + 2
    heads = [f"{result.suite} on {short(result.model)}" for result in results]
    lines = [" " * width + "  ".join(f"{head:>12}" for head in heads) + "  target"]
    for row in rows:
        shown = [f"{number(value):>{max(12, len(head))}}" for value, head in zip(row.values, heads, strict=True)]
        mark = "" if not row.target else f"  {row.target} {'met' if all(row.met) else 'MISSED'}"
        lines.append(f"{row.name:{width}}{'  '.join(shown)}{mark}")
    notes = [f"{result.n} cases in {result.seconds:g} s, {result.errors} errors" for result in results]
    return "\n".join([*lines, *notes])


def write_result(result: Result, folder: Path) -> Path:
    """Write result.json into the suite's folder."""
    path = folder / RESULT
    _write(path, json.dumps(asdict(result), ensure_ascii=False, indent=1))
    return path


def read_result(path: Path) -> Result:
    """A result.json, or that of a suite's folder. Raises DataError."""
    file = path / RESULT if path.is_dir() else path
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        wrong = tuple(WrongTurn(**turn) for turn in value.get("wrong", ()))
        return Result(**(value | {"targets": tuple(value["targets"]), "wrong": wrong}))
    except OSError as error:
        raise DataError(f"{file}: {error.strerror}; expected a {RESULT} of `python -m eval run`") from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise DataError(f"{file} is not a result of `python -m eval run`: {error}") from error


def write_page(results: Sequence[Result], path: Path, lines: Sequence[Line] = ()) -> None:
    """Write the page; `lines` are the records of a single result, of which failed ones are shown."""
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    environment.filters["number"] = number
    rows = _rows(results)
    failed = [line for line in lines if line.error is not None or (line.record or {}).get("ok") is False]
    page = environment.get_template("report.html.jinja").render(
        results=results,
        heads=[short(result.model) for result in results],
        suites=list(dict.fromkeys(result.suite for result in results)),
        rows=rows,
        plots=[Markup(svg) for svg in _plots(results, rows, lines)],
        failed=[_shown(line) for line in failed[:_FAILED_SHOWN]],
        failures=len(failed),
    )
    _write(path, page)


def number(value: float | None) -> str:
    """A figure as people read it; nothing where there is none."""
    if value is None:
        return "-"
    return f"{value:g}" if float(value).is_integer() else f"{value:.3f}"


def short(model: str) -> str:
    """A model's name for a heading: the file, or what a server calls it."""
    if model.startswith(("http://", "https://")):
        return model.partition("#")[2] or model
    path = Path(model)
    return path.parent.name if path.name == "model.gguf" else path.name


def _rows(results: Sequence[Result]) -> list[Row]:
    names = list(dict.fromkeys(name for result in results for name in result.metrics))
    targets = {t.metric: t for result in results for t in map(Threshold.parse, result.targets)}
    rows = []
    for name in sorted(names, key=lambda name: ("/" in name, name if "/" in name else "")):
        target = targets.get(name)
        met = tuple(target.met(r.metrics) if target and name in r.metrics else None for r in results)
        values = tuple(result.metrics.get(name) for result in results)
        rows.append(Row(name, values, "/" in name, str(target or ""), met))
    return rows


def _plots(results: Sequence[Result], rows: Sequence[Row], lines: Sequence[Line]) -> list[str]:
    """Shares as bars: the whole ones, then each metric's parts; and how long the cases took."""
    whole = [row for row in rows if not row.part and _is_share(row)]
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row.part and _is_share(row):
            groups.setdefault(row.name.partition("/")[0], []).append(row)
    plots = [_bars("all", whole, results)] if whole else []
    plots += [_bars(name, parts, results) for name, parts in groups.items()]
    seconds = [line.seconds for line in lines]
    return plots + ([_times(seconds)] if len(seconds) > 1 else [])


def _is_share(row: Row) -> bool:
    return all(value is None or 0 <= value <= 1 for value in row.values)


def _bars(title: str, rows: Sequence[Row], results: Sequence[Result]) -> str:
    height = 0.8 / len(results)
    figure = Figure(figsize=(7, 0.9 + 0.26 * len(rows) * max(1.0, 0.6 * len(results))))
    axes = figure.subplots()
    for column, result in enumerate(results):
        places = [place + column * height for place in range(len(rows))]
        values = [row.values[column] or 0.0 for row in rows]
        colour = _COLOURS[column % len(_COLOURS)]
        bars = axes.barh(places, values, height * 0.9, color=colour, label=short(result.model))
        axes.bar_label(bars, [number(row.values[column]) for row in rows], padding=3, fontsize=8)
    middle = 0.4 - height / 2
    axes.set_yticks([place + middle for place in range(len(rows))], [row.name for row in rows], fontsize=8)
    for place, row in enumerate(rows):
        if row.target:
            bound = Threshold.parse(row.target).bound
            axes.plot([bound, bound], [place + middle - 0.45, place + middle + 0.45], color="black", lw=1.2)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.08)
    axes.set_title(title, fontsize=10, loc="left")
    if len(results) > 1:
        axes.legend(fontsize=8, loc="lower right")
    return _svg(figure)


def _times(seconds: Sequence[float]) -> str:
    figure = Figure(figsize=(7, 2))
    axes = figure.subplots()
    axes.hist(seconds, bins=min(30, len(seconds)), color=_COLOURS[0])
    axes.set_title("seconds a case", fontsize=10, loc="left")
    return _svg(figure)


def _svg(figure: Figure) -> str:
    for side in ("top", "right"):
        figure.axes[0].spines[side].set_visible(False)
    figure.tight_layout()
    text = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # letters stay letters: they can be read and searched
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def _shown(line: Line) -> dict[str, str]:
    record = line.record or {}
    rest = {name: value for name, value in record.items() if name not in ("ok", "why")}
    why = line.error or str(record.get("why", ""))
    return {"id": line.id, "why": why, "record": json.dumps(rest, ensure_ascii=False, indent=1)}


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
