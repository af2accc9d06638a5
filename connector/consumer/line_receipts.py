"""What providers sign of lines that are over: fetched, held against our own answers, signed by us, too, and kept.

Law: (1) we sign for what we were answered and for no more: of a receipt that says more nothing is kept. (2) It is
asked for until it is here, for a day after the line was ended. (3) Only answers are counted here, so only lines for
statements are signed for; what was called, its caller alone knows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connector.custody import bearers
from connector.licence import receipt as copy_receipt
from connector.licence.books import transfer_id
from connector.licence.receipt import RECEIVED
from connector.negotiation.envelope import pids
from connector.negotiation.notices import Notice
from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.states import CONSUMER, FINAL
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.compute import AnswerRow, LineReceiptRow
from connector.store.rows.protocol import TransferRow
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.signature import SIGNATURE_BYTES
from contracts.tariff import Tariff, order_amount
from contracts.typed_data import Agreement
from contracts.typed_json import from_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.core.core import Core
    from connector.negotiation.notices import Notices
    from connector.store.transaction import Tx

ASKED_FOR: Final = timedelta(days=1)
# what a line answered last is no older: who has asked nothing for so long is not looked for in each round
ANSWERED_WITHIN: Final = timedelta(days=40)
AT_ONCE: Final = 4
SECONDS: Final = 5.0
RECEIPT_BYTES_MAX: Final = 1 << 16
# in this order, and by what has no index of its own: neither all transfers are read nor all answers
_ENDED: Final = (
    "SELECT t.id FROM (SELECT DISTINCT agreement || '' AS agreement FROM answers WHERE created > ?) AS a "
    "CROSS JOIN transfers AS t LEFT JOIN line_receipts AS r ON r.transfer = t.id "
    "WHERE t.agreement = a.agreement AND r.transfer IS NULL "
    "AND t.role = ? AND t.updated > ? AND t.address IS NOT NULL"
)
_UNITS: Final = "SELECT coalesce(sum(coalesce(units, 1)), 0) FROM answers WHERE agreement = ? AND ended IS NOT NULL"


def lacking(tx: Tx, now: datetime) -> list[tuple[AgreementRow, TransferRow]]:
    """Return lines that were ended not long ago and whose receipt is not here, so many as are asked for at once."""
    ended = f"{_ENDED} AND t.state IN ({', '.join('?' * len(FINAL))}) ORDER BY t.updated DESC LIMIT {AT_ONCE}"
    found = []
    for one in tx.execute(ended, now - ANSWERED_WITHIN, CONSUMER, now - ASKED_FOR, *sorted(FINAL)):
        row = tx.get(TransferRow, id=one["id"])
        assert row is not None, "it was found"
        agreement = tx.get(AgreementRow, digest=row.agreement)
        assert agreement is not None, "no agreement is ever deleted"
        found.append((agreement, row))
    return found


def awaited(tx: Tx, lines: Sequence[TransferRow]) -> bool:
    """Say whether a receipt that is signed here is still to come, of lines that were just ended."""
    return any(
        tx.find(AnswerRow, "agreement = ? and ended is not null", (one.agreement,), limit=1)
        and tx.get(LineReceiptRow, transfer=one.id) is None
        for one in lines
    )


async def fetched(core: Core, agreement: AgreementRow, row: TransferRow) -> tuple[Mapping[str, Any], bytes]:
    """Return the receipt of a line and its provider's signature; raises ContractError, PeerRefused, PeerUnreachable."""
    assert row.address is not None, "it was started"
    url = f"{data_address.endpoint(row.address)}/receipt"
    headers = {"Authorization": bearers.of_address(row.address)}
    answer = await core.outbound.get(url, headers=headers, limit_bytes=RECEIPT_BYTES_MAX)
    provider = from_json(Agreement, agreement.agreement).provider
    told = answer.json()
    receipt = copy_receipt.check(told, provider, agreement.digest, transfer_id(*pids(row)).hex())
    return receipt, read_hex(told["signature"], "signature", SIGNATURE_BYTES)


def keep(
    notices: Notices,
    agreement: AgreementRow,
    row: TransferRow,
    told: tuple[Mapping[str, Any], bytes],
    now: datetime,
    tx: Tx,
) -> None:
    """Sign for a receipt and keep it; raises ContractError for one that says more than what was answered here."""
    receipt, signed = told
    if tx.get(LineReceiptRow, transfer=row.id) is not None:
        return
    before = [one.receipt for one in tx.find(LineReceiptRow, "agreement = ?", (agreement.digest,))]
    require(Tariff.from_json(agreement.signed_terms["tariff"]), [*before, receipt], _units(tx, agreement.digest))
    kept = LineReceiptRow(transfer=row.id, agreement=agreement.digest, receipt=dict(receipt), signature=signed, at=now)
    tx.insert(kept)
    notices.send(tx, agreement, Notice(RECEIVED, agreement.digest, copy_receipt.digest(receipt).hex(), now))


def require(tariff: Tariff, receipts: Sequence[Mapping[str, Any]], answered: int) -> None:
    """Raise ContractError where receipts come to more than so many answers cost; of a period each has its own fee."""
    told = sum(read_decimal(one["amount"], "amount") for one in receipts)
    most = order_amount(tariff, 0, answered) * (len(receipts) if tariff.period else 1)
    if told > most:
        raise ContractError("copy-receipt", f"receipts come to `{told}`, and what was answered here to `{most}`")


def _units(tx: Tx, agreement: str) -> int:
    [found] = tx.column(_UNITS, agreement)
    return int(found)
