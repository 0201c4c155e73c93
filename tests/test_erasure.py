"""Erasure on SQLite and PostgreSQL: then no file and no table has anything of the customer."""

import json

import pytest
from hypothesis import HealthCheck, given, settings

from errors import NotFound, Refused, StorageError
from profiles.intents.reads import read_intents
from profiles.observation import Authority, Observation
from profiles.preference.goods import Good
from profiles.preference.service import FILE, Preferences
from profiles.privacy.audit import Act, Audit
from profiles.privacy.tombstones import erased
from profiles.store import ProfileStore
from tests.erasure_shop import OTHER, SECRETS, Shop, fill, left_of_the_other, traces
from tests.events_shop import NOW, PRODUCTS
from tests.profile_journals import JOURNALS
from tests.profile_stores import somebody, told_of
from tests.profiles_shop import PRIVACY, SCHEMA, observation


@pytest.fixture
def shop(erasure_shop: Shop) -> Shop:
    return erasure_shop


def test_nothing_of_an_erased_customer_is_left_in_any_file_or_table(shop: Shop) -> None:
    fill(shop)
    assert {found.partition(": ")[2] for found in traces(shop)} == set(SECRETS)
    assert not [found for found in traces(shop) if found.startswith(FILE)]  # a snapshot is of nobody
    before = left_of_the_other(shop)
    receipt = shop.erasure().run("QX-7731", shop.places(), by="Ada")
    assert traces(shop) == []
    assert left_of_the_other(shop) == before
    some = ("observations", "events", "affinities", "consents", "customers", "merged visitors", "events kept aside")
    more = (
        "consultations",
        "checkpoints",
        "proposals",
        "cases",
        "handoffs",
        "conversations",
        "carts",
        "orders made nobody's",
        "samples",
        "acts in preference models",
    )
    assert [name for name in (*some, *more) if not receipt.removed[name]] == []
    assert (receipt.removed["consultations"], receipt.removed["samples"]) == (2, 2)
    assert receipt.removed["acts in preference models"] == 2 and read_intents(shop.store, "QX-7731") == ()
    goods = {sku: Good(sku, "jackets", ()) for sku in PRODUCTS}
    opened = Preferences.open(shop.store.engine, goods, shop.state)
    assert opened.leanings("QX-7731", list(goods)) == [] and opened.leanings(OTHER, list(goods))
    opened.save()
    assert traces(shop) == []
    assert "QX-7731" not in json.dumps(receipt.to_json()) and receipt.customer in erased(shop.state)


def test_the_audit_still_says_who_looked_but_not_at_whom(shop: Shop) -> None:
    fill(shop)
    key = shop.erasure().run("QX-7731", shop.places(), by="Ada").customer
    found = Audit(shop.store.engine).of(["QX-7731", key])
    assert [(item.customer, item.act, item.by) for item in found] == [(key, Act.READ, "Ada"), (key, Act.ERASED, "Ada")]


def test_a_merged_visitor_is_the_customer_and_somebody_unknown_is_nobody(shop: Shop) -> None:
    fill(shop)
    with pytest.raises(NotFound, match="QX-77"):
        shop.erasure().run("QX-77", shop.places())
    assert erased(shop.state) == frozenset()
    shop.erasure().run("vis-8842", shop.places())
    assert traces(shop) == []


def test_a_database_with_erased_customers_needs_the_salt_that_they_were_erased_with(shop: Shop) -> None:
    fill(shop)
    shop.erasure().run("QX-7731", shop.places())
    for salt in (None, b"x" * 32):
        with pytest.raises(StorageError, match="salt"):
            ProfileStore(shop.store.engine, SCHEMA, PRIVACY, salt)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(journal=JOURNALS, others=JOURNALS)
def test_whatever_was_written_erasing_leaves_nothing_and_lets_nothing_in(
    shop: Shop, journal: list[Observation], others: list[Observation]
) -> None:
    customer, other = somebody(), somebody()
    shop.store.append(told_of(customer, journal))
    shop.store.append(told_of(other, others))
    before = shop.store.history(other), shop.store.read(other, NOW)
    if not journal:
        return
    shop.erasure().run(customer)
    assert shop.store.history(customer) == [] and not shop.store.read(customer).traits
    with pytest.raises(Refused):
        shop.store.append([observation("new", "size", "M", by=Authority.STATED, customer=customer)])
    assert (shop.store.history(other), shop.store.read(other, NOW)) == before
