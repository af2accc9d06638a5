"""The host's side: what it takes up, sells, and lets go when its provider has revoked it.

The steps of an acceptance, each of which may be repeated: read and sign the delegation; its provider has the licence on
chain, and gives keys and description; draw the sealed bytes; put the product on offer.

Law: (1) nothing is signed that does not name us and our account; what is signed is kept before its provider has it.
(2) What is sold is asked of the delegation as we keep it, at each agreement; the chain's word on it is looked for when
the provider says so, and in every round. (3) Every event about what is hosted is disclosed to its provider as well.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from catalog.dataset import dataset_from_json, dataset_json
from connector.custody import hosted as handing
from connector.custody import tickets
from connector.custody.blobs import blob_name
from connector.custody.intake import Intake
from connector.custody.sealed_file import SealedFile
from connector.licence import hosted
from connector.negotiation.on_offer import keep as keep_product
from connector.negotiation.protocol.states import PROVIDER as SELLS
from connector.provider import brief as briefs
from connector.provider.hosting import kept
from connector.provider.hosting.delegating import OTHERWISE, OWN
from connector.provider.hosting.kept import HOST
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted, PeerMisbehaved
from connector.runtime.limits import ANSWER_BYTES_MAX, HANDOVER_BYTES_MAX, HOSTED_PIECES_MAX
from connector.store.rows.hosting import DelegationRow, HostedPartRow
from connector.store.rows.hosting import DelegationState as State
from connector.store.rows.product import ProductRow, ProductState
from connector.store.rows.vault import EditionRow
from contracts import delegation as delegations
from contracts.delegation import NEGOTIATE
from ledger.edition.row import ROW_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.custody.secrets import Keys as Secrets
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.negotiation.doors import Doors
    from connector.provider.publication import Publications
    from connector.provider.shop import Shop
    from connector.store.rows.protocol import NegotiationRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from contracts.delegation import Delegation
    from ledger.chain.programs import Programs
    from ledger.edition.row_table import RowTable
    from ledger.space.document import Member

DRAWN_ROWS: Final = 8  # of one request
OVER: Final = "its provider has revoked it, or its time is over"


class Keeping:
    """The delegations that one host has taken."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        peers: Peers,
        secrets: Secrets,
        blobs: Blobs,
        doors: Doors,
        publications: Publications,
        shop: Shop,
    ) -> None:
        self._core, self._space, self._programs = core, space, programs
        self._peers, self._secrets, self._blobs = peers, secrets, blobs
        self._publications, self._shop = publications, shop
        self._parts: dict[str, bytes] = {}  # part of our log → the key of the provider that reads it, as it was then
        self._readers: dict[bytes, str] = {}  # such a key → whose it is
        self._lock = asyncio.Lock()
        core.evidence.reader = self.reader
        others = doors.agrees
        doors.agrees = lambda tx, row, now: self.agrees(tx, row, now) or others(tx, row, now)

    async def recover(self) -> None:
        """Know whose events are read by whom."""
        rows, delegations = await self._core.store.read(lambda tx: (tx.find(HostedPartRow), tx.find(DelegationRow)))
        peers = {row.id: row.peer for row in delegations}
        self._parts = {row.part: row.reader for row in rows}
        self._readers = {row.reader: peers[row.delegation] for row in rows}

    def reader(self, tx: Tx, kind: str, part: str, fields: Mapping[str, Any]) -> bytes | None:
        """Return the key of the provider that reads an event, None where it is nobody's but ours.

        An agreement under a delegation, and a channel of such an agreement, are parts from their first event on.
        """
        if not self._parts or part in self._parts:
            return self._present(self._parts.get(part))
        above = ""
        if kind == "agreement.signed":
            above = str(((fields["terms"] or {}).get(hosted.HOSTED) or {}).get("terms", {}).get("product", ""))
        elif kind == "channel.opened":
            above = str(fields["agreementDigest"])
        if (key := self._parts.get(above)) is not None:
            self._share(tx, part, above, key)
        return self._present(key)

    def _present(self, key: bytes | None) -> bytes | None:
        """Return the key that a provider is disclosed to by now: it may have replaced the one we have noted."""
        member = None if key is None else self._space.last().members.get(self._readers[key])
        return key if member is None else member.delivery

    def _share(self, tx: Tx, part: str, above: str, key: bytes) -> None:
        known = tx.get(HostedPartRow, part=above)
        self._read_by(tx, part, above if known is None else known.delegation, key)

    def _read_by(self, tx: Tx, part: str, delegation: str, key: bytes) -> None:
        """Disclose a part of our log to a provider, from the commit on."""
        tx.put(HostedPartRow(part=part, delegation=delegation, reader=key))
        tx.after(lambda: self._parts.__setitem__(part, key))

    def agrees(self, tx: Tx, negotiation: NegotiationRow, now: datetime) -> str:
        """Return why what is hosted may not be sold now, empty if it may; see `Doors.agrees`."""
        row = tx.get(DelegationRow, id=negotiation.product) if negotiation.role == SELLS else None
        if row is None or row.role != HOST or (row.state is State.HANDED and row.until > now):
            return ""
        return f"the delegation `{row.id}` is {row.state}: {row.reason or OVER}"

    async def accept(self, key: str, provider: str) -> JsonObject:
        """Take up a delegation that a provider has given us, up to its product's offer; the same again goes on."""
        member = await self._space.require(provider)
        self._readers[member.delivery] = member.did
        async with self._lock:
            row = await self._core.store.read(lambda tx: tx.get(DelegationRow, id=key))
            if row is None:
                row = await self._signed(key, member)
            if (row.role, row.peer) != (HOST, provider):
                raise Conflict(f"the delegation `{key}` is another one's", "see `penstock hosting list`")
            if row.state not in kept.GOING:
                raise Conflict(f"the delegation `{key}` is {row.state}: {row.reason}", "ask for another one")
            made = kept.read(row)
            if row.state is State.ACCEPTED:
                row = await self._taken(row, made, member)
        await self._publications.resumed(key)
        return kept.view(row)

    async def _signed(self, key: str, member: Member) -> DelegationRow:
        """Return a delegation that we have signed: it is kept, and on the log."""
        url = f"{member.url}/hosting/{quote(key, safe='')}/offer"
        told = await self._asked(url, member, {})
        made, identity, now = delegations.from_json(told.get("document")), self._core.identity, self._core.clock.now()
        digest = hosted.licence_digest(self._programs.deployment.domain("licences"), made)
        if (made.product, made.provider, made.payee) != (key, member.did, member.address):
            raise PeerMisbehaved(f"`{member.did}` shows another delegation than was asked for")
        if (made.host, made.account) != (identity.did, identity.keys.address):
            raise NotPermitted("the delegation does not name us, with our account", "ask its provider")
        if made.until <= now:
            raise Conflict(f"the delegation `{key}` is over", "ask for another one")
        row = DelegationRow(
            id=key,
            role=HOST,
            peer=member.did,
            digest=digest.hex(),
            document=made.json(),
            source="",
            host_signature=identity.sign(digest),
            state=State.ACCEPTED,
            until=made.until,
            created=now,
            updated=now,
        )

        def act(tx: Tx) -> DelegationRow:
            if tx.get(ProductRow, id=key) is not None:
                raise Conflict(f"`{key}` is a product of our own", "ask its provider for another id")
            for part in (row.digest, key):
                self._read_by(tx, part, key, member.delivery)
            return kept.keep(tx, self._core.evidence, None, row, identity.did, now)

        return await self._core.store.write(act)

    async def _taken(self, row: DelegationRow, made: Delegation, member: Member) -> DelegationRow:
        """Take keys and bytes, and put the product on its way; returns the delegation."""
        assert row.host_signature is not None
        url = f"{member.url}/hosting/{quote(row.id, safe='')}/handover"
        told = await self._asked(url, member, {"signature": row.host_signature.hex()}, HANDOVER_BYTES_MAX)
        if why := await hosted.standing(self._programs, made):
            raise PeerMisbehaved(f"`{member.did}` hands over, and {why}", "ask it")
        base = f"{member.url}/sealed/{made.edition.hex()}"
        header = (await self._core.outbound.get(f"{base}/header", limit_bytes=ANSWER_BYTES_MAX)).json()
        most = HOSTED_PIECES_MAX * ROW_BYTES
        rows = (await self._core.outbound.get(f"{base}/rows", limit_bytes=most)).body
        private = self._core.identity.keys.deliveries
        try:
            handed = await asyncio.to_thread(handing.taken, made.edition, (header, rows), told["keys"], private)
            await self._drawn(base, str(told["ticket"]), handed.table, self._blobs.path(made.edition))
            product = self._product(made, told)
        except (KeyError, TypeError, AttributeError, InvalidInput) as error:
            raise PeerMisbehaved(f"`{member.did}` hands over what nobody can read: {error}") from error
        run, now = self._secrets.draw_run(), self._core.clock.now()

        def act(tx: Tx) -> DelegationRow:
            known = kept.found(tx, row.id, HOST)
            if known.state is not State.ACCEPTED:
                return known
            if tx.get(EditionRow, id=made.edition.hex()) is None:
                path = blob_name(made.edition)
                handing.record(tx, handed, run, product=row.id, path=path, now=now)
                self._read_by(tx, made.edition.hex(), row.id, member.delivery)
            keep_product(tx, self._core.evidence, None, product)
            after = replace(known, state=State.HANDED)
            return kept.keep(tx, self._core.evidence, known, after, self._core.identity.did, now)

        return await self._core.store.write(act)

    async def _drawn(self, base: str, ticket: str, table: RowTable, path: Path) -> None:
        """Draw the sealed bytes that are not here yet; each piece is verified before it is written."""
        intake = await asyncio.to_thread(_intake, path, table)
        try:
            for first, count in intake.missing.ranges:
                for at in range(first, first + count, DRAWN_ROWS):
                    wanted = range(at, min(at + DRAWN_ROWS, first + count))
                    length = table.span(at, len(wanted))[1]
                    answer = await self._core.outbound.get(
                        f"{base}/pieces?first={at}&count={len(wanted)}",
                        headers={"Authorization": tickets.SCHEME + ticket},
                        limit_bytes=length,
                    )
                    await asyncio.to_thread(_accept, intake, wanted, answer.body)
            await asyncio.to_thread(intake.sync)
        finally:
            intake.close()

    def _product(self, made: Delegation, told: JsonObject) -> ProductRow:
        """Return the product as it is put on offer: under the terms of the delegation, and nothing else of its own."""
        price, now = str(made.tariff.minor), self._core.clock.now()
        floor = str(made.floor) if made.may(NEGOTIATE) else price
        # a path in a provider's brief would name a file of ours, were the product ever sealed anew
        brief = {name: value for name, value in told["brief"].items() if name not in (*OWN, *OTHERWISE)}
        brief |= {"id": made.product, "price": price, "floor": floor, "files": [f"hosted:{made.edition.hex()}"]}
        return ProductRow(
            id=made.product,
            title=str(made.terms["title"]),
            tier=str(made.terms["tier"]),
            edition=made.edition.hex(),
            brief=briefs.check(brief, self._core.identity.did),
            dataset=dataset_json(dataset_from_json(told["dataset"])),
            policy=dict(made.policy),
            terms=dict(made.terms) | {hosted.HOSTED: made.json()},
            limits=dict(told["limits"]) | {"ask": price, "floor": floor},
            state=ProductState.REGISTERED,
            created=now,
            updated=now,
        )

    async def look(self) -> None:
        """Let go what its provider has revoked, or what is over, as the chain says it now."""
        rows = await self._core.store.read(lambda tx: tx.find(DelegationRow, "role = ?", (HOST,)))
        for row in rows:
            if row.state in kept.GOING and row.state is not State.OFFERED:
                await self._looked(row)

    async def _looked(self, row: DelegationRow) -> None:
        made, now = kept.read(row), self._core.clock.now()
        over = row.until <= now
        if not over and await self._programs.licence(bytes.fromhex(row.digest)) is None:
            return  # its licence is on its way
        if not (why := "its time is over" if over else await hosted.standing(self._programs, made)):
            return
        state = State.ENDED if over else State.REVOKED

        def act(tx: Tx) -> bool:
            known = kept.found(tx, row.id, HOST)
            if known.state not in kept.GOING:
                return False
            kept.keep(tx, self._core.evidence, known, replace(known, state=state, reason=why), row.peer, now)
            return tx.get(ProductRow, id=row.id) is not None

        if await self._core.store.write(act):
            await self._shop.unpublish(row.id, f"its host may not sell it any more: {why}")

    async def _asked(
        self, url: str, member: Member, body: JsonObject, limit_bytes: int = ANSWER_BYTES_MAX
    ) -> JsonObject:
        headers = self._peers.authorization(member.did)
        told = (await self._core.outbound.post(url, body, headers=headers, limit_bytes=limit_bytes)).json()
        if not isinstance(told, dict):
            raise PeerMisbehaved(f"`{member.did}` answers about hosting with something else than an object")
        return told


def _intake(path: Path, table: RowTable) -> Intake:
    """Open the file of sealed bytes, and hash what is there (blocking)."""
    left = path.exists()
    made = Intake(path, table)
    if left:
        with SealedFile(path, table) as sealed:
            made.rehash(sealed)
    return made


def _accept(intake: Intake, wanted: range, body: bytes) -> None:
    """Verify and write the pieces that one answer brought (blocking)."""
    at = 0
    for number in wanted:
        size = intake.table.span(number, 1)[1]
        intake.accept(number, body[at : at + size])
        at += size
