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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.sqlite import SqliteSaver
from pydantic import PrivateAttr

from agent.context import Services
from agent.services import open_services
from agent.shop import ORDERS_FILE, load_shop
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from errors import ShopkeeperError
from finetune.logs.people import PERSONAL
from profiles.customer import Customer
from profiles.database import DATABASE_FILE

_LEFT_OUT = (*PERSONAL, "state")
Teacher = Callable[[list[BaseMessage], Any], AIMessage]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the agent does in a turn: calls, or words alone. `None` in its place: the teacher is asked."""

    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    words: str = ""


class Understudy(BaseChatModel):
    """The model of the scratch agent: it does what was decided, or asks the teacher and remembers the answer."""

    _teacher: Teacher | None = PrivateAttr(None)
    _tools: Any = PrivateAttr(None)
    _decision: Decision | None = PrivateAttr(None)
    _reply: str = PrivateAttr("")
    _asked: int = PrivateAttr(0)
    _calls: int = PrivateAttr(0)
    _failure: ShopkeeperError | None = PrivateAttr(None)

    def expect(self, teacher: Teacher | None, decision: Decision | None, reply: str) -> None:
        """Set what the next turn is answered with; `reply` are the words of the log's agent."""
        self._teacher, self._decision, self._reply = teacher, decision, reply
        self._asked, self._failure = 0, None

    @property
    def outcome(self) -> tuple[int, Decision | None]:
        """How often the agent asked, and what was decided. Raises the teacher's error."""
        if self._failure:
            raise self._failure
        return self._asked, self._decision

    @property
    def _llm_type(self) -> str:
        return "understudy"

    def bind_tools(self, tools: Any, **kwargs: Any) -> "Understudy":
        """Kept for the teacher."""
        self._tools = tools
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self._asked += 1
        if isinstance(messages[-1], ToolMessage):  # a free shop: the model writes after its tools have run
            return _result(AIMessage(self._reply))
        if self._decision is None:
            self._decision = self._ask(messages)
        calls = []
        for name, arguments in self._decision.calls:
            self._calls += 1
            calls.append({"name": name, "args": arguments, "id": f"c{self._calls}"})
        return _result(AIMessage("" if calls else self._decision.words or self._reply, tool_calls=calls))

    def _ask(self, messages: list[BaseMessage]) -> Decision:
        """Errors are kept for later: the agent itself would let rules stand in for a model that is down."""
        if self._teacher is None:
            return Decision(words=self._reply)
        try:
            answer = self._teacher(messages, self._tools)
        except ShopkeeperError as error:
            self._failure = error
            return Decision(words=self._reply)
        return Decision(tuple((call["name"], dict(call["args"])) for call in answer.tool_calls))


@dataclass(slots=True)
class Scratch:
    """``with open_scratch(shop) as scratch``; `begin` a consultation, then `play` its turns."""

    services: Services
    keeper: Shopkeeper
    understudy: Understudy
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
        decision: Decision | None,
        reply: str,
    ) -> tuple[Turn, int, Decision | None]:
        """One turn: what came of it, how often the model was asked, and what was decided."""
        self.understudy.expect(teacher, decision, reply)
        turn = self.keeper.reply(customer, consultation, text)
        asked, decided = self.understudy.outcome
        return turn, asked, decided

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
def open_scratch(shop: Path, index: Path) -> Iterator[Scratch]:
    """The real agent over a temporary state, without the shop's customers, orders and events.

    `index` is the shop's own, if it has been built: it is as good as new if the catalogue is the same.
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
        understudy = Understudy()
        with (
            closing(sqlite3.connect(":memory:")) as clean,
            closing(sqlite3.connect(":memory:", check_same_thread=False)) as checkpoints,
        ):
            with closing(sqlite3.connect(state / DATABASE_FILE)) as source:
                source.backup(clean)
            saver = SqliteSaver(checkpoints)
            saver.setup()  # before anything is taken back to a time when there were no tables
            keeper = Shopkeeper(services, understudy, saver)
            yield Scratch(services, keeper, understudy, checkpoints, state / DATABASE_FILE, clean)
            services.profiles.engine.dispose()


def _result(message: AIMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message)])
