"""The bill of plain copies: what their provider's receipts come to, for they are paid outside channels (spec 5, 3.6).

    {copies: {v, agreement, provider, buyer, product, title, price, currency, metering, payment,
              receipts: [{receipt, signature, countersigned}], bytes, amount}, issuer, at, signature}

Law: it says what was signed and by whom, and proves no more: a receipt is the provider's word until the buyer's
connector has signed for it, too. A foreign buyer signs for nothing; what it got is what the provider says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.licence.receipt import OUTSIDE
from connector.negotiation.protocol.offers import METERED
from connector.negotiation.protocol.states import PROVIDER
from connector.store.rows.agreement import AcquisitionRow
from connector.store.rows.compute import LineReceiptRow
from connector.store.rows.vault import CopyRow
from contracts import attested, price_words
from contracts.canonical import canonical, sha
from contracts.labels import H
from contracts.tariff import Tariff

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


VERSION = 1
LABEL = "copy-bill"


def receipts(tx: Tx, agreement: AgreementRow) -> list[JsonObject]:
    """Return the receipts under an agreement that are here, those first that are older."""
    digest = agreement.digest
    if agreement.role == PROVIDER:
        ended = tx.find(CopyRow, "agreement = ?", (digest,), order="created")
        signed = [(row.receipt, row.signature, row.agreed) for row in ended]
        return [_kept(told, by.hex(), agreed) for told, by, agreed in signed if told and by]
    lines = tx.find(LineReceiptRow, "agreement = ?", (digest,), order="at")
    answered = [_kept(one.receipt, one.signature.hex(), agreed=True) for one in lines]
    got = tx.find(AcquisitionRow, "agreement = ?", (digest,), order="created")
    # nothing is kept here of a receipt that was not signed for
    copied = [_kept(**told, agreed=True) for row in got if (told := (row.progress or {}).get("receipt"))]
    return [*copied, *answered]


def amount(told: Sequence[Mapping[str, Any]]) -> int:
    """Return what receipts come to, in minor units."""
    return sum(int(one["receipt"]["amount"]) for one in told)


def document(tx: Tx, agreement: AgreementRow, own: str) -> JsonObject:
    """Return what is signed: the agreement's receipts with their sums; `own` is our DID."""
    found, terms = receipts(tx, agreement), agreement.signed_terms
    tariff = Tariff.from_json(terms["tariff"])
    provider, buyer = (own, agreement.peer) if agreement.role == PROVIDER else (agreement.peer, own)
    return {
        "v": VERSION,
        "agreement": agreement.digest,
        "provider": provider,
        "buyer": buyer,
        "product": agreement.product,
        "title": terms["title"],
        "price": price_words.price(tariff),
        "currency": tariff.currency,
        "metering": METERED,
        "payment": OUTSIDE,
        **({"attested": label} if (label := attested.label(terms)) else {}),
        "receipts": found,
        "bytes": str(sum(int(one["receipt"]["plainBytes"]) for one in found)),
        "amount": str(amount(found)),
    }


def signed(copies: Mapping[str, Any], issuer: str, at: str) -> bytes:
    """Return the digest of such a bill as its issuer signs it."""
    return H(LABEL, canonical({"copies": sha(dict(copies)).hex(), "issuer": issuer, "at": at}))


def _kept(receipt: Mapping[str, Any], signature: str, agreed: Any) -> JsonObject:
    return {"receipt": receipt, "signature": signature, "countersigned": bool(agreed)}
