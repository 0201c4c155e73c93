"""Where a chat completion is answered: which customer's, and in which consultation.

In: who calls, whom they name, and the messages that were sent. Out: a `Place`, claimed for this answer. A consultation
that is named is gone on with. Otherwise it is the one in which the customer said exactly these messages and was given
these replies; where there is none, a new one. So one conversation goes on in one consultation, two of the same customer
stay apart, and one whose past was edited begins anew: no reply that is not ours is ever taken for one.
Errors: `Forbidden`, and `NotFound` for a customer or a consultation that is not there, or is not theirs.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from agent.context import VISITOR
from agent.conversations import Conversation, Conversations, Status, digest
from agent.known import known
from agent.shopkeeper import Shopkeeper
from agent.turn import Turn
from errors import NotFound
from ui.access.caller import Caller, Scope
from ui.api.completion_shapes import Sent
from ui.session import began_by, new_consultation

_CHAT = (Scope.CHAT,)


class History(StrEnum):
    """What became of the messages before the last one."""

    NEW = "new"  # there are none
    CONTINUED = "continued"  # the consultation knows them
    REPEATED = "repeated"  # it knows the last one too: this is its answer of before
    IGNORED = "ignored"  # no consultation has them, and the new one does not know them
    NAMED = "named"  # not looked at: the consultation was named


@dataclass(frozen=True, slots=True)
class Place:
    """Where the last message is answered. `said`: the digest of all messages."""

    customer: str
    consultation: str
    said: str
    history: History


@dataclass(frozen=True, slots=True)
class Places:
    """Of one shop."""

    shopkeeper: Shopkeeper
    conversations: Conversations

    def named(self, caller: Caller, user: str | None, sent: Sent, is_again: bool, consultation: str) -> Place | None:
        """In the consultation that the client names; a key that names nobody acts for whoever began it.

        None, and `is_again`: as in `found`.
        """
        owner = self._owner(consultation)
        customer = self._customer(caller, user or (None if caller.is_person else owner))
        if customer != owner:
            raise NotFound(f"there is no consultation {consultation!r} of {customer!r}")
        now = digest(_whose(caller, user), sent.texts)
        one = self.conversations.get(consultation)
        if one and is_again and one.said == now:
            return self._resent(one, now)
        if one:
            return self._claimed(one, now, History.NAMED)
        self.conversations.begin(consultation, owner, now)
        return Place(owner, consultation, now, History.NAMED)

    def found(self, caller: Caller, user: str | None, sent: Sent, is_again: bool) -> Place | None:
        """In the consultation that has what was sent, or a new one.

        None: its last message is being answered for another request; look again. `is_again`: the client says that it
        has sent this before.
        """
        whose = _whose(caller, user)
        before, now = digest(whose, sent.texts[:-1]), digest(whose, sent.texts)
        customer = self._customer(caller, user)
        if sent.replies:
            for one in self.conversations.found(before):
                if self._agrees(one, sent.replies) and (place := self._claimed(one, now, History.CONTINUED)):
                    return place
        if sent.replies or (is_again and customer):  # of nobody known, "hi" alone may be anybody's
            for one in self.conversations.found(now):
                if self._agrees(one, (*sent.replies, None)):
                    return self._resent(one, now)
        consultation = new_consultation(customer) if customer else _visitors(caller)
        customer = consultation.rpartition(".")[0]
        self.conversations.begin(consultation, customer, now)
        return Place(customer, consultation, now, History.IGNORED if sent.replies else History.NEW)

    def ended(self, place: Place, outcome: Turn | Exception) -> None:
        """What became of the last message is kept for whoever sends it again; of somebody erased, nothing."""
        if isinstance(outcome, NotFound):
            self.conversations.forget(place.consultation)
        else:
            is_answered = isinstance(outcome, Turn)
            status = Status.ANSWERED if is_answered else Status.FAILED
            self.conversations.end(place.consultation, place.said, status)

    def _resent(self, one: Conversation, said: str) -> Place | None:
        """The answer that there is, or will be; if answering failed, another try."""
        if one.status is Status.ANSWERED:
            return Place(self._known(self._owner(one.consultation)), one.consultation, said, History.REPEATED)
        if one.is_running(self.shopkeeper.patience):
            return None
        return self._claimed(one, said, History.CONTINUED)

    def _claimed(self, one: Conversation, said: str, history: History) -> Place | None:
        customer = self._known(self._owner(one.consultation))
        return Place(customer, one.consultation, said, history) if self.conversations.claim(one, said) else None

    def _customer(self, caller: Caller, user: str | None) -> str | None:
        """None: a key that names nobody, which talks for a visitor of each conversation's own."""
        if user is None and not caller.is_person:
            caller.needs(*_CHAT)
            return None
        return self._known(caller.acts_for(user, _CHAT))

    def _owner(self, consultation: str) -> str:
        began = began_by(consultation)
        if began is None:
            raise NotFound(f"there is no consultation {consultation[:150]!r}")
        return self.shopkeeper.services.profiles.owner(began)

    def _known(self, customer: str) -> str:
        return known(self.shopkeeper.services.profiles, customer)

    def _agrees(self, one: Conversation, replies: Sequence[str | None]) -> bool:
        """Whether each reply that was sent is ours, in order; ours may lack where none was sent."""
        ours = _replies(self.shopkeeper.messages(one.consultation))
        theirs = [_plain(reply) for reply in replies if reply is not None]
        rest = iter(ours)
        return len(ours) - len(theirs) <= replies.count(None) and all(reply in rest for reply in theirs)


def _whose(caller: Caller, user: str | None) -> tuple[str, ...]:
    """Whose conversations are looked through: nobody goes on with another caller's."""
    return (caller.kind, caller.id, caller.id if caller.is_person else user or "")


def _visitors(caller: Caller) -> str:
    """A consultation of a visitor whom nothing but it makes known."""
    token = secrets.token_hex(16)
    return f"{VISITOR}{sha256(f'{caller.id}:{token}'.encode()).hexdigest()[:32]}.{token}"


def _replies(messages: Sequence[AnyMessage]) -> list[str]:
    """What the customer was told, a reply for each message that was answered with words."""
    said: list[str] = []
    for message in messages:
        if isinstance(message, HumanMessage):
            said.append("")
        elif isinstance(message, AIMessage) and not message.tool_calls and said:
            said[-1] = _plain(str(message.text))
    return [reply for reply in said if reply]


def _plain(text: str) -> str:
    return " ".join(text.split())
