"""Contracts of two others in which we are a service party: asked of, signed or declined, in force, ended.

Law: (1) what is asked of us bears both parties' signatures already; who brings it does not matter. (2) We answer with
our signature once our owner has given it (`connector.operation.ndi.service_desk`), and never before.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.operation.ndi import proposals
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted
from connector.store.rows.contract import ServiceContractRow
from connector.store.table_row import replace
from contracts.ndi import strategy as strategies
from contracts.ndi.interfaces import FAILED, OK, contract_part
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.negotiation.protocol.messages import Document
    from connector.operation.ndi.parties import Parties
    from connector.store.transaction import Tx
    from contracts.ndi.services import ServiceParty

    Admit = Callable[[Tx], None]

ASKED, SIGNED, DECLINED, ENDED = "asked", "signed", "declined", "ended"
# contracts of one provider that wait for our word: each stays until our owner looks at it
WAITING_MAX: Final = 64


class Serving:
    """The contracts that one participant serves in."""

    def __init__(self, core: Core, space: SpaceView, parties: Parties) -> None:
        self._core, self._space, self._parties = core, space, parties

    async def take(self, said: Mapping[str, Any], document: Any, caller: str, admit: Admit) -> Document:
        """Take a contract that waits for our signature; answers with it once our owner has signed."""
        strategy = document["strategy"]
        proposals.require_known(strategy)
        mine = self._named(strategy)
        nodes = said["strategy"]["executionNodeInfo"]
        names = ("providerNodeId", "consumerNodeId")
        provider, consumer = [await self._parties.holder(nodes.get(one, "")) for one in names]
        if caller not in {provider, consumer, self._space.last().exchange}:
            raise NotPermitted("a service party is asked by a party of the contract, or by the platform", "ask them")
        part = contract_part(said["contractName"], said["contractId"], strategy)
        proofs = [one["signature"] for one in said.get("signatureList", [])]
        signed = {
            party: (await self._parties.signed_by(party, part, proofs, "signatureList")).hex()
            for party in (provider, consumer)
        }
        asked = ServiceContractRow(
            code=said["contractId"],
            name=said["contractName"],
            provider=provider,
            consumer=consumer,
            agreement=sha256(part).hexdigest(),
            strategy=strategy,
            signatures=signed,
            role=mine.role,
            bps=mine.bps,
            state=ASKED,
            created=self._core.clock.now(),
        )

        def act(tx: Tx) -> Document:
            admit(tx)
            row = tx.get(ServiceContractRow, code=asked.code)
            if row is None:
                where = "provider = ? AND state = ?"
                waiting = tx.find(ServiceContractRow, where, (provider, ASKED), limit=WAITING_MAX)
                if len(waiting) == WAITING_MAX:
                    raise Conflict(f"{WAITING_MAX} contracts of yours wait for our word", "ask our owner for it")
                tx.insert(asked)
                row = asked
            if row.agreement != asked.agreement:
                raise Conflict(f"another contract is known here as `{asked.code}`", "begin one with a code of its own")
            if row.state in (DECLINED, ENDED):
                raise NotPermitted(f"we do not serve in this contract: {row.reason or row.state}", "name another one")
            return self._answer(row)

        return await self._core.store.write(act)

    def _named(self, strategy: Document) -> ServiceParty:
        """Return what we are in a contract; raises NotPermitted where we are nothing."""
        try:
            named = strategies.services(strategy)
        except PolicyError as error:
            raise InvalidInput(f"the strategy cannot be read: {error}") from error
        me = self._core.identity.did
        found = next((one for one in named if one.entity == me), None)
        if found is None:
            raise NotPermitted("this contract names us as no service party", "see `serviceParties` of its expansion")
        return found

    def _answer(self, row: ServiceContractRow) -> Document:
        if row.own is None:
            return {"negotiationStatus": FAILED}
        entry = {"entityId": self._core.identity.did, "signature": row.own.hex()}
        return {"negotiationStatus": OK, "signatureList": [entry]}

    def instructed(self, tx: Tx, code: str, over: str, instruction: str) -> bool:
        """Keep that a contract is in force; returns whether it is news. Raises Conflict for one we did not sign."""
        row = tx.get(ServiceContractRow, code=code)
        if row is None or row.own is None or row.agreement != over:
            raise Conflict("the instruction is of a contract that was not signed here", "ask its parties")
        if row.instruction:
            return False
        tx.change(row, replace(row, instruction=instruction))
        over = strategies.superseded(row.strategy)
        for old in tx.find(ServiceContractRow, "provider = ? AND state = ?", (row.provider, SIGNED)) if over else ():
            if old.agreement == over:
                tx.change(old, replace(old, state=ENDED, reason=f"superseded by {row.agreement}"))
        return True

    async def end(self, code: str, by: str, admit: Admit) -> Document:
        """Take the end of a contract by one of its two parties."""

        def act(tx: Tx) -> Document:
            admit(tx)
            row = tx.get(ServiceContractRow, code=code)
            if row is None or by not in (row.provider, row.consumer):
                raise Absent("there is no such contract of yours here", "see `contractId`")
            tx.change(row, replace(row, state=ENDED, reason=row.reason or f"ended by {by}"))
            return {"status": OK}

        return await self._core.store.write(act)
