"""Spanish and German by files alone: the shop in tests/shops/sierra, talked to in both from the greeting to the yes."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.context import Services
from agent.models.scripted import Answer, ScriptedModel
from agent.services import open_services
from agent.shop import load_shop
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from language.detection import detect
from profiles.observation import Profile
from tests.agent_shop import change, keeper, noting
from ui.page.consultation import View
from ui.page.frame import frame
from ui.session import new_session, preferred_language

SHOP = Path(__file__).parent / "shops" / "sierra"


@dataclass(frozen=True)
class Talk:
    """One customer's consultation with the scripted model."""

    agent: Shopkeeper
    model: ScriptedModel
    customer: str

    def say(self, text: str, *answers: Answer) -> Turn:
        self.model.script[:] = answers
        turn = self.agent.reply(self.customer, f"talk-{self.customer}", text)
        assert not self.model.script
        assert turn.gate["blocked"] == 0
        return turn


@pytest.fixture
def sierra(tmp_path: Path) -> Iterator[Services]:
    """The shop, opened on a state of its own; nothing is written into its files."""
    shop = Path(shutil.copytree(SHOP, tmp_path / "sierra"))
    services = open_services(load_shop(shop), tmp_path / "state")
    yield services
    services.profiles.engine.dispose()


@pytest.fixture
def lucia(sierra: Services, model: ScriptedModel) -> Iterator[Talk]:
    """She writes Spanish."""
    with keeper(sierra, model) as agent:
        yield Talk(agent, model, "K1")


@pytest.fixture
def jonas(sierra: Services, model: ScriptedModel) -> Iterator[Talk]:
    """He writes German."""
    with keeper(sierra, model) as agent:
        yield Talk(agent, model, "K2")


def test_a_consultation_in_spanish_from_the_greeting_to_the_yes(lucia: Talk) -> None:
    assert lucia.agent.greeting("K1").startswith("¡Hola! Soy el asistente de IA de Sierra & Wald.")
    found = lucia.say(
        "busco una chaqueta verde",
        [("search_products", {"query": "chaqueta verde", "category": "chaqueta", "color": "verde"})],
    )
    assert found.tools[0].result["filters"] == {"category": "jackets", "color": "green"}
    assert "- Chaqueta impermeable Teide, 89,00\u00a0€" in found.reply and "en stock" in found.reply
    asked = [("find_answer", {"question": "plazo de devolución"})]
    answer = lucia.say("¿Cuántos días tengo para devolver algo?", asked)
    assert answer.template == "return-window"
    assert answer.reply == "Puede devolver los artículos sin usar durante 30 días a partir de la entrega."
    order = lucia.say("¿dónde está mi pedido SW-2001?", [("get_order", {"order_id": "SW-2001"})])
    assert "El pedido SW-2001 está en camino con Correos" in order.reply and "SW-2001, enviado" in order.reply
    proposed = lucia.say("cancele mi último pedido", [("cancel_order", {"order_id": "last"})])
    assert proposed.proposal is not None
    assert proposed.reply.endswith("Todavía no se ha cambiado nada. ¿Desea que continúe?")
    done = lucia.say("sí, adelante")
    assert done.reply.startswith("El pedido SW-2003 está cancelado.")
    assert lucia.agent.services.orders.get("K1", "SW-2003").status == "cancelled"
    assert {turn.language for turn in (found, answer, order, proposed, done)} == {"es"}


