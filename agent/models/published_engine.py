"""The engine for whatever a shop has published: it takes the new weights while customers are being answered.

In: a registry's folder and the project's own GGUF file, which serves until something is published. Out: the same
answers in the making as `EmbeddedEngine` gives. Each new answer looks at the registry's pointer (some microseconds).
When it has moved, the new weights are loaded beside the old ones, answers that are being written end on the old ones,
and those are freed after the last of them; for that long both are in memory.
"""

import logging
import threading
import time
from pathlib import Path

from agent.models.engine import EmbeddedEngine
from agent.models.generation import Generation
from agent.models.pointer import DEFAULT, read_pointer, stamp
from errors import ModelError

log = logging.getLogger(__name__)
# Of its seconds, the share that a new answer waits for new weights (135M parameters take some 2 s to load). Larger ones
# go on loading, and answers begin on the old ones until they are there.
PATIENCE = 0.5


class PublishedEngine:
    """The published version, loaded into this process; safe to use from any number of threads.

    ``with PublishedEngine(Path("shop/state/registry"), DEFAULT_GGUF) as engine: ...`` Raises ModelError if what is
    published at the start cannot be loaded; later the old version goes on, and the error is logged.
    """

    def __init__(self, registry: Path, default: Path) -> None:
        self._registry = registry
        self._default = default
        self._lock = threading.Lock()
        self._loader: threading.Thread | None = None
        self._beginning = ""
        self._followed = stamp(registry)
        self._engine = EmbeddedEngine(self._published())

    def __enter__(self) -> "PublishedEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The GGUF file that new answers come from."""
        return self._engine.path

    def generate(
        self,
        prompt: str,
        *,
        grammar: str | None = None,
        max_new_tokens: int = 256,
        seconds: float = 20.0,
        stop: tuple[str, ...] = (),
    ) -> Generation:
        """Start an answer on the published version; see `EmbeddedEngine.generate`."""
        started = time.monotonic()
        self._follow(started + PATIENCE * seconds)
        left = seconds - (time.monotonic() - started)
        with self._lock:
            return self._engine.generate(
                prompt, grammar=grammar, max_new_tokens=max_new_tokens, seconds=left, stop=stop
            )

    def warm(self, prompt: str) -> None:
        """Read what prompts begin with into the prefix cache, of each version before it serves."""
        self._beginning = prompt
        self._engine.warm(prompt)

    def close(self) -> None:
        """Free the model; answers still being written end with a ModelError."""
        if self._loader is not None:
            self._loader.join()
        self._engine.close()

    def _follow(self, deadline: float) -> None:
        """Take what has been published since; at the deadline the old version goes on until the new one is loaded."""
        while stamp(self._registry) != self._followed and (rest := deadline - time.monotonic()) > 0:
            with self._lock:
                if self._loader is None or not self._loader.is_alive():
                    self._loader = threading.Thread(target=self._load, name="published-engine", daemon=True)
                    self._loader.start()
                loader = self._loader
            loader.join(rest)

    def _load(self) -> None:
        """Take what is published now; what cannot be served is logged, and not tried again until it changes."""
        now = stamp(self._registry)
        try:
            self._replace(self._published())
        except ModelError as error:
            log.error("what is published cannot be served, %s goes on: %s", self._engine.path, error)
        except Exception:
            log.exception("what is published cannot be served, %s goes on", self._engine.path)
        finally:
            self._followed = now

    def _replace(self, path: Path) -> None:
        if path == self._engine.path:
            return
        new = EmbeddedEngine(path)
        if self._beginning:
            new.warm(self._beginning)
        with self._lock:
            old, self._engine = self._engine, new
        old.retire()

    def _published(self) -> Path:
        pointer = read_pointer(self._registry)
        if pointer is None or pointer.version == DEFAULT:
            return self._default
        if pointer.gguf is None:
            raise ModelError(
                f"version {pointer.version} was published to a model server: set model in shop.toml to that server's "
                "URL with #published, or publish it again for the embedded engine"
            )
        return self._registry / pointer.gguf
