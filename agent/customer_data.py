"""What customers decide about their data: whether it is remembered, which orders say nothing of them, and its erasure.

In: a shop's store and state directory. Out: consents written down, orders left out, receipts. Everything is done by
`profiles.privacy` and `profiles.events`; this is the agent's way in to it. Errors: `StorageError`, `Refused`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agent.erasure_targets import agent_places
from errors import StorageError
from profiles.events.intake import EventIntake
from profiles.events.left_out import OrderMark
from profiles.privacy.audit import Act, Audit
from profiles.privacy.consents import Consent
from profiles.privacy.erasure import Erasure
from profiles.privacy.keys import customer_key
from profiles.privacy.purposes import Purpose
from profiles.store import ProfileStore

log = logging.getLogger(__name__)
REMEMBERING = (Purpose.SERVICE, Purpose.PROFILING)  # what "stop remembering" is about
_BY = "customer"
_NUMBER = 12  # characters of the key that a receipt is known by
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure: the receipt's number, by which `profiles audit` finds it, and whether all of it is done."""

    number: str
    is_complete: bool


@dataclass(frozen=True)
class CustomerData:
    """Of one shop. `intake`: opens the way in for events, when it is needed."""

    profiles: ProfileStore
    state: Path
    intake: Callable[[], EventIntake] = field(repr=False)

    def stop(self, customer: str, consultation: str, at: datetime) -> None:
        """Nothing is noted from now on, and what was learnt from behaviour goes."""
        granted = [purpose for purpose in REMEMBERING if self.profiles.allows(customer, purpose)]
        self._say(customer, granted, False, _stop(consultation), at)

    def resume(self, customer: str, consultation: str, at: datetime) -> None:
        """What was stopped goes on; where nothing was stopped, the customer asks for all of it."""
        last = {line.purpose: line for line in self.profiles.consent_history(customer)}
        stopped = [one for one in REMEMBERING if one in last and last[one].source.startswith(_stop(""))]
        wanted = stopped or [one for one in REMEMBERING if not self.profiles.allows(customer, one)]
        self._say(customer, wanted, True, f"resumed in consultation {consultation}", at)

    def is_remembered(self, customer: str) -> bool:
        """Whether anything may be noted of them."""
        return self.profiles.allows(customer, Purpose.SERVICE)

    def leave_out(self, customer: str, order: str, consultation: str, at: datetime) -> None:
        """An order was a gift: it says nothing of the customer's tastes any more, also after a rebuild."""
        self.intake().leave_out(OrderMark(customer, order, True, at, f"consultation {consultation}"))
        Audit(self.profiles.engine).note(customer, Act.CHANGED, _BY, at, "order left out")

    def erase(self, customer: str) -> Erased:
        """Everything about the customer goes, everywhere that an agent keeps something; again, and it is completed.

        Where a file is being read just then, its freed pages stay until somebody erases again
        (`python -m finetune erase`): that is logged, and nothing can be read by a query meanwhile.
        """
        owner = self.profiles.owner(customer)
        number = customer_key(owner, self.profiles.salt or b"")[:_NUMBER]
        places = agent_places(self.profiles.engine, self.state)
        for _ in range(_TRIES):
            try:
                Erasure(self.profiles, self.state).run(owner, places, _BY)
                return Erased(number, True)
            except StorageError as error:
                log.error("the erasure %s is not complete: %s", number, error)
        return Erased(number, False)

    def _say(self, customer: str, purposes: list[Purpose], granted: bool, source: str, at: datetime) -> None:
        lines = [Consent(customer, purpose, granted, at, source, _BY) for purpose in purposes]
        self.profiles.record_consents(lines)
        if lines:
            Audit(self.profiles.engine).note(customer, Act.CHANGED, _BY, at, "consent")


def _stop(consultation: str) -> str:
    return f"stopped in consultation {consultation}".rstrip()
