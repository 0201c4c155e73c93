"""What an agent learns about customers from conversations alone, against what annotators found in them.

In: `--data`, a file or directory of the LAPS form (`finetune.corpora.laps`; every .json file in it, or with ``--set
"files=*_val.json"`` those whose names match). Each session's messages are replayed through `agent.extraction` into a
profile store of its own, with a schema whose attributes are the data's categories, and the traits at the end are
compared with the annotated values (`eval.pairs`).

Any other extractor can stand in the listener's place, ``--set extractor=module:function``: a function ``extract(turns,
categories)``, or ``extract(turns, categories, model)`` to be given the chat model that `--model` names. Turns are a
list of ``{"role": "customer" or "assistant", "text": ...}``, categories a list of names. It returns a list of
``{"category": ..., "value": ...}``, or ``{"found": that list, "model_calls", "tokens_read", "tokens_written",
"unread"}`` with those of the counts that it knows; `unread`: answers of a model that came to nothing because they could
not be read, or never came. See `eval.peers`.
"""

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from pydantic import BaseModel, ConfigDict, NonNegativeInt, TypeAdapter, ValidationError

from agent.extraction import Listener, Said
from errors import ConfigError, DataError, first_mistake
from eval.pairs import Counts, Pair, by_category, compare
from eval.suite import Case, Options, Record, Suite
from finetune.corpora.laps import by_topic, categories, read_sessions
from profiles.observation import Trait
from profiles.storage.database import open_database
from profiles.store import ProfileStore
from profiles.validator import Firewall

EXTRACTOR, FILES = "extractor", "files"
_MOMENT = datetime(2024, 1, 1, tzinfo=UTC)
_CUSTOMER = "customer"
_KINDS: Mapping[str, str] = {"normalised": "f1", "exact": "f1_exact", "soft": "f1_soft", "category": "f1_category"}


class _Found(BaseModel):
    """What another extractor returns."""

    category: str
    value: str


class _Report(BaseModel):
    """The same with what it took."""

    model_config = ConfigDict(extra="forbid")

    found: list[_Found]
    model_calls: NonNegativeInt | None = None
    tokens_read: NonNegativeInt | None = None
    tokens_written: NonNegativeInt | None = None
    unread: NonNegativeInt | None = None


_LIST: TypeAdapter[list[_Found]] = TypeAdapter(list[_Found])


def cases(options: Options) -> list[Case]:
    """One case per session, topics in turn, so that a part of them is like the whole."""
    path = options.needs_data("a file or directory of the LAPS form: JSON lists of workers with sessions")
    extractor = options.settings.get(EXTRACTOR, "")
    asks_model = not extractor or _asks_model(_load(extractor))
    pattern = options.settings.get(FILES)
    sessions = read_sessions([path] if pattern is None else _matching(path, pattern))
    names = {topic: list(known.by_category) for topic, known in by_topic(sessions).items()}
    ordered = sorted(enumerate(sessions), key=lambda item: (_rank(item[1].id), item[0]))
    return [
        Case(
            session.id,
            {
                "said": [[said.by_customer, said.text] for said in session.said],
                "gold": [list(pair) for pair in session.gold],
                "categories": names[session.topic],
                EXTRACTOR: extractor,
            },
            "model" if asks_model else "none",
        )
        for _, session in ordered
    ]


def _matching(folder: Path, pattern: str) -> list[Path]:
    """The files of a directory that are asked for. Raises ConfigError if there is none."""
    found = sorted(file for file in folder.glob("*") if fnmatch(file.name, pattern))
    if not found:
        raise ConfigError(f"--set {FILES}={pattern}: no such file in {folder}")
    return found


def run(case: Case, subject: BaseChatModel | None) -> Record:
    """The pairs found in one session and what finding them took. Raises DataError for what an extractor returns."""
    said = [Said(by_customer, text) for by_customer, text in case.data["said"]]
    started = time.monotonic()
    if subject is None or case.data[EXTRACTOR]:
        found, cost = _extract(case.data[EXTRACTOR], said, case.data["categories"], subject)
    else:
        found, cost = listen(subject, said, case.data["categories"])
    gold = [tuple(pair) for pair in case.data["gold"]]
    return {"gold": gold, **found, **cost, "seconds": time.monotonic() - started}


