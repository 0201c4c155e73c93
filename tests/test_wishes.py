"""What a message was recognised to want becomes calls of code, with nothing in them that nobody said."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from agent.context import Services
from agent.guided.recogniser.labels import LABELS, STATED, details, note_text
from agent.guided.wishes.choice import chosen, is_sure, plain_answer
from agent.models.profile import LARGE, TUNED
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from tests.agent_shop import keeper
from tests.told_wishes import Told, called, say


@pytest.fixture
def model(told: Told) -> ScriptedModel:
    return ScriptedModel(guidance=TUNED)


def test_a_search_has_the_conditions_that_were_said_and_no_others(agent: Shopkeeper, told: Told) -> None:
    text = "waterproof jackets for men under $100, no green"
    noted, (name, arguments) = called(say(agent, told, text, "search"))
    assert noted[1]["changes"] == [
        {"quote": "under $100", "attribute": "budget", "value": 100, "polarity": "fact"}
    ]  # whoever names a limit has it
    assert (name, arguments["category"], arguments["max_price"]) == ("search_products", "jackets", 100)
    assert arguments["where"] == {"gender": "men", "features": "waterproof"}
    assert arguments["not"]["color"] and "min_price" not in arguments and "size" not in arguments


def test_a_search_goes_on_only_where_the_message_does(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "tents for 5 people", "search")
    *_, (_, on) = called(say(agent, told, "under 250 tho", "search", "search.goes_on"))
    assert (on["category"], on["where"], on["max_price"]) == ("tents", {"capacity": {"min": 5.0}}, 250)
    ((_, anew),) = called(say(agent, told, "foam mats", "search"))
    assert anew == {"query": "foam mats"}


def test_temperatures_litres_and_people_are_no_prices(agent: Shopkeeper, told: Told) -> None:
    ((_, cold),) = called(say(agent, told, "sleeping bags for -10 degrees", "search"))
    assert cold["where"] == {"comfort_temperature": {"max": -10.0}}
    ((_, litres),) = called(say(agent, told, "a backpack of at least 30 litres", "search"))
    assert litres["where"] == {"volume": {"min": 30.0}}
    assert not {"min_price", "max_price"} & (cold.keys() | litres.keys())


def test_orders_are_found_by_what_was_in_them(agent: Shopkeeper, told: Told) -> None:
    turn = say(agent, told, "wheres the one with the tent", "orders", customer="C1133")
    assert called(turn) == [("find_orders", {"words": "tent"})]
    assert "AP-10738" in turn.reply and "AP-10742" in turn.reply


def test_an_order_and_a_product_are_meant_by_their_measure(agent: Shopkeeper, told: Told) -> None:
    turn = say(agent, told, "the tent for 4 people, where is it", "orders", customer="C1253")
    assert called(turn) == [("find_orders", {"words": "Headwater 4-Person Family Tent"})] and "AP-10147" in turn.reply
    listed = {hit["sku"]: hit for hit in say(agent, told, "backpacks under $150", "search").products}
    sku, litres = next(
        (sku, hit["title"].split()[-1]) for sku, hit in listed.items() if hit["title"].split()[-1].isdecimal()
    )
    assert sku in called(say(agent, told, f"is the {litres} litre one waterproof", "product"))[0][1]["product"]


def test_conditions_without_a_kind_go_on_from_the_search_before(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "rain jackets for women under $200", "search")
    told.wants = {"search": 1.0, "search.goes_on": 0.1}
    ((_, on),) = called(agent.reply("visitor-wishes", "wishes visitor-wishes", "有灰色的吗"))
    assert (on["category"], on["max_price"], on["where"]["gender"]) == ("jackets", 200, "women")
    assert on["color"] == "grey"
    ((_, anew),) = called(say(agent, told, "socks", "search"))
    assert anew == {"query": "socks", "category": "socks", "where": {"gender": "women"}}  # whom it is for holds on
    say(agent, told, "women's jackets up to $200", "search")
    ((_, other),) = called(say(agent, told, "and trousers for her too", "search", "search.goes_on"))
    assert (other["category"], other["where"]) == ("trousers", {"gender": "women"}) and "max_price" not in other


def test_a_total_is_of_the_delivery_that_is_named(agent: Shopkeeper, told: Told) -> None:
    def method(text: str, customer: str = "visitor-total") -> Any:
        return called(say(agent, told, text, "total", customer=customer))[-1][1].get("delivery")

    say(agent, told, "family tents", "search", customer="visitor-total")
    assert method("the first one, whats that delivered") is None
    assert method("and with express?") == "express"
    assert method("to my dad in Scotland") == "international"
    assert method("how much is it altogether") == "international"  # still to Scotland
    assert method("ok, to the US then") is None


def test_a_condition_that_matters_no_more_ends(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "navy rain jackets for men under $200", "search")
    ((_, any_color),) = called(say(agent, told, "colour doesn't matter, best rated", "search", "search.goes_on"))
    assert "color" not in any_color and any_color["where"]["gender"] == "men" and any_color["sort"] == "rating"
    say(agent, told, "waterproof boots for trail running", "search")
    ((_, dry),) = called(say(agent, told, "forget waterproof", "search", "search.goes_on"))
    assert "waterproof" not in str(dry["where"]) and dry["where"]["activity"] == "trail running"


def test_a_question_leans_on_what_was_done_before_it(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "the jacket is massive, i'd like a smaller one", "exchange", customer="C1002")
    turn = say(agent, told, "how long have i got for that btw", "answer", customer="C1002")
    assert turn.template in ("exchange-how", "exchange-time") and "45" in turn.reply


def test_two_questions_in_one_message_get_two_answers(agent: Shopkeeper, told: Told) -> None:
    turn = say(agent, told, "包邮不 几天能到", "answer")
    assert [name for name, _ in called(turn)] == ["find_answer"] * 2
    assert "75" in turn.reply and "3-5" in turn.reply
    assert len(called(say(agent, told, "how long is the warranty?", "answer"))) == 1


def test_a_yes_of_its_own_is_carried_out_and_the_rest_is_answered(agent: Shopkeeper, told: Told) -> None:
    asked = say(agent, told, "cancel my newest order", "cancel", customer="C1002")
    assert asked.proposal
    told.wants = {"yes": 1.0, "answer": 1.0}
    kept = agent.reply("C1002", "wishes C1002", "yes, do you gift wrap")  # of one sentence
    assert kept.proposal and not kept.reply.startswith("Order")
    say(agent, told, "cancel my newest order", "cancel", customer="C1002")
    told.wants = {"yes": 1.0, "answer": 1.0, "exchange": 0.4}
    assert agent.reply("C1002", "wishes C1002", "yep do it. can i have boots for them").proposal
    told.wants = {"answer": 1.0}
    done = agent.reply("C1002", "wishes C1002", "yep do it. do you guys do gift wrap")
    assert done.proposal is None and "cancelled" in done.reply.splitlines()[0].lower() and "wrap" in done.reply


@pytest.mark.parametrize(
    ("text", "want", "reply"),
    [
        ("thanks a lot!", "talk", "elcome"),
        ("谢谢", "talk", "不"),
        ("what is the meaning of life", "offtopic", "can't help"),
        ("no", "no", "All right"),
    ],
)
def test_where_nothing_is_wanted_nothing_is_called(
    agent: Shopkeeper, told: Told, text: str, want: str, reply: str
) -> None:
    turn = say(agent, told, text, want)
    assert turn.tools == () and reply in turn.reply


def test_a_person_comes_when_asked_for_and_at_a_yes_to_the_offer(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "who are your shareholders?", "answer")
    assert say(agent, told, "yeah go on", "yes").handoff


def test_who_asks_whether_this_is_a_person_is_told_and_who_asks_for_one_gets_one(agent: Shopkeeper, told: Told) -> None:
    asked = say(agent, told, "wait, is this a person or chatgpt?", "person", customer="visitor-bot")
    assert not asked.handoff and "AI" in asked.reply
    told.wants = {"talk": 0.9, "person": 0.05}
    assert agent.reply("visitor-bot", "wishes visitor-bot", "get me your manager").handoff


def test_a_yes_in_other_words_carries_out_what_waits_and_a_question_does_not(agent: Shopkeeper, told: Told) -> None:
    proposed = say(agent, told, "cancel the shoes", "cancel", customer="C1003")
    assert proposed.proposal is not None and proposed.proposal["kind"] == "cancel_order"
    asked = say(agent, told, "does the shipping fee come back too?", "yes", customer="C1003")
    assert asked.proposal is not None
    done = say(agent, told, "aye crack on then", "yes", customer="C1003")
    assert done.proposal is None and "cancel" in done.reply.lower()


def test_a_second_yes_in_other_words_is_told_that_it_is_done(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "cancel the ski gloves", "cancel", customer="C1298")
    say(agent, told, "yes", "yes", customer="C1298")
    again = say(agent, told, "did that go thru?? my phone froze. yes do it pls", "yes", customer="C1298")
    assert "already" in again.reply and "cancelled" in again.reply and not again.tools
    turn = say(agent, told, "and show me socks", "search", customer="C1298")
    assert turn.products


def test_a_no_that_names_something_drops_what_waits(agent: Shopkeeper, told: Told) -> None:
    assert say(agent, told, "cancel my last order", "cancel", customer="C1001").proposal
    turn = say(agent, told, "no wait, i am keeping the socks after all and everything in there", "no", customer="C1001")
    assert turn.proposal is None and not turn.tools
    assert not say(agent, told, "correct", "yes", customer="C1001").reply.startswith("Order")


def test_a_no_that_keeps_one_item_returns_only_the_other(agent: Shopkeeper, told: Told) -> None:
    customer = "C1275"
    first = say(
        agent, told, "the trekking pack and the hiking pack of AP-10727, i return them", "return", customer=customer
    )
    assert {item["title"] for item in first.proposal["summary"]["items"]} == {  # type: ignore[index]
        "Eddy Hiking Pack 22",
        "Plover Women's Trekking Pack 60",
    }
    for wish in ("no", "return"):
        turn = say(agent, told, "no wait. keeping the small one. just the big one", wish, customer=customer)
        (item,) = turn.proposal["summary"]["items"]  # type: ignore[index]
        assert item["title"] == "Plover Women's Trekking Pack 60"
        say(agent, told, "return the trekking pack and the hiking pack of AP-10727", "return", customer=customer)
    assert say(agent, told, "no, leave it", "no", customer=customer).proposal is None


def test_who_is_asked_which_order_and_names_one_goes_on_with_it(agent: Shopkeeper, told: Told) -> None:
    asked = say(agent, told, "wheres the one with the tent", "orders", customer="C1133")
    assert asked.reply.startswith("Which of these orders")
    turn = say(agent, told, "the little one, for 2", "talk", customer="C1133")
    assert "AP-10738" in turn.reply and "AP-10742" not in turn.reply
    thanked = say(agent, told, "cheers for that", "talk", customer="C1133")
    assert not thanked.tools


def test_what_is_open_is_meant_where_no_item_is_named(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "the boots of AP-10727 are too small, swap them", "exchange", customer="C1275")
    back = say(agent, told, "forget the swap, send it back", "return", customer="C1275")
    assert [item["title"] for item in back.proposal["summary"]["items"]] == ["Fulmar Women's Winter Boot"]  # type: ignore[index]


def test_what_cannot_be_done_with_an_item_is_offered_in_another_way_and_the_item_is_still_meant(
    agent: Shopkeeper, told: Told
) -> None:
    late = say(agent, told, "the brae boots from october are too tight, money back", "return", customer="C1060")
    assert late.proposal is None and "exchange" in late.reply  # 36 days: too late for a return, not for an exchange
    swap = say(agent, told, "ok then a 42 please", "exchange", customer="C1060")
    assert swap.proposal is not None and swap.proposal["kind"] == "exchange_items"
    assert [item["title"] for item in swap.proposal["summary"]["items"]] == ["Brae Women's Mid Hiking Boot"]


def test_who_is_not_understood_is_asked_and_then_offered_a_person(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " unclear"
    told.wants = {"talk": 0.2, "problem": 0.1}
    customer = "visitor-unclear"
    turns = [agent.reply(customer, "wishes unclear", "well the thing about it is as it always was") for _ in range(2)]
    assert turns[0].reply.endswith("something else.") and "person" in turns[1].reply
    assert say(agent, told, "it has rained all day here in town", "talk").reply.startswith(("All right", "Sure"))


def test_a_claim_that_goes_on_keeps_what_is_wrong(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "the boots of AP-10727 have a rip", "problem", "problem.damaged", customer="C1275")
    told.wants = {"problem": 1.0, "problem.late": 0.2, "remedy.refund": 0.9}
    turn = agent.reply("C1275", "wishes C1275", "i would rather have the money")
    ((_, arguments),) = called(turn)
    assert (arguments["problem"], arguments["wish"]) == ("damaged", "refund")


def test_a_parcel_that_was_looked_for_and_is_nowhere_is_still_reported(agent: Shopkeeper, told: Told) -> None:
    words = "it says delivered but the gloves never came"
    wants = ("problem", "problem.not_received")
    asked = say(agent, told, words, *wants, customer="C1248")
    assert asked.proposal is not None and asked.proposal["kind"] == "report_problem"
    again = say(agent, told, "asked the neighbours already, nope. no slip either", "no", customer="C1248")
    assert again.proposal is not None and again.proposal["summary"] == asked.proposal["summary"]
    assert say(agent, told, "nah leave it", "no", customer="C1248").proposal is None


def test_a_price_limit_holds_for_the_kind_of_product_that_it_was_said_of(agent: Shopkeeper, told: Told) -> None:
    told.states = {note_text("budget", 40, "fact"): STATED}
    lamps = say(agent, told, "a headlamp, 40 tops for that", "search", "note", customer="visitor-limit")
    assert {name: each["category"] for name, each in called(lamps) if name == "search_products"} == {
        "search_products": "headlamps"
    }
    assert lamps.products and all(hit["price"] <= 40 for hit in lamps.products)
    told.states = {}
    boots = say(agent, told, "and waterproof boots", "search", customer="visitor-limit")
    assert boots.products and all(hit["price"] > 40 for hit in boots.products)
    again = say(agent, told, "blue headlamps then", "search", customer="visitor-limit")
    assert again.products and all(hit["price"] <= 40 for hit in again.products)


def test_a_size_that_nothing_of_a_kind_comes_in_is_none(agent: Shopkeeper, told: Told) -> None:
    ((_, lamps),) = called(say(agent, told, "a headlamp, 40 lumens at least", "search", customer="visitor-size"))
    assert "size" not in lamps
    ((_, boots),) = called(say(agent, told, "boots in 40", "search", customer="visitor-size"))
    assert boots["size"] == "40"


def test_another_kind_keeps_for_whom_it_is_and_what_is_ruled_out_alone(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "warm women's jackets for hiking, no wool", "search", customer="visitor-kind")
    ((_, socks),) = called(say(agent, told, "and socks", "search", "search.goes_on", customer="visitor-kind"))
    assert socks["where"] == {"gender": "women"} and "wool" in socks["not"]["material"]


def test_a_question_about_a_kind_that_was_not_shown_is_a_search(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "rain jackets", "search", customer="C1040")
    ((name, arguments),) = called(say(agent, told, "你们有灰色的手套吗", "product", customer="C1040"))
    assert (name, arguments["category"], arguments["color"]) == ("search_products", "gloves", "grey")


def test_what_the_shop_does_not_sell_is_said_and_the_nearest_kind_is_shown(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " 1"
    say(agent, told, "tents for 5 people", "search")
    none = say(agent, told, "need a footprint for underneath too", "search", "search.goes_on")
    assert called(none) == [("search_products", {"query": "footprint"})] and "footprint" in none.reply
    assert not none.products
    *_, (_, on) = called(say(agent, told, "under 250 then", "search", "search.goes_on"))
    assert (on["category"], on["max_price"]) == ("tents", 250)
    near = say(agent, told, "what about a lantern", "search", "search.goes_on")
    assert {product["category"] for product in near.products} == {"headlamps"} and "lantern" in near.reply
    *_, (_, on) = called(say(agent, told, "under 40 tho", "search", "search.goes_on"))
    assert (on["category"], on["max_price"]) == ("headlamps", 40)
    both = called(say(agent, told, "hiking socks. and gaiters", "search"))
    assert [arguments.get("category", arguments["query"]) for _, arguments in both] == ["socks", "gaiters"]
    ((_, one),) = called(say(agent, told, "socks that go under gaiters", "search"))
    assert one["category"] == "socks"


def test_a_part_of_what_is_shown_is_a_question_about_it(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " 2"
    say(agent, told, "a trekking backpack", "search")
    ((name, _),) = called(say(agent, told, "does it have a rain cover?", "product"))
    assert name == "get_product"


def test_a_price_that_is_about_so_much_is_a_limit_somewhat_above(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " 5"
    ((_, asked),) = called(say(agent, told, "a jacket for around $100", "search"))
    assert asked["max_price"] == 120 and "min_price" not in asked
    ((_, on),) = called(say(agent, told, "hm. 50ish?", "search", "search.goes_on"))
    assert (on["category"], on["max_price"]) == ("jackets", 60)
    ((_, pack),) = called(say(agent, told, "backpacks of around 40 litres", "search"))
    assert "max_price" not in pack


def test_an_ordered_item_is_meant_by_its_color(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " 9"
    say(agent, told, "which gloves did i order", "orders", customer="C1264")
    turn = say(agent, told, "lose the red ones", "cancel", customer="C1264")
    assert turn.proposal is not None
    assert [item["color"] for item in turn.proposal["summary"]["items"]] == ["red"]


def test_what_one_got_down_is_no_down(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " 12"
    told.states = {note_text("material", "down", "dislike"): STATED}
    say(agent, told, "no down for me", "note")
    ((_, asked),) = called(say(agent, told, "so what have you got down about me now", "profile"))
    assert "attribute" not in asked


def test_only_what_is_likely_is_acted_upon() -> None:
    assert chosen({"search": 0.9, "note": 0.6, "talk": 0.1}) == {"search", "note"}
    assert chosen({"search": 0.4, "talk": 0.3}) == {"search"}
    assert chosen({"search": 0.1, "cancel": 0.14}) == {"search"}
    assert chosen({"search": 0.04}) == set()


def test_a_yes_with_a_number_or_another_wish_confirms_nothing(services: Services) -> None:
    def read(text: str) -> Any:
        return services.lexicon.read(text, date(2026, 11, 29))

    assert plain_answer({"yes": 0.97}, read("yep thats it")) == "yes"
    assert plain_answer({"yes": 0.97}, read("yes, 42")) is None
    assert plain_answer({"yes": 0.97, "exchange": 0.3}, read("yes, M")) is None
    assert plain_answer({"yes": 0.8}, read("i suppose")) is None
    assert plain_answer({"no": 0.8, "orders": 0.2}, read("leave the 2 as they are")) == "no"
    assert plain_answer({"no": 0.6, "exchange": 0.7}, read("no, the 42")) is None


def test_a_message_that_is_not_clear_is_left_to_a_larger_model(
    services: Services, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    model = ScriptedModel(
        script=[[("find_answer", {"question": "gift cards"})]], guidance=replace(LARGE, ask_unsure=True)
    )
    with keeper(services, model) as agent:
        told.wants = {"search": 0.4, "answer": 0.45}
        assert called(agent.reply("visitor-unclear", "unclear", "something for a gift, a card or so")) == [
            ("find_answer", {"question": "gift cards"})
        ]
        told.wants = {"answer": 0.6}
        sure = agent.reply("visitor-unclear", "unclear", "how do gift cards work")
    assert [name for name, _ in called(sure)] == ["find_answer"] and model.asked == 1
    assert not caplog.records


def test_a_wish_is_sure_by_its_chance_or_by_plain_words(services: Services) -> None:
    def read(text: str) -> Any:
        return services.lexicon.read(text, date(2026, 11, 29))

    assert is_sure({"search": 0.5}, read("a tent"))
    assert not is_sure({"search": 0.49, "cart.add": 0.9}, read("a tent"))
    assert is_sure({"person": 0.1}, read("give me a human being please"))
    assert is_sure({}, read("???"))


def test_details_are_taken_from_calls_and_are_labels() -> None:
    found = [
        *details("cart", {"action": "remove"}),
        *details("report_problem", {"problem": "late", "wish": "refund"}),
        *details("manage_data", {"action": "erase"}),
        *details("update_profile", {"changes": [{"about": "daughter"}]}),
    ]
    assert found == ["cart.remove", "problem.late", "remedy.refund", "data.erase", "note.other"]
    assert set(found) <= set(LABELS)
