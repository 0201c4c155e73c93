"""Plays a plan against an agent: the customer reads what comes back and reacts, by rules.

In: an agent, a `Plan`. Out: `Played`: the turns, and what is wrong at the end. A customer agrees only to the proposal
that was wished for and says no to any other; what was not understood is put in other words once; after that the
customer gives up and leaves. `fault_of_plan` lets a model that knows the right calls play the same plan from the same
start: what even it cannot do is the simulator's fault, not the agent's.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite import SqliteSaver

from agent.context import Services
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from eval.customers.plan import Ask, Plan, Task, Wish
from eval.customers.state import differences, read_state, shown_wrong


@dataclass(slots=True)
class Played:
    """What was said and done. `wrong`: all that is not as the plan demands; nothing if it was fulfilled."""

    turns: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def play(keeper: Shopkeeper, plan: Plan, expect: Callable[[Ask], None] = lambda ask: None) -> Played:
    """Play the whole plan; `expect` is told of each message before it is sent."""
    consultation = f"{plan.goal}-{plan.trial}"
    before = read_state(keeper.services, plan.customer, consultation)
    played = Played()

    def say(ask: Ask) -> Turn:
        expect(ask)
        turn = keeper.reply(plan.customer, consultation, ask.text)
        calls = [[step.name, step.arguments, step.ok] for step in turn.tools]
        played.turns.append({"said": ask.text, "calls": calls, "reply": turn.reply})
        return turn

    for task in plan.tasks:
        failed = _pursue(task, say)
        if failed:
            played.wrong.append(f"{task.name}: {failed}")
            break
    after = read_state(keeper.services, plan.customer, consultation)
    played.wrong += differences(plan, before, after)
    return played


def _pursue(task: Task, say: Callable[[Ask], Turn]) -> str | None:
    """Get one thing done, in two attempts; None, or what went wrong."""
    problem = ""
    for ask in (task.first, task.again):
        turn = say(ask)
        proposed = _proposal(turn)
        if proposed is not None and (task.wish is None or task.kind == "refused" or not _meant(proposed, task.wish)):
            problem = f"another proposal: {proposed['kind']} {proposed['summary'].get('order_id')}"
            say(Ask(text=task.no or "No, thanks.", calls=()))
            continue
        if task.kind == "order" and proposed is not None:
            answered = say(Ask(text=task.yes if task.agrees else task.no, calls=()))
            return "the answer to the proposal was not understood" if answered.proposal else None
        problem = _unmet(task, turn)
        if not problem:
            return None
    return problem


def _unmet(task: Task, turn: Turn) -> str:
    """What the customer misses in a reply; nothing if they are content."""
    results = [step.result for step in turn.tools if step.ok]
    match task.kind:
        case "order":
            return "nothing was proposed"
        case "refused":
            refused = any(not step.ok and step.result.get("phrase") for step in turn.tools)
            return "" if refused else "neither done nor refused"
        case "lookup":
            return "" if task.order in turn.reply else "no word of the order"
        case "answer":
            found = [result.get("template") for result in results if result["kind"] == "answer"]
            return "" if task.template in found else f"answered with {', '.join(map(str, found)) or 'nothing'}"
        case "person":
            return "" if turn.handoff else "no person was called"
        case "products":
            searched = [result for result in results if result["kind"] == "products"]
            if not searched or not searched[-1]["hits"]:
                return "no products were shown"
            off = shown_wrong(task, searched[-1]["hits"])
            return f"shown though not asked for: {', '.join(off)}" if off else ""
    added = {(trait["attribute"], trait["value"]) for trait in turn.profile["added"]}
    ended = {trait["attribute"] for name in ("retracted", "superseded") for trait in turn.profile[name]}
    noted = all((attribute, value) in added for attribute, value, _ in task.must)
    return "" if noted and all(attribute in ended for attribute, _ in task.gone) else "not noted"


def _proposal(turn: Turn) -> dict[str, Any] | None:
    """What this turn proposed; one that still waits from before is not asked about again."""
    made = [step.result["proposal"] for step in turn.tools if step.ok and step.result.get("kind") == "proposal"]
    return dict(made[-1]) if made else None


def _meant(proposal: dict[str, Any], wish: Wish) -> bool:
    """Whether a proposal is exactly what the customer wishes."""
    facts = proposal["summary"]
    if proposal["kind"] != wish.kind or facts["order_id"] != wish.order:
        return False
    if wish.kind == "return_items":
        return {item["sku"] for item in facts["items"]} == set(wish.skus)
    return wish.kind != "change_address" or facts["address"] == wish.address


def fault_of_plan(keeper: Shopkeeper, plan: Plan, start: Path) -> str | None:
    """Why a perfect agent does not fulfil the plan either, or None. `start` is the database to begin with."""
    services = keeper.services
    restore(services, start)
    model = ScriptedModel()
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as connection:
        perfect = Shopkeeper(services, model, SqliteSaver(connection))
        wrong = play(perfect, plan, lambda ask: model.expect(ask.answer)).wrong
    return "; ".join(wrong) or None


@contextmanager
def snapshot(services: Services) -> Iterator[Path]:
    """A copy of the shop's database as it is now."""
    with tempfile.TemporaryDirectory(prefix="shopkeeper-plan-") as folder:
        copy = Path(folder) / "start.db"
        with closing(sqlite3.connect(_database(services))) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        yield copy


def restore(services: Services, start: Path) -> None:
    """Put the database back as a snapshot has it."""
    path = _database(services)
    services.profiles.engine.dispose()
    for left in path.parent.glob(f"{path.name}-*"):
        left.unlink()
    shutil.copyfile(start, path)


def _database(services: Services) -> Path:
    return Path(str(services.profiles.engine.url.database))
