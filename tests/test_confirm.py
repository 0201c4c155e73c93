"""An answer is a yes only if it can be nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.orders.acts import Kind
from agent.orders.confirm import agrees_in_part, agrees_somehow, before_yes, beside_yes, read_answer

YES = [
    ("yes please", "en"), ("yep go ahead", "en"), ("sure, do it", "en"), ("ok cancel it", "en"), ("please do", "en"),
    ("Yes.", "en"), ("YES!!!", "en"), ("ok", "en"), ("yes, cancel that order please", "en"), ("👍", "en"),
    ("yes thats right", "en"), ("that’s fine, thanks", "en"), ("Yeah, go for it", "en"),
    ("好的", "zh"), ("确认", "zh"), ("对，取消吧", "zh"), ("可以，谢谢", "zh"), ("嗯", "zh"), ("行，麻烦你了", "zh"),
    ("好的，那就取消订单吧", "zh"), ("是的", "en"), ("sí", "es"), ("Sí, por favor", "es"), ("si", "en"),
    ("oui", "fr"), ("oui, allez-y", "en"), ("d'accord, merci", "fr"), ("ja bitte", "de"), ("natürlich", "de"),
]  # fmt: skip
NO = [
    ("no", "en"), ("don't", "en"), ("wait", "en"), ("actually no", "en"), ("not yet", "en"), ("no thanks", "en"),
    ("don’t cancel it", "en"), ("no, I would like to keep the boots", "en"), ("never mind", "en"), ("nope!", "en"),
    ("算了", "zh"), ("不要", "zh"), ("不用了，谢谢", "zh"), ("等一下", "zh"), ("先不要", "zh"), ("还是算了吧", "zh"),
    ("no, gracias", "es"), ("non merci", "fr"), ("pas encore", "fr"), ("nein danke", "de"), ("lieber nicht", "de"),
]  # fmt: skip
UNCLEAR = [
    "yes but change the address to 5 Oak Street", "yes?", "what happens if I say yes", "can I cancel another one",
    "", "   ", "thanks", "M", "AP-10482", "I don't want it anymore", "no problem, go ahead", "yes no", "no wait yes",
    "not sure", "don't forget the refund, ok", "ok what about the jacket", "yes and return the socks too",
    "is that ok?", "好吗", "可以吗", "好不好", "可以退吗？", "不错", "是不是要收费", "取消的话会退多少",
    "oui mais demain",
    "no longer want it, cancel it", "cancel", "yes " * 20, "if yes, when", "sure, if it is free", "yes the other order",
    "yes, M", "yes but to my office", "yes, in red", "no, it's number 14", "no, make it XL", "no, the other one please",
    "no, only the socks", "no, to 15 Oak Street please", "不要，换成L号", "不是14号，是15号", "no, es el número 14",
    "nein, es ist Nummer 14", "ja, aber ins Büro", "sí, pero a mi oficina", "好的，但是寄到公司",
]  # fmt: skip


@pytest.mark.parametrize(("text", "language"), YES)
def test_a_yes_is_read(text: str, language: str) -> None:
    assert read_answer(text, language) == "yes"


@pytest.mark.parametrize(("text", "language"), NO)
def test_a_no_is_read(text: str, language: str) -> None:
    assert read_answer(text, language) == "no"


@pytest.mark.parametrize("text", UNCLEAR)
def test_anything_else_is_left_to_the_model(text: str) -> None:
    assert {read_answer(text, language) for language in ("en", "zh", "fr")} == {"unclear"}


def test_an_act_must_be_the_one_that_was_proposed() -> None:
    assert read_answer("ok cancel it", "en", kind="cancel_order") == "yes"
    assert read_answer("please cancel it", "en", kind="cancel_order") == "yes"
    assert read_answer("取消吧", "zh", kind="cancel_order") == "yes"
    assert read_answer("ok cancel it", "en", kind="return_items") == "unclear"
    assert read_answer("please cancel it", "en") == "unclear"
    assert read_answer("cancel", "en", kind="cancel_order") == "unclear"
    assert read_answer("yes, return them", "en", kind="return_items") == "yes"


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("yes, swap it", "en", "exchange_items"), ("exchange them please", "en", "exchange_items"),
        ("帮我换吧", "zh", "exchange_items"), ("sí, cámbielo", "es", "exchange_items"),
        ("umtauschen bitte", "de", "exchange_items"),
        ("please open a case", "en", "report_problem"), ("yes, have it looked into", "en", "report_problem"),
        ("好的，帮我登记", "zh", "report_problem"), ("sí, abra el caso", "es", "report_problem"),
        ("ja, den Fall anlegen", "de", "report_problem"),
    ],
)  # fmt: skip
def test_exchanges_and_cases_are_acts_too(text: str, language: str, kind: Kind) -> None:
    assert read_answer(text, language, kind=kind) == "yes"
    assert read_answer(text, language, kind="cancel_order") == "unclear"


def test_the_proposed_orders_id_may_be_named_and_no_other() -> None:
    for named in ("AP-10482", "ap 10482", "order #10482", "AP10482"):
        assert read_answer(f"yes, cancel {named}", "en", kind="cancel_order", order_id="AP-10482") == "yes"
    assert read_answer("yes, cancel AP-10400", "en", kind="cancel_order", order_id="AP-10482") == "unclear"


_NEGATIONS = st.sampled_from(
    ["no", "not", "don't", "dont", "never", "不", "别", "没", "non", "pas", "nicht", "kein", "nunca"]
)
_YESES = st.sampled_from([text for text, _ in YES])


@given(
    st.lists(_YESES, max_size=3),
    _NEGATIONS,
    st.lists(_YESES, max_size=3),
    st.sampled_from(["en", "zh", "es", "fr", "de"]),
)
def test_with_a_negation_it_is_never_a_yes(before: list[str], negation: str, after: list[str], language: str) -> None:
    assert read_answer(" ".join([*before, negation, *after]), language) != "yes"


@given(st.text(), st.sampled_from(["en", "zh", "xx"]))
def test_any_text_is_read_without_an_error_and_a_question_is_unclear(text: str, language: str) -> None:
    assert read_answer(text, language) in ("yes", "no", "unclear")
    assert read_answer(f"{text}?", language) == "unclear"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("yep go. also do you sell stamps", "also do you sell stamps"),
        ("好的。你们开门吗", "你们开门吗"),
        ("yes, please. how long does the new one take?", "how long does the new one take?"),
        ("yes. could you send 2?", ""),
        ("yes, do you sell stamps", ""),
        ("yes. make it two of them", ""),
        ("Ok! could you swap the hat as well", ""),
        ("sure. but keep the hat", ""),
        ("no. do you sell stamps", ""),
        ("yes. to 12 Elm Street", ""),
        ("yes", ""),
    ],
)
def test_what_stands_beside_a_yes_may_not_change_it(text: str, rest: str) -> None:
    language = "zh" if "好" in text else "en"
    assert beside_yes(text, language, kind="cancel_order", served=("en", "zh")) == rest


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("I won't miss it. yes cancel it", "I won't miss it"),
        ("我不想等了。取消吧", "我不想等了"),
        ("I won't miss it. yes", ""),
        ("only the hat. yes cancel it", ""),
        ("the 2 hats. yes cancel it", ""),
        ("I won't miss it. yes return it", ""),
        ("yes cancel it", ""),
    ],
)
def test_what_stands_before_a_yes_may_not_change_it(text: str, rest: str) -> None:
    language = "zh" if "取" in text else "en"
    assert before_yes(text, language, kind="cancel_order", served=("en", "zh")) == rest


@pytest.mark.parametrize("text", ["figured. ok go ahead w the 42", "yes please, the boots", "好的，就换42"])
def test_a_yes_with_more_agrees_somehow(text: str) -> None:
    assert agrees_somehow(text)


@pytest.mark.parametrize(
    "text", ["is 42 ok?", "not yet, the boots", "no, yes, wait", "the boots", "ok but don't send the hat"]
)
def test_a_question_a_denial_and_a_wish_alone_agree_to_nothing(text: str) -> None:
    assert not agrees_somehow(text)


def test_traditional_characters_agree_too() -> None:
    assert read_answer("好，確定", "zh") == read_answer("好，确定", "zh") == "yes"


def test_one_sentence_of_several_may_agree() -> None:
    assert agrees_in_part("No, leave it. You may go ahead.", "en", kind="cancel_order")
    assert not agrees_in_part("No, leave it. I was wrong.", "en", kind="cancel_order")
    assert not agrees_in_part("go ahead", "en", kind="cancel_order")
