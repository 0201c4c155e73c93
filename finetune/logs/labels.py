"""The second half of the way: kept consultations in, samples a split out, labelled where words are all there is.

In: `consultations.jsonl`, the shop's people, and a `Player` (none if neither a teacher nor a call of the log is there
to be tried). Out: one JSONL of samples a split, for `python -m finetune train`. Errors: `ModelError` if the teacher
fails: run again, it goes on.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from finetune.logs.intake import KEPT_FILE, SPLITS
from finetune.logs.people import ShopPeople
from finetune.logs.replay import Player, turns_of
from finetune.logs.rules import NO_CONSENT
from finetune.logs.scrub import Disguise, Scrubber, secret_of
from finetune.logs.stand_ins import StandIns
from finetune.logs.work import Work
from profiles.privacy.keys import customer_key

SAMPLES = "samples"
_SAY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Labelling:
    """What labelling works with."""

    people: ShopPeople
    scrubber: Scrubber
    salt: bytes
    player: Player | None
    say: Callable[[str], None]

    def run(self, work: Work) -> None:
        """Label from where the last run was saved, to the last consultation that was kept."""
        owners = {customer_key(name, self.salt): name for name in self.people.customers}
        done = begun = work.number("labelled")
        total, said = work.number("kept"), time.monotonic()
        for done, record in enumerate(_records(work, begun), begun + 1):
            self._label(record, owners.get(record["customer"]), work)
            work.set_number("labelled", done)
            work.save()  # a teacher's answers cost time and perhaps money
            if time.monotonic() - said > _SAY_SECONDS:
                said = time.monotonic()
                self.say(f"{done} of {total} consultations labelled, {work.number('samples')} samples")
        for split in SPLITS:
            work.output(f"{split}.jsonl")  # an empty split is an empty file
        work.save()
        self.say(f"{done} of {total} consultations labelled, {work.number('samples')} samples")

    def _label(self, record: Mapping[str, Any], owner: str | None, work: Work) -> None:
        if owner is not None and not self.people.still_allows(owner):
            work.count(SAMPLES, NO_CONSENT, record["file"], record["line"])
            return
        turns = turns_of(record["messages"])
        player = self.player if self.player and (self.player.teacher or any(turn.calls for turn in turns)) else None
        found = player.play(record, turns, self._orders(record, owner), work) if turns and player else []
        if not found:
            reason = "nothing in it is learnt" if player else "words only, and no teacher to label them"
            work.count(SAMPLES, reason, record["file"], record["line"])
        for sample in found:
            line = json.dumps(sample.model_dump(), ensure_ascii=False) + "\n"
            work.output(f"{record['split']}.jsonl").write(line.encode("utf-8", "replace"))
            work.add_customer(record["split"], record["customer"])
            work.set_number("samples", work.number("samples") + 1)

    def _orders(self, record: Mapping[str, Any], owner: str | None) -> list[dict[str, Any]]:
        """The customer's orders up to then, as they are called in the scrubbed consultation."""
        orders = self.people.orders(owner) if owner else []
        then = max((message["at"] for message in record["messages"] if message.get("at")), default="9999")
        disguise = Disguise.of_orders(StandIns(secret_of(self.salt, record["id"])), self.scrubber)
        return [disguise.order(order, record["customer"]) for order in orders if str(order.get("placed", "")) <= then]


def _records(work: Work, skip: int) -> Iterator[dict[str, Any]]:
    path = work.folder / KEPT_FILE
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number >= skip:
                yield json.loads(line)
