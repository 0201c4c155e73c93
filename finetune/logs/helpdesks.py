"""What help desks export: Zendesk tickets with their comments, and Intercom conversations.

In: parsed JSON. Out: `Consultation`s with the bodies as they are (HTML or text); private comments, notes, events and
what the system writes are left out, and so is a comment that cannot be read, alone. Who is an agent must be said
somewhere: by a user's role, or because the ticket is assigned to them; anybody else is on the customer's side, so that
no bystander's words are learnt as answers. Errors: `DataError` naming the field. Consent to training is read from the
tag `training_consent` (Zendesk) or from the contact's attribute of that name (Intercom).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, field_validator

from errors import DataError
from finetune.logs.consultation import Consultation, Lenient, LoggedMessage, Model, Rating, Speaker, checked, utc

SHARED = ""  # the key of what belongs to every ticket of a log: its users
CONSENT = "training_consent"
_OPEN = ("new", "open", "pending", "hold")
_DONE = ("solved", "closed")
_AGENT_ROLES = ("agent", "admin")
_ROLES = ("end-user", *_AGENT_ROLES)
_SYSTEM_CHANNELS = ("system", "rule")  # written by Zendesk itself, or by a trigger of the shop
_CUSTOMERS = ("user", "lead", "contact", "visitor")
_AGENTS = ("admin", "bot", "team", "teammate")
_SPOKEN = ("comment", "close", "open", "assignment", "quick_reply")  # parts whose body went to the customer


class _Person(Lenient):
    name: str | None = None
    email: str | None = None
    external_id: str | None = None
    role: str | None = None


class _Via(Lenient):
    channel: str | None = None
    source: dict[str, Any] | None = None


class _Comment(Lenient):
    author_id: str
    body: str | None = None
    html_body: str | None = None
    public: bool = True
    created_at: datetime | None = None
    author: _Person | None = None
    via: _Via | None = None

    @property
    def is_said(self) -> bool:
        """Whether a person has written it to the others: the system's own user is -1."""
        via = self.via or _Via()
        merged = (via.source or {}).get("rel") == "merge"
        return self.public and not self.author_id.startswith("-") and via.channel not in _SYSTEM_CHANNELS and not merged


class _Score(Lenient):
    score: str | None = None


class _Ticket(Lenient):
    id: str = Field(min_length=1)
    requester_id: str = Field(min_length=1)
    assignee_id: str | None = None
    users: list[dict[str, Any]] = Field(default_factory=list)
    status: str | None = None
    tags: list[str] = Field(default_factory=list)
    satisfaction_rating: _Score | None = None
    requester: _Person | None = None
    comments: list[Any] = Field(default_factory=list)

    @field_validator("satisfaction_rating", mode="before")
    @classmethod
    def _plain_score(cls, value: Any) -> Any:
        return {"score": value} if isinstance(value, str) else value


def zendesk_key(value: Any) -> str:
    """The ticket that a ticket or a comment belongs to; `SHARED` for a user of the help desk."""
    if _is_user(value):
        return SHARED
    if isinstance(value, dict):
        for name in ("ticket_id", "id"):
            if isinstance(value.get(name), str | int) and str(value[name]):
                return str(value[name])
    raise DataError("neither a ticket (`id`, `requester_id`) nor a comment (`ticket_id`)")


def _is_user(value: Any) -> bool:
    return isinstance(value, dict) and value.get("role") in _ROLES and not {"requester_id", "ticket_id"} & value.keys()


def agents_among(users: Iterable[Any]) -> frozenset[str]:
    """The ids of those who answer for the shop, as the users of an export have them."""
    return frozenset(str(user.get("id")) for user in users if _is_user(user) and user["role"] in _AGENT_ROLES)


def _readable(model: type[Model], values: Iterable[Any]) -> Iterator[Model]:
    """Those that can be read: one that cannot costs only itself."""
    for value in values:
        try:
            yield checked(model, value)
        except DataError:
            continue


def read_zendesk(values: Sequence[Any], file: str, line: int, agents: Collection[str] = ()) -> Consultation:
    """A ticket and the comments that stand beside it or in it. `agents`: who else answers for the shop."""
    tickets = [value for value in values if "ticket_id" not in value]
    if not tickets:
        raise DataError("comments of a ticket that is not there")
    ticket = checked(_Ticket, tickets[0])
    beside = [value for value in values if "ticket_id" in value]
    comments = [comment for comment in _readable(_Comment, [*ticket.comments, *beside]) if comment.is_said]
    if all(comment.created_at for comment in comments):
        comments.sort(key=lambda comment: utc(comment.created_at) or datetime.min.replace(tzinfo=UTC))
    person = ticket.requester or _Person()
    answering = {*agents, *agents_among(ticket.users), *filter(None, (ticket.assignee_id,))} - {ticket.requester_id}
    score = ticket.satisfaction_rating.score if ticket.satisfaction_rating else None
    return Consultation(
        id=ticket.id,
        customer=f"zendesk:{ticket.requester_id}",
        messages=tuple(
            LoggedMessage(
                _speaker(comment, answering),
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


def _speaker(comment: _Comment, answering: Collection[str]) -> Speaker:
    role = comment.author.role if comment.author else None
    if role in _ROLES:
        return "agent" if role in _AGENT_ROLES else "customer"
    return "agent" if comment.author_id in answering else "customer"


class _Author(_Person):
    type: str | None = None
    id: str | None = None


class _Part(Lenient):
    part_type: str = "comment"
    body: str | None = None
    created_at: float | None = None
    author: _Author


class _Parts(Lenient):
    conversation_parts: list[Any] = Field(default_factory=list)


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
    source: Any = None
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
    """The first message, the comments, and what was written on closing; notes and events are not said to anybody."""
    read = checked(_Conversation, value)
    source = read.source if isinstance(read.source, dict) else {}
    first = [source | {"part_type": "comment", "created_at": read.created_at}] if source else []
    listed = _readable(_Part, [*first, *read.conversation_parts.conversation_parts])
    parts = [part for part in listed if part.part_type == "comment" or (part.part_type in _SPOKEN and part.body)]
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
    return "agent" if part.author.type in _AGENTS else "customer"


def _rating(stars: _Stars | None) -> Rating | None:
    if stars is None or stars.rating is None:
        return None
    return "bad" if stars.rating <= 2 else "good" if stars.rating >= 4 else None


def _moment(seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise DataError(f"created_at: {seconds} is no Unix time") from error
