"""From a shop to a published adapter in one command, step by step, so that it can be stopped and gone on with.

In: a `Plan`: the shop, its logs if it has any, how much self-play and how many minutes of training. Out: in the plan's
folder `play.jsonl`, `logs/` and `adapter/`; in the shop's registry a version, which serves if it passes the gate.
Each step goes on where it was, and one that is done is not done again. Errors: those of the steps; `ConfigError` for a
folder that was begun with another plan.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.cli import add_shop, add_state
from agent.models.pointer import DEFAULT
from agent.shop import load_shop
from errors import ConfigError, ModelError
from finetune.build import build
from finetune.merge import DEFAULT_ADAPTER
from finetune.registry.gate import read_gate
from finetune.registry.publish import publish
from finetune.registry.registry import Registry
from profiles.storage.database import chosen_database
from profiles.storage.files import write_whole

PLAN = "loop.json"
STOPPED = 10  # exit code of a training that was stopped on request
LEARNING_RATE = 2e-4  # a fifth of a fresh adapter's: what the parent knows shall stay
LOGS_WEIGHT = 2.0  # real consultations count twice: they are fewer, and they are what comes


class Plan(BaseModel):
    """What to do, and how much. `parent`: the version that training starts from; None: the one that serves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shop: Path
    state: Path
    logs: Path | None = None
    written: bool = False
    teacher: str | None = None
    consultations: int = 160
    minutes: float = 2.0
    seed: int = 7
    parent: str | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `loop` takes; the defaults are done in some minutes."""
    add = parser.add_argument
    add_shop(parser)
    add_state(parser)
    add("--logs", type=Path, metavar="PATH", help="the shop's consultations, as `logs --in` reads them")
    add("--written", action="store_true", help="learn from the project's own written consultations for this shop too")
    add("--teacher", metavar="MODEL", help="labels logs that are words only, as `logs --teacher`")
    add("--consultations", type=int, default=160, help="of self-play; 2000 for a real run (default: %(default)s)")
    add("--minutes", type=float, default=2.0, help="of training; 60 for a real run (default: %(default)s)")
    add("--parent", metavar="VERSION", help='train on from this version, or "default" (default: the one that serves)')
    add("--seed", type=int, default=7, help="(default: %(default)s)")
    add("--out", type=Path, default=Path("runs/loop"), help="folder; if begun, goes on (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Run the loop that the arguments name."""
    state = args.state or load_shop(args.shop).default_state
    parent = args.parent
    if parent not in (None, DEFAULT):
        parent = Registry(state).get(parent).id
    plan = Plan(
        shop=args.shop,
        state=state,
        logs=args.logs,
        written=args.written,
        teacher=args.teacher,
        consultations=args.consultations,
        minutes=args.minutes,
        seed=args.seed,
        parent=parent,
    )
    return Loop(plan, args.out).run()


