"""Profile stores on both databases, and any journals to write into them, for the tests of the rules.

In: a database ("sqlite" or "postgresql"). Out: stores, customers that nobody has written about yet, journals.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from hypothesis import strategies as st

from profiles.database import open_database
from profiles.observation import Authority, Evidence, Observation, Op, Polarity, Profile, Value
from profiles.store import ProfileStore
from tests.postgresql_server import postgresql
from tests.profiles_shop import SCHEMA, START

DATABASES = ("sqlite", "postgresql")
NOW = START + timedelta(days=1000)
_VALUES: Mapping[str, tuple[Value, ...]] = {
    "size": ("S", "M"),
    "color": ("red", "navy"),
    "size_in": ("boots: 42", "boots: 43", "jackets: M", "M"),
    "price_range": (150.0, "100..200", "100.."),
}
_EVERYTHING: Mapping[str, tuple[Value, ...]] = {"size_in": ("*", "boots: *")}
_numbers = count()


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a new, empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'shopkeeper.db'}"
    else:
        with postgresql() as server:
            yield server.database()


def open_store(url: str) -> ProfileStore:
    return ProfileStore(open_database(url), SCHEMA)


def somebody() -> str:
    """A customer of whom the databases know nothing."""
    return f"C{next(_numbers)}"


def told_of(customer: str, journal: Sequence[Observation]) -> list[Observation]:
    """The journal as that of this customer, ids and undos included."""
    return [
        replace(
            item,
            id=f"{customer}:{item.id}",
            customer=customer,
            value=f"{customer}:{item.value}" if item.op == "undo" else item.value,
        )
        for item in journal
    ]


def held(profile: Profile) -> tuple[object, ...]:
    """All that a profile says, but of whom."""
    return profile.traits, profile.past


def _made(number: int, parts: tuple[str, str, int, int, str, int, int]) -> Observation:
    name, act, which, by, turn, days, sure = parts
    attribute = SCHEMA.attribute(name)
    writers = sorted(attribute.writers, key=lambda item: item.rank)
    op: Op = "retract" if act == "retract" else "undo" if act == "undo" else "assert"
    values = _VALUES[name] + (_EVERYTHING.get(name, ("*",)) if op == "retract" else ())
    polarity: Polarity = "fact"
    if attribute.polarity:
        polarity = "dislike" if act == "dislike" else "like"
    value: Value = f"{which:02d}" if op == "undo" else values[which % len(values)]
    authority = Authority.SHOP if op == "undo" else writers[by % len(writers)]
    evidence = Evidence("turn", turn, f"about {value}")
    at = START + timedelta(days=days)
    return Observation(f"{number:02d}", "C", name, value, polarity, authority, evidence, at, op, sure / 10)


_PARTS = st.tuples(
    st.sampled_from(sorted(_VALUES)),
    st.sampled_from(["like", "like", "like", "dislike", "retract", "undo"]),
    st.integers(0, 11),
    st.integers(0, 3),
    st.sampled_from("abcdef"),
    st.integers(0, 6),
    st.integers(0, 10),
)
JOURNALS: st.SearchStrategy[list[Observation]] = st.lists(_PARTS, max_size=12).map(
    lambda drawn: [_made(number, parts) for number, parts in enumerate(drawn)]
)
