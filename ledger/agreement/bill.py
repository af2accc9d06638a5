"""A bill of one agreement: every window that was paid, priced again by the tariff, with all that proves it (spec 3.6).

    {bill: {v, deployment, provider, buyer, terms, agreement, providerSignature, buyerSignature, header, rows,
            windows: [{batch, periods[], voucher, voucherSignature, receipt, receiptSignature}],
            lines: [{channel, seq, order, use, period, rows, quantity, amount}],
            quantity, amount, currency, shares, channels: [{channel, deposit, claimed, closed}]},
     issuer, at, signature}

Law: a bill says nothing that does not follow from what it carries: the agreement from both signatures, an order from
the voucher that pays for its batch, a line's quantity and amount from the tariff and the edition's row table. Either
party writes the same lines; what may differ is who has which receipt. `rows` is left out of a large edition's bill and
can be had from anybody, for the agreement commits to it. Amounts are minor units, bytes lower-case hex.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts import address
from contracts.canonical import canonical, sha
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError, why
from contracts.labels import H
from contracts.signature import SIGNATURE_BYTES
from contracts.terms import Terms
from contracts.typed_data import Agreement, Batch, Receipt, Voucher, digest, struct_hash
from contracts.typed_json import from_json, row_set, to_json
from ledger.audit.billing import Account, OrderLine
from ledger.chain.deployment import Deployment
from ledger.edition.header import agreed, read_header
from ledger.fields import closed, listed, text
from ledger.log.note import b64, unb64

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contracts.tariff import Tariff
    from ledger.edition.header import Header
    from ledger.edition.row_table import RowTable

VERSION = 1
WINDOWS_MAX = 100_000
CHANNELS_MAX = 1_000
TEXT_CHARACTERS_MAX = 2_000
PERIOD_CHARACTERS_MAX = 9
# a larger row table is left out: 1 MiB describes 6,898 pieces
ROWS_BYTES_MAX = 1 << 20
LABEL = "bill"
ENVELOPE = frozenset({"bill", "issuer", "at", "signature"})
BILL = frozenset(
    {"v", "deployment", "provider", "buyer", "terms", "agreement", "providerSignature", "buyerSignature", "header"}
    | {"rows", "windows", "lines", "quantity", "amount", "currency", "shares", "channels"}
)
WINDOW = frozenset({"batch", "periods", "voucher", "voucherSignature", "receipt", "receiptSignature"})
LINE = frozenset({"channel", "seq", "order", "use", "period", "rows", "quantity", "amount"})
CHANNEL = frozenset({"channel", "deposit", "claimed", "closed"})


@dataclass(frozen=True, slots=True)
class PaidWindow:
    """A batch of orders with the voucher that pays for it; `periods` are those of its orders, empty where none is said.

    `receipt` is None where none came: the payer then read its keys off the chain.
    """

    batch: Batch
    periods: tuple[str, ...]
    voucher: Voucher
    voucher_signature: bytes
    receipt: Receipt | None
    receipt_signature: bytes

    @property
    def account_hash(self) -> bytes:
        """Return the hash of the batch, as voucher and claim have it."""
        return struct_hash(self.batch)

    def json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "batch": to_json(self.batch),
            "periods": list(self.periods),
            "voucher": to_json(self.voucher),
            "voucherSignature": self.voucher_signature.hex(),
            "receipt": None if self.receipt is None else to_json(self.receipt),
            "receiptSignature": self.receipt_signature.hex(),
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One order on the bill: by how much it moves the tariff's quantity, and what it costs."""

    channel: str
    seq: int
    order: int
    use: int
    period: str
    rows: list[Any]
    quantity: int
    amount: int

    def json(self) -> dict[str, Any]:
        """Return the JSON form."""
        numbers = {"seq": str(self.seq), "order": str(self.order), "use": self.use, "period": self.period}
        said = {"rows": self.rows, "quantity": str(self.quantity), "amount": str(self.amount)}
        return {"channel": self.channel, **numbers, **said}


@dataclass(frozen=True, slots=True)
class Settled:
    """What the chain paid of a channel when the bill was written."""

    channel: str
    deposit: int
    claimed: int
    closed: bool

    def json(self) -> dict[str, Any]:
        """Return the JSON form."""
        amounts = {"deposit": str(self.deposit), "claimed": str(self.claimed)}
        return {"channel": self.channel, **amounts, "closed": self.closed}


