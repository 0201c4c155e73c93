"""SHOPKEEPER_DATABASE: everything of a shop in one database, over restarts, and gone from it when it is erased."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.__main__ import main as agent
from agent.checkpoints import CHECKPOINTS_FILE
from agent.models.scripted import ScriptedModel
from errors import ConfigError
from eval.stage import Stages
from finetune.__main__ import main as finetune
from finetune.selfplay.environment import open_stage
from finetune.selfplay.shops.population import peopled
from profiles.__main__ import main as profiles
from profiles.storage.database import DATABASE, DATABASE_FILE, chosen_database, open_database
from tests.agent_shop import change, noting, opened, small_shop
from tests.events_shop import event
from tests.postgresql_server import Server
from tests.traces import traces_in

MEGAN, OTHER = "C1002", "C1003"  # their newest orders can still be cancelled
SECRETS = (MEGAN, "Megan Palmer", "megan.palmer@example.org", "543 Birch Street", "waxed canvas", "12 Quince Lane")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_shop(tmp_path_factory.mktemp("small"), (MEGAN, OTHER))


def test_a_proposal_waits_over_a_restart_and_is_done_once(shop: Path, url: str, tmp_path: Path) -> None:
    wish = "cancel my last order"
    with opened(shop, tmp_path, url, [("cancel_order", {"order_id": "last"})]) as keeper:
        proposal = keeper.reply(MEGAN, "talk", wish).proposal
        assert proposal is not None
        order = proposal["summary"]["order_id"]
    with opened(shop, tmp_path, url) as keeper:
        assert keeper.services.orders.get(MEGAN, order).status == "paid"
        assert keeper.reply(MEGAN, "talk", "yes please").proposal is None
        assert keeper.services.orders.get(MEGAN, order).status == "cancelled"
    with opened(shop, tmp_path, url) as keeper:
        assert "already" in keeper.reply(MEGAN, "talk", "yes please").reply
        said = [message.text for message in keeper.messages("talk") if message.type == "human"]
        assert said == [wish, "yes please", "yes please"]


def test_an_erased_customer_is_in_no_table_and_the_other_stays(
    shop: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = noting(change("waxed canvas", "need", "waxed canvas", "like"))
    moved = ("change_address", {"order_id": "last", "address": "12 Quince Lane, Salem, OR 97301"})
    with opened(shop, tmp_path, url, [noted, moved], "Hello.") as keeper:
        keeper.reply(MEGAN, "talk", "I like waxed canvas; send my last order to 12 Quince Lane, Salem, OR 97301")
        keeper.services.handoffs.open(MEGAN, "talk", "Megan Palmer asks", "customer: waxed canvas")
        keeper.reply(OTHER, "chat", "hi")
    engine = open_database(url)
    assert {found.partition(": ")[2] for found in traces_in(tmp_path, engine, SECRETS)} >= {*SECRETS}
    if engine.dialect.name == "postgresql":
        monkeypatch.setenv(DATABASE, url)
    options = ("--shop", str(shop), "--state", str(tmp_path), "--json")
    capsys.readouterr()
    assert finetune(["erase", MEGAN, *options]) == 0
    receipt = json.loads(capsys.readouterr().out)
    some = ("consultations", "checkpoints", "proposals", "handoffs", "observations", "orders made nobody's")
    assert [name for name in some if not receipt["removed"][name]] == []
    assert traces_in(tmp_path, engine, SECRETS) == []
    engine.dispose()
    with opened(shop, tmp_path, url) as keeper:
        assert len(keeper.messages("chat")) == 2 and not keeper.messages("talk")
        assert keeper.services.orders.list(OTHER) and keeper.services.profiles.read(OTHER).traits


def test_the_commands_keep_all_of_a_shop_in_the_database_that_the_setting_names(
    shop: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*words: str, said: str = "") -> str:
        command = [sys.executable, "-m", *words, "--shop", str(shop), "--state", str(tmp_path), "--json"]
        done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    monkeypatch.setenv(DATABASE, server.database())
    rules = ("--model", "http://127.0.0.1:9/v1#none")  # nobody answers there: search and rules do
    words = "my shoe size is 42"
    run("agent", "--customer", MEGAN, "--consultation", "talk", *rules, said=f"{words}\n")
    assert {row["customer"] for row in json.loads(run("profiles", "list"))} == {MEGAN, OTHER}
    (tmp_path / DATABASE_FILE).touch()  # from before the setting
    receipt = json.loads(run("finetune", "erase", MEGAN))
    assert receipt["removed"]["consultations"] == 1
    assert [line for line in receipt["left"] if str(tmp_path / DATABASE_FILE) in line]
    assert (tmp_path / DATABASE_FILE).stat().st_size == 0 and not (tmp_path / CHECKPOINTS_FILE).exists()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("hunter2secret", "is no database URL"),
        ("postgresql+psycopg//u:hunter2secret@host/shop", "is no database URL"),
        ("postgresql+psycopg://u:hunter2secret@host:port/shop", "is no database URL"),
        ("mysql://u:hunter2secret@host/shop", "begins with 'mysql'"),
        ("postgres://u:hunter2secret@host/shop", "begins with 'postgres'"),
        ("sqlite:////srv/shop.db", "begins with 'sqlite'"),
        ("postgresql+psycopg://u:hunter2secret@host", "names no database"),
        ("postgresql+psycopg://u@host/shop?password=hunter2secret", "behind the"),
    ],
)
def test_a_wrong_url_is_told_without_its_password(
    shop: Path,
    value: str,
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(DATABASE, value)
    options = ["--shop", str(shop), "--state", str(tmp_path / "state")]
    for code in (agent(options), profiles(["list", *options]), profiles(["migrate", *options])):
        assert code == ConfigError.exit_code
    assert finetune(["erase", MEGAN, *options]) == ConfigError.exit_code
    told = capsys.readouterr().err
    assert told.count(why) == told.count("expected postgresql+psycopg://user") == 4
    assert "hunter2secret" not in told and not (tmp_path / "state").exists()


def test_a_server_that_is_not_there_is_told_without_the_password(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(DATABASE, "postgresql+psycopg://u:hunter2secret@127.0.0.1:9/shop")
    assert profiles(["list", "--shop", str(shop), "--state", str(tmp_path)]) == 7
    assert "hunter2secret" not in (told := capsys.readouterr().err) and "u:***@127.0.0.1:9/shop" in told


@pytest.mark.parametrize("environment", [{}, {DATABASE: ""}, {DATABASE: " "}])
def test_without_the_setting_it_is_the_file_in_the_state_directory(environment: dict[str, str]) -> None:
    assert chosen_database(environment) is None


def test_what_works_on_a_state_of_its_own_does_not_read_the_setting(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATABASE, "no database at all")
    invented = peopled(shop, tmp_path / "invented", 1)  # self-play takes no real customers
    with open_stage(invented) as stage, Stages(ScriptedModel()) as stages, stages.agent(shop) as keeper:
        for services in (stage.services, keeper.services):
            assert services.profiles.engine.dialect.name == "sqlite"
    monkeypatch.delenv(DATABASE)  # what is built asks there which orders were gifts
    (tmp_path / "events.jsonl").write_text(json.dumps(event(1, userId=MEGAN)) + "\n", encoding="utf-8")
    options = ("--shop", str(shop), "--state", str(tmp_path / "state"), "--out", str(tmp_path / "built"))
    assert profiles(["build", str(tmp_path / "events.jsonl"), *options]) == 0
