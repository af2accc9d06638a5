"""The end of an agreement: revoked by a party, or because its term is over; and everything that ends with it.

Law: (1) in one transaction the agreement ends with its event, nothing flows under its transfers any more, its openings
are over, and so is every licence below it. What a peer does about it changes nothing here. (2) Only a party revokes, by
its own signature; whoever else tries changes nothing and raises an alarm (`connector.negotiation.notices`). (3) An
amendment ends what it amends as it comes into force (decision 0228); one that is not in force ends with it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from connector.chain.transactions import MinedEvent
from connector.channel import openings
from connector.enforcement import supply
from connector.licence.going_on import carry
from connector.negotiation.agreement import Cause, close
from connector.negotiation.amendment import Change, standing
from connector.negotiation.amendment import rules as rules_now
from connector.negotiation.doors import DeclinedError
from connector.negotiation.ndi import offers as contracts
from connector.negotiation.ndi import sealed
from connector.negotiation.notices import REVOCATION, Notice, account_of
from connector.negotiation.protocol.states import FINAL, PROVIDER
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import TransferRow
from connector.store.rows.use import OpeningRow, OpeningState
from contracts import lifecycle
from contracts.canonical import sha
from contracts.namespace import CONTRACT
from ledger.chain import acts
from policy.amendment import wanted
from policy.parse import parse

if TYPE_CHECKING:
    from datetime import datetime

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.licence.erasing import Erasing
    from connector.negotiation.doors import Doors
    from connector.negotiation.engine import Engine
    from connector.negotiation.notices import Notices
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs


TERM_OVER = "its term is over"
ABOVE_OVER = "the licence above it has ended"


class Agreements:
    """The agreements of one participant, as their parties end them."""

    def __init__(
        self,
        core: Core,
        programs: Programs,
        transactions: Transactions,
        notices: Notices,
        erasing: Erasing,
        engine: Engine,
        doors: Doors,
    ) -> None:
        self._core, self._programs, self._transactions, self._notices = core, programs, transactions, notices
        self._erasing, self._negotiations, self._transfers = erasing, engine.negotiations, engine.transfers
        notices.takers[REVOCATION] = self.revoked
        doors.superseded, doors.under_over = self.supersede, self.end_under

    async def revoke(self, digest: str, reason: str) -> JsonObject:
        """End an agreement of ours and tell the other party; raises Absent, Conflict when it is over already."""
        reasons.check(reason, "the other party reads it")
        return await self._core.store.write(partial(self._revoke, digest=digest, reason=reason))

    def _revoke(self, tx: Tx, digest: str, reason: str) -> JsonObject:
        now = self._core.clock.now()
        row = tx.get(AgreementRow, digest=digest)
        if row is None:
            raise Absent(f"there is no agreement `{digest[:100]}` here", "penstock show says which there are")
        if row.state in lifecycle.OVER:
            raise Conflict(f"the agreement is at its end: `{row.state}`")
        self.finish(tx, row, "end", Cause(reason, self._core.identity.did), now)
        self._notices.send(tx, row, Notice(REVOCATION, digest, reason, now))
        return {"agreement": digest, "state": "ended", "reason": reason}

    def revoked(self, tx: Tx, agreement: AgreementRow, notice: Notice, now: datetime) -> None:
        """Take the other party's signed revocation; one that is over already stays as it is."""
        if agreement.state not in lifecycle.OVER:
            self.finish(tx, agreement, "end", Cause(notice.text, agreement.peer), now)

    def lapse(self, tx: Tx, digest: str, now: datetime) -> None:
        """End an agreement whose term is over."""
        row = tx.get(AgreementRow, digest=digest)
        if row is not None and row.state not in lifecycle.OVER:
            act = "lapse" if (row.state, "lapse") in lifecycle.MOVES else "end"
            self.finish(tx, row, act, Cause(TERM_OVER, self._core.identity.did), now)

    async def amend(self, digest: str, change: Change, rules: str | None = None) -> JsonObject:
        """Ask the other party of an agreement for a change, or answer what it asks with another.

        `rules` is a change of the rules on the table, or all of them. Returns `agreement` and `negotiation`. Raises
        Absent, Conflict, InvalidInput, PolicyError and ContractError.
        """
        if change == Change() and rules is None:
            raise InvalidInput("nothing is to be otherwise", "say `--until`, `--price` or `--rules`")
        try:
            pid = await self._core.store.write(partial(self._amend, digest=digest, change=change, rules=rules))
        except DeclinedError as declined:
            raise InvalidInput(str(declined)) from declined
        return {"agreement": digest, "negotiation": pid}

    def _amend(self, tx: Tx, digest: str, change: Change, rules: str | None) -> str:
        old = tx.get(AgreementRow, digest=digest)
        if rules is not None and old is not None and (old.terms is not None or CONTRACT in old.odrl):
            policy = wanted(rules, rules_now(tx, old))
            supply.require(parse({"@type": "Offer", **policy}))
            change = replace(change, policy=policy)
        return self._negotiations.amend(tx, digest, change, self._core.clock.now())

    def supersede(self, tx: Tx, old: AgreementRow, new: AgreementRow, now: datetime) -> None:
        """End an agreement in whose place another one is now; what goes on under that is put there."""
        carry(tx, self._core, old, new, now)
        self._core.topics.agreement_amended.tell(tx, old, new)
        by = self._core.identity.did if old.role == PROVIDER else old.peer
        self.finish(tx, old, "amend", Cause(f"superseded by {new.digest}", by), now)

    def finish(self, tx: Tx, row: AgreementRow, act: str, cause: Cause, now: datetime) -> None:
        """End an agreement and everything under it."""
        digest = row.digest
        close(tx, self._core.evidence, row, act, cause, now)
        if (
            row.role == PROVIDER or cause.by == self._core.identity.did
        ):  # else the provider tells of its transfers' end itself
            self._halt(tx, digest, cause.reason, now)
        for opening in tx.find(OpeningRow, "agreement = ? and state = ?", (digest, OpeningState.OPEN)):
            openings.end(tx, self._core.evidence, opening.id, cause.reason, now)
        if row.role == PROVIDER and row.licence_tx and act != "lapse":
            revoking = acts.revoke_licence(
                self._programs.deployment, bytes.fromhex(digest), sha({"reason": cause.reason})
            )
            event = MinedEvent("licence.revoked", digest, {"licence": digest, "cause": REVOCATION})
            by = account_of(row) or b""
            self._transactions.enqueue(tx, f"revoke:{digest}", revoking._replace(sender=by), event)
        tx.after(self._erasing.wake)
        self._core.topics.agreement_over.after(tx, digest)
        for child in tx.find(AgreementRow, "parent = ?", (digest,)):
            if child.state not in lifecycle.OVER:
                self.end_below(tx, child, Cause(ABOVE_OVER, cause.by), now)
        for late in standing(tx, digest) if act != "amend" else ():
            self.finish(tx, late, "end", cause, now)
        self.end_under(tx, row, cause, now)

    def end_under(self, tx: Tx, contract: AgreementRow, cause: Cause, now: datetime) -> None:
        """End what was agreed under a contract of the national interfaces that is over; both parties know of it."""
        for row in sealed.under(tx, contract) if contracts.is_sealed(contract.odrl) else ():
            if row.state not in lifecycle.OVER:
                self.finish(tx, row, "end", Cause(sealed.OVER, cause.by), now)

    def end_below(self, tx: Tx, child: AgreementRow, cause: Cause, now: datetime) -> None:
        """End a sub-licence and tell its child, who hears it from nobody else."""
        self.finish(tx, child, "end", cause, now)
        self._notices.send(tx, child, Notice(REVOCATION, child.digest, cause.reason, now))

    def _halt(self, tx: Tx, digest: str, reason: str, now: datetime) -> None:
        for transfer in tx.find(TransferRow, "agreement = ?", (digest,)):
            if transfer.state not in FINAL:
                self._transfers.terminate(tx, transfer.id, reason, now)
