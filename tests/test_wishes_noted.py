"""What a message says of customers and whom they buy for is noted and forgotten, and nothing that it does not say."""

import pytest

from agent.guided.recogniser.labels import STATED, STATED_OF_OTHER, note_text
from agent.models.profile import TUNED
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from tests.agent_shop import change, noting
from tests.told_wishes import Told, called, say


@pytest.fixture
def model(told: Told) -> ScriptedModel:
    return ScriptedModel(guidance=TUNED)


def test_whether_what_was_just_said_was_noted_is_told(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-saved"
    say(agent, told, "black is so me", "talk", customer=customer)
    turn = say(agent, told, "did you just save that?", "profile", customer=customer)
    assert called(turn) == [("get_profile", {"newest": True})] and "not" in turn.reply
    told.states = {note_text("color", "black", "like"): STATED}
    say(agent, told, "black is so me", "note", customer=customer)
    assert "black" in say(agent, told, "did you write that down?", "profile", customer=customer).reply


def test_what_the_words_allow_is_noted_where_the_message_states_it(agent: Shopkeeper, told: Told) -> None:
    told.states = {note_text("material", "wool", "dislike"): STATED, note_text("size", "M", "fact"): STATED}
    turn = say(agent, told, "gloves in black, no wool please, i'm an M", "search", "note")
    assert [step.name for step in turn.tools] == ["update_profile", "search_products"]
    assert {(trait["attribute"], trait["value"]) for trait in turn.profile["added"]} == {
        ("material", "wool"),
        ("size", "M"),
    }


def test_what_is_said_of_another_is_noted_of_them(agent: Shopkeeper, told: Told) -> None:
    told.states = {note_text("color", "pink", "like"): STATED_OF_OTHER}
    added = say(agent, told, "hats for my wife, she loves pink", "search", "note").profile["added"]
    assert [(one["value"], one["about"]) for one in added] == [("wife", ""), ("pink", "wife")]


@pytest.mark.parametrize("said", ["hes an M", "tbh hes always been an M", "my wife's an M"])
def test_he_and_she_without_an_apostrophe_are_others(agent: Shopkeeper, told: Told, said: str) -> None:
    told.states = {note_text("size", "M", "fact"): STATED_OF_OTHER}
    who, customer = "wife" if "wife" in said else "brother", f"visitor-hes-{len(said)}"
    say(agent, told, f"gloves for my {who}", "search", customer=customer)
    added = say(agent, told, said, "note", customer=customer).profile["added"]
    assert [(one["value"], one["about"]) for one in added] == [("M", who)]
    assert called(say(agent, told, "in black", "search", customer=customer))[0][1]["about"] == who


@pytest.mark.parametrize(
    ("said", "count"),
    [("headlamps for the kids, 3 of them", 3), ("3 warm jackets for the team", 3), ("a hat for our girl who's 13", 13)],
)
def test_pieces_and_ages_are_no_group(agent: Shopkeeper, told: Told, said: str, count: int) -> None:
    told.states = {note_text("group_size", count, "fact"): STATED}
    added = say(agent, told, said, "search", "note").profile["added"]
    assert "group_size" not in {one["attribute"] for one in added}


def test_people_who_are_counted_are_a_group(agent: Shopkeeper, told: Told) -> None:
    told.states = {note_text("group_size", 3, "fact"): STATED}
    added = say(agent, told, "there are 3 of us and we need 1 tent", "search", "note").profile["added"]
    assert ("group_size", 3) in {(one["attribute"], one["value"]) for one in added}


def test_what_is_named_is_forgotten_and_what_is_said_anew_replaces_it(agent: Shopkeeper, told: Told) -> None:
    told.states = {note_text("size", "M", "fact"): STATED}
    say(agent, told, "i'm an M", "note")
    told.states = {note_text("size", "L", "fact"): STATED}
    turn = say(agent, told, "not M, i take L", "forget", "note")
    assert [trait["value"] for trait in turn.profile["added"]] == ["L"]
    told.states = {}
    turn = say(agent, told, "forget my size", "forget")
    assert [trait["value"] for trait in turn.profile["retracted"]] == ["L"]


def test_what_is_known_is_forgotten_by_what_it_is_called(agent: Shopkeeper, told: Told) -> None:
    told.states = {note_text("height_cm", 181, "fact"): STATED, note_text("size", "L", "fact"): STATED}
    say(agent, told, "i'm 181 cm and take an L", "note")
    told.states = {}
    turn = say(agent, told, "delete how tall i am pls")  # whatever the recogniser makes of it
    assert [trait["attribute"] for trait in turn.profile["retracted"]] == ["height_cm"]
    assert called(say(agent, told, "how tall is the tent", "talk")) == []
    turn = say(agent, told, "vergiss meine Größe", "forget")
    assert [trait["attribute"] for trait in turn.profile["retracted"]] == ["size"]


def test_what_was_asked_about_goes_and_what_is_true_instead_is_noted(agent: Shopkeeper, told: Told) -> None:
    told.states = {note_text("skill_level", "beginner", "fact"): STATED, note_text("color", "pink", "like"): STATED}
    say(agent, told, "i love pink, and i'm a beginner", "note")
    say(agent, told, "do you think i like pink", "profile")
    told.states = {note_text("skill_level", "expert", "fact"): STATED}
    turn = say(agent, told, "no, scrap that. and beginner is wrong, i'm an expert", "forget")
    assert {trait["value"] for trait in turn.profile["retracted"]} == {"pink"}
    assert [(trait["attribute"], trait["value"]) for trait in turn.profile["added"]] == [("skill_level", "expert")]
    assert [trait["value"] for trait in turn.profile["superseded"]] == ["beginner"]
    say(agent, told, "do you think i'm an expert", "profile")
    turn = say(agent, told, "beginner is right, take that out of it", "forget")
    assert not turn.profile["added"]


def test_what_was_or_might_be_is_noted_as_nothing(agent: Shopkeeper, told: Told) -> None:
    told.states = {note_text("activity", "climbing", "like"): STATED, note_text("size", "S", "fact"): STATED}
    for text in (
        "when we were kids we went climbing a lot",
        "if i ever were a size S i'd buy it",
        "以前常去攀岩，小时候的事",
    ):
        assert called(say(agent, told, text, "note")) == []
    turn = say(agent, told, "i used to run, but climbing is my thing now", "note")
    assert [trait["value"] for trait in turn.profile["added"]] == ["climbing"]


def test_an_own_size_and_range_are_noted_beside_a_search(agent: Shopkeeper, told: Told) -> None:
    for text, noted in (
        ("i normally wear an XL, show me fleeces", {"size": "XL"}),
        ("men's please, and blue", {"department": "men"}),
        ("给我自己看看女款外套，我穿M码", {"department": "women", "size": "M"}),
    ):
        added = say(agent, told, text, "search", customer="visitor-passing").profile["added"]
        assert {trait["attribute"]: trait["value"] for trait in added} == noted
    for text in (
        "do i wear an S in those fleeces?",
        "do you have women's fleeces, for me?",
        "i used to wear an S, fleeces",
    ):
        assert not any(
            name == "update_profile" for name, _ in called(say(agent, told, text, "search", customer="visitor-passing"))
        ), text
    say(agent, told, "men's jackets for my dad, he takes an XXL", "search", customer="visitor-passing")
    turn = say(agent, told, "women's, in S", "search", customer="visitor-passing")
    assert not any(name == "update_profile" for name, _ in called(turn)), "for the dad"


def test_whom_something_is_bought_for_is_noted_and_it_is_looked_for(agent: Shopkeeper, told: Told) -> None:
    turn = say(agent, told, "my boyfriend needs new gloves for his bike", "note")
    assert [trait["value"] for trait in turn.profile["added"]] == ["boyfriend"]
    assert called(turn)[-1][1]["about"] == "boyfriend" and turn.products
    told.consultation = "2"
    turn = say(agent, told, "my mates swear by wool, i want a beanie", "search")
    assert not any(name == "update_profile" for name, _ in called(turn))
    turn = say(agent, told, "a tent for me and my girlfriend", "search")
    assert not any(name == "update_profile" for name, _ in called(turn)), "it is for both"


def test_a_profile_is_asked_of_right_after_it_was_shown_and_a_product_else(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-asks"
    say(agent, told, "show me fleeces under 95", "search", customer=customer)
    (call,) = called(say(agent, told, "is the 95 one still noted as warm?", "product", customer=customer))
    assert call[0] != "get_profile"
    turn = say(agent, told, "what have you noted of me so far?", "profile", customer=customer)
    assert called(turn) == [("get_profile", {"newest": True})] and "$95.00" in turn.reply
    turn = say(agent, told, "is the 95 in there for good?", "product", customer=customer)
    assert called(turn) == [("get_profile", {"attribute": "budget"})]
    turn = say(agent, told, "where did you get my budget from?", "profile", customer=customer)
    assert called(turn) == [("get_profile", {"attribute": "budget", "why": True})] and "under 95" in turn.reply


def test_why_something_is_known_of_another_is_told_of_them_alone(agent: Shopkeeper, told: Told) -> None:
    customer = told.consultation = "visitor-why-his"
    told.states = {note_text("material", "cotton", "like"): STATED}
    say(agent, told, "cotton is my thing", "note", customer=customer)
    told.states = {note_text("material", "wool", "dislike"): STATED_OF_OTHER}
    say(agent, told, "socks for my brother, he cannot stand wool", "search", "note", customer=customer)
    turn = say(agent, told, "how come you think he dislikes wool?", "profile", "profile.True", customer=customer)
    assert "cannot stand wool" in turn.reply and "cotton" not in turn.reply
    turn = say(agent, told, "what have you got on my brother?", "profile", customer=customer)
    assert "wool" in turn.reply and "cotton" not in turn.reply


def test_a_name_is_left_to_the_model(agent: Shopkeeper, told: Told, model: ScriptedModel) -> None:
    told.states = {note_text("name", "Ines", "fact"): STATED}
    model.expect([noting(change("my name is Ines", "name", "Ines"))])
    turn = say(agent, told, "hi, my name is Ines", "note")
    assert [trait["value"] for trait in turn.profile["added"]] == ["Ines"]


def test_remembering_is_stopped_and_everything_deleted_in_one_message(agent: Shopkeeper, told: Told) -> None:
    wants = ("data", "data.stop", "data.erase")
    turn = say(agent, told, "stop remembering me and bin the lot", *wants, customer="C1010")
    assert [arguments["action"] for _, arguments in called(turn)] == ["stop", "erase"]
    assert turn.proposal is not None and turn.proposal["kind"] == "erase_data"


def test_what_is_to_be_forgotten_is_not_noted_again(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " 3"
    told.states = {note_text("material", "wool", "dislike"): STATED}
    say(agent, told, "no wool for me, it itches", "note")
    turn = say(agent, told, "never mind the wool, drop that", "forget", "note")
    assert [trait["value"] for trait in turn.profile["retracted"]] == ["wool"]
    assert not turn.profile["added"]


def test_a_gift_is_the_order_of_the_days_that_are_named(agent: Shopkeeper, told: Told) -> None:
    told.consultation = " 4"
    words = "dont go by what i bought last december, that was all for my mum"
    ((name, arguments),) = called(say(agent, told, words, "data", "data.exclude_order", customer="C1253"))
    assert (name, arguments) == ("manage_data", {"action": "exclude_order", "order_id": "AP-10008"})


def test_only_what_a_clause_names_to_be_forgotten_is(agent: Shopkeeper, told: Told) -> None:
    customer = "visitor-forty"
    told.states = {"note: budget, fact, 40": "stated.self", "note: fit, fact, relaxed": "stated.self"}
    say(agent, told, "a relaxed fit, up to $40", "note", "search", customer=customer)
    told.states = {}
    told.clauses = {"it should be 40 by now": {"note": 0.9, "forget": 0.8}, "forget the relaxed fit": {"forget": 0.9}}
    turn = say(agent, told, "it should be 40 by now. forget the relaxed fit", "forget", "note", customer=customer)
    assert [(one["attribute"], one["polarity"]) for one in called(turn)[0][1]["changes"]] == [("fit", "forget")]


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ("boots for my son, no pink please", "son"),
        ("boots for my son, i can't stand pink", ""),
        ("boots, no pink please", ""),
    ],
)
def test_a_taste_beside_a_wish_for_somebody_else_is_theirs_unless_it_is_said_of_oneself(
    agent: Shopkeeper, told: Told, said: str, about: str
) -> None:
    told.states = {"note: color, dislike, pink": "stated.self"}
    turn = say(agent, told, said, "search", "note", customer=f"visitor-{said[-6:].strip()}")
    changes = called(turn)[0][1]["changes"]
    assert [one.get("about", "") for one in changes if one["attribute"] == "color"] == [about]
