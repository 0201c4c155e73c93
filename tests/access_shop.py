"""A small shop that is called over HTTP: its access on either database, its own sign-in, and a real server over both.

In: a database's URL and a folder. Out: `Access`, keys and tokens of an issuer, clients of a server.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI, Request
from joserfc import jwt
from joserfc.jwk import Key, generate_key
from starlette.responses import JSONResponse, Response

import clock
from agent.shop import load_shop
from errors import Busy, Forbidden, NotFound, ShopkeeperError, Unauthenticated
from profiles.customer import Customer
from profiles.events.intake import EventIntake
from profiles.privacy.keys import load_salt
from profiles.storage.database import open_database
from profiles.store import ProfileStore
from tests.agent_shop import SHOP
from tests.events_shop import PRODUCTS
from tests.http_server import running
from tests.profiles_shop import PRIVACY, SCHEMA
from ui.access.access import Access, open_access
from ui.access.caller import Caller
from ui.access.request import authenticated
from ui.api.sign_in import sign_in_routes
from ui.server import opened_to

ISSUER, AUDIENCE = "https://shop.example", "shopkeeper"
ANN, BOB = "C1", "C2"
ANNS, BOBS = "ann@example.org", "bob@example.org"
_STATUS: Mapping[type[ShopkeeperError], int] = {Unauthenticated: 401, Forbidden: 403, NotFound: 404, Busy: 429}


def open_shop_access(url: str, folder: Path, settings: str = "", **environment: str) -> Access:
    """`settings`: of shop.toml. Ann and Bob are customers, Bob writes his address in capitals."""
    shop = folder / "shop"
    shop.mkdir(exist_ok=True)
    (shop / "shop.toml").write_text(settings, encoding="utf-8")
    store = ProfileStore(open_database(url), SCHEMA, PRIVACY, load_salt(folder / "state"))
    agreed = {"service": True, "profiling": True}
    ann, bob = Customer(ANN, "Ann", email=ANNS, language="zh", consent=agreed), Customer(BOB, "Bob", BOBS.upper())
    store.put_customers([ann, bob, Customer("C3", "Nobody's address")])
    return open_access(shop, folder / "state", store, environment)


def identity(*lines: str) -> str:
    """The table of shop.toml, with more lines of it."""
    return "\n".join(("[identity]", f'issuer = "{ISSUER}"', f'audience = "{AUDIENCE}"', *lines))


class Issuer:
    """The shop's own sign-in."""

    def __init__(self, algorithm: str = "EdDSA", name: str = "first") -> None:
        curve = ("OKP", "Ed25519")
        kinds = {"EdDSA": curve, "Ed25519": curve, "ES256": ("EC", "P-256"), "RS256": ("RSA", 2048)}
        kind, size = kinds[algorithm]
        self.algorithm, self.name = algorithm, name
        self.key: Key = generate_key(kind, size, {"kid": name})  # type: ignore[call-overload]

    def token(self, header: Mapping[str, Any] | None = None, key: Key | None = None, **claims: Any) -> str:
        """Of Ann, for five minutes, but for what is given; None takes a claim away."""
        now = int(clock.now().timestamp())
        standard = {"iss": ISSUER, "aud": AUDIENCE, "sub": ANN, "iat": now, "exp": now + 300}
        held = {name: value for name, value in (standard | claims).items() if value is not None}
        named = {"alg": self.algorithm, "kid": self.name} | dict(header or {})
        return jwt.encode(named, held, key or self.key, [str(named["alg"])])

    def key_set(self, *others: "Issuer") -> str:
        return json.dumps({"keys": [one.key.as_dict(private=False) for one in (self, *others)]})


def site_of(access: Access) -> FastAPI:
    """The routes of signing in, and one that says who asks."""
    app = FastAPI()
    app.include_router(sign_in_routes(access, EventIntake(access.profiles, PRODUCTS), load_shop(SHOP)))

    @app.get("/me")
    def me(caller: Annotated[Caller, Depends(authenticated(access))]) -> dict[str, str]:
        return {"kind": caller.kind, "id": caller.id}

    async def told(_: Request, error: Exception) -> Response:
        status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
        return JSONResponse({"detail": str(error)}, status)

    app.add_exception_handler(ShopkeeperError, told)
    opened_to(app, access.web)
    return app


@contextmanager
def serving(access: Access) -> Iterator[httpx.Client]:
    """A client of a real server."""
    with (
        running(site_of(access), lifespan="off", proxy_headers=False) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client


def bearing(value: str) -> dict[str, str]:
    """Headers."""
    return {"authorization": f"Bearer {value}"}
