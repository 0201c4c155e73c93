"""Signing in with a code by mail, on both databases and over a real mail server: who gets in, and nobody else."""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

import clock
from errors import ConfigError
from profiles.customer import Customer
from profiles.events.intake import EventIntake
from profiles.privacy.audit import Act, Audit
from profiles.privacy.erasure import Erasure
from profiles.storage.database import reading
from profiles.storage.tables import accesses, sign_in_codes
from tests.access_shop import ANN, ANNS, BOB, BOBS, bearing, open_shop_access, serving
from tests.events_shop import PRODUCTS
from tests.mail_server import CERTIFICATE, MailServer, mail_server
from tests.profiles_shop import observation
from ui.access.access import Access
from ui.access.caller import Scope
from ui.access.codes import Codes
from ui.access.mail import PASSWORD, Mailer, load_mailer
from ui.sign_in import brought_along

NOBODYS = "nobody@example.org"
FAR = "[web.limits]\ncodes = 1000\nfailures = 1000\nperson = 1000"


def mail_settings(port: int, *lines: str) -> str:
    own = ("[mail]", 'host = "127.0.0.1"', f"port = {port}", 'from = "Alder & Pine <help@shop.example>"')
    return "\n".join((*own, *lines, FAR))


@dataclass(frozen=True, slots=True)
class Desk:
    """A server, its mail, and what is behind it."""

    client: httpx.Client
    mail: MailServer
    access: Access

    def ask(self, email: str) -> httpx.Response:
        return self.client.post("/v1/sign-in/codes", json={"email": email})

    def code_for(self, email: str) -> str:
        """Asked for and received."""
        before = len(self.mail.messages)
        assert self.ask(email).status_code == 202
        until(lambda: len(self.mail.messages) > before)
        found = re.search(r"\b\d{6}\b", self.mail.messages[-1].get_content())
        assert found
        return found[0]

    def sign_in(self, email: str, code: str, token: str = "") -> httpx.Response:
        return self.client.post(
            "/v1/sign-in", json={"email": email, "code": code}, headers=bearing(token) if token else {}
        )


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


@contextmanager
def open_desk(url: str, folder: Path) -> Iterator[Desk]:
    with mail_server() as mail:
        access = open_shop_access(url, folder, mail_settings(mail.port, "starttls = false"))
        with serving(access) as client:
            yield Desk(client, mail, access)


