"""The embedded engine: one GGUF model in this process, many conversations at once.

In: a prompt, already rendered, and optionally a grammar. Out: text as it is written, then the `Usage`. One
thread owns OpenVINO GenAI's continuous-batching pipeline and steps it for everybody; callers only wait at
their own queue.
"""

import atexit
import itertools
import queue
import threading
import time
from pathlib import Path
from typing import Any

import openvino_genai as genai

from agent.models.calls import TURN_END
from agent.models.generation import Finish, Generation, Job, repeats, too_late, usage
from agent.models.gguf import read_gguf
from errors import ModelError

BLOCK_TOKENS = 32  # how many tokens OpenVINO keeps in one cache block on a CPU
BATCH_TOKENS = 256  # prompt tokens per step: more holds up the others longer, and costs 90 MB at 512
# OpenVINO keeps every distinct grammar it has compiled, one or two MB each, for as long as the pipeline lives.
MOST_GRAMMARS = 150
WARM_SECONDS = 600.0  # a 1.5B model reads 8,000 tokens in 90 s on two cores, and in over 300 s if those are busy
# One token at a time, bfloat16 is a third slower than float32 even on processors that have it; and threads tied to
# their cores wait for whatever else the machine does there.
PROPERTIES = {"INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False}


class EmbeddedEngine:
    """A GGUF model loaded into this process; safe to use from any number of threads.

    ``with EmbeddedEngine(Path("model.gguf")) as engine: "".join(engine.generate(prompt))``

    `cache_tokens` bounds the memory for all conversations together (about 14 kB a token for a 135M model);
    `conversations` is how many are written at once, further ones wait. Raises ModelError for a file that is
    missing or is not a model that can be read.
    """

    def __init__(self, path: Path, *, cache_tokens: int = 32_000, conversations: int = 16) -> None:
        facts = read_gguf(path)
        self.path = path
        self._room = min(cache_tokens, facts.context_tokens)
        self._cache_tokens = cache_tokens
        self._conversations = conversations
        self._pipeline: Any = None
        self._tokenizer: Any = None
        self._turn_end = 0
        self._ids = itertools.count(1)
        self._grammars: set[str] = set()
        self._inbox: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._failed: ModelError | None = None
        self._closed = threading.Event()
        self._retired = threading.Event()
        self._loaded = threading.Event()
        self._ended = threading.Event()  # nobody takes jobs out of the inbox any more
        self._thread = threading.Thread(target=self._run, name="embedded-engine", daemon=True)
        self._thread.start()
        # The interpreter must not tear down while native code is stepping.
        atexit.register(self.close)
        self._loaded.wait()
        if self._failed:
            self.close()
            raise self._failed

    def __enter__(self) -> "EmbeddedEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def generate(
        self,
        prompt: str,
        *,
        grammar: str | None = None,
        max_new_tokens: int = 256,
        seconds: float = 20.0,
        stop: tuple[str, ...] = (),
    ) -> Generation:
        """Start an answer, greedily decoded, and return at once.

        `grammar` is a structural tag (see `agent.models.grammar`); `seconds` counts waiting, reading and writing.
        Raises ModelError for a prompt that does not fit, or when the engine has failed or been closed.
        """
        if self._failed or self._closed.is_set() or self._retired.is_set():
            raise self._failed or ModelError(f"the engine for {self.path} has been closed")
        started = time.monotonic()
        input_ids = self._tokenizer.encode(prompt, add_special_tokens=False).input_ids
        length = int(input_ids.shape[1])
        if length + max_new_tokens > self._room:
            raise ModelError(
                f"a prompt of {length} tokens and {max_new_tokens} to write do not fit: there is room for {self._room}"
            )
        config = self._config(grammar, max_new_tokens, stop)
        job = Job(input_ids, config, grammar, started + seconds, seconds, started, length)
        self._inbox.put(job)
        if self._ended.is_set():  # its thread has emptied the inbox, perhaps before this job came
            self._end_waiting()
        return Generation(job, self._tokenizer)

    def warm(self, prompt: str, seconds: float = WARM_SECONDS) -> None:
        """Read what prompts begin with into the prefix cache, so that the first answer need not wait for it."""
        for _ in self.generate(prompt, max_new_tokens=1, seconds=seconds):
            pass

    def close(self) -> None:
        """Stop the thread and free the model; answers still being written end with a ModelError."""
        if not self._closed.is_set():
            self._closed.set()
            self._inbox.put(None)
            self._thread.join()
            atexit.unregister(self.close)

    def retire(self) -> None:
        """Take no further answers, and free the model when those being written are done; returns at once."""
        self._retired.set()
        self._inbox.put(None)

    def _load(self) -> Any:
        scheduler = genai.SchedulerConfig()
        scheduler.enable_prefix_caching = True
        scheduler.num_kv_blocks = -(-self._cache_tokens // BLOCK_TOKENS)
        scheduler.max_num_batched_tokens = BATCH_TOKENS
        scheduler.max_num_seqs = self._conversations
        try:
            return genai.ContinuousBatchingPipeline(str(self.path), scheduler, "CPU", PROPERTIES)
        except RuntimeError as error:
            raise ModelError(
                f"{self.path} is GGUF, but cannot be loaded: expected a whole SmolLM2, Qwen2.5 or Qwen3 "
                f"model. {_last_line(error)}"
            ) from error

    def _turn_end_token(self) -> int:
        ids = self._tokenizer.encode(TURN_END, add_special_tokens=False).input_ids.data.flatten().tolist()
        if len(ids) != 1:
            raise ModelError(f"{self.path} does not know {TURN_END}: expected a ChatML model")
        return int(ids[0])

    def _config(self, grammar: str | None, max_new_tokens: int, stop: tuple[str, ...]) -> Any:
        config = genai.GenerationConfig()
        config.do_sample = False
        config.apply_chat_template = False
        config.max_new_tokens = max_new_tokens
        config.eos_token_id = self._turn_end
        config.stop_token_ids = {self._turn_end}
        if stop:
            config.stop_strings = set(stop)
        if grammar is not None:
            structured = genai.StructuredOutputConfig()
            structured.structural_tags_config = grammar
            config.structured_output_config = structured
        return config

    def _run(self) -> None:
        # Loaded here, where it is freed: OpenVINO gives the loading thread an alternate signal stack and unmaps
        # it with the model. On the main thread, Ctrl-C or SIGTERM would afterwards crash the process.
        try:
            self._pipeline = self._load()
            self._tokenizer = self._pipeline.get_tokenizer()
            self._turn_end = self._turn_end_token()
        except Exception as error:
            self._pipeline = None
            cannot = ModelError(f"{self.path} cannot be loaded: {_last_line(error)}")
            self._failed = error if isinstance(error, ModelError) else cannot
            return
        finally:
            self._loaded.set()
        self._serve()

    def _serve(self) -> None:
        jobs: list[Job] = []
        while not self._closed.is_set():
            if self._retired.is_set() and not jobs and self._inbox.empty():
                break
            try:
                jobs += self._arrivals(wait=not jobs)
                if jobs and self._pipeline.has_non_finished_requests():
                    self._pipeline.step()
                jobs = [job for job in jobs if not self._advance(job)]
            except Exception as error:
                # A step that throws leaves the pipeline unusable for every job in it: end them and start
                # afresh.
                _end(jobs, ModelError(f"the model in {self.path} failed: {_last_line(error)}"))
                jobs = []
                self._restart()
        for job in jobs:
            job.handle.cancel()
        _end(jobs, self._cannot())
        self._ended.set()
        self._end_waiting()
        while self._pipeline is not None and self._pipeline.has_non_finished_requests():
            self._pipeline.step()
        self._pipeline = None
        if self._retired.is_set():
            atexit.unregister(self.close)

    def _end_waiting(self) -> None:
        """End what still waits in the inbox; both the engine's thread and a caller may do so at once."""
        while True:
            try:
                job = self._inbox.get_nowait()
            except queue.Empty:
                return
            _end([job] if job else [], self._cannot())

    def _cannot(self) -> ModelError:
        return self._failed or ModelError(f"the engine for {self.path} was closed while it was answering")

    def _arrivals(self, wait: bool) -> list[Job]:
        """Jobs that came in since the last step; with nothing else to do, wait for one."""
        new: list[Job] = []
        while True:
            try:
                job = self._inbox.get(block=wait and not new)
            except queue.Empty:
                return new
            if job is None:
                return new
            if wait and not new and len(self._grammars) > MOST_GRAMMARS:
                self._restart()
            if self._pipeline is None:
                _end([job], self._cannot())
                return new
            if job.grammar is not None:
                self._grammars.add(job.grammar)
            try:
                job.handle = self._pipeline.add_request(next(self._ids), job.input_ids, job.config)
                new.append(job)
            except Exception as error:
                _end([job], ModelError(f"the model in {self.path} refused a request: {_last_line(error)}"))

    def _advance(self, job: Job) -> bool:
        """Hand on what the last step wrote for this job; True when the job has ended, for whatever reason."""
        finish: Finish | None = None
        while job.handle.can_read():
            for output in job.handle.read().values():
                job.first_token = job.first_token or time.monotonic()
                job.tokens += output.generated_ids
                job.out.put(list(output.generated_ids))
                if output.finish_reason == genai.GenerationFinishReason.LENGTH:
                    finish = "length"
        status = job.handle.get_status()
        if status == genai.GenerationStatus.IGNORED:
            _end([job], ModelError("the engine's cache is full: raise cache_tokens or lower conversations"))
            return True
        if status != genai.GenerationStatus.RUNNING:
            finish = finish or "stop"
        elif job.cancelled.is_set():
            finish = "cancelled"
        elif repeats(job.tokens):
            finish = "repetition"
        elif time.monotonic() > job.deadline:
            job.handle.cancel()
            _end([job], too_late(job))
            return True
        if finish in ("cancelled", "repetition"):
            job.handle.cancel()
        if finish:
            job.out.put(usage(job, finish))
        return finish is not None

    def _restart(self) -> None:
        try:
            self._grammars.clear()
            self._pipeline = None
            self._pipeline = self._load()
        except ModelError as error:
            self._failed = error
            self._closed.set()


def _end(jobs: list[Job], error: ModelError) -> None:
    for job in jobs:
        job.out.put(error)


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
