"""`python -m profiles.commands.speed`: how long a read of a card and a durable append take, by length of the journal.

In: a shop's profile schema. Out: one line per length, in milliseconds; the database is a new SQLite file that is
removed again. `bare` is a commit of one small row on the same file: what the disk alone takes.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from random import Random

from profiles.attribute import Attribute
from profiles.card import card
from profiles.customer import Customer
from profiles.observation import Authority, Evidence, Observation, Polarity, Value
from profiles.privacy.purposes import Purpose
from profiles.privacy.settings import Privacy
from profiles.schema import Schema
from profiles.shop.files import load_schema
from profiles.storage.database import open_database
from profiles.store import ProfileStore

START = datetime(2020, 1, 1, tzinfo=UTC)
CHOICES = 4  # different values of an attribute
BATCH = 1000


def statements(schema: Schema, customer: str, random: Random) -> Iterator[Observation]:
    """Something that the customer says every hour, in the order of time, without end."""
    stated = [item for item in schema.writable_by(Authority.STATED) if _values(item)]
    for number in count():
        attribute = random.choice(stated)
        tastes: Sequence[Polarity] = ("like", "like", "dislike") if attribute.polarity else ("fact",)
        said = Evidence("turn", f"turn-{number}", f"what the customer said in turn {number}")
        at = START + timedelta(hours=number)
        yield Observation(
            f"o{number}",
            customer,
            attribute.name,
            random.choice(_values(attribute)),
            random.choice(tastes),
            Authority.STATED,
            said,
            at,
            "retract" if random.random() < 0.03 else "assert",
            0.9,
        )


def _values(attribute: Attribute) -> Sequence[Value]:
    if attribute.type in ("money", "number"):
        return [float(50 * number) for number in range(1, CHOICES + 1)]
    return attribute.values[:CHOICES]


def timed(act: Callable[[], object], times: int) -> str:
    """Median and 99th percentile in milliseconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        taken.append(1000 * (time.perf_counter() - start))
    taken.sort()
    return f"{taken[times // 2]:6.2f} {taken[min(times - 1, times * 99 // 100)]:6.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m profiles.commands.speed", description=__doc__.partition("\n")[0])
    parser.add_argument("--shop", type=Path, default=Path("shop"), help="the shop's directory (default: shop)")
    parser.add_argument("--lengths", type=int, nargs="+", default=[10, 1000, 10_000, 100_000], help="of the journal")
    parser.add_argument("--times", type=int, default=300, help="how often each is timed")
    options = parser.parse_args()
    schema = load_schema(options.shop)
    with tempfile.TemporaryDirectory() as folder:
        agreed = Privacy(consents=dict.fromkeys(Purpose, True))
        store = ProfileStore(open_database(Path(folder) / "speed.db"), schema, agreed)
        journal, names, written = statements(schema, "C1", Random(7)), count(), 0
        print("observations  traits  past   read p50    p99  append p50    p99    bare p50    p99")
        for length in sorted(options.lengths):
            while written < length:
                batch = list(islice(journal, min(BATCH, length - written)))
                written += len(batch)
                store.append(batch)
            profile = store.read("C1")
            held = f"{len(profile.traits):6} {len(profile.past):5}"
            read = timed(lambda: card(store.read("C1"), schema), options.times)
            append = timed(lambda: store.append([next(journal)]), options.times)
            written += options.times
            bare = timed(lambda: store.put_customers([Customer("C2", str(next(names)))]), options.times)
            print(f"{length:12} {held}    {read}      {append}      {bare}", flush=True)
        store.engine.dispose()


if __name__ == "__main__":
    main()
