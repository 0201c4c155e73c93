"""Offline evals of a shop's agent and of its model: suites of cases with a scorer each.

In: a suite's name, a shop or data by path, a model setting. Out: a table (or with `--json` one line at the end), and in
OUT/SUITE the records, result.json and report.html. Agents stand on a state of their own, so that a shop's real state is
never touched.
"""

import argparse
import json
import sys
from pathlib import Path

from agent.cli import add_log_level, add_model, add_shop, set_up
from errors import ConfigError, ShopkeeperError
from eval import tau2_shop
from eval.report import PAGE, read_result, table, write_page, write_result
from eval.runner import met, run_suite
from eval.suite import Options
from eval.suites import MODULES, load_suite
from eval.thresholds import Threshold
from eval.wrong_turns import listing

EPILOG = """examples:
  python -m eval list                                     the suites
  python -m eval run conversation                         the twelve cases that must work, in each of their wordings
  python -m eval run service --limit 40 --workers 4       simulated customers with goals, on shops nobody has seen
  python -m eval run dialogues --data DIR --threshold "turns>=0.8"     what the shop itself expects, turn by turn
  python -m eval run cost --model http://127.0.0.1:8000/v1
  python -m eval run shopcalls --threshold "exact>=0.92"  exits with 1 if the model is below it
  python -m eval import-tau2 --data DIR --out shop-tau2   tau2-bench's retail shop, to talk to or to run suites on
  python -m eval report runs/a/service runs/b/service --html compare.html

`run` can be stopped and started again: it goes on where it was. It exits with 1 if a case ended with an error or a
threshold is missed.
"""


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and do what it asks for."""
    options = _parser().parse_args(arguments)
    try:
        set_up(options.log_level)
        return int(options.do(options))
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130


def _list(options: argparse.Namespace) -> int:
    for name in MODULES:
        suite = load_suite(name)
        print(f"{name:14}{suite.about}")
        for setting, meaning in suite.settings.items():
            print(f"{'':14}  --set {setting}=...  {meaning}")
        if suite.targets:
            print(f"{'':14}  targets: {', '.join(suite.targets)}")
    return 0


def _run(options: argparse.Namespace) -> int:
    suite = load_suite(options.suite)
    thresholds = [Threshold.parse(text) for text in options.threshold]
    thresholds += [Threshold.parse(text) for text in suite.targets] if options.targets else []
    folder = options.out / suite.name
    asked = Options(
        shop=options.shop,
        shops=options.shops,
        data=options.data,
        model=options.model,
        profile=options.profile,
        replies=options.replies,
        limit=options.limit,
        seed=options.seed,
        work=folder / "work",
        settings=dict(map(_setting, options.set)),
    )
    result, lines = run_suite(suite, asked, options.out, workers=options.workers)
    write_result(result, folder)
    write_page([result], folder / PAGE, lines)
    missed = [str(threshold) for threshold in thresholds if not threshold.met(result.metrics)]
    if options.json:
        print(json.dumps(result.brief(), ensure_ascii=False))
    else:
        print(table([result]))
        print(listing(result.wrong), end="\n" if result.wrong else "")
        print(f"report: {folder / PAGE}")
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    return 0 if met(result, thresholds) else 1


def _report(options: argparse.Namespace) -> int:
    results = [read_result(path) for path in options.result]
    print(table(results))
    if options.html:
        write_page(results, options.html)
    return 0


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ConfigError(f"--set {text!r}: expected NAME=VALUE")
    return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval",
        description="Offline evals of a shop's agent, on a state directory of their own.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_log_level(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="the suites, their settings and targets")
    listing.set_defaults(do=_list)
    running = commands.add_parser("run", help="run a suite")
    running.add_argument("suite", metavar="SUITE", help="one of `python -m eval list`")
    add_shop(running)
    running.add_argument("--shops", type=Path, metavar="DIR", help="a directory of shop directories")
    running.add_argument("--data", type=Path, metavar="PATH", help="the suite's data: a file or a directory")
    add_model(running)
    running.add_argument("--limit", type=_positive, metavar="N", help="most cases")
    running.add_argument("--seed", type=int, default=0, help="for suites that draw their cases")
    running.add_argument("--workers", type=_positive, default=4, metavar="K", help="cases at once (default 4)")
    running.add_argument("--out", type=Path, default=Path("runs/eval"), metavar="DIR", help="where results go")
    running.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the suite")
    running.add_argument("--threshold", action="append", default=[], metavar="NAME>=X", help="what must be reached")
    running.add_argument("--targets", action="store_true", help="the suite's own targets are thresholds too")
    running.add_argument("--json", action="store_true", help="print one line of JSON at the end, no table")
    running.set_defaults(do=_run)
    report = commands.add_parser("report", help="results side by side")
    report.add_argument("result", type=Path, nargs="+", help="result.json files, or the folders that hold them")
    report.add_argument("--html", type=Path, metavar="FILE", help="write a page too")
    report.set_defaults(do=_report)
    shop = commands.add_parser("import-tau2", help="tau2-bench's retail database as a shop directory")
    tau2_shop.add_arguments(shop)
    shop.set_defaults(do=tau2_shop.run)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