def test_a_consultation_in_german_from_the_greeting_to_the_yes(jonas: Talk) -> None:
    assert jonas.agent.greeting("K2").startswith("Guten Tag! Ich bin der KI-Assistent von Sierra & Wald.")
    found = jonas.say(
        "ich suche eine grüne Jacke",
        [("search_products", {"query": "grüne Jacke", "category": "Jacke", "color": "grüne"})],
    )
    assert found.tools[0].result["filters"] == {"category": "jackets", "color": "green"}
    assert "- Regenjacke Teide, 89,00\u00a0€" in found.reply and "auf Lager" in found.reply
    answer = jonas.say("Wie lange kann ich etwas zurückgeben?", [("find_answer", {"question": "Rückgabefrist"})])
    assert answer.reply == "Sie können unbenutzte Artikel innerhalb von 30 Tagen nach der Lieferung zurückgeben."
    order = jonas.say("wo ist meine Bestellung SW-2002?", [("get_order", {"order_id": "SW-2002"})])
    assert "Bestellung SW-2002 ist mit DHL unterwegs" in order.reply and "SW-2002, versandt" in order.reply
    proposed = jonas.say("stornieren Sie meine letzte Bestellung", [("cancel_order", {"order_id": "last"})])
    assert proposed.reply.endswith("Noch wurde nichts geändert. Soll ich das so machen?")
    done = jonas.say("ja, gerne")
    assert done.reply.startswith("Bestellung SW-2004 ist storniert.")
    assert jonas.agent.services.orders.get("K2", "SW-2004").status == "cancelled"
    assert {turn.language for turn in (found, answer, order, proposed, done)} == {"de"}


def test_a_no_leaves_everything_as_it_was_in_both_languages(lucia: Talk, jonas: Talk) -> None:
    lucia.say("cancele el pedido SW-2003", [("cancel_order", {"order_id": "SW-2003"})])
    assert lucia.say("no, gracias").reply == "De acuerdo, lo he dejado todo como estaba."
    jonas.say("stornieren Sie SW-2004", [("cancel_order", {"order_id": "SW-2004"})])
    assert jonas.say("nein, lieber nicht").reply == "In Ordnung, ich habe alles so gelassen, wie es war."
    assert lucia.agent.services.orders.get("K1", "SW-2003").status == "paid"


def test_an_attribute_without_a_label_is_called_by_its_name(lucia: Talk) -> None:
    noted = noting(change("mi talla es la M", "size", "M"), change("mido 178 cm", "height_cm", 178))
    turn = lucia.say("mi talla es la M y mido 178 cm", [noted])
    assert "Talla: M" in turn.reply and "height cm: 178" in turn.reply


def test_an_attribute_without_an_english_label_does_not_end_a_turn_in_english(lucia: Talk) -> None:
    turn = lucia.say("please note that my size is M", [noting(change("my size is M", "size", "M"))])
    assert turn.language == "en" and "size: M" in turn.reply


def test_an_answer_that_is_written_in_one_language_only_is_no_answer_in_another(lucia: Talk, jonas: Talk) -> None:
    german = jonas.say("Verpacken Sie Geschenke?", [("find_answer", {"question": "Verpacken Sie Geschenke?"})])
    assert german.template == "gift-wrap"
    spanish = lucia.say("¿Empaquetan regalos?", [("find_answer", {"question": "Geschenkverpackung"})])
    assert spanish.template is None
    assert detect(spanish.reply, ("es", "de", "en"), None) == "es"


def test_the_policy_is_quoted_to_those_who_read_its_language(lucia: Talk, jonas: Talk) -> None:
    question = "botas de piel en el taller"
    assert "nuestro taller" in lucia.say(question, [("find_answer", {"question": question})]).reply
    german = jonas.say("Reparieren Sie Lederstiefel?", [("find_answer", {"question": question})])
    assert "taller" not in german.reply and german.language == "de"


@pytest.mark.parametrize(
    ("language", "tagline", "yes"), [("es", "Asistente de IA", "Sí, adelante"), ("de", "KI-Assistent", "Ja, gerne")]
)
def test_the_page_speaks_the_language_too(sierra: Services, language: str, tagline: str, yes: str) -> None:
    shown = frame(View(new_session(language), Profile("")), sierra)
    assert tagline in shown["header"]["value"]
    assert shown["yes"]["value"] == yes
    assert preferred_language(f"fr;q=0.9,{language}-CH;q=0.8", sierra.shop.languages) == language
    assert preferred_language("fr", sierra.shop.languages) == "es"
