"""A mail server on this machine: what programs send over SMTP in; the messages out.

With `secret` it asks for STARTTLS and for a user `shop` with that password; its certificate is a file of the folder.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ports import free_port

CERTIFICATE = "certificate.pem"


class MailServer:
    """What has come in, and to whom."""

    def __init__(self) -> None:
        self.port = free_port()
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # the library's name
        content = envelope.content or b""
        message = message_from_bytes(content if isinstance(content, bytes) else content.encode(), policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"


@contextmanager
def mail_server(folder: Path | None = None, secret: str = "") -> Iterator[MailServer]:
    """Running; `folder` is where the certificate goes."""
    held = MailServer()
    more: dict[str, Any] = {}
    if folder and secret:
        more = {
            "tls_context": _certified(folder / CERTIFICATE),
            "require_starttls": True,
            "auth_required": True,
            "authenticator": lambda *given: AuthResult(success=_is_shop(given[-1], secret)),
        }
    controller = Controller(held, hostname="127.0.0.1", port=held.port, **more)
    controller.start()
    try:
        yield held
    finally:
        controller.stop()


def _is_shop(given: object, secret: str) -> bool:
    return isinstance(given, LoginPassword) and (given.login, given.password) == (b"shop", secret.encode())


def _certified(path: Path) -> ssl.SSLContext:
    """Of a server that has signed for itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
