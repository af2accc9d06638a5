"""What a holder of replicas does for others: it says that it serves, and hands sealed pieces to whoever has a pass.

Law: (1) it serves only if its settings say so, and only whole replicas whose agreement stands. (2) A pass is believed
by the signature of the provider whom our own agreement on that edition names; nobody is asked, and nobody is named. (3)
What one pass may draw is bounded, because serving is a favour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.custody import idle, passes, replicas
from connector.negotiation.notices import SERVES, Notice
from connector.negotiation.protocol.states import CONSUMER
from connector.runtime.errors import Absent, PaymentRefused
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.vault import ReplicaRow, VaultState
from contracts.typed_data import Agreement
from contracts.typed_json import from_json

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.custody.passes import Pass
    from connector.custody.replicas import WholeReplica
    from connector.licence.standing import Standing
    from connector.negotiation.notices import Notices
    from connector.store.transaction import Tx


# an edition twice over: once, and what broke off on the way
DRAWN_EDITIONS = 2
# passes whose bytes are counted; a provider gives a buyer one for each time of PASS_SECONDS
PASSES_KEPT = 4_096


class Holding:
    """The replicas of one participant, as others may draw them."""

    def __init__(self, core: Core, notices: Notices, standing: Standing) -> None:
        self._core, self._notices, self._standing = core, notices, standing
        self._drawn: dict[bytes, int] = {}

    def say(self, tx: Tx, digest: str, now: datetime) -> None:
        """Tell the provider that the whole replica under an agreement is here and served, if it is."""
        if not self._core.settings.vault.serve:
            return
        agreement, replica = tx.get(AgreementRow, digest=digest), replicas.under(tx, digest)
        if agreement is None or replica is None or replica.state != VaultState.SEALED:
            return
        words = f"the edition `{replica.edition}` is held whole, and served to who has your pass"
        self._notices.send(tx, agreement, Notice(SERVES, digest, words, now))

    async def admit(self, edition: str, header: str) -> tuple[Pass, WholeReplica]:
        """Return the pass in a header and the replica it opens; raises Unproven, Absent to whom nothing is served."""
        now = self._core.clock.now()
        told = passes.read(header, self._core.identity.did, now)
        if told.edition.hex() != edition or not self._core.settings.vault.serve:
            raise Absent("nothing is served under this pass here", passes.AGAIN)
        found = await self._core.store.read(lambda tx: self._served(tx, told, now))
        if found is None:
            raise Absent(f"no whole replica of `{edition[:64]}` is served here", passes.AGAIN)
        if told.nonce not in self._drawn:
            await self._core.store.write(lambda tx: idle.note_served(tx, edition, now))
        return told, found

    def charge(self, told: Pass, replica: ReplicaRow, length: int) -> None:
        """Count what is drawn under a pass; raises PaymentRefused over its bound."""
        drawn = self._drawn.pop(told.nonce, 0) + length
        if drawn > DRAWN_EDITIONS * int(replica.header["sealedBytes"]):
            self._drawn[told.nonce] = drawn
            raise PaymentRefused("this pass has drawn its edition twice over", passes.AGAIN)
        while len(self._drawn) >= PASSES_KEPT:
            self._drawn.pop(next(iter(self._drawn)))
        self._drawn[told.nonce] = drawn

    def _served(self, tx: Tx, told: Pass, now: datetime) -> WholeReplica | None:
        """Return a whole replica of the edition under an agreement that stands, with the provider who signed."""
        where = "edition = ? and state = ?"
        for replica in tx.find(ReplicaRow, where, (told.edition.hex(), VaultState.SEALED)):
            agreement = tx.get(AgreementRow, digest=replica.agreement)
            if agreement is None or agreement.role != CONSUMER or self._standing.over(tx, agreement, now):
                continue
            if from_json(Agreement, agreement.agreement).provider == told.provider:
                return replicas.whole(tx, replica)
        return None
