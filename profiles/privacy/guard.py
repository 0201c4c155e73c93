"""What may be written of whom: nothing of the erased, and nothing that the customer does not agree to.

In: a connection within a write transaction, owners (`profiles.journal`), observations. Out: consents, objections.
The store asks before every write, so no way in can forget to. Errors: `Refused`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import Connection

from errors import Refused
from profiles.observation import Observation
from profiles.privacy.consents import consents_said
from profiles.privacy.keys import customer_key
from profiles.privacy.purposes import UNSAID, Purpose, needed_for
from profiles.privacy.settings import Privacy
from profiles.privacy.tombstones import buried
from profiles.schema import Schema


class Guard:
    """For one shop. `salt` None: a store of which nobody was erased (`tombstones.check_salt`)."""

    def __init__(self, schema: Schema, privacy: Privacy, salt: bytes | None) -> None:
        self._schema = schema
        self._privacy = privacy
        self._salt = salt

    def consents(self, connection: Connection, owners: Collection[str]) -> dict[str, dict[str, bool]]:
        """By owner and purpose: what the customer said last, or else the shop's default; absent where neither is."""
        defaults = {purpose.value: granted for purpose, granted in self._privacy.consents.items()}
        return {name: {**defaults, **said} for name, said in consents_said(connection, owners).items()}

    def allowed(self, connection: Connection, owners: Collection[str], purpose: Purpose) -> set[str]:
        """Those of the owners who agree to the purpose."""
        return {name for name, held in self.consents(connection, owners).items() if agrees(held, purpose)}

    def erased_among(self, connection: Connection, names: Collection[str]) -> frozenset[str]:
        """Those of the names that belong to somebody who was erased."""
        if self._salt is None or not names:
            return frozenset()
        keys = {customer_key(name, self._salt): name for name in names}
        return frozenset(keys[key] for key in buried(connection, keys))

    def refuse_erased(self, connection: Connection, names: Collection[str]) -> None:
        """Raises `Refused` if one of them was erased."""
        if gone := self.erased_among(connection, names):
            raise Refused(f"customer {min(gone)!r} was erased: nothing is written under that id; give them another")

    def check(self, connection: Connection, owners: Mapping[str, str], items: Sequence[Observation]) -> None:
        """Raises `Refused` if one of the observations may not be written; `owners` of all their customers."""
        self.refuse_erased(connection, {*owners, *owners.values()})
        for item, purpose in self._objections(connection, owners, items):
            raise Refused(
                f"{item.attribute!r}, {item.authority.value}: customer {item.customer!r} does not consent to "
                f"{purpose.value}"
            )

    def permitted(
        self, connection: Connection, owners: Mapping[str, str], items: Sequence[Observation]
    ) -> list[Observation]:
        """Those that `check` does not refuse."""
        gone = self.erased_among(connection, {*owners, *owners.values()})
        refused = {item.id for item, _ in self._objections(connection, owners, items)}
        return [item for item in items if not {item.customer, owners[item.customer]} & gone and item.id not in refused]

    def _objections(
        self, connection: Connection, owners: Mapping[str, str], items: Sequence[Observation]
    ) -> Iterator[tuple[Observation, Purpose]]:
        needed = {item.id: needed_for(item, self._schema.attribute(item.attribute)) for item in items}
        concerned = {owners[item.customer] for item in items if needed[item.id]}
        held = self.consents(connection, concerned) if concerned else {}
        for item in items:
            for purpose in needed[item.id]:
                if not agrees(held[owners[item.customer]], purpose):
                    yield item, purpose


def agrees(consents: Mapping[str, bool], purpose: Purpose) -> bool:
    """Whether consents, by purpose, allow one."""
    return consents.get(purpose, UNSAID[purpose])
