"""Members suspended, let in again and expelled, and who may judge: the exchange decides, the space's document says it.

Law: (1) a move without a row of `MOVES` is refused. (2) The row, its event and, where the registry on chain knows such
an act, its call are one transaction. (3) Who is out stays in the document, for its log is evidence; everybody refuses
it what members are given (`connector.web.server`, `SpaceView.require`) from the next document on.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from connector.errors import Absent, Conflict, InvalidInput
from connector.exchange.membership import ADMITTED
from connector.exchange.registering import ARBITRATES
from connector.limits import REASON_CHARACTERS_MAX
from contracts.canonical import sha
from contracts.decimals import read_hex
from contracts.errors import ContractError
from ledger import membership
from ledger.space import REVOKED, SUSPENDED
from ledger.standing import did_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.base import Base
    from connector.store.transaction import Tx

SUBJECT_BYTES = 32
# state of a member and what is done → its next state
MOVES: Mapping[tuple[str, str], str] = {
    (ADMITTED, "suspend"): SUSPENDED,
    (SUSPENDED, "resume"): ADMITTED,
    (ADMITTED, "revoke"): REVOKED,
    (SUSPENDED, "revoke"): REVOKED,
}
Row = dict[str, Any]


class Members:
    """The members of the space that this exchange runs."""

    def __init__(self, participant: Base) -> None:
        self._participant = participant

    async def page(self) -> Row:
        """List the members with their states."""
        rows = await self._participant.store.read(lambda tx: tx.find("members", order="created"))
        return {"members": [{name: row[name] for name in ("did", "name", "role", "region", "state")} for row in rows]}

    async def move(self, did: str, act: str, reason: str) -> Row:
        """Suspend, resume or revoke a member; raises Absent, InvalidInput, Conflict with the member's state."""
        _check(reason)
        row = await self._participant.store.write(partial(self._move, did=did, act=act, reason=reason))
        await self._participant.rebuild_space()
        return row

    def _move(self, tx: Tx, did: str, act: str, reason: str) -> Row:
        participant, now = self._participant, self._participant.clock.now()
        row = tx.get("members", did=did)
        if row is None:
            raise Absent(f"`{did[:200]}` is no member, or is the exchange itself", "penstock exchange member list")
        after = MOVES.get((row["state"], act))
        if after is None:
            may = ", ".join(may for state, may in MOVES if state == row["state"]) or "nothing"
            raise Conflict(f"a member that is `{row['state']}` cannot be moved by `{act}`", f"there is: {may}")
        tx.update("members", {"did": did}, state=after, updated=now)
        told = {"from": row["state"], "to": after, "by": participant.did, "reason": reason}
        fields = told | {"digest": sha(row["document"]).hex()}
        participant.evidence.record(tx, "member.moved", part=did, fields=fields, now=now)
        if after == REVOKED:
            self._expel(tx, did, row["role"], reason)
        return {"did": did, "state": after, "reason": reason}

    def _expel(self, tx: Tx, did: str, role: str, reason: str) -> None:
        participant = self._participant
        deployment, space = participant.programs.deployment, did_digest(participant.did)
        account = participant.space.members[did].address
        revoking = membership.revoke_member(deployment, space, account, sha({"reason": reason}))
        participant.transactions.enqueue(tx, f"revoke-member:{did}", revoking)
        if role == ARBITRATES:
            dismissing = membership.dismiss_arbitrator(deployment, space, account)
            participant.transactions.enqueue(tx, f"dismiss-arbitrator:{did}", dismissing)

    async def arbitrator(self, did: str, act: str) -> Row:
        """Name or dismiss a member as arbitrator of the space, on chain."""
        participant = self._participant
        member = await participant.space_view.require(did)
        call = {"name": membership.name_arbitrator, "dismiss": membership.dismiss_arbitrator}[act]
        deployment, at = participant.programs.deployment, participant.clock.now().isoformat()
        wanted = call(deployment, did_digest(participant.did), member.address)
        mined = await participant.transactions.submit(f"{act}-arbitrator:{did}:{at}", wanted)
        return {"did": did, "arbitrator": act == "name", "tx": mined["hash"]}

    async def revoke(self, subject: str, reason: str) -> Row:
        """Revoke what the space gave out, such as a credential, by its digest; on chain, once."""
        _check(reason)
        try:
            raw = read_hex(subject, "subject", SUBJECT_BYTES)
        except ContractError as error:
            raise InvalidInput(f"`{subject[:100]}` is no digest: 64 hex digits") from error
        participant = self._participant
        cause, space = sha({"reason": reason}), did_digest(participant.did)
        act = membership.revoke(participant.programs.deployment, space, raw, cause)
        mined = await participant.transactions.submit(f"revoke:{subject}", act)
        return {"subject": subject, "reason": reason, "tx": mined["hash"]}


def _check(reason: str) -> None:
    if not reason.strip() or len(reason) > REASON_CHARACTERS_MAX:
        raise InvalidInput(f"a reason has 1 to {REASON_CHARACTERS_MAX} characters: the member reads it")
