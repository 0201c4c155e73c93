"""The registry on disk: what goes in stays as it was, what is half done is not there, and who was erased is known."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.models.pointer import DEFAULT, read_pointer, stamp
from errors import DataError, ModelError, NotFound, Refused, StorageError
from finetune.registry.lineage import keep_lineage, read_lineage, trace
from finetune.registry.registry import Registry
from finetune.registry.storage import new_folder
from finetune.registry.verify import verify
from profiles.privacy.tombstones import bury, erased
from profiles.storage.files import append_line, whole_lines, write_whole
from tests.registry_adapters import make_adapter, make_samples


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "state")


def added(registry: Registry, value: float, customers: list[str | None], parent: str | None = None) -> str:
    folder = registry.state.parent / f"adapter-{value}"
    samples = make_samples(folder.with_suffix(".jsonl"), customers)
    return registry.add(make_adapter(folder, value, samples), parent=parent).id


def let_serve(registry: Registry, version: str) -> None:
    registry.switch("publish", version, expected=registry.current, sha256="0" * 64, with_gguf=False)


def test_a_version_says_what_it_is_made_of(registry: Registry) -> None:
    version = registry.get(added(registry, 1, ["k1", "k1", "k2", None]))
    assert (version.method, version.customers, version.untraced, version.parent) == ("lora", 2, 1, None)
    assert [(file.name, file.used) for file in version.data] == [("adapter-1.jsonl", 4)]
    assert {file.name for file in version.files} == {
        "adapter_config.json", "adapter_model.safetensors", "lineage.jsonl.gz", "training.json",
    }  # fmt: skip
    assert version.recipe["recipe"] == {"rank": 2}
    assert version.base.name.startswith("HuggingFaceTB/") and len(version.base.sha256 or "") == 64
    assert version.code.startswith("0.")
    assert registry.get(version.id[:12]) == version
    assert [entry.action for entry in registry.log()] == ["add"]
    assert verify(registry) == []


def test_the_same_adapter_again_is_the_same_version_and_with_other_samples_refused(
    registry: Registry, tmp_path: Path
) -> None:
    version = added(registry, 1, ["k1"])
    assert registry.add(tmp_path / "adapter-1").id == version
    other = make_adapter(tmp_path / "other", 1, make_samples(tmp_path / "other.jsonl", ["k9"]))
    with pytest.raises(Refused, match=f"version {version} already"):
        registry.add(other)
    assert len(registry.versions()) == 1


def test_what_is_no_adapter_or_could_run_code_is_named(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no adapter in"):
        registry.add(tmp_path)
    bare = make_adapter(tmp_path / "bare", 1)
    with pytest.raises(DataError, match="--samples"):
        registry.add(bare)
    assert registry.add(bare, samples=[make_samples(tmp_path / "s.jsonl", ["k"])]).customers == 1
    pickled = make_adapter(tmp_path / "pickled", 2)
    (pickled / "adapter_model.bin").write_bytes(b"\x80")
    with pytest.raises(DataError, match=r"adapter_model\.bin may run code"):
        registry.add(pickled)
    with pytest.raises(NotFound, match=r"no version 'x'.*there are: 2"):
        registry.get("x")
    with pytest.raises(NotFound, match="nobody"):
        registry.add(make_adapter(tmp_path / "child", 3), samples=[tmp_path / "s.jsonl"], parent="nobody")
    assert len(registry.versions()) == 1


def test_a_process_killed_while_it_adds_leaves_nothing_half(registry: Registry, tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "s.jsonl", ["k"])
    adapter = make_adapter(tmp_path / "a", 1, samples)
    code = """
import os, shutil, signal, sys
from pathlib import Path
from finetune.registry.registry import Registry
real = shutil.copyfile
def die_in_the_middle(source, target):
    real(source, target)
    os.kill(os.getpid(), signal.SIGKILL)
