"""What holds on from earlier messages of a consultation, and what the words of one message leave no doubt about."""

import pytest

from agent.guided.recogniser.labels import STATED, STATED_OF_OTHER, note_text
from agent.guided.wishes.shares import Clause, Words, own_words, with_clauses
from agent.models.profile import TUNED
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from tests.told_wishes import Told, called, say


@pytest.fixture
def model(told: Told) -> ScriptedModel:
    return ScriptedModel(guidance=TUNED)


def test_for_whom_it_is_holds_for_other_kinds_but_not_for_other_people(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-people"
    say(agent, told, "waterproof boots for women", "search", customer=customer)
    ((_, socks),) = called(say(agent, told, "socks", "search", customer=customer))
    assert socks == {"query": "socks", "category": "socks", "where": {"gender": "women"}}
    ((_, tents),) = called(say(agent, told, "a tent", "search", customer=customer))
    assert "where" not in tents  # none is made for women
    *_, (_, his) = called(say(agent, told, "trousers for my husband", "search", customer=customer))
    assert his["about"] == "husband" and "gender" not in his.get("where", {})


def test_for_another_person_nothing_holds_of_who_it_was_for_before(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "men's boots under $250, size 44", "search")
    turn = say(agent, told, "also something waterproof for my wife", "search", "search.goes_on")
    on = called(turn)[-1][1]
    assert (on["category"], on["max_price"], on["about"]) == ("boots", 250, "wife") and "size" not in on
    assert on["where"] == {"features": "waterproof"} and all("Women" in hit["title"] for hit in turn.products)
    turn = say(agent, told, "and for my dad, waterproof too", "search", "search.goes_on")
    on = called(turn)[-1][1]
    assert on["about"] == "dad" and "women" not in on["query"]
    assert turn.products and all("Men" in hit["title"] for hit in turn.products)


def test_a_product_that_was_spoken_of_is_no_sign_of_what_somebody_else_wears(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-beside"
    boot = next(p for p in agent.services.retriever.catalog.products if p.category == "boots" and "Men" in p.title)
    say(agent, told, f"is the {boot.title} waterproof", "product", customer=customer)
    turn = say(agent, told, "and a warm pair for my wife", "search", "search.goes_on", customer=customer)
    on = called(turn)[-1][1]
    assert (on["category"], on["about"]) == ("boots", "wife") and "gender" not in on["where"]
    assert turn.products and all("Women" in hit["title"] for hit in turn.products)


def test_who_is_named_after_a_search_may_be_whom_it_was_for(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "kids' jackets in size M", "search")
    turn = say(agent, told, "for my son, he's 8, waterproof", "search", "search.goes_on")
    on = called(turn)[-1][1]
    assert (on["size"], on["where"]) == ("M", {"features": "waterproof", "gender": "kids"})


def test_a_search_goes_on_from_the_product_that_was_spoken_of_since(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-focus"
    say(agent, told, "headlamps up to 40", "search", customer=customer)
    boot = next(p for p in agent.services.retriever.catalog.products if p.category == "boots" and "Women" in p.title)
    say(agent, told, f"is the {boot.title} waterproof", "product", customer=customer)
    *_, (_, others) = called(
        say(agent, told, "any others with wide fit?", "search", "search.goes_on", customer=customer)
    )
    assert others["category"] == "boots" and "max_price" not in others
    assert others["where"]["gender"] == "women"


def test_a_limit_of_the_price_that_is_given_up_ends_and_is_forgotten(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-cap"
    say(agent, told, "headlamps under $60", "search", customer=customer)
    noted, (_, search) = called(
        say(agent, told, "scrap the price cap, brightest one", "search", "search.goes_on", customer=customer)
    )
    assert noted[1]["changes"][0]["attribute"] == "budget" and noted[1]["changes"][0]["polarity"] == "forget"
    assert search["category"] == "headlamps" and "max_price" not in search


def test_a_question_for_a_value_gives_up_no_dislike_of_it(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-any"
    told.states = {note_text("material", "wool", "dislike"): STATED}
    say(agent, told, "hats, no wool", "search", customer=customer)
    told.states = {}
    turn = say(agent, told, "any wool in the first one?", "product", customer=customer)
    assert "update_profile" not in dict(called(turn))


def test_an_order_is_found_by_the_day_it_came(agent: Shopkeeper, told: Told) -> None:
    turn = say(agent, told, "the trousers that came on the 24th of october", "orders", customer="C1159")
    assert called(turn) == [("find_orders", {"order_id": "AP-10631"})] and "AP-10631" in turn.reply


def test_an_order_that_days_name_is_told_after_another_was_spoken_of(agent: Shopkeeper, told: Told) -> None:
    say(agent, told, "where is AP-10599", "orders", customer="C1159")
    turn = say(agent, told, "and the one of the 24th of october", "orders", customer="C1159")
    assert "AP-10631" in turn.reply, called(turn)


def test_what_one_clause_alone_tells_of_a_wish_counts(agent: Shopkeeper, told: Told) -> None:
    told.clauses = {
        "the rain trousers in AP-10631 have a torn zip": {"problem": 1.0, "problem.damaged": 1.0},
        "new ones would be nice": {"problem": 0.9, "remedy.replacement": 0.7},
    }
    text = ". ".join(told.clauses)
    ((name, arguments),) = called(say(agent, told, text, "problem", "problem.damaged", customer="C1159"))
    assert name == "report_problem" and (arguments["problem"], arguments["wish"]) == ("damaged", "replacement")


def test_a_long_message_wants_what_one_of_its_clauses_surely_wants(agent: Shopkeeper, told: Told) -> None:
    told.clauses = {"they make me look like a scarecrow": {"talk": 0.5}, "back they go": {"return": 0.9}}
    told.wants = {"note": 0.05}
    text = "so the rain trousers turned up. they make me look like a scarecrow. back they go"
    assert [name for name, _ in called(agent.reply("C1159", "wishes scarecrow", text))] == ["return_items"]
    told.wants = {"talk": 0.9}  # of what is understood as a whole, no clause makes another wish
    assert called(agent.reply("C1159", "wishes talk", text)) == []


def test_who_gives_an_orders_number_is_told_of_that_order(agent: Shopkeeper, told: Told) -> None:
    told.wants = {"answer": 0.3}
    turn = agent.reply("C1159", "wishes number", "my neighbour gave me AP-10721, could you peep")
    assert ("find_orders", {"order_id": "AP-10721"}) in called(turn)
    assert "AP-10631" in turn.reply and "Dunlin" not in turn.reply  # only the customer's own are told


def test_one_order_is_told_with_colors_sizes_prices_and_until_when_it_can_go_back(
    agent: Shopkeeper, told: Told
) -> None:
    reply = say(agent, told, "what was in AP-10721", "orders", customer="C1203").reply
    assert "Kyle Men's Backpacking Boot (red, 45), $310.00" in reply
    assert "3 x Dunlin Men's Sun Hoodie (light blue, M), $69.00 each" in reply
    assert "send it back until 2026-12-15" in reply


def test_a_color_of_those_that_were_offered_is_taken_for_an_exchange(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " swap"
    say(agent, told, "swap my rain trousers for a black one", "exchange", customer="C1159")
    turn = say(agent, told, "k green", "exchange", customer="C1159")
    assert called(turn)[0][1]["color"] == "dark green" and turn.proposal


def test_what_stands_ahead_of_all_wishes_is_the_first_ones_own() -> None:
    text = "pink, into the cart. your cheapest socks?"
    clauses = [
        Clause(0, "pink,", {}),
        Clause(6, "into the cart.", {"cart": 0.9}),
        Clause(21, "your cheapest socks?", {"search": 0.9}),
    ]
    words = own_words(text, clauses, ("search", "cart"))
    assert words["cart"] == Words("pink, into the cart. ")
    assert words["search"] == Words("your cheapest socks?", "pink, ")


def test_he_and_she_are_whoever_of_them_was_spoken_of_last(agent: Shopkeeper, told: Told) -> None:
    customer = told.consultation = "visitor-he"

    def about(text: str) -> str:
        *_, (_, search) = called(say(agent, told, text, "search", customer=customer))
        return str(search.get("about", ""))

    assert about("a fleece for my dad") == "dad"
    assert about("now a hat for myself, I like wool") == ""
    assert about("he also needs thick socks") == "dad"
    assert about("gloves for my niece") == "niece"
    assert about("she wants trousers as well") == "niece"
    assert about("and boots for him, waterproof") == "dad"
    assert about("I need a tent too") == ""


def test_what_only_the_search_before_asked_for_is_given_up_first(agent: Shopkeeper, told: Told) -> None:
    customer = told.consultation = "visitor-given-up"
    say(agent, told, "a women's down jacket up to $200", "search", customer=customer)
    text = "rather something insulated that is waterproof"
    turn = say(agent, told, text, "search", "search.goes_on", customer=customer)
    assert turn.products and all("waterproof" in hit["facets"]["features"] for hit in turn.products)
    assert all("down" not in hit["facets"].get("insulation", ()) for hit in turn.products)
    assert "down" in turn.reply  # which was left out is said


def test_a_tent_for_those_who_are_listed_is_for_as_many(agent: Shopkeeper, told: Told) -> None:
    customer = told.consultation = "visitor-family"
    told.states = {note_text("group_size", 5, "fact"): STATED}
    noted, (_, tents) = called(
        say(agent, told, "a tent for me, my husband and 3 kids", "search", "note", customer=customer)
    )
    assert tents["where"] == {"capacity": {"min": 5.0}} and "about" not in tents
    assert [change["value"] for change in noted[1]["changes"] if change["attribute"] == "group_size"] == [5]
    *_, (_, socks) = called(say(agent, told, "socks for my wife and two kids", "search", customer="visitor-socks"))
    assert "capacity" not in socks.get("where", {})


def test_a_sentence_of_another_kind_has_conditions_of_its_own(agent: Shopkeeper, told: Told) -> None:
    customer = told.consultation = "visitor-apart"
    text = "a merino shirt in L. and what white gloves are there under $40?"
    *_, (_, shirt), (_, gloves) = called(say(agent, told, text, "search", customer=customer))
    assert (shirt["category"], shirt["size"], "color" in shirt) == ("shirts", "L", False)
    assert (gloves["category"], gloves["color"], "material" in gloves) == ("gloves", "white", False)
    text = "waterproof gloves for skiing. at most $100"
    *_, (_, one) = called(say(agent, told, text, "search", customer="visitor-one"))
    assert (one["category"], one["max_price"]) == ("gloves", 100)


def test_misspelt_conditions_and_kinds_hold_where_the_word_means_nothing_else(agent: Shopkeeper, told: Told) -> None:
    customer = told.consultation = "visitor-slips"
    ((_, gloves),) = called(say(agent, told, "waterprof gloves for sking", "search", customer=customer))
    assert (gloves["category"], gloves["where"]) == ("gloves", {"features": "waterproof", "activity": "skiing"})
    ((_, lamps),) = called(say(agent, told, "headlam", "search", customer="visitor-lam"))
    assert lamps["category"] == "headlamps"
    ((_, rackets),) = called(say(agent, told, "a tennis racket", "search", customer="visitor-racket"))
    assert "category" not in rackets


def test_who_speaks_of_themselves_again_goes_on_with_the_same_kind(agent: Shopkeeper, told: Told) -> None:
    customer = told.consultation = "visitor-me"
    told.states = {note_text("color", "purple", "like"): STATED_OF_OTHER}
    say(agent, told, "a fleece up to $110", "search", customer=customer)
    say(agent, told, "my sister would go for purple", "note", customer=customer)
    *_, (_, dark) = called(say(agent, told, "for me something in navy", "search", customer=customer))
    assert (dark["category"], dark["color"]) == ("fleeces", "navy")


def test_what_a_clause_plainly_puts_in_the_cart_is_put_there_beside_a_search() -> None:
    clauses = [
        Clause(0, "ok nimbus in the cart.", {"cart": 0.99, "cart.add": 0.99}),
        Clause(23, "now bags", {"search": 1.0}),
    ]
    raised = with_clauses({"search": 1.0, "cart": 0.04}, clauses)
    assert raised["cart"] > 0.9 and raised["cart.add"] > 0.9
    assert with_clauses({"exchange": 0.9, "cart": 0.04}, clauses)["cart"] == 0.04  # "put it in black" of an exchange
    unsure = [Clause(0, "nimbus?", {"cart": 0.6, "cart.add": 0.6})]
    assert with_clauses({"search": 1.0, "cart": 0.04}, unsure)["cart"] == 0.04


def test_what_a_clause_plainly_asks_of_an_order_is_told_beside_a_search() -> None:
    clauses = [Clause(0, "where are my gloves,", {"orders": 0.99}), Clause(21, "and a tent", {"search": 1.0})]
    assert with_clauses({"search": 1.0}, clauses)["orders"] > 0.9
    assert "orders" not in with_clauses({"return": 1.0}, clauses)


def titles(turn: Turn) -> list[str]:
    assert turn.proposal is not None
    return [item["title"] for item in turn.proposal["summary"]["items"]]


def test_one_clause_changes_an_order_in_one_way(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " one act"
    told.wants = {"address": 1.0, "cancel": 0.7}
    turn = agent.reply("C1003", "wishes one act", "ship the socks to my parents instead")
    assert [name for name, _ in called(turn)] == ["change_address"]
    told.clauses = {"cancel the socks": {"cancel": 0.9}, "move the shoes to my parents": {"address": 0.9}}
    turn = agent.reply("C1003", "wishes one act", "cancel the socks and move the shoes to my parents")
    assert {name for name, _ in called(turn)} == {"change_address", "cancel_order"}


def test_a_question_what_was_ordered_proposes_nothing(agent: Shopkeeper, told: Told) -> None:
    turn = say(agent, told, "too many gloves, which ones did i buy?", "orders", "cancel", customer="C1264")
    assert [name for name, _ in called(turn)] == ["find_orders"]


def test_a_color_and_what_is_counted_tell_which_pieces_go(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " pieces"
    white = say(agent, told, "cancel the white gloves of AP-10777", "cancel", customer="C1264")
    assert [item["color"] for item in white.proposal["summary"]["items"]] == ["white"]  # type: ignore[index]
    one = say(agent, told, "and one of the tights, drop one of those", "cancel", customer="C1264")
    assert [item["quantity"] for item in one.proposal["summary"]["items"]] == [1]  # type: ignore[index]


def test_how_much_comes_back_is_told_of_what_waits_and_of_what_was_done(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " amount"
    say(agent, told, "cancel one pair of tights in AP-10777", "cancel", customer="C1264")
    asked = say(agent, told, "how much would i get back?", "answer", customer="C1264")
    assert asked.proposal is not None and "$75.00" in asked.reply and "$150.00" not in asked.reply
    supposed = say(agent, told, "how much do i get back if it arrives damaged?", "answer", customer="C1264")
    assert called(supposed)[0][0] == "find_answer"


def test_until_when_an_own_item_goes_back_is_told_and_the_item_is_then_meant(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " until"
    asked = say(agent, told, "the winter boots, by when must they be back?", "return", "answer", customer="C1275")
    assert asked.proposal is None and "send it back until 2026-12-18" in asked.reply
    assert titles(say(agent, told, "send them back then", "return", customer="C1275")) == ["Fulmar Women's Winter Boot"]
    general = say(agent, told, "how long have i got if boots don't fit?", "answer", customer="C1275")
    assert called(general)[0][0] == "find_answer"


def test_an_item_is_added_to_what_waits_and_left_out_of_it(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " added"
    pack, boots = "Plover Women's Trekking Pack 60", "Fulmar Women's Winter Boot"
    customer = "C1275"
    assert titles(say(agent, told, "return the trekking pack of AP-10727", "return", customer=customer)) == [pack]
    added = say(agent, told, "and the winter boots along with it", "return", customer=customer)
    assert {*titles(added)} == {pack, boots}
    assert titles(say(agent, told, "hm no, leave the trekking pack out", "no", customer=customer)) == [boots]
    assert say(agent, told, "no, I keep everything", "no", customer=customer).proposal is None


def test_money_back_for_an_own_item_is_a_return(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " money"
    turn = say(agent, told, "the winter boots, can I get my money back on them?", "answer", customer="C1275")
    assert titles(turn) == ["Fulmar Women's Winter Boot"]
    other = say(agent, told, "when do i get a refund usually?", "answer", customer="C1275")
    assert called(other)[0][0] == "find_answer"


def test_a_size_of_those_that_were_offered_goes_on_with_the_exchange(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " sizes"
    say(agent, told, "swap my rain trousers for black ones", "exchange", customer="C1159")
    turn = say(agent, told, "then dark green", "cart", "cart.add", customer="C1159")
    assert [name for name, _ in called(turn)] == ["exchange_item"]
    turn = say(agent, told, "socks in L", "search", customer="C1159")
    assert [name for name, _ in called(turn)] == ["search_products"]


def test_an_orders_number_with_a_likely_change_is_that_change(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " likely"
    told.wants = {"cancel": 0.3, "answer": 0.2}
    turn = agent.reply("C1264", "wishes likely", "AP-10777, could the red gloves come out of it")
    assert called(turn)[0][0] == "cancel_order" and turn.proposal is not None


def test_who_asks_what_this_is_and_for_a_person_gets_both(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " both"
    assert say(agent, told, "is this a bot? give me a real human", "person", customer="visitor-both").handoff
