"""To whom events are disclosed: to their owner, and from when a space has a supervisor to it as well (spec 7).

Law: each of the two says by which key: a supervisor that publishes a hybrid one in its DID document is disclosed to by
that, and what is disclosed to it is then as safe as what its owner seals to itself. The key is kept, so that a start
knows it before it can ask.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from connector.runtime.errors import PenstockError
from connector.store.disclosing import Supervisor
from connector.store.rows.console import FactRow
from ledger.log import wrapping

if TYPE_CHECKING:
    from connector.identity.identity import Identity
    from connector.identity.peers import Peers
    from connector.store.evidence import Evidence
    from connector.store.store import Store
    from connector.store.transaction import Tx
    from ledger.space.document import Member, Space

FACT = "hybrid key of the supervisor"

log = logging.getLogger(__name__)


class Supervision:
    """Keeps the supervisor's key at the log (decisions 0004, 0217)."""

    def __init__(self, identity: Identity, evidence: Evidence, store: Store, peers: Peers) -> None:
        self._identity, self._evidence, self._store, self._peers = identity, evidence, store, peers
        self._supervisor: Member | None = None
        self._known: tuple[str, bytes] | None = None  # whose hybrid key, and the key

    async def recall(self) -> None:
        """Take up the hybrid key that an earlier run, or another process, had from the supervisor."""
        row = await self._store.read(lambda tx: tx.get(FactRow, name=FACT))
        known = None if row is None else (str(row.value["did"]), bytes.fromhex(row.value["key"]))
        if known != self._known:
            self._known = known
            self.disclose_anew()

    def space_changed(self, space: Space) -> None:
        """Take the supervisor that a new document of the space names."""
        if space.supervisor is not None:
            self.disclose_to(space.supervisor)

    def disclose_to(self, supervisor: Member) -> None:
        """Disclose events to this supervisor, too, from now on."""
        self._supervisor = supervisor
        self.disclose_anew()

    def of(self, member: Member) -> Supervisor:
        """Return a supervisor with its keys as they are known here."""
        did, owner = member.did, self._identity
        if did == owner.did:
            hybrid: tuple[bytes, ...] = (owner.sealed_to,)
        else:
            hybrid = (self._known[1],) if self._known is not None and self._known[0] == did else ()
        return Supervisor(did, tuple(dict.fromkeys((*hybrid, member.delivery))))

    async def look(self) -> None:
        """Look whether the supervisor publishes a hybrid key, and disclose by that from now on."""
        member = self._supervisor
        if member is None or member.did == self._identity.did:
            return
        try:
            document = await self._peers.document(member.did)
        except PenstockError as fault:
            log.info("the keys of the supervisor `%s` are those of before: %s", member.did, fault)
            return
        if document.log != member.log_key:  # the key that the registry has vouches for the other, and this is another
            log.warning("the document of the supervisor `%s` is not that of its log's key", member.did)
            return
        found = None if document.hybrid is None else (member.did, document.hybrid)
        if found == self._known or (found is not None and not _usable(found[1])):
            return
        await self._store.write(lambda tx: _keep(tx, found))
        self._known = found
        self.disclose_anew()

    def disclose_anew(self) -> None:
        """Disclose coming events to ourselves and the supervisor by the keys that each has by now."""
        to = {"owner": self._identity.sealed_to}
        if self._supervisor is not None:
            to["supervisor"] = self.of(self._supervisor).keys[0]
        self._evidence.disclose_to(to)


def _usable(public: bytes) -> bool:
    """Say whether anything can be sealed to a key: one that is none would keep us from recording events."""
    try:
        wrapping.wrap(bytes(wrapping.SEED_BYTES), public, b"")
    except ValueError as fault:
        log.warning("the hybrid key of the supervisor is none: %s", fault)
        return False
    return True


def _keep(tx: Tx, known: tuple[str, bytes] | None) -> None:
    if known is None:
        tx.delete(FactRow, name=FACT)
    else:
        tx.put(FactRow(name=FACT, value={"did": known[0], "key": known[1].hex()}))
