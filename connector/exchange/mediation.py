"""Contracts that two members negotiate and sign through this platform (signing mode 02): it passes on what each says.

    /contractCreate       a code, which follows from the request, so all three make the same; kept until proposed in
    /contractNegotiate    passed on as it came, with the request before the first one; then kept as a version
    /contractTerminate    passed on as it came

Law: (1) what is passed on is what came, byte for byte in what anybody signed; what the other party answers is answered.
(2) What the other party did not take is kept nowhere, so the same message again does the rest. (3) Each signature is
its sender's own and over the newest version; none of ours stands for a party's, and only what is here under both is
filed. (4) Who is no party of a contract hears that there is none.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.operation.ndi import contracts, proposals, versions
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted, PeerMisbehaved, PeerRefused
from connector.store.rows.contract import ContractSignatureRow, MediationRow
from connector.store.rows.filing import FilingRow
from connector.store.table_row import replace
from contracts.errors import ContractError
from contracts.ndi import strategy as strategies
from contracts.ndi.fields import Code, FieldError
from contracts.ndi.interfaces import (
    CREATE,
    NEGOTIATE,
    OK,
    TERMINATE,
    THROUGH_PLATFORM,
    contract_digest,
    contract_part,
    digest,
    signed_part,
)
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.operation.ndi.ways import Ways
    from connector.store.transaction import Tx
    from contracts.ndi.interfaces import Interface
    from contracts.ndi.rounds import Round
    from ledger.chain.programs import Programs

    Admit = Callable[[Tx], None]
    Passed = tuple[int, Any]

DONE, ABSENT = 200, 404
# contracts that are passed on at once; of one of them one message after the other
TURNS: Final = 64
TRADERS: Final = frozenset({"provider", "buyer"})
DRAFTS: Final = "issuer = ? AND other = ''"


class Mediation:
    """The contracts that this platform passes on."""

    def __init__(self, core: Core, space: SpaceView, peers: Peers, programs: Programs, ways: Ways) -> None:
        self._core, self._space, self._peers, self._ways, self._parties = core, space, peers, ways, ways.parties
        self._domain = programs.deployment.domain("licences")
        self._turns = [asyncio.Lock() for _ in range(TURNS)]
        # an exchange that sells or buys itself takes what is meant for itself
        self._trades = not TRADERS.isdisjoint(core.identity.roles)

    async def create(self, document: Any, caller: str, admit: Admit) -> Passed:
        """Begin a contract; raises FieldError, Conflict for too many in which nothing is proposed."""
        said = CREATE.read(document)
        if said["signMode"] != THROUGH_PLATFORM and self._trades:
            return DONE, await self._ways.hearing.create(document, caller, admit)
        await self._parties.base(caller)
        await self._parties.require(said["issuerId"], caller, "issuerId")
        await self._parties.require_signed(caller, signed_part(document), said["signature"])
        if said["signMode"] != THROUGH_PLATFORM:
            text = "01 is between the two parties: a platform signs for nobody"
            raise FieldError(Code.UNAVAILABLE, "signMode", text, "ask the other party's connector, or say 02")
        if said["endTime"] <= max(said["activationTime"], self._core.clock.now()):
            raise FieldError(Code.FORM, "endTime", "has passed, or is not after `activationTime`")
        request, now = digest(document).hex(), self._core.clock.now()
        made = MediationRow(
            code=contracts.code_of(self._domain, request, said["issueTime"]),
            issuer=caller,
            name=said["contractName"],
            request=request,
            document=document,
            created=now,
        )

        def act(tx: Tx) -> Passed:
            admit(tx)
            drafts = tx.find(MediationRow, DRAFTS, (caller,), order="created")
            for old in drafts:
                if old.created + contracts.DRAFT_LIFE < now:
                    tx.delete(MediationRow, code=old.code)
            known = tx.get(MediationRow, code=made.code)
            if known is None and len(drafts) >= contracts.DRAFTS_MAX:
                raise Conflict(f"{contracts.DRAFTS_MAX} contracts of yours wait for a proposal", "propose in one")
            if known is None:
                tx.insert(made)
            return DONE, {"contractId": made.code, "creationFlag": OK}

        return await self._core.store.write(act)

    async def negotiate(self, document: Any, caller: str, admit: Admit) -> Passed:
        """Pass on a proposal, an assent or a signature, and keep it once it was taken."""
        said = NEGOTIATE.read(document)
        known = await self._core.store.read(lambda tx: tx.get(MediationRow, code=said["contractId"]))
        if known is None and self._trades:
            return DONE, await self._ways.hearing.negotiate(document, caller, admit)
        proposals.require_known(document["strategy"])
        async with self.turn(said["contractId"]):
            return await self._negotiated(said, document, caller, admit)

    async def _negotiated(self, said: Mapping[str, Any], document: Any, caller: str, admit: Admit) -> Passed:
        row = await self._open(said["contractId"], caller, admit)
        if row.name != said["contractName"]:
            raise InvalidInput("`contractName` is another than the contract was begun with", "say the same")
        strategy, code = document["strategy"], row.code
        if "signatoryId" in said:
            return await self._asked(row, said["signatoryId"], document)
        to = await self._other(row, said["strategy"]["executionNodeInfo"], caller)
        proofs = [one["signature"] for one in said.get("signatureList", [])]
        part = contract_part(row.name, code, strategy)
        proof = await self._parties.signed_by(caller, part, proofs, "signatureList") if proofs else None
        made = await self._core.store.read(lambda tx: self._round(tx, row, caller, strategy, said.get("round"), proof))
        if made is not None and said.get("round") is not None:
            await self._parties.require_signed(caller, made.part, said["round"]["signature"], "round/signature")
        if not row.other:
            await self._pass_request(row, to)
        status, answer = await self._pass(to, NEGOTIATE, document)
        if status != DONE:
            return status, answer
        now = self._core.clock.now()

        def keep(tx: Tx) -> None:
            if made is not None:
                own = None if said.get("round") is None else said["round"]["signature"]
                versions.keep(tx, self._core.evidence, made, strategy, own, (to, self._core.identity.did), now)
            elif proof is not None:
                tx.put(ContractSignatureRow(code=code, party=caller, proof=proof, at=now))

        await self._core.store.write(keep)
        return status, answer

    async def _asked(self, row: MediationRow, party: str, document: Any) -> Passed:
        """Pass on to a service party what it is asked to sign: the newest version, if that names it."""
        last = await self._core.store.read(lambda tx: versions.newest(tx, row.code))
        if party not in await self._services(row.code) or not versions.repeats(last, document["strategy"]):
            raise NotPermitted("this contract names no such service party", "ask those that it names")
        return await self._pass(party, NEGOTIATE, document)

    async def _services(self, code: str) -> list[str]:
        """List whom the newest version of a contract names as service parties, of those who are members."""
        last = await self._core.store.read(lambda tx: versions.newest(tx, code))
        try:
            named = () if last is None else strategies.services(last.strategy)
        except PolicyError:  # an expansion of another make
            named = ()
        return [one.entity for one in named if await self._space.member(one.entity) is not None]

    def _round(
        self, tx: Tx, row: MediationRow, caller: str, strategy: Any, told: Mapping[str, Any] | None, proof: bytes | None
    ) -> Round | None:
        """Return the round that a message is, None for one that repeats the newest; raises Conflict out of its turn."""
        last = versions.newest(tx, row.code)
        if versions.repeats(last, strategy):
            return None
        if self._signed(tx, row.code):
            raise Conflict("the contract is under a signature: nothing else is proposed in it", "end it, or sign it")
        made = versions.following(last, row.code, row.request, caller, strategy)
        versions.require_following(made, told, signs=proof is None and versions.signs_rounds(tx, row.code, caller))
        return made

    async def terminate(self, document: Any, caller: str, admit: Admit) -> Passed:
        """Pass on the end of a contract; of one that was filed it is the end here, too."""
        said = TERMINATE.read(document)
        code = said["contractId"]
        row = await self._core.store.read(lambda tx: tx.get(MediationRow, code=code))
        if row is None:
            return DONE, await self._ways.terminate(document, caller, admit)
        await self._parties.require(said["issuerId"], caller, "issuerId")
        await self._parties.require_signed(caller, signed_part(document), said["signature"])
        async with self.turn(code):
            row = await self._open(code, caller, admit, ended=True)
            if row.other:
                other = row.other if caller == row.issuer else row.issuer
                status, answer = await self._pass(other, TERMINATE, document)
                if status != DONE:
                    return status, answer
                for one in await self._services(code):
                    status, answer = await self._pass(one, TERMINATE, document)
                    if status not in (DONE, ABSENT):  # one that was never asked knows of no contract
                        return status, answer
            if await self._core.store.read(lambda tx: tx.get(FilingRow, code=code)) is not None:
                await self._ways.reports.take(TERMINATE, document, caller, lambda _tx: None)
            now = self._core.clock.now()
            await self._core.store.write(lambda tx: self._close(tx, code, now))
        return DONE, {"status": OK}

    def require_mediated(self, tx: Tx, filed: FilingRow) -> None:
        """Raise Conflict for a filing of a contract that was negotiated here, and is another or lacks a signature."""
        row = tx.get(MediationRow, code=filed.code)
        if row is None:
            return
        last = versions.newest(tx, filed.code)
        signed = self._signed(tx, filed.code)
        if last is None or not {filed.provider, filed.consumer} <= set(signed):
            raise Conflict("the contract was not signed through this platform by both parties", "sign it there")
        if contract_digest(row.name, row.code, last.strategy).hex() != filed.agreement:
            raise Conflict("this is not what was negotiated and signed through this platform", "file that")

    # ---- one contract

    def turn(self, code: str) -> asyncio.Lock:
        """Return what is held while a message of a contract is passed on."""
        return self._turns[hash(code) % TURNS]

    async def _open(self, code: str, caller: str, admit: Admit, *, ended: bool = False) -> MediationRow:
        """Return a contract of a caller, that counts as a request of its; raises Absent for who is no party."""

        def act(tx: Tx) -> MediationRow:
            admit(tx)
            row = tx.get(MediationRow, code=code)
            if row is None or caller not in (row.issuer, row.other):
                raise Absent(f"there is no contract `{code[:60]}` of yours here", "create it first: /contractCreate")
            if row.ended is not None and not ended:
                raise Conflict("the contract is ended", "begin another one: /contractCreate")
            return row

        return await self._core.store.write(act)

    async def _other(self, row: MediationRow, nodes: Mapping[str, str], caller: str) -> str:
        """Return the party that a message goes to; raises NotPermitted where it names others than the contract."""
        named = {await self._parties.holder(nodes.get(one, "")) for one in ("providerNodeId", "consumerNodeId")}
        others = named - {caller}
        if caller not in named or len(others) != 1 or (row.other and named != {row.issuer, row.other}):
            raise NotPermitted("`executionNodeInfo` names others than the two parties of this contract", "name both")
        [to] = others
        if await self._space.member(to) is None:
            raise NotPermitted(f"`{to[:200]}` is no member of this space", "its exchange has to admit it")
        return to

    async def _pass_request(self, row: MediationRow, to: str) -> None:
        """Pass on what a contract begins with; raises Conflict for who gives it another code."""
        status, answer = await self._pass(to, CREATE, row.document)
        if status != DONE:
            raise NotPermitted(f"the other party takes no such contract: {str(answer)[:200]}", "ask it directly")
        if answer.get("contractId") != row.code:
            text = "the other party gives the contract a code of its own, which cannot be signed by both"
            raise Conflict(text, "through the platform it follows from the request: see docs/ndi.md")
        await self._core.store.write(lambda tx: tx.change(row, replace(row, other=to)))

    async def _pass(self, to: str, interface: Interface, document: Any) -> Passed:
        """Say to a party what the other one says; returns what it answers. Raises PeerUnreachable, PeerMisbehaved."""
        member = await self._space.member(to)
        assert member is not None, "a party of a contract is a member"
        try:
            answer = await self._core.outbound.request(
                "POST", member.url + interface.path, body=document, headers=self._peers.authorization(to)
            )
            told = answer.json()
            interface.answer(told)
        except PeerRefused as refusal:
            return refusal.status, _json(refusal.body)
        except ContractError as error:
            raise PeerMisbehaved(f"`{interface.path}` is not answered as documented: {error}") from error
        return DONE, told

    def _close(self, tx: Tx, code: str, now: Any) -> None:
        row = tx.get(MediationRow, code=code)
        if row is not None and row.ended is None:
            tx.change(row, replace(row, ended=now))

    @staticmethod
    def _signed(tx: Tx, code: str) -> list[str]:
        """List who has signed a contract."""
        return [one.party for one in tx.find(ContractSignatureRow, "code = ?", (code,))]


def _json(body: bytes) -> Any:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
