"""What a database that was put back has missed: erasures and words about consent, which files beside it remember.

In: a store that was just opened, and its state directory. Out: nothing; the erased are gone again, and who had taken a
consent back has done so again, with what follows from it. A database that was not put back costs a few queries.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, func, select

from profiles.journal import batched
from profiles.privacy.consent_file import WITHDRAWN, ConsentFile, Word
from profiles.privacy.consents import Consent
from profiles.privacy.erasure import erase_returned
from profiles.privacy.keys import customer_key
from profiles.privacy.tombstones import buried
from profiles.storage.database import reading
from profiles.storage.tables import consents, customers, time_text
from profiles.store import ProfileStore

OPENING = "opening the database"  # who does it, for receipts and consents
_Said = tuple[str, str, bool]


def catch_up(store: ProfileStore, state: Path) -> None:
    """Erase whom the state directory knows as erased, and say again what was said of consent since."""
    erase_returned(store, state)
    if store.consent_file is not None:
        store.record_consents(list(_missed(store, store.consent_file)))


def _missed(store: ProfileStore, file: ConsentFile) -> Iterator[Consent]:
    """The file's last words that the database does not have, of customers whom it knows."""
    words = file.last()
    if not words:
        return
    with reading(store.engine) as connection:
        gone = buried(connection, {word.customer for word in words})
        lacking = _lacking(connection, [word for word in words if word.customer not in gone])
        names = _names_of(connection, {word.customer for word in lacking}, store.salt) if lacking else {}
    for word in lacking:
        if word.customer in names:
            yield Consent(names[word.customer], word.purpose, word.granted, word.at, WITHDRAWN, OPENING)


def _lacking(connection: Connection, words: Sequence[Word]) -> list[Word]:
    """Told by their moments, so that nobody's key is asked for as long as the database has them all."""
    there: Counter[_Said] = Counter()
    for part in batched({time_text(word.at) for word in words}):
        said = (consents.c.at, consents.c.purpose, consents.c.granted)
        counted = select(*said, func.count().label("lines")).where(consents.c.at.in_(part)).group_by(*said)
        there.update({(row.at, row.purpose, row.granted): row.lines for row in connection.execute(counted)})
    expected = Counter(map(_said, words))
    return [word for word in words if there[_said(word)] < expected[_said(word)]]


def _said(word: Word) -> _Said:
    return time_text(word.at), word.purpose.value, word.granted


def _names_of(connection: Connection, keys: set[str], salt: bytes | None) -> dict[str, str]:
    """By key, the ids of those customers whom the database knows."""
    every = connection.execute(select(customers.c.id).execution_options(yield_per=1000)).scalars()
    return {key: name for name in every if salt and (key := customer_key(name, salt)) in keys}
