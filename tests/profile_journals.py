"""Any journal of a customer, as a hypothesis strategy: every kind of attribute, act and authority, of two people.

The order of a journal is not that of its times, and its undos name observations that are there or are not.
"""

from collections.abc import Mapping
from datetime import timedelta

from hypothesis import strategies as st

from profiles.observation import Authority, Evidence, Observation, Op, Polarity, Value
from tests.profiles_shop import SCHEMA, START

_VALUES: Mapping[str, tuple[Value, ...]] = {
    "size": ("S", "M"),
    "color": ("red", "navy"),
    "size_in": ("boots: 42", "boots: 43", "jackets: M", "M"),
    "price_range": (150.0, "100..200", "100.."),
}
_EVERYTHING: Mapping[str, tuple[Value, ...]] = {"size_in": ("*", "boots: *")}


def _made(number: int, parts: tuple[str, str, int, int, str, int, int, str]) -> Observation:
    name, act, which, by, turn, days, sure, about = parts
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
    return Observation(f"{number:02d}", "C", name, value, polarity, authority, evidence, at, op, sure / 10, about)


_PARTS = st.tuples(
    st.sampled_from(sorted(_VALUES)),
    st.sampled_from(["like", "like", "like", "dislike", "retract", "undo"]),
    st.integers(0, 11),
    st.integers(0, 3),
    st.sampled_from("abcdef"),
    st.integers(0, 6),
    st.integers(0, 10),
    st.sampled_from(["", "", "daughter"]),
)
JOURNALS: st.SearchStrategy[list[Observation]] = st.lists(_PARTS, max_size=12).map(
    lambda drawn: [_made(number, parts) for number, parts in enumerate(drawn)]
)
