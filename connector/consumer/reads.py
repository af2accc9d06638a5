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
from connector.enforcement.context import PURPOSE, QUERY, measured, share_of
from connector.enforcement.person import words_of
from connector.enforcement.rules import agreed
from connector.enforcement.ruling import why_not
from connector.enforcement.use import PART, RELEASE, Link, Use
from connector.licence.licensed import facts_of, rows_of
from connector.runtime.errors import Absent, Conflict, NotPermitted
from connector.store.rows.agreement import AcquisitionRow, AgreementRow
from connector.store.rows.use import ReadRow, ReadState
from contracts.canonical import sha
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.enforcement.enforce import Enforcement
    from connector.licence.duties import Duties
    from connector.licence.erasing import Erasing
    from connector.licence.standing import Standing
    from connector.store.rows.vault import ReplicaRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


class Reads:
    """Openings of what is here: decided, counted, recorded."""

    def __init__(
        self, core: Core, standing: Standing, enforcement: Enforcement, duties: Duties, erasing: Erasing
    ) -> None:
        self._core, self._standing, self._enforcement = core, standing, enforcement
        self._duties, self._erasing = duties, erasing

    async def begin(self, key: str, got: AcquisitionRow, purpose: str, said: Mapping[str, str]) -> ReadRow:
        """Return the row of the opening `key` of an acquisition, made if it is new.

        `said` is what is known of it beside its purpose (`connector.enforcement.person`). Raises Conflict,
        NotPermitted, and Absent where nothing is delivered.
        """
        now = self._core.clock.now()

        def act(tx: Tx) -> ReadRow:
            known = tx.get(ReadRow, id=key)
            if known is None:
                agreement = tx.get(AgreementRow, digest=got.its_agreement)
                if agreement is not None and agreement.terms and agreement.terms["tier"] == COMPUTED:
                    raise Absent(
                        f"`{got.product[:100]}` stays at its provider: there is nothing of it here to open",
                        'penstock query ID "select …" asks it where it is',
                    )
                known = ReadRow(
                    id=key,
                    acquisition=got.id,
                    agreement=got.its_agreement,
                    purpose=purpose,
                    said=dict(said),
                    state=ReadState.ASKED,
                    created=now,
                )
                tx.insert(known)
            before = (known.acquisition, known.purpose, words_of(known.said), (known.said or {}).get(QUERY))
            if before != (got.id, purpose, words_of(said), said.get(QUERY)):
                raise Conflict(f"the opening `{key[:100]}` was for something else", "choose another id")
            return known

        row = await self._core.store.write(act)
        if row.state == ReadState.DENIED:
            raise NotPermitted(row.reason or "")
        return row

    async def decide(self, row: ReadRow, *, keys_leave: bool = False, leaves: bool = False) -> int:
        """Decide an opening by our own agreement's policy and count it; returns its number, raises NotPermitted.

        With `keys_leave` it is one whose keys are handed out: that must be permitted, too, and is recorded. `leaves`:
        what a statement finds goes into a file, which must be permitted alike.
        """
        try:
            number = await self._core.store.write(
                lambda tx: self._decide(tx, row, keys_leave=keys_leave, leaves=leaves)
            )
        except ChannelFault as failure:
            await self._duties.note(failure, [row.agreement])
            raise
        if isinstance(number, str):
            raise NotPermitted(number)
        return number

    def _decide(self, tx: Tx, row: ReadRow, *, keys_leave: bool, leaves: bool) -> int | str:
        """Return the opening's number, or the reasons of a denial."""
        agreement = tx.get(AgreementRow, digest=row.agreement)
        assert agreement is not None
        if over := self._standing.over(tx, agreement, self._core.clock.now()):
            return over
        replica = replicas.seen(tx, row.agreement)
        assert replica is not None, "what is opened has its replica"
        table = replicas.table(tx, replica)
        terms, now = agreement.signed_terms, self._core.clock.now()
        size = tally.plain_bytes(table, rows_of(terms, table))
        share = share_of(size, table.plain_bytes())
        said = measured({**(row.said or {}), PURPOSE: row.purpose}, size, share)
        under = self._under(row, agreement)
        opening = Use((under,), "read", said, RELEASE, "opening", taker=row.id)
        export = replace(opening, action="download", place="export", stage=PART, draws=False)
        if refused := self._enforcement.at_once(tx, (export, opening) if keys_leave or leaves else (opening,), now):
            return refused
        tx.update(ReadRow, {"id": row.id}, state=ReadState.DECIDED)
        number = 1 + len(tx.find(ReadRow, "agreement = ? and state = ?", (row.agreement, ReadState.DONE)))
        if keys_leave:
            link = [replica.edition, row.agreement]
            told = {
                "opening": str(number),
                "purpose": row.purpose,
                "rows": rows_of(agreement.signed_terms, table).json(),
            }
            self._core.evidence.record(tx, lineage.EXPORTED, part=row.agreement, link=link, fields=told, now=now)
        return number

    async def over(self, row: ReadRow) -> str:
        """Return why nothing may be read under a row's agreement any more, empty while it may."""

        def act(tx: Tx) -> str:
            agreement, now = tx.get(AgreementRow, digest=row.agreement), self._core.clock.now()
            assert agreement is not None
            if over := self._standing.over(tx, agreement, now):
                return over
            ruling = self._standing.look(tx, agreement, now).ruling
            return why_not(ruling)

        return await self._core.store.read(act)

    async def stop(self, row: ReadRow) -> None:
        """Note that an opening came to no end: it stays counted, and its time is metered no more."""
        await self._core.store.write(lambda tx: uses.end(tx, row.id, self._core.clock.now()))

    def _under(self, row: ReadRow, agreement: AgreementRow) -> Link:
        """Return the agreement that an opening is under."""
        terms, me, request = agreement.signed_terms, self._core.identity.did, sha({"opening": row.id}).hex()
        rules, tier = agreed(terms, me), terms["tier"]
        return Link(row.agreement, terms["product"], agreement.peer, me, rules, request, tier, facts_of(terms))

    async def finish(
        self, row: ReadRow, number: int, size: int, files: list[str], renamed: Mapping[str, str] | None = None
    ) -> JsonObject:
        """Record that everything was opened, `size` plain bytes, to `files`; returns what is told of it."""

        def act(tx: Tx) -> JsonObject:
            replica = replicas.seen(tx, row.agreement)
            assert replica is not None
            self._record(tx, row, replica, number, size)
            return settle(tx, row, number=number, size=size, files=files, charged=0, renamed=renamed)

        return await self._core.store.write(act)

    def _record(self, tx: Tx, row: ReadRow, replica: ReplicaRow, number: int, size: int) -> None:
        reader = self._core.identity.keys.delivery_public.hex()
        told = {"transfer": row.acquisition, "opening": str(number), "readerKey": reader, "purpose": row.purpose}
        link, now = [row.acquisition, str(number)], self._core.clock.now()
        agreement = tx.get(AgreementRow, digest=row.agreement)
        assert agreement is not None
        rows = rows_of(agreement.signed_terms, replicas.table(tx, replica)).json()
        record = self._core.evidence.record
        asked = (row.said or {}).get(QUERY)
        statement = {} if asked is None else {"statement": sha({"query": asked}).hex()}
        started = {**told, "rows": rows, "bytes": str(size), **statement}
        record(tx, "opening.started", part=row.agreement, link=link, fields=started, now=now)
        uses.end(tx, row.id, now)
        performed.record(tx, row.agreement, row.id, performed.read(self._core.identity.did, now))
        tx.after(self._erasing.wake)
        ended = {**told, "duration": str(max(int((now - row.created).total_seconds()), 0) if asked else 0)}
        record(tx, "opening.ended", part=row.agreement, link=link, fields=ended, now=now)

    async def deny(self, row: ReadRow, refusal: NotPermitted) -> None:
        """Keep the reasons of a denial: asked again under the same id, it is the same."""
        reason = str(refusal)
        changes = {"state": ReadState.DENIED, "reason": reason}
        await self._core.store.write(lambda tx: tx.update(ReadRow, {"id": row.id}, **changes))


def settle(
    tx: Tx,
    row: ReadRow,
    *,
    number: int,
    size: int,
    files: list[str],
    charged: int,
    renamed: Mapping[str, str] | None = None,
) -> JsonObject:
    """Keep what an opening brought, so that asking again costs nothing; returns it.

    `renamed` are the files that are called otherwise here, told name → name here.
    """
    result = {
        "id": row.id,
        "acquisition": row.acquisition,
        "number": number,
        "bytes": size,
        "files": files,
        "renamed": renamed or {},
        "charged": charged,
        "purpose": row.purpose,
    }
    tx.update(ReadRow, {"id": row.id}, state=ReadState.DONE, result=result)
    return result
