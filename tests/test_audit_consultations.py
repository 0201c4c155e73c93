"""The audit of what reads profiles with every turn: the agent and the page are a line each consultation."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.context import Services
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from errors import NotFound
from profiles.privacy.audit import Access, Act, Audit, note_consultation
from profiles.privacy.erasure import Erasure
from tests.agent_shop import keeper, open_demo_services
from ui.page.consultation import opened
from ui.session import as_customer, new_consultation, new_session

ANNA = "C1002"


@pytest.fixture(scope="module")
def state(demo_state: Callable[[], Path]) -> Path:
    return demo_state()


@pytest.fixture(scope="module")
def services(state: Path) -> Services:
    return open_demo_services(state)


def lines(services: Services, customer: str) -> list[Access]:
    return Audit(services.profiles.engine).of([customer])


def talk(shopkeeper: Shopkeeper, consultation: str, *texts: str) -> None:
    for text in texts:
        shopkeeper.reply(ANNA, consultation, text)


def test_the_agent_is_one_line_a_consultation_however_long_it_lasts(services: Services, tmp_path: Path) -> None:
    for _ in range(2):  # the second time as after a restart
        with keeper(services, ScriptedModel(script=["Hello."] * 4), tmp_path / "checkpoints.db") as shopkeeper:
            talk(shopkeeper, "first", "hi", "hello again")
    with keeper(services, ScriptedModel(script=["Hello."])) as shopkeeper:
        talk(shopkeeper, "second", "hi")
    found = [(line.act, line.by, line.detail) for line in lines(services, ANNA)]
    assert found == [(Act.READ, "agent", f"consultation {name}") for name in ("first", "second")]


def test_the_page_is_one_line_a_consultation_however_often_it_is_loaded(services: Services) -> None:
    session = as_customer(new_session("en"), "C1001", lambda _: True)
    with keeper(services, ScriptedModel()) as shopkeeper:
        views = [opened(shopkeeper, one) for one in (session, session, new_session("en"))]
    assert [line.by for line in lines(services, "C1001")] == ["page"]
    assert lines(services, views[-1].session.customer) == []  # who only looks at the page is nobody yet


def test_after_an_erasure_the_lines_name_nobody_and_none_is_added(services: Services, state: Path) -> None:
    gone = "C1003"
    note_consultation(services.profiles, gone, "agent", new_consultation(gone))
    key = Erasure(services.profiles, state).run(gone, by="Ada").customer
    assert lines(services, gone) == []
    assert next((line.by, line.detail) for line in lines(services, key)) == ("agent", "")
    note_consultation(services.profiles, gone, "agent", "late")  # of a turn that began before
    with keeper(services, ScriptedModel()) as shopkeeper, pytest.raises(NotFound, match="erased"):
        shopkeeper.reply(gone, "later", "hi")
    assert lines(services, gone) == []
