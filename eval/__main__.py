"""Offline evals of a shop's agent: the conversation that must work, and how long turns take.

In: a shop directory and a model setting. Out: tables, or JSON (`--json`); everything runs on a state directory of its
own, so that a shop's real state is never touched.
"""

import argparse
import json
import resource
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent.quiet import quiet
from agent.shopkeeper import Shopkeeper, open_shopkeeper
from errors import ShopkeeperError
from eval.conversation import CaseResult, play

EPILOG = """examples:
  python -m eval conversation                           the twelve cases, in each of their wordings
  python -m eval conversation --wording 0 --show        one wording, with the replies
  python -m eval bench                                  seconds a turn, time to first words, resident memory
  python -m eval bench --model http://127.0.0.1:8000/v1

`conversation` exits with 1 if a wording passes fewer than 10 of its 12 cases.
"""
CUSTOMERS = ("C1002", "C1003", "C1005", "C1006", "C1008")  # of the demo shop: their newest order can be cancelled
WORDINGS = 3
ENOUGH = 10


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run one of the evals."""
    options = _parser().parse_args(arguments)
    quiet()
    try:
        with _opened(options) as shopkeeper:
            return int(options.run(shopkeeper, options))
    except ShopkeeperError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


def _conversation(shopkeeper: Shopkeeper, options: argparse.Namespace) -> int:
    chosen = range(WORDINGS) if options.wording is None else [options.wording]
    played = {n: play(shopkeeper, CUSTOMERS[n % len(CUSTOMERS)], f"eval-{n}", n) for n in chosen}
    if options.json:
        cases = {n: [_case_json(result) for result in results] for n, results in played.items()}
        print(json.dumps(cases, ensure_ascii=False))
    else:
        for n, results in played.items():
            _print_cases(n, results, options.show)
    return 0 if all(_passed(results) >= ENOUGH for results in played.values()) else 1


def _bench(shopkeeper: Shopkeeper, options: argparse.Namespace) -> int:
    results = [
        result
        for n in range(WORDINGS)
        for result in play(shopkeeper, CUSTOMERS[n % len(CUSTOMERS)], f"bench-{n}", n)
    ]
    asked = [result.turn for result in results if result.turn.usage["model_calls"]]
    figures = {
        "turns": len(results),
        "turns_with_model": len(asked),
        "turn_seconds": _spread([result.turn.seconds for result in results]),
        "turn_seconds_with_model": _spread([turn.seconds for turn in asked]),
        "first_words_seconds": _spread([turn.first_words for turn in asked]),
        "first_token_seconds": _spread([turn.first_token for turn in asked]),
        "prompt_tokens": _spread([turn.usage["prompt_tokens"] for turn in asked]),
        "completion_tokens": _spread([turn.usage["completion_tokens"] for turn in asked]),
        "peak_resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    if options.json:
        print(json.dumps(figures))
        return 0
    for name, value in figures.items():
        shown = f"median {value['median']:.2f}  p95 {value['p95']:.2f}" if isinstance(value, dict) else str(value)
        print(f"{name:26} {shown}")
    return 0


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return {"median": round(statistics.median(ordered), 3), "p95": round(p95, 3)}


def _passed(results: Sequence[CaseResult]) -> int:
    return sum(not result.failed for result in results)


def _print_cases(number: int, results: Sequence[CaseResult], show: bool) -> None:
    print(f"wording {number}: {_passed(results)} of {len(results)} cases")
    for result in results:
        print(f"  {'ok  ' if not result.failed else 'FAIL'} {result.case:18} {'; '.join(result.failed)}")
        if show:
            calls = ", ".join(f"{s.name}{json.dumps(s.arguments, ensure_ascii=False)}" for s in result.turn.tools)
            print(f"       > {result.said}\n       {calls}\n       < {result.turn.reply}")


def _case_json(result: CaseResult) -> dict[str, object]:
    return {"case": result.case, "said": result.said, "failed": result.failed, "turn": result.turn.to_json()}


@contextmanager
def _opened(options: argparse.Namespace) -> Iterator[Shopkeeper]:
    with (
        tempfile.TemporaryDirectory(prefix="shopkeeper-eval-") as state,
        open_shopkeeper(options.shop, Path(state), model=options.model, replies=options.replies) as shopkeeper,
    ):
        yield shopkeeper


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval",
        description="Offline evals of a shop's agent, on a state directory of their own.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    conversation = commands.add_parser("conversation", help="play the conversation that must work")
    conversation.add_argument("--wording", type=int, choices=range(WORDINGS), help="only this wording (default: all)")
    conversation.add_argument("--show", action="store_true", help="print calls and replies too")
    conversation.set_defaults(run=_conversation)
    bench = commands.add_parser("bench", help="measure turns and memory")
    bench.set_defaults(run=_bench)
    for command in (conversation, bench):
        command.add_argument("--shop", type=Path, default=Path("shop"), metavar="DIR", help="shop directory")
        command.add_argument("--model", help="embedded, a .gguf file or a server's URL (default: as in shop.toml)")
        command.add_argument("--replies", choices=("strict", "free"), help="who writes replies")
        command.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
