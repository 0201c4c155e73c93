"""What is known of a customer at a moment: a connection, a customer and a moment in; profile, claims, history out.

What the shop keeps no longer (`profiles.privacy.retention`) counts as never said, and what behaviour says is as of now.
The moment defaults to now; one before the customer's newest observation is read from the journal.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

import clock
from profiles.fold import FoldedState, fold, settle, weigh_profile
from profiles.history.live import alive_values, freshen
from profiles.journal import owners_of, read_journal
from profiles.observation import Observation, Profile
from profiles.privacy.retention import Cutoffs, cutoffs_of, still_kept, with_expired
from profiles.privacy.settings import Privacy
from profiles.projection import Projection
from profiles.projector import Projector
from profiles.reserved import INTENTS
from profiles.schema import Schema


class Views:
    """By the rules of one shop. `whole`: all that the journal holds, intents included."""

    def __init__(self, schema: Schema, whole: Schema, privacy: Privacy, projecting: Projector) -> None:
        self._schema = schema
        self._whole = whole
        self._privacy = privacy
        self._projecting = projecting

    def profile(self, connection: Connection, customer: str, at: datetime | None = None) -> Profile:
        """An unknown customer has an empty one, a merged visitor the customer's."""
        owner, held = self._held(connection, customer, self._schema.attributes)
        moment = _moment(held, at)
        if held is None or moment < held.newest:
            folded = fold(self._journal(connection, owner, moment) if held else (), self._schema, moment)
            return replace(folded, customer=owner)
        settled = freshen(connection, owner, self._kept(connection, owner, held.settled, moment), moment)
        return weigh_profile(owner, settled, self._schema, moment)

    def settled(self, connection: Connection, customer: str) -> Mapping[str, FoldedState]:
        """The claims that `profile` weighs now, by attribute."""
        owner, held = self._held(connection, customer, self._schema.attributes)
        if held is None:
            return {}
        moment = _moment(held)
        return freshen(connection, owner, self._kept(connection, owner, held.settled, moment), moment)

    def reserved(
        self, connection: Connection, customer: str, at: datetime | None = None
    ) -> tuple[FoldedState | None, datetime]:
        """The claims of the reserved attribute, and the moment as of which they are."""
        owner, held = self._held(connection, customer, [INTENTS.name])
        if held is None:
            return None, _moment(None, at)
        moment = _moment(held, at)
        if moment < held.newest:
            kept = self._journal(connection, owner, moment, [INTENTS.name])
            settled: Mapping[str, FoldedState] = settle((item for item in kept if item.at <= moment), self._whole)
        else:
            settled = self._kept(connection, owner, held.settled, moment)
        return settled.get(INTENTS.name), moment

    def reserved_of_many(
        self, connection: Connection, owners: Collection[str]
    ) -> dict[str, tuple[FoldedState, datetime]]:
        """By owner, those left out who never had any; each as of their newest observation."""
        held = self._projecting.load(connection, owners, [INTENTS.name])
        return {
            owner: (found.settled[INTENTS.name], found.newest)
            for owner, found in held.items()
            if INTENTS.name in found.settled
        }

    def history(self, connection: Connection, customer: str) -> list[Observation]:
        """The journal, oldest first, with the lines of visitors who turned out to be them."""
        return self._journal(connection, owners_of(connection, [customer])[customer], clock.now())

    def _held(
        self, connection: Connection, customer: str, attributes: Collection[str]
    ) -> tuple[str, Projection | None]:
        """Whose it is, and what is settled of these attributes; None if nothing was ever observed."""
        held = self._projecting.load(connection, [customer], attributes).get(customer)
        if held is not None:
            return customer, held
        owner = owners_of(connection, [customer])[customer]
        found = self._projecting.load(connection, [owner], attributes).get(owner)
        return owner, found or self._projecting.folded(connection, owner)

    def _kept(
        self, connection: Connection, owner: str, settled: Mapping[str, FoldedState], moment: datetime
    ) -> Mapping[str, FoldedState]:
        """Without what is too old; where there is such, what is left is settled again."""
        old = with_expired(settled, self._cutoffs(moment))
        if not old:
            return settled
        again = settle(self._journal(connection, owner, moment, old), self._whole)
        return {name: item for name, item in settled.items() if name not in old} | again

    def _journal(
        self, connection: Connection, owner: str, moment: datetime, names: Collection[str] | None = None
    ) -> list[Observation]:
        """Without what is too old."""
        cutoffs = self._cutoffs(moment)
        journal = read_journal(connection, owner, names)
        return still_kept(journal, cutoffs, alive_values(connection, owner, cutoffs)) if cutoffs else journal

    def _cutoffs(self, moment: datetime) -> Cutoffs:
        """What is too old is so now, at whatever moment a profile is asked for."""
        return cutoffs_of(self._schema, self._privacy, max(clock.now(), moment))


def _moment(held: Projection | None, at: datetime | None = None) -> datetime:
    """The moment that is read. A clock behind the shop's records hides nothing."""
    if at is not None:
        return at
    now = clock.now()
    return max(now, held.newest) if held else now
