"""One consultation in several processes and threads: turns run one after the other, and nothing said is lost."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatResult
from pydantic import Field

from agent.__main__ import main as agent
from agent.locks import FOLDER, consultation_locks
from agent.models.scripted import ScriptedModel
from agent.turn import Turn
from errors import StorageError
from profiles.observation import Authority, Evidence, Observation
from profiles.privacy.audit import Act, Audit
from profiles.storage.database import DATABASE, open_database
from tests.agent_shop import change, noting, opened, small_shop, words_of

MEGAN, OTHER = "C1002", "C1003"
RULES = ("--model", "http://127.0.0.1:9/v1#none")  # nobody answers there: search and rules do
HOLDER = """import sys
from agent.locks import consultation_locks
from profiles.storage.database import open_database
with consultation_locks(open_database(sys.argv[1])).hold("talk", 5):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_shop(tmp_path_factory.mktemp("small"), (MEGAN, OTHER))


@pytest.fixture
def holder(url: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process that has the consultation "talk"."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", HOLDER, url], stdin=pipe, stdout=pipe, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_two_processes_in_one_consultation_lose_no_message_and_no_reply(shop: Path, url: str, tmp_path: Path) -> None:
    with opened(shop, tmp_path, url):
        pass  # the first start imports the shop
    environment = os.environ | ({DATABASE: url} if url.startswith("postgresql") else {})
    options = ("--shop", str(shop), "--state", str(tmp_path), "--customer", MEGAN, "--consultation", "talk")
    command = [sys.executable, "-m", "agent", *options, *RULES, "--json"]
    pipe = subprocess.PIPE
    both = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment) for _ in range(2)
    ]
    said = [[f"a jacket, try {turn} of {name}" for turn in range(6)] for name in ("one", "two")]
    for process, words in zip(both, said, strict=True):
        assert process.stdin is not None
        process.stdin.write("".join(f"{message}\n" for message in words))
        process.stdin.close()
        process.stdin = None
    replies = []
    for process in both:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        replies += [json.loads(line)["reply"] for line in out.splitlines()]
    with opened(shop, tmp_path, url) as keeper:
        messages = keeper.messages("talk")
    customers = [message for message in messages if isinstance(message, HumanMessage)]
    assert sorted(str(message.text) for message in customers) == sorted(said[0] + said[1])
    assert len({message.id for message in customers}) == 12
    kept = [str(m.text) for m in messages if isinstance(m, AIMessage) and not m.tool_calls]
    assert sorted(kept) == sorted(replies) and len(kept) == 12


def test_a_consultation_that_is_busy_elsewhere_is_waited_for_and_then_told(url: str, holder: object) -> None:
    engine = open_database(url)
    locks = consultation_locks(engine)
    began = time.monotonic()
    with pytest.raises(StorageError, match=r"'talk' is busy: after 0\.5 seconds"), locks.hold("talk", 0.5):
        pass
    assert 0.4 < time.monotonic() - began < 5
    with locks.hold("another", 0.5):
        pass
    engine.dispose()


def test_a_process_that_is_killed_lets_go_of_its_consultation(url: str, holder: "subprocess.Popen[str]") -> None:
    engine = open_database(url)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with consultation_locks(engine).hold("talk", 5):
        pass
    engine.dispose()


def test_the_locks_leave_nothing_behind_and_hold_between_threads(url: str, tmp_path: Path) -> None:
    engine = open_database(url)
    locks = consultation_locks(engine)
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for number in range(20):
            with locks.hold("talk" if number % 2 else f"talk {number}", 30):
                if number % 2:
                    inside += 1
                    most = max(most, inside)
                    time.sleep(0.001)
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert not [path for folder in tmp_path.glob(FOLDER) for path in folder.iterdir()]
    engine.dispose()


class BusyModel(ScriptedModel):
    """Something else happens while it answers."""

    meanwhile: Callable[[], object] = Field(default=lambda: None)

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.meanwhile()
        return super()._generate(messages, *args, **kwargs)


def test_the_same_message_twice_at_once_makes_one_trait_with_two_evidences(
    shop: Path, url: str, tmp_path: Path
) -> None:
    answer = [noting(change("shoe size is 42", "shoe_size", "42"))]
    with opened(shop, tmp_path, url, answer, answer) as keeper:
        threads = [threading.Thread(target=keeper.reply, args=(MEGAN, "talk", "my shoe size is 42")) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (size,) = keeper.services.profiles.read(MEGAN).of("shoe_size")
        assert size.value == "42" and 1 <= len(size.evidence) <= 2
        assert len([m for m in keeper.messages("talk") if isinstance(m, HumanMessage)]) == 2


def test_what_is_corrected_while_the_model_answers_stays_corrected(shop: Path, url: str, tmp_path: Path) -> None:
    model = BusyModel(script=[[noting(change("up to $150", "budget", 150))]])
    with opened(shop, tmp_path, url, model=model) as keeper:
        store = keeper.services.profiles

        def correct() -> None:
            said = Evidence("turn", "elsewhere:1", "at most $90")
            store.append([Observation("own", MEGAN, "budget", 90.0, "fact", Authority.STATED, said, datetime.now(UTC))])

        model.meanwhile = correct
        keeper.reply(MEGAN, "talk", "a tent up to $150")
        (budget,) = store.read(MEGAN).of("budget")
        assert budget.value == 90.0
        assert {item.value for item in store.history(MEGAN) if item.attribute == "budget"} >= {90.0, 150.0}


def test_a_handoff_is_closed_by_command_and_the_customer_is_told_once(
    shop: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if url.startswith("postgresql"):
        monkeypatch.setenv(DATABASE, url)
    options = ("--shop", str(shop), "--state", str(tmp_path))
    call = [("hand_off", {"reason": "asked for a person"})]
    search = [("search_products", {"query": "jacket"})]
    with opened(shop, tmp_path, url, call, search, "You are welcome.") as keeper:
        assert keeper.reply(MEGAN, "talk", "a human, please").handoff
        assert keeper.reply(MEGAN, "talk", "hello?").reply == ""
        capsys.readouterr()
        assert agent(["handoffs", "list", "--json", *options]) == 0
        (waiting,) = json.loads(capsys.readouterr().out)
        assert set(waiting) == {"id", "customer", "consultation", "since", "reason", "summary"}
        assert (waiting["customer"], waiting["consultation"]) == (MEGAN, "talk")
        assert agent(["handoffs", "list", *options]) == 0
        assert waiting["id"] in capsys.readouterr().out
        assert agent(["handoffs", "close", "nobody", *options]) == 4
        assert waiting["id"] in capsys.readouterr().err
        assert agent(["handoffs", "close", waiting["id"], "--note", "done", "--by", "Ann", *options]) == 0
        acts = [line for line in Audit(keeper.services.profiles.engine).of([MEGAN]) if line.by == "Ann"]
        assert [line.act for line in acts] == [Act.CHANGED] and waiting["id"] in acts[0].detail
        said = keeper.services.phrases.say("back_again", "en")
        events = list(keeper.stream(MEGAN, "talk", "a jacket"))
        turn = events[-1]
        assert isinstance(turn, Turn) and turn.reply.startswith(said) and turn.products and not turn.handoff
        assert words_of(events) == turn.reply
        assert str(keeper.messages("talk")[-1].text) == turn.reply
        assert keeper.reply(MEGAN, "talk", "thanks").reply == "You are welcome."
        assert agent(["handoffs", "list", "--json", *options]) == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1]) == []
