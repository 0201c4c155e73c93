"""Whoever writes a language that the shop does not serve is told so in it, once a turn, and is helped all the same."""

from collections.abc import Iterator

import pytest

from agent.models.scripted import Answer, ScriptedModel
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from language.names import language_names, own_name
from language.packs import languages, servable
from language.unserved import unserved_sentence

FOREIGN = {
    "fr": "je cherche une veste imperméable", "it": "dove si trova il mio pacco?", "pt": "quero devolver os sapatos",
    "nl": "ik wil mijn schoenen terugsturen", "pl": "czy macie tę kurtkę w kolorze zielonym?",
    "tr": "ayakkabılarımı iade etmek istiyorum", "sv": "jag vill returnera mina skor", "ja": "靴を返品したいです",
    "ko": "신발을 반품하고 싶어요", "ru": "сколько стоит доставка", "uk": "де моє замовлення", "ar": "أين طلبي؟",
    "he": "איפה ההזמנה שלי", "th": "ค่าส่งเท่าไหร่", "hi": "मेरा ऑर्डर कहाँ है", "el": "πού είναι η παραγγελία μου",
    "cs": "kde je moje objednávka", "da": "jeg vil gerne returnere mine sko", "fi": "paljonko toimitus maksaa",
    "de": "wo ist meine Bestellung?", "es": "¿dónde está mi pedido?",
}  # fmt: skip
SEARCH = ("search_products", {"query": "jacket", "category": "jackets"})


class Talk:
    """A consultation of its own, by a visitor."""

    def __init__(self, agent: Shopkeeper, model: ScriptedModel, name: str) -> None:
        self.agent, self.model, self.name = agent, model, name

    def say(self, text: str, *answers: Answer) -> Turn:
        self.model.script[:] = answers
        return self.agent.reply(f"visitor-{self.name}", f"unserved-{self.name}", text)


@pytest.fixture
def talk(agent: Shopkeeper, model: ScriptedModel, request: pytest.FixtureRequest) -> Iterator[Talk]:
    yield Talk(agent, model, str(abs(hash(request.node.name))))


@pytest.mark.parametrize("language", FOREIGN)
def test_the_sentence_comes_first_and_then_what_was_found_in_a_language_of_the_shop(talk: Talk, language: str) -> None:
    turn = talk.say(FOREIGN[language], [SEARCH])
    sentence = unserved_sentence(language, ("en", "zh"))
    assert turn.reply.startswith(f"{sentence}\n\n")
    assert turn.reply.count(sentence) == 1
    assert turn.language == "en"
    assert turn.products
    assert any(product["title"] in turn.reply for product in turn.products)


def test_each_turn_that_it_concerns_says_it_and_no_other(talk: Talk) -> None:
    sentence = unserved_sentence("fr", ("en", "zh"))
    assert talk.say("je cherche une veste imperméable", [SEARCH]).reply.startswith(sentence)
    assert sentence not in talk.say("M", [SEARCH]).reply
    assert sentence not in talk.say("👍", "You are welcome.").reply
    assert sentence not in talk.say("in green please", [SEARCH]).reply
    assert talk.say("et en noir, vous avez quoi ?", [SEARCH]).reply.startswith(sentence)


@pytest.mark.parametrize(
    "text", ["merci!", "do you have the Fjällräven in green?", "ciao", "the GORE-TEX one, s'il vous plaît"]
)
def test_a_borrowed_word_is_no_other_language(talk: Talk, text: str) -> None:
    talk.say("a jacket please", [SEARCH])
    assert talk.say(text, "You are welcome.").reply == "You are welcome."


def test_the_reply_is_kept_with_its_sentence_and_a_shop_says_it_of_its_own_languages(talk: Talk) -> None:
    turn = talk.say("je cherche une veste imperméable", [SEARCH])
    kept = talk.agent.messages(f"unserved-{talk.name}")[-1]
    assert str(kept.text) == turn.reply
    assert "espagnol et allemand" in unserved_sentence("fr", ("es", "de"))


@pytest.mark.parametrize("language", languages())
def test_the_sentence_names_every_language_served(language: str) -> None:
    sentence = unserved_sentence(language, servable())
    assert language_names(servable(), language) in sentence
    assert "\n" not in sentence and "{" not in sentence


def test_languages_are_called_as_they_call_themselves() -> None:
    assert [own_name(code) for code in ("en", "zh", "es", "de")] == ["English", "中文", "Español", "Deutsch"]
    assert language_names(["en", "es", "zh"], "de") == "Englisch, Spanisch und Chinesisch"