@dataclass(frozen=True, slots=True)
class Bill:
    """What is billed and what proves it; `rows` is None where the row table was left out."""

    deployment: Deployment
    provider: str
    buyer: str
    terms: Terms
    agreement: Agreement
    provider_signature: bytes
    buyer_signature: bytes
    header: Header
    rows: bytes | None
    windows: tuple[PaidWindow, ...]
    lines: tuple[Line, ...]
    channels: tuple[Settled, ...]

    @property
    def key(self) -> bytes:
        """Return the digest of the agreement."""
        return digest(self.deployment.domain("licences"), self.agreement)

    @property
    def tariff(self) -> Tariff:
        """Return what was agreed on the price."""
        return self.terms.tariff

    @property
    def quantity(self) -> int:
        """Return what the tariff counts, of all lines."""
        return sum(line.quantity for line in self.lines)

    @property
    def amount(self) -> int:
        """Return what all lines cost."""
        return sum(line.amount for line in self.lines)

    @property
    def shares(self) -> dict[str, str]:
        """Return payee → its share of the amount, as the agreement splits it."""
        split = self.terms.split
        parts = zip(split.parts, split.shares(self.amount), strict=True)
        return {address.show(payee): str(share) for (payee, _), share in parts}

    def json(self) -> dict[str, Any]:
        """Return the document that is signed."""
        return {
            "v": VERSION,
            "deployment": self.deployment.json(),
            "provider": self.provider,
            "buyer": self.buyer,
            "terms": self.terms.json(),
            "agreement": to_json(self.agreement),
            "providerSignature": self.provider_signature.hex(),
            "buyerSignature": self.buyer_signature.hex(),
            "header": self.header.json(),
            "rows": None if self.rows is None else b64(self.rows),
            "windows": [window.json() for window in self.windows],
            "lines": [line.json() for line in self.lines],
            "quantity": str(self.quantity),
            "amount": str(self.amount),
            "currency": self.tariff.currency,
            "shares": self.shares,
            "channels": [channel.json() for channel in self.channels],
        }


@dataclass(frozen=True, slots=True)
class Issued:
    """A bill with who wrote it and when; the signature is by the issuer's agreement key."""

    bill: Bill
    issuer: str
    at: str
    signature: bytes

    def json(self) -> dict[str, Any]:
        """Return the file."""
        return {"bill": self.bill.json(), "issuer": self.issuer, "at": self.at, "signature": self.signature.hex()}

    @property
    def digest(self) -> bytes:
        """Return the 32 bytes that are signed."""
        return signed(self.bill.json(), self.issuer, self.at)


def signed(bill: Mapping[str, Any], issuer: str, at: str) -> bytes:
    """Return the digest of a bill as its issuer signs it."""
    return H(LABEL, canonical({"bill": sha(bill).hex(), "issuer": issuer, "at": at}))


def priced(terms: Terms, table: RowTable, key: bytes, windows: Sequence[PaidWindow]) -> tuple[tuple[Line, ...], int]:
    """Return the lines of an agreement, each order as it was paid, and what all of them should cost by the tariff.

    Raises ValueError for rows that the edition has not, `ContractError` beyond a quota.
    """
    account, lines = Account(terms.tariff, table), []
    for window in windows:
        for number, order in enumerate(window.batch.orders):
            if order.agreement_digest != key:
                continue
            period, rows = window.periods[number], row_set(order.ranges)
            opening = order.transfer_id.hex(), order.reader_key.hex()
            before = account.quantities.get(period, 0)
            ordered = OrderLine(
                key.hex(), order.edition_id, opening[0], order.use, rows, order.amount, opening[1], period
            )
            account.charge(ordered)
            moved = account.quantities.get(period, 0) - before
            where = window.voucher.channel_id.hex(), window.voucher.seq, number
            lines.append(Line(*where, order.use, period, rows.json(), moved, order.amount))
    return tuple(lines), account.due


