"""Next call, teacher-forced, on data of others: the gold history is given, and the model makes the next call.

In: `--data`, a directory in the form of tau2-bench's retail domain (db.json, tasks*.json), or Taskmaster-4 files. Out:
per task or dialogue every call with its gold one. A call is exact if name and arguments are, strings letter for letter,
lists in order; "exact/TOOL" is of one tool.

tau2: gold calls are executed, so that the history holds real results. Where annotators wrote down only the changes, the
lookups that a change needs are filled in as history and are not scored ("exact/filled in" is of calls after such,
"exact/as annotated" of the others). The model must call; the embedded engine's grammar is bound to what can be right by
what has been read (`finetune.corpora.tau2.possible`: ids that have come up, orders whose status allows the change, no
lookup twice); a server's model is not, and `--set rules=no` measures the embedded model without. "exact_any_order": an
item list in any order counts, and a lookup that the gold calls make later, before the next change. Where nothing is
left to call, nothing is scored.

Taskmaster-4: the model may call or answer. "quiet": the share of the answers in whose place the model makes no call.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agent.models.calls import Call
from errors import ConfigError
from eval.exact import calls_of, same_call, to_call
from eval.suite import Case, Options, Record, Suite
from finetune.corpora.taskmaster import derive_tools, is_held_out, messages, read_dialogues
from finetune.corpora.tau2.data import SPLITS, Retail, Task, read_retail, split_tasks
from finetune.corpora.tau2.history import WRITES, opening, steps, turn
from finetune.corpora.tau2.possible import possible
from finetune.corpora.tau2.signatures import tool_schemas
from finetune.corpora.tau2.tools import RetailTools

Json = dict[str, Any]


def cases(options: Options) -> Sequence[Case]:
    """One a task or dialogue, so that its calls are made in order and the engine reads their history once."""
    data = options.needs_data("a directory like tau2-retail (db.json, tasks*.json), or Taskmaster-4 files")
    split = options.settings.get("split", "all")
    if split not in SPLITS:
        raise ConfigError(f"--set split={split}: expected {', '.join(SPLITS)}")
    if data.is_dir() and (data / "db.json").is_file():
        retail = read_retail(data)
        rules = options.settings.get("rules", "yes")
        if rules not in ("yes", "no"):
            raise ConfigError(f"--set rules={rules}: expected yes or no")
        return [_task_case(retail, task, rules == "yes") for task in split_tasks(retail, split) if task.actions]
    return _dialogue_cases(data, split)


def _task_case(retail: Retail, task: Task, rules: bool) -> Case:
    done = steps(retail.db, task)
    tools = RetailTools(retail.db)
    points: list[Json] = []
    for place, step in enumerate(done):
        allowed = {} if step.given or not rules else possible(tools, task, done[:place])
        points.append({"turn": turn(step), "scored": not step.given, "allowed": allowed})
        tools.execute(step.action.name, step.action.arguments)
    return Case(f"tau2-{task.id}", {"opening": opening(task), "points": points}, "model")


def _dialogue_cases(data: Path, split: str) -> Sequence[Case]:
    dialogues = read_dialogues([data])
    tools = derive_tools(dialogues)
    chosen = [d for d in dialogues if d.turns and (split == "all" or is_held_out(d) == (split == "held-out"))]
    return [
        Case(f"taskmaster-{number}-{d.id}", {"messages": messages(d), "tools": tools}, "model")
        for number, d in enumerate(chosen)
    ]


def run(case: Case, model: BaseChatModel) -> Record:
    """Make every call of the case, each after the gold history."""
    made = list(_task(case.data, model) if "points" in case.data else _dialogue(case.data, model))
    wrong = [one["tool"] for one in made if not one["exact"]]
    return {"ok": not wrong, "why": ", ".join(wrong), "calls": made}


def _task(data: Mapping[str, Any], model: BaseChatModel) -> Iterator[Json]:
    history = list(map(_message, data["opening"]))
    filled = False
    points = data["points"]
    for place, point in enumerate(points):
        if point["scored"]:
            bound = model.bind_tools(tool_schemas(), tool_choice="required", allowed=point["allowed"])
            answer = bound.invoke(history)
            later = [to_call(p["turn"][0]["tool_calls"][0]) for p in points[place:] if p["scored"]]
            yield {**_judged(answer, later), "filled": filled}
        filled = filled or not point["scored"]
        history += map(_message, point["turn"])


def _judged(answer: BaseMessage, later: Sequence[Call]) -> Json:
    """The first call of an answer against the gold one, the first of `later`."""
    made = calls_of(answer)[:1] if isinstance(answer, AIMessage) else []
    gold = later[0]
    lookups = [call for call in _until_change(later) if gold.name not in WRITES]
    return {
        "tool": gold.name,
        "gold": gold.arguments,
        "made": [made[0].name, made[0].arguments] if made else None,
        "name": bool(made) and made[0].name == gold.name,
        "exact": bool(made) and same_call(made[0], gold),
        "any_order": bool(made) and any(same_call(_sorted(made[0]), _sorted(one)) for one in [gold, *lookups]),
    }


def _until_change(calls: Sequence[Call]) -> Iterator[Call]:
    for call in calls:
        if call.name in WRITES:
            return
        yield call


def _sorted(call: Call) -> Call:
    """The call with its pairs of old and new items, or its items, in a fixed order."""
    arguments = dict(call.arguments)
    old, new = arguments.get("item_ids"), arguments.get("new_item_ids")
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = sorted(zip(map(str, old), map(str, new), strict=True))
        arguments |= {"item_ids": [pair[0] for pair in pairs], "new_item_ids": [pair[1] for pair in pairs]}
    elif isinstance(old, list):
        arguments["item_ids"] = sorted(map(str, old))
    return Call(call.name, arguments)


def _dialogue(data: Mapping[str, Any], model: BaseChatModel) -> Iterator[Json]:
    bound = model.bind_tools(data["tools"])
    history: list[BaseMessage] = []
    for message in data["messages"]:
        if message["role"] == "assistant":
            answer = bound.invoke(history)
            if message.get("tool_calls"):
                yield _judged(answer, [to_call(message["tool_calls"][0])])
            else:
                quiet = isinstance(answer, AIMessage) and not calls_of(answer)
                yield {"tool": "", "exact": quiet}
        history.append(_message(message))


def _message(message: Mapping[str, Any]) -> BaseMessage:
    match message["role"]:
        case "system":
            return SystemMessage(message["content"])
        case "user":
            return HumanMessage(message["content"])
        case "tool":
            return ToolMessage(message["content"], tool_call_id="call")
    calls = [to_call(call) for call in message.get("tool_calls", [])]
    shown = [{"name": call.name, "args": call.arguments, "id": "call"} for call in calls]
    return AIMessage(message["content"], tool_calls=shown)


def metrics(records: Sequence[Record]) -> Mapping[str, float]:
    """Shares of the calls of all records; `calls` is their number."""
    made = [one for record in records for one in record["calls"]]
    calls = [one for one in made if one["tool"]]
    answers = [one for one in made if not one["tool"]]
    figures = {
        "exact": _share(calls, "exact"),
        "exact_any_order": _share(calls, "any_order"),
        "name": _share(calls, "name"),
        "calls": float(len(calls)),
    }
    parts = {tool: [one for one in calls if one["tool"] == tool] for tool in sorted({one["tool"] for one in calls})}
    if any("filled" in one for one in calls):
        parts["filled in"] = [one for one in calls if one["filled"]]
        parts["as annotated"] = [one for one in calls if not one["filled"]]
        parts["changes"] = [one for one in calls if one["tool"] in WRITES]
    figures |= {f"exact/{name}": _share(some, "exact") for name, some in parts.items() if some}
    return figures | ({"quiet": _share(answers, "exact")} if answers else {})


def _share(calls: Sequence[Json], key: str) -> float:
    return sum(call[key] for call in calls) / len(calls) if calls else 0.0


SUITE = Suite(
    "calls",
    "next call given the gold history: tau2-bench's retail tasks, Taskmaster-4 (--data)",
    cases,
    run,
    metrics,
    targets=("exact>=0.60",),
    settings={
        "split": "all (default), held-out or train, by the rule that training keeps to",
        "rules": "yes (default) or no: whether the embedded model's calls are bound to the shop's rules (tau2)",
    },
)
