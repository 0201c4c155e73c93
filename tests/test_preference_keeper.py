"""Preferences over a shop's database: what counts at once, what a restart keeps, who has what, what is supported."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import ConfigError
from profiles.customer import Customer
from profiles.events.intake import EventIntake
from profiles.preference.co_purchase import LEAST_TOGETHER, TAKEN, CoPurchases
from profiles.preference.goods import Good, declared_consumables
from profiles.preference.history import Seen
from profiles.preference.service import FILE, LEAST_BUYERS, Preferences
from profiles.storage.database import open_database
from profiles.storage.migration import VERSION_TABLE
from profiles.store import ProfileStore
from tests.events_shop import NOW, event, order, refund
from tests.profiles_shop import SCHEMA

KINDS = {"boots": ("B1", "B2", "B3"), "tents": ("T1", "T2"), "socks": ("S1", "S2"), "stoves": ("K1",)}
GOODS = {sku: Good(sku, kind, (f"category={kind}", f"name={sku}")) for kind, skus in KINDS.items() for sku in skus}
GOODS |= {"B1-42": GOODS["B1"], "B1-43": GOODS["B1"]}
PRODUCTS: dict[str, dict[str, tuple[str, ...]]] = {sku: {"category": (good.category,)} for sku, good in GOODS.items()}
PEOPLE = tuple(f"C{number}" for number in range(1, 41))


def open_intake(url: str) -> EventIntake:
    store = ProfileStore(open_database(url), SCHEMA)
    store.put_customers([Customer(name, consent={"profiling": True}) for name in PEOPLE])
    return EventIntake(store, PRODUCTS, lambda: NOW)


@pytest.fixture
def intake(url: str) -> EventIntake:
    return open_intake(url)


def open_preferences(url: str, folder: Path, **more: Any) -> Preferences:
    return Preferences.open(open_database(url), GOODS, folder, **more)


def looks(customer: str, *skus: str, first: int, name: str = "Product Viewed") -> list[dict[str, Any]]:
    return [
        event(first + place, name, sku, days=(first + place) / 1000, userId=customer) for place, sku in enumerate(skus)
    ]


def crowd(first: int = 1000) -> list[dict[str, Any]]:
    """Eight who looked at B1 and put T1 into the cart, twenty who looked at other things, some of whom took K1."""
    made = []
    for number, customer in enumerate(PEOPLE[:28]):
        start = first + 10 * number
        if number < 8:
            made += looks(customer, "B1-42", first=start) + looks(customer, "T1", first=start + 1, name="Product Added")
        else:
            made += looks(customer, "S1", "K1", first=start)
            made += looks(customer, "K1", first=start + 2, name="Product Added") if number % 2 else []
    return made


def test_an_act_counts_in_the_next_question_whoever_took_it_in(url: str, intake: EventIntake, tmp_path: Path) -> None:
    preferences = open_preferences(url, tmp_path)
    assert preferences.leanings("C1", ["B1", "B2", "T1"]) == []
    open_intake(url).take(looks("C1", "B1-42", first=1))
    leanings = preferences.leanings("C1", ["B1", "B2", "T1"])
    assert leanings[0].item == "B1" and leanings[0].weight == 1.0
    assert {leaning.item for leaning in leanings} <= {"B1", "B2"}, "nobody looked at a tent"
    assert {(leaning.item_seen, leaning.event.id.partition("~")[0]) for leaning in leanings} == {("B1", "e001")}
    assert preferences.leanings("C2", ["B1", "B2", "T1"]) == []


def test_what_was_looked_at_last_comes_first(url: str, intake: EventIntake, tmp_path: Path) -> None:
    intake.take(looks("C1", "B1", "B2", "B3", "B1", first=1))
    leanings = open_preferences(url, tmp_path).leanings("C1", ["B1", "B2", "B3"])
    assert [(item.item, item.item_seen, item.event.id.partition("~")[0]) for item in leanings] == [
        ("B1", "B1", "e004"),
        ("B3", "B3", "e003"),
        ("B2", "B2", "e002"),
    ]


def test_what_is_owned_is_no_reason_for_another_of_its_kind(url: str, intake: EventIntake, tmp_path: Path) -> None:
    intake.take(looks("C1", "B1", first=1))
    preferences = open_preferences(url, tmp_path)
    assert preferences.leanings("C1", ["B2", "B3"])
    assert preferences.leanings("C1", ["B2", "B3"], owned={"B1"}) == []


def test_what_was_bought_and_went_back_is_no_reason_either(url: str, intake: EventIntake, tmp_path: Path) -> None:
    sent_back = [order(5, "o1", 50.0, days=1), refund(6, "o1", None, days=2)]
    sent_back[0]["properties"]["products"] = [{"product_id": "B1"}]
    intake.take(looks("C1", "B1", first=1))
    preferences = open_preferences(url, tmp_path)
    assert preferences.leanings("C1", ["B1", "B2"])
    intake.take(sent_back)
    assert preferences.owned("C1", {}) == frozenset()
    assert preferences.leanings("C1", ["B1", "B2"]) == []


def test_others_took_what_enough_of_those_took_who_looked(url: str, intake: EventIntake, tmp_path: Path) -> None:
    intake.take(crowd())
    preferences = open_preferences(url, tmp_path)
    assert preferences.companions("B1") == ["T1"]
    assert preferences.companions("S1") == [], "ten of twenty are not surely more than ten of all twenty-eight"
    assert preferences.companions("T1") == preferences.companions("B3") == preferences.companions("no such thing") == []


def test_a_restart_loses_nothing_with_or_without_a_snapshot(url: str, intake: EventIntake, tmp_path: Path) -> None:
    events = crowd()
    intake.take(events[:20])
    first = open_preferences(url, tmp_path)
    first.save()
    intake.take(events[20:])
    intake.take(looks("C1", "B2", first=5000))
    first.catch_up()
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / FILE).write_bytes(b"not a model")
    for folder in (tmp_path, tmp_path / "none", damaged):
        again = open_preferences(url, folder)
        for sku in ("B1", "S1", "T1"):
            assert again.companions(sku) == first.companions(sku)
        ours, theirs = (one.leanings("C1", ["B1", "B2", "B3"]) for one in (first, again))
        assert [item.item for item in ours] == [item.item for item in theirs]
        assert [item.weight for item in ours] == pytest.approx([item.weight for item in theirs])
        assert again.companions("B1") == ["T1"]


def test_a_snapshot_of_another_database_is_passed_over(tmp_path: Path) -> None:
    ours, other = (f"sqlite:///{tmp_path / name}" for name in ("ours.db", "other.db"))
    open_intake(other).take(crowd())
    open_preferences(other, tmp_path).save()
    open_intake(ours).take(looks("C1", "B1", first=1))
    assert open_preferences(ours, tmp_path).companions("B1") == []


def test_the_snapshot_says_nothing_of_anybody(url: str, intake: EventIntake, tmp_path: Path) -> None:
    intake.take([item | {"userId": "C7"} for item in looks("C7", "B1", "T1", first=1)])
    preferences = open_preferences(url, tmp_path)
    preferences.leanings("C7", ["B1"])
    preferences.save()
    held = (tmp_path / FILE).read_bytes()
    assert b"B1" in held and b"C7" not in held and b"e001" not in held


def test_events_of_a_database_from_before_are_learnt_too(url: str, intake: EventIntake, tmp_path: Path) -> None:
    intake.take(crowd())
    with intake.store.engine.begin() as connection:
        newer = ("event_counted", "consent", "tombstone", "access", "left_out_order")
        for name in (*newer, "api_key", "sign_in_code", "kept_answer"):
            connection.exec_driver_sql(f"DROP TABLE {name}")
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '0002'")  # the one before it
    again = open_intake(url)
    preferences = open_preferences(url, tmp_path)
    assert preferences.companions("B1") == ["T1"]
    again.take(looks("C40", "B2", first=9000))
    assert preferences.leanings("C40", ["B2"])


def test_a_machines_acts_speak_for_nothing(url: str, intake: EventIntake, tmp_path: Path) -> None:
    preferences = open_preferences(url, tmp_path)
    intake.take([event(n, sku="B1", days=n / 86_400) for n in range(100)])
    assert preferences.leanings("C1", ["B1"])
    intake.take([event(n, sku="B1", days=n / 86_400) for n in range(100, 300)])
    assert preferences.leanings("C1", ["B1"]) == []


def test_durables_are_owned_until_they_go_back_and_consumables_never(
    url: str, intake: EventIntake, tmp_path: Path
) -> None:
    def bought(number: int, name: str, *skus: str) -> dict[str, Any]:
        products = [{"product_id": sku, "sku": sku} for sku in skus]
        return order(number, name, 50.0, properties={"order_id": name, "total": 50.0, "products": products})

    intake.take([bought(1, "o1", "B1-42", "S1"), bought(2, "o2", "T1"), refund(3, "o2", None, days=1)])
    preferences = open_preferences(url, tmp_path, consumables={"socks"})
    assert preferences.owned("C1", {}) == {"B1"}
    assert preferences.owned("C1", {"o1": ["S1"], "o3": ["K1"]}) == {"K1"}, "the order book knows o1 better"
    assert preferences.owned("C2", {}) == frozenset()


def test_a_kind_that_is_bought_again_and_again_is_a_consumable(url: str, intake: EventIntake, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = []
    for number, customer in enumerate(PEOPLE[:LEAST_BUYERS]):
        for again in range(2 if number % 2 else 1):
            for kind, sku in enumerate(("S1", "B1") if not again else ("S1",)):
                name = f"{number}-{again}-{kind}"
                properties = {"order_id": name, "products": [{"product_id": sku}]}
                rows.append(
                    order(1000 + len(rows), name, 5.0, days=again * 30.0, properties=properties, userId=customer)
                )
    intake.take(rows)
    assert open_preferences(url, tmp_path).owned("C2", {}) == {"B1"}


def test_consumables_are_a_list_in_the_shops_settings() -> None:
    assert declared_consumables({"consumables": ["socks"]}) == {"socks"}
    for settings in ({"consumable": ["socks"]}, {"consumables": "socks"}):
        with pytest.raises(ConfigError, match=r"preference\.consumable"):
            declared_consumables(settings)


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.sampled_from((1.0, TAKEN))), max_size=8), max_size=25))
def test_only_different_customers_make_support(customers: list[list[tuple[int, float]]]) -> None:
    once, twice = CoPurchases(), CoPurchases()
    for acts in customers:
        for model, repeated in ((once, acts), (twice, [act for act in acts for _ in range(2)])):
            earlier: list[Seen] = []
            for item, weight in repeated:
                model.learn(item, weight, earlier)
                earlier.append(Seen(item, 0.0, weight, ""))
    for item in range(4):
        assert once.supported(item) == twice.supported(item)
        for other in once.supported(item):
            both = sum({item, other} <= {number for number, _ in acts} for acts in customers)
            assert other != item and both >= LEAST_TOGETHER
