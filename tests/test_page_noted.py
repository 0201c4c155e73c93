"""The quiet line under a reply: what was noted with it, and one click that takes it back."""

import threading

from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from tests.agent_shop import change, noting
from ui.page.consultation import asked, opened, taken_back
from ui.page.frame import frame
from ui.session import new_session


def test_what_was_noted_stands_under_the_reply_and_can_be_taken_back(agent: Shopkeeper, model: ScriptedModel) -> None:
    view = opened(agent, new_session("en"))
    assert frame(view, agent.services)["undo"]["visible"] is False
    model.script[:] = [
        [
            noting(change("wear <M>", "size", "M"), change("my son takes an S", "size", "S")),
            ("search_products", {"query": "jacket", "category": "jackets"}),
        ]
    ]
    *_, view = asked(agent, view, "a jacket, I wear <M>, my son takes an S", threading.Event())
    assert "Noted" not in view.lines[-1].text
    shown = frame(view, agent.services)
    assert "Noted: Clothing size: M; your son: Clothing size: S" in shown["noted"]["value"]
    assert shown["undo"]["visible"] is True
    view = taken_back(agent, view)
    assert not view.profile.everyone and frame(view, agent.services)["noted"]["value"] == ""
    assert [item.op for item in agent.services.profiles.history(view.session.customer) if item.attribute == "size"] == [
        "assert", "assert", "undo", "undo",
    ]  # fmt: skip
