"""Whether there is somebody by an id: asked for by key, on both databases, and an error that names a few others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from errors import NotFound
from profiles.customer import Customer
from profiles.store import ProfileStore
from tests.profile_stores import somebody

_IDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)


def test_whoever_the_store_has_heard_of_is_there_and_a_merged_visitor_is_not(store: ProfileStore) -> None:
    customer, visitor, nobody = somebody(), somebody(), somebody()
    store.put_customers([Customer(customer), Customer(visitor)])
    assert store.has(customer) and store.has(visitor) and not store.has(nobody)
    store.merge(visitor, customer)
    assert store.has(customer) and not store.has(visitor)


@given(_IDS)
def test_it_is_there_if_it_is_among_all(store: ProfileStore, name: str) -> None:
    assert store.has(name) is (name in store.customers())


def test_to_look_for_somebody_is_one_statement_that_names_them(store: ProfileStore) -> None:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        store.has(somebody())
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
    (statement,) = (one for one in said if one.startswith("SELECT"))
    assert "customer.id = " in statement.partition("WHERE")[2]


def test_the_error_names_a_few_and_none_that_are_to_be_hidden(store: ProfileStore) -> None:
    store.put_customers([Customer(f"A{number}") for number in range(9)] + [Customer("!secret-1")])
    error = store.not_found("nobody", hidden="!secret-")
    assert isinstance(error, NotFound)
    assert "'nobody'" in str(error) and "A0, A1, A2, A3, A4 and more" in str(error) and "secret" not in str(error)
    with pytest.raises(NotFound, match="there are !secret-1, A0"):
        store.customer("nobody")
