"""The gate, publishing and rolling back, with adapters loaded into a real HTTP server as vLLM takes them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models import load_chat_model
from agent.models.pointer import DEFAULT, read_pointer
from errors import ConfigError, ModelError, Refused
from finetune.registry.gate import Gate, Limit, SuiteLimits, compare, measure, read_gate
from finetune.registry.lora_server import LoraServer
from finetune.registry.publish import publish, rollback
from finetune.registry.registry import Registry
from finetune.registry.version import Entry, SuiteResult
from profiles.privacy.tombstones import bury
from tests.lora_server import Server, lora_server
from tests.registry_adapters import gate_of, make_adapter, make_samples

SUITES = [{"suite": "calls", "metrics": {"exact": {"margin": 0.05, "floor": 0.5}}}]
# What a model scores stands in scores.json, by its name: the process is real, the figures are the test's.
SCORED = """
    scores = json.loads((Path(__file__).parent / "scores.json").read_text())
    metrics = {"exact": scores[model.rpartition("#")[2]]}
"""


class Desk:
    """A registry, a server and a gate; `add` makes a version that scores as it should."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.http = folder, server
        self.registry, self.server = Registry(folder / "state"), LoraServer(server.url)
        self.gate = gate_of(folder, SUITES, SCORED)
        self.scores: dict[str, float] = {DEFAULT: 0.9}
        self.told: list[str] = []

    def add(self, score: float, customers: tuple[str, ...] = (), **config: object) -> str:
        number = len(self.scores)
        samples = make_samples(self.folder / f"{number}.jsonl", customers)
        version = self.registry.add(make_adapter(self.folder / f"a{number}", number, samples, **config)).id
        self.scores[version] = score
        (self.folder / "scores.json").write_text(json.dumps(self.scores))
        return version

    def publish(self, version: str) -> Entry:
        return publish(self.registry, version, Path("shop"), self.gate, server=self.server, tell=self.told.append)

    def rollback(self, **options: str) -> Entry:
        return rollback(self.registry, server=self.server, tell=self.told.append, **options)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with lora_server() as server:
        yield Desk(tmp_path, server)


def test_a_version_that_is_no_worse_is_published_with_its_figures(desk: Desk) -> None:
    version = desk.add(0.86)
    entry = desk.publish(version)
    assert (entry.before, desk.registry.current) == (DEFAULT, version)
    pointer = read_pointer(desk.registry.folder)
    assert pointer is not None and (pointer.version, pointer.gguf) == (version, None)
    measured = [(e.version, r.metrics["exact"]) for e in desk.registry.log() for r in e.results]
    assert measured == [(DEFAULT, 0.9), (version, 0.86)]
    assert any("0.900" in line and "0.860" in line for line in desk.told)
    loads = [body for path, body in desk.http.asked if path == "/v1/load_lora_adapter"]
    assert [body["lora_name"] for body in loads] == [DEFAULT, version]
    assert set(loads[1]) == {"lora_name", "lora_path"} and Path(loads[1]["lora_path"]).is_absolute()


def test_a_version_that_is_worse_is_refused_and_changes_nothing(desk: Desk) -> None:
    version = desk.add(0.84)
    with pytest.raises(Refused, match=r"exact 0\.840: worse by 0\.060, allowed are 0\.05"):
        desk.publish(version)
    assert desk.registry.current == DEFAULT and read_pointer(desk.registry.folder) is None
    assert (desk.registry.log()[-1].action, desk.registry.log()[-1].version) == ("refuse", version)
    assert list(desk.http.adapters) == [DEFAULT]


def test_floors_alone_are_asked_of_the_new_version_only(desk: Desk) -> None:
    suite = {"suite": "safety", "metrics": {"exact": {"better": "lower", "floor": 0}}}
    desk.gate = gate_of(desk.folder, [suite], SCORED)
    version = desk.add(1)
    with pytest.raises(Refused, match=r"safety exact 1\.000: must be at most 0"):
        desk.publish(version)
    assert {entry.version for entry in desk.registry.log() if entry.results} == {version}
    assert desk.publish(desk.add(0)).before == DEFAULT


def test_an_eval_that_fails_publishes_nothing(desk: Desk) -> None:
    version = desk.add(0.9)
    (desk.folder / "scores.json").write_text("{}")
    with pytest.raises(ModelError, match="suite calls ended with exit code 1"):
        desk.publish(version)
    assert desk.registry.current == DEFAULT


def test_rolling_back_goes_back_step_by_step_and_forward_by_name(desk: Desk) -> None:
    first, second, never = desk.add(0.9), desk.add(0.91), desk.add(0.92)
    desk.publish(first)
    desk.publish(second)
    with pytest.raises(Refused, match="serves already"):
        desk.publish(second)
    assert desk.rollback(reason="wrong prices").version == first
    assert desk.registry.log()[-1].reason == "wrong prices"
    assert desk.rollback().version == DEFAULT
    with pytest.raises(Refused, match="nothing served before default"):
        desk.rollback()
    with pytest.raises(Refused, match=f"{never} was never published"):
        desk.rollback(to=never)
    assert desk.rollback(to=second).version == second
    assert desk.rollback().version == DEFAULT
    pointer = read_pointer(desk.registry.folder)
    assert pointer is not None and pointer.version == DEFAULT


def test_only_what_serves_and_what_served_before_stays_loaded(desk: Desk) -> None:
    versions = [desk.add(0.9) for _ in range(3)]
    for version in versions:
        desk.publish(version)
    assert list(desk.http.adapters) == [DEFAULT, *versions[1:]]
    assert desk.rollback(to=versions[0]).version == versions[0]  # loaded again
    assert versions[0] in desk.http.adapters


