"""What runs is decided again when its state, its time or its agreement changes, and is cut when it no longer holds.

Law: (1) nothing is polled: an agreement is looked at when something touched it, or at the moment at which time alone
may change the answer; one alarm waits for the nearest such moment. (2) An agreement whose term is over ends, with all
that runs under it; one whose policy does not hold now has its transfers paused and its openings ended; what was paused
so goes on when it holds again. (3) The look is free and the cut is an act, which decides again, records that decision
and only then cuts.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.channel import openings
from connector.enforcement import performed, scopes
from connector.enforcement.rules import agreed
from connector.enforcement.ruling import HOLDS
from connector.negotiation import transfer
from connector.negotiation.agreement import USABLE
from connector.negotiation.doors import DeclinedError
from connector.negotiation.protocol.states import PROVIDER, STARTED
from connector.runtime.alarm import Alarm
from connector.runtime.cancellation import cancel
from connector.runtime.errors import PenstockError
from connector.store.columns import EPOCH, MICROSECOND
from connector.store.errors import StoreClosed
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.use import OpeningRow, OpeningState
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.core import Core
    from connector.enforcement.judge import Judge
    from connector.identity.space.view import SpaceView
    from connector.licence.agreements import Agreements
    from connector.licence.standing import Standing
    from connector.negotiation.engine import Engine
    from connector.store.rows.protocol import TransferRow
    from connector.store.transaction import Tx


AGAIN = timedelta(seconds=5)  # what could not be cut met a locked database, or a fault of ours: neither is over at once
METERED = "meteredTime"
_USABLE = ", ".join(f"'{state}'" for state in sorted(USABLE))
_LAPSED = f"SELECT digest FROM agreements WHERE state IN ({_USABLE}) AND not_after <= ?"  # noqa: S608 - constants of ours
_NEXT = f"SELECT min(not_after) AS at FROM agreements WHERE state IN ({_USABLE}) AND not_after > ?"  # noqa: S608 - the same
# found by their state: of those that have ended there are a million, and asked for by role all would be read
_RUNNING = (
    "SELECT DISTINCT agreement, role FROM transfers "  # noqa: S608 - the same
    f"WHERE state IN ('', 'REQUESTED', 'STARTED', 'SUSPENDED') AND {transfer.RUNS}"
)
_RESTING = "SELECT DISTINCT agreement FROM transfers WHERE state = 'SUSPENDED' AND paused = ?"
_OPEN = "SELECT DISTINCT agreement FROM openings WHERE role = 'payee' AND state = 'open'"

log = logging.getLogger(__name__)


class Continuity:
    """Watches over the running transfers and open sessions of one participant."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        standing: Standing,
        judge: Judge,
        engine: Engine,
        agreements: Agreements,
    ) -> None:
        self._core, self._standing, self._judge, self._engine = core, standing, judge, engine
        self._space = space
        self._agreements = agreements
        self._alarm = Alarm(core.clock.now)
        self._touched: set[str] = set()
        self._due: dict[str, datetime] = {}
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch, first of all what an earlier run left running."""
        assert self._worker is None
        self._worker = asyncio.get_running_loop().create_task(self._run(), name="continuity")

    async def close(self) -> None:
        """Stop watching."""
        await cancel(self._worker)

    def touch(self, agreement: str) -> None:
        """Look at an agreement again: something about it has changed."""
        self._touched.add(agreement)
        self._alarm.notice()

    def report(self, agreement: str) -> None:
        """Look at an agreement again, as `touch` does; may be called from any thread."""
        if self._worker is not None:
            self._worker.get_loop().call_soon_threadsafe(self.touch, agreement)

    async def _run(self) -> None:
        self._touched |= await self._core.store.read(_left)
        while True:
            now = self._core.clock.now()
            over = await self._core.store.read(partial(_lapsed, now=now))
            touched, self._touched = self._touched, set()
            for digest in over:
                await self._act(digest, self._lapse)
            for digest in touched | {digest for digest, at in self._due.items() if at <= now}:
                await self._look(digest)
            await self._alarm.sleep(await self._nearest(now))

    async def _nearest(self, now: datetime) -> datetime | None:
        found = await self._core.store.read(lambda tx: tx.execute(_NEXT, now)[0]["at"])
        ends = [] if found is None else [EPOCH + int(found) * MICROSECOND]
        return min([*ends, *self._due.values()], default=None)

    async def _look(self, digest: str) -> None:
        """Decide again about one agreement, and cut what runs under it when it does not hold."""
        self._due.pop(digest, None)
        act: Callable[..., None] | None
        try:
            await self._meet(digest)
            act, due = await self._core.store.read(partial(self._found, digest=digest))
        except Exception as error:  # noqa: BLE001  # what nobody can decide does not hold, and must stop no other
            log.warning("what runs under `%s` cannot be decided: %s", digest, error)
            act, due = self._cut, None
        if due is not None:
            self._due[digest] = due
        if act is not None:
            await self._act(digest, act)

    async def _meet(self, digest: str) -> None:
        """Have the other side of an agreement known here: perhaps a process beside this one alone has met it so far."""
        row = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=digest))
        if row is not None:
            with suppress(PenstockError):  # an exchange that is away: what is known decides
                await self._space.member(row.peer)

    async def _act(self, digest: str, act: Any) -> None:
        try:
            await self._core.store.write(partial(act, digest=digest))
        except StoreClosed:
            return
        except Exception:
            log.exception("what runs under `%s` could not be cut, and is looked at again", digest)
            self._due[digest] = self._core.clock.now() + AGAIN

    def _found(self, tx: Tx, digest: str) -> tuple[Callable[..., None] | None, datetime | None]:
        """Return what is to be done under an agreement, if anything, and when to look again, None when nothing runs."""
        row, now = tx.get(AgreementRow, digest=digest), self._core.clock.now()
        sessions, rests = _openings(tx, digest), transfer.paused(tx, digest, transfer.POLICY)
        runs = bool(sessions or _transfers(tx, digest))
        if row is None or row.role != PROVIDER or not (runs or rests):
            return None, None
        if self._standing.over(tx, row, now):
            return self._cut if runs else None, None
        decided = self._standing.look(tx, row, now)
        counters = decided.taken or {}
        if not sessions:  # then no time is metered, and what was stays as it is
            counters = {key: taken for key, taken in counters.items() if key[1] != METERED}
        rules = agreed(row.terms, row.peer)
        acts = performed.acts(tx, digest)
        last, time = acts[-1].at if acts else None, self._judge.time(now)
        due = scopes.next_change(rules.compiled.policy, counters, last, time)
        if decided.ruling.outcome not in HOLDS:
            return self._cut if runs else None, due
        return self._reopen if rests else None, due

    def _lapse(self, tx: Tx, digest: str) -> None:
        row, now = tx.get(AgreementRow, digest=digest), self._core.clock.now()
        if row is None or row.state not in USABLE:
            return
        if row.role == PROVIDER:
            with suppress(PolicyError):
                self._standing.asked(tx, row, now, "end")
        self._agreements.lapse(tx, digest, now)

    def _cut(self, tx: Tx, digest: str) -> None:
        row, now = tx.get(AgreementRow, digest=digest), self._core.clock.now()
        assert row is not None, "no agreement is ever deleted"
        reason = self._standing.refusal(tx, row, now, "running")
        if not reason:
            return
        for running in _transfers(tx, digest):
            self._pause(tx, running, reason, now)
        for opening in _openings(tx, digest):
            openings.end(tx, self._core.evidence, opening.id, reason, now)

    def _reopen(self, tx: Tx, digest: str) -> None:
        """Let what the policy has paused go on; each start decides again, and records that."""
        with suppress(DeclinedError):
            for one in transfer.paused(tx, digest, transfer.POLICY):
                self._engine.transfers.restart(tx, one.id, self._core.clock.now())

    def _pause(self, tx: Tx, row: TransferRow, reason: str, now: datetime) -> None:
        """Suspend a transfer that runs; one whose start is still on its way is ended, for it cannot be paused yet."""
        transfers = self._engine.transfers
        if row.state == STARTED and not row.pending:
            transfers.suspend(tx, row.id, reason, now, transfer.POLICY)
        else:
            transfers.terminate(tx, row.id, reason, now)


def _transfers(tx: Tx, digest: str) -> list[TransferRow]:
    return [row for row in transfer.running(tx, digest) if row.role == PROVIDER]


def _openings(tx: Tx, digest: str) -> list[OpeningRow]:
    where = "agreement = ? and role = ? and state = ?"
    return tx.find(OpeningRow, where, (digest, "payee", OpeningState.OPEN))


def _left(tx: Tx) -> set[str]:
    """Return the agreements under which something runs."""
    running = {row["agreement"] for row in tx.execute(_RUNNING, STARTED, STARTED) if row["role"] == PROVIDER}
    return running | {row["agreement"] for row in (*tx.execute(_OPEN), *tx.execute(_RESTING, transfer.POLICY))}


def _lapsed(tx: Tx, now: datetime) -> list[str]:
    return [row["digest"] for row in tx.execute(_LAPSED, now)]
