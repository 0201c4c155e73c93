"""A scratch copy of the shop in which a consultation of the log is played again, call by call, on the real tools.

In: a shop directory. Out: a `Scratch` whose world holds the shop's catalogue, answers and rules, and of its customers
only the one who speaks, in disguise, with their orders and nothing that is known of them. Each turn can be taken back.
Errors: those of opening a shop; `ModelError` if the teacher fails.
"""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langgraph.checkpoint.sqlite import SqliteSaver

from agent.context import Services
from agent.models.profile import Descriptions
from agent.models.scripted import SCRIPTED, Answer, Planned, ScriptedModel
from agent.services import open_services
from agent.shop import ORDERS_FILE, load_shop
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from errors import ShopkeeperError
from finetune.logs.people import PERSONAL
from profiles.customer import Customer
from profiles.storage.database import DATABASE_FILE

_LEFT_OUT = (*PERSONAL, "state")
Teacher = Callable[[list[BaseMessage], Any], AIMessage]


@dataclass(slots=True)
class Understudy:
    """Answers the scratch agent as was decided, or asks the teacher once and remembers the answer.

    `decision` None: the teacher decides; without one, `reply`, the words of the log's agent, stand for it. `failure`:
    the teacher's error, kept for later: the agent itself would let rules stand in for a model that is down.
    """

    teacher: Teacher | None
    decision: Planned | None
    reply: str
    failure: ShopkeeperError | None = None

    def __call__(self, messages: list[BaseMessage], tools: Any) -> Answer:
        """What the agent is answered."""
        if self.decision is None:
            self.decision = self._ask(messages, tools)
        return self.decision(messages, tools)

    def _ask(self, messages: list[BaseMessage], tools: Any) -> Planned:
        if self.teacher is None:
            return Planned(words=self.reply)
        try:
            answer = self.teacher(messages, tools)
        except ShopkeeperError as error:
            self.failure = error
            return Planned(words=self.reply)
        return Planned(tuple((call["name"], dict(call["args"])) for call in answer.tool_calls), self.reply)


@dataclass(slots=True)
class Scratch:
    """``with open_scratch(shop) as scratch``; `begin` a consultation, then `play` its turns."""

    services: Services
    keeper: Shopkeeper
    model: ScriptedModel
    checkpoints: sqlite3.Connection
    database: Path
    clean: sqlite3.Connection

    def begin(self, customer: str, consultation: str, orders: Sequence[Mapping[str, Any]]) -> None:
        """An empty world with this customer, who agreed to everything, and these orders."""
        self._restore(self.clean)
        self.end(consultation)
        everything = {"service": True, "profiling": True, "training": True}
        self.services.profiles.put_customers([Customer(customer, consent=everything)])
        if orders:
            path = self.database.with_name(ORDERS_FILE)
            path.write_text("".join(json.dumps(order) + "\n" for order in orders), encoding="utf-8")
            self.services.orders.import_orders(path)

    def play(
        self,
        customer: str,
        consultation: str,
        text: str,
        teacher: Teacher | None,
        decision: Planned | None,
        reply: str,
    ) -> tuple[Turn, int, Planned | None]:
        """One turn: what came of it, how often the model was asked, and what was decided. Raises the teacher's error.

        `reply` are the words of the log's agent.
        """
        understudy = Understudy(teacher, decision, reply)
        self.model.expect(understudy)
        turn = self.keeper.reply(customer, consultation, text)
        if understudy.failure:
            raise understudy.failure
        return turn, self.model.asked, understudy.decision

    @contextmanager
    def trying(self) -> Iterator[Callable[[], None]]:
        """Gives a function that puts the world back to where it was."""
        with closing(sqlite3.connect(":memory:")) as world, closing(sqlite3.connect(":memory:")) as talk:
            with closing(sqlite3.connect(self.database)) as source:
                source.backup(world)
            self.checkpoints.backup(talk)

            def take_back() -> None:
                self._restore(world)
                talk.backup(self.checkpoints)

            yield take_back

    def end(self, consultation: str) -> None:
        """Forget the consultation's checkpoints."""
        self.checkpoints.execute("DELETE FROM checkpoints WHERE thread_id = ?", (consultation,))
        self.checkpoints.execute("DELETE FROM writes WHERE thread_id = ?", (consultation,))
        self.checkpoints.commit()

    def _restore(self, world: sqlite3.Connection) -> None:
        self.services.profiles.engine.dispose()
        with closing(sqlite3.connect(self.database)) as target:
            world.backup(target)


@contextmanager
def open_scratch(shop: Path, index: Path, descriptions: Descriptions = "brief") -> Iterator[Scratch]:
    """The real agent over a temporary state, without the shop's customers, orders and events.

    `index` is the shop's own, if it has been built: it is as good as new if the catalogue is the same. `descriptions`
    of the tools are what a model that learns from it will read.
    """
    with tempfile.TemporaryDirectory(prefix="scratch-") as folder:
        root, state = Path(folder) / "shop", Path(folder) / "state"
        root.mkdir()
        for path in shop.resolve().iterdir():
            if path.name not in _LEFT_OUT:
                (root / path.name).symlink_to(path)
        (root / ORDERS_FILE).touch()
        if index.is_dir():
            shutil.copytree(index, state / "index")
        services = open_services(load_shop(root), state)
        model = ScriptedModel(guidance=replace(SCRIPTED, descriptions=descriptions))
        with (
            closing(sqlite3.connect(":memory:")) as clean,
            closing(sqlite3.connect(":memory:", check_same_thread=False)) as checkpoints,
        ):
            with closing(sqlite3.connect(state / DATABASE_FILE)) as source:
                source.backup(clean)
            saver = SqliteSaver(checkpoints)
            saver.setup()  # before anything is taken back to a time when there were no tables
            keeper = Shopkeeper(services, model, saver)
            yield Scratch(services, keeper, model, checkpoints, state / DATABASE_FILE, clean)
            services.profiles.engine.dispose()
