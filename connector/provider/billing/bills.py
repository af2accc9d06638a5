"""The bills of this participant, as buyer or as provider: made of what it keeps, settled as the chain says, signed.

Law: a bill is made anew whenever it is asked for, from the stored vouchers and the tariff, and compared with the books:
a sum that is not theirs is not signed. What plain copies cost is paid outside channels: their bill is of receipts
(`connector.provider.billing.copies`), and a statement keeps it apart from what channels paid.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.channel import windows
from connector.channel.tally import PERIOD
from connector.custody import replicas
from connector.negotiation.notices import account_of
from connector.negotiation.protocol.offers import OUTSIDE
from connector.negotiation.protocol.states import PROVIDER
from connector.provider.billing import copies, orders, statement
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.settlement.refunds import summed
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import ChannelRow, PaidRowsRow, Side
from connector.store.rows.vault import EditionRow
from contracts.canonical import canonical
from contracts.labels import H
from contracts.namespace import AGREEMENT_URN
from contracts.terms import Terms
from contracts.typed_data import Agreement, Batch
from contracts.typed_json import from_json
from ledger.agreement import bill as ledger_bills
from ledger.agreement.bill import ROWS_BYTES_MAX, WINDOWS_MAX, Bill, Issued, PaidWindow, Settled
from ledger.edition.header import read_header
from ledger.edition.row_table import RowTable

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.settlement.refunds import Refunds
    from connector.store.rows.channel import WindowRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs


PERIOD_FORM = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
STATEMENT = "statement"
VERSION = 1
# of a refund, on which side we were
SIDES = (("given", True), ("got", False))


class Bills:
    """Orders, bills and monthly statements."""

    def __init__(self, core: Core, programs: Programs, refunds: Refunds) -> None:
        self._core, self._programs, self._refunds = core, programs, refunds

    async def page(self, first: int, rows: int) -> list[JsonObject]:
        """Return orders of either side, the newest first, with what was given back of each as far as the chain says."""
        found = await self._core.store.read(lambda tx: orders.page(tx, first, rows))
        refunds = await self._refunds.known() if found else None
        if refunds is None:
            return found
        refunded = summed(refunds)
        return [{**row, "refunded": str(refunded.get(row["agreement"], 0))} for row in found]

    async def show(self, key: str) -> JsonObject:
        """Return the signed bill of an agreement (its digest or DSP id), or the statement of a month (2026-11)."""
        if PERIOD_FORM.fullmatch(key):
            return await self.statement(key)
        digest = key.removeprefix(AGREEMENT_URN)
        plain = await self._core.store.read(lambda tx: self._copies(tx, digest))
        return (await self.bill(digest)).json() if plain is None else self._signed_copies(*plain)

    async def bill(self, digest: str) -> Issued:
        """Return the bill of an agreement; raises Absent, and Conflict for what is not billed by vouchers."""
        kept = await self._core.store.read(lambda tx: self._kept(tx, digest))
        settled = tuple([await self._settled(channel) for channel in kept.pop("channels")])
        bill = Bill(**kept, deployment=self._programs.deployment, channels=settled)
        at = self._core.clock.now().isoformat(timespec="seconds")
        parties = {bill.provider: bill.agreement.provider, bill.buyer: bill.agreement.buyer}
        signing = ledger_bills.signed(bill.json(), self._core.identity.did, at)
        signature = self._core.identity.sign(signing, parties[self._core.identity.did])
        return Issued(bill, self._core.identity.did, at, signature)

    async def statement(self, month: str) -> JsonObject:
        """Return what was bought and sold in a month of UTC: a row for each agreement with a paid window in it."""
        if not PERIOD_FORM.fullmatch(month):
            raise InvalidInput(f"`{month[:40]}` is no month", "such as 2026-11")
        found = await self._core.store.read(lambda tx: statement.rows(tx, month))
        paid = [row for row in found if row["payment"] == orders.CHANNEL]
        spent = sum(int(row["amount"]) for row in paid if row["role"] != PROVIDER)
        earned = sum(int(row["amount"]) for row in paid if row["role"] == PROVIDER)
        outside = sum(int(row["amount"]) for row in found) - spent - earned
        told = {"v": VERSION, "month": month, "issuer": self._core.identity.did, "agreements": found}
        told |= {
            "spent": str(spent),
            "earned": str(earned),
            "outside": str(outside),
            "at": self._core.clock.now().isoformat(timespec="seconds"),
        }
        signature = self._core.identity.sign(H(STATEMENT, canonical(told)))
        said = {STATEMENT: told, "signature": signature.hex(), "currency": self._programs.deployment.currency}
        if (refunds := await self._refunds.known()) is None:
            return said
        back = [one for one in refunds if f"{one.at:%Y-%m}" == month]
        sums = {name: str(sum(one.amount for one in back if one.given is given)) for name, given in SIDES}
        return said | {"refunded": sums}

    # ---- what is kept

    def _copies(self, tx: Tx, digest: str) -> tuple[JsonObject, bytes | None] | None:
        """Return what there is to say of plain copies under an agreement, and by which account of ours we say it.

        None if it is not about such.
        """
        agreement = tx.get(AgreementRow, digest=digest)
        if agreement is None or (agreement.terms or {}).get("tier") not in OUTSIDE:
            return None
        return copies.document(tx, agreement, self._core.identity.did), account_of(agreement)

    def _signed_copies(self, told: JsonObject, account: bytes | None) -> JsonObject:
        issuer, at = self._core.identity.did, self._core.clock.now().isoformat(timespec="seconds")
        signature = self._core.identity.sign(copies.signed(told, issuer, at), account)
        return {"copies": told, "issuer": issuer, "at": at, "signature": signature.hex()}

    def _kept(self, tx: Tx, digest: str) -> JsonObject:
        agreement = tx.get(AgreementRow, digest=digest)
        if agreement is None or not agreement.provider_signature or not agreement.buyer_signature:
            raise Absent(f"there is no signed agreement `{digest[:100]}` here", "penstock bill list")
        if agreement.signed_terms["tier"] in OUTSIDE:
            raise Conflict("what is paid outside channels is billed by its receipts", "penstock show, for its receipt")
        terms, header, rows = Terms.from_json(agreement.terms), *self._edition(tx, agreement)
        channels = [row.id for row in tx.find(ChannelRow, "agreement = ?", (digest,), "created")]
        paid = tuple(window for channel in channels for window in _windows(tx, channel, agreement.role))
        lines, due = ledger_bills.priced(terms, RowTable(rows), bytes.fromhex(digest), paid)
        books = tx.get(PaidRowsRow, agreement=digest)
        booked = 0 if books is None else books.amount
        if not sum(line.amount for line in lines) == due == booked:
            raise Conflict(f"the books say {booked}, vouchers and tariff {due}: nothing is signed", "penstock doctor")
        provider, buyer = self._parties(agreement)
        return {
            "provider": provider,
            "buyer": buyer,
            "terms": terms,
            "agreement": from_json(Agreement, agreement.agreement),
            "provider_signature": agreement.provider_signature,
            "buyer_signature": agreement.buyer_signature,
            "header": read_header(header),
            "rows": rows if len(rows) <= ROWS_BYTES_MAX else None,
            "windows": paid,
            "lines": lines,
            "channels": channels,
        }

    def _parties(self, agreement: AgreementRow) -> tuple[str, str]:
        own, peer = self._core.identity.did, agreement.peer
        return (own, peer) if agreement.role == PROVIDER else (peer, own)

    def _edition(self, tx: Tx, agreement: AgreementRow) -> tuple[Any, bytes]:
        """Return header (JSON) and rows of the agreed edition, of our own or of the replica that is here."""
        row = tx.get(EditionRow, id=agreement.edition) or replicas.under(tx, agreement.digest)
        if row is None:
            raise Absent("the edition of this agreement is not here: nothing of it was ever paid", "penstock show")
        return row.header, row.rows

    async def _settled(self, channel: str) -> Settled:
        found = await self._programs.channel(bytes.fromhex(channel))
        if found is None:
            raise Absent(f"the chain does not know the channel `{channel}`", "ask again when it is mined")
        return Settled(channel, found.deposit, found.claimed, found.closed)


def _windows(tx: Tx, channel: str, role: str) -> list[PaidWindow]:
    account = accounts.load(tx, bytes.fromhex(channel), Side.PAYEE if role == PROVIDER else Side.PAYER)
    kept = windows.later(tx, account, 0, WINDOWS_MAX)
    return [_paid(window) for window in kept if window.state in statement.PAID[account.role]]


def _paid(window: WindowRow) -> PaidWindow:
    assert window.voucher is not None, "a window that was paid has its voucher"
    assert window.voucher_signature is not None
    said = [*window.contexts, *({} for _ in window.orders[len(window.contexts) :])]
    return PaidWindow(
        batch=Batch(window.prev, window.orders),
        periods=tuple(context.get(PERIOD, "") for context in said),
        voucher=window.voucher,
        voucher_signature=window.voucher_signature,
        receipt=window.receipt,
        receipt_signature=window.receipt_signature or b"",
    )
