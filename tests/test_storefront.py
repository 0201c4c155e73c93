"""The demo shop's pages on a real server: shelves, products, a cart that comes along, orders, and who may see what."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from xml.etree import ElementTree

import httpx
import pytest
from fastapi import FastAPI

from agent.context import Services
from agent.models.scripted import ScriptedModel
from agent.shop import load_shop
from errors import ConfigError
from retrieval.catalog import load_catalog
from retrieval.facets import facet_values
from tests.agent_shop import SHOP, open_demo_services
from tests.http_server import running
from tests.widget_site import Shop, shop_of
from ui.page.icons import paint
from ui.server import Site
from ui.storefront.catalogue import PAGE, Wish, shelf_of, wish_of
from ui.storefront.pictures import picture
from ui.storefront.routes import routes
from ui.storefront.settings import is_demo

CUSTOMER = "C1002"


@pytest.fixture(scope="module")
def state(demo_state: Callable[[], Path]) -> Path:
    return demo_state()


@pytest.fixture(scope="module")
def shop_services(state: Path) -> Services:
    return open_demo_services(state)


@pytest.fixture(scope="module")
def shop(shop_services: Services, state: Path) -> Iterator[Shop]:
    with shop_of(shop_services, state, ScriptedModel()) as running:
        yield running


@pytest.fixture
def browser(shop: Shop) -> Iterator[httpx.Client]:
    """Keeps cookies and follows where it is sent."""
    with httpx.Client(base_url=shop.address, follow_redirects=True, timeout=30) as client:
        yield client


def in_stock(services: Services) -> str:
    products = services.retriever.catalog.products
    return next(one.sku for product in products for one in product.variants if one.stock > 3)


def test_a_shelf_counts_what_each_condition_would_leave(shop_services: Services) -> None:
    retriever = shop_services.retriever
    shelf = shelf_of(Wish(), retriever)
    assert shelf.total == len(retriever.catalog.products) and len(shelf.hits) == PAGE
    (group,) = [group for group in shelf.groups if group.label == "Category"]
    jackets = next(value for value in group.values if value.name == "jackets")
    narrowed = shelf_of(wish_of({"category": "jackets"}, retriever), retriever)
    assert narrowed.total == jackets.count
    assert {hit.product.category for hit in narrowed.hits} == {"jackets"}
    assert jackets.address == "/shop/?category=jackets"


def test_conditions_add_up_and_a_click_takes_one_away(shop_services: Services) -> None:
    retriever = shop_services.retriever
    wish = wish_of({"category": "jackets", "color": "navy", "sort": "price_low"}, retriever)
    shelf = shelf_of(wish, retriever)
    assert all("navy" in facet_values(hit.product, None, "color") for hit in shelf.hits)
    prices = [hit.variant.price for hit in shelf.hits]
    assert prices == sorted(prices)
    chosen = next(value for group in shelf.groups for value in group.values if value.name == "navy")
    assert chosen.is_on and chosen.address == "/shop/?category=jackets&sort=price_low"


@pytest.mark.parametrize(
    "asked",
    [
        {"category": "spaceships"},
        {"sort": "the best"},
        {"page": "-1"},
        {"page": "9999999"},
        {"query": "\x00"},
        {"weight": "'; drop table"},
    ],
)
def test_what_there_is_not_in_an_address_is_left_out(asked: dict[str, str], shop_services: Services) -> None:
    shelf = shelf_of(wish_of(asked, shop_services.retriever), shop_services.retriever)
    assert shelf.total == len(shop_services.retriever.catalog.products) and shelf.hits


def test_the_last_page_is_the_last(shop_services: Services) -> None:
    shelf = shelf_of(Wish(page=999), shop_services.retriever)
    assert shelf.hits and not shelf.after and shelf.before


def test_what_is_looked_for_is_said_back_as_text(browser: httpx.Client) -> None:
    page = browser.get("/shop/", params={"query": '"><script>alert(1)</script>'})
    assert page.status_code == 200 and "<script>alert" not in page.text and "&lt;script&gt;" in page.text
    assert "rain" in browser.get("/shop/", params={"query": "rain jacket"}).text.lower()


def test_every_page_has_the_widget_and_says_that_it_is_a_demo(browser: httpx.Client, shop: Shop) -> None:
    sku = in_stock(shop.shopkeeper.services)
    for path in ("/shop/", f"/shop/products/{sku}", "/shop/cart", "/shop/sign-in", "/shop/orders"):
        page = browser.get(path)
        assert page.status_code == 200 and '<script src="/widget.js"' in page.text and "invented" in page.text


def test_a_visitors_cart_comes_along_when_they_sign_in_and_goes_when_they_sign_out(
    browser: httpx.Client, shop: Shop
) -> None:
    services = shop.shopkeeper.services
    sku = in_stock(services)
    product = services.retriever.catalog.find(sku)
    page = browser.post("/shop/cart", data={"sku": sku})
    assert page.url.path == "/shop/cart" and product.title.replace("'", "&#39;") in page.text
    browser.post("/shop/sign-in", data={"customer": CUSTOMER})
    assert [line.sku for line in services.carts.get(CUSTOMER).lines] == [sku]
    assert product.title.replace("'", "&#39;") in browser.get("/shop/cart").text
    browser.post("/shop/cart/remove", data={"sku": sku})
    assert services.carts.get(CUSTOMER).lines == ()
    browser.post("/shop/sign-out")
    assert "Sign in" in browser.get("/shop/").text


def test_more_than_there_is_is_refused_in_words(browser: httpx.Client, shop: Shop) -> None:
    products = shop.shopkeeper.services.retriever.catalog.products
    gone = next(one.sku for product in products for one in product.variants if one.stock == 0)
    page = browser.post("/shop/cart", data={"sku": gone})
    assert page.status_code == 409 and f"There are 0 of {gone}, not 1" in page.text


def test_who_signs_in_sees_their_own_orders_and_a_visitor_is_asked_to_sign_in(
    browser: httpx.Client, shop: Shop
) -> None:
    assert browser.get("/shop/orders").url.path == "/shop/sign-in"
    browser.post("/shop/sign-in", data={"customer": CUSTOMER})
    shown = set(re.findall(r"AP-\d+", browser.get("/shop/orders").text))
    assert shown == {order.id for order in shop.shopkeeper.services.orders.list(CUSTOMER)}


def test_the_widget_gets_the_token_of_whoever_is_in_the_shop(browser: httpx.Client, shop: Shop) -> None:
    first = browser.get("/shop/token")
    assert first.headers["cache-control"] == "no-store" and "HttpOnly" in first.headers["set-cookie"]
    token = first.json()["token"]
    assert browser.get("/shop/token").json()["token"] == token
    assert shop.access.caller(f"Bearer {token}", "").id.startswith("visitor-")
    browser.post("/shop/sign-in", data={"customer": CUSTOMER})
    assert shop.access.caller(f"Bearer {browser.get('/shop/token').json()['token']}", "").id == CUSTOMER


def test_a_cookie_that_does_not_hold_makes_a_new_visitor(browser: httpx.Client) -> None:
    browser.cookies.set("shopkeeper-storefront", "forged", path="/shop")
    assert browser.get("/shop/").status_code == 200


def test_nobody_signs_in_as_somebody_whom_the_shop_does_not_know(browser: httpx.Client) -> None:
    assert browser.post("/shop/sign-in", data={"customer": "C9999"}).status_code == 404
    assert browser.get("/shop/products/NOTHING").status_code == 404


def test_every_kind_of_product_has_a_picture_in_its_colour(browser: httpx.Client) -> None:
    products = load_catalog(SHOP / "catalog.jsonl").products
    for category in {product.category for product in products} | {"surfboards"}:
        drawn = picture(category, "navy")
        assert ElementTree.fromstring(drawn).tag.endswith("svg") and paint("navy") in drawn
    product = products[0]
    answer = browser.get(f"/shop/pictures/{product.variants[0].sku}.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert paint(product.variants[0].color) in answer.text
    assert browser.get("/shop/pictures/NOTHING.svg").status_code == 404


def test_a_shop_that_is_no_demo_has_pictures_and_no_pages(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    text = (SHOP / "shop.toml").read_text(encoding="utf-8")
    (folder / "shop.toml").write_text(text.replace("[storefront]\ndemo = true", "[storefront]"), encoding="utf-8")
    shutil.copy(SHOP / "profile.yaml", folder)
    assert is_demo(SHOP) and not is_demo(folder)
    catalog = load_catalog(SHOP / "catalog.jsonl")
    services = SimpleNamespace(shop=load_shop(folder), retriever=SimpleNamespace(catalog=catalog))
    app = FastAPI()
    app.include_router(routes(cast(Site, SimpleNamespace(shopkeeper=SimpleNamespace(services=services)))))
    with running(app) as address:
        assert httpx.get(f"{address}/shop/pictures/{catalog.products[0].sku}.svg").status_code == 200
        for path in ("/shop/", "/shop/sign-in", "/shop/token"):
            assert httpx.get(address + path).status_code == 404


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text('[storefront]\ndemo = "perhaps"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"storefront\.demo.*perhaps"):
        is_demo(tmp_path)
