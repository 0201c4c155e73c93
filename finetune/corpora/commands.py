"""`python -m finetune corpus NAME --data PATH --out FILE`: training samples from public data, by path.

In: the arguments. Out: a samples file, and on standard output what became of the data. Errors: those of the corpus.
A corpus is a function in `CORPORA`: arguments in, samples and a line about them out.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from errors import ConfigError
from finetune.samples import Sample, write_samples

Made = tuple[Sequence[Sample], str]  # the samples, and what became of the data in a line


def _laps(args: argparse.Namespace) -> Made:
    from finetune.corpora.laps import make_samples, read_sessions

    report = make_samples(read_sessions(_paths(args)))
    return report.samples, f"{report.taught} values taught, {len(report.unsaid)} without words that bear them out"


def _restaurants(args: argparse.Namespace) -> Made:
    from finetune.corpora.restaurants import make_samples

    return make_samples(_paths(args)), "labelled spans as values"


def _crosswoz(args: argparse.Namespace) -> Made:
    from finetune.corpora.crosswoz import make_samples

    return make_samples(_paths(args)), "constraints said word for word as values"


def _taskmaster(args: argparse.Namespace) -> Made:
    from finetune.corpora.taskmaster import read_dialogues, taskmaster_samples

    dialogues = read_dialogues(_paths(args))
    samples = taskmaster_samples(dialogues)
    return samples, f"{len(dialogues) - len(samples)} held out, {sum(not d.whole for d in dialogues)} cut at a bad call"


def _tau2(args: argparse.Namespace) -> Made:
    from finetune.corpora.tau2.data import read_retail, split_tasks
    from finetune.corpora.tau2.history import sample, steps

    samples, held = [], 0
    for path in _paths(args):
        retail = read_retail(path)
        tasks = split_tasks(retail, "train")
        held += len(retail.tasks) - len(tasks)
        samples += [sample(task, steps(retail.db, task), "tau2") for task in tasks if task.actions]
    return samples, f"{held} tasks held out"


def _tau2_synthetic(args: argparse.Namespace) -> Made:
    from finetune.corpora.tau2.data import held_out_customers, read_retail
    from finetune.corpora.tau2.synthetic import synthetic_samples

    retail = read_retail(args.data[0]) if args.data else None
    without = held_out_customers(retail) if retail else frozenset()
    made = synthetic_samples(args.count, args.seed, retail.db if retail else None, without)
    return list(made), "invented errands" + (", one in ten on the given database" if retail else "")


def _paths(args: argparse.Namespace) -> Sequence[Path]:
    if not args.data:
        raise ConfigError(f"corpus {args.corpus} needs --data: files or directories of that form")
    paths: Sequence[Path] = args.data
    return paths


CORPORA: Mapping[str, Callable[[argparse.Namespace], Made]] = {
    "crosswoz": _crosswoz,
    "laps": _laps,
    "restaurants": _restaurants,
    "taskmaster": _taskmaster,
    "tau2": _tau2,
    "tau2-synthetic": _tau2_synthetic,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command `corpus`."""
    add = parser.add_argument
    add("corpus", choices=sorted(CORPORA), help="the form of the data")
    add("--data", type=Path, nargs="+", help="files, or directories of them, of that form (tau2-synthetic: optional)")
    add("--out", type=Path, required=True, help="JSONL to write")
    add("--limit", type=int, help="most samples, evenly over the data (default: all)")
    add("--count", type=int, default=3000, help="tau2-synthetic: how many to invent (default: %(default)s)")
    add("--seed", type=int, default=7, help="tau2-synthetic: of what is invented (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Read, make and write; returns the exit code."""
    samples, what = CORPORA[args.corpus](args)
    kept = _spread(samples, args.limit)
    write_samples(args.out, kept)
    print(f"{args.out}: {len(kept)} of {len(samples)} samples; {what}")
    return 0


def _spread(samples: Sequence[Sample], limit: int | None) -> Sequence[Sample]:
    if limit is None or limit >= len(samples):
        return samples
    return [samples[at * len(samples) // limit] for at in range(limit)]
