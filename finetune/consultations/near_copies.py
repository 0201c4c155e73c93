"""Messages that are nearly another's: among the consultations, and of dialogues that must stay unlike them.

In: consultations, and for the others a folder of YAML dialogues (`turns: [{say}]`). Out: `Fault`s that quote only the
consultations' own message. Errors: `DataError` for a dialogue that cannot be read.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import yaml
from rapidfuzz import fuzz, process

from errors import DataError
from finetune.consultations.consultation import Consultation
from finetune.consultations.faults import Fault, bare

SHORTEST = 16  # characters of a message that says something; "yes please" is everybody's
NEAR, NEARLY_SAME = 80, 90  # of 100: how like what must be unlike, and how like one of their own
_Place = tuple[Consultation, int, str]


def among(consultations: Sequence[Consultation]) -> Iterator[Fault]:
    """Messages that nearly repeat one of another consultation."""
    places = _places(consultations)
    texts = [text for _, _, text in places]
    near = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=NEARLY_SAME, dtype=np.uint8)
    for first, second in np.argwhere(np.triu(near, 1)):
        (one, number, _), (other, place, _) = places[first], places[second]
        if one is not other:
            said = other.messages[place - 1].say
            yield Fault(other.id, place, f"nearly what {one.id}.{number} says: {said!r}")


def against(consultations: Sequence[Consultation], folder: Path) -> Iterator[Fault]:
    """Messages that are nearly one of the dialogues in this folder."""
    others = [text for text in map(bare, _dialogues(folder)) if len(text) >= SHORTEST]
    places = _places(consultations)
    texts = [text for _, _, text in places]
    near = process.cdist(texts, others, scorer=fuzz.ratio, score_cutoff=NEAR, dtype=np.uint8)
    for place in np.flatnonzero(near.any(axis=1)):
        one, number, _ = places[place]
        yield Fault(one.id, number, f"nearly what a dialogue of {folder} says: {one.messages[number - 1].say!r}")


def _places(consultations: Sequence[Consultation]) -> list[_Place]:
    every = ((one, at, bare(said.say)) for one in consultations for at, said in enumerate(one.messages, 1))
    return [place for place in every if len(place[2]) >= SHORTEST]


def _dialogues(folder: Path) -> Iterator[str]:
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise DataError(f"no dialogues in {folder}: YAML files are needed, each a list with `turns: [{{say}}]`")
    for file in files:
        try:
            dialogues = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            yield from (str(turn["say"]) for dialogue in dialogues for turn in dialogue["turns"])
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
            raise DataError(f"{file}: no list of dialogues with `turns: [{{say}}]`") from error
