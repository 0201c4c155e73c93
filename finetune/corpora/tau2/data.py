"""A directory in the form of tau2-bench's retail domain: a shop's database and tasks with the calls that solve them.

In: a directory with `db.json` (products, users, orders), one file of tasks or more, and `policy.md`. Out: `Retail`
with its `Task`s, and which of them are held out from training. Errors: a DataError that names the file, the place
in it and what was expected there.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import ConfigError, DataError, first_mistake

HELD_OUT_SHARE = 0.4
SPLITS = ("all", "train", "held-out")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """A call that an annotator made: the tool's name and its arguments."""

    name: str
    arguments: Json


@dataclass(frozen=True, slots=True)
class Task:
    """One customer's errand: who they are and what they want, in the second person, and the calls in order."""

    id: str
    reason: str
    known: str
    unknown: str
    manner: str
    actions: tuple[Action, ...]

    @property
    def words(self) -> str:
        """All that the customer brings, one thing a line."""
        return "\n".join(part for part in (self.reason, self.known, self.unknown, self.manner) if part)


@dataclass(frozen=True, slots=True)
class Retail:
    """A shop: `db` as in `db.json` (products, users and orders by id), the rules, and the tasks in file order."""

    db: Json
    policy: str
    tasks: tuple[Task, ...]


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore")


F = TypeVar("F", bound=_Form)


class _Variant(_Form):
    item_id: str
    options: dict[str, str]
    available: bool
    price: float


class _Product(_Form):
    name: str
    product_id: str
    variants: dict[str, _Variant]


class _Address(_Form):
    address1: str
    address2: str = ""
    city: str
    country: str
    state: str
    zip: str


class _Name(_Form):
    first_name: str
    last_name: str


class _Payment(_Form):
    source: str
    id: str
    balance: float | None = None


class _User(_Form):
    user_id: str
    name: _Name
    address: _Address
    email: str
    payment_methods: dict[str, _Payment]
    orders: list[str]


class _Item(_Form):
    name: str
    product_id: str
    item_id: str
    price: float
    options: dict[str, str]


class _Order(_Form):
    order_id: str
    user_id: str
    address: _Address
    items: list[_Item]
    status: str
    payment_history: list[Json] = Field(default_factory=list)


class _Database(_Form):
    products: dict[str, _Product]
    users: dict[str, _User]
    orders: dict[str, _Order]


class _Action(_Form):
    name: str
    arguments: Json = Field(default_factory=dict)


class _Instructions(_Form):
    reason_for_call: str
    known_info: str | None = None
    unknown_info: str | None = None
    task_instructions: str | None = None


class _Scenario(_Form):
    instructions: _Instructions | str


class _Criteria(_Form):
    actions: list[_Action] | None = None


class _Task(_Form):
    id: str
    user_scenario: _Scenario
    evaluation_criteria: _Criteria | None = None


def read_retail(directory: Path) -> Retail:
    """Read and check the directory; a task that stands in several files counts once. Raises DataError."""
    shop = read_shop(directory)
    tasks: dict[str, Task] = {}
    for file in sorted(directory.glob("tasks*.json")):
        for task in _tasks(file):
            tasks.setdefault(task.id, task)
    if not tasks:
        raise DataError(f"{directory} has no tasks: expected a file tasks*.json with a list of tasks")
    return Retail(shop.db, shop.policy, tuple(tasks.values()))


def read_shop(directory: Path) -> Retail:
    """The database and the rules alone, without tasks. Raises DataError."""
    path = directory / "db.json"
    if not path.is_file():
        raise DataError(f"{directory} has no db.json: expected a directory with db.json, tasks*.json and policy.md")
    db = _json(path)
    _check(_Database, db, path)
    policy = directory / "policy.md"
    return Retail(db, policy.read_text(encoding="utf-8") if policy.is_file() else "", ())


def _tasks(path: Path) -> Iterator[Task]:
    rows = _json(path)
    if not isinstance(rows, list):
        raise DataError(f"{path}: expected a list of tasks, not {type(rows).__name__}")
    for number, row in enumerate(rows, 1):
        task = _check(_Task, row, path, f"task {number}: ")
        told = task.user_scenario.instructions
        if isinstance(told, str):
            told = _Instructions(reason_for_call=told)
        actions = (task.evaluation_criteria or _Criteria()).actions or []
        yield Task(
            id=task.id,
            reason=_said(told.reason_for_call),
            known=_said(told.known_info),
            unknown=_said(told.unknown_info),
            manner=_said(told.task_instructions),
            actions=tuple(Action(action.name, action.arguments) for action in actions),
        )


def _said(text: str | None) -> str:
    """The text in one line; a lone full stop stands for nothing."""
    return " ".join((text or "").split()).strip(" .") and " ".join((text or "").split())


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise DataError(f"{path} is not JSON: {error}") from error


def _check(form: type[F], value: Any, path: Path, where: str = "") -> F:
    try:
        return form.model_validate(value)
    except ValidationError as error:
        raise DataError(f"{path}: {where}{first_mistake(error)}") from error


def held_out(retail: Retail) -> frozenset[str]:
    """The ids of the tasks kept out of training, about 40 in 100.

    Tasks of one customer (and so of one order) stay together; a customer's tasks are held out if the SHA-256 of
    the customer's id, taken as a fraction, is below 0.4.
    """
    return frozenset(task.id for task in retail.tasks if _fraction(_customer(retail.db, task)) < HELD_OUT_SHARE)


def held_out_customers(retail: Retail) -> frozenset[str]:
    """The customers whose tasks are held out; nothing is invented about them."""
    kept_out = held_out(retail)
    return frozenset(_customer(retail.db, task) for task in retail.tasks if task.id in kept_out)


def _fraction(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


def _customer(db: Json, task: Task) -> str:
    """Whose task it is: as its calls say, else as its words say, else the task's own id."""
    for action in task.actions:
        order = db["orders"].get(action.arguments.get("order_id"))
        user = action.arguments.get("user_id") or (order or {}).get("user_id")
        if user in db["users"]:
            return str(user)
    words = task.words
    for user_id, user in db["users"].items():
        named = user["name"]["first_name"] in words and user["name"]["last_name"] in words
        if user_id in words or user["email"] in words or (named and user["address"]["zip"] in words):
            return str(user_id)
    return task.id


def split_tasks(retail: Retail, split: str) -> Sequence[Task]:
    """The tasks of a split: `all`, `held-out`, or `train` (those not held out)."""
    kept_out = held_out(retail)
    if split not in SPLITS:
        raise ConfigError(f"no split {split!r}: expected {', '.join(SPLITS)}")
    return [task for task in retail.tasks if split == "all" or (task.id in kept_out) == (split == "held-out")]
