"""Agreements of ours as digital contracts: written, filed at the exchange's register (备案), and opened there again.

Law: the exchange is not trusted. What it says that it keeps is fetched, opened with the key that the two parties share
and held against what was signed here; only then our log says that the contract is filed. Nor does it say under whose
key a contract is sealed.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from connector.runtime.errors import Absent, Conflict, PeerMisbehaved, PeerRefused, PeerUnreachable
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.filing import FiledContractRow, FilingRow
from contracts.digital_contract import Agreed, read, written
from contracts.lifecycle import SIGNED
from contracts.namespace import AGREEMENT_URN
from ledger.agreement import filing as filings

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.agreement.filing import Filing
    from ledger.chain.programs import Programs

FILED: Final = "contract.filed"
INTERFACE, REGISTER = "/contractRegistrate", "/exchange/filings"
# as it was signed: how it stands from then on is on chain, and is no part of what is filed
DONE: Final = "0"
CONFLICT: Final = 409


class Registration:
    """What one participant files."""

    def __init__(self, core: Core, peers: Peers, space: SpaceView, exchange: ExchangeDoor, programs: Programs) -> None:
        self._core, self._peers, self._space = core, peers, space
        self._exchange, self._programs = exchange, programs

    async def contract(self, agreement: str) -> JsonObject:
        """Return an agreement of ours as a digital contract, with all that was signed, as it stands now."""
        row = await self._row(agreement)
        return self._written(row, row.state)

    async def file(self, agreement: str) -> JsonObject:
        """File an agreement of ours, and see that what lies there is it; filed before, it is looked at again."""
        row = await self._row(agreement)
        contract = self._written(row, SIGNED)
        sealing, *_ = await self._keys(row)
        body = filings.written(contract, bytes.fromhex(row.digest), sealing)
        try:
            told = await self._exchange.ask("POST", INTERFACE, body)
            if not isinstance(told, dict) or str(told.get("status")) != DONE:
                raise PeerMisbehaved("the exchange does not say whether the contract is filed")
        except PeerRefused as refused:
            if refused.status != CONFLICT:
                raise
            # the other party has filed it in other bytes: as a program of another version, or falsely
        filing, found, _ = await self._fetched(contract["contractId"])
        now = self._core.clock.now()
        await self._core.store.write(lambda tx: keep(tx, self._core.evidence, filing, found["by"], now))
        return found

    async def open(self, code: str) -> JsonObject:
        """Return the contract that lies in the register under a code, as its two parties signed it."""
        _, _, contract = await self._fetched(code)
        return contract

    async def _fetched(self, code: str) -> tuple[Filing, JsonObject, JsonObject]:
        """Return what lies in the register under a code: whole, as it is listed, and opened; raises PeerMisbehaved."""
        found = await self._exchange.ask("GET", f"{REGISTER}/{quote(code, safe='')}")
        try:
            sealed = base64.b64decode(found.pop("sealed"), validate=True)
            row = await self._row(str(found["agreement"]))
            keys = await self._opening_keys(row)
            filed = filings.written(self._written(row, SIGNED), bytes.fromhex(row.digest), keys[0])
            ours = replace(filings.read(filed), sealed=sealed)
            said = found["contractId"], found["contractHash"], found.get("amends")
            if (
                said != (code, ours.hash, ours.amends and ours.amends.hex())
                or ours.code != code
                or found["by"] not in ours.parties
            ):
                raise PeerMisbehaved(f"the register lists `{code[:60]}` otherwise than it keeps it")
            opened = await asyncio.to_thread(ours.opened, keys)
            agreed, _, _ = read(opened)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            text = f"what lies in the register as `{code[:60]}` is not what was signed"
            raise PeerMisbehaved(f"{text}: {error}", "tell the exchange and the other party") from error
        if (agreed.agreement, agreed.terms) != (row.agreement, row.terms):
            raise PeerMisbehaved(f"another agreement lies in the register as `{code[:60]}`", "tell the exchange")
        return ours, found, opened

    async def _row(self, agreement: str) -> AgreementRow:
        """Return an agreement of ours that both signed; raises Absent."""
        digest = agreement.removeprefix(AGREEMENT_URN)
        row = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=digest))
        if row is None or row.terms is None or row.agreement is None or not row.buyer_signature:
            raise Absent(f"there is no signed agreement `{digest[:100]}` here", "penstock show, for what there is")
        return row

    def _written(self, row: AgreementRow, state: str) -> JsonObject:
        """Return an agreement as a contract in a state of its life."""
        assert row.agreement is not None, "both have signed it"
        agreed = Agreed(row.signed_terms, row.agreement, row.odrl, row.signatures)
        return written(agreed, state, self._programs.deployment.domain("licences"))

    async def _keys(self, row: AgreementRow) -> list[bytes]:
        """Return the keys that the other party makes, too: the one to seal with, and those of former keys.

        Its public keys are taken from its own DID document: the space's document is the exchange's word, and an
        exchange that named a key of its own there would read what is sealed.
        """
        document = await self._peers.document(row.peer)
        if document.delivery is None:
            raise Conflict(f"`{row.peer[:200]}` publishes no delivery key", "ask it to renew its DID document")
        return self._shared(row, document.delivery, *document.former)

    async def _opening_keys(self, row: AgreementRow) -> list[bytes]:
        """Return the keys to open with; of who does not answer any more, by the key that the space knew it by."""
        try:
            return await self._keys(row)
        except PeerUnreachable:
            member = await self._space.member(row.peer)
            if member is None:
                raise
            return self._shared(row, member.delivery)

    def _shared(self, row: AgreementRow, *others: bytes) -> list[bytes]:
        own, digest = self._core.identity.keys.deliveries, bytes.fromhex(row.digest)
        return [filings.key_of(one, other, digest) for one, other in product(own, others)]


def keep(tx: Tx, evidence: Evidence, filing: Filing, filer: str, now: datetime) -> FilingRow:
    """Write a filed contract and its event, unless it is known already; raises Conflict where that is another."""
    known = tx.get(FilingRow, code=filing.code)
    if known is not None:
        if known.digest != filing.hash:
            raise Conflict(f"the contract is filed in other bytes, by `{known.filer}`", "penstock filing open")
        return known
    row = FilingRow(
        code=filing.code,
        agreement=filing.agreement.hex(),
        name=filing.name,
        product=filing.product,
        provider=filing.provider,
        consumer=filing.consumer,
        signed=filing.signed,
        digest=filing.hash,
        filer=filer,
        filed=now,
        amends=filing.amends.hex() if filing.amends else None,
    )
    tx.insert(row)
    tx.insert(FiledContractRow(code=filing.code, sealed=filing.sealed))
    evidence.record(
        tx, FILED, part=row.agreement, fields={"contract": row.code, "hash": row.digest, "by": filer}, now=now
    )
    return row
