"""Our messages, said by the interfaces of a contract to peers that are spoken to by them.

Law: (1) the engine does not know: its messages come here as they do to the courier, and what is answered here is what
the protocol answers. (2) What must not be done twice is kept before it is used: a contract that a peer has begun for us
is a row before anything is proposed in it. (3) A finalized negotiation is one whose contract the platform has filed.

    request, offer       /contractCreate, unless there is one already, and /contractNegotiate
    accept               /contractNegotiate with the other's strategy
    agreement            the same, signed by the provider           verification    signed by the consumer
    finalize             /contractRegistrate at the platform, which sends both /strategySend
    termination          /contractTerminate
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.ndi import offers
from connector.negotiation.ndi.address import is_through, plain
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.states import CONSUMER, FINAL, NEGOTIATION, PROVIDER
from connector.operation.ndi import contracts, versions
from connector.operation.ndi.consents import Consents
from connector.operation.ndi.versions import as_round
from connector.runtime.errors import Absent, Conflict, PeerMisbehaved, PeerRefused
from connector.store.rows.contract import ContractRow, ContractVersionRow
from connector.store.rows.filing import FilingRow
from connector.store.rows.protocol import NegotiationRow
from contracts.canonical import canonical
from contracts.errors import ContractError
from contracts.namespace import CONTRACT
from contracts.ndi.interfaces import (
    CREATE,
    EARLY,
    FILED_ALONE,
    NEGOTIATE,
    POINT_TO_POINT,
    REGISTRATE,
    TERMINATE,
    THROUGH_PLATFORM,
    contract_part,
    digest,
    signed_part,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.negotiation.protocol.messages import Document
    from connector.operation.ndi.parties import Parties
    from connector.store.transaction import Tx
    from contracts.ndi.interfaces import Interface

    Outcome = tuple[int, Any]

DONE, REFUSED = 200, 409
# what stands in a filing for people: the interface asks for something
NOTHING_MORE: Final = "-"
PIDS: Final = ("providerPid", "consumerPid")
FILED: Final = "contract.filed"
SIGNED: Final = "signed"  # the grade of a filing that no licence is of


class Speaking:
    """The way of one participant's contracts to their other parties, and to the platform."""

    def __init__(self, core: Core, peers: Peers, space: SpaceView, parties: Parties) -> None:
        self._core, self._peers, self._space, self._parties = core, peers, space, parties
        self.consents = Consents(core, parties, self.post)
        self._said: Mapping[str, Callable[[str, str, Document], Awaitable[Outcome]]] = {
            "ContractRequestMessage": self._proposal,
            "ContractOfferMessage": self._proposal,
            "ContractAgreementMessage": self._agreement,
            "ContractAgreementVerificationMessage": self._verification,
            "ContractNegotiationEventMessage": self._event,
            "ContractNegotiationTerminationMessage": self._termination,
        }

    async def deliver(self, peer: str, url: str, body: Document) -> Outcome:
        """Say a message of a negotiation to a peer; raises what `post` raises."""
        base = url.rpartition("/negotiations/")[0]
        return await self._said[body["@type"]](peer, base, body)

    async def post(self, peer: str, url: str, interface: Interface, body: Document) -> dict[str, Any]:
        """Call an interface; returns what it answers when that is OK. Raises PeerRefused where it is not.

        Through the platform it is the platform that is called.
        """
        headers = self._peers.authorization((await self._space.current()).exchange if is_through(url) else peer)
        answer = await self._core.outbound.request("POST", plain(url) + interface.path, body=body, headers=headers)
        try:
            told = interface.answer(answer.json())
        except ContractError as error:
            raise PeerMisbehaved(f"`{interface.path}` is not answered as documented: {error}") from error
        if interface is not NEGOTIATE and told[interface.status].lstrip("0") != interface.ok.lstrip("0"):
            raise PeerRefused(f"`{interface.path}` is answered {told[interface.status]}", REFUSED, answer.body)
        return told

    async def _proposal(self, peer: str, base: str, body: Document) -> Outcome:
        """Say an offer or a request, in a contract that is begun first where there is none."""
        ours, theirs = ("consumerPid", "providerPid") if "Request" in body["@type"] else PIDS
        pid, about = body[ours], body["offer"][CONTRACT]
        code = body.get(theirs) or await self._begun(peer, base, ours, body)
        strategy = offers.strategy_of(body["offer"], about, self._space.known_currency())
        await self._negotiate(peer, base, about["name"], code, strategy)
        return self._ack({ours: pid, theirs: code}, "REQUESTED" if ours == "consumerPid" else "OFFERED")

    async def _begun(self, peer: str, base: str, ours: str, body: Document) -> str:
        """Have a peer begin the contract of a negotiation of ours; returns its code."""
        pid, about = body[ours], body["offer"][CONTRACT]
        known = await self._core.store.read(lambda tx: contracts.of_negotiation(tx, pid))
        if known is not None:
            return known.code
        now = self._core.clock.now()
        asked = {
            "contractName": about["name"],
            "contractAbstract": about["abstract"],
            "issueTime": contracts.stamp(now),
            "activationTime": about["from"],
            "endTime": about["until"],
            "signMode": THROUGH_PLATFORM if is_through(base) else POINT_TO_POINT,
            **await self._parties.issuer(),
        }
        asked = self.signed(asked)
        told = await self.post(peer, base, CREATE, asked)
        row = ContractRow(
            code=told["contractId"],
            role=CONSUMER if ours == PIDS[1] else PROVIDER,
            peer=peer,
            negotiation=pid,
            request=digest(asked).hex(),
            name=about["name"],
            document=asked,
            created=now,
        )

        def keep(tx: Tx) -> ContractRow:
            if (other := tx.get(ContractRow, code=row.code)) is not None:
                raise PeerMisbehaved(f"`{other.code}` is the code of another contract already")
            tx.insert(row)
            return row

        await self._core.store.write(keep)
        return row.code

    async def _negotiate(
        self, peer: str, base: str, name: str, code: str, strategy: Document, *, signed: bool = False
    ) -> str:
        """Say a strategy, with our signature where it is agreed; returns `negotiationStatus`.

        A proposal that the other refuses is no version of the contract.
        """
        said: Document = {"contractName": name, "contractId": code, "strategy": strategy}
        made = await self._version(code, strategy, base, signed=signed)
        if made is not None and made.proof is not None and not signed:
            said["round"] = as_round(made).told(made.proof)
        if signed:
            at = contracts.stamp(self._core.clock.now())
            entity = (await self._parties.issuer())["issuerEntityId"]
            signature = (await self._own(code, signed_part(said))).hex()
            said["signatureList"] = [{"entityId": entity, "signature": signature, "signatoryTime": at}]
        try:
            return str((await self.post(peer, base, NEGOTIATE, said))["negotiationStatus"])
        except PeerRefused:
            if made is not None:
                await self._core.store.write(lambda tx: tx.delete(ContractVersionRow, code=code, number=made.number))
            raise

    async def _version(self, code: str, strategy: Document, base: str, *, signed: bool) -> ContractVersionRow | None:
        """Keep what we propose as a version, if it is one, and return it while nothing followed it.

        Through the platform our signature over the round stands with it: what is said in our name is ours.
        """
        me, through = self._core.identity, is_through(base)
        platform = self._space.last().exchange if through else ""

        def keep(tx: Tx) -> ContractVersionRow | None:
            last, row = versions.newest(tx, code), tx.get(ContractRow, code=code)
            assert row is not None, "a contract is begun before anything is proposed in it"
            if last is not None and versions.repeats(last, strategy):
                return last if last.proposer == me.did else None
            made = versions.following(last, code, row.request, me.did, strategy)
            proof = me.sign_part(made.part) if through and not signed else None
            now = self._core.clock.now()
            return versions.keep(tx, self._core.evidence, made, strategy, proof, (row.peer, platform), now)

        return await self._core.store.write(keep)

    async def _agreement(self, peer: str, base: str, body: Document) -> Outcome:
        """Say what we agree to, signed."""
        about = body["agreement"][CONTRACT]
        await self._negotiate(peer, base, about["name"], body["consumerPid"], about["strategy"], signed=True)
        return self._ack(body, "AGREED")

    async def _verification(self, peer: str, base: str, body: Document) -> Outcome:
        """Sign what the provider agreed to."""
        about = await self._about(body["consumerPid"], agreed=True)
        await self._negotiate(peer, base, about["name"], body["providerPid"], about["strategy"], signed=True)
        return self._ack(body, "VERIFIED")

    async def _event(self, peer: str, base: str, body: Document) -> Outcome:
        """Take the provider's strategy, or have the platform file what both have signed."""
        if body["eventType"] == "FINALIZED":
            await self._file(body["providerPid"], body["consumerPid"])
            return self._ack(body, "FINALIZED")
        row = await self._talk(body["consumerPid"])
        about = (row.offer or {})[CONTRACT]
        strategy = offers.strategy_of(row.offer or {}, about, self._space.known_currency())
        await self._negotiate(peer, base, about["name"], body["providerPid"], strategy)
        return self._ack(body, "ACCEPTED")

    async def _termination(self, peer: str, base: str, body: Document) -> Outcome:
        """End a contract."""
        code = next(pid for pid in map(body.get, PIDS) if pid and not pid.startswith("urn:"))
        row = await self._core.store.read(lambda tx: tx.get(ContractRow, code=code))
        if row is not None:
            await self.post(peer, base, TERMINATE, await self.ending(row))
        return self._ack(body, "TERMINATED")

    async def ending(self, row: ContractRow) -> Document:
        """Return what says that a contract ends before its term, now."""
        now = contracts.stamp(self._core.clock.now())
        said = {
            "contractName": row.name,
            "contractId": row.code,
            "issueTime": now,
            "erminateType": EARLY,
            "activationTime": row.document["activationTime"],
            "scheduledEndTime": row.document["endTime"],
            "agreedEndTime": now,
            **await self._parties.issuer(),
        }
        return self.signed(said)

    async def _file(self, pid: str, code: str) -> None:
        """Have the platform file a contract that both have signed, and keep that it has."""
        row, about = (
            await self._core.store.read(lambda tx: tx.get(ContractRow, code=code)),
            await self._about(pid, agreed=True),
        )
        assert row is not None, "a contract that is signed is there"
        strategy = about["strategy"]
        own = await self._own(code, contract_part(about["name"], code, strategy))
        theirs = row.signature or b""
        consents = await self.consents.require(code, about, (own, theirs), (await self._talk(pid)).callback)
        if (await self._talk(pid)).state in FINAL:  # while it waited for them; from now on nobody ends it
            raise Conflict(f"the contract `{code}` was ended before it was filed")
        filed = {
            "contractName": about["name"],
            "contractId": code,
            "strategy": {
                **strategy,
                "subjectInfo": {**strategy["subjectInfo"], FILED_ALONE: about["provider"]},
            },
            "signatoryEntities": [
                {
                    "signatoryEntityId": about["provider"],
                    "signature": own.hex(),
                },
                {"signatoryEntityId": about["consumer"], "signature": theirs.hex()},
                *consents,
            ],
            "signatoryTime": contracts.stamp(row.signed or row.created),
            "contractExpansionItem": NOTHING_MORE,
        }
        space = await self._space.current()
        platform = space.members[space.exchange]
        told = await self.post(platform.did, platform.url, REGISTRATE, filed)
        await self._core.store.write(lambda tx: self._keep(tx, row, about, filed, str(told.get("contractHash", ""))))

    def _keep(self, tx: Tx, row: ContractRow, about: Document, filed: Document, told: str) -> None:
        """Write once that the platform has filed a contract: as we gave it, or as the other party did before us."""
        if tx.get(FilingRow, code=row.code) is not None:
            return
        now, over = self._core.clock.now(), offers.digest_of({CONTRACT: about}, row.code).hex()
        me = self._core.identity.did
        line = FilingRow(
            code=row.code,
            agreement=over,
            name=row.name,
            product=about["product"],
            provider=me,
            consumer=row.peer,
            signed=row.signed or row.created,
            digest=told or sha256(canonical(filed)).hexdigest(),
            filer=me,
            filed=now,
            grade=SIGNED,
        )
        tx.insert(line)
        fields = {"contract": row.code, "hash": line.digest, "by": me}
        self._core.evidence.record(tx, FILED, part=over, fields=fields, now=now)

    async def _about(self, pid: str, *, agreed: bool = False) -> Document:
        row = await self._talk(pid)
        document = (row.agreement if agreed else row.offer) or {}
        found: Document = document[CONTRACT]
        return found

    async def _talk(self, pid: str) -> NegotiationRow:
        row = await self._core.store.read(lambda tx: tx.get(NegotiationRow, id=pid))
        if row is None:
            raise Absent(f"there is no negotiation `{pid}` here")
        return row

    def signed(self, said: Document) -> Document:
        """Return a message with our signature over it."""
        return {**said, "signature": self._core.identity.sign_part(signed_part(said)).hex()}

    async def _own(self, code: str, part: bytes) -> bytes:
        """Return our signature of a contract, kept."""
        core = self._core
        return await core.store.write(
            lambda tx: contracts.own_signature(tx, code, part, core.identity, core.clock.now())
        )

    @staticmethod
    def _ack(body: Mapping[str, Any], state: str) -> Outcome:
        return DONE, messages.ack(NEGOTIATION, body["providerPid"], body["consumerPid"], state)
