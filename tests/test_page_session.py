"""Who a browser may speak as, and which consultation it may open."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.session import (
    VISITOR_CHOICE,
    as_customer,
    new_consultation,
    new_session,
    preferred_language,
    restored_session,
)

LANGUAGES = ("en", "zh")
CUSTOMERS = {"C1001", "C1002"}
SIGNED_IN = {f"visitor-{'a' * 32}": "C1001", f"visitor-{'b' * 32}": "C1002"}


def known(customer: str) -> bool:
    return customer in CUSTOMERS or (customer.startswith("visitor-") and customer not in SIGNED_IN)


def owner(name: str) -> str:
    return SIGNED_IN.get(name, name)


def test_a_session_is_the_same_after_a_refresh() -> None:
    session = as_customer(new_session("zh"), "C1001", known)
    assert restored_session(session.to_json(), known, owner, "en", LANGUAGES) == session


def test_a_consultation_of_another_customer_is_not_opened() -> None:
    kept = as_customer(new_session("en"), "C1001", known).to_json()
    other = restored_session(kept | {"customer": "C1002"}, known, owner, "en", LANGUAGES)
    assert other.customer == "C1002"
    assert other.consultation != kept["consultation"]
    assert other.consultation.startswith("C1002.")


def test_a_visitors_consultation_goes_on_for_the_customer_they_are_and_for_nobody_else() -> None:
    visitor = next(iter(SIGNED_IN))
    begun = {"consultation": f"{visitor}.{'0' * 32}"}
    mine = as_customer(new_session("en"), "C1001", known).to_json() | begun
    assert restored_session(mine, known, owner, "en", LANGUAGES).consultation == begun["consultation"]
    other = restored_session(mine | {"customer": "C1002"}, known, owner, "en", LANGUAGES)
    assert other.consultation.startswith("C1002.")


def test_who_has_signed_in_is_a_visitor_no_more() -> None:
    visitor = next(iter(SIGNED_IN))
    kept = {"visitor": visitor, "customer": visitor, "consultation": f"{visitor}.{'0' * 32}", "language": "zh"}
    session = restored_session(kept, known, owner, "en", LANGUAGES)
    assert visitor not in session.to_json().values() and session.language == "zh"


def test_another_visitor_cannot_be_picked_or_kept() -> None:
    mine, other = new_session("en"), new_session("en")
    assert as_customer(mine, other.visitor, known).customer == mine.visitor
    forged = restored_session(mine.to_json() | {"customer": other.visitor}, known, owner, "en", LANGUAGES)
    assert forged.customer == mine.visitor


def test_a_customer_that_the_shop_does_not_know_becomes_the_visitor() -> None:
    session = new_session("en")
    restored = restored_session(session.to_json() | {"customer": "C9999"}, known, owner, "en", LANGUAGES)
    assert restored.choice == VISITOR_CHOICE
    assert as_customer(session, "C9999", known).choice == VISITOR_CHOICE


def test_picking_a_customer_opens_a_new_consultation_each_time() -> None:
    session = as_customer(new_session("en"), "C1001", known)
    again = as_customer(session, "C1001", known)
    assert session.consultation != again.consultation
    assert as_customer(again, VISITOR_CHOICE, known).customer == session.visitor


def test_no_two_visitors_and_no_two_consultations_share_an_id() -> None:
    assert len({new_session("en").visitor for _ in range(100)}) == 100
    assert len({new_consultation("C1001") for _ in range(100)}) == 100


texts = st.text(max_size=40)
begun = st.sampled_from([f"{name}.{'0' * 32}" for name in (*CUSTOMERS, *SIGNED_IN)])
names = st.sampled_from([*CUSTOMERS, *SIGNED_IN, "en", "zh"])
kept_values = st.none() | texts | st.integers() | st.lists(texts) | names | begun


@given(
    st.none()
    | texts
    | st.dictionaries(st.sampled_from(["visitor", "customer", "consultation", "language"]), kept_values)
)
def test_whatever_a_browser_kept_the_consultation_is_that_customers_own(kept: Any) -> None:
    session = restored_session(kept, known, owner, "en", LANGUAGES)
    assert session.customer in CUSTOMERS | {session.visitor}
    assert owner(session.consultation.rpartition(".")[0]) == session.customer
    assert session.language in ("en", "zh")


@pytest.mark.parametrize(
    ("header", "language"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("de-DE,zh;q=0.5", "zh"), ("en-GB", "en"), ("", "en"), ("fr", "en")],
)
def test_the_page_starts_in_the_language_of_the_browser(header: str, language: str) -> None:
    assert preferred_language(header, LANGUAGES) == language
