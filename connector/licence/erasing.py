# ruff: noqa: RUF001 (Chinese is written with full-width marks)
"""What is over is destroyed, and a destruction record tells of it: keys, sealed bytes, plain copies in folders of ours.

Law: (1) a replica is erased when its agreement is over (revoked, lapsed), and where its policy obliges its holder to
delete, within the term from the last use; nobody has to ask. (2) The row says `deleting` before the key is destroyed
and `deleted` after, so a crash between the two is finished at the next start. (3) What is recorded was looked for
afterwards: the key and the copies of ours are not there any more; what stays is said with its reason
(`connector.custody.remains`). (4) The record is in our log, and the other party is told by a signed notice, which its
own tables keep.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.custody import erasure, lineage, remains
from connector.enforcement import performed
from connector.enforcement.rules import agreed
from connector.negotiation.notices import DELETION, Notice
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import CONSUMER
from connector.runtime.alarm import Alarm
from connector.runtime.cancellation import cancel
from connector.store.errors import StoreClosed
from connector.store.rows.agreement import IS_OVER, AgreementRow
from connector.store.rows.vault import DestructionRow, ReplicaRow, VaultState
from contracts import lifecycle
from policy.calendar import Duration
from policy.errors import PolicyError
from policy.world import Act

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.custody.remains import Copies
    from connector.custody.secrets import Keys as Secrets
    from connector.negotiation.notices import Notices
    from connector.store.transaction import Tx
    from policy.model import Duty, Policy


AGAIN = timedelta(seconds=20)  # what could not be erased met a locked database or a disk: neither is over at once
LATER = timedelta(hours=1)  # sealed bytes without a key that something still needs
BEGUN = "its deletion had begun"
ENDED: Final = "the agreement has ended"
ERASED: Final = "erased"
COPY: Final = "copy"  # in place of a replica's id: the files of a plain copy
_LEFT = "SELECT id, path FROM replicas WHERE state = ?"
# what may be due: of agreements that are over, and of those under whose terms something that was read is to be deleted
_WHOLE = (
    "SELECT id, agreement FROM replicas WHERE state NOT IN (?, ?) AND "  # noqa: S608 - constants of ours
    f"(agreement IN (SELECT digest FROM agreements WHERE {IS_OVER}) "
    f"OR (agreement IN (SELECT agreement FROM performed WHERE action = '{performed.READ}') AND EXISTS "
    "(SELECT 1 FROM agreements WHERE digest = replicas.agreement AND CAST(terms AS TEXT) LIKE ?)))"
)
_DELETES = f"%{performed.DELETE}%"
_PLAIN = (
    f"SELECT digest FROM agreements WHERE role = ? AND {IS_OVER}"  # noqa: S608 - constants of ours
    " AND NOT EXISTS (SELECT 1 FROM destructions WHERE destructions.agreement = agreements.digest)"
)
TIMES: Final = frozenset({"delayPeriod", "elapsedTime"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """What has to be erased some time: a replica by its id, or the plain copy of an agreement by its digest."""

    id: str
    at: datetime
    reason: str
    plain: bool = False


class Erasing:
    """Erases what one participant holds of others, in time."""

    def __init__(self, core: Core, notices: Notices, secrets: Secrets, blobs: Blobs) -> None:
        self._core, self._notices, self._secrets, self._blobs = core, notices, secrets, blobs
        self._alarm = Alarm(core.clock.now)
        self._worker: asyncio.Task[None] | None = None
        # erased replicas whose sealed bytes are still here, because something needed them
        self._left: set[str] = set()
        opened = core.settings.console.opened
        self._folders = (Path(opened),) if opened else ()
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
        self._left = await self._core.store.read(self._remaining)
        while True:
            due = await self._core.store.read(self._due)
            now = self._core.clock.now()
            left = [one.at for one in due if one.at > now]
            left += [now + AGAIN for one in due if one.at <= now and not await self._done(one)]
            if self._left and not await self._swept():
                left.append(now + LATER)
            await self._alarm.sleep(min(left, default=None))

    async def _done(self, due: Due) -> bool:
        """Erase what is due; return whether that went well."""
        try:
            if due.plain:
                await self._erase_copy(due.id, due.reason)
            else:
                await self.erase(due.id, due.reason)
        except StoreClosed:
            return False
        except Exception:
            log.exception("what is held by `%s` could not be erased, and is tried again", due.id)
            return False
        return True

    def _due(self, tx: Tx) -> list[Due]:
        """Return everything that has to be erased some time."""
        now = self._core.clock.now()
        begun = tx.find(ReplicaRow, "state = ?", (VaultState.DELETING,))
        found = [Due(replica.id, now, BEGUN) for replica in begun]
        for replica in tx.execute(_WHOLE, VaultState.DELETED, VaultState.DELETING, _DELETES):
            agreement = tx.get(AgreementRow, digest=replica["agreement"])
            if agreement is not None and agreement.role == CONSUMER:
                with suppress(PolicyError):
                    found += [Due(replica["id"], *one) for one in self._when(tx, agreement)]
        copies = [row["digest"] for row in tx.execute(_PLAIN, CONSUMER)]
        return found + [Due(digest, now, ENDED, plain=True) for digest in copies if self._copy(digest).is_dir()]

    def _when(self, tx: Tx, agreement: AgreementRow) -> list[tuple[datetime, str]]:
        if agreement.state in lifecycle.OVER:
            return [(agreement.created, ENDED)]
        policy = agreed(agreement.terms, self._core.identity.did).compiled.policy
        duties = [
            duty for duty in _all(policy) if duty.action == performed.DELETE and _ours(duty, self._core.identity.did)
        ]
        last = [act.at for act in performed.acts(tx, agreement.digest) if act.action == performed.READ]
        terms_of = [term.right[0] for duty in duties for term in duty.terms if term.left in TIMES]
        return [(span.after(last[-1]), "its time is over") for span in terms_of if last and isinstance(span, Duration)]

    async def erase(self, replica: str, reason: str) -> None:
        """Destroy the key of a replica and what else is ours of it, record it, tell the other party; repeatable."""
        store = self._core.store
        key, copies = await store.write(partial(self._begin, replica=replica))
        await asyncio.to_thread(self._secrets.destroy, key)
        gone = await asyncio.to_thread(remains.remove, copies.ours)
        await store.write(partial(self._finish, replica=replica, reason=reason, copies=copies, gone=gone))

    def _begin(self, tx: Tx, replica: str) -> tuple[str, Copies]:
        key = erasure.begin(tx, ReplicaRow, replica)
        row = tx.get(ReplicaRow, id=replica)
        assert row is not None, "its deletion has begun"
        return key, remains.copies(tx, row.agreement, self._folders)

    def _finish(self, tx: Tx, replica: str, reason: str, copies: Copies, gone: int) -> None:
        fields = erasure.finish(tx, self._secrets, ReplicaRow, replica, rest_elsewhere=False)
        row = tx.get(ReplicaRow, id=replica)
        assert row is not None
        if why := remains.sealed(tx, self._blobs.folder, row):
            self._left.add(replica)
        if handed := lineage.exported(tx, row.agreement):
            reason += f"; its keys were exported {handed} times before, and what was made of them is not in this record"
        told = {
            "grade": fields["grade"],
            "keysErased": fields["keysErased"],
            "reason": reason,
            "sealedBytes": f"kept without a key: {why}" if why else ERASED,
        }
        self._record(tx, row.agreement, row.edition, replica, told | _counted(copies, gone))

    # ---- a plain copy has no key: its files go

    def _copy(self, agreement: str) -> Path:
        return self._blobs.folder / f"{agreement}{remains.COPY_SUFFIX}"

    async def _erase_copy(self, agreement: str, reason: str) -> None:
        store, folder = self._core.store, self._copy(agreement)
        copies = await store.read(lambda tx: remains.copies(tx, agreement, self._folders))
        gone = await asyncio.to_thread(remains.remove, (*copies.ours, folder))
        if folder.exists():
            raise OSError(f"`{folder}` could not be removed")
        await store.write(partial(self._finish_copy, agreement=agreement, reason=reason, copies=copies, gone=gone - 1))

    def _finish_copy(self, tx: Tx, agreement: str, reason: str, copies: Copies, gone: int) -> None:
        row = tx.get(AgreementRow, digest=agreement)
        if row is not None and row.terms is not None and row.terms["tier"] == PLAIN:
            told = {"grade": "B", "reason": reason, **_counted(copies, gone)}
            self._record(tx, agreement, row.signed_edition, COPY, told)

    def _record(self, tx: Tx, agreement: str, edition: str, replica: str, told: Mapping[str, str]) -> None:
        """Write what was destroyed into the log and the tables, and tell the other party."""
        now, me = self._core.clock.now(), self._core.identity.did
        if tx.get(DestructionRow, agreement=agreement, replica=replica) is not None:
            return
        link = [edition, agreement]
        self._core.evidence.record(tx, "replica.deleted", part=agreement, link=link, fields=dict(told), now=now)
        performed.record(tx, agreement, f"delete/{replica}", Act(performed.DELETE, now, me))
        words = _words(replica, told)
        tx.insert(DestructionRow(agreement=agreement, replica=replica, holder=me, text=words, at=now))
        row = tx.get(AgreementRow, digest=agreement)
        if row is not None:
            self._notices.send(tx, row, Notice(DELETION, agreement, words, now))

    def _told(self, tx: Tx, agreement: AgreementRow, notice: Notice, now: datetime) -> None:
        """Take the other party's word that it has deleted: what it says of itself, by its signature (grade B)."""
        digest = notice.digest.hex()
        performed.record(tx, agreement.digest, f"delete/{digest}", Act(performed.DELETE, now, agreement.peer))
        tx.put(
            DestructionRow(
                agreement=agreement.digest, replica=digest, holder=agreement.peer, text=notice.text, at=notice.at
            )
        )

    # ---- sealed bytes that something needed

    def _remaining(self, tx: Tx) -> set[str]:
        rows = tx.execute(_LEFT, VaultState.DELETED)
        return {row["id"] for row in rows if (self._blobs.folder / row["path"]).exists()}

    async def _swept(self) -> bool:
        """Remove the sealed bytes of erased replicas that nothing needs any more; return whether none are left."""
        await self._core.store.write(self._sweep)
        return not self._left

    def _sweep(self, tx: Tx) -> None:
        for key in tuple(self._left):
            row = tx.get(ReplicaRow, id=key)
            if row is None or not remains.sealed(tx, self._blobs.folder, row):
                self._left.discard(key)


def _counted(copies: Copies, gone: int) -> dict[str, str]:
    """Return how many plain files are gone, and how many are where this program removes nothing, or could not."""
    return {"copiesErased": str(gone), "copiesElsewhere": str(copies.elsewhere + max(len(copies.ours) - gone, 0))}


def _words(replica: str, told: Mapping[str, str]) -> str:
    what = "the plain copy" if replica == COPY else f"the replica `{replica}`"
    sealed = f"; sealed bytes {told['sealedBytes']}" if "sealedBytes" in told else ""
    gone, left, grade = told["copiesErased"], told["copiesElsewhere"], told["grade"]
    copies = f"; plain files erased: {gone}, not under our control: {left}"
    chinese = f"（已销毁，等级 {grade}；已删除明文文件 {gone} 个，不受我方控制 {left} 个）"
    return f"{what} is deleted, grade {grade}: {told['reason']}{sealed}{copies} {chinese}"


def _all(policy: Policy) -> list[Duty]:
    return [duty for rule in policy.permissions for duty in rule.duties] + list(policy.obligations)


def _ours(duty: Duty, me: str) -> bool:
    return duty.assignee in {None, me}
