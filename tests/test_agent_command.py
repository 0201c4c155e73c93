"""`python -m agent` as other programs use it: the JSON contract, memory over runs, clear errors, and a crash."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from agent.__main__ import main

CONTRACT = {
    "reply", "language", "tools", "profile", "products", "template", "handoff", "proposal", "gate", "usage", "seconds",
}  # fmt: skip
WISH = "I'm looking for a waterproof jacket, at most $140, and I don't like wool"


def run(*arguments: str, said: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, input=said, capture_output=True, text=True, timeout=300, check=False, **options)


def talk(state: Path, customer: str, *messages: str) -> list[dict[str, Any]]:
    """Each message's answer through the JSON contract."""
    options = ("--shop", "shop", "--state", str(state), "--customer", customer, "--json")
    done = run("agent", *options, said="".join(f"{message}\n" for message in messages))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def acknowledged(answers: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """What the profile must hold after these answers, whatever the model chose to note."""
    held: set[tuple[str, str]] = set()
    for changes in (answer["profile"] for answer in answers):
        ended = (*changes["superseded"], *changes["retracted"])
        held -= {(trait["attribute"], str(trait["value"])) for trait in ended}
        held |= {(trait["attribute"], str(trait["value"])) for trait in changes["added"]}
    return held


def remembered(state: Path, customer: str) -> set[tuple[str, str]]:
    """What a later command finds in the profile."""
    shown = run("profiles", "show", customer, "--json", "--shop", "shop", "--state", str(state))
    return {(trait["attribute"], str(trait["value"])) for trait in json.loads(shown.stdout)["traits"]}


def test_every_line_in_gives_one_object_out_that_keeps_the_contract(demo_state: Callable[[], Path]) -> None:
    state = demo_state()
    answers = talk(state, "C1004", WISH, "", "word " * 4000)
    assert len(answers) == 3
    for answer in answers:
        assert set(answer) == CONTRACT
        assert answer["reply"]
    wish = answers[0]
    assert {"name", "arguments", "ok", "result"} == set(wish["tools"][0])
    trait = wish["profile"]["added"][0]
    assert {"attribute", "value", "polarity", "authority", "confidence", "evidence", "about"} == set(trait)
    assert trait["evidence"][0]["quote"] in WISH
    assert wish["products"]

    noted = acknowledged(answers)
    assert noted
    assert noted <= remembered(state, "C1004")  # a second run remembers
    other = run("profiles", "show", "C1005", "--json", "--shop", "shop", "--state", str(state))
    assert trait["evidence"][0]["id"] not in other.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--customer", "nobody"), 4, "no customer 'nobody'"),
        (("--model", "no/such.gguf"), 6, "no/such.gguf"),
        (("--model", "http://127.0.0.1:9/v1"), 6, "no model server answers"),
        (("--model", "gpt"), 2, "model 'gpt' is none of"),
        (("--shop", "tests"), 2, "has no shop.toml"),
        (("--state", "/dev/null/state"), 7, "/dev/null/state"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(
    demo_state: Callable[[], Path],
    arguments: tuple[str, ...],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    state = () if "--state" in arguments or "--shop" in arguments else ("--state", str(demo_state()))
    capsys.readouterr()
    assert main(["--shop", "shop", *state, *arguments]) == code
    told = capsys.readouterr()
    *before, line = told.err.splitlines()
    assert message in line
    assert not [said for said in before if "error" in said]  # a slow machine is told why it takes long to start
    assert not told.out


def test_a_full_disk_is_told_and_what_was_acknowledged_stays(demo_state: Callable[[], Path]) -> None:
    state = demo_state()
    before = talk(state, "C1006", "my shoe size is 42")
    largest = max(path.stat().st_size for path in state.rglob("*") if path.is_file())

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 65536, largest + 65536))

    rules = ("--model", "http://127.0.0.1:9/v1#none")  # nobody answers there, which is quicker than a model
    options = ("--shop", "shop", "--state", str(state), "--customer", "C1006", "--json", *rules)
    said = "".join(f"I like the color {color}\n" for color in ("red", "blue", "olive", "navy") * 100)
    done = run("agent", *options, said=said, preexec_fn=fill)
    assert done.returncode == 7
    assert done.stderr.splitlines()[-1].startswith("error: ")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert acknowledged([*before, *answers]) <= remembered(state, "C1006")


def test_what_was_answered_survives_a_kill(demo_state: Callable[[], Path]) -> None:
    state = demo_state()
    command = [sys.executable, "-m", "agent", "--state", str(state), "--customer", "C1007", "--json"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert process.stdin and process.stdout and process.stderr
    consultation = process.stderr.readline().split()[-1]
    process.stdin.write("my budget is $77 and I need a tent\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert acknowledged([answer]) <= remembered(state, "C1007")
    options = ("--state", str(state), "--customer", "C1007", "--consultation", consultation, "--json")
    assert run("agent", *options, said="anything cheaper?\n").returncode == 0


@pytest.mark.parametrize("folder", ["agent", "retrieval", "profiles", "finetune", "ui", "eval"])
def test_help_teaches(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        import_module(f"{folder}.__main__").main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert f"python -m {folder}" in told and len(told.splitlines()) > 5


def test_the_help_of_training_needs_none_of_what_trains_and_answers() -> None:
    code = "import contextlib, sys\nfrom finetune.__main__ import main\n"
    code += "with contextlib.suppress(SystemExit): main(['--help'])\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines())
    assert "finetune.loop" in loaded and not {"torch", "transformers", "openvino_genai", "langchain"} & loaded
