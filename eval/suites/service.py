"""Customers with goals: is the shop left in the state that the goal demands, every time and not just once?

In: shops (`--shops DIR`, or fresh random ones of kinds of shop that no training has seen, or `--shop`), goals drawn by
seed, each in several wordings. Out: pass^k, the chance that all of k tries at a goal succeed (tau-bench: mean over
goals of C(c, k) / C(n, k) for c successes in n tries), by what was asked for, and the share of plans that even an agent
with the right calls does not fulfil; those are the simulator's errors and count for nobody.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import comb

from agent.shopkeeper import Shopkeeper
from eval.customers.facts import ShopFacts
from eval.customers.goals import plans
from eval.customers.plan import Plan
from eval.customers.play import fault_of_plan, play, snapshot
from eval.shops import VARIED, played_shops
from eval.suite import Case, Options, Record, Suite

TRIALS = 4
GOALS = 10  # a shop


def cases(options: Options) -> Sequence[Case]:
    """Goals shop by shop; the trials of a goal follow one another."""
    goals = options.integer("goals", GOALS)
    made = []
    for shop in played_shops(options):
        for plan in plans(ShopFacts.load(shop), f"{shop.name}:{options.seed}", goals, TRIALS):
            data = plan.model_dump(mode="json")
            made.append(Case(f"{plan.goal}:{plan.trial}", data, shop=shop))
    return made


def run(case: Case, keeper: Shopkeeper) -> Record:
    """Play the plan; if it fails, let a model that knows what is right play it too."""
    plan = Plan.model_validate(case.data)
    with snapshot(keeper.services) as start:
        played = play(keeper, plan)
        fault = fault_of_plan(keeper, plan, start) if played.wrong else None
    return {
        "ok": not played.wrong,
        "why": f"the simulator: {fault}" if fault else "; ".join(played.wrong),
        "goal": plan.goal,
        "simulator": fault,
        "language": plan.language,
        "tasks": [task.name for task in plan.tasks],
        "turns": played.turns,
    }


def metrics(records: Sequence[Record]) -> Mapping[str, float]:
    """pass^k over goals; shares by kind of task and by language over single tries."""
    fair = [record for record in records if record["simulator"] is None]
    tries: dict[str, list[bool]] = defaultdict(list)
    parts: dict[str, list[bool]] = defaultdict(list)
    for record in fair:
        tries[record["goal"]].append(record["ok"])
        for name in {*record["tasks"], record["language"]}:
            parts[f"passed/{name}"].append(record["ok"])
    return {
        **{f"pass^{k}": pass_power(list(tries.values()), k) for k in range(1, TRIALS + 1)},
        "simulator_errors": (len(records) - len(fair)) / len(records) if records else 0.0,
        "turns": sum(len(record["turns"]) for record in fair) / len(fair) if fair else 0.0,
        **{name: sum(passed) / len(passed) for name, passed in sorted(parts.items())},
    }


def pass_power(tries: Sequence[Sequence[bool]], k: int) -> float:
    """The mean over goals of the chance that k of its tries, drawn without putting back, all passed.

    Goals with fewer than k tries are left out; 0 where none is left.
    """
    chances = [comb(sum(one), k) / comb(len(one), k) for one in tries if len(one) >= k]
    return sum(chances) / len(chances) if chances else 0.0


SUITE = Suite(
    "service",
    "simulated customers with goals: the state of order book and profile at the end, pass^1 to pass^4",
    cases,
    run,
    metrics,
    targets=("pass^1>=0.8", "pass^4>=0.6"),
    settings={
        "random": "how many fresh random shops (default 8; 0 takes --shop)",
        **VARIED,
        "goals": "goals a shop (default 10)",
    },
)
