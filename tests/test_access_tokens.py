"""Tokens of visitors and customers: whom they name, and that whatever is wrong with one is refused, discreetly."""

import base64
import json
import logging
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, generate_key

import clock
from agent.erasure_targets import agent_places
from errors import ConfigError, Forbidden, StorageError, Unauthenticated
from profiles.privacy.erasure import Erasure
from tests.access_shop import ANN, AUDIENCE, BOB, ISSUER, Issuer, identity, open_shop_access
from tests.ports import free_port
from ui.access import public_keys
from ui.access.access import Access
from ui.access.caller import OWN, Caller, Kind, Scope
from ui.access.refusals import Reason, Rejected
from ui.access.sessions import SECRET, SECRET_FILE, Sessions, load_secrets

HERE = "203.0.113.7"
SECRET_OF_SHOP = "a secret of the shop's own, long enough"
JWKS = 'jwks = "keys.json"'


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def place_of_keys(tmp_path: Path, issuer: Issuer) -> Path:
    """The set of keys beside shop.toml."""
    path = tmp_path / "shop" / "keys.json"
    path.parent.mkdir()
    path.write_text(issuer.key_set(), encoding="utf-8")
    return path


@pytest.fixture
def access(tmp_path: Path, place_of_keys: Path) -> Access:
    return open_shop_access(f"sqlite:///{tmp_path / 'db'}", tmp_path, identity(JWKS))


def call(access: Access, token: str) -> Caller:
    return access.caller(f"Bearer {token}", HERE)


def reason(access: Access, token: str) -> Reason:
    """Why it is refused; nothing of the token is told."""
    with pytest.raises(Rejected) as refused:
        call(access, token)
    told = str(refused.value)
    assert not any(part in told for part in (ANN, BOB, ISSUER, *(part for part in token.split(".") if len(part) > 5)))
    return refused.value.reason


def unsigned(token: str, **header: str) -> str:
    """The claims of a token under another header, without a signature."""
    first = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return f"{first}.{token.split('.')[1]}."


# The shop's own sign-in


@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519", "ES256", "RS256"])
def test_a_customer_whom_the_shop_signed_in_acts_for_themselves_alone(
    tmp_path: Path, place_of_keys: Path, algorithm: str
) -> None:
    issuer = Issuer(algorithm)
    place_of_keys.write_text(issuer.key_set(Issuer("ES256", "other")), encoding="utf-8")
    access = open_shop_access(f"sqlite:///{tmp_path / 'db'}", tmp_path, identity(JWKS))
    caller = call(access, issuer.token(more="claims", header_only=1))
    assert caller == Caller(Kind.CUSTOMER, ANN, OWN)
    assert caller.acts_for(None, [Scope.ORDERS]) == ANN
    with pytest.raises(Forbidden):
        caller.acts_for(BOB, [Scope.ORDERS])
    with pytest.raises(Forbidden):
        caller.needs(Scope.STAFF)
    assert call(access, issuer.token(aud=["somebody else", AUDIENCE], kid=None)) == caller


def _seconds(count: int) -> int:
    return int(clock.now().timestamp()) + count


