"""Our newest signed head, as it rides on every message to a peer, proven from the head that went to that peer before.

Law: a head leaves the process only after the commit that holds it; a message takes the newest when it leaves. What went
to whom is known in memory only: after a restart a peer proves our head once from our tiles.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from connector.runtime.limits import PEERS_KNOWN_MAX
from connector.store.errors import EvidenceBroken
from connector.store.shelf import TxShelf
from ledger.log import note as notes
from ledger.log.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.evidence import Evidence
    from connector.store.store import Store


class Heads:
    """The heads of one log on their way out."""

    def __init__(self, store: Store, evidence: Evidence) -> None:
        self._store = store
        self._evidence = evidence
        self._sent: OrderedDict[str, int] = OrderedDict()

    async def riding(self, peer: str) -> dict[str, Any]:
        """Return the newest committed head with its proof, as it rides in a message to `peer` (spec 4).

        Raises `EvidenceBroken` when the log on disk has lost what was signed.
        """
        while (newest := self._evidence.newest) is None:  # as long as others make the log grow meanwhile
            await self._store.write(self._evidence.renew, short=True)
        if isinstance(newest, EvidenceBroken):
            raise newest
        head, tail = newest
        old = self._advance(peer, head.size)
        try:
            proof = Tree(tail).consistency(old, head.size)
        except LookupError:
            proof = await self._store.read(lambda tx: Tree(TxShelf(tx)).consistency(old, head.size))
        return {"checkpoint": head.note, "from": str(old), "proof": [notes.b64(value) for value in proof]}

    def lost(self, peer: str, riding: Mapping[str, Any]) -> None:
        """Take back a head that did not arrive: the next message is proven from the one before it again."""
        self._sent[peer] = min(self._sent.get(peer, 0), int(riding["from"]))

    def _advance(self, peer: str, size: int) -> int:
        """Note the size that goes to a peer and return the one before."""
        old = self._sent.pop(peer, 0)
        self._sent[peer] = size
        if len(self._sent) > PEERS_KNOWN_MAX:
            self._sent.popitem(last=False)
        return old
