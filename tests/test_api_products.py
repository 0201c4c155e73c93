"""Products and approved answers over HTTP, and what is said of requests that cannot be answered."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from agent.context import Services
from agent.models.scripted import ScriptedModel
from retrieval.catalog import parse_line
from tests.agent_shop import SHOP, keeper
from tests.api_shop import Callers, api, serving
from ui.api.money import money

ANNA = "C1002"


@pytest.fixture(scope="module")
def callers(api_services: Services) -> Callers:
    return Callers.of(api_services)


@pytest.fixture(scope="module")
def app(api_services: Services, callers: Callers) -> Iterator[FastAPI]:
    with keeper(api_services, ScriptedModel()) as opened:
        yield api(opened, callers)


@pytest.fixture(scope="module")
def client(app: FastAPI, callers: Callers) -> Iterator[httpx.Client]:
    with serving(app) as opened:
        opened.headers.update(callers.customer(ANNA))
        yield opened


def search(client: httpx.Client, **asked: object) -> list[dict[str, object]]:
    answer = client.get("/v1/products", params=asked)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return list(answer.json()["products"])


def test_conditions_hold_for_the_variant_that_is_shown(client: httpx.Client) -> None:
    found = search(client, query="jacket", facet=["color:navy", "size:Medium"], max_price="100")
    assert found
    for one in found:
        assert (one["color"], one["size"]) == ("navy", "M")
        assert one["price"] == next(v["price"] for v in one["variants"] if v["sku"] == one["variant"])  # type: ignore[attr-defined]


def test_a_limit_and_an_order_are_kept(client: httpx.Client) -> None:
    prices = [float(one["price"]["amount"]) for one in search(client, sort="price_high", limit=4)]  # type: ignore[index]
    assert len(prices) == 4 and prices == sorted(prices, reverse=True)


def test_what_is_known_counts_only_for_whom_is_named(client: httpx.Client) -> None:
    dislike = {"attribute": "color", "value": "navy", "polarity": "dislike"}
    assert client.post(f"/v1/customers/{ANNA}/profile/changes", json={"changes": [dislike]}).status_code == 200
    anybody = search(client, query="jacket", limit=40)
    hers = search(client, query="jacket", limit=40, customer=ANNA)
    assert not any(one["reason"] for one in anybody)
    assert hers and "navy" not in {one["color"] for one in hers}


@pytest.mark.parametrize(
    ("asked", "valid"),
    [
        ({"facet": "colour:navy"}, "color"),
        ({"facet": "color:plaid"}, "navy"),
        ({"sort": "best"}, "price_low"),
        ({"language": "xx"}, "en"),
    ],
)
def test_a_value_that_there_is_not_names_those_that_there_are(
    client: httpx.Client, asked: dict[str, str], valid: str
) -> None:
    answer = client.get("/v1/products", params={"query": "jacket", **asked})
    assert answer.status_code == 422 and valid in answer.json()["valid"]


def test_a_product_is_read_by_its_sku_or_a_variants(client: httpx.Client) -> None:
    whole = client.get("/v1/products/JKT-1001", params={"language": "zh"}).json()
    assert whole["title"] == "Badger 男款轻量雨衣" and len(whole["variants"]) == 15 and whole["url"] is None
    assert client.get("/v1/products/JKT-1001-NVY-L").json()["size"] == "L"
    assert client.get("/v1/products/NO-1").status_code == 404


def test_a_products_page_is_the_catalogues_if_a_browser_may_open_it() -> None:
    line = Path(SHOP, "catalog.jsonl").read_bytes().split(b"\n", 1)[0]
    for written, url in ((b"https://shop.example/p/1", "https://shop.example/p/1"), (b"javascript:alert(1)", "")):
        assert parse_line(line.replace(b"{", b'{"url":"' + written + b'",', 1)).url == url


def test_an_approved_answer_is_given_or_none(client: httpx.Client, api_services: Services) -> None:
    template = next(iter(api_services.retriever.templates.values()))
    for language in ("en", "zh"):
        asked = {"question": template.samples[language][0], "language": language}
        answer = client.post("/v1/answers", json=asked).json()["answer"]
        assert (answer["id"], answer["language"]) == (template.id, language) and "{" not in answer["text"]
    assert client.post("/v1/answers", json={"question": "who won the cup in 1974?"}).json() == {"answer": None}


@pytest.mark.parametrize(
    ("amount", "currency", "text"), [(59.0, "USD", "59.00"), (0.1, "BHD", "0.100"), (9, "JPY", "9")]
)
def test_an_amount_is_a_text_with_the_digits_of_its_currency(amount: float, currency: str, text: str) -> None:
    assert money(amount, currency).amount == text


def test_what_is_no_route_is_a_problem_too(client: httpx.Client) -> None:
    missing = client.get("/v1/nothing")
    assert missing.status_code == 404 and missing.json()["type"] == "urn:shopkeeper:problem:not-found"
    wrong = client.put(f"/v1/customers/{ANNA}/cart")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET")
    assert client.request("QUERY", "/v1/answers").status_code == 405
    assert client.post("/v1/answers", content=b"x" * 200_000).status_code == 413
    for answer in (missing, wrong, client.post("/v1/answers", content=b"{")):
        assert answer.headers["content-type"] == "application/problem+json"


def test_whoever_watches_is_told_how_it_is(client: httpx.Client) -> None:
    assert [client.get(path).json() for path in ("/healthz", "/readyz")] == [{"status": "ok"}] * 2


OPEN = {"/v1/visitors", "/v1/sign-in", "/v1/sign-in/codes", "/v1/sign-in/visitor", "/healthz", "/readyz"}


def test_the_document_is_good_enough_to_make_a_client_of(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    acts = [act for path in document["paths"].values() for act in path.values()]
    names = [act["operationId"] for act in acts]
    assert len(names) == len(set(names)) and all(act["summary"] and act["description"] for act in acts)
    schemas = document["components"]["schemas"]
    text = str(document)
    assert {"Problem", "Mistake"} <= schemas.keys() and "HTTPValidationError" not in text
    named = {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= schemas.keys()
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    opened = {path for path, each in document["paths"].items() for act in each.values() if "security" not in act}
    assert opened == OPEN
