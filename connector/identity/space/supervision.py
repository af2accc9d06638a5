"""To whom events are disclosed: to their owner, and from when a space has a supervisor to it as well (spec 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.identity.identity import Identity
    from connector.store.evidence import Evidence
    from ledger.space.document import Member, Space


class Supervision:
    """Keeps the supervisor's delivery key at the log (decision 0004)."""

    def __init__(self, identity: Identity, evidence: Evidence) -> None:
        self._identity, self._evidence = identity, evidence

    def space_changed(self, space: Space) -> None:
        """Take the supervisor that a new document of the space names."""
        if space.supervisor is not None:
            self.disclose_to(space.supervisor)

    def disclose_to(self, supervisor: Member) -> None:
        """Disclose events to this supervisor, too, from now on."""
        owner = self._identity.keys.delivery_public
        self._evidence.disclose_to({"owner": owner, "supervisor": supervisor.delivery})
