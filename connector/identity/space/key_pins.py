"""Members whose DID document once bore their log's signature on every key that proves something: no other one counts.

Law: the key of a log is what the space has, or one that it signed in the same document (decision 0306), and where the
space does not know a member, what was kept. A pin is kept before
the document counts and is never taken back, so whoever only leads us to another document (who has the address, or its
TLS key) proves nothing in a member's name, not after a restart either. A member without a pin is of a version of before
or was never met: its document counts as it is, save where `trust.signed_keys` demands the signature of all members
(decision 0276).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from connector.runtime.errors import PenstockError, VerificationFailed
from connector.store.rows.console import FactRow
from ledger.space.document import SpaceError

if TYPE_CHECKING:
    from connector.identity.did import Document
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.store.store import Store
    from ledger.space.document import Member

PIN = "log's key that signs the keys of "

log = logging.getLogger(__name__)


class KeyPins:
    """Looks at each document of a peer before it counts; `demanded` says whether every member must sign."""

    def __init__(self, store: Store, space: SpaceView, peers: Peers, *, demanded: bool) -> None:
        self._store, self._space, self._demanded = store, space, demanded
        peers.check = self.check

    async def check(self, document: Document) -> None:
        """Pin a member whose log's key signed its keys; raises VerificationFailed where it must have and did not."""
        name, member = PIN + document.id, await self._member(document.id)
        row = await self._store.read(lambda tx: tx.get(FactRow, name=name))
        pinned = None if row is None else bytes.fromhex(row.value["key"])
        key, known = (pinned, {pinned}) if member is None else (member.log_key, member.log_keys)
        follows = document.log == key or any(one.key == key for one in document.log_former)
        holds = key is not None and follows and bool(document.token_keys) and not document.unvouched
        # who is no member is followed from key to key; of a member the space says when
        pin = (document.require("log") if member is None else member.log_key) if holds else pinned
        if pin is not None and pin != pinned:
            told = {"key": pin.hex()}
            await self._store.write(lambda tx: tx.put(FactRow(name=name, value=told)))
        elif not holds and key is not None and (pinned in known or self._demanded):
            log.warning("the document of `%s` names keys that its log's key has not signed", document.id)
            raise VerificationFailed(
                f"the document of `{document.id}` names keys that the key of its log has not signed",
                "its owner looks who answers at its address, and what its certificate says",
            )

    async def _member(self, did: str) -> Member | None:
        """Return whom the space has under this name; where that is not to be had, a pin is enough."""
        try:
            return await self._space.member(did)
        except (PenstockError, SpaceError) as fault:
            log.info("whether `%s` is a member is not known: %s", did[:200], fault)
            return None