@pytest.fixture
def desk(url: str, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(url, tmp_path) as opened:
        yield opened


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(f"sqlite:///{tmp_path / 'db'}", tmp_path) as opened:
        yield opened


def other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_customer_signs_in_with_the_code_that_was_sent_to_them(desk: Desk) -> None:
    code = desk.code_for(" ANN@Example.org ")
    message = desk.mail.messages[0]
    assert (message["to"], message["from"]) == (ANNS, "Alder & Pine <help@shop.example>")
    assert message["subject"] == "Alder & Pine 登录验证码" and "10 分钟" in message.get_content()
    with reading(desk.access.profiles.engine) as connection:
        kept = str(connection.execute(select(sign_in_codes)).all())
    assert code not in kept and "ann" not in kept.lower()
    signed = desk.sign_in(ANNS, f" {code} ")
    assert signed.status_code == 200
    told = signed.json()
    assert (told["customer"], told["brought_along"]) == (ANN, False)
    assert desk.client.get("/me", headers=bearing(told["token"])).json() == {"kind": "customer", "id": ANN}
    lines = Audit(desk.access.profiles.engine).of([ANN])
    assert [(line.act, line.by, line.detail) for line in lines] == [(Act.SIGNED_IN, "sign-in", "with a code by mail")]


def test_a_code_holds_once(desk: Desk) -> None:
    code = desk.code_for(BOBS)
    assert "Your code to sign in at Alder & Pine" in desk.mail.messages[0].get_content()
    assert desk.sign_in(BOBS, code).json()["customer"] == BOB
    again = desk.sign_in(BOBS, code)
    assert again.status_code == 401 and "wrong, used or too old" in again.json()["detail"]


def test_many_who_send_a_code_at_once_sign_in_once(desk: Desk) -> None:
    code, signed = desk.code_for(ANNS), []

    def send() -> None:
        signed.append(desk.access.codes.redeem(ANNS, code))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(signed, key=str) == [ANN, *[None] * 5]


def test_five_wrong_tries_end_a_code(desk: Desk) -> None:
    code = desk.code_for(ANNS)
    assert {desk.sign_in(ANNS, other(code)).status_code for _ in range(5)} == {401}
    assert desk.sign_in(ANNS, code).status_code == 401
    assert desk.sign_in(ANNS, desk.code_for(ANNS)).status_code == 200


def test_a_code_is_too_old_after_ten_minutes_and_only_the_newest_counts(desk: Desk) -> None:
    first = desk.code_for(ANNS)
    with clock.standing(clock.now() + timedelta(minutes=10)):
        assert desk.access.codes.redeem(ANNS, first) is None
    second = desk.code_for(ANNS)
    assert second == first or desk.sign_in(ANNS, first).status_code == 401
    assert desk.sign_in(ANNS, second).status_code == 200


def test_a_code_is_of_its_address_alone(desk: Desk) -> None:
    code = desk.code_for(ANNS)
    desk.code_for(BOBS)
    assert desk.sign_in(NOBODYS, code).status_code == 401
    assert desk.sign_in(BOBS, code).json().get("customer") in (None, BOB)  # the same digits, once in a million
    assert desk.sign_in(ANNS, code).json()["customer"] == ANN


def test_no_answer_tells_whether_a_customer_has_the_address(desk: Desk) -> None:
    desk.access.profiles.put_customers(
        [Customer("C8", "Two", "both@example.org"), Customer("C9", "", "both@example.org")]
    )
    asked = {email: desk.ask(email) for email in (ANNS, NOBODYS, "both@example.org", "no address", "a\r\nBcc: x@y.z")}
    assert {(answer.status_code, answer.text) for answer in asked.values()} == {(202, '{"minutes":10}')}
    refused = {desk.sign_in(email, "000000").text for email in asked}
    until(lambda: bool(desk.mail.messages))
    time.sleep(0.2)
    assert len(refused) == 1 and [message["to"] for message in desk.mail.messages] == [ANNS]
    with reading(desk.access.profiles.engine) as connection:
        rows = connection.execute(select(sign_in_codes.c.customer, sign_in_codes.c.tries)).all()
    assert {(ANN, 1), ("", 1)} <= set(map(tuple, rows))


def test_an_address_gets_three_codes_an_hour_also_of_many_who_ask_at_once(desk: Desk) -> None:
    codes: list[str | None] = []
    threads = [threading.Thread(target=lambda: codes.append(desk.access.codes.make(ANNS, ANN))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([code for code in codes if code]) == 3
    assert desk.ask(ANNS).status_code == 202 and desk.mail.messages == []
    assert desk.access.codes.make(BOBS, BOB)
    with clock.standing(clock.now() + timedelta(hours=1, seconds=1)):
        assert desk.access.codes.make(ANNS, ANN)


def test_what_a_visitor_said_goes_on_as_the_customers(desk: Desk) -> None:
    visitor = desk.access.visitor("203.0.113.7")
    said = observation("1", "color", "navy", polarity="like", customer=visitor.visitor)
    desk.access.profiles.append([said])
    signed = desk.sign_in(ANNS, desk.code_for(ANNS), visitor.token).json()
    assert signed["brought_along"] and desk.access.profiles.owner(visitor.visitor) == ANN
    assert [trait.value for trait in desk.access.profiles.read(ANN).traits] == ["navy"]
    assert desk.client.get("/me", headers=bearing(visitor.token)).status_code == 401
    again = desk.sign_in(BOBS, desk.code_for(BOBS), visitor.token)
    assert again.status_code == 401 and "has signed in since" in again.json()["detail"]
    details = [line.detail for line in Audit(desk.access.profiles.engine).of([ANN])]
    assert details == ["with a code by mail", "a visitor signed in"]
    intake = EventIntake(desk.access.profiles, PRODUCTS)
    assert brought_along(intake, visitor.visitor, ANN, "test") and not brought_along(
        intake, visitor.visitor, BOB, "test"
    )


def test_a_customer_whom_the_shop_signed_in_brings_along_the_visitor_they_were(on_sqlite: Desk) -> None:
    access, client = on_sqlite.access, on_sqlite.client
    visitor, other, ann = access.visitor("a"), access.visitor("a"), access.sessions.customer(ANN)

    def bring(whose: str, token: str) -> httpx.Response:
        return client.post("/v1/sign-in/visitor", json={"token": token}, headers=bearing(whose) if whose else {})

    assert bring(ann.token, visitor.token).json() == {"customer": ANN, "brought_along": True}
    assert access.profiles.owner(visitor.visitor) == ANN
    assert bring(access.sessions.customer(BOB).token, visitor.token).status_code == 401
    key = access.keys.create("crm", [*Scope]).secret
    for whose, token, status in (
        ("", other.token, 401),
        (ann.token, "nonsense", 401),
        (ann.token, ann.token, 403),
        (key, other.token, 403),
        (other.token, other.token, 403),
    ):
        assert bring(whose, token).status_code == status
    assert access.profiles.owner(other.visitor) == other.visitor


def test_a_token_that_is_wrong_keeps_the_code(on_sqlite: Desk) -> None:
    code = on_sqlite.code_for(ANNS)
    assert on_sqlite.sign_in(ANNS, code, "nonsense").status_code == 401
    made = on_sqlite.access.keys.create("crm", [Scope.CHAT])
    assert on_sqlite.sign_in(ANNS, code, made.secret).json()["brought_along"] is False


def test_an_erased_customer_has_no_code_any_more(desk: Desk, tmp_path: Path) -> None:
    code = desk.code_for(ANNS)
    receipt = Erasure(desk.access.profiles, tmp_path / "state").run(ANN)
    assert receipt.removed["sign-in codes"] == 1
    assert desk.sign_in(ANNS, code).status_code == 401
    assert desk.ask(ANNS).status_code == 202 and len(desk.mail.messages) == 1
    with reading(desk.access.profiles.engine) as connection:
        assert ANN not in connection.execute(select(accesses.c.customer)).scalars()


def test_guesses_from_one_address_end_and_are_told_when_to_go_on(tmp_path: Path) -> None:
    with mail_server() as mail:
        settings = mail_settings(mail.port, "starttls = false").replace("failures = 1000", "failures = 3")
        access = open_shop_access(
            f"sqlite:///{tmp_path / 'db'}", tmp_path, settings.replace("codes = 1000", "codes = 2")
        )
        with serving(access) as client:
            desk = Desk(client, mail, access)
            code = desk.code_for(ANNS)
            assert [desk.sign_in(BOBS, "000000").status_code for _ in range(3)] == [401] * 3
            right = desk.sign_in(ANNS, code)
            assert right.status_code == 429 and "3 an hour are allowed; again in" in right.text
            assert [desk.ask(NOBODYS).status_code for _ in range(2)] == [202, 429]


def test_a_shop_without_mail_sends_no_codes(tmp_path: Path) -> None:
    with serving(open_shop_access(f"sqlite:///{tmp_path / 'db'}", tmp_path)) as client:
        for path, body in (("codes", {"email": ANNS}), ("", {"email": ANNS, "code": "123456"})):
            answer = client.post(f"/v1/sign-in/{path}".rstrip("/"), json=body)
            assert answer.status_code == 404 and "no [mail]" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [{}, {"email": ANNS, "code": "12345"}, {"email": ANNS, "code": "１２３４５６"}, {"email": 7}]
)
def test_what_is_no_code_is_no_try(on_sqlite: Desk, body: dict[str, object]) -> None:
    assert on_sqlite.client.post("/v1/sign-in", json=body).status_code == 422


def test_mail_goes_over_starttls_with_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server(tmp_path, secret="hunter2") as mail:
        settings = {"host": "127.0.0.1", "port": mail.port, "from": "help@shop.example", "user": "shop"}
        mailer = load_mailer(tmp_path, settings, {PASSWORD: "hunter2"})
        assert mailer and "hunter2" not in repr(mailer)
        mailer.send(ANNS, "Code", "Grüße: 123456")
        assert mail.messages == []  # nobody vouches for the server
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / CERTIFICATE))
        mailer.send(ANNS, "Code", "Grüße: 123456")
        assert mail.messages[0].get_content().strip() == "Grüße: 123456"
        Mailer("127.0.0.1", mail.port, "help@shop.example", "shop", "wrong").send(ANNS, "Code", "123456")
        assert len(mail.messages) == 1


