"""What is known of customers, what they decide and what they buy, over HTTP on a real server."""

from collections.abc import Iterator

import httpx
import pytest

from agent.context import Services
from agent.models.scripted import ScriptedModel
from profiles.privacy.audit import Audit
from tests.agent_shop import keeper
from tests.api_shop import Callers, api, serving

ANNA, BEN, GONE = "C1002", "C1003", "C1004"
BADGER = "JKT-1001-NVY-M"  # in stock, at 59.00


@pytest.fixture(scope="module")
def callers(api_services: Services) -> Callers:
    return Callers.of(api_services)


@pytest.fixture(scope="module")
def server(api_services: Services, callers: Callers) -> Iterator[httpx.Client]:
    with keeper(api_services, ScriptedModel()) as opened, serving(api(opened, callers)) as client:
        yield client


@pytest.fixture
def anna(server: httpx.Client, callers: Callers) -> httpx.Client:
    server.headers.update(callers.customer(ANNA))
    return server


@pytest.fixture
def staff(server: httpx.Client, callers: Callers) -> httpx.Client:
    server.headers.update(callers.key())
    return server


def change(client: httpx.Client, who: str, **changed: object) -> dict[str, list[dict[str, object]]]:
    answer = client.post(f"/v1/customers/{who}/profile/changes", json={"changes": [changed]})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_correction_is_the_customers_own_word_and_says_why(anna: httpx.Client) -> None:
    added = change(anna, ANNA, attribute="size", value="xl")["added"]
    assert [(one["value"], one["authority"]) for one in added] == [("XL", "stated")]
    known = anna.get(f"/v1/customers/{ANNA}/profile").json()
    assert "size: XL" in known["card"] and known["consents"]["service"] is True
    why = anna.get(f"/v1/customers/{ANNA}/profile/why", params={"attribute": "size"}).json()
    assert why["holds"][0]["confidence_from"][0]["quote"] == "size: xl" and why["writers"] == ["stated"]


@pytest.mark.parametrize(
    ("changed", "value"),
    [
        ({"attribute": "material", "value": "polyester", "polarity": "dislike"}, "polyester"),
        ({"attribute": "budget", "value": 120.5}, 120.5),
        ({"attribute": "budget", "value": "$80"}, 80.0),
        ({"attribute": "size", "value": "S", "about": "daughter"}, "S"),
        ({"attribute": "needed_by", "value": "2027-01-15"}, "2027-01-15"),
        ({"attribute": "shoe_size", "value": 42}, "42"),
    ],
)
def test_each_kind_of_value_can_be_said(anna: httpx.Client, changed: dict[str, object], value: object) -> None:
    made = change(anna, ANNA, **changed)
    assert [one["value"] for one in made["added"]] == [value], made
    assert made["added"][0]["about"] == changed.get("about", "")
    forgotten = change(anna, ANNA, **changed | {"value": "*", "polarity": "forget"})
    assert [one["value"] for one in forgotten["retracted"]] == [value]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"attribute": "member_tier", "value": "vip"}, "a customer cannot set 'member_tier'"),
        ({"attribute": "size", "value": "huge"}, "is not one of L, M, S"),
        ({"attribute": "nothing", "value": "x"}, "unknown attribute 'nothing'"),
        ({"attribute": "occasion", "value": "*", "polarity": "forget"}, "nothing is known"),
    ],
)
def test_what_may_not_be_said_is_refused_with_the_reason(
    anna: httpx.Client, changed: dict[str, object], reason: str
) -> None:
    made = change(anna, ANNA, **changed)
    assert not made["added"] and reason in str(made["refused"][0]["reason"])


def test_who_no_longer_agrees_is_not_noted(anna: httpx.Client) -> None:
    path = f"/v1/customers/{ANNA}/consents"
    assert anna.put(path, json={"service": False}).json()["consents"]["service"] is False
    assert "does not agree" in str(change(anna, ANNA, attribute="fit", value="slim")["refused"])
    assert anna.put(path, json={"service": True}).json()["consents"]["service"] is True
    assert anna.put(path, json={"resale": True}).status_code == 422


def test_who_looked_and_who_changed_is_written_down(staff: httpx.Client, api_services: Services) -> None:
    staff.get(f"/v1/customers/{BEN}/profile")
    staff.put(f"/v1/customers/{BEN}/consents", json={"training": True})
    told = staff.get(f"/v1/customers/{BEN}/export").json()
    key = f"key {staff.headers['authorization'].split('_')[1]}"
    lines = [(one.act.value, one.by, one.detail) for one in Audit(api_services.profiles.engine).of([BEN])]
    assert {("read", key, "api profile"), ("changed", key, "api consents")} <= set(lines)
    assert ("exported", key, "api export") in lines
    assert told["consents"][-1]["source"] == "api" and told["consents_now"]["training"] is True


def test_an_attribute_that_there_is_not_names_those_that_there_are(anna: httpx.Client) -> None:
    answer = anna.get(f"/v1/customers/{ANNA}/profile/why", params={"attribute": "shoes"})
    assert answer.status_code == 422 and "shoe_size" in answer.json()["valid"]


