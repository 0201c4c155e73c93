"""The whole file checked: what is wrong, and how much there is of what.

In: consultations, shops by name, and folders of dialogues that they must be unlike. Out: a `Report`, as text or JSON.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.consultations.consultation import Consultation
from finetune.consultations.faults import Fault, faults
from finetune.consultations.labels import wants
from finetune.consultations.near_copies import against, among
from finetune.consultations.shops import MADE, read_shop, shop_directory
from finetune.consultations.written import SPLITS, split_of


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong, and the sizes: of everything, and of messages by label, of consultations by the rest."""

    faults: tuple[Fault, ...]
    consultations: int
    messages: int
    by: Mapping[str, Mapping[str, int]]

    def to_json(self) -> dict[str, Any]:
        found = [{"id": fault.id, "message": fault.message, "text": fault.text} for fault in self.faults]
        sizes = {"consultations": self.consultations, "messages": self.messages}
        return {"faults": found, **sizes, **{name: dict(sizes) for name, sizes in self.by.items()}}

    def text(self) -> str:
        """The faults, then the sizes, a line for each kind."""
        rows = [f"{name}: {', '.join(f'{what} {n}' for what, n in sizes.items())}" for name, sizes in self.by.items()]
        total = f"{self.consultations} consultations, {self.messages} messages, {len(self.faults)} faults"
        return "\n".join([*map(str, self.faults), *rows, total])


def check(consultations: Sequence[Consultation], unlike: Iterable[Path] = (), made: Path = MADE) -> Report:
    """Check them; shops that are not there are made in the folder `made`. Raises DataError for a shop that is none."""
    shops = {name: read_shop(shop_directory(name, made)) for name in sorted({one.shop for one in consultations})}
    found = [fault for one in consultations for fault in faults(one, shops[one.shop])]
    found += among(consultations)
    for folder in unlike:
        found += against(consultations, folder)
    labels = Counter(label for one in consultations for message in one.messages for label in message.wants)
    by: dict[str, Mapping[str, int]] = {
        "wants": {label: labels[label] for label in wants()},
        "shops": _sizes(one.shop for one in consultations),
        "languages": _sizes(one.language for one in consultations),
        "splits": {split: sum(split_of(one) == split for one in consultations) for split in SPLITS},
    }
    return Report(tuple(found), len(consultations), sum(len(one.messages) for one in consultations), by)


def _sizes(names: Iterable[str]) -> Mapping[str, int]:
    return dict(Counter(names).most_common())
