"""A directory in the form of tau2-bench's retail domain, all of it invented, for tests."""

import json
import random
from pathlib import Path
from typing import Any

from finetune.corpora.tau2.synthetic import task
from finetune.corpora.tau2.world import invented_world

Json = dict[str, Any]

POLICY = "# Rules\n\n## Returns\n\nDelivered orders can be returned once.\n"


def invented(seed: int, customers: int) -> tuple[Json, list[Json]]:
    """A database with so many customers, and a task for each."""
    rng = random.Random(seed)
    db: Json = {"products": {}, "users": {}, "orders": {}}
    tasks: list[Json] = []
    while len(tasks) < customers:
        world = invented_world(rng)
        found = task(world, rng, str(len(tasks)))
        if found is None or not found[0].actions or world.user["user_id"] in db["users"]:
            continue
        for part in db:
            db[part] |= world.db[part]
        told = {
            "reason_for_call": found[0].reason,
            "known_info": found[0].known,
            "unknown_info": found[0].unknown or None,
            "task_instructions": found[0].manner or ".",
            "domain": "retail",
        }
        actions = [{"name": action.name, "arguments": action.arguments} for action in found[0].actions]
        tasks.append(
            {
                "id": str(len(tasks)),
                "user_scenario": {"persona": None, "instructions": told},
                "evaluation_criteria": {"actions": actions},
            }
        )
    return db, tasks


def write_tau2(folder: Path, seed: int = 1, customers: int = 8) -> Path:
    """The directory, with its tasks in two files of which the second repeats one."""
    db, tasks = invented(seed, customers)
    folder.mkdir(parents=True, exist_ok=True)
    half = len(tasks) // 2
    files = {"db": db, "tasks_one": tasks[:half], "tasks_two": tasks[half - 1 :]}
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    (folder / "policy.md").write_text(POLICY, encoding="utf-8")
    return folder
