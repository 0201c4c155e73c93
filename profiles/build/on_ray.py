"""The Ray engine: a plan in, the same result as in one process out, from any number of machines.

Ray Data reads the files, brings the lines of each part together and folds the parts, all in parallel, spilling to disk
what does not fit memory. All machines see the files and the folder at the same paths, and have this code. A part's
report is in the folder once it is done: an interrupted build reads the events again and folds the parts that are left.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from errors import ConfigError, ShopkeeperError
from profiles.build.browsers import settle_browsers
from profiles.build.fold import fold_part, folded
from profiles.build.local import Progress
from profiles.build.outcome import finish
from profiles.build.plan import Plan
from profiles.build.split import Sorted, split_customers, split_file
from profiles.events.report import Report

CUSTOMERS = ""  # in place of a file: the shop's records
MEMORY = 160 << 20  # of the object store of a Ray that is started here; the rest goes to disk
Row = dict[str, Any]


@contextmanager
def ray_session(address: str | None = None, workers: int = 2) -> Iterator[None]:
    """Ray at `address`, or one of `workers` processes that is started here. Errors: `ConfigError` without Ray."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise ConfigError(f"--engine ray needs Ray, pip install 'ray[data]': {error}") from error
    here: dict[str, Any] = {"num_cpus": workers, "object_store_memory": MEMORY, "include_dashboard": False}
    ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **({} if address else here))
    try:
        yield
    finally:
        ray.shutdown()


def build_on_ray(plan: Plan, progress: Progress) -> Report:
    """Build within a `ray_session`. Errors: `DataError`, `StorageError`, as a worker met them."""
    import ray.data

    try:
        _run(ray.data, plan, progress)
    except Exception as error:
        own = _own_error(error)
        raise (type(own)(str(own).partition("\n")[0]) if own else error) from None  # Ray adds lines of its own
    return finish(plan)


def _run(data: Any, plan: Plan, progress: Progress) -> None:
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what fails is raised, too
    context = data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.shuffle_strategy = data.context.ShuffleStrategy.SORT_SHUFFLE_PULL_BASED
    done = folded(plan)
    files = [{"path": path} for path in (*plan.files, CUSTOMERS)]
    lines = data.from_items(files, override_num_blocks=len(files)).flat_map(_split, fn_args=(plan,)).materialize()
    progress(f"split {len(plan.files)} files: {lines.count()} lines")
    column = data.expressions.col
    browsers = lines.filter(expr=column("of_browser")).groupby("part").map_groups(_settle, fn_args=(plan,))
    customers = lines.filter(expr=~column("of_browser")).union(browsers)
    if done:
        customers = customers.filter(expr=~column("part").is_in(sorted(done)))
    count = len(done)
    for row in customers.groupby("part").map_groups(_fold, fn_args=(plan,)).iter_rows():
        count += 1
        progress(f"folded {count} of {plan.parts} parts: {row['taken']} events taken")
    for part in sorted({*range(plan.parts)} - folded(plan).keys()):  # nobody's
        fold_part(plan, part, ())


def _own_error(error: BaseException | None) -> ShopkeeperError | None:
    """What a worker raised, if it was one of ours: the innermost, Ray wraps it in errors that look like it."""
    own = None
    while error is not None:
        own = error if isinstance(error, ShopkeeperError) else own
        error = getattr(error, "cause", None) or error.__cause__
    return own


def _split(row: Row, plan: Plan) -> Iterator[Row]:
    lines = split_file(plan, Path(row["path"])) if row["path"] != CUSTOMERS else split_customers(plan)
    yield from map(_row, lines)


def _settle(group: Mapping[str, Any], plan: Plan) -> Iterator[Row]:
    for line in settle_browsers(plan, group["line"]):
        yield {"part": [line.part], "of_browser": [line.of_browser], "line": [line.line]}


def _fold(group: Mapping[str, Any], plan: Plan) -> Row:
    part = int(group["part"][0])
    return {"part": [part], "taken": [fold_part(plan, part, group["line"]).taken]}


def _row(line: Sorted) -> Row:
    return line._asdict()
