"""The duty to delete, done: a replica is erased when its policy says so, and a destruction record tells of it.

Law: (1) a replica whose policy obliges its holder to delete is erased when the agreement is over, and within the term
that the duty gives from the last use; nobody has to ask. (2) The row says `deleting` before the key is destroyed and
`deleted` after, so a crash between the two is finished at the next start. (3) The record (grade, keys erased) is in our
log, and the other party is told by a signed notice.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from connector.custody import erasure, lineage
from connector.enforcement import performed
from connector.enforcement.rules import agreed
from connector.negotiation.notices import DELETION, Notice
from connector.negotiation.protocol.states import CONSUMER
from connector.runtime.alarm import Alarm
from connector.runtime.cancellation import cancel
from connector.store.errors import StoreClosed
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.vault import ReplicaRow, VaultState
from contracts import lifecycle
from policy.calendar import Duration
from policy.errors import PolicyError
from policy.world import Act

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.custody.secrets import Keys as Secrets
    from connector.negotiation.notices import Notices
    from connector.store.transaction import Tx
    from policy.model import Duty, Policy


AGAIN = timedelta(seconds=20)  # what could not be erased met a locked database or a disk: neither is over at once
BEGUN = "its deletion had begun"
_WHOLE = "SELECT id, agreement FROM replicas WHERE state NOT IN (?, ?)"
TIMES: Final = frozenset({"delayPeriod", "elapsedTime"})

log = logging.getLogger(__name__)


class Erasing:
    """Erases the replicas of one participant in time."""

    def __init__(self, core: Core, notices: Notices, secrets: Secrets) -> None:
        self._core, self._notices, self._secrets = core, notices, secrets
        self._alarm = Alarm(core.clock.now)
        self._worker: asyncio.Task[None] | None = None
        notices.takers[DELETION] = self._told

    def start(self) -> None:
        """Begin, first of all with what an earlier run left."""
        self._worker = asyncio.get_running_loop().create_task(self._run(), name="erasing")

    async def close(self) -> None:
        """Stop; what is due is erased by the next run."""
        await cancel(self._worker)

    def wake(self) -> None:
        """Look again: an agreement has ended, or a replica was used."""
        self._alarm.notice()

    async def _run(self) -> None:
        while True:
            due = await self._core.store.read(self._due)
            now = self._core.clock.now()
            left = [at for _, at, _ in due if at > now]
            left += [now + AGAIN for replica, at, reason in due if at <= now and not await self._done(replica, reason)]
            await self._alarm.sleep(min(left, default=None))

    async def _done(self, replica: str, reason: str) -> bool:
        """Erase a replica; return whether that went well."""
        try:
            await self.erase(replica, reason)
        except StoreClosed:
            return False
        except Exception:
            log.exception("the replica `%s` could not be erased, and is tried again", replica)
            return False
        return True

    def _due(self, tx: Tx) -> list[tuple[str, datetime, str]]:
        """Return (replica, when, why) of everything that has to be erased some time."""
        now = self._core.clock.now()
        begun = tx.find(ReplicaRow, "state = ?", (VaultState.DELETING,))
        found = [(replica.id, now, BEGUN) for replica in begun]
        for replica in tx.execute(_WHOLE, VaultState.DELETED, VaultState.DELETING):
            agreement = tx.get(AgreementRow, digest=replica["agreement"])
            if agreement is not None and agreement.role == CONSUMER:
                with suppress(PolicyError):
                    found += [(replica["id"], *one) for one in self._when(tx, agreement)]
        return found

    def _when(self, tx: Tx, agreement: AgreementRow) -> list[tuple[datetime, str]]:
        policy = agreed(agreement.terms, self._core.identity.did).compiled.policy
        duties = [
            duty for duty in _all(policy) if duty.action == performed.DELETE and _ours(duty, self._core.identity.did)
        ]
        if not duties:
            return []
        if agreement.state in lifecycle.OVER:
            return [(agreement.created, "the agreement has ended")]
        last = [act.at for act in performed.acts(tx, agreement.digest) if act.action == performed.READ]
        terms_of = [term.right[0] for duty in duties for term in duty.terms if term.left in TIMES]
        return [(span.after(last[-1]), "its time is over") for span in terms_of if last and isinstance(span, Duration)]

    async def erase(self, replica: str, reason: str) -> None:
        """Destroy the key of a replica, record it and tell the other party; repeating it is harmless."""
        store = self._core.store
        key = await store.write(lambda tx: erasure.begin(tx, ReplicaRow, replica))
        await asyncio.to_thread(self._secrets.destroy, key)
        await store.write(partial(self._finish, replica=replica, reason=reason))

    def _finish(self, tx: Tx, replica: str, reason: str) -> None:
        now = self._core.clock.now()
        fields = erasure.finish(tx, self._secrets, ReplicaRow, replica, rest_elsewhere=False)
        row = tx.get(ReplicaRow, id=replica)
        assert row is not None
        if handed := lineage.exported(tx, row.agreement):
            reason += f"; its keys were exported {handed} times before, and what was made of them is not in this record"
        told = {"grade": fields["grade"], "keysErased": fields["keysErased"], "reason": reason}
        link, digest = [row.edition, row.agreement], row.agreement
        self._core.evidence.record(tx, "replica.deleted", part=digest, link=link, fields=told, now=now)
        performed.record(tx, digest, f"delete/{replica}", Act(performed.DELETE, now, self._core.identity.did))
        agreement = tx.get(AgreementRow, digest=digest)
        if agreement is None:
            return
        words = f"the replica `{replica}` is deleted, grade {fields['grade']}: {reason}"
        self._notices.send(tx, agreement, Notice(DELETION, digest, words, now))

    def _told(self, tx: Tx, agreement: AgreementRow, notice: Notice, now: datetime) -> None:
        """Take the other party's word that it has deleted: what it says of itself, by its signature (grade B)."""
        key = f"delete/{notice.digest.hex()}"
        performed.record(tx, agreement.digest, key, Act(performed.DELETE, now, agreement.peer))


def _all(policy: Policy) -> list[Duty]:
    return [duty for rule in policy.permissions for duty in rule.duties] + list(policy.obligations)


def _ours(duty: Duty, me: str) -> bool:
    return duty.assignee in {None, me}