def table_of(bill: Bill, rows: bytes | None = None) -> RowTable | None:
    """Return the row table that a bill carries, or `rows` in its place, proven to be the agreed edition's."""
    data = bill.rows if bill.rows is not None else rows
    return None if data is None else agreed(bill.terms.edition_id, bill.header.json(), data)[1]


def parse(document: Any) -> Issued:
    """Read a bill strictly; `ContractError` if it is none or says otherwise than its own lines."""
    found = closed(document, ENVELOPE, "bill")
    told = closed(found["bill"], BILL, "bill")
    if told["v"] != VERSION:
        raise ContractError("bill", f"a bill of version {VERSION} is read here")
    bill = Bill(
        deployment=_deployment(told["deployment"]),
        provider=_text(told["provider"], "provider"),
        buyer=_text(told["buyer"], "buyer"),
        terms=Terms.from_json(told["terms"]),
        agreement=from_json(Agreement, told["agreement"]),
        provider_signature=read_hex(told["providerSignature"], "providerSignature", SIGNATURE_BYTES),
        buyer_signature=read_hex(told["buyerSignature"], "buyerSignature", SIGNATURE_BYTES),
        header=read_header(told["header"]),
        rows=None if told["rows"] is None else unb64(_long(told["rows"])),
        windows=listed(told["windows"], "windows", _window, limit=WINDOWS_MAX),
        lines=listed(told["lines"], "lines", _line, limit=WINDOWS_MAX),
        channels=listed(told["channels"], "channels", _settled, limit=CHANNELS_MAX),
    )
    issued = Issued(
        bill,
        _text(found["issuer"], "issuer"),
        _text(found["at"], "at"),
        read_hex(found["signature"], "signature", SIGNATURE_BYTES),
    )
    if issued.json() != document:
        raise ContractError("bill", "the bill's sums are not those of its lines, or it is not written canonically")
    return issued


def _window(value: Any, where: str) -> PaidWindow:
    found = closed(value, WINDOW, where)
    batch, receipt = from_json(Batch, found["batch"]), found["receipt"]
    periods = listed(found["periods"], f"{where}.periods", _period, limit=len(batch.orders))
    if len(periods) != len(batch.orders):
        raise ContractError("bill", f"`{where}` says a period, or an empty text, for each of its orders")
    return PaidWindow(
        batch=batch,
        periods=periods,
        voucher=from_json(Voucher, found["voucher"]),
        voucher_signature=read_hex(found["voucherSignature"], "voucherSignature", SIGNATURE_BYTES),
        receipt=None if receipt is None else from_json(Receipt, receipt),
        receipt_signature=read_hex(found["receiptSignature"], "receiptSignature", SIGNATURE_BYTES if receipt else 0),
    )


def _line(value: Any, where: str) -> Line:
    found = closed(value, LINE, where)
    if type(found["use"]) is not int or not isinstance(found["rows"], list):
        raise ContractError("bill", f"`{where}` has a use code and a list of rows")
    seq, order, quantity, amount = (
        read_decimal(found[name], f"{where}.{name}") for name in ("seq", "order", "quantity", "amount")
    )
    channel, period = read_hex(found["channel"], where, 32).hex(), _period(found["period"], where)
    return Line(channel, seq, order, found["use"], period, found["rows"], quantity, amount)


def _settled(value: Any, where: str) -> Settled:
    found = closed(value, CHANNEL, where)
    if not isinstance(found["closed"], bool):
        raise ContractError("bill", f"`{where}.closed` is true or false")
    deposit, claimed = (read_decimal(found[name], f"{where}.{name}") for name in ("deposit", "claimed"))
    return Settled(read_hex(found["channel"], where, 32).hex(), deposit, claimed, found["closed"])


def _deployment(value: Any) -> Deployment:
    try:
        return Deployment.from_json(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ContractError("bill", f"`deployment` cannot be read: {why(error)}") from error


def _period(value: Any, where: str) -> str:
    if not isinstance(value, str) or len(value) > PERIOD_CHARACTERS_MAX:
        raise ContractError("bill", f"`{where}` is a period's number or an empty text")
    return value


def _text(value: Any, where: str) -> str:
    return text(value, where, limit_chars=TEXT_CHARACTERS_MAX)


def _long(value: Any) -> str:
    return text(value, "rows", limit_chars=2 * ROWS_BYTES_MAX)
