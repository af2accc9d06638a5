"""Openings in the tier kept: the keys are here, so our own connector decides and counts, as the tier's label says.

Law: (1) an opening is named by its caller; asked again it is not counted again. What was decided is recorded before a
byte of plaintext leaves memory. (2) Of what is read together all is decided and counted in one transaction, or nothing
is: where one refuses, that alone is recorded. (3) The record of a joined opening tells nothing of the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from connector.channel import tally
from connector.channel.errors import ChannelFault
from connector.consumer.steps import is_here
from connector.custody import lineage, replicas
from connector.custody.joined import BLIND, JOINED
from connector.enforcement import performed, uses
from connector.enforcement.context import PURPOSE, QUERY, measured, share_of
from connector.enforcement.person import words_of
from connector.enforcement.rules import agreed
from connector.enforcement.ruling import why_not
from connector.enforcement.use import PART, RELEASE, Link, Use
from connector.licence import halts
from connector.licence.licensed import facts_of, rows_of
from connector.runtime.errors import Absent, Conflict, NotPermitted
from connector.store.rows.agreement import AcquisitionRow, AgreementRow
from connector.store.rows.use import ReadRow, ReadState
from contracts.canonical import sha
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.core.core import Core
    from connector.enforcement.enforce import Enforcement
    from connector.licence.duties import Duties
    from connector.licence.erasing import Erasing
    from connector.licence.standing import Standing
    from connector.store.rows.vault import ReplicaRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# what an opening may be beside a reading → the action that must be permitted, and the place of that decision
EXPORT: Final = ("download", "export")
JOINING: Final = ("aggregate", "joining")


class Reads:
    """Openings of what is here: decided, counted, recorded."""

    def __init__(
        self, core: Core, standing: Standing, enforcement: Enforcement, duties: Duties, erasing: Erasing
    ) -> None:
        self._core, self._standing, self._enforcement = core, standing, enforcement
        self._duties, self._erasing = duties, erasing

    async def got(self, named: str) -> AcquisitionRow:
        """Return the acquisition of this id, or the newest that led to this agreement; raises Absent."""
        found = await self._core.store.read(
            lambda tx: (
                tx.find(AcquisitionRow, "id = ?", (named,))
                or tx.find(AcquisitionRow, "agreement = ?", (named,), "created desc", 1)
            )
        )
        got = found[0] if found else None
        if got is None or not is_here(got):
            raise Absent(f"`{named[:100]}` is not here, or not complete", "penstock get, first")
        return got

    async def begin(self, key: str, got: AcquisitionRow, purpose: str, said: Mapping[str, str]) -> ReadRow:
        """Return the row of the opening `key` of an acquisition, made if it is new.

        `said` is what is known of it beside its purpose (`connector.enforcement.person`). Raises Conflict,
        NotPermitted, and Absent where nothing is delivered.
        """
        now = self._core.clock.now()

        def act(tx: Tx) -> ReadRow:
            known = tx.get(ReadRow, id=key)
            if halted := halts.why(tx, got.its_agreement):
                raise NotPermitted(halted, halts.HINT)
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
            if _wish(known.acquisition, known.purpose, known.said) != _wish(got.id, purpose, said):
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
        now = self._core.clock.now()
        uses = self._uses(tx, row, (EXPORT,) if keys_leave or leaves else (), now)
        if isinstance(uses, str):
            return uses
        if refused := self._enforcement.at_once(tx, uses, now):
            return refused
        number = _counted(tx, row)
        if keys_leave:
            replica, agreement = replicas.seen(tx, row.agreement), tx.get(AgreementRow, digest=row.agreement)
            assert replica is not None
            assert agreement is not None
            link = [replica.edition, row.agreement]
            rows = rows_of(agreement.signed_terms, replicas.table(tx, replica)).json()
            told = {"opening": str(number), "purpose": row.purpose, "rows": rows}
            self._core.evidence.record(tx, lineage.EXPORTED, part=row.agreement, link=link, fields=told, now=now)
        return number

    def _uses(self, tx: Tx, row: ReadRow, beside: Sequence[tuple[str, str]], now: datetime) -> tuple[Use, ...] | str:
        """Return what an opening is decided as, the reading last, or why its agreement is over."""
        agreement = tx.get(AgreementRow, digest=row.agreement)
        assert agreement is not None
        if over := self._standing.over(tx, agreement, now):
            return over
        replica = replicas.seen(tx, row.agreement)
        assert replica is not None, "what is opened has its replica"
        table, said = replicas.table(tx, replica), {**(row.said or {}), PURPOSE: row.purpose}
        size = tally.plain_bytes(table, rows_of(agreement.signed_terms, table))
        if JOINED in said:  # the statement names what is another's
            del said[QUERY]
        known = measured(said, size, share_of(size, table.plain_bytes()))
        opening = Use((self._under(row, agreement),), "read", known, RELEASE, "opening", taker=row.id)
        parts = (replace(opening, action=action, place=place, stage=PART, draws=False) for action, place in beside)
        return (*parts, opening)

    async def decide_together(self, rows: Mapping[str, ReadRow], *, leaves: bool) -> dict[str, int]:
        """Decide and count openings that are read together, each by its own agreement; returns their numbers.

        Each must permit to be read, and to be joined with others. Raises NotPermitted, which says who refuses and why.
        """
        begun: list[str] = []
        try:
            numbers = await self._core.store.write(lambda tx: self._decide_together(tx, rows, begun, leaves=leaves))
        except ChannelFault as failure:
            await self._duties.note(failure, begun[-1:])
            raise
        if isinstance(numbers, str):
            raise NotPermitted(numbers, "nothing was read or counted; ask without what refuses")
        return numbers

    def _decide_together(
        self, tx: Tx, rows: Mapping[str, ReadRow], begun: list[str], *, leaves: bool
    ) -> dict[str, int] | str:
        now, beside = self._core.clock.now(), (JOINING, *((EXPORT,) if leaves else ()))
        asked, refused = dict[str, tuple[Use, ...]](), dict[str, str]()
        for name, row in rows.items():
            uses = self._uses(tx, row, beside, now)
            if isinstance(uses, str):
                refused[name] = uses
            elif any(self._enforcement.foresee(tx, use, now) for use in uses):
                refused[name] = self._enforcement.at_once(tx, uses, now)
                assert refused[name], "it was foreseen to be refused"
            else:
                asked[name] = uses
        if refused:
            return "; ".join(
                f"`{name or rows[name].acquisition}` is not joined: {why}" for name, why in refused.items()
            )
        for name, uses in asked.items():
            begun.append(rows[name].agreement)
            why = self._enforcement.at_once(tx, uses, now)
            assert not why, "it was foreseen to be permitted"
        return {name: _counted(tx, row) for name, row in rows.items()}

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

    async def halted(self, row: ReadRow) -> str:
        """Return why the exchange has nothing used under a row's agreement, empty while it has not."""
        return await self._core.store.read(lambda tx: halts.why(tx, row.agreement))

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
        [told] = await self.finish_all([Read(row, number, size, files, renamed)])
        return told

    async def finish_all(self, ended: Sequence[Read]) -> list[JsonObject]:
        """Record, of all of them or of none, that they were read; returns what is told of each."""

        def act(tx: Tx) -> list[JsonObject]:
            return [self._finish(tx, one) for one in ended]

        return await self._core.store.write(act)

    def _finish(self, tx: Tx, read: Read) -> JsonObject:
        replica = replicas.seen(tx, read.row.agreement)
        assert replica is not None
        self._record(tx, read.row, replica, read.number, read.size)
        how = {"number": read.number, "size": read.size, "charged": 0}
        return settle(tx, read.row, **how, files=read.files, renamed=read.renamed)

    def _record(self, tx: Tx, row: ReadRow, replica: ReplicaRow, number: int, size: int) -> None:
        reader = self._core.identity.keys.delivery_public.hex()
        told = {"transfer": row.acquisition, "opening": str(number), "readerKey": reader, "purpose": row.purpose}
        link, now = [row.acquisition, str(number)], self._core.clock.now()
        agreement = tx.get(AgreementRow, digest=row.agreement)
        assert agreement is not None
        rows = rows_of(agreement.signed_terms, replicas.table(tx, replica)).json()
        record = self._core.evidence.record
        asked = (row.said or {}).get(QUERY)
        started = {**told, "rows": rows, "bytes": str(size), **_statement(row)}
        record(tx, "opening.started", part=row.agreement, link=link, fields=started, now=now)
        uses.end(tx, row.id, now)
        performed.record(tx, row.agreement, row.id, performed.read(self._core.identity.did, now))
        tx.after(self._erasing.wake)
        ended = {**told, "duration": str(max(int((now - row.created).total_seconds()), 0) if asked else 0)}
        record(tx, "opening.ended", part=row.agreement, link=link, fields=ended, now=now)

    async def deny(self, *rows: ReadRow, refusal: NotPermitted) -> None:
        """Keep the reasons of a denial: asked again under the same id, it is the same."""
        changes = {"state": ReadState.DENIED, "reason": str(refusal)}

        def act(tx: Tx) -> None:
            for row in rows:
                tx.update(ReadRow, {"id": row.id}, **changes)

        await self._core.store.write(act)


@dataclass(frozen=True, slots=True)
class Read:
    """An opening that was read: its number, its plain bytes, and its files."""

    row: ReadRow
    number: int
    size: int
    files: list[str]
    renamed: Mapping[str, str] | None = None


def _wish(acquisition: str, purpose: str, said: Mapping[str, str] | None) -> tuple[Any, ...]:
    """Return what an opening is for: under one id it is one."""
    told = said or {}
    return acquisition, purpose, words_of(told), told.get(QUERY), told.get(JOINED)


def _counted(tx: Tx, row: ReadRow) -> int:
    """Note that an opening is decided; return its number."""
    tx.update(ReadRow, {"id": row.id}, state=ReadState.DECIDED)
    return 1 + len(tx.find(ReadRow, "agreement = ? and state = ?", (row.agreement, ReadState.DONE)))


def _statement(row: ReadRow) -> dict[str, str]:
    """Return what the log says of the statement of an opening, a digest: of a joined one nobody can guess it."""
    said = row.said or {}
    if QUERY not in said:
        return {}
    if JOINED not in said:
        return {"statement": sha({"query": said[QUERY]}).hex()}
    return {"joined": sha({"blind": said[BLIND], "query": said[QUERY]}).hex()}


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
