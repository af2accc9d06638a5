"""Uses that members tell the exchange of while they run, and what of them it has stopped.

Law: (1) only where `space.watch_seconds` says so is anything kept: who watches nothing takes nothing in. (2) A member
tells of its own uses alone, and obeys its own stops alone: whose they are is who proved itself, not what is said. (3) A
stop is of a member and an agreement; it is told with each answer until it is lifted. (4) Each turn of a stop is an
event in the same transaction. (5) What is told is a claim: it shows what a member says, not what it does.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from catalog import watching
from catalog.watching import (
    ACTIONS,
    EXCHANGE,
    FORGOTTEN_SECONDS,
    IN_FORCE,
    MEMBER,
    STOPS_MAX,
    TELLINGS_MISSED_MAX,
    USES_KEPT_MAX,
    Move,
    Stop,
    StopState,
)
from connector.exchange.case import Case, Turn
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.store.rows.watched import UseStopRow, WatchedUseRow

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.watching import Telling
    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

NAME_BYTES: Final = 16
OBEYED: Final = "nothing runs under it any more"
STOPS: Final = Case(
    UseStopRow,
    "id",
    "there is no stop `{}`",
    "penstock exchange uses",
    "use.moved",
    lambda row: {"stop": row.id, "agreement": row.agreement, "reason": row.reason},
    part="agreement",
)


class WatchedUses:
    """The uses of a space's members that run, as they told."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def receive(self, member: str, document: Any, write: Write) -> JsonObject:
        """Take in what a member tells of its uses; returns in how many seconds to tell again, and what is stopped."""
        told, now, seconds = watching.telling(document), self._core.clock.now(), self._seconds

        def act(tx: Tx) -> JsonObject:
            if seconds:
                self._keep(tx, member, told, now)
            stops = self._in_force(tx, member)
            for row in stops:
                if row.state is StopState.STOPPED:
                    self._move(tx, row, Move.TELL, EXCHANGE, "")
                elif row.state is StopState.TOLD and row.id in told.obeyed and not self._runs(tx, row):
                    self._move(tx, row, Move.OBEY, MEMBER, OBEYED)
            told_ = [Stop(row.id, row.agreement, row.reason, row.created).json() for row in stops]
            return {"watched": seconds, "stops": told_}

        return await write(act)

    async def page(self) -> JsonObject:
        """List the uses that members told of, those first that began first, and the stops, the newest first."""
        old = self._core.clock.now() - timedelta(seconds=FORGOTTEN_SECONDS)

        def look(tx: Tx) -> tuple[list[WatchedUseRow], list[UseStopRow]]:
            uses = tx.find(WatchedUseRow, "seen > ?", (old,), "since", PAGE_ROWS_MAX)
            return uses, tx.find(UseStopRow, order="updated desc", limit=PAGE_ROWS_MAX)

        uses, stops = await self._core.store.read(look)
        stopped = {(row.member, row.agreement) for row in stops if row.state in IN_FORCE}
        return {
            "watched": self._seconds,
            "uses": [self._view(row, (row.member, row.agreement) in stopped) for row in uses],
            "stops": [self._stop_view(row) for row in stops],
        }

    async def stop(self, what: str, reason: str) -> JsonObject:
        """Stop a use that runs, or all under an agreement: whoever told of it uses nothing under it until allowed.

        Raises Absent for what nobody told of, Conflict for what is stopped, or too much of it.
        """
        reasons.check(reason, "the member reads it")
        now = self._core.clock.now()

        def act(tx: Tx) -> list[JsonObject]:
            uses = tx.find(WatchedUseRow, "use = ? or agreement = ?", (what, what))
            if not uses:
                hint = "penstock exchange uses" if self._seconds else "set `space.watch_seconds`"
                raise Absent(f"no member told of a use `{what[:80]}`", hint)
            pairs = sorted({(one.member, one.agreement) for one in uses})
            return [self._stop_view(self._stop(tx, member, agreement, reason, now)) for member, agreement in pairs]

        return {"stops": await self._core.store.write(act)}

    async def allow(self, what: str, reason: str) -> JsonObject:
        """Lift a stop, or all of an agreement: its member learns it when it tells next; raises Absent."""
        reasons.check(reason, "the log has it")

        def act(tx: Tx) -> list[JsonObject]:
            found = tx.find(UseStopRow, "id = ? or agreement = ?", (what, what))
            rows = [row for row in found if row.state in IN_FORCE]
            if not rows:
                raise Absent(f"nothing is stopped as `{what[:80]}`", "penstock exchange uses")
            return [self._stop_view(self._move(tx, row, Move.ALLOW, EXCHANGE, reason)) for row in rows]

        return {"stops": await self._core.store.write(act)}

    @property
    def _seconds(self) -> int:
        return self._core.settings.space.watch_seconds

    def _keep(self, tx: Tx, member: str, told: Telling, now: datetime) -> None:
        """Keep what runs, and forget what ended or was not heard of for long."""
        for use in told.ended:
            tx.delete(WatchedUseRow, member=member, use=use)
        known = {row.use: row for row in tx.find(WatchedUseRow, "member = ?", (member,))}
        old = now - timedelta(seconds=FORGOTTEN_SECONDS)
        for use in [row.use for row in known.values() if row.seen <= old]:
            tx.delete(WatchedUseRow, member=member, use=use)
            del known[use]
        if len(known.keys() | {one.use for one in told.running}) > USES_KEPT_MAX:
            raise Conflict(f"more than {USES_KEPT_MAX} uses of one member are not kept", "tell which of them ended")
        for one in told.running:
            # what a use is stays what was told first
            first = known.get(one.use)
            if first is not None:
                tx.change(first, replace(first, seen=now))
                continue
            row = WatchedUseRow(
                member=member,
                use=one.use,
                agreement=one.agreement,
                product=one.product,
                action=one.action,
                since=one.since,
                seen=now,
            )
            tx.put(row)

    def _runs(self, tx: Tx, stop: UseStopRow) -> bool:
        """Say whether its member still tells of a use under it, by whichever of its processes."""
        uses = tx.find(WatchedUseRow, "member = ? and agreement = ?", (stop.member, stop.agreement))
        return any(not self._late(row.seen) for row in uses)

    def _in_force(self, tx: Tx, member: str) -> list[UseStopRow]:
        where = f"member = ? and state in ({', '.join('?' * len(IN_FORCE))})"
        return tx.find(UseStopRow, where, (member, *IN_FORCE), "created")

    def _stop(self, tx: Tx, member: str, agreement: str, reason: str, now: datetime) -> UseStopRow:
        there = self._in_force(tx, member)
        if stopped := next((row for row in there if row.agreement == agreement), None):
            raise Conflict(f"it is stopped already, as `{stopped.id}`: {stopped.reason}", "penstock exchange uses")
        if len(there) >= STOPS_MAX:
            raise Conflict(f"{STOPS_MAX} stops are in force for `{member}`", "suspend it as a member")
        row = UseStopRow(
            id=secrets.token_hex(NAME_BYTES),
            member=member,
            agreement=agreement,
            reason=reason,
            state=StopState.STOPPED,
            created=now,
            updated=now,
        )
        return STOPS.keep(tx, self._core.evidence, None, self._turn(row, self._core.identity.did, reason))

    def _move(self, tx: Tx, row: UseStopRow, move: Move, role: str, reason: str) -> UseStopRow:
        after = replace(row, state=watching.moved(row.state, move, role), updated=self._core.clock.now())
        by = row.member if role == MEMBER else self._core.identity.did
        return STOPS.keep(tx, self._core.evidence, row, self._turn(after, by, reason))

    def _turn(self, row: UseStopRow, by: str, reason: str) -> Turn[UseStopRow]:
        return Turn(row, by, reason, more={"member": row.member, "stop": row.id})

    def _late(self, since: datetime) -> bool:
        patience = timedelta(seconds=TELLINGS_MISSED_MAX * (self._seconds or watching.WATCH_SECONDS_MAX))
        return self._core.clock.now() - since > patience

    def _view(self, row: WatchedUseRow, stopped: bool) -> JsonObject:  # noqa: FBT001  # a fact of the row
        en, zh = ACTIONS[row.action]
        state = "silent" if self._late(row.seen) else "stopping" if stopped else "running"
        return {
            "use": row.use,
            "member": row.member,
            "agreement": row.agreement,
            "product": row.product,
            "action": row.action,
            "en": en,
            "zh": zh,
            "since": row.since.isoformat(timespec="seconds"),
            "seen": row.seen.isoformat(timespec="seconds"),
            "state": state,
        }

    def _stop_view(self, row: UseStopRow) -> JsonObject:
        waits = row.state in (StopState.STOPPED, StopState.TOLD)
        return {
            "stop": row.id,
            "member": row.member,
            "agreement": row.agreement,
            "reason": row.reason,
            "state": row.state.value,
            "overdue": waits and self._late(row.created),
            "at": row.created.isoformat(timespec="seconds"),
        }
