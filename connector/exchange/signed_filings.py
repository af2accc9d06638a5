"""Contracts that were signed over the interfaces, filed (备案) and put in force by a control instruction to both sides.

Law: (1) a contract is taken in when both parties have signed it by keys that the space knows them by; no licence
on chain is of it, so it is kept under the grade `signed`. (2) Its line, its events and the instructions to both parties
are one transaction; the instructions leave through the outbox until they are taken. (3) The number of an instruction is
the first 32 digits of the contract's digest. (4) A contract in place of another is taken in once, of the same parties
and product, while that one is in force here; from then on that one is over.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeVar

from connector.exchange.filings import SIGNED
from connector.exchange.mediation import Mediation
from connector.negotiation.ndi.address import marked
from connector.operation.ndi import contracts
from connector.runtime.errors import Conflict, NotPermitted
from connector.store.rows.filing import FiledContractRow, FilingRow
from connector.store.table_row import replace
from contracts.canonical import canonical
from contracts.errors import ContractError
from contracts.ndi import strategy as strategies
from contracts.ndi.fields import Code, FieldError
from contracts.ndi.interfaces import REGISTRATE, STRATEGY_SEND, filed_part, signed_part
from contracts.ndi.proof import is_national
from contracts.ndi.services import MEMBER
from contracts.signature import recover
from ledger.agreement.filing import instruction
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.operation.ndi.ways import Ways
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs
    from ledger.space.document import Member

T = TypeVar("T")
FILED: Final = "contract.filed"
INSTRUCTED: Final = "instruction.moved"
VERSION: Final = "1"


def is_signed(document: Any) -> bool:
    """Say whether a filing is of a contract of these interfaces: what is under a licence brings it along, sealed."""
    return isinstance(document, dict) and not isinstance(document.get("contractExpansionItem"), dict)


class SignedFilings:
    """The filed contracts of a space that are under its members' signatures alone."""

    def __init__(self, core: Core, space: SpaceView, peers: Peers, programs: Programs, ways: Ways) -> None:
        self._core, self._space, self._ways, self._parties = core, space, ways, ways.parties
        self.mediation = Mediation(core, space, peers, programs, ways)

    async def register(self, document: Any, member: str, write: Write) -> FilingRow:
        """Take in a contract from one of its parties, and instruct both; returns its line."""
        said = REGISTRATE.read(document)
        nodes = said["strategy"]["executionNodeInfo"]
        sides = [await self._member(nodes, "providerNodeId"), await self._member(nodes, "consumerNodeId")]
        if member not in [one.did for one in sides]:
            raise NotPermitted("a contract is filed by one of its two parties", "ask one of them to file it")
        part = filed_part(document)
        sides += await self._services(said["strategy"])
        await self._check_signers(said["signatoryEntities"], part, sides)
        now = self._core.clock.now()
        row = FilingRow(
            code=said["contractId"],
            agreement=sha256(part).hexdigest(),
            name=said["contractName"],
            product=said["strategy"]["subjectInfo"]["dataProductId"],
            provider=sides[0].did,
            consumer=sides[1].did,
            signed=said["signatoryTime"],
            digest=sha256(canonical(document)).hexdigest(),
            filer=member,
            filed=now,
            grade=SIGNED,
            amends=_expanded(said["strategy"], strategies.SUPERSEDES, strategies.superseded) or None,
        )
        async with self.mediation.turn(row.code):  # the signature that it waits for may be on its way through here
            return await write(lambda tx: self._keep(tx, row, sides, document, now))

    async def _services(self, strategy: Mapping[str, Any]) -> list[Member]:
        """Return the service parties that a contract names; raises FieldError for what cannot be read.

        What another make says in an expansion of its own is its own matter: nobody is named there for us.
        """
        named = _expanded(strategy, MEMBER, strategies.services) or ()
        members = [await self._space.member(one.entity) for one in named]
        for one, member in zip(named, members, strict=True):
            if member is None:
                text = f"the service party `{one.entity}` is no member of this space, so nobody knows its key"
                raise NotPermitted(text, "penstock join")
        return [one for one in members if one is not None]

    async def _check_signers(self, signers: list[Mapping[str, Any]], part: bytes, sides: list[Member]) -> None:
        """Raise FieldError unless all parties have signed: provider, consumer, and whoever serves them."""
        found = [await self._signer(told, part, sides) for told in signers]
        for one, side in zip(
            sides, ("provider", "consumer", *(f"service party {one.did}" for one in sides[2:])), strict=True
        ):
            if one.did not in found:
                raise FieldError(
                    Code.UNPROVEN, "signatoryEntities", f"has no signature of the {side} over this contract"
                )
        if None in found:
            raise FieldError(Code.UNPROVEN, "signatoryEntities", "has a signature of nobody in this space")

    async def _signer(self, told: Mapping[str, Any], part: bytes, sides: list[Member]) -> str | None:
        """Return who has signed, by its DID: whose account it is, or, by SM2, a party or who is named; else None."""
        proof, space = told["signature"], self._space.last()
        if not is_national(proof):
            one = space.by_address(_account(part, proof))
            return None if one is None else one.did
        named = space.members.get(await self._parties.holder(told["signatoryEntityId"]))
        looked = sides if named is None or named in sides else [*sides, named]
        now = self._core.clock.now()
        return next((one.did for one in looked if one.signer.has_signed(part, proof, now)), None)

    def _keep(self, tx: Tx, row: FilingRow, sides: list[Member], document: Any, now: datetime) -> FilingRow:
        known = tx.get(FilingRow, code=row.code)
        if known is not None:
            if known.agreement != row.agreement:
                raise Conflict(f"another contract is filed as `{row.code}`, by `{known.filer}`", "penstock filing show")
            return known
        self.mediation.require_mediated(tx, row)
        if row.amends is not None:
            self._end(tx, row, row.amends, now)
        tx.insert(row)
        tx.insert(FiledContractRow(code=row.code, sealed=canonical(document)))
        fields = {"contract": row.code, "hash": row.digest, "by": row.filer}
        self._core.evidence.record(tx, FILED, part=row.agreement, fields=fields, now=now)
        for one in sides:
            self._instruct(tx, row, one, document, now)
        return row

    def _end(self, tx: Tx, row: FilingRow, amends: str, now: datetime) -> None:
        """End the contract in whose place one is; raises Conflict where that is not in force, or is another's."""
        found = next(iter(tx.find(FilingRow, "agreement = ?", (amends,), limit=1)), None)
        if found is None or _of(found) != _of(row):
            text = "no contract of these two on this product is filed here under the digest that it is in place of"
            raise Conflict(text, "see `supersedes` of its expansion")
        if found.ended is not None:
            raise Conflict(f"the contract `{found.code}`, in whose place it is to be, is over", "penstock filing show")
        tx.change(found, replace(found, ended=now))

    def _instruct(self, tx: Tx, row: FilingRow, to: Member, document: Any, now: datetime) -> None:
        """Send a party its control instruction."""
        number = instruction(bytes.fromhex(row.agreement))
        body: dict[str, Any] = {
            "contractId": row.code,
            "strategyId": contracts.strategy_id(number),
            "strategyVersion": VERSION,
            "transactionExecutionStrategy": document,
            "issuedAt": contracts.stamp(now),
        }
        fields = {"contract": row.code, "instruction": number, "from": self._core.identity.did, "to": to.did}
        self._core.evidence.record(tx, INSTRUCTED, part=row.agreement, fields={**fields, "version": VERSION}, now=now)
        body |= {"signature": self._core.identity.sign_part(signed_part(body)).hex()}
        self._ways.owe(tx, to.did, marked(to.url), STRATEGY_SEND, body, row.agreement)

    async def _member(self, nodes: Mapping[str, str], name: str) -> Member:
        """Return the member that a contract names; raises NotPermitted for who is none."""
        did = await self._parties.holder(nodes.get(name, ""))
        found = self._space.last().members.get(did)
        if found is None:
            raise NotPermitted(f"`{name}` is no member of this space, so nobody knows its key", "penstock join")
        return found


def _of(row: FilingRow) -> tuple[str, str, str]:
    """Return whose contract a line is, and on which product."""
    return row.provider, row.consumer, row.product


def _expanded(strategy: Mapping[str, Any], member: str, read: Callable[[Mapping[str, Any]], T]) -> T | None:
    """Return what `read` finds of a member of a strategy's expansion; raises FieldError for what cannot be read.

    What another make says in an expansion of its own is its own matter.
    """
    try:
        return read(strategy)
    except PolicyError as error:
        if member not in str(strategy["policyExpansion"]):
            return None
        raise FieldError(Code.FORM, "strategy/policyExpansion", f"cannot be read: {error}") from error


def _account(part: bytes, proof: bytes) -> bytes:
    """Return whose signature it is (20 bytes), empty for nobody's."""
    try:
        return recover(sha256(part).digest(), proof)
    except ContractError:
        return b""