def listen(model: BaseChatModel, said: Sequence[Said], names: Sequence[str]) -> tuple[Record, Record]:
    """A session through the agent's own profile path: (pairs and refusals, cost)."""
    known = categories(names)
    engine = open_database("sqlite://")
    try:
        store = ProfileStore(engine, known.schema)
        heard = Listener(model, store, Firewall(known.schema)).listen(said, _CUSTOMER, "session", _MOMENT)
        traits = store.read(_CUSTOMER).traits
    finally:
        engine.dispose()
    found = {
        "found": [[known.category(trait.attribute, trait.polarity), str(trait.value)] for trait in traits],
        "quotes": [_quoted(trait, said) for trait in traits],
        "refused": [[wish.attribute, str(wish.value), wish.quote, reason] for wish, reason in heard.refused],
    }
    cost = {
        "turns": heard.turns,
        "model_calls": heard.model_calls,
        "tokens_read": heard.prompt_tokens,
        "tokens_written": heard.completion_tokens,
    }
    return found, cost


def metrics(records: Sequence[Record]) -> dict[str, float]:
    """F1, precision and recall over all pairs of all sessions; figures per turn; the share of quotes that are so."""
    kinds = dict.fromkeys(_KINDS, Counts())
    parts: dict[str, Counts] = {}
    for record in records:
        gold, found = _pairs(record["gold"]), _pairs(record["found"])
        for kind, counts in compare(gold, found).items():
            kinds[kind] += counts
        for name, counts in by_category(gold, found).items():
            parts[name] = parts.get(name, Counts()) + counts
    figures = {name: kinds[kind].f1 for kind, name in _KINDS.items()}
    for kind, name in _KINDS.items():
        figures[name.replace("f1", "precision")] = kinds[kind].precision
        figures[name.replace("f1", "recall")] = kinds[kind].recall
    figures |= {"gold_values": kinds["normalised"].gold, "found_values": kinds["normalised"].predicted}
    figures |= _costs(records)
    return figures | {f"f1/{name}": counts.f1 for name, counts in sorted(parts.items())}


def _costs(records: Sequence[Record]) -> dict[str, float]:
    turns = sum(record["turns"] for record in records) or 1
    figures = {"seconds_per_turn": sum(record["seconds"] for record in records) / turns}
    for name in ("model_calls", "tokens_read", "tokens_written", "unread"):
        if any(name in record for record in records):
            figures[f"{name}_per_turn"] = sum(record.get(name, 0) for record in records) / turns
    quotes = [good for record in records for good in record.get("quotes", ())]
    return figures | ({"quoted": sum(quotes) / len(quotes)} if quotes else {})


def _pairs(listed: Sequence[Sequence[str]]) -> list[Pair]:
    return [(category, value) for category, value in listed]


def _quoted(trait: Trait, said: Sequence[Said]) -> bool:
    """Whether each piece of the trait's evidence stands, letter for letter, in what the customer said."""
    return all(any(one.by_customer and piece.quote in one.text for one in said) for piece in trait.evidence)


def _rank(session: str) -> int:
    return int(session.rpartition("/")[0].rpartition("/")[2])


def _extract(
    name: str, said: Sequence[Said], names: Sequence[str], model: BaseChatModel | None
) -> tuple[Record, Record]:
    """A session through another extractor: (pairs, cost). Raises DataError for what it returns."""
    turns = [{"role": _CUSTOMER if one.by_customer else "assistant", "text": one.text} for one in said]
    returned = _load(name)(turns, list(names), *([] if model is None else [model]))
    try:
        report = _Report.model_validate(returned) if isinstance(returned, dict) else None
        pairs = report.found if report else _LIST.validate_python(returned)
    except ValidationError as error:
        mistake = first_mistake(error, whole="its result")
        raise DataError(f"extractor {name}: {mistake}; expected category and value") from error
    counts = report.model_dump(exclude={"found"}, exclude_none=True) if report else {}
    turned = sum(one.by_customer for one in said)
    return {"found": [[pair.category, pair.value] for pair in pairs]}, {"turns": turned, **counts}


def _asks_model(extract: Callable[..., Any]) -> bool:
    """Whether an extractor takes the chat model, as its third argument."""
    return len(inspect.signature(extract).parameters) > 2


def _load(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    try:
        extract = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"--set {EXTRACTOR}={name}: {error}; expected module:function") from error
    if not callable(extract):
        raise ConfigError(f"--set {EXTRACTOR}={name}: {function} is no function")
    return extract  # type: ignore[no-any-return]


SUITE = Suite(
    name="profile",
    about="traits learnt from conversations alone, against annotated ones (LAPS form; --data)",
    cases=cases,
    run=run,
    metrics=metrics,
    targets=("f1>=0.45", "f1_soft>=0.6"),
    settings={
        EXTRACTOR: "module:function in place of ours: extract(turns, categories[, model]) -> [{category, value}]",
        FILES: "which files of the directory, by a pattern of names: *_val.json",
    },
)
