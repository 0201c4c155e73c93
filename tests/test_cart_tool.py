"""The cart in a consultation: what a call puts in, what it asks, what it says; and the commands for operators."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.__main__ import main
from agent.cart.cart import Line, Lines
from agent.context import Services
from agent.models.scripted import ScriptedModel
from agent.replies.composer import Composer
from agent.replies.gate import Evidence, check
from agent.shop import load_shop
from agent.shopkeeper import Shopkeeper
from agent.tools import build_tools, evidence_keys
from agent.turn import Turn
from errors import ConfigError
from profiles.customer import Customer
from profiles.privacy.audit import Act, Audit
from tests.agent_shop import SHOP, change, keeper, noting, open_demo_services
from tests.panels import Tags
from ui.page.consultation import opened
from ui.page.frame import frame
from ui.session import new_session

BADGER, TIMBERLINE = "badger men's rain jacket", "timberline men's waterproof jacket"
NAVY_L, GREEN_M = "JKT-1001-NVY-L", "JKT-1001-DGR-M"
_numbers = count()


class Talk:
    """One customer's consultation, in which the model calls what a test says. Nothing is ever blocked by the gate."""

    def __init__(self, agent: Shopkeeper, model: ScriptedModel, customer: str = "", language: str = "en") -> None:
        self.agent, self.model, self.language = agent, model, language
        self.id = f"cart-{next(_numbers)}"
        self.customer = customer or f"visitor-{self.id}"

    def call(self, tool: str, **arguments: Any) -> str:
        return self.turn([(tool, arguments)]).reply

    def cart(self, action: str, product: Any = None, **arguments: Any) -> str:
        given = {"action": action} | ({} if product is None else {"product": product}) | arguments
        return self.call("cart", **given)

    def turn(self, calls: list[tuple[str, dict[str, Any]]], text: str = "") -> Turn:
        self.model.script[:] = [calls]
        turn = self.agent.reply(self.customer, self.id, text or {"en": "Please do", "zh": "好的"}[self.language])
        assert turn.gate["blocked"] == 0, turn.reply
        return turn

    @property
    def held(self) -> dict[str, int]:
        return {line.sku: line.quantity for line in self.agent.services.carts.get(self.customer).lines}


@pytest.fixture
def talk(agent: Shopkeeper, model: ScriptedModel) -> Talk:
    return Talk(agent, model)


def test_it_is_offered_to_models_that_were_not_tuned(services: Services) -> None:
    assert "cart" not in {tool.name for tool in build_tools(services)}
    offered: Any = next(tool for tool in build_tools(services, "full") if tool.name == "cart")
    assert offered.args_schema["required"] == ["action"]
    assert all(field["description"] for field in offered.args_schema["properties"].values())


def test_what_is_not_said_is_asked_and_an_answer_completes_it(talk: Talk) -> None:
    asked = talk.cart("add", BADGER, quantity="two")
    assert asked == (
        "Which colour and size would you like for the Badger Men's Rain Jacket? "
        "There is: dark green (S, M, XL, XXL); navy (M, L, XXL); orange (S, XL, XXL)."
    )
    assert (
        talk.cart("add", color="Navy")
        == "Which size would you like for the Badger Men's Rain Jacket (navy): M, L, XXL?"
    )
    assert not talk.held
    assert talk.cart("change", "it", size="large") == "In your cart: 2 x Badger Men's Rain Jacket (navy, L), $118.00."
    assert talk.held == {NAVY_L: 2}
    assert talk.cart("add") == "In your cart: 3 x Badger Men's Rain Jacket (navy, L), $177.00."


def test_the_customers_own_size_is_used_and_named(talk: Talk) -> None:
    noted = noting(change("I wear L", "size", "L"))
    said = talk.turn([noted, ("cart", {"action": "add", "product": BADGER, "color": "navy"})], "I wear L").reply
    assert said.endswith("In your cart: 1 x Badger Men's Rain Jacket (navy, L), $59.00. That's in your size, L.")
    said = talk.cart("add", TIMBERLINE)
    assert said == (
        "Which colour would you like for the Timberline Men's Waterproof Jacket (L): yellow, brown? "
        "That's in your size, L."
    )


