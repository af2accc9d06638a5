"""Members suspended, let in again and expelled, and who holds a post: the exchange decides, the document says it.

Law: (1) a move without a row of `MOVES` is refused. (2) The row, its event and its call to the registry on chain are
one transaction. (3) Who is out stays in the document, for its log is evidence; everybody refuses
it what members are given (`connector.api.proving`, `SpaceView.require`) from the next document on.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from catalog.roles import Doing, does
from connector.exchange import account_keys, issuer, rereading
from connector.exchange import membership as membership_rules
from connector.exchange.case import Turn
from connector.exchange.federation.sources import standing
from connector.exchange.membership import MEMBERS, leaves
from connector.identity.self_description import documents, member_of
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.store.rows.catalogue import SourceRow
from connector.store.rows.space import MemberRow, MemberState
from contracts.canonical import sha
from contracts.decimals import read_hex
from contracts.errors import ContractError
from ledger.chain import membership
from ledger.chain.programs import Programs
from ledger.chain.standing import did_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.author import SpaceAuthor
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

SUBJECT_BYTES = 32
# post and what is done → the call
APPOINTMENTS = {
    ("arbitrator", "name"): membership.name_arbitrator,
    ("arbitrator", "dismiss"): membership.dismiss_arbitrator,
    ("deputy", "name"): membership.name_exchange,
    ("deputy", "dismiss"): membership.dismiss_exchange,
}
# post → the question of the chain whether somebody holds it
HOLDS = {"arbitrator": Programs.is_arbitrator, "deputy": Programs.is_exchange}
NOTHING_TO_DO = "there is nothing to do"
# what is done → its call on chain; the row, its event and the call are one transaction
CALLS = {
    "suspend": membership.suspend_member,
    "resume": membership.resume_member,
    "revoke": membership.revoke_member,
}
# state of a member and what is done → its next state; who is let in again while it leaves goes on leaving
MOVES: Mapping[tuple[MemberState, str], MemberState] = {
    (MemberState.ADMITTED, "suspend"): MemberState.SUSPENDED,
    (MemberState.SUSPENDED, "resume"): MemberState.ADMITTED,
    (MemberState.ADMITTED, "revoke"): MemberState.REVOKED,
    (MemberState.SUSPENDED, "revoke"): MemberState.REVOKED,
    (MemberState.LEAVING, "suspend"): MemberState.SUSPENDED,
    (MemberState.LEAVING, "revoke"): MemberState.REVOKED,
}
SHOWN = ("did", "name", "role", "region", "state")


def _plain(source: SourceRow) -> JsonObject:
    """Return a member that speaks the Dataspace Protocol alone: without keys of ours, its catalogue a source."""
    about = {"did": source.did, **(source.member or {}), "role": "provider"}
    return about | {"state": standing(source.state), "speaks": "dsp", "source": source.name}


class Members:
    """The members of the space that this exchange runs."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        peers: Peers,
        transactions: Transactions,
        author: SpaceAuthor,
    ) -> None:
        self._core, self._space, self._programs, self._peers = core, space, programs, peers
        self._transactions, self._author = transactions, author

    async def page(self) -> JsonObject:
        """List the members with their states."""
        store = self._core.store
        rows = await store.read(lambda tx: tx.find(MemberRow, order="created"))
        plain = [row for row in await store.read(lambda tx: tx.find(SourceRow, order="created")) if row.member]
        told = [{name: getattr(row, name) for name in SHOWN} for row in rows]
        return {"members": told + [_plain(row) for row in plain]}

    async def move(self, did: str, act: str, reason: str, *, by: str = "") -> JsonObject:
        """Suspend, resume or revoke a member; raises Absent, InvalidInput, Conflict with the member's state."""
        reasons.check(reason, "the member reads it")
        row = await self._core.store.write(partial(self.turn, did=did, act=act, reason=reason, by=by))
        await self._author.rebuild()
        return row

    def turn(self, tx: Tx, did: str, act: str, reason: str, by: str = "") -> JsonObject:
        """Do a move's part in a transaction, ours or for `by`; the space's document is the caller's to build anew."""
        now = self._core.clock.now()
        row = MEMBERS.find(tx, did)
        after = MOVES.get((row.state, act))
        if after is None:
            may = ", ".join(may for state, may in MOVES if state == row.state) or "nothing"
            raise Conflict(f"a member that is `{row.state}` cannot be moved by `{act}`", f"there is: {may}")
        if after == MemberState.ADMITTED and leaves(tx, did):
            after = MemberState.LEAVING
        turn = Turn(replace(row, state=after, updated=now), by or self._core.identity.did, reason)
        MEMBERS.keep(tx, self._core.evidence, row, turn)
        self._tell_registry(tx, did, act, reason)
        if act in issuer.ENDING:
            issuer.revoke_all(tx, self._core.evidence, did, turn.by, reason, now)
        if after == MemberState.REVOKED and does(row.role, Doing.RULE):
            space, account = did_digest(self._core.identity.did), self._space.last().members[did].address
            dismissing = membership.dismiss_arbitrator(self._programs.deployment, space, account)
            self._transactions.enqueue(tx, f"dismiss-arbitrator:{did}", dismissing)
        return {"did": did, "state": after.value, "reason": reason}

    def _tell_registry(self, tx: Tx, did: str, act: str, reason: str) -> None:
        """Queue the call of a move; one that is made again is another call."""
        at = self._core.clock.now().isoformat()
        space, account = did_digest(self._core.identity.did), self._space.last().members[did].address
        call = CALLS[act](self._programs.deployment, space, account, sha({"reason": reason}))
        self._transactions.enqueue(tx, f"{act}-member:{did}:{at}", call)

    async def appoint(self, did: str, post: str, act: str) -> JsonObject:
        """Name or dismiss a member as arbitrator or as deputy (another exchange) of the space, on chain."""
        member = await self._space.require(did)
        deployment, at = self._programs.deployment, self._core.clock.now().isoformat()
        space, now = did_digest(self._core.identity.did), HOLDS[post]
        if await now(self._programs, space, member.address) == (act == "name"):
            raise Conflict(f"`{did}` is {'already' if act == 'name' else 'no'} {post} of the space", NOTHING_TO_DO)
        if (post, act) == ("deputy", "dismiss") and await self._programs.exchanges(space) == 1:
            raise Conflict(f"`{did}` is the last exchange of the space", "name another one first")
        wanted = APPOINTMENTS[post, act](deployment, space, member.address)
        mined = await self._transactions.submit(f"{act}-{post}:{did}:{at}", wanted)
        return {"did": did, post: act == "name", "tx": mined.transaction}

    async def reread(self, did: str, reason: str, *, by: str) -> JsonObject:
        """Take over what a member's own documents say now; raises Absent, Conflict (`connector.exchange.rereading`)."""
        if did not in self._space.last().members:
            raise Absent(f"`{did[:200]}` is no member", "penstock exchange member list")
        document, description = await documents(self._peers, self._core.outbound, did)
        found = member_of(document, description)
        membership_rules.refuse_double(found, self._space.last().members.values())
        own, known = self._core.identity.did, self._space.last().members[did].address
        standing = await self._programs.member(did_digest(own), known)
        named = None if known == found.address else await account_keys.named(self._programs, own, known)
        change = rereading.Change(found, document, standing, by, reason, named)
        row: JsonObject = await self._core.store.write(
            lambda tx: rereading.take(tx, self._core, self._space, self._programs, self._transactions, change)
        )
        await self._author.rebuild()
        return row

    async def revoke(self, subject: str, reason: str) -> JsonObject:
        """Revoke what the space gave out, such as a credential, by its digest; on chain, once."""
        reasons.check(reason, "the member reads it")
        try:
            raw = read_hex(subject, "subject", SUBJECT_BYTES)
        except ContractError as error:
            raise InvalidInput(f"`{subject[:100]}` is no digest: 64 hex digits") from error
        cause, space = sha({"reason": reason}), did_digest(self._core.identity.did)
        act = membership.revoke(self._programs.deployment, space, raw, cause)
        mined = await self._transactions.submit(f"revoke:{subject}", act)
        return {"subject": subject, "reason": reason, "tx": mined.transaction}
