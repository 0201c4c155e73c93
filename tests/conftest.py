"""What tests share: settings of hypothesis, databases, the demo shop's state, shops and agents to talk to, a browser.

What takes long to make is made once in a session (in every process that runs tests), and only read or copied.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from playwright.sync_api import Browser, Page

from agent.context import Services
from agent.guided import middleware
from agent.models.scripted import ScriptedModel
from agent.shopkeeper import Shopkeeper
from eval.stage import Stages
from finetune.selfplay.shops.make import make_shop
from profiles.build.local import build_locally
from profiles.build.plan import Plan
from profiles.store import ProfileStore
from tests import agent_shop
from tests.agent_shop import open_demo_services
from tests.api_shop import small_services
from tests.build_history import History, write_history
from tests.erasure_shop import Shop, open_shop
from tests.page_browser import chromium, opened
from tests.postgresql_server import Server, postgresql
from tests.profile_stores import DATABASES, Place, open_store
from tests.told_wishes import Told

PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")  # which of several that share the work
# A rule is right or wrong on a busy machine too. Each process keeps its own examples of what failed.
settings.register_profile(
    "untimed",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=DirectoryBasedExampleDatabase(Path(".hypothesis", PROCESS)),
)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """PostgreSQL."""
    with postgresql() as running:
        yield running


@pytest.fixture(scope="module", params=DATABASES)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """On each kind of database: makes URLs of new, empty ones, SQLite's a file in the folder given."""
    if request.param == "sqlite":
        yield lambda folder: f"sqlite:///{folder / 'shopkeeper.db'}"
    else:
        running: Server = request.getfixturevalue("server")
        yield lambda _folder: running.database()
        running.drop_databases()


@pytest.fixture
def url(place: Place, tmp_path: Path) -> str:
    """Of a new, empty database of each kind."""
    return place(tmp_path)


@pytest.fixture(scope="module")
def store(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProfileStore]:
    """One store on each kind of database for all tests of a file, which write of `somebody` new each."""
    opened = open_store(place(tmp_path_factory.mktemp("store")))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def erasure_shop(place: Place, tmp_path: Path) -> Iterator[Shop]:
    """An empty shop that a test fills with the customer to erase."""
    state = tmp_path / "state"
    state.mkdir()
    opened = open_shop(place(state), state)
    yield opened
    opened.store.engine.dispose()


@pytest.fixture(scope="session")
def demo_state(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Call it for a fresh state directory of the demo shop; one process makes it for all."""
    own = tmp_path_factory.getbasetemp()
    master = (own.parent if PROCESS else own) / "demo-state"
    with FileLock(f"{master}.lock"):
        if not master.is_dir():
            made = tmp_path_factory.mktemp("demo") / "state"
            open_demo_services(made).profiles.engine.dispose()
            made.rename(master)

    def copy() -> Path:
        return Path(shutil.copytree(master, tmp_path_factory.mktemp("demo") / "state"))

    return copy


@pytest.fixture(scope="module")
def services(demo_state: Callable[[], Path]) -> Services:
    """The demo shop, opened for the tests of one file."""
    return open_demo_services(demo_state())


@pytest.fixture(scope="session")
def api_services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    """A small shop, opened for the tests of the API."""
    return small_services(tmp_path_factory.mktemp("api"))


@pytest.fixture
def model() -> ScriptedModel:
    """Says what a test puts into its script."""
    return ScriptedModel()


@pytest.fixture
def agent(services: Services, model: ScriptedModel) -> Iterator[Shopkeeper]:
    """The agent of `services` that asks `model`."""
    with agent_shop.keeper(services, model) as shopkeeper:
        yield shopkeeper


@pytest.fixture(scope="session")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random shop of a kind that no training has seen; tests only read it."""
    return make_shop(tmp_path_factory.mktemp("shops") / "one", 31, 0, "held-out")


@pytest.fixture(scope="session")
def stages() -> Iterator[Stages]:
    """Agents of shops, on a clean state each time; a test that needs a model brings its own."""
    with Stages(ScriptedModel()) as opened:
        yield opened


@pytest.fixture
def keeper(stages: Stages, held_out: Path) -> Iterator[Shopkeeper]:
    """An agent of `held_out` that nobody has talked to yet."""
    with stages.agent(held_out) as opened:
        yield opened


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Years of events; tests only read them."""
    return write_history(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="session")
def whole(history: History, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """What one process has built of `history` without a stop."""
    plan = history.plan(tmp_path_factory.mktemp("whole"))
    build_locally(plan, lambda _: None)
    return plan


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of one file."""
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page in a fresh browser profile; `address` is the file's own: what it serves."""
    with opened(browser, address) as fresh:
        yield fresh


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Told]:
    """What stands in for the recogniser of the agents that are opened in this test; no plan of theirs may fail."""
    stand_in = Told()
    monkeypatch.setattr(middleware, "Encoder", lambda: stand_in)
    yield stand_in
    assert not [record for record in caplog.records if record.name == middleware.__name__ and record.exc_info]
