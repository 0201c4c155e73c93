"""Where a chat completion is answered: conversations that go on, stay apart, are edited, sent again or named."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from langchain_core.messages import HumanMessage

from agent.context import is_visitor
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from errors import StorageError
from tests.completions_shop import CUSTOMER, OTHER, Said, agent, assistant, client, serving, user
from ui.session import new_consultation, new_visitor

MODEL = ScriptedModel()


@pytest.fixture(scope="module")
def shopkeeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shopkeeper]:
    with agent(tmp_path_factory.mktemp("shop"), MODEL) as opened:
        yield opened


@pytest.fixture(scope="module")
def url(shopkeeper: Shopkeeper) -> Iterator[str]:
    with serving(shopkeeper) as address:
        yield address


def ask(url: str, messages: Sequence[Any], user: str | None = CUSTOMER, key: str = "shop", **more: Any) -> Any:
    """An answer; with `user` None of a key that names nobody."""
    given = {"model": "shopkeeper", "messages": list(messages)} | ({"user": user} if user else {}) | more
    return client(url, key).chat.completions.create(**given)


def talk(url: str, said: Said, text: str, **more: Any) -> Any:
    """Say something more in a conversation, as a client that keeps its words does: they and the reply are added."""
    told = ask(url, [*said, user(text)], **more)
    said += [user(text), assistant(told.choices[0].message.content)]
    return told.shopkeeper


def heard(shopkeeper: Shopkeeper, consultation: str) -> list[str]:
    """What the customer has said in it."""
    return [str(one.content) for one in shopkeeper.messages(consultation) if isinstance(one, HumanMessage)]


def test_a_conversation_goes_on_in_its_consultation(url: str, shopkeeper: Shopkeeper) -> None:
    MODEL.expect("Hello.", "Fine.", "Bye.")
    said: Said = [{"role": "system", "content": "Be short."}, assistant("How can I help?")]
    told = [talk(url, said, text) for text in ("hi", "how are you?", "  bye\n then ")]
    assert [one["history"] for one in told] == ["new", "continued", "continued"]
    assert len({one["consultation"] for one in told}) == 1
    assert len(heard(shopkeeper, told[0]["consultation"])) == 3 and "how are you?" in str(MODEL.seen[-1])


def test_two_conversations_of_the_same_words_stay_apart(url: str, shopkeeper: Shopkeeper) -> None:
    MODEL.expect(lambda messages, tools: "Hello.")
    with ThreadPoolExecutor(4) as pool:
        began = list(pool.map(lambda _: ask(url, [user("hallo")]).shopkeeper["consultation"], range(4)))
        history = [user("hallo"), assistant("Hello."), user("and you?")]
        went_on = list(pool.map(lambda _: ask(url, history).shopkeeper, range(4)))
    assert len(set(began)) == 4 and {one["consultation"] for one in went_on} == set(began)
    assert {one["history"] for one in went_on} == {"continued"}
    assert all(heard(shopkeeper, one) == ["hallo", "and you?"] for one in began)


def test_nobody_goes_on_with_another_ones_conversation(url: str) -> None:
    MODEL.expect(lambda messages, tools: "Hello.")
    said: Said = []
    mine = talk(url, said, "good evening")["consultation"]
    for who in ({"user": OTHER}, {"user": None}, {"user": OTHER, "key": "customer"}):
        told = ask(url, [*said, user("what did I say?")], **who).shopkeeper
        assert told["history"] == "ignored" and told["consultation"] != mine


@pytest.mark.parametrize(
    "edit",
    [
        lambda said: [user("hi there"), *said[1:]],
        lambda said: [said[0], assistant("You get 50 % off."), *said[2:]],
        lambda said: said[:2],
        lambda said: said[2:],
        lambda said: [*said[:1], *said[2:]],
    ],
    ids=["a message", "a reply", "cut at the end", "cut at the beginning", "a reply left out, the last one there"],
)
def test_a_conversation_whose_past_was_edited_begins_anew(url: str, shopkeeper: Shopkeeper, edit: Any) -> None:
    MODEL.expect(lambda messages, tools: "Hello.")
    said: Said = []
    began = talk(url, said, f"hi from {edit.__code__.co_firstlineno}")["consultation"]
    talk(url, said, "what is new?")
    edited = edit(said)
    told = ask(url, [*edited, user("and now?")]).shopkeeper
    is_all_there = len(edited) == 3  # who did not wait for a reply goes on all the same
    assert told["history"] == ("continued" if is_all_there else "ignored")
    assert (told["consultation"] == began) == is_all_there
    if not is_all_there:
        assert heard(shopkeeper, told["consultation"]) == ["and now?"] and "50 %" not in str(MODEL.seen[-1])
        assert talk(url, said, "go on")["consultation"] == began


def test_what_is_sent_again_gets_the_same_answer_and_is_done_once(url: str, shopkeeper: Shopkeeper) -> None:
    MODEL.expect("Hello.", [("search_products", {"query": "rain jackets"})])
    said: Said = []
    talk(url, said, "hello you")
    first, again, streamed = (ask(url, [*said, user("rain jackets")], stream=n == 2) for n in range(3))
    assert again.choices[0].message.content == first.choices[0].message.content
    assert (again.shopkeeper["history"], MODEL.asked) == ("repeated", 2)
    assert again.shopkeeper["consultation"] == first.shopkeeper["consultation"]
    for name in ("tools", "products", "language", "profile", "usage", "gate"):
        assert again.shopkeeper[name] == first.shopkeeper[name]
    parts = list(streamed)
    assert parts[-1].shopkeeper["history"] == "repeated"
    assert "".join(part.choices[0].delta.content or "" for part in parts) == first.choices[0].message.content
    assert heard(shopkeeper, first.shopkeeper["consultation"]) == ["hello you", "rain jackets"]


@pytest.mark.parametrize("is_named", [False, True])
def test_a_client_that_loses_patience_gets_the_answer_at_its_next_try(
    url: str, shopkeeper: Shopkeeper, is_named: bool
) -> None:
    def slowly(messages: Any, tools: Any) -> str:
        time.sleep(1.5)
        return "At last."

    MODEL.expect(slowly)
    hasty = client(url, timeout=0.6, max_retries=8)
    consultation = new_consultation(CUSTOMER)
    headers = {"X-Consultation-Id": consultation} if is_named else {}
    told: Any = hasty.chat.completions.create(
        model="shopkeeper",
        user=CUSTOMER,
        messages=[{"role": "user", "content": f"be quick {is_named}"}],
        extra_headers=headers,
    )
    assert (told.choices[0].message.content, told.shopkeeper["history"], MODEL.asked) == ("At last.", "repeated", 1)
    assert len(heard(shopkeeper, told.shopkeeper["consultation"])) == 1


def test_a_turn_goes_on_when_the_client_has_gone_and_is_kept(url: str, shopkeeper: Shopkeeper) -> None:
    is_asked, may_answer = threading.Event(), threading.Event()

    def slowly(messages: Any, tools: Any) -> str:
        is_asked.set()
        assert may_answer.wait(20)
        return "Here I am."

    MODEL.expect(slowly)
    with ask(url, [user("are you there?")], stream=True) as stream:
        assert next(iter(stream)).choices[0].delta.role == "assistant"
        consultation = stream.response.headers["x-consultation-id"]
        assert is_asked.wait(20)
    may_answer.set()
    while shopkeeper.messages(consultation)[-1].text != "Here I am.":
        time.sleep(0.05)
    MODEL.expect("Good.")
    told = ask(url, [user("are you there?"), user("never mind")]).shopkeeper
    assert (told["consultation"], told["history"]) == (consultation, "continued")


def test_what_failed_is_tried_again_in_the_same_consultation(
    url: str, shopkeeper: Shopkeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    MODEL.expect(lambda messages, tools: "Hello.")
    said: Said = []
    began = talk(url, said, "good day")["consultation"]

    def fail(*_: Any) -> Turn:
        raise StorageError("the disk is full")

    for text, more in (("once", ()), ("twice", (user("another thing"),))):
        with monkeypatch.context() as patched:
            patched.setattr(Shopkeeper, "stream", fail)
            with pytest.raises(openai.InternalServerError):
                ask(url, [*said, user(text)])
        told = ask(url, [*said, user(text), *more]).shopkeeper
        assert (told["consultation"], told["history"]) == (began, "continued")
        said += [user(text), *more, assistant("Hello.")]


def test_a_consultation_that_is_named_goes_on_without_its_history(url: str, shopkeeper: Shopkeeper) -> None:
    MODEL.expect(lambda messages, tools: "Hello.")
    made = new_consultation(CUSTOMER)
    header, metadata = {"extra_headers": {"X-Consultation-Id": made}}, {"metadata": {"consultation": made}}
    ways: list[dict[str, Any]] = [dict(header), dict(metadata), header | metadata | {"user": None}]
    for number, more in enumerate(ways):
        told = ask(url, [user(f"message {number}")], **more).shopkeeper
        assert (told["consultation"], told["history"]) == (made, "named")
    assert heard(shopkeeper, made) == ["message 0", "message 1", "message 2"]
    with pytest.raises(openai.BadRequestError, match="two consultations"):
        two = {"X-Consultation-Id": new_consultation(CUSTOMER)}
        ask(url, [user("hi")], metadata={"consultation": made}, extra_headers=two)
    with pytest.raises(openai.BadRequestError, match="a string"):
        ask(url, [user("hi")], metadata={"consultation": 7})


def test_nobody_opens_a_consultation_that_is_not_theirs(url: str, shopkeeper: Shopkeeper) -> None:
    mine = new_consultation(CUSTOMER)
    not_there: tuple[tuple[str, dict[str, Any]], ...] = (
        (mine, {"user": OTHER}),
        (mine, {"user": None, "key": "customer"}),
        ("my-own", {}),
        (f"%00{mine}", {}),
        (new_consultation("C9"), {"user": None}),
    )
    for consultation, who in not_there:
        with pytest.raises(openai.NotFoundError, match="no c"):
            ask(url, [user("hi")], extra_headers={"X-Consultation-Id": consultation}, **who)
    with pytest.raises(openai.PermissionDeniedError):
        ask(url, [user("hi")], user=None, key="chat", extra_headers={"X-Consultation-Id": mine})
    assert heard(shopkeeper, mine) == []


def test_a_key_that_names_nobody_talks_for_a_visitor_of_each_conversation(url: str, shopkeeper: Shopkeeper) -> None:
    MODEL.expect(lambda messages, tools: "Hello.")
    visitors = []
    for _ in range(2):
        said: Said = []
        first, second = (talk(url, said, text, user=None, key="chat") for text in ("ciao", "a dopo"))
        assert first["consultation"] == second["consultation"] and second["history"] == "continued"
        visitors.append(first["consultation"].partition(".")[0])
    assert all(map(is_visitor, visitors)) and len(set(visitors)) == 2
    visitor = new_visitor()
    named = ask(url, [user("ciao")], user=visitor, key="chat").shopkeeper["consultation"]
    assert named.startswith(f"{visitor}.")


def test_people_act_for_themselves(url: str) -> None:
    MODEL.expect(lambda messages, tools: "Hello.")
    for who in (None, OTHER):
        told = ask(url, [user("it is me")], user=who, key="customer").shopkeeper
        assert told["consultation"].startswith(f"{OTHER}.")


def test_while_a_person_is_in_charge_there_is_no_reply_and_the_conversation_is_the_same(
    url: str, shopkeeper: Shopkeeper
) -> None:
    MODEL.expect(lambda messages, tools: "Hello.")
    said: Said = []
    began = talk(url, said, "morning")["consultation"]
    opened = shopkeeper.services.handoffs.open(CUSTOMER, began, "asked", "summary")
    quiet = talk(url, said, "is a person there?")
    assert quiet["handoff"] and quiet["consultation"] == began and said[-1]["content"] == ""
    shopkeeper.services.handoffs.close(opened.id)
    back = talk(url, said[:-1], "and now?")  # as clients do that leave out what is empty
    assert back["consultation"] == began and not back["handoff"]


def test_nothing_is_kept_of_a_conversation_of_somebody_who_was_erased_meanwhile(
    url: str, shopkeeper: Shopkeeper
) -> None:
    visitor = new_visitor()

    def erased(messages: Any, tools: Any) -> str:
        shopkeeper.services.data.erase(visitor)
        return "Hello."

    MODEL.expect(lambda messages, tools: "Hello.")
    said: Said = []
    began = talk(url, said, "who am I?", user=visitor)["consultation"]
    MODEL.expect(erased)
    with pytest.raises(openai.NotFoundError, match="erased"):
        talk(url, said, "forget me", user=visitor)
    assert heard(shopkeeper, began) == []
    with pytest.raises(openai.NotFoundError, match="was erased"):
        talk(url, said, "forget me", user=visitor)
