"""Plain copies for connectors that know nothing of sealing: decided, counted, metered here (spec 5, "Foreign").

Law: (1) A copy is the one opening of its transfer: the whole policy decides it before its first byte, and it counts
once, however often its bytes are asked for. (2) Bytes are counted before they leave, step by step, each time by an act
that looks whether agreement and transfer stand; so a crash forgets none. (3) What a transfer may draw is bounded, and
pieces that are opened again cost nothing again. (4) What was served is the provider's word alone: `METERED` stands
wherever it is shown, and nothing of it goes through a channel.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from connector.channel.errors import ChannelFault
from connector.custody import watermarking
from connector.custody.marked import Markings
from connector.custody.opened import Opened
from connector.custody.tickets import transfer_digest
from connector.enforcement import performed, uses
from connector.licence.books import transfer_id
from connector.licence.receipt import RECEIVED, CopyReceipt, digest
from connector.negotiation import transfer as transfers
from connector.negotiation.envelope import pids
from connector.negotiation.notices import account_of
from connector.negotiation.protocol.offers import METERED, PLAIN
from connector.negotiation.protocol.states import FINAL, PROVIDER
from connector.provider import upstream
from connector.provider.plain import bill as copy_bill
from connector.provider.plain import decision as copy_decision
from connector.provider.streams import sold
from connector.runtime.errors import Absent, NotPermitted
from connector.store.entries import entry_at
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import TransferRow
from connector.store.rows.vault import CopyRow, CopyState, EditionRow
from connector.store.table_row import replace
from contracts.ranges import RowSet
from contracts.tariff import Tariff
from contracts.units import CALL
from ledger.log.note import b64

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.custody.secrets import Keys as Secrets
    from connector.custody.tickets import Ticket
    from connector.enforcement.enforce import Enforcement
    from connector.licence.books import Books
    from connector.licence.continuity import Continuity
    from connector.licence.duties import Duties
    from connector.licence.standing import Standing
    from connector.negotiation.notices import Notice, Notices
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.edition.row_table import RowTable

GONE: Final = "the agreed edition is not here any more"
NAMED_MAX = 10_000  # transfers whose name is remembered by what a ticket says of it
# what one transfer may draw, in editions and at least: whoever keeps its address reads it anew for each of its runs
EDITIONS_MAX = 16
DRAWN_BYTES_MIN = 64 * 1024 * 1024


class QuotaUsedUp(NotPermitted):
    """A copy or a call is more than its tariff leaves in one `period`."""

    def __init__(self, text: str, hint: str, period: str) -> None:
        super().__init__(text, hint)
        self.period = period


class Copies:
    """The plain copies that one participant gives."""

    def __init__(
        self,
        core: Core,
        standing: Standing,
        enforcement: Enforcement,
        duties: Duties,
        secrets: Secrets,
        blobs: Blobs,
        continuity: Continuity,
        books: Books,
        notices: Notices,
    ) -> None:
        self._core, self._standing, self._enforcement, self._duties = core, standing, enforcement, duties
        self._secrets, self._blobs, self._continuity, self._books = secrets, blobs, continuity, books
        self._named: dict[bytes, str] = {}
        self._marked = Markings()
        notices.takers[RECEIVED] = self.countersigned

    async def begin(self, ticket: Ticket, purpose: str, said: Mapping[str, str]) -> None:
        """Decide, count and record the copy of the ticket's transfer, once; raises NotPermitted with the reasons.

        `purpose` is what the caller says; who says nothing asks for the purpose that the agreement names. `said` is
        what else it says of its use.
        """
        try:
            reasons = await self._core.store.write(lambda tx: self._begin(tx, ticket, purpose, said))
        except ChannelFault as failure:
            await self._duties.note(failure, [ticket.subject.hex()])
            raise
        if reasons:
            raise NotPermitted(reasons)

    async def stands(self, ticket: Ticket) -> None:
        """Raise NotPermitted unless the ticket's agreement stands and its transfer runs."""
        await self._core.store.read(lambda tx: self.under(tx, ticket))

    async def open(self, ticket: Ticket) -> Opened:
        """Open the ticket's edition for reading; raises NotPermitted when it is not here any more."""
        edition, opened = await self._opened(ticket.edition)
        if not edition.watermarks:
            return opened
        own = watermarking.key_of(self._secrets.masks(), edition.product, ticket.subject.hex())
        return self._marked.of(opened, edition, own)

    async def edition(self, edition: bytes) -> Opened:
        """Open an edition for ourselves, as it was sealed; raises NotPermitted likewise."""
        return (await self._opened(edition))[1]

    async def _opened(self, name: bytes) -> tuple[EditionRow, Opened]:
        def look(tx: Tx) -> tuple[EditionRow | None, RowTable | None]:
            return tx.get(EditionRow, id=name.hex()), self._books.table(tx, name)

        edition, table = await self._core.store.read(look)
        if edition is None or table is None:
            raise NotPermitted(GONE, "agree on another")
        return edition, await asyncio.to_thread(Opened, self._blobs, self._secrets, edition, table)

    async def charge(self, ticket: Ticket, rows: range, length: int, calls: int) -> None:
        """Count bytes of `rows` and requests before they leave; raises NotPermitted where they may not."""
        await self._core.store.write(lambda tx: self._charge(tx, ticket, rows, length, calls))

    async def give_back(self, ticket: Ticket, length: int) -> None:
        """Take `length` bytes that were counted and did not leave from a copy that goes on."""
        if length:
            await self._core.store.write(lambda tx: self._give_back(tx, ticket, length))

    def pace(self, ticket: Ticket) -> str:
        """Return whose pace is kept: the agreement's."""
        return ticket.subject.hex()

    async def sent(self, key: str) -> int:
        """Return how many files of a push, by its transfer, were taken."""
        row = await self._core.store.read(lambda tx: tx.get(CopyRow, id=key))
        assert row is not None, "a push begins with its copy"
        return int(row.pushed or 0)

    async def note_sent(self, key: str, count: int) -> None:
        """Take note of files of a push that were taken."""
        await self._core.store.write(lambda tx: tx.update(CopyRow, {"id": key}, pushed=count))

    def moved(self, tx: Tx, transfer: TransferRow) -> None:
        """End the copy of a transfer that is over, and record what was served."""
        copy = tx.get(CopyRow, id=transfer.id)
        if transfer.state in FINAL and copy is not None and copy.state == CopyState.OPEN:
            self._end(tx, copy, self._core.clock.now())

    async def receipt(self, ticket: Ticket) -> JsonObject:
        """Return the receipt of the ticket's transfer with its place in our log; raises Absent before its end."""
        return await self._core.store.read(lambda tx: self._receipt(tx, ticket))

    def countersigned(self, tx: Tx, agreement: AgreementRow, notice: Notice, now: datetime) -> None:
        """Take the buyer's signed word that a receipt, named by its digest, says what it received."""
        for copy in tx.find(CopyRow, "agreement = ? and state = ?", (agreement.digest, CopyState.ENDED)):
            if copy.receipt is not None and digest(copy.receipt).hex() == notice.text:
                tx.change(copy, replace(copy, agreed=now))

    # ---- inside one transaction

    def _receipt(self, tx: Tx, ticket: Ticket) -> JsonObject:
        for copy in tx.find(CopyRow, "agreement = ? and state = ?", (ticket.subject.hex(), CopyState.ENDED)):
            if transfer_digest(copy.id) == ticket.transfer:
                return shown(tx, self._core.evidence, copy)
        raise Absent("there is no receipt yet: it is signed when the transfer ends")

    def under(self, tx: Tx, ticket: Ticket, tier: str = PLAIN) -> tuple[AgreementRow, TransferRow]:
        """Return agreement and transfer of a ticket; raises NotPermitted unless both stand, and are of this tier."""
        digest = ticket.subject.hex()
        agreement, now = tx.get(AgreementRow, digest=digest), self._core.clock.now()
        if agreement is None or agreement.role != PROVIDER or agreement.signed_terms["tier"] != tier:
            raise NotPermitted(f"there is no agreement in the tier {tier} with this token")
        if reason := self._standing.over(tx, agreement, now):
            raise NotPermitted(reason, "agree anew")
        # a call asks for each of its answers anew: what its ticket names is looked for once
        if (name := self._named.get(ticket.transfer)) is not None:
            row = tx.get(TransferRow, id=name)
            if row is not None and row.agreement == digest and transfers.runs(row):
                return agreement, row
        for row in transfers.running(tx, digest):
            if transfer_digest(row.id) == ticket.transfer:
                self._note(ticket.transfer, row.id)
                return agreement, row
        raise NotPermitted("the transfer of this token is suspended or over", "wait for its start, or request another")

    def _note(self, digest: bytes, name: str) -> None:
        if len(self._named) >= NAMED_MAX:
            self._named.clear()
        self._named[digest] = name

    def _begin(self, tx: Tx, ticket: Ticket, purpose: str, said: Mapping[str, str]) -> str:
        agreement, transfer = self.under(tx, ticket)
        if tx.get(CopyRow, id=transfer.id) is not None:
            return ""
        if agreement.parent:
            return "a sub-licence is served to connectors that can show its whole chain, not as a plain copy"
        if agreement.signed_terms.get("columns"):
            return "the agreement is about some columns, and a plain copy is of whole files"
        now, size = self._core.clock.now(), self.size(tx, agreement)
        purpose = purpose or copy_decision.agreed_purpose(agreement)
        use = copy_decision.use(agreement, transfer.id, purpose, said, size)
        if _is_live(tx, agreement):  # its calls, or its messages, are what is used
            use = replace(use, draws=False)
        if reasons := self._enforcement.at_once(tx, [use], now):
            return reasons
        performed.record(tx, use.own.agreement, use.taker, performed.read(use.own.by, now))
        self.start(tx, agreement, transfer, purpose, size, now)
        tx.after(partial(self._continuity.touch, agreement.digest))
        return ""

    def start(
        self, tx: Tx, agreement: AgreementRow, transfer: TransferRow, purpose: str, size: int, now: datetime
    ) -> None:
        """Write that a copy begins, with its event."""
        digest = agreement.digest
        number = 1 + len(tx.find(CopyRow, "agreement = ?", (digest,)))
        name = transfer_id(*pids(transfer)).hex()
        copy = CopyRow(
            id=transfer.id,
            agreement=digest,
            transfer=name,
            number=number,
            purpose=purpose,
            edition_bytes=size,
            calls=0,
            rows=[],
            state=CopyState.OPEN,
            created=now,
            bytes=0,
        )
        tx.insert(copy)
        fields = _opening(copy) | {"rows": [], "bytes": str(size), "agreementDigest": digest}
        link = [name, str(number)]
        self._core.evidence.record(tx, "opening.started", part=digest, link=link, fields=fields, now=now)

    def size(self, tx: Tx, agreement: AgreementRow) -> int:
        """Return the bytes of all files of the agreed edition."""
        table = self._table(tx, agreement)
        return table.plain_bytes() - table.plain_bytes(0, table.index_rows)

    def _charge(self, tx: Tx, ticket: Ticket, rows: range, length: int, calls: int) -> None:
        agreement, transfer = self.under(tx, ticket)
        copy = tx.get(CopyRow, id=transfer.id)
        assert copy is not None, "a copy is begun before its bytes are counted"
        served, bound = copy.bytes + length, max(EDITIONS_MAX * copy.edition_bytes, DRAWN_BYTES_MIN)
        if served > bound:
            raise NotPermitted(f"{served} bytes would be served, {bound} may be by one transfer", "request another")
        calls = 0 if _is_live(tx, agreement) else calls
        opened = RowSet.from_json(copy.rows) | RowSet.of([(rows.start, len(rows))] if rows else [])
        counted = replace(copy, bytes=served, rows=opened.json(), calls=copy.calls + calls)
        self.within_quota(tx, agreement, counted)
        tx.change(copy, counted)

    def within_quota(self, tx: Tx, agreement: AgreementRow, copy: CopyRow) -> None:
        """Raise NotPermitted for a copy that is more than the quota of its period leaves."""
        tariff = tx.value(AgreementRow, _tariff, digest=agreement.digest)
        if tariff is None or tariff.limit is None:
            return
        account = copy_bill.together(tariff, self._others(tx, copy, CopyState.OPEN, CopyState.ENDED), copy)
        if copy_bill.quantity(tariff, [*account, copy], self._table(tx, agreement)) > tariff.limit:
            text = f"the quota of {tariff.limit} in each {tariff.period} is used up"
            raise QuotaUsedUp(text, "wait for the next", tariff.period or "")

    def _give_back(self, tx: Tx, ticket: Ticket, length: int) -> None:
        for copy in tx.find(CopyRow, "agreement = ? and state = ?", (ticket.subject.hex(), CopyState.OPEN)):
            if transfer_digest(copy.id) == ticket.transfer:
                tx.change(copy, replace(copy, bytes=copy.bytes - length))

    def _end(self, tx: Tx, copy: CopyRow, now: datetime) -> None:
        copy = tx.change(copy, replace(copy, state=CopyState.ENDED, ended=now))
        uses.end(tx, copy.id, now)
        lasted = str(max(int((now - copy.created).total_seconds()), 0))
        fields = _opening(copy) | {"duration": lasted, "rows": copy.rows, "bytes": str(copy.bytes)}
        link = [copy.transfer, str(copy.number)]
        self._core.evidence.record(tx, "opening.ended", part=copy.agreement, link=link, fields=fields, now=now)
        self._sign(tx, copy, now)

    def _sign(self, tx: Tx, copy: CopyRow, now: datetime) -> None:
        """Record what was served, and sign a receipt of it."""
        digest = copy.agreement
        agreement = tx.get(AgreementRow, digest=digest)
        assert agreement is not None, "no agreement is ever deleted"
        tariff, table = Tariff.from_json(agreement.signed_terms["tariff"]), self._table(tx, agreement)
        cost = copy_bill.cost(tariff, self._others(tx, copy, CopyState.ENDED), copy, table)
        opened = sum(table.plain_bytes(*span) for span in RowSet.from_json(copy.rows).ranges)
        told = {"bytes": str(copy.bytes), "plainBytes": str(opened)}
        fields = told | {"transfer": copy.transfer, "rows": copy.rows, "amount": str(cost), "metering": METERED}
        if tariff.counted.counts == CALL:
            fields |= {"calls": str(copy.calls)}
        link = [copy.transfer, str(copy.number)]
        entry = self._core.evidence.record(tx, "copy.served", part=digest, link=link, fields=fields, now=now)
        receipt = CopyReceipt(
            agreement=digest,
            transfer=copy.transfer,
            edition=agreement.signed_edition,
            bytes_served=copy.bytes,
            plain_bytes=opened,
            amount=cost,
            currency=tariff.currency,
            log_leaf=self._core.evidence.leaf(tx, entry).hex(),
            at=now.isoformat(),
        )
        signature = self._core.identity.sign(receipt.digest, account_of(agreement))
        tx.change(copy, replace(copy, receipt=receipt.json(), signature=signature, entry=entry))

    def _others(self, tx: Tx, copy: CopyRow, *states: str) -> list[CopyRow]:
        """Return the other copies under the same agreement that are in one of the states."""
        found = tx.find(CopyRow, "agreement = ? and id <> ?", (copy.agreement, copy.id), order="created")
        return [one for one in found if one.state in states]

    def _table(self, tx: Tx, agreement: AgreementRow) -> RowTable:
        table = self._books.table(tx, bytes.fromhex(agreement.signed_edition))
        if table is None:
            raise NotPermitted(GONE, "agree on another")
        return table


def _tariff(agreement: AgreementRow) -> Tariff:
    return Tariff.from_json(agreement.signed_terms["tariff"])


def _is_live(tx: Tx, agreement: AgreementRow) -> bool:
    """Say whether the edition only describes what was bought: an interface, or a stream."""
    return upstream.is_sold(tx, agreement) or sold.is_sold(tx, agreement)


def shown(tx: Tx, evidence: Evidence, copy: CopyRow) -> JsonObject:
    """Return an ended copy's receipt, signature, log entry and proof (null until a checkpoint covers it)."""
    assert copy.entry is not None
    assert copy.signature is not None
    entry = entry_at(tx, copy.entry)
    assert entry is not None, "the log is never cut"
    proof = {"entry": b64(entry.entry), "proof": evidence.proof(tx, copy.entry)}
    signed = {"receipt": copy.receipt, "signature": copy.signature.hex()}
    return signed | {"event": proof, "countersigned": copy.agreed is not None}


def _opening(copy: CopyRow) -> dict[str, Any]:
    """Return the fields that both events of an opening have; nobody holds a reader key of a plain copy."""
    told = {"transfer": copy.transfer, "opening": str(copy.number), "readerKey": "", "purpose": copy.purpose}
    return told | {"metering": METERED}