def test_a_tainted_version_is_neither_published_nor_rolled_back_to(desk: Desk) -> None:
    first, second, third = desk.add(0.9, ("k1",)), desk.add(0.9, ("k2",)), desk.add(0.9)
    desk.publish(first)
    desk.publish(second)
    desk.publish(third)
    bury(desk.registry.state, "k2")
    assert desk.rollback().version == first  # over the second, which has learnt from k2
    with pytest.raises(Refused, match=r"tainted: 1 samples are of customers who were erased.*2\.jsonl, sample 1"):
        desk.publish(second)
    with pytest.raises(Refused, match="tainted"):
        desk.rollback(to=second)


def test_what_a_server_cannot_load_must_be_served_there_merged(desk: Desk) -> None:
    version = desk.add(0.9, peft_type="ADALORA")
    with pytest.raises(Refused, match=f"plain LoRA only, and version {version} is adalora.*--served-model-name"):
        desk.publish(version)
    desk.http.merged.append(version)
    assert desk.publish(version).version == version
    assert desk.http.merged == [version]


@pytest.mark.parametrize("served", [True, False])
def test_what_cannot_be_merged_is_published_nowhere(desk: Desk, served: bool) -> None:
    version = desk.add(0.9, peft_type="PREFIX_TUNING")
    with pytest.raises(ModelError, match=r"trained by prefix, which cannot be merged.*methods that can be merged"):
        server = desk.server if served else None
        publish(desk.registry, version, Path("shop"), desk.gate, server=server, tell=desk.told.append)
    assert desk.registry.current == DEFAULT


def test_a_server_that_takes_no_adapters_or_is_not_there_says_so(desk: Desk) -> None:
    version = desk.add(0.9)
    desk.http.updating = False
    with pytest.raises(ModelError, match="VLLM_ALLOW_RUNTIME_LORA_UPDATING=1"):
        desk.publish(version)
    desk.http.updating = True
    with pytest.raises(ModelError, match=r"answered 404.*No adapter found"):
        desk.server.load("x", desk.folder)
    with pytest.raises(ModelError, match="no model server answers at http://127"):
        LoraServer("http://127.0.0.1:9/v1").models()


def test_a_served_model_asks_for_what_is_published_from_one_call_to_the_next(desk: Desk) -> None:
    version = desk.add(0.9)
    model = load_chat_model(f"{desk.http.url}#published", registry=desk.registry.folder, seconds=20)
    assert model.invoke("Who are you?").content == "I am default."
    desk.publish(version)
    assert model.invoke("Who are you?").content == f"I am {version}."
    desk.rollback()
    assert model.invoke("Who are you?").content == "I am default."


def result(**metrics: float) -> SuiteResult:
    return SuiteResult(suite="s", n=9, metrics=metrics, seconds=1)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.3), st.floats(0, 1), st.sampled_from(["higher", "lower"]))
def test_a_figure_passes_within_margin_and_floor_only(
    before: float, after: float, margin: float, floor: float, better: str
) -> None:
    limit = Limit.model_validate({"better": better, "margin": margin, "floor": floor})
    suite = SuiteLimits(suite="s", metrics={"m": limit})
    wrong = compare(suite, result(m=before), result(m=after))[0].wrong
    loss = before - after if better == "higher" else after - before
    beyond = floor - after if better == "higher" else after - floor
    if max(loss - margin, beyond) > 1e-6:
        assert wrong
    if max(loss - margin, beyond) < -1e-6:
        assert not wrong
    assert compare(suite, result(m=before), result(m=float("nan")))[0].wrong


def test_a_metric_that_no_suite_gives_is_named() -> None:
    suite = SuiteLimits(suite="s", metrics={"exakt": Limit(margin=0)})
    with pytest.raises(ConfigError, match="'exakt' of suite s, which gives: exact"):
        compare(suite, result(exact=1), result(exact=1))


def test_a_shop_may_have_its_own_gate_and_mistakes_in_it_are_named(tmp_path: Path) -> None:
    assert read_gate(tmp_path) == read_gate(Path("shop"))
    (tmp_path / "gate.toml").write_text('[[suites]]\nsuite = "calls"\n[suites.metrics.exact]\nmargin = -1\n')
    with pytest.raises(ConfigError, match=r"gate\.toml: suites\.0\.metrics\.exact\.margin"):
        read_gate(tmp_path)
    (tmp_path / "gate.toml").write_text('[[suites]]\nsuite = "calls"\n[suites.metrics.exact]\nbetter = "lower"\n')
    with pytest.raises(ConfigError, match="a metric needs a margin, a floor, or both"):
        read_gate(tmp_path)
    (tmp_path / "gate.toml").write_text("[[suites")
    with pytest.raises(ConfigError, match=r"gate\.toml cannot be read"):
        read_gate(tmp_path)


@pytest.mark.parametrize(
    ("script", "minutes", "told"),
    [
        ("print('no result'); sys.exit(0)", 1, "should print its result as the last line"),
        ("print('the shop is closed'); sys.exit(3)", 1, "exit code 3: the shop is closed"),
        ("import time; time.sleep(60)", 0.01, "did not finish within"),
    ],
)
def test_a_suite_without_a_result_is_an_error_that_names_it(
    tmp_path: Path, script: str, minutes: float, told: str
) -> None:
    suite = {"suite": "calls", "minutes": minutes, "metrics": {"exact": {"floor": 0}}}
    gate: Gate = gate_of(tmp_path, [suite], script)
    with pytest.raises(ModelError, match=f"suite calls.*{told}"):
        measure(gate, gate.suites[0], Path("shop"), "m.gguf", tmp_path)