def test_what_was_asked_about_or_searched_for_counts(talk: Talk) -> None:
    talk.call("get_product", product=BADGER, question="in navy?", color="navy")
    talk.call("get_product", product="it", question="and in M?", size="M")
    assert "(navy, M)" in talk.cart("add", "it")
    said = talk.cart("add", "it", size="L")
    assert said == ("In your cart: 1 x Badger Men's Rain Jacket (navy, L), $59.00. That makes 2 items, $118.00.")
    found = talk.turn([("search_products", {"query": "fleece", "category": "fleeces", "color": "grey", "size": "M"})])
    assert "(grey, M)" in talk.cart("add", found.products[0]["title"])


def test_what_is_not_there_is_said_with_what_is(talk: Talk) -> None:
    said = talk.cart("add", BADGER, color="dark green", size="L")
    assert said == (
        "The Badger Men's Rain Jacket (dark green, L) is out of stock, sorry. What there is: "
        "navy L, dark green S, dark green M, dark green XL, dark green XXL."
    )
    assert talk.cart("add", BADGER, color="pink").startswith(
        "Sorry, the Badger Men's Rain Jacket doesn't come in pink."
    )
    few = talk.cart("add", BADGER, color="dark green", size="M", quantity=5)
    assert few == "Sorry, we only have 3 of the Badger Men's Rain Jacket (dark green, M) left. How many would you like?"
    assert talk.held == {}
    talk.cart("change", quantity=2)
    assert talk.held == {GREEN_M: 2}
    more = talk.cart("add", quantity=2)
    assert more.endswith(
        "only have 3 of the Badger Men's Rain Jacket (dark green, M) left, and 2 of them in your cart already."
    )
    assert talk.cart("change", quantity=3) == "In your cart: 3 x Badger Men's Rain Jacket (dark green, M), $177.00."


def test_of_several_products_those_that_are_clear_are_put_in(talk: Talk) -> None:
    said = talk.cart("add", [NAVY_L, TIMBERLINE])
    assert said.startswith("In your cart: 1 x Badger Men's Rain Jacket (navy, L), $59.00.\nWhich colour and size")
    talk.cart("add", size="M", color="brown")
    assert talk.held == {NAVY_L: 1, "JKT-1003-BRN-M": 1}


def test_it_is_never_several(talk: Talk) -> None:
    talk.call("compare_products", products=[BADGER, TIMBERLINE])
    assert talk.cart("add", "it").startswith("Which one do you mean: ")
    assert talk.cart("add", "the yeti saddle").startswith("I'm not sure which product you mean.")
    assert not talk.held


@pytest.fixture
def filled(talk: Talk) -> Talk:
    talk.cart("add", NAVY_L, quantity=2)
    talk.cart("add", GREEN_M)
    talk.cart("add", TIMBERLINE, color="brown", size="M")
    return talk


def test_lines_are_changed_by_words_position_and_what_was_spoken_of(filled: Talk) -> None:
    assert filled.cart("change", "badger", quantity=1).startswith(
        "Which one do you mean: Badger Men's Rain Jacket (navy, L); "
    )
    assert filled.cart("change", "navy badger", quantity=3).startswith(
        "In your cart: 3 x Badger Men's Rain Jacket (navy, L)"
    )
    assert filled.cart("change", "badger", size="m", color="dark green", quantity=2).startswith("In your cart: 2 x ")
    assert filled.cart("change", "timberline", color="yellow").startswith(
        "In your cart: 1 x Timberline Men's Waterproof Jacket (yellow, M)"
    )
    assert filled.held == {NAVY_L: 3, GREEN_M: 2, "JKT-1003-YEL-M": 1}
    filled.cart("show")
    assert filled.cart("remove", 2).startswith(
        "Taken out: Badger Men's Rain Jacket (dark green, M). That makes 4 items"
    )
    assert filled.cart("remove", "navy", quantity=1).startswith("In your cart: 2 x Badger Men's Rain Jacket (navy, L)")
    assert filled.cart("change", "it", quantity=0).startswith("Taken out: Badger Men's Rain Jacket (navy, L).")
    assert filled.cart("remove").endswith("Your cart is empty now.")
    assert filled.cart("remove") == "Your cart is empty."


