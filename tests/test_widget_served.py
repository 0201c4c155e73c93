"""The widget's program and words as they are served: how much it is, in which language, and what a browser keeps."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from fastapi import FastAPI

from agent.shop import load_shop
from language.packs import languages
from profiles.privacy.purposes import Purpose
from profiles.shop.files import load_schema
from tests.agent_shop import SHOP
from tests.http_server import running
from ui.server import Site
from ui.widget.routes import routes
from ui.widget.texts import texts, widget_labels

MOST_BYTES = 15_000  # of the whole program, packed
ASSETS = Path("ui/widget/assets")
SPOKEN = tuple(code for code in languages() if widget_labels(code))
_MADE = ("step_", "problem_", "purpose_", "from_", "kind_")  # keys that the program puts together


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    services = SimpleNamespace(shop=load_shop(SHOP), schema=load_schema(SHOP))
    app = FastAPI()
    app.include_router(routes(cast(Site, SimpleNamespace(shopkeeper=SimpleNamespace(services=services)))))
    with running(app) as address, httpx.Client(base_url=address) as opened:
        yield opened


def test_all_of_it_is_at_most_15_kilobytes_over_the_line(client: httpx.Client) -> None:
    sizes = {path: int(client.get(path).headers["content-length"]) for path in ("/widget.js", "/widget/panel.js")}
    assert sum(sizes.values()) <= MOST_BYTES, sizes
    assert sizes["/widget.js"] < 2_500  # what every page of a shop loads


def test_a_browser_that_has_it_is_sent_nothing(client: httpx.Client) -> None:
    first = client.get("/widget/panel.js")
    again = client.get("/widget/panel.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["access-control-allow-origin"] == "*"
    plain = client.get("/widget/panel.js", headers={"accept-encoding": "identity"})
    assert plain.text == first.text and "content-encoding" not in plain.headers


def test_no_line_of_it_writes_markup_or_names_another_host() -> None:
    program = "".join(path.read_text(encoding="utf-8") for path in ASSETS.iterdir())
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", program)
    assert set(re.findall(r"https?://[^\s\"'`)/]+", program)) == {"http://www.w3.org"}  # of SVG


def test_every_language_has_every_word() -> None:
    assert {"en", "zh", "de", "es", "ar"} <= set(SPOKEN)
    for code in SPOKEN:
        words, english = widget_labels(code), widget_labels("en")
        assert words.keys() == english.keys(), code
        for key, text in english.items():
            assert set(re.findall(r"\{\w+\}", words[key])) == set(re.findall(r"\{\w+\}", text)), (code, key)


def test_every_word_that_the_program_says_is_there_and_none_beside() -> None:
    program = "".join(path.read_text(encoding="utf-8") for path in ASSETS.glob("*.js"))
    quoted = set(re.findall(r'"([a-z_]+)"', program))
    known = set(widget_labels("en"))
    assert set(re.findall(r'\bsay\("(\w+)"', program)) <= known
    assert {key for key in known if not key.startswith(_MADE)} <= quoted | {"like", "dislike", "launcher"}
    assert {f"purpose_{purpose}" for purpose in Purpose} <= known


@pytest.mark.parametrize(
    ("asked", "language", "direction"),
    [
        ("en", "en", "ltr"),
        ("zh-CN", "zh", "ltr"),
        ("de", "de", "ltr"),
        ("ar", "ar", "rtl"),
        ("xx", "en", "ltr"),  # the shop's first
        ("../en", "en", "ltr"),
    ],
)
def test_words_come_in_the_language_that_is_asked_for_and_in_no_other(
    client: httpx.Client, asked: str, language: str, direction: str
) -> None:
    told = texts(load_shop(SHOP), load_schema(SHOP), asked)
    assert (told["language"], told["direction"], told["labels"]) == (language, direction, widget_labels(language))
    if "/" not in asked:
        assert client.get(f"/widget/texts/{asked}.json").json() == told


def test_the_shops_own_words_come_along() -> None:
    told = texts(load_shop(SHOP), load_schema(SHOP), "zh")
    assert (told["shop"], told["currency"], told["spoken"]) == ("Alder & Pine", "USD", "zh")
    assert told["attributes"]["budget"] == {"label": "预算", "type": "money"}
    assert texts(load_shop(SHOP), load_schema(SHOP), "de")["spoken"] == "en"  # products are told in no German here