WRONG: dict[str, tuple[Callable[[Issuer], str], Reason]] = {
    "expired": (lambda shop: shop.token(exp=_seconds(-31)), Reason.EXPIRED),
    "without expiry": (lambda shop: shop.token(exp=None), Reason.CLAIMS),
    "with an endless expiry": (lambda shop: shop.token(exp="never"), Reason.CLAIMS),
    "not valid yet": (lambda shop: shop.token(nbf=_seconds(60)), Reason.EARLY),
    "issued in the future": (lambda shop: shop.token(iat=_seconds(60)), Reason.EARLY),
    "wrong audience": (lambda shop: shop.token(aud="somebody else"), Reason.AUDIENCE),
    "no audience": (lambda shop: shop.token(aud=None), Reason.CLAIMS),
    "wrong issuer": (lambda shop: shop.token(iss="https://evil.example"), Reason.ISSUER),
    "no issuer": (lambda shop: shop.token(iss=None), Reason.ISSUER),
    "our own issuer": (lambda shop: shop.token(iss="shopkeeper"), Reason.ALGORITHM),
    "forged": (lambda shop: shop.token(key=Issuer().key), Reason.FORGED),
    "cut short": (lambda shop: shop.token()[:-8], Reason.FORGED),
    "unknown key": (lambda shop: Issuer(name="unknown").token(), Reason.FORGED),
    "no customer": (lambda shop: shop.token(sub=None), Reason.CLAIMS),
    "a number for a customer": (lambda shop: shop.token(sub=7), Reason.CLAIMS),
    "a visitor for a customer": (lambda shop: shop.token(sub="visitor-" + "0" * 32), Reason.CLAIMS),
    "a stranger": (lambda shop: shop.token(sub="C9999"), Reason.GONE),
    "alg none": (lambda shop: unsigned(shop.token(), alg="none"), Reason.ALGORITHM),
    "alg NONE": (lambda shop: unsigned(shop.token(), alg="NONE"), Reason.ALGORITHM),
    "the public key as a secret": (
        lambda shop: shop.token({"alg": "HS256"}, OctKey(b"x" * 32, str(shop.key.as_dict()["x"]).encode())),
        Reason.ALGORITHM,
    ),
    "a key of its own in the header": (
        lambda shop: shop.token({"jwk": (own := Issuer()).key.as_dict(private=False)}, own.key),
        Reason.FORGED,
    ),
    "nonsense": (lambda shop: "a.b.c", Reason.MALFORMED),
    "one word": (lambda shop: "hello", Reason.MALFORMED),
    "endless": (lambda shop: shop.token(more="x" * 9000), Reason.MALFORMED),
    "deep": (lambda shop: f"e30.{base64.urlsafe_b64encode(b'[' * 4000).decode()}.e30", Reason.MALFORMED),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused(access: Access, issuer: Issuer, name: str) -> None:
    make, expected = WRONG[name]
    assert reason(access, make(issuer)) is expected


def test_clocks_may_be_off_by_half_a_minute(access: Access, issuer: Issuer) -> None:
    for token in (issuer.token(exp=_seconds(-28)), issuer.token(nbf=_seconds(28)), issuer.token(iat=_seconds(28))):
        assert call(access, token).id == ANN


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, Reason.MISSING), ("", Reason.MISSING), ("Basic YTpi", Reason.MALFORMED), ("Bearer", Reason.MALFORMED)],
)
def test_without_a_token_nobody_is_known(access: Access, header: str | None, expected: Reason) -> None:
    with pytest.raises(Rejected) as refused:
        access.caller(header, HERE)
    assert refused.value.reason is expected


def test_a_shared_secret_holds_only_where_the_shop_has_chosen_it(tmp_path: Path, issuer: Issuer) -> None:
    key = OctKey.import_key(SECRET_OF_SHOP)
    token = issuer.token({"alg": "HS256"}, key)
    url = f"sqlite:///{tmp_path / 'db'}"
    chosen = identity('algorithms = ["HS256"]', f'secret = "{SECRET_OF_SHOP}"')
    assert call(open_shop_access(url, tmp_path, chosen), token).id == ANN
    by_environment = {"SHOPKEEPER_IDENTITY_SECRET": SECRET_OF_SHOP[::-1]}
    assert reason(open_shop_access(url, tmp_path, chosen, **by_environment), token) is Reason.FORGED
    assert reason(open_shop_access(url, tmp_path), token) is Reason.ISSUER  # nobody is trusted


def test_a_claim_of_the_shops_choice_names_the_customer(tmp_path: Path, place_of_keys: Path, issuer: Issuer) -> None:
    settings = identity(JWKS, 'customer_claim = "customer_number"')
    access = open_shop_access(f"sqlite:///{tmp_path / 'db'}", tmp_path, settings)
    assert call(access, issuer.token(customer_number=BOB)).id == BOB
    assert reason(access, issuer.token()) is Reason.CLAIMS


@pytest.mark.parametrize("erased", [True, False])
def test_a_token_of_the_erased_or_of_who_has_signed_in_opens_nothing(
    url: str, tmp_path: Path, issuer: Issuer, erased: bool
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "keys.json").write_text(issuer.key_set(), encoding="utf-8")
    access, state = open_shop_access(url, tmp_path, identity(JWKS)), tmp_path / "state"
    visitor = access.visitor(HERE)
    tokens = [issuer.token(), access.sessions.customer(ANN).token]
    assert [call(access, token).id for token in tokens] == [ANN, ANN]
    if erased:
        Erasure(access.profiles, state).run(ANN, agent_places(access.profiles.engine, state))
        assert [reason(access, token) for token in tokens] == [Reason.GONE, Reason.GONE]
    else:
        access.profiles.merge(visitor.visitor, ANN)
        assert reason(access, visitor.token) is Reason.SIGNED_IN


