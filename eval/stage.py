"""What suites run on: one chat model, and agents of shops that stand on a clean state for every case.

In: a model setting, shop directories. Out: `Stages`, from which each case borrows a `Shopkeeper`. A shop is imported
and indexed once; every worker has copies of its state, and the database is put back before each case, so that no case
sees what another one did. All share one model and one embedder. Errors: those of opening a shop and a model.
"""

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from langchain_core.language_models.chat_models import BaseChatModel
from langgraph.checkpoint.sqlite import SqliteSaver

from agent.context import Services
from agent.models import load_chat_model, model_path
from agent.models.profile import ModelProfile, choose_profile, profile_of
from agent.services import open_services
from agent.shop import Replies, load_shop
from agent.shopkeeper import Shopkeeper
from profiles.storage.database import DATABASE_FILE
from retrieval.embedder import Embedder

# Accuracy must not depend on what else the machine does: an answer may take its time, and its seconds are measured.
PATIENCE = 300.0
IDLE = 8  # opened shops that are kept for the next case


@dataclass(slots=True)
class Stage:
    """One shop's services over a state directory of their own."""

    services: Services
    state: Path

    def reset(self, clean: Path) -> None:
        """Put the database back as it was right after the import."""
        self.services.profiles.engine.dispose()
        for left in self.state.glob(f"{DATABASE_FILE}-*"):
            left.unlink()
        shutil.copyfile(clean / DATABASE_FILE, self.state / DATABASE_FILE)


class Stages:
    """Lends agents to many threads at once. ``with Stages("embedded") as stages, stages.agent(shop) as keeper: ...``"""

    def __init__(
        self,
        model: str | BaseChatModel,
        *,
        profile: ModelProfile | None = None,
        replies: Replies | None = None,
        ready: Mapping[Path, Path] | None = None,
    ) -> None:
        """`ready`: state directories by shop that are imported and indexed already; they are only copied."""
        self._setting = model
        self._profile = profile or (choose_profile(model) if isinstance(model, str) else profile_of(model))
        self._replies = replies
        self._lock = threading.Lock()
        self._masters: dict[Path, Path] = dict(ready or {})
        self._importing: dict[Path, threading.Lock] = {}
        self._idle: list[tuple[Path, Stage]] = []

    def __enter__(self) -> "Stages":
        self._folder = tempfile.TemporaryDirectory(prefix="shopkeeper-eval-")
        return self

    def __exit__(self, *_: object) -> None:
        while self._idle:
            self._drop(self._idle.pop()[1])
        self._folder.cleanup()

    @cached_property
    def model(self) -> BaseChatModel:
        """The chat model, loaded when it is first asked for."""
        if isinstance(self._setting, BaseChatModel):
            return self._setting
        return load_chat_model(self._setting, profile=self._profile, seconds=PATIENCE)

    @cached_property
    def _embedder(self) -> Embedder:
        return Embedder()

    def warm(self) -> None:
        """Load the model before threads ask for it."""
        _ = self.model

    @contextmanager
    def agent(self, shop: Path) -> Iterator[Shopkeeper]:
        """An agent of this shop that nobody has talked to yet."""
        master = self._master(shop)
        stage = self._borrow(shop, master)
        stage.reset(master)
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        try:
            yield Shopkeeper(stage.services, self.model, SqliteSaver(connection))
        finally:
            connection.close()
            self._give_back(shop, stage)

    def _master(self, shop: Path) -> Path:
        """A state directory with this shop imported and indexed, made once."""
        with self._lock:
            importing = self._importing.setdefault(shop, threading.Lock())
        with importing:
            if shop not in self._masters:
                folder = self._new_folder()
                self._open(shop, folder).profiles.engine.dispose()
                self._masters[shop] = folder
        return self._masters[shop]

    def _borrow(self, shop: Path, master: Path) -> Stage:
        with self._lock:
            for place, (root, stage) in enumerate(self._idle):
                if root == shop:
                    del self._idle[place]
                    return stage
        folder = self._new_folder()
        shutil.copytree(master, folder, dirs_exist_ok=True)
        return Stage(self._open(shop, folder), folder)

    def _give_back(self, shop: Path, stage: Stage) -> None:
        with self._lock:
            self._idle.append((shop, stage))
            surplus = [self._idle.pop(0)[1]] if len(self._idle) > IDLE else []
        for old in surplus:
            self._drop(old)

    def _open(self, shop: Path, folder: Path) -> Services:
        settings = load_shop(shop)
        settings = replace(settings, replies=self._replies or settings.replies or self._profile.replies)
        with self._lock:
            embedder = self._embedder
        return open_services(settings, folder, embedder)

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder.name))

    @staticmethod
    def _drop(stage: Stage) -> None:
        stage.services.profiles.engine.dispose()
        shutil.rmtree(stage.state, ignore_errors=True)


def model_file(setting: str) -> Path | None:
    """The file behind a model setting, None for a server."""
    if setting.startswith(("http://", "https://")):
        return None
    return model_path(setting)
