"""Keys of machines, on both databases: made once, shown once, refused once they are revoked or have expired."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import clock
from errors import ConfigError, Forbidden, NotFound, Unauthenticated
from profiles.customer import Customer
from profiles.storage.database import DATABASE_FILE, reading
from profiles.storage.tables import api_keys
from tests.access_shop import ANN, bearing, open_shop_access, serving
from ui.__main__ import main
from ui.access import key_commands
from ui.access.access import Access
from ui.access.caller import Caller, Kind, Scope
from ui.access.keys import scopes_named

SIERRA = Path("tests/shops/sierra")
HERE = "203.0.113.7"


@pytest.fixture
def access(url: str, tmp_path: Path) -> Access:
    return open_shop_access(url, tmp_path)


def shown(access: Access, key: str) -> str:
    """What whoever shows this key is told."""
    with pytest.raises(Unauthenticated) as refused:
        access.caller(f"Bearer {key}", HERE)
    return str(refused.value)


def test_a_key_says_who_calls_and_what_for(access: Access) -> None:
    made = access.keys.create("crm", {Scope.CHAT, Scope.PROFILES})
    caller = access.caller(f"bearer  {made.secret}", HERE)
    assert caller == Caller(Kind.KEY, made.key.id, frozenset({Scope.CHAT, Scope.PROFILES}))
    with pytest.raises(Forbidden, match="scope orders; the caller has chat, profiles"):
        caller.acts_for(ANN, [Scope.CHAT])


def test_the_secret_is_kept_nowhere(access: Access) -> None:
    made = access.keys.create("crm", {Scope.CHAT})
    with reading(access.profiles.engine) as connection:
        row = str(connection.execute(select(api_keys)).one())
    secret = made.secret.rpartition("_")[2] or made.secret[-20:]
    assert secret not in row and made.secret not in f"{made!r}{access.keys.all()!r}"
    assert made.to_json() == {"id": made.key.id, "key": made.secret, "scopes": ["chat"]}


def test_a_revoked_key_is_refused_at_once_in_every_process(access: Access, url: str, tmp_path: Path) -> None:
    made, other = access.keys.create("crm", {Scope.CHAT}), open_shop_access(url, tmp_path)
    assert other.caller(f"Bearer {made.secret}", HERE).id == made.key.id
    revoked = access.keys.revoke(made.key.id)
    assert revoked.revoked and "revoked" in shown(other, made.secret)
    with pytest.raises(NotFound, match="in use are none"):
        access.keys.revoke(made.key.id)


def test_a_key_that_has_expired_is_refused(access: Access) -> None:
    made = access.keys.create("trial", {Scope.CHAT}, timedelta(days=2))
    access.caller(f"Bearer {made.secret}", HERE)
    with clock.standing(clock.now() + timedelta(days=2, seconds=1)):
        assert "expired" in shown(access, made.secret)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"), "no such key"),
        (lambda key: "sk_" + "0" * 16 + key[19:], "no such key"),
        (lambda key: key[:-3], "neither a key nor a token"),
        (lambda key: "sk_é_" + key, "neither a key nor a token"),
    ],
)
def test_another_secret_is_refused_and_teaches_nothing(access: Access, change: Callable[[str], str], said: str) -> None:
    made = access.keys.create("crm", {Scope.CHAT})
    told = shown(access, change(made.secret))
    assert said in told and made.key.id not in told and made.secret[-10:] not in told


def test_when_it_was_used_last_is_noted_at_most_once_a_minute(access: Access) -> None:
    made, start = access.keys.create("crm", {Scope.CHAT}), clock.now().replace(microsecond=0)
    seen = []
    for seconds in (0, 30, 59, 61):
        with clock.standing(start + timedelta(seconds=seconds)):
            access.caller(f"Bearer {made.secret}", HERE)
        seen.append(access.keys.all()[0].last_used)
    assert seen == [start, start, start, start + timedelta(seconds=61)]


def test_scopes_are_named_or_the_valid_ones_are_told() -> None:
    assert scopes_named(["chat", " search"]) == {Scope.CHAT, Scope.SEARCH}
    with pytest.raises(ConfigError, match="no scope 'admin'; there are chat, events, orders, profiles, search, staff"):
        scopes_named(["chat", "admin"])
    with pytest.raises(ConfigError, match="needs a scope"):
        scopes_named([" "])


def test_keys_are_made_listed_and_revoked_by_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_commands, "set_up", lambda level: None)
    where = ["--shop", str(SIERRA), "--state", str(tmp_path), "--json"]
    assert main(["keys", "create", "crm", "--scopes", "search,chat", "--expires", "30", *where]) == 0
    made = json.loads(capsys.readouterr().out)
    assert set(made) == {"id", "key", "scopes"} and made["scopes"] == ["chat", "search"]
    assert main(["keys", "list", *where]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert set(listed) == {"id", "name", "scopes", "created", "last_used", "expires", "revoked"}
    assert (listed["id"], listed["name"], listed["revoked"]) == (made["id"], "crm", None) and listed["expires"]
    assert main(["keys", "create", "crm", "--scopes", "admin", *where]) == 2
    assert "there are chat, events" in capsys.readouterr().err
    assert main(["keys", "revoke", made["id"], *where]) == 0
    assert main(["keys", "revoke", made["id"], *where]) == 4
    assert main(["keys", "list", *where[:-1]]) == 0
    told = capsys.readouterr().out
    assert f"{made['id']}  crm  chat,search" in told and "revoked" in told and made["key"] not in told
    unnamed, endless = ["create", "", "--scopes", "chat"], ["create", "a", "--scopes", "chat", "--expires", "0"]
    for wrong in (unnamed, endless, ["create"], []):
        with pytest.raises(SystemExit):
            main(["keys", *wrong, *where])


def test_a_running_server_knows_of_a_new_key_and_of_a_revoked_one_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_commands, "set_up", lambda level: None)
    state = tmp_path / "state"
    where = ["--shop", str(SIERRA), "--state", str(state), "--json"]
    access = open_shop_access(f"sqlite:///{state / DATABASE_FILE}", tmp_path)
    with serving(access) as client:
        assert main(["keys", "create", "crm", "--scopes", "chat", *where]) == 0
        made = json.loads(capsys.readouterr().out)
        assert client.get("/me", headers=bearing(made["key"])).json() == {"kind": "key", "id": made["id"]}
        assert main(["keys", "revoke", made["id"], *where]) == 0
        assert client.get("/me", headers=bearing(made["key"])).status_code == 401


def test_customers_are_found_by_their_address(access: Access) -> None:
    store = access.profiles
    assert store.customers_at(" ANN@example.org") == [ANN] and store.customers_at("bob@EXAMPLE.org") == ["C2"]
    assert store.customers_at("") == store.customers_at("nobody@example.org") == []
    store.put_customers([Customer(ANN, "Ann", "new@example.org")])
    assert store.customers_at("new@example.org") == [ANN] and store.customers_at("ann@example.org") == []
