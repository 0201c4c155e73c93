"""The registry's commands, by their exit codes and what they print."""

import json
from pathlib import Path

import pytest

from finetune.__main__ import main
from finetune.registry.registry import Registry
from profiles.privacy.excluded import WHO
from profiles.privacy.keys import customer_key, load_salt
from tests.registry_adapters import make_adapter, make_samples


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def run(state: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["registry", *arguments, "--state", str(state)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_looking_at_an_empty_registry_makes_nothing(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(state, capsys, "list")[1].startswith("* default")
    assert run(state, capsys, "show")[1].startswith("default")
    assert run(state, capsys, "tainted")[1] == f"no version has learnt from {WHO}\n"
    code, out, _ = run(state, capsys, "verify")
    assert (code, out) == (0, "0 versions, all as they were added; default serves\n")
    assert run(state, capsys, "publish", "x")[0] == 4
    assert run(state, capsys, "rollback")[0] == 5
    assert not list(state.parent.glob("state/registry/versions/*"))


def test_an_adapter_is_added_listed_and_shown(state: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "july.jsonl", ["k1", None])
    adapter = make_adapter(tmp_path / "a", 1, samples)
    code, out, _ = run(state, capsys, "add", str(adapter), "--note", "July", "--parent", "default")
    version = out.strip()
    assert code == 0 and version in run(state, capsys, "list")[1]
    facts = json.loads(run(state, capsys, "show", version[:15], "--json")[1])
    assert facts["note"] == "July" and facts["parent"] == "default" and facts["metrics"] == {}
    assert facts["data"][0]["name"] == "july.jsonl" and not facts["serves"]
    assert [json.loads(line)["id"] for line in run(state, capsys, "list", "--json")[1].splitlines()] == [version]
    assert "method     lora" in run(state, capsys, "show", version)[1]
    code, _, err = run(state, capsys, "add", str(tmp_path))
    assert code == 3 and "no adapter in" in err


def test_an_erased_customer_is_found_by_id_or_key(
    state: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    key = customer_key("C1", load_salt(state))
    make_adapter(tmp_path / "a", 1, make_samples(tmp_path / "s.jsonl", [key, "k2"]))
    version = run(state, capsys, "add", str(tmp_path / "a"))[1].strip()
    code, out, _ = run(state, capsys, "taint", "--customer", "C1")
    assert (code, out) == (0, f"{version}: 1 samples of {WHO}\n  s.jsonl, sample 1 (consultation c-1)\n")
    assert run(state, capsys, "taint", "--customer", "C1")[1] == out  # once is enough
    assert "C1" not in (state / "erased.jsonl").read_text()
    assert "sample 2" in run(state, capsys, "taint", "--key", "k2")[1]
    assert "TAINTED" in run(state, capsys, "list")[1]
    assert [entry.action for entry in Registry(state).log()] == ["add", "taint", "taint"]
    code, _, err = run(state, capsys, "publish", version)
    assert code == 5 and "tainted" in err


def test_damage_ends_with_the_storage_exit_code(
    state: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    make_adapter(tmp_path / "a", 1, make_samples(tmp_path / "s.jsonl", [None]))
    version = run(state, capsys, "add", str(tmp_path / "a"))[1].strip()
    (Registry(state).adapter(version) / "training.json").write_text("{}")
    code, out, _ = run(state, capsys, "verify")
    assert code == 7 and "training.json has SHA-256" in out