shutil.copyfile = die_in_the_middle
Registry(Path(sys.argv[1])).add(Path(sys.argv[2]))
"""
    done = subprocess.run([sys.executable, "-c", code, str(registry.state), str(adapter)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert registry.versions() == [] and registry.log() == []
    version = registry.add(adapter)
    assert [path.name for path in (registry.folder / "versions").iterdir()] == [version.id]
    assert verify(registry) == []


def test_damage_is_found_and_named(registry: Registry) -> None:
    version = added(registry, 1, ["k"])
    folder = registry.adapter(version)
    (folder / "training.json").write_text("{}")
    (folder / "extra.json").write_text("{}")
    (folder / "adapter_config.json").unlink()
    problems = "\n".join(verify(registry))
    for told in ("training.json has SHA-256", "extra.json was not there", "adapter_config.json is missing"):
        assert told in problems
    (folder.parent / "version.json").write_text('{"id": 3}')
    assert "version.json is damaged" in verify(registry)[0]


def test_one_version_serves_and_the_switch_is_one_step(registry: Registry) -> None:
    first, second = added(registry, 1, ["k"]), added(registry, 2, ["k"])
    assert registry.current == DEFAULT and read_pointer(registry.folder) is None
    let_serve(registry, first)
    seen = stamp(registry.folder)
    with pytest.raises(Refused, match=f"{first} has been published meanwhile"):
        registry.switch("publish", second, expected=DEFAULT, sha256="0" * 64, with_gguf=True)
    assert stamp(registry.folder) == seen
    registry.switch("publish", second, expected=first, sha256="0" * 64, with_gguf=True)
    pointer = read_pointer(registry.folder)
    assert pointer is not None and (pointer.version, pointer.gguf) == (second, f"builds/{second}/model.gguf")
    assert stamp(registry.folder) != seen
    assert [(e.action, e.version, e.before) for e in registry.log()][-2:] == [
        ("publish", first, DEFAULT),
        ("publish", second, first),
    ]


def test_a_switch_whose_log_line_was_lost_is_logged_later(registry: Registry) -> None:
    version = added(registry, 1, ["k"])
    let_serve(registry, version)
    log = registry.folder / "log.jsonl"
    log.write_text(log.read_text().splitlines()[0] + '\n{"at": "2026-')  # killed in the middle of the second line
    assert [entry.action for entry in registry.log()] == ["add", "publish"]
    registry.note("eval", version)
    assert [json.loads(line)["action"] for line in log.read_text().splitlines()] == ["add", "publish", "eval"]


def test_a_pointer_that_cannot_be_read_is_an_error_that_names_it(registry: Registry) -> None:
    write_whole(registry.folder / "current.json", b"{")
    with pytest.raises(ModelError, match=r"current\.json does not say"):
        read_pointer(registry.folder)
    with pytest.raises(DataError, match=r"current\.json is damaged"):
        _ = registry.current


def test_many_processes_may_write_the_log_at_once(registry: Registry) -> None:
    version = added(registry, 1, ["k"])
    threads = [threading.Thread(target=registry.note, args=("eval", version, f"{n}")) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(entry.reason) for entry in registry.log() if entry.reason) == list(range(12))


def test_an_erased_customer_taints_what_learnt_from_them_and_from_that(registry: Registry) -> None:
    clean = added(registry, 1, ["k1", None])
    learnt = added(registry, 2, ["k1", "k2"])
    child = added(registry, 3, ["k1"], parent=learnt)
    assert bury(registry.state, "k2") and not bury(registry.state, "k2")
    assert registry.taint(clean) == [] and registry.taint(DEFAULT) == []
    assert registry.taint(learnt) == registry.taint(child) == ["adapter-2.jsonl, sample 2 (consultation c-2)"]
    with pytest.raises(Refused, match=f"version {child} is tainted: 1 of its samples"):
        let_serve(registry, child)
    let_serve(registry, clean)
    # Trained again on the same file: the samples are left out, and so nothing is tainted.
    samples = registry.state.parent / "adapter-2.jsonl"
    again = make_adapter(registry.state.parent / "again", 4)
    trace([samples], erased(registry.state)).write(again)
    version = registry.add(again)
    assert (version.data[0].used, version.data[0].skipped, registry.taint(version.id)) == (1, 1, [])
    assert registry.get(learnt).data[0].sha256 == version.data[0].sha256


def test_a_line_of_the_erased_that_cannot_be_read_is_named(registry: Registry) -> None:
    bury(registry.state, "k1")
    path = registry.state / "erased.jsonl"
    path.write_text(path.read_text().rstrip("\n"))  # an editor that ends no line: it still counts
    assert erased(registry.state) == {"k1"}
    bury(registry.state, "k2")
    assert erased(registry.state) == {"k1", "k2"}
    path.write_text(path.read_text() + '{"customer": 3}\n')
    with pytest.raises(DataError, match=r"erased\.jsonl, line 3"):
        erased(registry.state)


def test_a_lineage_holds_no_words_and_comes_back_as_it_was(tmp_path: Path) -> None:
    lineage = trace([make_samples(tmp_path / "a.jsonl", ["k1", None]), make_samples(tmp_path / "b.jsonl", ["k2"])])
    path = lineage.write(tmp_path)
    assert read_lineage(tmp_path) == lineage and lineage.customers == {"k1", "k2"}
    assert lineage.write(tmp_path / "x").read_bytes() == path.read_bytes()
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="damaged"):
        read_lineage(tmp_path)
    (tmp_path / "c.jsonl").write_text('{"chosen": {}, "meta": {"customer": "k3"}}\n\n{"meta": 1}\n')
    with pytest.raises(DataError, match=r"c\.jsonl, line 3"):
        trace([tmp_path / "c.jsonl"])


def test_training_keeps_what_it_learnt_from_and_refuses_to_go_on_with_the_erased(tmp_path: Path) -> None:
    first, second = make_samples(tmp_path / "a.jsonl", ["k1"]), make_samples(tmp_path / "b.jsonl", ["k2", "k3"])
    keep_lineage(tmp_path / "parent", [first], frozenset())
    kept = keep_lineage(tmp_path / "out", [second], frozenset({"k3"}), start=tmp_path / "parent")
    assert kept == read_lineage(tmp_path / "out") and kept.customers == {"k1", "k2"}
    assert kept.of(frozenset({"k1"})) == ["a.jsonl, sample 1 (consultation c-1)"]
    assert keep_lineage(tmp_path / "out", [second], frozenset({"k3"}), start=tmp_path / "parent") == kept
    with pytest.raises(Refused, match=r"out has learnt from customers who were erased.*b\.jsonl, sample 1"):
        keep_lineage(tmp_path / "out", [second], frozenset({"k2", "k3"}))
    with pytest.raises(Refused, match=r"parent has learnt from customers who were erased.*a\.jsonl, sample 1"):
        keep_lineage(tmp_path / "new", [second], frozenset({"k1"}), start=tmp_path / "parent")
    assert read_lineage(tmp_path / "new") is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=9), max_size=3), max_size=6), st.integers(0, 400))
def test_appended_lines_survive_a_cut_anywhere(
    tmp_path_factory: pytest.TempPathFactory, values: list[dict[str, str]], cut: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    lines = [json.dumps({"v": value}) for value in values]
    for line in lines:
        append_line(path, line)
    if path.exists():
        os.truncate(path, min(cut, path.stat().st_size))
    kept = whole_lines(path)
    assert kept == lines[: len(kept)]
    append_line(path, '"next"')
    assert whole_lines(path) == [*kept, '"next"']


def test_a_folder_appears_whole_or_not(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), new_folder(tmp_path / "x") as work:
        (work / "a").write_text("1")
        raise ValueError("stop")
    assert list(tmp_path.iterdir()) == []
    with new_folder(tmp_path / "x") as work:
        (work / "a").write_text("1")
    assert (tmp_path / "x" / "a").read_text() == "1"
    shutil.rmtree(tmp_path / "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"), new_folder(tmp_path / "file" / "x"):
        pass