def test_a_line_that_becomes_another_joins_it(filled: Talk) -> None:
    assert filled.cart("change", "green badger", color="navy", size="L").startswith("In your cart: 3 x Badger")
    assert filled.held == {NAVY_L: 3, "JKT-1003-BRN-M": 1}
    nearest = filled.cart("change", "badger", color="dark green")
    assert nearest.startswith("The Badger Men's Rain Jacket (dark green, L) is out of stock")
    assert filled.cart("change", size="M").startswith("In your cart: 3 x Badger Men's Rain Jacket (dark green, M)")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"product": "granite headlamp"}, "That isn't in your cart. What is: Badger Men's Rain Jacket (navy, L); "),
        ({"product": "timberline"}, "What shall I change about the Timberline Men's Waterproof Jacket?"),
        ({"product": "timberline", "quantity": "a few"}, "How many would you like? A whole number, please."),
        ({"product": "timberline", "quantity": -1}, "How many would you like? A whole number, please."),
        ({"product": "timberline", "quantity": 1.5}, "How many would you like? A whole number, please."),
    ],
)
def test_what_is_unclear_is_asked(filled: Talk, call: dict[str, Any], said: str) -> None:
    before = filled.held
    assert filled.cart("change", **call).startswith(said)
    assert filled.held == before


def test_undo_takes_back_one_change_after_the_other(filled: Talk) -> None:
    assert filled.cart("clear") == "Your cart is empty now. If you change your mind, just say “undo”."
    said = filled.cart("undo")
    assert said.startswith("Done, I've taken that back. In your cart: 2 x Badger") and "4 items" in said
    assert len(filled.held) == 3
    filled.cart("undo")
    assert filled.held == {NAVY_L: 2, GREEN_M: 1}
    filled.cart("undo")
    assert filled.cart("undo") == "Done, I've taken that back. Your cart is empty now."
    assert filled.cart("undo") == "There's nothing to take back in your cart."


def test_the_whole_list_and_the_total_are_one(filled: Talk) -> None:
    shown = filled.cart("show").splitlines()
    assert shown[0] == "In your cart:" and len(shown) == 5
    assert shown[-1] == "That makes $267.00. Delivery (standard) is free, so $267.00 altogether."
    assert filled.call("get_total").splitlines() == shown[1:]
    assert filled.call("get_total", delivery="express").endswith("so $279.95 altogether.")
    assert filled.call("get_total", items=[{"product": BADGER}]).startswith("- 1 x Badger Men's Rain Jacket, $59.00\n")


def test_the_cart_is_paid_where_the_shop_says(filled: Talk) -> None:
    cart = filled.agent.services.carts.get(filled.customer)
    said = filled.cart("checkout").splitlines()
    assert said[0] == f"You can check out here: https://www.alderandpine.example/checkout/{cart.id}"
    assert said[1].startswith("That makes $267.00.")


def test_a_shop_without_a_checkout_says_where_the_cart_is(services: Services, model: ScriptedModel) -> None:
    bare = replace(services, shop=replace(services.shop, checkout_url=None, delivery={}))
    with keeper(bare, model) as agent:
        talk = Talk(agent, model)
        assert talk.cart("checkout") == "Your cart is empty."
        talk.cart("add", NAVY_L)
        assert talk.cart("checkout").splitlines() == [
            "I can't take you to a checkout from here, but your cart stays saved with me.",
            "In your cart:",
            "- 1 x Badger Men's Rain Jacket (navy, L), $59.00",
            "That makes $59.00.",
        ]


def since_put_in(lines: Lines) -> Lines:
    """As if prices, stock and range had changed meanwhile."""
    return (
        Line(NAVY_L, 1, Decimal("49.50"), "Badger"),
        Line(GREEN_M, 4, Decimal(59), "Badger"),
        Line("JKT-1001-DGR-L", 1, Decimal(59), "Badger"),
        Line("OLD-1", 1, Decimal(12), "Old Kettle"),
    )


