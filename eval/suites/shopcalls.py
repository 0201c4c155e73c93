"""Next call on shops that no training has seen, teacher-forced: which calls does the model make after the gold ones?

In: `--data`, samples as `python -m finetune play` writes them, or none: then self-play makes them anew from the seed,
on fresh random shops of kinds that are kept out of training (`--shops` and `--set random=0` choose others). Calls are
bound to what was said and completed as the model's profile has it; of `--data` by the words of its shops, if `--shops`
names them.
Out: the share of the customers' messages that are answered with exactly the gold calls, names and arguments; the names
alone; exact but for quotes, where a word more or less proves the same; exact but for free text (queries, questions,
reasons, quotes); by tool, "words" where the gold answer makes no call.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from functools import lru_cache
from pathlib import Path
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.utils import convert_to_messages

import clock
from agent.guided.constraints import allowed_values
from agent.guided.conversation import Conversation
from agent.guided.repair import completed
from agent.lexicon import ShopLexicon
from agent.models.calls import Call
from agent.models.profile import profile_of
from errors import DataError
from eval.exact import calls_of, same_calls, same_names, to_call
from eval.shops import VARIED, played_shops
from eval.suite import Case, Options, Record, Suite, share
from finetune.samples import Sample, read_samples
from finetune.selfplay.customer import Habits
from finetune.selfplay.runner import play
from profiles.shop.files import load_facets, load_schema
from retrieval.catalog import load_catalog

CONSULTATIONS = 15  # a shop
_TEXTS = ("query", "question", "reason", "quote")
_CODE = ("confirm", "decline")  # answered without the model


def cases(options: Options) -> Sequence[Case]:
    """One a consultation, so that its history is read once."""
    shops = played_shops(options) if options.data is None or options.shops is not None else ()
    path = options.data if options.data is not None else _played(options, shops)
    roots = {shop.name: str(shop) for shop in shops}
    return [
        Case(f"{path.stem}-{number}", _data(sample, points, roots.get(str(sample.meta.get("shop")), "")), "model")
        for number, sample in enumerate(read_samples(path))
        if (points := list(_points(sample)))
    ]


def _data(sample: Sample, points: Sequence[int], shop: str) -> dict[str, Any]:
    return {"messages": sample.messages, "tools": sample.tools, "points": points, "shop": shop}


def run(case: Case, model: BaseChatModel) -> Record:
    """Ask for the answer to each of the customer's messages, the gold ones before it given."""
    history = [_message(message) for message in case.data["messages"]]
    tools, lexicon = case.data["tools"], _lexicon(case.data["shop"])
    profile, made = profile_of(model), []
    for place in case.data["points"]:
        talk = Conversation.of(history[:place], clock.today(), lexicon)
        allowed: dict[str, Any] = {}
        if profile.constrain:
            allowed["allowed"] = allowed_values(talk, tools)
        answer = model.bind_tools(tools, **allowed).invoke(history[:place])
        if profile.repair:
            answer = completed(answer, talk, tools)
        made.append(_judged(answer, case.data["messages"][place]))
    wrong = [" + ".join(one["tools"]) for one in made if not one["exact"]]
    return {"ok": not wrong, "why": ", ".join(wrong), "calls": made}


def metrics(records: Sequence[Record]) -> Mapping[str, float]:
    """Over messages, not consultations."""
    calls = [one for record in records for one in record["calls"]]
    parts: dict[str, list[Record]] = defaultdict(list)
    for one in calls:
        for tool in one["tools"]:
            parts[tool].append(one)
    return {
        **{name: share(calls, name) for name in ("exact", "exact_but_quote", "exact_but_text", "names")},
        "messages": len(calls),
        **{f"exact/{tool}": share(of, "exact") for tool, of in sorted(parts.items())},
        **{f"exact_but_text/{tool}": share(of, "exact_but_text") for tool, of in sorted(parts.items())},
    }


@lru_cache(maxsize=32)
def _lexicon(shop: str) -> ShopLexicon | None:
    """What is said of a shop's goods and customers; None for samples whose shop is not there."""
    if not shop:
        return None
    root = Path(shop)
    return ShopLexicon.of(load_schema(root), load_facets(root), load_catalog(root / "catalog.jsonl").categories)


def _judged(answer: Any, gold: Mapping[str, Any]) -> Record:
    made = calls_of(answer) if isinstance(answer, AIMessage) else []
    wanted = [to_call(call) for call in gold.get("tool_calls") or ()]
    return {
        "tools": sorted({call.name for call in wanted}) or ["words"],
        "gold": _shown(wanted),
        "made": _shown(made),
        "exact": same_calls(made, wanted),
        "exact_but_quote": same_calls(made, wanted, ("quote",)),
        "exact_but_text": same_calls(made, wanted, _TEXTS),
        "names": same_names(made, wanted),
    }


def _shown(calls: Sequence[Call]) -> list[list[Any]]:
    return [[call.name, call.arguments] for call in calls]


def _points(sample: Sample) -> Iterator[int]:
    """Places of the messages that the model has to write: the first answer to each message of the customer's."""
    kinds = sample.meta.get("kinds")
    turn = -1
    for place, message in enumerate(sample.messages):
        turn += message["role"] == "user"
        if message["role"] != "assistant" or sample.messages[place - 1]["role"] != "user":
            continue
        if message.get("tool_calls") or (kinds and turn < len(kinds) and kinds[turn] not in _CODE):
            yield place


def _message(message: Mapping[str, Any]) -> BaseMessage:
    """As LangChain has it; the tool results of a samples file need no ids."""
    value = dict(message)
    if value["role"] == "tool":
        value.setdefault("tool_call_id", "")
    for number, call in enumerate(value.get("tool_calls") or ()):
        call.setdefault("id", f"c{number}")
        call.setdefault("type", "function")
    try:
        return convert_to_messages([value])[0]
    except (ValueError, KeyError, NotImplementedError) as error:
        raise DataError(f"a message that cannot be read ({error}): {str(message)[:120]}") from error


def _played(options: Options, shops: Sequence[Path]) -> Path:
    """Consultations by self-play; those of an earlier run with the same seed and shops are taken as they are."""
    path = options.work / f"consultations-{options.seed}-{len(shops)}.jsonl"
    with redirect_stdout(sys.stderr):
        play(shops, len(shops) * options.integer("consultations", CONSULTATIONS), path, options.seed, Habits())
    return path


SUITE = Suite(
    "shopcalls",
    "next call on unseen random shops, teacher-forced on self-play: names and arguments exact",
    cases,
    run,
    metrics,
    targets=("exact>=0.92",),
    settings={
        "random": "how many fresh random shops (default 8; 0 takes --shop)",
        **VARIED,
        "consultations": "consultations a shop (default 15)",
    },
)