def test_mail_that_cannot_be_sent_is_logged_without_its_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    Mailer("127.0.0.1", 9, "help@shop.example").send(ANNS, "Code", "123456")
    Mailer("127.0.0.1", 9, "help@shop.example").send("a\r\nBcc: b@c.d", "Code", "123456")
    told = [record.getMessage() for record in caplog.records if record.name == "ui.access.mail"]
    assert len(told) == 2 and not any(part in str(told) for part in ("ann", "Bcc", "123456"))


@pytest.mark.parametrize(
    ("settings", "environment", "said"),
    [
        ({"host": "h"}, {}, r"mail\.from: Field required"),
        ({"host": "h", "from": "a@b.c", "prt": 25}, {}, r"mail\.prt: Extra inputs"),
        ({"host": "h", "from": "a@b.c\nBcc: d@e.f"}, {}, r"mail\.from: .* is no sender"),
        ({"host": "h", "from": "a@b.c", "user": "u"}, {}, "put the password of 'u' into SHOPKEEPER_MAIL_PASSWORD"),
        ({"host": "h", "from": "a@b.c", "starttls": False}, {PASSWORD: "p"}, "send SHOPKEEPER_MAIL_PASSWORD readably"),
    ],
)
def test_a_wrong_setting_of_mail_is_named(
    tmp_path: Path, settings: dict[str, object], environment: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        load_mailer(tmp_path, settings, environment)


def test_codes_of_another_secret_open_nothing(on_sqlite: Desk) -> None:
    code = on_sqlite.code_for(ANNS)
    assert Codes(on_sqlite.access.profiles.engine, "another secret").redeem(ANNS, code) is None
