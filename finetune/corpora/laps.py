"""Consultations in the LAPS form: people tell an assistant what they like, and annotators list it, session by session.

In: files or directories of JSON lists of workers, ``{"worker_id", "topic", "sessions": [{"dialogue": [{"role",
"message"}], "preferences": {category: [value]}}]}``, under any names; other JSON in a directory is left out. Out:
`Session`s, a profile `Schema` per topic whose attributes are the data's categories, and training samples for
`agent.extraction`. Errors: a DataError that names the file and the place in it. Form: github.com/informagi/laps.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter

from agent.extraction import Said, Turn, turns_of
from errors import DataError
from finetune.corpora.align import find_place
from finetune.corpora.extraction import listening_sample
from finetune.corpora.files import json_files, read_form
from finetune.samples import Sample
from language.words import stems
from profiles.attribute import MAX_TEXT
from profiles.observation import Profile
from profiles.schema import Schema
from profiles.validator import Firewall, ProposedChange

POLARITIES: Mapping[str, Literal["like", "dislike"]] = {"_like": "like", "_dislike": "dislike"}
ALONE = ("just me", "just myself", "by myself", "just for me", "only me", "on my own", "myself", "solo")
WHOLE = 4  # one sample of so many goes on to its end; thanks and goodbyes all teach the same silence
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation; `gold`: (category, value) as annotated, in the file's order, each once."""

    id: str
    worker: str
    topic: str
    said: tuple[Said, ...]
    gold: tuple[tuple[str, str], ...]


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore")

    role: Annotated[Literal["user", "assistant"], BeforeValidator(lambda role: str(role).lower())]
    message: str


def _listed(values: object) -> object:
    """A category may hold one value without a list, or nothing."""
    return [] if values is None else [values] if isinstance(values, str) else values


class _Session(BaseModel):
    model_config = ConfigDict(extra="ignore")

    dialogue: list[_Message]
    preferences: dict[str, Annotated[list[str], BeforeValidator(_listed)]]


