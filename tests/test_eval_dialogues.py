"""Dialogues of a shop's own: what each key of the form holds for, which files are refused, and how a run is told."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import clock
from agent.models.profile import SERVED
from agent.models.scripted import Answer, CallPair, ScriptedModel
from agent.turn import Step, Turn
from errors import ConfigError, DataError
from eval.dialogues.files import read_dialogues
from eval.dialogues.form import Expected, WantedTrait
from eval.dialogues.judge import Verdict, is_like, judge
from eval.dialogues.products import fields, meets
from eval.report import PAGE, read_result, table, write_page, write_result
from eval.runner import run_suite
from eval.stage import Stages
from eval.suite import Options
from eval.suites.dialogues import SUITE, metrics
from eval.wrong_turns import listing
from retrieval.catalog import parse_line
from tests import eval_shop
from tests.agent_shop import SHOP, change, noting

DIALOGUES = Path("tests/dialogues")
NOW = "2026-11-29T12:00:00+00:00"


def product(sku: str, category: str, *prices: str, **facets: Any) -> Any:
    variants = [{"sku": f"{sku}-{n}", "color": "red", "size": 42 + n, "price": p} for n, p in enumerate(prices)]
    variants = [one | {"size": str(one["size"]), "stock": 1} for one in variants]
    line = {"sku": sku, "title": f"The {sku}", "category": category, "price": prices[0], "variants": variants}
    return fields(parse_line(json.dumps(line | {"facets": facets}).encode()))


BOOT = product("boot", "boots", "90", "70.50", material=["leather", "wool"], weight=900, waterproof=True)
HAT = product("hat", "hats", "20", material="cotton", gender="kids")


def trait(attribute: str, value: object, polarity: str = "like", about: str = "") -> dict[str, Any]:
    return {"attribute": attribute, "value": value, "polarity": polarity, "about": about}


PLAIN = eval_shop.turn("We have the Boot.")
CALLED = replace(PLAIN, tools=(Step("get_order", {}, True, {}), Step("find_answer", {}, False, {})))
NOTED = replace(PLAIN, profile={"added": (trait("color", "dark red"),), "superseded": (), "retracted": ()})
GONE = replace(PLAIN, profile={"added": (), "superseded": (trait("size", "L"),), "retracted": (trait("fit", "slim"),)})
PENDING = replace(PLAIN, proposal={"kind": "cancel_order"}, template="return-window", handoff=True)


def verdict(expected: Any, turn: Turn = PLAIN, *shown: Any) -> Verdict:
    return judge(Expected.model_validate(expected), turn, shown)


@pytest.mark.parametrize(
    ("turn", "right", "wrong"),
    [
        (PLAIN, {"reply": "boot"}, {"reply": ["boot", "shoe"]}),
        (PLAIN, {"reply": "^we.*boot"}, {"reply": "^boot"}),
        (PLAIN, {"not_reply": "shoe"}, {"not_reply": ["shoe", "BOOT"]}),
        (PLAIN, {"empty": False}, {"empty": True}),
        (eval_shop.turn(" "), {"empty": True}, {"empty": False}),
        (PLAIN, {"language": "en"}, {"language": "zh"}),
        (CALLED, {"tool": "get_order|list_orders"}, {"tool": "list_orders"}),
        (CALLED, {"tool": "get_order"}, {"tool": "find_answer"}),  # it was called without success
        (CALLED, {"no_tool": "list_orders"}, {"no_tool": "list_orders|find_answer"}),
        (PLAIN, {"no_tool": "get_order"}, {"tool": "get_order"}),
        (NOTED, {"profile": {"attribute": "col.*", "value": "RED"}}, {"profile": {"attribute": "col"}}),
        (NOTED, {"profile": {"polarity": ["like", "fact"]}}, {"profile": {"polarity": "dislike"}}),
        (NOTED, {"profile": [{"value": "red"}]}, {"profile": [{"value": "red"}, {"value": "blue"}]}),
        (NOTED, {"profile_not": {"attribute": "size"}}, {"profile_not": [{"value": "x"}, {"value": "red"}]}),
        (NOTED, {"quiet": False}, {"quiet": True}),
        (GONE, {"quiet": True}, {"profile": {"attribute": "size"}}),
        (GONE, {"retracted": [{"value": "L"}, {"attribute": "fit"}]}, {"retracted": {"value": "XL"}}),
        (PENDING, {"proposal": "cancel_order"}, {"proposal": "none"}),
        (PENDING, {"proposal": ["return_items", "cancel_order"]}, {"proposal": ["return_items", "none"]}),
        (PLAIN, {"proposal": "none"}, {"proposal": "cancel_order"}),
        (PENDING, {"template": ["a", "return-window"]}, {"template": "none"}),
        (PLAIN, {"template": "none"}, {"template": "return-window"}),
        (PENDING, {"handoff": True}, {"handoff": False}),
        (PLAIN, {"handoff": False}, {"handoff": True}),
    ],
)
def test_each_key_holds_for_a_right_turn_and_not_for_a_wrong_one(turn: Turn, right: Any, wrong: Any) -> None:
    assert verdict(right, turn).faults == ()
    assert len(verdict(wrong, turn).faults) == 1


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ({"min": 2}, {"min": 3}),
        ({"category": ["boots", "hats"]}, {"category": "boots"}),
        ({"max_price": 70.5}, {"max_price": 70}),  # what the cheapest variant costs
        ({"min_price": 20}, {"min_price": 20.01}),
        ({"all": {"material": ["wool", "cotton"]}}, {"all": {"material": "wool"}}),
        ({"all": {"color": "red", "size": 42}}, {"all": {"color": "red", "size": 43}}),
        ({"none": {"material": "wool", "gender": "kids"}}, {"none": {"material": "wool", "color": "red"}}),
        ({"first": {"category": "boots"}}, {"first": {"category": "hats"}}),
        ({"first": {"weight": {"min": 900, "max": 900}}}, {"first": {"weight": {"max": 899}}}),
        ({"first": {"waterproof": True}}, {"first": {"waterproof": False}}),
        ({"any": {"gender": "kids"}}, {"any": {"gender": "kids", "material": "wool"}}),
        ({"any": {"weight": {"min": 1}}}, {"any": {"title": {"min": 1}}}),
        ({"sku": ["hat", "cap"]}, {"sku": "cap"}),
    ],
)
def test_each_condition_on_products_holds_for_some_and_not_for_others(right: Any, wrong: Any) -> None:
    assert verdict({"products": right}, PLAIN, BOOT, HAT).faults == ()
    assert len(verdict({"products": wrong}, PLAIN, BOOT, HAT).faults) == 1


def test_products_are_counted_before_anything_else_is_asked_of_them() -> None:
    assert verdict({"products": {"first": {"category": "hats"}}}).faults == (
        "0 products are shown, at least 1 were to be",
    )
    assert verdict({"products": {"min": 0, "category": "boots"}}).faults == ()
    assert verdict({"max_products": 0}).faults == ()
    assert verdict({"max_products": 1}, PLAIN, BOOT, HAT).faults == ("2 products are shown, at most 1 were to be",)


def test_a_note_that_was_not_to_be_made_is_told_apart_from_what_is_lacking() -> None:
    both = verdict({"profile_not": {"value": "red"}, "reply": "shoe"}, NOTED)
    assert both.wrong_notes == ("noted like color = dark red",) and both.lacking == ("the reply does not have /shoe/",)
    assert verdict({"profile": {"value": "blue"}}, NOTED).wrong_notes == ()


def test_a_note_of_somebody_else_is_none_of_the_customer() -> None:
    hers = replace(NOTED, profile={**NOTED.profile, "added": (trait("color", "dark red", about="daughter"),)})
    assert verdict({"quiet": True, "profile_not": {"value": "red"}}, hers).faults == ()
    assert verdict({"profile": {"value": "red"}}, hers).faults


@given(st.decimals("0.01", "9999", places=2))
def test_a_number_is_itself_however_it_is_written(number: Decimal) -> None:
    one = product("x", "hats", str(number), weight=float(number))
    for written in (float(number), str(number.normalize()) if "E" not in str(number.normalize()) else float(number)):
        wanted = Expected.model_validate({"products": {"all": {"weight": written, "price": written}}}).products
        assert wanted and meets(one, wanted.all)


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_trait_without_patterns_is_any_trait(attribute: str, value: str) -> None:
    if "\n" not in attribute:
        assert is_like(trait(attribute, value), WantedTrait.model_validate({"polarity": "like"}))


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{turns: [{say: hi}]}", "dialogue 1 of the file, dialogue: Field required"),
        ("{dialogue: a, turns: []}", "dialogue a, turns: must be a list of at least one turn"),
        ("{dialogue: a, turn: [{say: hi}]}", "dialogue a: there is no key 'turn'; there are dialogue, customer, tags"),
        ("{dialogue: a, turns: [{say: hi}, {say: yes}]}", "turn 2 ('True'), say: must be a text; put it in quotes"),
        ("{dialogue: a, turns: [{say: hi, expect: {repply: x}}]}", "turn 1 ('hi'), expect: there is no key 'repply'; "
         "there are products, max_products, reply"),
        ("{dialogue: a, turns: [{say: hi, expect: {}}]}", "expect: expects nothing; name at least one of products"),
        ("{dialogue: a, turns: [{say: hi, expect: {products: {colour: red}}}]}", "there are min, category, max_price"),
        ("{dialogue: a, turns: [{say: hi, expect: {products: {all: {weight: {most: 3}}}}}]}", "there are min, max"),
        ("{dialogue: a, turns: [{say: hi, expect: {products: {max_price: cheap}}}]}", "max_price: must be a number"),
        ("{dialogue: a, turns: [{say: hi, expect: {profile: [{atribute: x}]}}]}", "there are attribute, value, pol"),
        ("{dialogue: a, turns: [{say: hi, expect: {profile: {polarity: love}}}]}", "'fact', 'like' or 'dislike'"),
        ("{dialogue: a, turns: [{say: hi, expect: {reply: '('}}]}", "reply.0: is no regular expression: missing )"),
        ("{dialogue: a, turns: [{say: hi, expect: {products: {any: {material: gold}}}}]}",
         "expect.products.any: no product of the shop meets it"),
        ("{dialogue: a, turns: [{say: hi, expect: {products: {category: tents, first: {cut: low}}}}]}",
         "expect.products.first: no product of the shop meets it"),
        ("{dialogue: a, turns: [{say: hi, expect: {products: {category: cars}}}]}", "category: no product of the shop"),
        ("{dialogue: a, turns: [{say: hi, expect: {products: {none: {materials: wool}}}}]}",
         "none: products have no 'materials'; they have activity, brand,"),
        ("{dialogue: a, turns: [{say: hi, expect: {products: {sku: NO-1}}}]}", "sku: the shop has no product NO-1"),
        ("{dialogue: a, customer: C9, turns: [{say: hi}]}", "customer: the shop has no 'C9'; it has C1001, C1002"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_file_dialogue_turn_and_the_valid_keys(tmp_path: Path, entry: str, told: str) -> None:
    with pytest.raises(DataError) as error:
        read_dialogues(written(tmp_path, f"- {entry}"), SHOP)
    assert ": 1 fault\n  mine.yaml, " in str(error.value) and told in str(error.value)


def test_all_faults_are_told_at_once_and_what_is_no_list_of_dialogues_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="4 faults"):
        read_dialogues(written(tmp_path, "- {dialogue: a, turns: [{say: 1}, 2]}\n- 3\n- {dialogue: b, tags: x}"), SHOP)
    same = "- {dialogue: a, turns: [{say: hi}]}\n"
    with pytest.raises(DataError, match=r"mine\.yaml, dialogue a: there are two of this name"):
        read_dialogues(written(tmp_path, same * 2), SHOP)
    for text, told in (
        ("a: 1", "must be a list of dialogues"),
        ("- {a: [}", "line 1"),
        ("- dialogue: a\n  turns:\n  - say: hi\n    say: ho", "line 4: key 'say' stands twice"),
    ):
        with pytest.raises(DataError, match=told):
            read_dialogues(written(tmp_path, text), SHOP)
    assert read_dialogues(written(tmp_path, ""), SHOP) == []


def test_a_directory_gives_its_files_by_name_and_a_file_itself() -> None:
    told = read_dialogues(DIALOGUES, SHOP)
    assert {one.file for one in told} == {"orders.yaml", "products.yaml", "talk.yaml"}
    assert [one.dialogue.dialogue for one in told][:2] == ["has-it-left", "cancel-and-keep"]
    assert len(read_dialogues(DIALOGUES / "talk.yaml", SHOP)) == 4


LAMPS: dict[str, Any] = {"query": "headlamp for running", "category": "headlamps"}
# What a good model calls, by what the customer says; a turn that code answers by itself has nothing here.
SCRIPT: dict[str, list[CallPair] | str] = {
    "need a headlamp for running at night, 60 dollars at most": [("search_products", LAMPS | {"max_price": 60})],
    "and if i only want to spend 40?": [("search_products", LAMPS | {"max_price": 40})],
    "ok, thinking about it. thanks!": "Gladly.",
    "do you have a titanium bottle that holds a litre or so": [
        ("search_products", {"query": "bottle 1 l", "category": "bottles", "material": "titanium"})
    ],
    "想买一顶四个人睡的帐篷": [("search_products", {"query": "4-person tent", "category": "tents"})],
    "has order AP-10772 left your warehouse yet?": [("get_order", {"order_id": "AP-10772"})],
    "please cancel AP-10799, I ordered the wrong bottles": [("cancel_order", {"order_id": "AP-10799"})],
    "我的包裹寄到哪了": [("list_orders", {})],
    "我穿39码的鞋": [noting(change("我穿39码的鞋", "shoe_size", "39"))],
    "记错了，是40码": [noting(change("是40码", "shoe_size", "40"))],
    "my brother sweats a lot and cannot stand wool": "Good to know.",
    "From what amount on is delivery free?": [("find_answer", {"question": "From what amount on is delivery free?"})],
    "can I talk to a real person please": [("hand_off", {"reason": "asks for a person"})],
}


def by_message(script: dict[str, list[CallPair] | str]) -> ScriptedModel:
    """Answers a message with what the script has for it, in whichever order the messages come."""

    def answer(messages: list[Any], _tools: Any) -> Answer:
        said = str(next(message for message in reversed(messages) if message.type == "human").content)
        return "Here you are." if messages[-1].type == "tool" else script[said]

    return ScriptedModel(script=[answer], guidance=SERVED)


Play = Callable[..., Any]


@pytest.fixture
def play(demo_state: Callable[[], Path], tmp_path: Path) -> Play:
    ready = demo_state()

    def run(script: dict[str, list[CallPair] | str], **options: Any) -> Any:
        usual: dict[str, Any] = {"data": DIALOGUES, "settings": {"now": NOW}}
        asked = Options(**(usual | options))
        with Stages(by_message(script), ready={SHOP: ready}) as stages:
            return run_suite(SUITE, asked, tmp_path, workers=2, stages=stages, say=lambda _: None)

    return run


def test_the_projects_own_dialogues_are_whole_with_a_model_that_calls_what_is_right(play: Play) -> None:
    result, _ = play(SCRIPT)
    assert listing(result.wrong) == ""
    assert result.metrics["turns"] == result.metrics["dialogues"] == 1.0 and result.metrics["wrong_notes"] == 0.0
    assert result.n == 10 and result.metrics["turns/talk.yaml"] == result.metrics["dialogues/chinese"] == 1.0
    again, _ = play({})  # nothing is asked again
    assert again.reused == 10 and again.metrics == result.metrics


def test_wrong_turns_stand_in_the_table_in_the_result_and_on_the_page(play: Play, tmp_path: Path) -> None:
    brother = "my brother sweats a lot and cannot stand wool"
    script = SCRIPT | {
        "From what amount on is delivery free?": "Always!",
        brother: [noting(change("cannot stand wool", "material", "wool", "dislike"))],
    }
    result, lines = play(script, data=DIALOGUES / "talk.yaml")
    assert (result.metrics["turns"], result.metrics["dialogues"]) == (round(4 / 6, 6), 0.5)
    assert result.metrics["wrong_notes/profile"] == round(1 / 3, 6) and result.metrics["wrong_notes/answers"] == 0.0
    text = f"{table([result])}\n{listing(result.wrong)}"
    for part in (
        "turns/talk.yaml",
        "talk.yaml: it-is-for-my-brother, turn 1",
        f"said    {brother}",
        'tools   update_profile {"changes"',
        "wrong   noted dislike material = wool",
        "wrong   the approved answer is none, not shipping-free or shipping-cost",
    ):
        assert part in text
    folder = tmp_path / "told"
    write_result(result, folder)
    write_page([result], folder / PAGE, lines)
    assert read_result(folder).wrong == result.wrong
    page = (folder / PAGE).read_text(encoding="utf-8")
    assert "2 wrong turns of dialogues" in page and brother in page and "noted dislike material = wool" in page


def test_only_dialogues_of_a_name_can_be_played_and_the_time_must_be_one(play: Play) -> None:
    result, _ = play(SCRIPT, settings={"only": "free", "now": NOW})
    assert result.n == 1 and clock.VARIABLE not in os.environ
    for settings in ({"now": "today"}, {"now": "2026-11-29T12:00"}, {"only": "nothing like it"}):
        with pytest.raises(ConfigError, match=r"--set now|no cases"):
            play(SCRIPT, settings=settings)
    with pytest.raises(ConfigError, match="--data is missing"):
        play(SCRIPT, data=None)


def test_without_records_there_are_no_figures_but_names() -> None:
    assert metrics([])["turns"] == metrics([])["seconds_95"] == 0.0


def test_every_key_of_the_form_stands_in_the_guide() -> None:
    guide = Path("docs/regression-dialogues.md").read_text(encoding="utf-8")
    assert all(f"`{key}`" in guide for key in Expected.model_fields)
    examples = [part.partition("```")[0] for part in guide.split("```yaml\n")[1:]]
    assert examples and all(isinstance(yaml.safe_load(example), list) for example in examples)