def test_a_cart_is_filled_changed_taken_back_and_emptied(anna: httpx.Client) -> None:
    path = f"/v1/customers/{ANNA}/cart"
    added = anna.post(f"{path}/lines", json={"sku": BADGER, "quantity": 2}).json()
    assert added["lines"][0]["amount"] == {"amount": "118.00", "currency": "USD"}
    assert added["goods"]["amount"] == "118.00" and added["id"] in added["checkout_url"]
    changed = anna.patch(f"{path}/lines/{BADGER}", json={"sku": "JKT-1001-NVY-L", "quantity": 1}).json()
    assert [(one["sku"], one["quantity"]) for one in changed["lines"]] == [("JKT-1001-NVY-L", 1)]
    assert anna.post(f"{path}/undo").json()["lines"][0]["sku"] == BADGER
    assert anna.delete(f"{path}/lines/{BADGER}").json()["pieces"] == 0
    assert anna.delete(path).json()["checkout_url"] is None
    assert anna.get(path).json()["lines"] == []


@pytest.mark.parametrize(
    ("method", "rest", "body", "status", "words"),
    [
        ("POST", "/lines", {"sku": BADGER, "quantity": 999}, 409, "there are 14 of JKT-1001-NVY-M, not 999"),
        ("POST", "/lines", {"sku": "JKT-1001"}, 422, "comes in 15 variants"),
        ("POST", "/lines", {"sku": "NO-1"}, 404, "NO-1"),
        ("POST", "/lines", {"sku": BADGER, "quantity": 0}, 422, "quantity"),
        ("PATCH", f"/lines/{BADGER}", {"quantity": 2}, 404, "is not in the cart"),
        ("DELETE", f"/lines/{BADGER}", None, 404, "is not in the cart"),
    ],
)
def test_what_cannot_be_done_to_a_cart_is_a_problem(
    anna: httpx.Client, method: str, rest: str, body: object, status: int, words: str
) -> None:
    answer = anna.request(method, f"/v1/customers/{ANNA}/cart{rest}", json=body)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_change_with_a_key_is_made_once_for_each_caller(anna: httpx.Client, callers: Callers) -> None:
    path, key = f"/v1/customers/{ANNA}/cart/lines", {"idempotency-key": "cart-1"}
    first, again = (anna.post(path, json={"sku": BADGER}, headers=key) for _ in range(2))
    assert again.json() == first.json() and again.headers["idempotent-replayed"] == "true"
    assert anna.post(path, json={"sku": BADGER, "quantity": 3}, headers=key).status_code == 422
    anna.headers.update(callers.key())
    assert anna.post(path, json={"sku": BADGER}, headers=key).json()["lines"][0]["quantity"] == 2


def test_orders_are_read_and_somebody_elses_are_none(anna: httpx.Client, api_services: Services) -> None:
    orders = anna.get(f"/v1/customers/{ANNA}/orders").json()["orders"]
    assert orders and all(isinstance(one["total"]["amount"], str) for one in orders)
    assert anna.get(f"/v1/customers/{ANNA}/orders/last").json() == orders[0]
    status = orders[0]["status"]
    some = anna.get(f"/v1/customers/{ANNA}/orders", params={"status": status}).json()["orders"]
    assert {one["status"] for one in some} == {status}
    other = api_services.orders.list(BEN)[0].id
    answer = anna.get(f"/v1/customers/{ANNA}/orders/{other}")
    assert answer.status_code == 404 and answer.json()["type"] == "urn:shopkeeper:problem:not-found"
    wrong = anna.get(f"/v1/customers/{ANNA}/orders", params={"status": "lent"}).json()
    assert "delivered" in wrong["valid"]


def test_staff_see_who_waits_and_give_them_back(staff: httpx.Client, api_services: Services) -> None:
    waiting = api_services.handoffs.open(BEN, f"{BEN}.{'1' * 32}", "asked for a person", "customer: hello")
    listed = staff.get("/v1/handoffs").json()["handoffs"]
    assert [(one["id"], one["customer"]) for one in listed if one["id"] == waiting.id] == [(waiting.id, BEN)]
    closed = staff.post(f"/v1/handoffs/{waiting.id}/close", json={"note": "refunded"}).json()
    assert closed["summary"].endswith("Note: refunded")
    assert staff.post(f"/v1/handoffs/{waiting.id}/close").status_code == 404


def test_an_erasure_leaves_a_receipt_and_nothing_else(
    server: httpx.Client, callers: Callers, api_services: Services
) -> None:
    server.headers.update(callers.key())
    path = f"/v1/customers/{GONE}"
    server.post(f"{path}/cart/lines", json={"sku": BADGER}, headers={"idempotency-key": "of the erased"})
    first, again = (server.delete(path, headers={"idempotency-key": "erase"}) for _ in range(2))
    assert first.json()["complete"] is True and again.json() == first.json()
    assert server.get(f"{path}/profile").status_code == 404
    with api_services.profiles.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT * FROM kept_answer").all()
    assert kept and GONE not in repr(kept)
