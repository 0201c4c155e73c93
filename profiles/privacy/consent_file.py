"""Who took a consent back, by key, in a file beside the database, which outlives a backup.

In: consents as they are written down. Out: `withdrawn.jsonl`, a line a word, and what it says when it is read again. It
holds every no, and every yes that took one back; but not what a shop's record says first of somebody, which stands in
the shop's own file. It names nobody; who is erased goes from it. `restoring` compares it with a database that was put
back. Errors: `DataError` with file and line, `StorageError`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from profiles.privacy.consents import FROM_RECORD, Consent, consent_lines
from profiles.privacy.keys import customer_key
from profiles.privacy.purposes import Purpose
from profiles.storage.files import alone_in, append_lines, whole_records, write_whole

WITHDRAWN = "withdrawn.jsonl"


class Word(BaseModel):
    """One line: a yes or no to a purpose. `customer`: the key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    customer: str
    purpose: Purpose
    granted: bool
    at: datetime


class ConsentFile:
    """Of one shop's state directory."""

    def __init__(self, state: Path, salt: bytes) -> None:
        self._path, self._salt = state / WITHDRAWN, salt

    def note(self, lines: Sequence[Consent]) -> None:
        """Append those that are not there yet; they are on the disk when this returns."""
        words = [self._word(line) for line in lines]
        known = set(whole_records(self._path, Word)) if words else set()
        new = [word for word in words if word not in known]
        if new:
            append_lines(self._path, [word.model_dump_json() for word in new])

    def last(self) -> list[Word]:
        """The last word of each customer on each purpose."""
        return last_words(self._path.parent)

    def forget(self, keys: Collection[str]) -> int:
        """Take the lines of these customers out; how many."""
        if not any(word.customer in keys for word in whole_records(self._path, Word)):
            return 0
        with alone_in(self._path.parent):
            words = list(whole_records(self._path, Word))
            kept = [word for word in words if word.customer not in keys]
            write_whole(self._path, "".join(f"{word.model_dump_json()}\n" for word in kept).encode())
        return len(words) - len(kept)

    def _word(self, line: Consent) -> Word:
        key = customer_key(line.customer, self._salt)
        return Word(customer=key, purpose=line.purpose, granted=line.granted, at=line.at)


def last_words(state: Path) -> list[Word]:
    """Of everybody in a state directory's file; none if there is no file."""
    return list({(word.customer, word.purpose): word for word in whole_records(state / WITHDRAWN, Word)}.values())


def outliving(connection: Connection, lines: Sequence[Consent]) -> list[Consent]:
    """Those of the lines, which are about to be written down, that belong in the file."""
    before = consent_lines(connection, {line.customer for line in lines})
    spoken = {(line.customer, line.purpose) for line in before}
    refused = {(line.customer, line.purpose) for line in before if not line.granted}
    found = []
    for line in lines:
        about = (line.customer, line.purpose)
        is_first_record = line.source == FROM_RECORD and about not in spoken
        if about in refused if line.granted else not is_first_record:
            found.append(line)
        spoken.add(about)
        refused |= set() if line.granted else {about}
    return found