# Rotated keys


class Published:
    """A set of keys on a web server that counts who asks, and may be down."""

    def __init__(self, issuer: Issuer) -> None:
        self.body, self.asked, self.is_down = issuer.key_set(), 0, False


@contextmanager
def published(issuer: Issuer) -> Iterator[tuple[Published, str]]:
    held = Published(issuer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            held.asked += 1
            self.send_response(503 if held.is_down else 200)
            self.end_headers()
            self.wfile.write(held.body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield held, f"http://127.0.0.1:{server.server_port}/jwks.json"
    finally:
        server.shutdown()
        server.server_close()


def test_a_rotated_key_is_found_and_one_that_was_withdrawn_holds_no_more(
    tmp_path: Path, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = Issuer("ES256", "second")
    with published(issuer) as (held, address):
        access = open_shop_access(f"sqlite:///{tmp_path / 'db'}", tmp_path, identity(f'jwks = "{address}"'))
        assert call(access, issuer.token()).id == ANN
        assert reason(access, new.token()) is Reason.FORGED and held.asked == 1  # a minute has not passed
        held.body = new.key_set()
        monkeypatch.setattr(public_keys, "_AGAIN", 0.0)
        assert call(access, new.token()).id == ANN and held.asked == 2
        assert reason(access, issuer.token()) is Reason.FORGED


def test_keys_stay_as_they_were_while_they_cannot_be_fetched(
    tmp_path: Path, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with published(issuer) as (held, address):
        access = open_shop_access(f"sqlite:///{tmp_path / 'db'}", tmp_path, identity(f'jwks = "{address}"'))
        monkeypatch.setattr(public_keys, "_AGAIN", 0.0)
        monkeypatch.setattr(public_keys, "_OLD", 0.0)
        for body, is_down in (("", True), ("no JSON", False), ('{"keys": 7}', False), ("[]", False)):
            held.body, held.is_down = body, is_down
            assert call(access, issuer.token()).id == ANN
            assert reason(access, Issuer(name="unknown").token()) is Reason.FORGED
    assert call(access, issuer.token()).id == ANN  # nobody answers at all any more


def test_many_tokens_with_unknown_keys_ask_once(tmp_path: Path, issuer: Issuer) -> None:
    with published(issuer) as (held, address):
        access = open_shop_access(f"sqlite:///{tmp_path / 'db'}", tmp_path, identity(f'jwks = "{address}"'))
        for number in range(5):
            assert reason(access, Issuer(name=f"unknown {number}").token()) is Reason.FORGED
        assert held.asked == 1


def test_a_secret_in_a_set_of_public_keys_is_passed_over(tmp_path: Path, place_of_keys: Path, issuer: Issuer) -> None:
    shared = generate_key("oct", 256, {"kid": "shared"})
    entries = [shared.as_dict(private=True), {"kty": "new"}, {"kty": "RSA", "n": "broken"}, issuer.key.as_dict()]
    place_of_keys.write_text(json.dumps({"keys": entries}), encoding="utf-8")
    settings = identity(JWKS, 'algorithms = ["HS256", "EdDSA"]', f'secret = "{SECRET_OF_SHOP}"')
    access = open_shop_access(f"sqlite:///{tmp_path / 'db'}", tmp_path, settings)
    assert call(access, issuer.token()).id == ANN
    assert reason(access, issuer.token({"alg": "HS256", "kid": "shared"}, shared)) is Reason.FORGED


# Tokens of our own


def test_a_visitor_has_a_token_until_it_expires(access: Access) -> None:
    made = access.visitor(HERE)
    assert call(access, made.token) == Caller(Kind.VISITOR, made.visitor, OWN)
    assert made.token not in repr(made)
    with clock.standing(made.expires_at - timedelta(seconds=2)):
        assert call(access, made.token).id == made.visitor
    with clock.standing(made.expires_at):
        assert reason(access, made.token) is Reason.EXPIRED


def test_a_customers_own_token_holds_for_twelve_hours(access: Access) -> None:
    made = access.sessions.customer(BOB)
    assert call(access, made.token) == Caller(Kind.CUSTOMER, BOB, OWN)
    assert timedelta(hours=11, minutes=59) < made.expires_at - clock.now() <= timedelta(hours=12)


def test_nobody_else_can_make_one(access: Access, issuer: Issuer) -> None:
    claims = {"iss": "shopkeeper", "aud": "shopkeeper", "sub": ANN, "exp": _seconds(60)}
    for key in (OctKey.import_key("x" * 32), OctKey.import_key(issuer.key_set())):
        assert reason(access, jwt.encode({"alg": "HS256"}, claims, key)) is Reason.FORGED
    made = access.visitor(HERE).token
    other = access.sessions.customer(BOB).token
    head, _, signature = made.split(".")
    assert reason(access, f"{head}.{other.split('.')[1]}.{signature}") is Reason.FORGED
    assert reason(access, unsigned(made, alg="none")) is Reason.ALGORITHM


def test_an_old_secret_still_verifies_and_the_first_one_signs() -> None:
    old, new = "o" * 32, "n" * 32
    before, during, after = Sessions([old]), Sessions([new, old]), Sessions([new])
    made = before.visitor()
    assert during.holder(made.token) == made.visitor
    assert after.holder(during.visitor().token)
    with pytest.raises(Rejected):
        after.holder(made.token)


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    made = load_secrets(tmp_path, {})
    path = tmp_path / SECRET_FILE
    assert load_secrets(tmp_path, {}) == made and stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text(f"{'n' * 32}\n{made[0]}\n", encoding="utf-8")
    assert list(load_secrets(tmp_path, {})) == ["n" * 32, made[0]]
    assert list(load_secrets(tmp_path, {SECRET: f"{'a' * 40} {'b' * 40}"})) == ["a" * 40, "b" * 40]
    with pytest.raises(ConfigError, match=f"{SECRET} has a secret of 5 characters: at least 32"):
        load_secrets(tmp_path, {SECRET: "short"})
    path.write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="holds no secret"):
        load_secrets(tmp_path, {})


# Settings, and what is logged


@pytest.mark.parametrize(
    ("settings", "environment", "said"),
    [
        ("[identity]\nissuer = 'a'", {}, r"identity\.audience: Field required"),
        (identity(), {}, r"identity\.jwks is missing"),
        (identity('jwks = "nowhere.json"'), {}, "there is no file .*nowhere.json"),
        (identity(JWKS, 'algorithms = ["none"]'), {}, r"identity\.algorithms\.0: Input should be 'EdDSA', 'Ed25519'"),
        (identity('algorithms = ["HS256"]'), {}, "has 0 characters: HS256 needs at least 32"),
        (identity('algorithms = ["HS256"]', 'secret = "hunter2"'), {}, "has 7 characters"),
        (identity('algorithms = ["HS256"]'), {"SHOPKEEPER_IDENTITY_SECRET": "s" * 20}, "IDENTITY_SECRET has 20"),
        (identity(JWKS, f'secret = "{SECRET_OF_SHOP}"'), {}, "is for HS256, which identity.algorithms does not name"),
        (identity(JWKS).replace(ISSUER, "shopkeeper"), {}, "choose another"),
    ],
)
def test_a_wrong_setting_is_named_and_a_secret_is_not(
    tmp_path: Path, place_of_keys: Path, settings: str, environment: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as wrong:
        open_shop_access(f"sqlite:///{tmp_path / 'db'}", tmp_path, settings, **environment)
    assert "hunter2" not in str(wrong.value) and SECRET_OF_SHOP not in str(wrong.value)


def test_the_log_says_what_was_refused_and_of_whom_nothing(
    access: Access, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    forged, expired = issuer.token(key=Issuer().key), issuer.token(exp=_seconds(-99))
    for token in (forged, expired):
        with pytest.raises(Unauthenticated):
            call(access, token)
    told = [record.getMessage() for record in caplog.records if record.name.startswith("ui.access")]
    assert told == ["a request was refused: forged"]
