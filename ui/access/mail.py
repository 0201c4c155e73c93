"""Mail to customers: an address, a subject and a text in; handed to the shop's mail server.

    [mail]
    host = "mail.shop.example"
    port = 587
    from = "Alder & Pine <help@shop.example>"
    user = "shopkeeper"       # with SHOPKEEPER_MAIL_PASSWORD; without it nobody logs in
    starttls = true           # false only for a server on the same machine

Errors: `ConfigError`; what goes wrong with sending is logged, without the address.
"""

import logging
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import ConfigError, first_mistake

PASSWORD = "SHOPKEEPER_MAIL_PASSWORD"
_TIMEOUT = 20.0  # seconds
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mailer:
    """One mail server. `sender`: as the header From has it."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True

    def send(self, to: str, subject: str, text: str) -> None:
        """Takes as long as the server does."""
        try:
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = self.sender, Address(addr_spec=to), subject
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(text)
            with closing(smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT)) as server:
                if self.starttls:
                    server.starttls(context=ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
                server.quit()
        except (OSError, smtplib.SMTPException, HeaderParseError, ValueError, IndexError) as error:
            log.error("a mail could not be sent by %s:%d: %s", self.host, self.port, type(error).__name__)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    host: str = Field(min_length=1)
    port: int = Field(587, ge=1, le=65535)
    sender: str = Field(alias="from", min_length=3)
    user: str = ""
    starttls: bool = True


def load_mailer(shop: Path, settings: Mapping[str, Any], environment: Mapping[str, str]) -> Mailer | None:
    """From what shop.toml holds under `mail`; None where it holds nothing."""
    if not settings:
        return None
    try:
        read = _File.model_validate(dict(settings))
        EmailMessage()["From"] = read.sender
    except ValidationError as error:
        raise ConfigError(f"{shop / 'shop.toml'}: {first_mistake(error, 'mail')}") from error
    except ValueError as error:
        raise ConfigError(f"mail.from: {read.sender!r} is no sender: {error}") from error
    password = environment.get(PASSWORD, "")
    if read.user and not password:
        raise ConfigError(f"mail.user is set: put the password of {read.user!r} into {PASSWORD}")
    if password and not read.starttls:
        raise ConfigError(f"mail.starttls = false would send {PASSWORD} readably: set it to true, or unset that")
    return Mailer(read.host, read.port, read.sender, read.user, password, read.starttls)
