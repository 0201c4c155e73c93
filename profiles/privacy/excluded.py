"""Of whom nothing may be learnt: the erased, and those who agree to training no more.

In: a shop's state directory, and the URL of its database if that is not there. Out: their keys, as they stand in
samples and in the lineage of adapters. Asked anew each time that a model is trained, looked at or published, so that a
consent counts as it is then; one that is given again lifts the bar. Only a customer's own no counts: what nobody was
asked was decided when the sample was made. Errors: those of the files and of the database.
"""

from pathlib import Path

from profiles.privacy.consent_file import last_words
from profiles.privacy.consents import unwilling
from profiles.privacy.keys import SALT_FILE, customer_key, load_salt
from profiles.privacy.purposes import Purpose
from profiles.privacy.tombstones import erased
from profiles.storage.database import DATABASE_FILE, open_database, reading
from profiles.storage.migration import migrate

WHO = "customers who were erased or agree to training no more"


def barred(state: Path, database: str | None = None) -> frozenset[str]:
    """Keys of all of them, under every name that they had; also what a database that was put back has forgotten."""
    gone = erased(state)
    gone |= {word.customer for word in last_words(state) if word.purpose is Purpose.TRAINING and not word.granted}
    there = database is not None or (state / DATABASE_FILE).is_file()
    if not (there and (state / SALT_FILE).is_file()):
        return gone  # nobody has said anything, or there is no key by which a sample could name them
    engine = open_database(database or state / DATABASE_FILE)
    try:
        migrate(engine)
        with reading(engine) as connection:
            names = unwilling(connection, Purpose.TRAINING)
    finally:
        engine.dispose()
    salt = load_salt(state)
    return gone | {customer_key(name, salt) for name in names}
