"""Openings in the tier kept: the keys are here, so our own connector decides and counts, as the tier's label says.

Law: an opening is named by its caller; asked again it is not counted again. What was decided is recorded before a byte
of plaintext leaves memory.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.channel import tally
from connector.channel.errors import ChannelFault
from connector.custody import lineage, replicas
from connector.enforcement import performed, uses
from connector.enforcement.context import PURPOSE, measured
from connector.enforcement.rules import agreed
from connector.enforcement.use import PART, RELEASE, Link, Use
from connector.licence.licensed import rows_of
from connector.runtime.errors import Conflict, NotPermitted
from contracts.canonical import sha

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.enforcement.enforce import Enforcement
    from connector.licence.duties import Duties
    from connector.licence.erasing import Erasing
    from connector.licence.standing import Standing
    from connector.store.row import Row
    from connector.store.rows.vault import ReplicaRow
    from connector.store.transaction import Tx

# `decided`: allowed and counted by us; what was written since is ours
ASKED, DECIDED, DONE, DENIED = "asked", "decided", "done", "denied"


class Reads:
    """Openings of what is here: decided, counted, recorded."""

    def __init__(
        self, core: Core, standing: Standing, enforcement: Enforcement, duties: Duties, erasing: Erasing
    ) -> None:
        self._core, self._standing, self._enforcement = core, standing, enforcement
        self._duties, self._erasing = duties, erasing

    async def begin(self, key: str, got: Row, purpose: str) -> Row:
        """Return the row of the opening `key` of an acquisition, made if it is new; raises Conflict, NotPermitted."""
        now = self._core.clock.now()

        def act(tx: Tx) -> Row:
            if tx.get("reads", id=key) is None:
                about = {"acquisition": got["id"], "agreement": got["agreement"], "purpose": purpose}
                tx.insert("reads", id=key, **about, state=ASKED, created=now)
            known = tx.get("reads", id=key)
            assert known is not None
            if (known["acquisition"], known["purpose"]) != (got["id"], purpose):
                raise Conflict(f"the opening `{key[:100]}` was for something else", "choose another id")
            return known

        row = await self._core.store.write(act)
        if row["state"] == DENIED:
            raise NotPermitted(row["reason"])
        return row

    async def decide(self, row: Row, *, keys_leave: bool = False) -> int:
        """Decide an opening by our own agreement's policy and count it; returns its number, raises NotPermitted.

        With `keys_leave` it is one whose keys are handed out: that must be permitted, too, and is recorded.
        """
        try:
            number = await self._core.store.write(lambda tx: self._decide(tx, row, keys_leave=keys_leave))
        except ChannelFault as failure:
            await self._duties.note(failure, [row["agreement"]])
            raise
        if isinstance(number, str):
            raise NotPermitted(number)
        return number

    def _decide(self, tx: Tx, row: Row, *, keys_leave: bool) -> int | str:
        """Return the opening's number, or the reasons of a denial."""
        agreement = tx.get("agreements", digest=row["agreement"])
        assert agreement is not None
        if over := self._standing.over(tx, agreement, self._core.clock.now()):
            return over
        replica = replicas.seen(tx, row["agreement"])
        assert replica is not None, "what is opened has its replica"
        table = replicas.table(tx, replica)
        size = tally.plain_bytes(table, rows_of(agreement["terms"], table))
        said = measured({PURPOSE: row["purpose"]}, size)
        terms, me, now = agreement["terms"], self._core.identity.did, self._core.clock.now()
        request = sha({"opening": row["id"]}).hex()
        under = Link(row["agreement"], terms["product"], agreement["peer"], me, agreed(terms, me), request)
        opening = Use((under,), "read", said, RELEASE, "opening", taker=row["id"])
        export = replace(opening, action="download", place="export", stage=PART, draws=False)
        if refused := self._enforcement.at_once(tx, (export, opening) if keys_leave else (opening,), now):
            return refused
        tx.update("reads", {"id": row["id"]}, state=DECIDED)
        number = 1 + len(tx.find("reads", "agreement = ? and state = ?", (row["agreement"], DONE)))
        if keys_leave:
            link = [replica.edition, row["agreement"]]
            told = {
                "opening": str(number),
                "purpose": row["purpose"],
                "rows": rows_of(agreement["terms"], table).json(),
            }
            self._core.evidence.record(tx, lineage.EXPORTED, part=row["agreement"], link=link, fields=told, now=now)
        return number

    async def finish(
        self, row: Row, number: int, size: int, files: list[str], renamed: Mapping[str, str] | None = None
    ) -> Row:
        """Record that everything was opened, `size` plain bytes, to `files`; returns what is told of it."""

        def act(tx: Tx) -> Row:
            replica = replicas.seen(tx, row["agreement"])
            assert replica is not None
            self._record(tx, row, replica, number, size)
            return settle(tx, row, number=number, size=size, files=files, charged=0, renamed=renamed)

        return await self._core.store.write(act)

    def _record(self, tx: Tx, row: Row, replica: ReplicaRow, number: int, size: int) -> None:
        reader = self._core.identity.keys.delivery_public.hex()
        told = {"transfer": row["acquisition"], "opening": str(number), "readerKey": reader, "purpose": row["purpose"]}
        link, now = [row["acquisition"], str(number)], self._core.clock.now()
        agreement = tx.get("agreements", digest=row["agreement"])
        assert agreement is not None
        rows = rows_of(agreement["terms"], replicas.table(tx, replica)).json()
        record = self._core.evidence.record
        started = {**told, "rows": rows, "bytes": str(size)}
        record(tx, "opening.started", part=row["agreement"], link=link, fields=started, now=now)
        uses.end(tx, row["id"], now)
        performed.record(tx, row["agreement"], row["id"], performed.read(self._core.identity.did, now))
        tx.after(self._erasing.wake)
        ended = {**told, "duration": "0"}
        record(tx, "opening.ended", part=row["agreement"], link=link, fields=ended, now=now)

    async def deny(self, row: Row, refusal: NotPermitted) -> None:
        """Keep the reasons of a denial: asked again under the same id, it is the same."""
        reason = str(refusal)
        await self._core.store.write(lambda tx: tx.update("reads", {"id": row["id"]}, state=DENIED, reason=reason))


def settle(
    tx: Tx,
    row: Row,
    *,
    number: int,
    size: int,
    files: list[str],
    charged: int,
    renamed: Mapping[str, str] | None = None,
) -> Row:
    """Keep what an opening brought, so that asking again costs nothing; returns it.

    `renamed` are the files that are called otherwise here, told name → name here.
    """
    result = {
        "id": row["id"],
        "acquisition": row["acquisition"],
        "number": number,
        "bytes": size,
        "files": files,
        "renamed": renamed or {},
        "charged": charged,
        "purpose": row["purpose"],
    }
    tx.update("reads", {"id": row["id"]}, state=DONE, result=result)
    return result
