"""A licence is suspended by its provider and resumed: no keys and no bytes meanwhile, here, on chain and at the buyer.

Law: (1) the agreement rests with its event and its transaction in one; what runs under it and below it is then cut as
under any other agreement that does not stand (`connector.licence.continuity`), and goes on when it stands again. (2)
The buyer hears it from the provider alone, by a signed notice. (3) The time of a licence runs on meanwhile.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from connector.channel.judgement import LICENCES_ABOVE_MAX
from connector.negotiation.notices import Notice, account_of
from connector.negotiation.protocol.states import PROVIDER
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, NotPermitted
from connector.store.rows.agreement import AgreementRow
from connector.store.table_row import replace
from contracts import lifecycle
from contracts.canonical import sha
from contracts.errors import ContractError
from ledger.chain import acts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.licence.continuity import Continuity
    from connector.negotiation.notices import Notices
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.client import Act
    from ledger.chain.deployment import Deployment
    from ledger.chain.programs import Programs


class Turn(NamedTuple):
    """One of the two turns: its act of the contract's life, its notice, its event, its call of the program."""

    act: str
    notice: str
    event: str
    call: Callable[[Deployment, bytes, bytes], Act]


SUSPEND = Turn("suspend", "suspension", "licence.suspended", acts.suspend_licence)
RESUME = Turn("resume", "resumption", "licence.resumed", lambda where, licence, _: acts.resume_licence(where, licence))


class Suspensions:
    """The agreements of one participant, as their provider suspends and resumes them."""

    def __init__(
        self, core: Core, programs: Programs, transactions: Transactions, notices: Notices, continuity: Continuity
    ) -> None:
        self._core, self._programs, self._transactions, self._notices = core, programs, transactions, notices
        self._continuity = continuity
        for turn in (SUSPEND, RESUME):
            notices.takers[turn.notice] = partial(self._told, turn)

    async def turn(self, turn: Turn, digest: str, reason: str) -> JsonObject:
        """Suspend or resume an agreement that we provide; raises Absent, NotPermitted, Conflict with its state."""
        reasons.check(reason, "the other party reads it")
        return await self._core.store.write(partial(self._turn, turn=turn, digest=digest, reason=reason))

    def _turn(self, tx: Tx, turn: Turn, digest: str, reason: str) -> JsonObject:
        now = self._core.clock.now()
        row = tx.get(AgreementRow, digest=digest)
        if row is None:
            raise Absent(f"there is no agreement `{digest[:100]}` here", "penstock show says which there are")
        if row.role != PROVIDER:
            raise NotPermitted(f"only the provider of a licence can {turn.act} it", f"ask `{row.peer}`")
        try:
            self._move(tx, turn, row, reason, now)
        except ContractError as fault:
            raise Conflict(str(fault)) from fault
        cause, by = sha({"reason": reason}), account_of(row) or b""
        call = turn.call(self._programs.deployment, bytes.fromhex(digest), cause)._replace(sender=by)
        self._transactions.enqueue(tx, f"{turn.act}:{digest}:{now.isoformat()}", call)
        self._notices.send(tx, row, Notice(turn.notice, digest, reason, now))
        return {"agreement": digest, "state": lifecycle.MOVES[row.state, turn.act], "reason": reason}

    def follow(self, tx: Tx, turn: Turn, digest: str, reason: str) -> None:
        """Turn an agreement that we provide as the chain shows it, and tell the buyer; one that stands so stays."""
        row, now = tx.get(AgreementRow, digest=digest), self._core.clock.now()
        if row is not None and row.role == PROVIDER and (row.state, turn.act) in lifecycle.MOVES:
            self._move(tx, turn, row, reason, now)
            self._notices.send(tx, row, Notice(turn.notice, digest, reason, now))

    def _told(self, turn: Turn, tx: Tx, agreement: AgreementRow, notice: Notice, now: datetime) -> None:
        """Take the provider's notice; one that came too late, or from a buyer, moves nothing."""
        if agreement.role != PROVIDER and (agreement.state, turn.act) in lifecycle.MOVES:
            self._move(tx, turn, agreement, notice.text, now)

    def _move(self, tx: Tx, turn: Turn, row: AgreementRow, reason: str, now: datetime) -> None:
        after = lifecycle.move(row.state, turn.act)
        digest, above = row.digest, (row.parent,) if row.parent else ()
        tx.change(row, replace(row, state=after))
        fields = {"licence": digest, "cause": reason}
        self._core.evidence.record(tx, turn.event, part=digest, link=(digest, *above), fields=fields, now=now)
        for each in _with_those_below(tx, digest):
            tx.after(partial(self._continuity.touch, each))


def _with_those_below(tx: Tx, digest: str) -> list[str]:
    """Return an agreement and all that stand under it."""
    found, newest = [digest], [digest]
    for _ in range(LICENCES_ABOVE_MAX):
        newest = [row.digest for each in newest for row in tx.find(AgreementRow, "parent = ?", (each,))]
        found += newest
    return found
