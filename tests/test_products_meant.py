"""Which products a message means, how many of each, and in which color and size."""

from typing import Any

import pytest

from agent.context import Services
from agent.guided.recogniser.labels import STATED, note_text
from agent.models.profile import TUNED
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from tests.told_wishes import Told, called, say


@pytest.fixture
def model(told: Told) -> ScriptedModel:
    return ScriptedModel(guidance=TUNED)


def test_products_are_meant_by_place_name_rank_and_all(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-rank"
    listed = [hit["sku"] for hit in say(agent, told, "family tents", "search", customer=customer).products]

    def meant(text: str, *wants: str) -> Any:
        return called(say(agent, told, text, *wants, customer=customer))[0][1]

    assert meant("whats the second one weigh", "product")["product"] == [listed[1]]
    assert meant("is it waterproof", "product")["product"] == "it"
    assert meant("do any of them come in grey", "product")["product"] == listed
    again = say(agent, told, "family tents", "search", customer=customer).products
    prices = {hit["sku"]: hit["price"] for hit in again}
    assert meant("how heavy is the cheapest", "product")["product"] == [min(prices, key=lambda sku: prices[sku])]
    assert meant("put the first two side by side", "compare")["products"] == [*prices][:2]
    assert meant("tell me about the nimbus", "product")["product"] == ["TNT-1017"]


def test_both_are_the_two_that_were_spoken_of_last_where_the_list_is_longer(agent: Shopkeeper, told: Told) -> None:
    meant = list[str]()
    for kind in ("tents", "boots"):
        say(agent, told, kind, "search")
        meant += called(say(agent, told, "what does the second one weigh", "product"))[0][1]["product"]
    say(agent, told, "socks", "search")
    ((_, total),) = called(say(agent, told, "what do both come to", "total"))
    assert {item["product"] for item in total["items"]} == {*meant}


def test_the_first_two_of_a_list_are_those(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " 6"
    shown = say(agent, told, "rain jackets", "search").products
    ((_, arguments),) = called(say(agent, told, "compare the first two", "compare"))
    assert arguments["products"] == [product["sku"] for product in shown[:2]]


def test_the_best_that_meets_a_condition_is_of_the_whole_shop_and_else_of_the_list(
    agent: Shopkeeper, told: Told
) -> None:
    told.consultation = " 7"
    shown = say(agent, told, "sleeping bags down to minus 12", "search").products
    ((name, asked),) = called(say(agent, told, "whats the cheapest one that really does -12?", "compare"))
    assert name == "search_products" and (asked["category"], asked["sort"]) == ("sleeping bags", "price_low")
    assert asked["where"]["comfort_temperature"] == {"max": -12.0}
    ((name, _),) = called(say(agent, told, "which of those is the cheapest?", "compare"))
    assert name == "compare_products" and shown


def test_all_of_one_size_are_compared_whether_shown_or_not(agent: Shopkeeper, told: Told, services: Services) -> None:
    told.consultation = " 8"
    say(agent, told, "a big family tent, theres 5 of us", "search")
    ((_, arguments),) = called(say(agent, told, "put the two 5-person ones side by side", "compare"))
    by_sku = services.retriever.catalog.by_sku
    assert {by_sku[sku].facets["capacity"] for sku in arguments["products"]} == {5}
    assert {by_sku[sku].category for sku in arguments["products"]} == {"tents"} and len(arguments["products"]) == 2


def test_several_names_are_several_products_and_something_cheaper_costs_less_than_them(
    agent: Shopkeeper, told: Told, services: Services
) -> None:
    told.consultation = " 10"
    by_sku = services.retriever.catalog.by_sku
    ((_, total),) = called(say(agent, told, "the weald bag and the firn tent, what is that?", "total"))
    assert {by_sku[item["product"]].title.split()[0] for item in total["items"]} == {"Weald", "Firn"}
    ((_, asked),) = called(say(agent, told, "a cheaper tent for two than the firn dome?", "search"))
    assert (asked["category"], asked["where"]["capacity"], asked["max_price"]) == ("tents", {"min": 2.0}, 114.99)


def test_they_are_what_was_spoken_of_last_and_all_of_them_the_list(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " 11"
    listed = [product["sku"] for product in say(agent, told, "hiking boots", "search").products]
    say(agent, told, "how heavy is the second one", "product")
    ((_, asked),) = called(say(agent, told, "and are they waterproof?", "product"))
    assert asked["product"] == [listed[1]]
    ((_, asked),) = called(say(agent, told, "do any of those come in black?", "product"))
    assert asked["product"] == listed


def test_a_size_up_is_from_the_one_that_was_asked_for_and_in_an_exchange_from_the_one_that_was_bought(
    agent: Shopkeeper, told: Told
) -> None:
    say(agent, told, "the larch trail boot in 38, is it there", "product", customer="visitor-step")
    assert "(39)" in say(agent, told, "and a size up?", "product", customer="visitor-step").reply
    assert "(38)" in say(agent, told, "hm, one size down again", "product", customer="visitor-step").reply
    turn = say(agent, told, "swap the boots of AP-10727 for a size up", "exchange", customer="C1275")
    summary = turn.proposal["summary"]  # type: ignore[index]
    assert (summary["items"][0]["size"], summary["to"][0]["size"]) == ("38", "39")


def test_each_of_several_products_has_the_count_color_and_size_that_stand_beside_it(
    agent: Shopkeeper, told: Told, services: Services
) -> None:
    told.consultation = " pieces"
    by_sku = services.retriever.catalog.by_sku
    words = "two of the weald bags and the firn tent, what would that come to?"
    ((_, total),) = called(say(agent, told, words, "total"))
    counts = {by_sku[item["product"]].title.split()[0]: item["quantity"] for item in total["items"]}
    assert counts == {"Weald": 2, "Firn": 1}
    words = "the dipper gloves in blue, size M, plus the ibex kids boots in red 37"
    gloves, boots = (arguments for _, arguments in called(say(agent, told, words, "cart", "cart.add")))
    assert (gloves["color"], gloves["size"], boots["color"], boots["size"]) == ("blue", "M", "red", "37")
    assert "quantity" not in gloves | boots  # the number of a size counts nothing


def test_a_color_and_ones_are_the_one_of_the_list_that_has_it(
    agent: Shopkeeper, told: Told, services: Services
) -> None:
    told.consultation = " ones"
    listed = say(agent, told, "hiking socks", "search").products
    colors = [product["color"] for product in listed]
    (color, *_) = (one for one in colors if colors.count(one) == 1)
    ((_, put),) = called(say(agent, told, f"2 pairs, {color}", "cart", "cart.add"))
    assert (put["product"], put["quantity"]) == (listed[colors.index(color)]["sku"], 2)
    ((_, put),) = called(say(agent, told, f"{color} ones in M, one pair", "cart", "cart.add"))
    assert (put["product"], put["quantity"]) == (listed[colors.index(color)]["sku"], 1)


def test_what_is_put_in_is_part_of_the_total_that_is_asked_with_it(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " total"
    say(agent, told, "the weald bag", "search")
    names = [name for name, _ in called(say(agent, told, "put one weald in, total?", "cart", "cart.add", "total"))]
    assert names == ["cart", "get_total"]


def test_each_wish_of_a_message_has_its_own_words(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " own"
    say(agent, told, "the ash running shoe", "search", customer="C1275")
    told.clauses = {
        "pink in 38": {"cart": 0.9},
        "into the cart": {"cart": 0.9},
        "what is your cheapest white sock": {"search": 0.9, "product": 0.2},
    }
    text = "pink in 38, into the cart. what is your cheapest white sock"
    search, cart = called(say(agent, told, text, "cart", "cart.add", "search", customer="C1275"))
    assert (search[1]["category"], search[1]["color"], search[1]["sort"]) == ("socks", "white", "price_low")
    assert "size" not in search[1] and (cart[1]["color"], cart[1]["size"]) == ("pink", "38")


def test_a_wish_that_a_clause_has_surely_and_the_message_somewhat_is_one(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " clause"
    told.clauses = {"any wool socks": {"search": 0.9}, "how long do returns take": {"answer": 0.9}}
    told.wants = {"search": 0.9, "answer": 0.3}
    turn = agent.reply("visitor-clause", "wishes clause", "any wool socks? how long do returns take?")
    assert [name for name, _ in called(turn)] == ["search_products", "find_answer"]
    assert called(turn)[1][1]["question"].startswith("how long")


def test_alternatives_that_were_only_shown_are_not_added_up(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " shown"
    say(agent, told, "hiking socks", "search", customer="visitor-total")
    assert say(agent, told, "whats the total?", "total", customer="visitor-total").reply.startswith("Which one")


def test_fewer_pieces_than_were_ordered_are_meant_where_a_number_says_so(agent: Shopkeeper, told: Told) -> None:
    for words, pieces in (
        ("cancel one of the boot socks", 1),
        ("cancel the boot socks", 3),
        ("2 of the socks less", 2),
    ):
        turn = say(agent, told, words, "cancel", customer="C1216")
        assert turn.proposal is not None and turn.proposal["summary"]["items"][0]["quantity"] == pieces


def test_places_are_those_of_what_was_compared_as_long_as_it_is_spoken_of(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " compared"
    listed = [product["sku"] for product in say(agent, told, "hiking socks", "search").products]
    by_sku = agent.services.retriever.catalog.by_sku
    third, second = (by_sku[listed[at]].title for at in (2, 1))
    say(agent, told, f"the {third} or the {second}, whats different?", "compare")

    def meant(text: str) -> Any:
        return called(say(agent, told, text, "product"))[0][1]["product"]

    assert meant("what is the first one made of") == [listed[2]]
    assert meant("and the second one") == [listed[1]]
    assert meant("and the third one?") == [listed[2]]  # of the list: only two were compared
    assert meant("whats the second one") == [listed[1]]
    say(agent, told, f"how thick is the {by_sku[listed[0]].title}", "product")
    assert meant("what about the first one") == [listed[0]]


def test_one_product_in_several_colors_is_several_lines_of_which_one_can_go(
    agent: Shopkeeper, told: Told, services: Services
) -> None:
    customer = told.consultation = "visitor-colors"
    gloves = next(
        one
        for one in services.retriever.catalog.products
        if one.category == "gloves" and len({v.color for v in one.variants if v.size == "M" and v.stock > 2}) > 1
    )
    first, second = sorted({v.color for v in gloves.variants if v.size == "M" and v.stock > 2})[:2]

    def put(text: str, *wants: str) -> list[dict[str, Any]]:
        return [step for _, step in called(say(agent, told, text, *(wants or ("cart", "cart.add")), customer=customer))]

    say(agent, told, f"tell me about the {gloves.title}", "product", customer=customer)
    lines = put(f"2 {first} and 1 {second} in M please")
    assert [(line["color"], line["size"], line["quantity"]) for line in lines] == [(first, "M", 2), (second, "M", 1)]
    assert len(put(f"{first} or {second} in M, whichever you have")) == 1
    assert [line["color"] for line in put(f"{first} and {second} in M, one each")] == [first, second]
    (gone,) = put(f"scrap the {second} one", "cart", "cart.clear")
    assert (gone["action"], gone["color"]) == ("remove", second)
    cart = agent.services.carts.get(customer)
    assert len(cart.lines) == 1
    assert put("empty my cart", "cart", "cart.clear") == [{"action": "clear"}]


def test_a_product_that_is_asked_for_by_its_name_is_told_of_and_not_searched_for(
    agent: Shopkeeper, told: Told, services: Services
) -> None:
    customer = told.consultation = "visitor-named"
    told.states = {note_text("size", "M", "fact"): STATED}
    say(agent, told, "I take an M in clothes", "note", customer=customer)

    def asked(text: str, *wants: str) -> Any:
        ((name, arguments),) = called(say(agent, told, text, *(wants or ("search",)), customer=customer))
        return arguments if name == "get_product" else name

    gloves = asked("have you got the dipper gloves in blue, my size?", "search", "product")
    by_sku = services.retriever.catalog.by_sku
    assert [by_sku[sku].title.split()[0] for sku in gloves["product"]] == ["Dipper"]
    assert (gloves["color"], gloves["size"]) == ("blue", "M")
    assert asked("do you do the ibex kids boots") != "search_products"
    assert asked("gloves like the dipper ones but of leather") == "search_products"
    assert asked("have you got any blue gloves in my size") == "search_products"
    assert asked("a tent for a canoe trip") == "search_products"


def test_the_name_of_what_was_shown_counts_though_it_is_a_common_word(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " common"
    shown = say(agent, told, "女款防水徒步鞋", "search").products
    name = shown[0]["title"].split()[0]
    ((_, arguments),) = called(say(agent, told, f"{name}那双有货吗", "product"))
    assert arguments["product"] == [shown[0]["sku"]]


def test_which_is_cheaper_and_in_what_colors_are_both_told(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " both told"
    say(agent, told, "hiking socks", "search")
    names = [name for name, _ in called(say(agent, told, "which is the cheapest n what colours has it", "compare"))]
    assert names == ["compare_products", "get_product"]
    names = [name for name, _ in called(say(agent, told, "which is the cheapest", "compare"))]
    assert names == ["compare_products"]


def test_what_those_of_a_list_have_to_be_is_a_condition_and_no_question(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " must"
    say(agent, told, "backpacks for hiking", "search")
    ((name, arguments),) = called(say(agent, told, "must be waterproof", "product"))
    assert name == "search_products" and arguments["category"] == "backpacks"
    assert "waterproof" in str(arguments["where"])
    ((name, _),) = called(say(agent, told, "is the first one waterproof?", "product"))
    assert name == "get_product"


def test_what_is_put_in_the_cart_is_named_before_and_not_behind(agent: Shopkeeper, told: Told) -> None:
    customer = told.consultation = "visitor-behind"
    say(agent, told, "snow boots", "search", customer=customer)
    say(agent, told, "how heavy are the dipper gloves", "product", customer=customer)
    told.clauses = {"good": {}, "add one": {"cart": 0.99}, "how long can i return the boots": {"answer": 0.99}}
    text = "good, add one. how long can i return the boots"
    (_, put), _ = called(say(agent, told, text, "cart", "cart.add", "answer", customer=customer))
    assert put["product"] == "it"


def test_what_is_put_with_something_is_what_was_spoken_of_last(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-beside"
    lamp = say(agent, told, "headlamps", "search", customer=customer).products[0]["sku"]
    hats = say(agent, told, "hats", "search", customer=customer).products
    say(agent, told, "is the second one warm?", "product", customer=customer)
    beside = called(say(agent, told, "great, put it with the headlamp", "cart", "cart.add", customer=customer))
    assert beside == [("cart", {"action": "add", "product": hats[1]["sku"]})]
    other = called(say(agent, told, "add the headlamp again", "cart", "cart.add", customer=customer))
    assert other == [("cart", {"action": "add", "product": lamp})]


def test_all_of_it_is_the_cart_and_all_of_them_the_list(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-all"
    say(agent, told, "hats", "search", customer=customer)
    say(agent, told, "add the first one", "cart", "cart.add", customer=customer)
    shown = say(agent, told, "tents", "search", customer=customer).products
    for said in ("so what am i at, all in all?", "what does it all come to", "全部加起来多少"):
        assert called(say(agent, told, said, "total", customer=customer)) == [("get_total", {})]
    ((_, listed),) = called(say(agent, told, "what would all of them cost?", "total", customer=customer))
    assert [item["product"] for item in listed["items"]] == [one["sku"] for one in shown]


def test_a_question_about_it_is_of_the_product_spoken_of_last_though_it_seems_talk(
    agent: Shopkeeper, told: Told
) -> None:
    customer = "visitor-it"
    say(agent, told, "tents", "search", customer=customer)
    sku = called(say(agent, told, "what does the first one weigh", "product", customer=customer))[0][1]["product"]
    told.wants = {"offtopic": 0.6, "product": 0.04}
    (name, asked), *_ = called(
        agent.reply(customer, f"wishes {customer}{told.consultation}", "would it stand a storm?")
    )
    assert (name, asked["product"]) == ("get_product", "it") and sku
    assert not called(agent.reply(customer, f"wishes {customer}{told.consultation}", "how's it going?"))
    told.wants = {"offtopic": 0.9}
    assert not called(agent.reply(customer, f"wishes {customer}{told.consultation}", "who won it last night?"))


def test_that_price_is_the_limit_of_a_search_before(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-limit"
    say(agent, told, "boots up to $140", "search", customer=customer)
    say(agent, told, "socks", "search", customer=customer)
    *_, (_, jackets) = called(say(agent, told, "jackets for that price", "search", customer=customer))
    assert jackets["max_price"] == 140
    *_, (_, hats) = called(say(agent, told, "那个价位的帽子", "search", customer=customer))
    assert hats["max_price"] == 140
    *_, (_, new) = called(say(agent, told, "that price is too much, gloves under $30", "search", customer=customer))
    assert new["max_price"] == 30


def test_it_is_the_first_of_a_list_that_was_sorted_by_what_was_asked_for(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-lightest"
    turn = say(agent, told, "which of your 2-person tents is the lightest?", "search", customer=customer)
    lightest = agent.services.retriever.catalog.by_sku[turn.products[0]["sku"]]
    assert f"{float(str(lightest.facets['weight'])) / 1000:g} kg" in turn.reply
    ((_, asked),) = called(say(agent, told, "is that one hard to put up?", "product", customer=customer))
    assert asked["product"] == [lightest.sku]
    say(agent, told, "tents", "search", customer=customer)  # in no order that was asked for: it is not clear which
    ((_, asked),) = called(say(agent, told, "is that one hard to put up?", "product", customer=customer))
    assert asked["product"] == "it"


def test_products_of_the_order_that_was_told_are_put_side_by_side(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "what is in AP-10742?", "orders", customer="C1133")
    ((name, asked),) = called(say(agent, told, "which of those tents is lighter?", "compare", customer="C1133"))
    assert name == "compare_products" and sorted(asked["products"]) == ["TNT-1018", "TNT-1019"]
    turn = say(agent, told, "and what else is different?", "compare", customer="C1133")
    assert turn.tools[0].ok and "Which one" not in turn.reply
    say(agent, told, "boots", "search", customer="C1133")
    ((_, asked),) = called(say(agent, told, "which of the boots is lighter?", "compare", customer="C1133"))
    assert asked["products"] == "shown"  # of another kind, which was shown
