"""How often one may call, from which address and which pages: over a real server whose proxies and origins are set."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from errors import Busy, ConfigError, Unauthenticated
from tests.access_shop import bearing, open_shop_access, serving
from ui.access.access import Access
from ui.access.caller import OWN, Caller, Kind, Scope
from ui.access.limits import Limits, Rates
from ui.access.request import address_of
from ui.access.web import Web, load_web
from ui.guard import Guard

HERE, THERE = "203.0.113.7", "198.51.100.9"
PAGE = "https://shop.example"


@contextmanager
def opened(folder: Path, settings: str) -> Iterator[tuple[Access, httpx.Client]]:
    access = open_shop_access(f"sqlite:///{folder / 'db'}", folder, settings)
    with serving(access) as client:
        yield access, client


def test_a_person_and_a_key_have_so_many_requests_a_minute_each() -> None:
    limits = Limits(Rates(person=2, key=3))
    callers = [Caller(Kind.VISITOR, "a", OWN), Caller(Kind.CUSTOMER, "a", OWN), Caller(Kind.KEY, "a", frozenset())]
    for caller, most in zip(callers, (2, 2, 3), strict=True):
        for _ in range(most):
            limits.request(caller)
        with pytest.raises(Busy, match=f"{most} a minute are allowed") as busy:
            limits.request(caller)
        assert 50 < busy.value.seconds <= 60
    limits.request(Caller(Kind.VISITOR, "b", OWN))


def test_new_visitors_and_failures_are_counted_by_address(tmp_path: Path) -> None:
    access = open_shop_access(f"sqlite:///{tmp_path / 'db'}", tmp_path, "[web.limits]\nvisitors = 2\nfailures = 2")
    made = [access.visitor(HERE) for _ in range(2)]
    with pytest.raises(Busy, match="too many new visitors: 2 an hour") as busy:
        access.visitor(HERE)
    assert 3000 < busy.value.seconds <= 3600 and access.visitor(THERE)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            access.caller("Bearer sk_nonsense", HERE)
    with pytest.raises(Busy, match="too many failed attempts"):
        access.caller("Bearer sk_nonsense", HERE)
    assert access.caller(f"Bearer {made[0].token}", HERE).id == made[0].visitor  # nobody can lock others out
    with pytest.raises(Unauthenticated):
        access.caller("Bearer sk_nonsense", THERE)
    for _ in range(5):  # who sends nothing has guessed nothing
        with pytest.raises(Unauthenticated):
            access.caller(None, HERE)


def test_too_many_requests_are_told_when_to_come_again(tmp_path: Path) -> None:
    with opened(tmp_path, "[web.limits]\nkey = 3") as (access, client):
        made = access.keys.create("crm", [Scope.CHAT])
        answers = [client.get("/me", headers=bearing(made.secret)).status_code for _ in range(4)]
        assert answers == [200, 200, 200, 429]


@pytest.mark.parametrize(
    ("proxies", "sent", "address"),
    [
        ("", "198.51.100.9", "127.0.0.1"),
        ('"127.0.0.1"', "198.51.100.9", "198.51.100.9"),
        ('"127.0.0.0/8", "10.0.0.0/8"', "1.1.1.1, 198.51.100.9, 10.1.2.3", "198.51.100.9"),
        ('"10.0.0.0/8"', "198.51.100.9", "127.0.0.1"),
        ('"127.0.0.1"', "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ('"127.0.0.1"', "", "127.0.0.1"),
    ],
)
def test_what_a_proxy_says_is_believed_where_the_shop_trusts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxies: str, sent: str, address: str
) -> None:
    seen: list[str] = []

    def caller(_access: Access, _authorization: str | None, address: str) -> Caller:
        seen.append(address)
        return Caller(Kind.VISITOR, "visitor-1", OWN)

    monkeypatch.setattr(Access, "caller", caller)
    with opened(tmp_path, f"[web]\ntrusted_proxies = [{proxies}]") as (_, client):
        client.get("/me", headers={"x-forwarded-for": sent} if sent else {})
    assert seen == [address]


def test_an_address_that_is_not_known_is_one_too() -> None:
    assert address_of(Request({"type": "http", "client": None})) == ""
    assert address_of(Request({"type": "http", "client": ("a socket", 0)})) == "a socket"


def test_pages_of_the_shops_origins_may_call_and_no_others(tmp_path: Path) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,idempotency-key"}
    with opened(tmp_path, f'[web]\norigins = ["{PAGE}"]') as (_, client):
        allowed = client.options("/v1/sign-in", headers=asked | {"origin": PAGE})
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, PAGE)
        assert "idempotency-key" in allowed.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in allowed.headers
        refused = client.options("/v1/sign-in", headers=asked | {"origin": "https://evil.example"})
        assert refused.status_code == 400 and "access-control-allow-origin" not in refused.headers
        unknown = client.get("/me", headers={"origin": PAGE})
        assert (unknown.status_code, unknown.headers["access-control-allow-origin"]) == (401, PAGE)
    with opened(tmp_path, "") as (_, client):
        assert "access-control-allow-origin" not in client.get("/me", headers={"origin": PAGE}).headers


@pytest.mark.parametrize(("origins", "told"), [((), "'self'"), ((PAGE,), f"'self' {PAGE}")])
def test_the_same_origins_may_show_the_page_in_a_frame(origins: tuple[str, ...], told: str) -> None:
    async def page(_: Request) -> Response:
        return PlainTextResponse("the page")

    app = Starlette(routes=[Route("/", page)])
    app.add_middleware(Guard, framed_by=origins)
    policy = TestClient(app).get("/").headers["content-security-policy"]
    assert policy.endswith(f"; frame-ancestors {told}") and policy.startswith("default-src 'self'; ")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"origins": ["https://shop.example/"]}, r"web\.origins\.0: String should match"),
        ({"origins": ["*"]}, r"web\.origins\.0: String should match"),
        ({"origins": ["https://a.example; script-src *"]}, r"web\.origins\.0"),
        ({"trusted_proxies": ["everybody"]}, r"web\.trusted_proxies\.0: .*'everybody'"),
        ({"limits": {"person": 0}}, r"web\.limits\.person: Input should be greater"),
        ({"limits": {"people": 5}}, r"web\.limits\.people: Extra inputs"),
    ],
)
def test_a_wrong_setting_of_the_web_is_named(tmp_path: Path, settings: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_web(tmp_path, settings)


def test_what_is_not_set_is_shut(tmp_path: Path) -> None:
    assert load_web(tmp_path, {}) == Web((), (), True, Rates(60, 600, 20, 20, 30), "memory://")
    assert load_web(tmp_path, {"page": False}).page is False


@pytest.mark.parametrize("storage", ["floppy://a:hunter2@b", "async+memory://", "memcached://127.0.0.1"])
def test_a_place_that_cannot_count_is_named_without_its_password(storage: str) -> None:
    with pytest.raises(ConfigError, match=r"web\.limits\.storage: ") as wrong:
        Limits(Rates(), storage)
    assert "hunter2" not in str(wrong.value)
