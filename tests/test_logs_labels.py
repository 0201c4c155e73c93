"""Weak labelling: a teacher's calls are learnt where they stand for what the log's agent said, and nowhere else."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult

from agent.models import DEFAULT_GGUF, load_chat_model
from agent.models.scripted import Answer, ScriptedModel
from agent.models.template import render
from errors import DataError, ModelError
from finetune.lineage import KEYS_FILE, read_keys
from finetune.logs.pipeline import Request, run_logs
from finetune.logs.scratch import Scratch, open_scratch
from finetune.samples import Sample, read_samples
from profiles.privacy.keys import customer_key, load_salt
from tests.agent_shop import change, noting
from tests.logs_shop import make_shop, own, write_lines

WHERE = ("where is my order AP-10794?", "Hello Megan, order AP-10794 is paid and waits to be packed.")
GETTING: Answer = [("get_order", {"order_id": "ID"})]
UNHELD, ELSEWHERE = "says what no result holds", "speaks of something else"
BUDGET = noting(change("up to 160", "budget", 160))
RETURNS = ("how long do I have to return it?", "You can return unworn items within 30 days of delivery.")
THANKS = ("ok thanks", "You're welcome! Have a lovely day.")
ASKING = ("find_answer", {"question": RETURNS[0]})

Label = Callable[..., tuple[list[Sample], dict[str, Any]]]


class Copying(ScriptedModel):
    """A scripted teacher that copies the order id from what it is shown, as a real one does."""

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        shown = re.findall(r"AP-\d+", str(messages[-1].content)) or ["last"]
        answer = self.script[0]
        if not isinstance(answer, str | Exception):
            copied = [{k: shown[0] if v == "ID" else v for k, v in args.items()} for _, args in answer]
            self.script[0] = [(name, args) for (name, _), args in zip(answer, copied, strict=True)]
        return super()._generate(messages, *args, **kwargs)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_shop(tmp_path_factory.mktemp("labels") / "shop")


@pytest.fixture(scope="module")
def scratch(shop: Path) -> Iterator[Scratch]:
    with open_scratch(shop, shop / "no index") as opened:
        yield opened


@pytest.fixture
def label(shop: Path, scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Label:
    """Call it with a log's lines and a teacher: the samples that come of it, and the report."""
    monkeypatch.setattr("finetune.logs.pipeline.open_scratch", lambda *_: nullcontext(scratch))  # opened once for all

    def run(lines: Sequence[Any], teacher: BaseChatModel | None) -> tuple[list[Sample], dict[str, Any]]:
        log = write_lines(tmp_path / "log.jsonl", lines)
        try:
            run_logs(Request(log, shop, tmp_path / "out", tmp_path / "state"), teacher)
        except DataError as error:
            assert "no sample" in str(error)
        found = [s for split in ("train", "val", "test") for s in read_samples(tmp_path / "out" / f"{split}.jsonl")]
        return found, json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))

    return run


def shape(sample: Sample) -> list[str]:
    """Who speaks, what is called, and what is not learnt."""
    calls = [[call["function"]["name"] for call in message.get("tool_calls") or ()] for message in sample.messages]
    marks = ["" if message.get("learn", True) else "-" for message in sample.messages]
    roles = [message["role"] for message in sample.messages]
    return [" ".join(filter(None, (r, *c, m))) for r, c, m in zip(roles, calls, marks, strict=True)][2:]


def test_calls_that_agree_with_the_reply_are_learnt_in_the_scrubbed_world(label: Label, tmp_path: Path) -> None:
    teacher = Copying(script=[GETTING, [ASKING], "You are welcome."])
    (sample,), report = label([own("a", *WHERE, *RETURNS, *THANKS)], teacher)
    assert shape(sample) == [
        "user", "assistant get_order", "tool", "user", "assistant find_answer", "tool", "user", "assistant",
    ]  # fmt: skip
    text, shown = render(sample.messages, sample.tools, False), str(teacher.seen)
    (order,) = set(re.findall(r"AP-\d+", text))
    assert order != "AP-10794" and f'"order_id": "{order}"' in text.replace("\\", "")
    assert not {"AP-10794", "Megan", "Palmer"} & set(re.findall(r"AP-\d+|\w+", text + shown))
    key = customer_key("C1", load_salt(tmp_path / "state"))
    place = {name: sample.meta[name] for name in ("consultation", "customer", "file", "line")}
    assert place == {"consultation": "a", "customer": key, "file": "log.jsonl", "line": 1}
    assert [k for keys in read_keys(tmp_path / "out" / KEYS_FILE).values() for k in keys] == [key]
    assert report["samples"] == 1