class _Worker(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    worker_id: str
    topic: str
    sessions: list[_Session]


_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
_WORKERS: TypeAdapter[list[_Worker]] = TypeAdapter(list[_Worker])


def read_sessions(paths: Sequence[Path]) -> list[Session]:
    """All sessions of files, or of every file of the form in directories, in the order of names. Raises DataError."""
    files = [file for file in json_files(paths) if file in paths or _of_the_form(file)]
    if not files:
        raise DataError(f"no file of the LAPS form in {', '.join(map(str, paths))}: lists of workers with sessions")
    return [session for file in files for session in _read(file)]


def _of_the_form(file: Path) -> bool:
    """Whether a file of a directory is meant: other JSON may lie beside the data, broken JSON is an error."""
    held = read_form(file, _ANYTHING, "JSON")
    return isinstance(held, list) and all(isinstance(one, dict) and "sessions" in one for one in held)


def _read(file: Path) -> Iterator[Session]:
    workers = read_form(file, _WORKERS, "a list of workers of the LAPS form")
    for at, worker in enumerate(workers):
        for number, session in enumerate(worker.sessions):
            said = tuple(Said(line.role == "user", line.message) for line in session.dialogue)
            gold = {
                (category, value.strip().casefold()): (category, value.strip())
                for category, values in session.preferences.items()
                for value in values
                if value.strip()
            }
            yield Session(f"{file.stem}/{at}/{number}", worker.worker_id, worker.topic, said, tuple(gold.values()))


@dataclass(frozen=True, slots=True)
class Categories:
    """How one topic's categories are attributes: "dish_like" and "dish_dislike" are the two polarities of `dish`."""

    schema: Schema
    by_category: Mapping[str, tuple[str, str]]

    def attribute(self, category: str) -> tuple[str, str]:
        """A category's attribute and polarity."""
        return self.by_category[category]

    def category(self, attribute: str, polarity: str) -> str:
        """The category of a trait, whether the data has it or not."""
        known = {place: category for category, place in self.by_category.items()}
        return known.get((attribute, polarity), f"{attribute}_{polarity}")


def categories(names: Iterable[str]) -> Categories:
    """The schema whose attributes are these categories, in the order of the alphabet. Raises ConfigError for a name."""
    places: dict[str, tuple[str, str]] = {}
    for name in sorted(set(names)):
        ending = next((ending for ending in POLARITIES if name.endswith(ending)), None)
        places[name] = (name.removesuffix(ending), POLARITIES[ending]) if ending else (name, "fact")
    liked = {attribute for attribute, polarity in places.values() if polarity != "fact"}
    entries = [
        {
            "name": attribute,
            "type": "text",
            "many": True,
            "polarity": attribute in liked,
            "writers": ["stated"],
            "synonyms": {"alone": list(ALONE)},
        }
        for attribute in sorted({attribute for attribute, _ in places.values()})
    ]
    return Categories(Schema.parse({"attributes": entries}, "the data's categories"), places)


def by_topic(sessions: Sequence[Session]) -> dict[str, Categories]:
    """The categories of each topic."""
    names: dict[str, set[str]] = defaultdict(set)
    for session in sessions:
        names[session.topic] |= {category for category, _ in session.gold}
    return {topic: categories(found) for topic, found in sorted(names.items())}


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the annotated values: taught, or without words of the customer that bear them out."""

    samples: tuple[Sample, ...]
    taught: int
    unsaid: tuple[tuple[str, str, str], ...]


def make_samples(sessions: Sequence[Session]) -> Report:
    """One sample per session, turn by turn as `agent.extraction` asks; each change passes the firewall."""
    schemas = by_topic(sessions)
    samples, unsaid, taught = [], list[tuple[str, str, str]](), 0
    for number, session in enumerate(sessions):
        known = schemas[session.topic]
        turns = turns_of(session.said)
        changes, lost = _aligned(session, known, turns)
        if number % WHOLE:
            turns = turns[: max(changes, default=0) + 2]
        taught += sum(map(len, changes.values()))
        unsaid += [(session.id, *gold) for gold in lost]
        meta = {"corpus": "laps", "consultation": session.id, "customer": session.worker}
        samples.append(listening_sample(known.schema, turns, changes, meta))
    return Report(tuple(samples), taught, tuple(unsaid))


def _aligned(
    session: Session, known: Categories, turns: Sequence[Turn]
) -> tuple[dict[int, list[dict[str, Any]]], list[tuple[str, str]]]:
    """The changes by turn, in the order in which their words stand there, and the values that nobody said."""
    firewall = Firewall(known.schema)
    placed: dict[int, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    lost = []
    seen: set[tuple[str, frozenset[str]]] = set()
    for category, value in session.gold:
        if (category, stems(value)) in seen:  # "mushroom" beside "mushrooms" would teach to say things twice
            continue
        seen.add((category, stems(value)))
        attribute, polarity = known.attribute(category)
        place = find_place(value, turns, ALONE if value.lower() == "alone" else ())
        change = {
            "quote": place.quote if place else "",
            "attribute": attribute,
            "value": known.schema.attribute(attribute).clean(value) if len(value) <= MAX_TEXT else value,
            "polarity": polarity,
        }
        if place is None or not _admitted(firewall, change, turns[: place.turn + 1]):
            lost.append((category, value))
            continue
        placed[place.turn].append((place.start, change))
    said = {turn: sorted(found, key=lambda one: one[0]) for turn, found in placed.items()}
    return {turn: [change for _, change in found] for turn, found in said.items()}, lost


def _admitted(firewall: Firewall, change: Mapping[str, Any], turns: Sequence[Turn]) -> bool:
    heard = {str(number): turn.words for number, turn in enumerate(turns)}
    asked = {str(number): turn.asked for number, turn in enumerate(turns)}
    return bool(
        firewall.admit(
            [ProposedChange(**change)], heard, "customer", _EPOCH, "sample", Profile("customer"), asked=asked
        ).observations
    )
