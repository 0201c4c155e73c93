"""The first half of the way: a log in, consultations that may be learnt from out, cleaned, scrubbed and split.

In: a `Source`, a shop and its people. Out: `consultations.jsonl` in the work folder, in the own form with the
customers' keys in place of their ids, and counts of what was dropped and why. Errors: `DataError` for a line that
cannot be read if `strict`, else those of reading and writing files.
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from errors import DataError
from finetune.logs.consultation import Consultation, LoggedMessage
from finetune.logs.duplicates import is_duplicate
from finetune.logs.people import ShopPeople
from finetune.logs.rules import DUPLICATE, NO_CONSENT, Rules, joined, language_of, objection
from finetune.logs.scrub import Disguise, Scrubber
from finetune.logs.sources import Source, Unread
from finetune.logs.spool import Spool
from finetune.logs.text_cleanup import clean_body
from finetune.logs.work import SPOOL_FILE, Work
from profiles.privacy.keys import customer_key

KEPT_FILE = "consultations.jsonl"
SPLITS = ("train", "val", "test")
STAGE, UNREAD = "consultations", "lines"
_SAVE_EVERY, _SAY_SECONDS = 200, 5.0
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.:-]{1,80}")


@dataclass(frozen=True, slots=True)
class Intake:
    """What a run works with. `languages` are the shop's; `say` shows progress."""

    source: Source
    people: ShopPeople
    scrubber: Scrubber
    rules: Rules
    languages: tuple[str, ...]
    salt: bytes
    strict: bool
    say: Callable[[str], None]

    def run(self, work: Work) -> None:
        """Read on from where the last run was saved, to the end of the log."""
        if work.number("intake done"):
            return
        spool = Spool(work.folder / SPOOL_FILE)
        self._fill(spool, work)
        done = begun = work.number("read")
        said = time.monotonic()
        for done, found in enumerate(self.source.read(spool, begun), begun + 1):
            self._take(found, work)
            work.set_number("read", done)
            if done % _SAVE_EVERY == 0:
                work.save()
            if time.monotonic() - said > _SAY_SECONDS:
                said = time.monotonic()
                self.say(f"{done} consultations read, {work.number('kept')} kept")
        work.set_number("intake done", 1)
        work.save()
        spool.path.unlink(missing_ok=True)  # it holds what was not scrubbed yet
        self.say(f"{done} consultations read, {work.number('kept')} kept")

    def _fill(self, spool: Spool, work: Work) -> None:
        if self.source.is_grouped and not (work.number("spooled") and spool.path.is_file()):
            self.say("gathering the messages of each conversation")
            for unread in self.source.prepare(spool):
                if not work.number("spooled"):
                    self._unread(unread, work)
            work.set_number("spooled", 1)
            work.save()

    def _take(self, found: Consultation | Unread, work: Work) -> None:
        if isinstance(found, Unread):
            self._unread(found, work)
            return
        if isinstance(result := self._judge(found, work), str):
            work.count(STAGE, result, found.file, found.line)
            return
        work.output(KEPT_FILE).write((json.dumps(result, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
        work.set_number("kept", work.number("kept") + 1)
        if any(message.calls for message in found.messages):
            work.set_number("with calls", 1)

    def _unread(self, unread: Unread, work: Work) -> None:
        if self.strict:
            raise DataError(f"{unread.file}, line {unread.line}: {unread.problem}")
        work.count(UNREAD, re.sub(r"\d+", "N", unread.problem)[:120], unread.file, unread.line)

    def _judge(self, found: Consultation, work: Work) -> dict[str, Any] | str:
        """The consultation as it may be kept, or why not. Consent first: the rest is not even looked at without."""
        customer = self.people.find(found)
        if not self.people.allows(found, customer):
            return NO_CONSENT
        cleaned = joined([replace(message, text=clean_body(message.text)) for message in found.messages])
        clean = replace(found, id=public_id(found, self.salt), messages=cleaned)
        if reason := objection(clean, self.rules, self.languages):
            return reason
        orders = self.people.orders(customer.id) if customer else []
        disguise = self.scrubber.disguise(clean, customer, orders, [message.text for message in cleaned])
        marked = (disguise.marked(message.text) for message in cleaned)
        if is_duplicate(work.database, marked, self.rules.max_similarity):
            return DUPLICATE
        key = customer_key(customer.id if customer else found.customer, self.salt)
        return {
            "id": clean.id,
            "customer": key,
            "consent": True,
            "split": split_of(key, self.salt, self.rules),
            "language": language_of(clean, self.languages),
            "file": found.file,
            "line": found.line,
            "messages": [_message(message, disguise) for message in cleaned],
        }


def split_of(key: str, salt: bytes, rules: Rules) -> str:
    """The split of a customer: always the same, and of nobody else's choosing."""
    digest = hmac.new(salt, f"split:{key}".encode(), hashlib.sha256).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return "train" if share < rules.train_share else "val" if share < rules.train_share + rules.val_share else "test"


def public_id(consultation: Consultation, salt: bytes) -> str:
    """The log's own id if it is nothing but an id, and not made of the customer's; otherwise a pseudonym."""
    own = consultation.id
    if _PLAIN_ID.fullmatch(own) and not _names(consultation, own):
        return own
    return hmac.new(salt, f"id:{own}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]


def _names(consultation: Consultation, text: str) -> bool:
    return any(name and name in text for name in (consultation.customer, *consultation.aliases))


def _message(message: LoggedMessage, disguise: Disguise) -> Mapping[str, Any]:
    at: datetime | None = message.at
    calls = [{"name": call.name, "arguments": disguise.arguments(call.arguments)} for call in message.calls]
    return {
        "role": message.role,
        "content": disguise.text(message.text),
        **({"at": at.isoformat()} if at else {}),
        **({"tool_calls": calls} if calls else {}),
    }