def test_what_changed_since_is_told(talk: Talk) -> None:
    talk.agent.services.carts.change(talk.customer, since_put_in)
    assert talk.cart("show").splitlines()[1:5] == [
        "- 1 x Badger Men's Rain Jacket (navy, L), $59.00 (now $59.00 each; it was $49.50 when you put it in)",
        "- 4 x Badger Men's Rain Jacket (dark green, M), $236.00 (only 3 left now)",
        "- 1 x Badger Men's Rain Jacket (dark green, L), $59.00 (out of stock now)",
        "- Old Kettle (no longer sold, so it doesn't count)",
    ]
    assert "Old Kettle" in talk.cart("checkout")
    assert talk.cart("change", "kettle", quantity=2).startswith("The Old Kettle is no longer sold.")
    assert talk.cart("remove", "old kettle").startswith("Taken out: Old Kettle. That makes 6 items, $354.00.")


def test_each_language_says_it_with_evidence(filled: Talk) -> None:
    """Whatever a cart's result is, in every language that has the phrases."""
    services = filled.agent.services
    tool = next(tool for tool in services.tools if tool.name == "cart")
    calls: list[dict[str, Any]] = [
        {"action": "add", "product": "granite women's packable shell"},
        {"action": "add", "product": "it", "color": "grey", "size": "XL"},
        {"action": "add", "product": BADGER, "color": "dark green", "size": "M", "quantity": 9},
        {"action": "change", "product": "timberline", "quantity": 2},
        {"action": "remove", "product": "timberline"},
        *({"action": action} for action in ("undo", "show", "checkout", "clear", "show")),
    ]
    told = [filled.turn([("cart", call)]).tools[0].result for call in calls]
    filled.agent.services.carts.change(filled.customer, since_put_in)
    told.append(filled.turn([("cart", {"action": "show"})]).tools[0].result)
    for language in services.phrases.texts:
        for result in told:
            said = tool.say(Composer(services, language, ""), result)
            evidence = Evidence((json.dumps(result),), (), evidence_keys(services.tools))
            assert said and check(said, evidence).unsupported == (), (language, said)
    keys = {key for key in services.phrases.texts["en"] if key.startswith(("cart_", "card_cart", "how_many"))}
    assert all(keys <= texts.keys() for texts in services.phrases.texts.values())


def test_a_chinese_customer_is_answered_in_chinese(agent: Shopkeeper, model: ScriptedModel) -> None:
    talk = Talk(agent, model, language="zh")
    assert (
        talk.cart("add", BADGER, color="藏青", quantity="两件")
        == "Badger 男款轻量雨衣 (藏青色)您要哪种尺码：M、L、XXL？"
    )
    assert talk.cart("add", size="L") == "购物车里有：2 x Badger 男款轻量雨衣 (藏青色、L)，$118.00。"


def test_the_page_shows_the_cart(filled: Talk) -> None:
    filled.cart("checkout")
    session = replace(new_session("en"), customer=filled.customer, consultation=filled.id)
    words = Tags(frame(opened(filled.agent, session), filled.agent.services)["steps"]["value"]).words
    assert "Your cart" in words and "2 × Badger Men's Rain Jacket (navy, L)" in words
    assert "$267.00" in words and "https://www.alderandpine.example/checkout/" in words


def test_a_visitors_cart_is_the_customers_and_nobody_elses(filled: Talk, services: Services) -> None:
    store, customer = services.profiles, f"C-{filled.id}"
    store.put_customers([Customer(customer), Customer(f"{customer}-2")])
    store.merge(filled.customer, customer)
    assert Talk(filled.agent, filled.model, f"{customer}-2").cart("show") == "Your cart is empty."
    mine = Talk(filled.agent, filled.model, customer)
    assert (
        mine.cart("show").startswith("In your cart:\n- 2 x Badger Men's Rain Jacket (navy, L)") and len(mine.held) == 3
    )
    assert mine.cart("undo").startswith("Done, I've taken that back.") and len(mine.held) == 2


def test_an_action_that_there_is_not_is_an_error_that_names_those_there_are(talk: Talk) -> None:
    step = talk.turn([("cart", {"action": "steal"})]).tools[0]
    assert not step.ok and "add, change, checkout, clear, remove, show, undo" in step.result["reason"]


