"""What a person does about service parties: name those of a product; and sign, or decline, where one is asked to serve.

Law: (1) what was signed before names whom it named: a change counts for what is proposed after it. (2) Only the owner
signs or declines, and does either once. (3) A signature is kept, with its event, before anybody is told of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from catalog.roles import trades
from connector.negotiation import authority
from connector.negotiation.protocol.offers import PLAIN
from connector.operation.ndi import consents, contracts, services
from connector.operation.ndi.serving import ASKED, DECLINED, ENDED, SIGNED
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.store.rows.contract import ServiceContractRow, ServicePartyRow
from connector.store.table_row import replace
from contracts.authority import SERVICE, Deed
from contracts.errors import ContractError
from contracts.ndi import strategy as strategies
from contracts.ndi.interfaces import contract_part
from contracts.ndi.services import ServiceParty
from policy.errors import PolicyError

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.negotiation.protocol.messages import Document
    from connector.store.transaction import Tx

NAMED: Final = "service.named"
LEFT_OUT: Final = "service.dropped"
REFUSED: Final = "contract.declined"


class ServiceDesk:
    """The service parties of one participant's contracts, and the contracts of others that it serves in."""

    def __init__(self, core: Core, space: SpaceView) -> None:
        self._core, self._space = core, space

    async def named(self, product: str) -> list[Document]:
        """List the service parties of a product; raises Absent."""

        def read(tx: Tx) -> tuple[ServiceParty, ...]:
            services.require(tx, product, PLAIN)
            return services.of(tx, product)

        return [_named(one) for one in await self._core.store.read(read)]

    async def name(self, product: str, party: str, role: str, share: int) -> list[Document]:
        """Name a service party of a product, or change what it is there; raises InvalidInput, Absent."""
        try:
            made = ServiceParty(party, role, share)
        except ContractError as error:
            raise InvalidInput(str(error), error.hint) from error
        member = await self._space.member(party)
        if party == self._core.identity.did or member is None:
            raise InvalidInput(f"`{party[:200]}` is no other member of this space", "its exchange has to admit it")
        if not trades(member.role):
            text = f"`{party[:200]}` is a member as {member.role}, and takes no contracts to sign"
            raise InvalidInput(text, "name one that is a provider or a buyer")

        def act(tx: Tx) -> list[Document]:
            services.require(tx, product, PLAIN)
            now = self._core.clock.now()
            tx.put(ServicePartyRow(product=product, party=party, role=made.role, bps=made.bps, created=now))
            try:
                named = services.of(tx, product)
            except ContractError as error:
                raise InvalidInput(str(error), error.hint) from error
            told = {"party": party, "role": made.role, "share": made.bps}
            self._core.evidence.record(tx, NAMED, part=product, fields=told, now=now)
            return [_named(one) for one in named]

        return await self._core.store.write(act)

    async def leave_out(self, product: str, party: str) -> list[Document]:
        """Name a service party no longer; raises Absent."""

        def act(tx: Tx) -> list[Document]:
            if not tx.delete(ServicePartyRow, product=product, party=party):
                raise Absent(f"`{party[:200]}` is no service party of `{product[:80]}`", "penstock ndi party list")
            self._core.evidence.record(tx, LEFT_OUT, part=product, fields={"party": party}, now=self._core.clock.now())
            return [_named(one) for one in services.of(tx, product)]

        return await self._core.store.write(act)

    async def show(self, code: str) -> Document:
        """Show a contract that we are asked to serve in, with its strategy and who has signed it."""
        return await self._core.store.read(lambda tx: _view(_found(tx, code)))

    async def served(self, first: int = 0) -> list[Document]:
        """List the contracts that we are asked to serve in, newest first."""

        def read(tx: Tx) -> list[Document]:
            rows = tx.find(ServiceContractRow, order="created desc, code", limit=first + PAGE_ROWS_MAX)
            return [_view(row) for row in rows[first:]]

        return await self._core.store.read(read)

    async def sign(self, code: str) -> Document:
        """Sign a contract as the service party that it names; signed before, it is only shown."""
        me = self._core.identity

        def act(tx: Tx) -> Document:
            row = _found(tx, code)
            if row.state in (DECLINED, ENDED):
                raise Conflict(f"the contract is {row.state}", "a new one may be asked of us")
            if row.state == SIGNED:
                return _view(row)
            now = self._core.clock.now()
            wanted = _deed(row, me.keys.address)
            authority.keep(tx, authority.require(tx, wanted, now), row.agreement, wanted, now)
            own = me.sign_part(contract_part(row.name, row.code, row.strategy))
            row = tx.change(row, replace(row, state=SIGNED, own=own))
            mine = ServiceParty(me.did, row.role, row.bps)
            consents.record(tx, self._core.evidence, code, row.agreement, mine, own, now)
            return _view(row)

        return await self._core.store.write(act)

    async def decline(self, code: str, reason: str) -> Document:
        """Decline to serve in a contract: it comes into force with nobody then."""
        reasons.check(reason, "who asks is told")

        def act(tx: Tx) -> Document:
            row = _found(tx, code)
            if row.state != ASKED:
                raise Conflict(f"the contract is {row.state}", "what is signed is ended by its parties")
            row = tx.change(row, replace(row, state=DECLINED, reason=reason))
            told = {"contract": code, "party": self._core.identity.did, "reason": reason}
            self._core.evidence.record(tx, REFUSED, part=row.agreement, fields=told, now=self._core.clock.now())
            return _view(row)

        return await self._core.store.write(act)


def _deed(row: ServiceContractRow, account: bytes) -> Deed:
    """Return what signing a contract as its service party comes to; raises InvalidInput where its rules are unread."""
    try:
        policy = strategies.read(row.strategy)
    except PolicyError as error:
        raise InvalidInput(f"the strategy cannot be read: {error}", "penstock ndi decline") from error
    return Deed(SERVICE, row.strategy["subjectInfo"]["dataProductId"], 0, "", policy, account)


def _named(one: ServiceParty) -> dict[str, Any]:
    return {"party": one.entity, "role": one.role, "share": one.bps}


def _found(tx: Tx, code: str) -> ServiceContractRow:
    row = tx.get(ServiceContractRow, code=code)
    if row is None:
        raise Absent(f"there is no contract `{code[:60]}` that we were asked to serve in", "penstock ndi served list")
    return row


def _view(row: ServiceContractRow) -> Document:
    own = [] if row.own is None else [row.own.hex()]
    return {
        "contractId": row.code,
        "contractName": row.name,
        "state": row.state,
        "role": row.role,
        "share": row.bps,
        "provider": row.provider,
        "consumer": row.consumer,
        "agreement": row.agreement,
        "instruction": row.instruction,
        "reason": row.reason,
        "strategy": row.strategy,
        "signatures": [row.signatures[row.provider], row.signatures[row.consumer], *own],
        "created": contracts.stamp(row.created),
    }
