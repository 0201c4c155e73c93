"""Cards, steps and figures as pure functions: what they show, in both languages."""

import re
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.context import Services
from agent.orders.confirm import read_answer
from agent.orders.proposals import KINDS, Kind
from agent.replies.card import Card, Row
from agent.replies.composer import Composer
from agent.replies.phrases import load_phrases
from agent.shop import load_shop
from agent.tools.products import product_card
from agent.tools.proposals import proposal_cards
from agent.turn import Step, Turn
from language.packs import servable
from tests.agent_shop import SHOP
from tests.panels import Tags, product
from ui.page.cards import card_of, handoff_banner, products_panel, proposal_card
from ui.page.icons import drawing
from ui.page.labels import label
from ui.page.panels import steps_panel, usage_line
from ui.page.text import escape


def composer(language: str) -> Composer:
    services = SimpleNamespace(shop=load_shop(SHOP), phrases=load_phrases())
    return Composer(cast(Services, services), language, "")


def panel_of(*products: dict[str, Any], language: str = "en") -> str:
    return products_panel([product_card(composer(language), product) for product in products], language)


def test_a_card_has_title_price_variant_stock_rating_reason_and_facets() -> None:
    words = Tags(panel_of(product())).words
    for piece in (
        "Fell Jacket",
        "$139.00",
        "dark green",
        "M",
        "Only 2 left",
        "4.6",
        "212",
        "Colour: dark green",
    ):
        assert piece in words
    for chip in ("nylon", "waterproof", "weight g 420", "Northfell"):
        assert chip in words


def test_a_card_has_the_title_in_the_language_of_the_page() -> None:
    assert "山岭夹克" in panel_of(product(), language="zh")
    assert "Fell Jacket" in panel_of(product(titles={}), language="zh")


def test_a_comparison_is_a_table_with_a_column_for_each_product() -> None:
    rows = (Row("price", ("$16.95", "$15.50")), Row("<weight>", ("60 g", "–")))
    html = card_of(Card(key="a b", title="", columns=("Kyle Gloves", "Cirrus <b>"), rows=rows), "en")
    heads = re.findall('<th scope="col">(.*?)</th>', html)
    assert heads == ["Kyle Gloves", "Cirrus &lt;b&gt;"]
    assert f'<tr><th scope="row">price</th><td>{escape("$16.95")}</td><td>{escape("$15.50")}</td></tr>' in html
    assert "&lt;weight&gt;" in html and "<h3>" not in html


@pytest.mark.parametrize(("stock", "words"), [(0, "Out of stock"), (3, "Only 3 left"), (9, "In stock")])
def test_stock_is_said_in_words(stock: int, words: str) -> None:
    assert words in panel_of(product(stock=stock))


def test_a_product_found_twice_is_one_card() -> None:
    assert panel_of(product(), product()).count("<article") == 1


def test_a_category_and_a_colour_without_a_drawing_still_get_one() -> None:
    assert drawing("spaceships", "ultraviolet").startswith("<svg")


def test_a_failed_step_says_so_and_shows_arguments_and_result() -> None:
    words = Tags(steps_panel([Step("get_order", {"order_id": "AP-1"}, False, {"reason": "not found"})], "en")).words
    for piece in ("get_order", "order_id: AP-1", "failed", '"reason": "not found"'):
        assert piece in words


def test_a_very_long_result_is_cut() -> None:
    assert len(steps_panel([Step("find_answer", {}, True, {"text": "a" * 100_000})], "en")) < 10_000


def test_usage_shows_calls_tokens_seconds_and_the_gate() -> None:
    turn = Turn(
        reply="Hi", language="en", tools=(), profile={}, products=(), template=None,
        handoff=False, proposal=None,
        gate={"checked": 6, "blocked": 1},
        usage={"model_calls": 2, "prompt_tokens": 1812, "completion_tokens": 64},
        seconds=1.44, first_words=0.8, first_token=0.2,
    )  # fmt: skip
    words = Tags(usage_line(turn, "en")).words
    for piece in ("2", "1,812 / 64", "1.4", "6 / 1"):
        assert piece in words
    assert usage_line(None, "en") == ""


def test_a_proposal_shows_what_would_be_done_and_that_nothing_is_done_yet() -> None:
    summary = {"order_id": "AP-10482", "items": [{"quantity": 2, "title": "Fell Jacket"}], "total": 278.0}
    (card,) = proposal_cards(composer("en"), {"proposal": {"kind": "cancel_order", "summary": summary}})
    words = Tags(proposal_card(card, "en")).words
    for piece in (
        "Cancel order",
        "AP-10482",
        "2 × Fell Jacket",
        "$278.00",
        "Nothing is done until you say yes.",
    ):
        assert piece in words
    assert proposal_card(None, "en") == ""


@pytest.mark.parametrize("language", servable())
@pytest.mark.parametrize("kind", KINDS)
def test_the_buttons_under_a_proposal_are_read_as_the_answers_they_say(language: str, kind: Kind) -> None:
    assert read_answer(label("yes", language), language, kind=kind) == "yes"
    assert read_answer(label("no", language), language, kind=kind) == "no"


def test_a_handoff_says_that_a_person_will_take_over() -> None:
    assert "A person will take over" in handoff_banner(True, "en")
    assert "人工客服" in handoff_banner(True, "zh")
    assert handoff_banner(False, "en") == ""