@pytest.mark.parametrize(
    ("said", "answer", "reason"),
    [
        (WHERE, [("get_order", {"order_id": "AP-99999999"})], "put right by its tool"),
        (WHERE, [("no_such_tool", {})], "a call failed"),
        (WHERE, [("get_order", {"id": 7})], "a call failed"),
        ((WHERE[0], "It has been delivered already."), GETTING, UNHELD),
        ((WHERE[0], "It comes on 3 December."), GETTING, UNHELD),
        ((WHERE[0], "Let me have a look."), GETTING, ELSEWHERE),
        (RETURNS, [("list_orders", {})], UNHELD),
        ((RETURNS[0], "You have 45 days."), [ASKING], UNHELD),
        (RETURNS, [noting(change("pink", "color", "pink", "like"))], "the profile refused a change"),
        (RETURNS, "Words of mine.", "words that no call supports"),
        (("up to 160 please", "We are open from 9:00 to 18:00."), [BUDGET], UNHELD),
    ],
)
def test_other_calls_are_taken_back_and_the_turn_is_context(
    label: Label, said: Sequence[str], answer: Answer, reason: str
) -> None:
    line = own("a", *said, RETURNS[0], f"{RETURNS[1]} Really.")
    samples, report = label([line], Copying(script=[answer, [ASKING]]))
    assert shape(samples[0]) == ["user", "assistant -", "user", "assistant find_answer", "tool"]
    assert samples[0].messages[1]["content"] == "Customer: nothing known"
    (found,) = [name for name in report["turns"] if name.startswith("context")]
    assert reason in found and report["turns"][found] == {"count": 1, "examples": ["log.jsonl:1"]}


def test_a_cancellation_in_the_log_is_a_proposal_and_a_yes_needs_no_model(label: Label) -> None:
    talk = ("please cancel my order AP-10794", "Shall I cancel AP-10794?", "yes please", "I've cancelled it.", *RETURNS)
    teacher = Copying(script=[[("cancel_order", {"order_id": "ID"})], [ASKING]])
    (sample,), report = label([own("a", *talk)], teacher)
    first, confirmed = ["user", "assistant cancel_order", "tool"], ["user", "system"]
    assert shape(sample) == [*first, *confirmed, "user", "assistant find_answer", "tool"]
    assert report["turns"]["answered without a model"]["count"] == 1


def test_what_was_noted_counts_for_the_search_beside_it(label: Label, shop: Path) -> None:
    products = [json.loads(line) for line in (shop / "catalog.jsonl").read_text("utf-8").splitlines()]
    title = min((p for p in products if p["category"] == "jackets"), key=lambda p: float(p["price"]))["title"]
    said = ("a jacket please, up to 160", f"Have a look at the {title}.")
    calls = [BUDGET, ("search_products", {"query": title, "category": "jackets"})]
    (sample,), _ = label([own("a", *said)], ScriptedModel(script=[calls]))
    assert shape(sample) == ["user", "assistant update_profile search_products", "tool", "tool"]


def test_a_long_consultation_gives_a_sample_for_each_window_and_teaches_each_turn_once(label: Label) -> None:
    talk = [text for n in "abcdefghijkl" for text in (f"{RETURNS[0]} ({n})", f"{RETURNS[1]} {n}")]
    samples, _ = label([own("a", *talk)], ScriptedModel(script=[[ASKING] for _ in range(12)]))
    learnt = [[m for m in s.messages if m["role"] == "assistant" and m.get("learn", True)] for s in samples]
    assert [len(found) for found in learnt] == [9, 3]
    assert sum(m["role"] == "user" for m in samples[1].messages) == 7


def test_calls_of_the_log_itself_are_checked_the_same_way_without_a_teacher(label: Label) -> None:
    line, other = own("a", *WHERE, *RETURNS), own("b", "hello there, who are you?", "I am here to help.")
    line["messages"][1]["tool_calls"] = [{"name": "get_order", "arguments": {"order_id": "AP-10794"}}]
    line["messages"][3]["tool_calls"] = [{"name": "cancel_order", "arguments": {"order_id": "AP-10794"}}]
    samples, report = label([line, other], None)
    assert shape(samples[0]) == ["user", "assistant get_order", "tool", "user", "assistant -"]
    unlabelled = report["not_learnt"]["words only, and no teacher to label them"]
    assert unlabelled == {"count": 1, "examples": ["log.jsonl:2"]}


def test_a_teacher_that_fails_stops_the_run_and_the_next_goes_on(label: Label) -> None:
    lines = [own("a", *WHERE), own("b", *RETURNS, customer="C2")]
    with pytest.raises(ModelError, match="gone"):
        label(lines, Copying(script=[GETTING, ModelError("gone")]))
    samples, report = label(lines, Copying(script=[[ASKING]]))  # what was labelled is not asked again
    assert len(samples) == report["samples"] == 2


@pytest.mark.skipif(not DEFAULT_GGUF.is_file(), reason="the model has not been built: make model")
def test_the_small_model_can_be_the_teacher(label: Label) -> None:
    chinese = ("你们支持退货吗？可以退多久？", "支持退货。收到商品后30天内，未穿用的商品都可以退。")
    lines = [own("a", *RETURNS), own("b", *chinese, customer="C2")]
    samples, report = label(lines, load_chat_model("embedded", seconds=120))
    assert report["kept"] == 2 and report["turns"]
    for sample in samples:
        assert render(sample.messages, sample.tools, False)
    assert any("assistant find_answer" in shape(sample) for sample in samples), report["turns"]