REFERENCES = st.sampled_from(
    [BADGER, NAVY_L, "it", "2", 1, "shown", "timberline", "granite", ["badger", 1], None, "", "雨衣"]
)
CALLS = st.fixed_dictionaries(
    {
        "action": st.sampled_from(
            ["add", "add", "add", "change", "remove", "undo", "show", "checkout", "clear", " Add "]
        )
    },
    optional={
        "product": REFERENCES,
        "color": st.sampled_from(["navy", "green", "藏青", "", "pink", None]),
        "size": st.sampled_from(["M", "large", "xl", "43", "", None]),
        "quantity": st.sampled_from([0, 1, 2, "3", "two", 2.0, 400, "many", None]),
    },
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(CALLS, min_size=3, max_size=7))
def test_whatever_is_called_adds_up_and_nothing_is_claimed_without_evidence(
    agent: Shopkeeper, model: ScriptedModel, calls: list[dict[str, Any]]
) -> None:
    talk = Talk(agent, model)
    catalog = agent.services.retriever.catalog
    prices = {variant.sku: variant for product in catalog.products for variant in product.variants}
    talk.turn([("search_products", {"query": "jacket"})])
    for call in calls:
        turn = talk.turn([("cart", call)])
        assert turn.reply and not re.search("went wrong|could not", turn.reply), (call, turn.reply)
        expected = sum((prices[sku].price * pieces for sku, pieces in talk.held.items()), Decimal())
        result = turn.tools[0].result
        if result["kind"] == "cart":
            assert Decimal(str(result["goods"])) == expected
            assert result["pieces"] == sum(talk.held.values())
        assert all(0 < pieces <= prices[sku].stock for sku, pieces in talk.held.items())


@pytest.mark.parametrize(
    "url", ["ftp://x.example/{cart}", "https://x.example/", "https://x.example/{id}", "cart/{cart}"]
)
def test_an_address_that_cannot_be_one_is_named(tmp_path: Path, url: str) -> None:
    text = (SHOP / "shop.toml").read_text(encoding="utf-8")
    (tmp_path / "shop.toml").write_text(re.sub('checkout_url = "[^"]*"', f'checkout_url = "{url}"', text))
    with pytest.raises(ConfigError, match="checkout_url"):
        load_shop(tmp_path)


@pytest.fixture
def command(
    demo_state: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> Iterator[tuple[Services, Callable[..., tuple[int, str]]]]:
    state = demo_state()
    services = open_demo_services(state)

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["cart", *arguments, "--shop", str(SHOP), "--state", str(state)])
        printed = capsys.readouterr()
        return code, printed.out or printed.err

    yield services, run
    services.profiles.engine.dispose()


def test_operators_see_and_empty_a_cart(command: tuple[Services, Callable[..., tuple[int, str]]]) -> None:
    services, run = command
    services.carts.change("C1001", since_put_in)
    code, printed = run("show", "--customer", "C1001", "--json", "--by", "Ada")
    told = json.loads(printed)
    assert code == 0 and (told["customer"], told["pieces"], told["goods"]) == ("C1001", 6, 354.0)
    assert told["earlier"] == [[]] and told["cart"] == services.carts.get("C1001").id
    text = run("show", "--customer", "C1001")[1].splitlines()
    assert text[0] == "customer C1001: 6 items, 354.00 USD; with standard delivery 354.00"
    assert text[-1] == "  1 x OLD-1 Old Kettle, no longer sold"
    assert run("clear", "--customer", "C1001", "--by", "Ada") == (0, "customer C1001: 0 items, 0.00 USD\n")
    acts = [(line.act, line.by, line.detail) for line in Audit(services.profiles.engine).of(["C1001"])]
    assert (Act.READ, "Ada", "cart show") in acts and (Act.CHANGED, "Ada", "cart clear") in acts
    assert len(services.carts.undo("C1001").cart.lines) == 4
    code, printed = run("show", "--customer", "C-nobody")
    assert code == 4 and "no customer 'C-nobody'" in printed
