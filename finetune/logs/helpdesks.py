"""What help desks export: Zendesk tickets with their comments, and Intercom conversations.

In: parsed JSON. Out: `Consultation`s with the bodies as they are (HTML or text); private comments, notes and events are
left out. Errors: `DataError` naming the field. Consent to training is read from the tag `training_consent` (Zendesk) or
from the contact's attribute of that name (Intercom).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, field_validator

from errors import DataError
from finetune.logs.consultation import Consultation, Lenient, LoggedMessage, Rating, Speaker, checked, utc

CONSENT = "training_consent"
_OPEN = ("new", "open", "pending", "hold")
_DONE = ("solved", "closed")
_CUSTOMERS = ("user", "lead", "contact", "visitor")


class _Person(Lenient):
    name: str | None = None
    email: str | None = None
    external_id: str | None = None


class _Comment(Lenient):
    author_id: str
    body: str | None = None
    html_body: str | None = None
    public: bool = True
    created_at: datetime | None = None
    author: _Person | None = None


class _Score(Lenient):
    score: str | None = None


class _Ticket(Lenient):
    id: str = Field(min_length=1)
    requester_id: str = Field(min_length=1)
    status: str | None = None
    tags: list[str] = Field(default_factory=list)
    satisfaction_rating: _Score | None = None
    requester: _Person | None = None
    comments: list[_Comment] = Field(default_factory=list)

    @field_validator("satisfaction_rating", mode="before")
    @classmethod
    def _plain_score(cls, value: Any) -> Any:
        return {"score": value} if isinstance(value, str) else value


def zendesk_key(value: Any) -> str:
    """The ticket that a ticket or a comment belongs to."""
    if isinstance(value, dict):
        for name in ("ticket_id", "id"):
            if isinstance(value.get(name), str | int) and str(value[name]):
                return str(value[name])
    raise DataError("neither a ticket (`id`, `requester_id`) nor a comment (`ticket_id`)")


def read_zendesk(values: Sequence[Any], file: str, line: int) -> Consultation:
    """A ticket and the comments that stand beside it or in it; who is not the requester is the agent."""
    tickets = [value for value in values if "ticket_id" not in value]
    if not tickets:
        raise DataError("comments of a ticket that is not there")
    ticket = checked(_Ticket, tickets[0])
    beside = [checked(_Comment, value) for value in values if "ticket_id" in value]
    comments = [comment for comment in (*ticket.comments, *beside) if comment.public]
    if all(comment.created_at for comment in comments):
        comments.sort(key=lambda comment: utc(comment.created_at) or datetime.min.replace(tzinfo=UTC))
    person = ticket.requester or _Person()
    score = ticket.satisfaction_rating.score if ticket.satisfaction_rating else None
    return Consultation(
        id=ticket.id,
        customer=f"zendesk:{ticket.requester_id}",
        messages=tuple(
            LoggedMessage(
                "customer" if comment.author_id == ticket.requester_id else "agent",
                comment.html_body or comment.body or "",
                utc(comment.created_at),
            )
            for comment in comments
        ),
        file=file,
        line=line,
        consent=True if CONSENT in ticket.tags else None,
        rating="good" if score == "good" else "bad" if score == "bad" else None,
        resolved=True if ticket.status in _DONE else False if ticket.status in _OPEN else None,
        aliases=tuple(filter(None, (person.external_id, person.email))),
        names=tuple(filter(None, (person.name, *(c.author.name for c in comments if c.author)))),
    )


class _Author(_Person):
    type: str
    id: str | None = None


class _Part(Lenient):
    part_type: str = "comment"
    body: str | None = None
    created_at: float | None = None
    author: _Author


class _Parts(Lenient):
    conversation_parts: list[_Part] = Field(default_factory=list)


class _Contact(_Person):
    id: str = Field(min_length=1)
    custom_attributes: dict[str, Any] = Field(default_factory=dict)


class _Contacts(Lenient):
    contacts: list[_Contact] = Field(default_factory=list)


class _Stars(Lenient):
    rating: int | None = None


class _Conversation(Lenient):
    id: str = Field(min_length=1)
    created_at: float | None = None
    state: str | None = None
    source: _Part | None = None
    contacts: _Contacts = Field(default_factory=_Contacts)
    conversation_parts: _Parts = Field(default_factory=_Parts)
    conversation_rating: _Stars | None = None

    @field_validator("contacts", mode="before")
    @classmethod
    def _listed_contacts(cls, value: Any) -> Any:
        return {"contacts": value} if isinstance(value, list) else value

    @field_validator("conversation_parts", mode="before")
    @classmethod
    def _listed_parts(cls, value: Any) -> Any:
        return {"conversation_parts": value} if isinstance(value, list) else value


def read_intercom(value: Any, file: str, line: int) -> Consultation:
    """The first message and the comments; notes, assignments and other events are not said to anybody."""
    read = checked(_Conversation, value)
    first = [read.source.model_copy(update={"created_at": read.created_at})] if read.source else []
    parts = [part for part in (*first, *read.conversation_parts.conversation_parts) if part.part_type == "comment"]
    people = [*read.contacts.contacts, *(part.author for part in parts)]
    writers = [part.author for part in parts if part.author.type in _CUSTOMERS]
    customer = read.contacts.contacts[0] if read.contacts.contacts else writers[0] if writers else None
    if customer is None or not customer.id:
        raise DataError("no contact, and no part whose author is a user, a lead or a contact")
    wishes = [contact.custom_attributes.get(CONSENT) for contact in read.contacts.contacts]
    return Consultation(
        id=read.id,
        customer=f"intercom:{customer.id}",
        messages=tuple(LoggedMessage(_side(part), part.body or "", _moment(part.created_at)) for part in parts),
        file=file,
        line=line,
        consent=False if any(wish is False for wish in wishes) else True if any(w is True for w in wishes) else None,
        rating=_rating(read.conversation_rating),
        resolved=None if read.state is None else read.state == "closed",
        aliases=tuple(filter(None, (customer.external_id, customer.email))),
        names=tuple(filter(None, (person.name for person in people))),
    )


def _side(part: _Part) -> Speaker:
    return "customer" if part.author.type in _CUSTOMERS else "agent"


def _rating(stars: _Stars | None) -> Rating | None:
    if stars is None or stars.rating is None:
        return None
    return "bad" if stars.rating <= 2 else "good" if stars.rating >= 4 else None


def _moment(seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise DataError(f"created_at: {seconds} is no Unix time") from error
