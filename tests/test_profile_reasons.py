"""What the agent says it knows: all, one attribute, one person; and why, in the customer's words or by their acts."""

import itertools
import re

import pytest

from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from agent.tools.get_profile import attributes_named
from agent.turn import Turn
from profiles.observation import Authority
from profiles.shop.files import load_schema
from tests.agent_shop import SHOP, change, noting

SCHEMA = load_schema(SHOP)
_numbers = itertools.count()


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("shoe_size", {"shoe_size"}),
        ("shoe size", {"shoe_size"}),
        ("my budget", {"budget"}),
        ("colours", {"color"}),
        ("鞋码", {"shoe_size"}),
        ("颜色", {"color"}),
        ("Größe", {"size"}),
        ("Wetter", set()),
        ("how tall I am", {"height_cm"}),
        ("boot size", {"shoe_size"}),
    ],
)
def test_words_are_matched_to_attributes_by_names_and_labels(words: str, names: set[str]) -> None:
    assert attributes_named(words, SCHEMA, ("en", "zh")) == names


def _say(
    agent: Shopkeeper, model: ScriptedModel, customer: str, text: str, *calls: tuple[str, dict[str, object]]
) -> Turn:
    model.script[:] = [list(calls)]
    return agent.reply(customer, f"why-{next(_numbers)}", text)


def test_one_attribute_is_told_alone_and_why_with_the_words_and_the_day(
    agent: Shopkeeper, model: ScriptedModel
) -> None:
    visitor = "visitor-why"
    _say(
        agent,
        model,
        visitor,
        "I wear M and love red",
        noting(change("wear M", "size", "M"), change("love red", "color", "red", "like")),
    )
    told = _say(agent, model, visitor, "what's my size?", ("get_profile", {"attribute": "size"}))
    assert [trait["attribute"] for trait in told.tools[0].result["traits"]] == ["size"]
    assert "Clothing size: M" in told.reply and "red" not in told.reply
    why = _say(agent, model, visitor, "why do you think red?", ("get_profile", {"attribute": "color", "why": True}))
    assert re.search(r"you said on \w+day: “love red”", why.reply), why.reply
    assert not why.gate["blocked"]
    chinese = _say(
        agent, model, visitor, "你为什么觉得我喜欢红色？", ("get_profile", {"attribute": "颜色", "why": True})
    )
    assert "说过：“love red”" in chinese.reply and not chinese.gate["blocked"]
    nothing = _say(agent, model, visitor, "and my budget?", ("get_profile", {"attribute": "budget"}))
    assert nothing.reply == "I have nothing noted about that."


def test_what_was_learnt_by_acts_is_told_by_the_newest_one(agent: Shopkeeper, model: ScriptedModel) -> None:
    profiles = agent.services.profiles
    seen = next(
        name
        for name in profiles.customers()
        if any(t.authority is Authority.OBSERVED and len(t.evidence) == 1 for t in profiles.read(name).traits)
    )
    attribute = next(t.attribute for t in profiles.read(seen).traits if t.authority is Authority.OBSERVED)
    why = _say(agent, model, seen, "why do you think that?", ("get_profile", {"attribute": attribute, "why": True}))
    observed = [trait for trait in why.tools[0].result["traits"] if trait["authority"] == "observed"]
    assert observed and all(trait["why"] for trait in observed)
    assert "in all" in why.reply or "things you did" in why.reply
    assert not why.gate["blocked"]