@dataclass(frozen=True, slots=True)
class Loop:
    """A plan with its folder. ``Loop(plan, Path("runs/loop")).run()``"""

    plan: Plan
    out: Path

    def run(self) -> int:
        """All steps that are not done yet; the exit code, 10 if training was stopped and can go on."""
        started = time.monotonic()
        plan = self.begin()
        registry = Registry(plan.state, chosen_database(os.environ))
        samples = [*self._logs(plan), *self._written(plan), str(self._play(plan))]
        if not (adapter := self._train(plan, registry, samples)):
            return STOPPED
        version = registry.add(adapter, parent=plan.parent, note=f"loop in {self.out}").id
        self._say("registry", f"version {version}")
        if registry.current != version:
            publish(registry, version, plan.shop, read_gate(plan.shop), reason=f"loop in {self.out}")
        self._say("done", f"{version} serves, {(time.monotonic() - started) / 60:.1f} minutes")
        return 0

    def begin(self) -> Plan:
        """The plan as it was begun, with its parent fixed."""
        path = self.out / PLAN
        if path.is_file():
            try:
                begun = Plan.model_validate_json(path.read_bytes())
            except ValidationError as error:
                raise ConfigError(f"{path} cannot be read: {error.errors()[0]['msg']}; name another --out") from error
            if begun != self.plan.model_copy(update={"parent": self.plan.parent or begun.parent}):
                raise ConfigError(f"{self.out} was begun with another plan ({PLAN} there): name another --out")
            return begun
        registry = Registry(self.plan.state, chosen_database(os.environ))
        parent = DEFAULT if registry.taint(registry.current) else registry.current
        plan = self.plan.model_copy(update={"parent": self.plan.parent or parent})
        write_whole(path, plan.model_dump_json(indent=1).encode())
        return plan

    def _play(self, plan: Plan) -> Path:
        from finetune.selfplay.commands import HELD_OUT
        from finetune.selfplay.customer import Habits  # the agent behind it takes seconds to import
        from finetune.selfplay.runner import play, wordings_of
        from finetune.selfplay.shops.population import peopled

        self._say("self-play", f"{plan.consultations} consultations")
        out = self.out / "play.jsonl"
        habits = Habits(0.2, wordings_of(HELD_OUT))
        shop = peopled(plan.shop, self.out / "shops" / plan.shop.resolve().name, plan.seed)
        print(play([shop], plan.consultations, out, plan.seed, habits, os.cpu_count() or 1).table())
        return out

    def _logs(self, plan: Plan) -> list[str]:
        """The samples that the shop's logs give, with their weight; none without logs."""
        if plan.logs is None:
            return []
        self._say("logs", str(plan.logs))
        return self._learnt_from(plan.logs, self.out / "logs", plan)

    def _written(self, plan: Plan) -> list[str]:
        """The samples that the project's own written consultations give; none where they are not asked for."""
        if not plan.written:
            return []
        from finetune.consultations.logged import named, write_log
        from finetune.consultations.written import consultations

        folder = self.out / "written"
        shop = named(plan.shop)
        learnt = [one for one in consultations("training") if one.shop == shop]
        chosen = random.Random(plan.seed).sample(learnt, min(plan.consultations, len(learnt)))
        self._say("written consultations", f"{len(chosen)} of {len(learnt)}")
        log = folder / "log.jsonl"
        if not log.is_file():
            write_log(chosen, plan.shop, plan.state / "index", log)
        return self._learnt_from(log, folder / "samples", plan)

    def _learnt_from(self, log: Path, folder: Path, plan: Plan) -> list[str]:
        """The samples of a log, with their weight."""
        from finetune.logs.pipeline import Request, run_logs

        database = chosen_database(os.environ)  # not of the plan, which is written down
        run_logs(Request(log, plan.shop, folder, plan.state, teacher=plan.teacher, database=database))
        return [f"{folder / 'train.jsonl'}={LOGS_WEIGHT:g}"]

    def _train(self, plan: Plan, registry: Registry, samples: list[str]) -> Path | None:
        """The adapter's folder; None if training was stopped."""
        folder = self.out / "adapter"
        if (folder / "training.json").is_file():
            return folder
        start = DEFAULT_ADAPTER if plan.parent in (None, DEFAULT) else registry.adapter(str(plan.parent))
        self._say("training", f"{plan.minutes:g} minutes, from {plan.parent}")
        build()  # the base
        done = subprocess.run(
            [
                sys.executable, "-m", "finetune", "train", "--samples", *samples, "--out", str(folder),
                "--start", str(start), "--state", str(plan.state), "--minutes", str(plan.minutes),
                "--learning-rate", str(LEARNING_RATE), "--batch", "4", "--save-steps", "20", "--seed", str(plan.seed),
            ],
            check=False,
        )  # fmt: skip
        if done.returncode == STOPPED:
            return None
        if done.returncode:
            raise ModelError(f"training ended with exit code {done.returncode}; the same command goes on from here")
        return folder

    def _say(self, step: str, text: str) -> None:
        print(f"== {step}: {text}", flush=True)
