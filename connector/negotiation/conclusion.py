"""What both sides of a negotiation have signed, kept as an agreement, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.negotiation import authority, offers_made, signing
from connector.negotiation.amendment import of
from connector.negotiation.doors import DeclinedError
from connector.negotiation.ndi.offers import until
from connector.negotiation.protocol.states import PROVIDER
from connector.store.rows.agreement import AgreementRow
from connector.store.table_row import replace
from contracts import typed_json
from contracts.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.store.recorder import Recorder
    from connector.store.rows.protocol import NegotiationRow
    from connector.store.transaction import Tx

SIGNED: Final = "signed"


def conclude(
    tx: Tx, evidence: Recorder, row: NegotiationRow, parties: Mapping[str, str], now: datetime
) -> AgreementRow:
    """Write the agreement of a negotiation and the events that both `parties` have signed it; raises DeclinedError."""
    if tx.get(AgreementRow, digest=row.digest):
        raise DeclinedError("the agreement was signed before")
    terms, odrl, digest = row.terms, row.agreement, row.digest
    assert odrl is not None, "what is kept was agreed on"
    assert digest is not None, "what is kept has its digest"
    typed = signing.typed_of(odrl) if row.provider_signature else None
    shown = typed_json.to_json(typed) if typed else None
    edition, end = (terms["editionId"], Terms.from_json(terms).not_after) if terms else (None, until(odrl))
    parent = (row.mandate or {}).get("parent") if row.role == PROVIDER else None
    kept = AgreementRow(
        digest=digest,
        role=row.role,
        negotiation=row.id,
        peer=row.peer,
        product=row.product,
        edition=edition,
        terms=terms,
        agreement=shown,
        odrl=odrl,
        provider_signature=row.provider_signature,
        buyer_signature=row.buyer_signature,
        state=SIGNED,
        licence_tx=None,
        not_after=end,
        parent=parent,
        amends=of(row) or None,
        created=now,
    )
    tx.insert(kept)
    fields = {
        **parties,
        "terms": terms,
        "agreement": shown if typed else odrl,
        "providerSignature": (row.provider_signature or b"").hex(),
        "buyerSignature": (row.buyer_signature or b"").hex(),
        "product": row.product,
        "negotiation": row.id,
    }
    under = authority.under(tx, digest, row.role)
    link = () if under is None else (digest, under.authority)
    if under is not None:
        fields["counted"] = {"at": under.at.isoformat(), "amount": str(under.amount)}
    evidence.record(tx, "agreement.signed", part=digest, link=link, fields=fields, now=now)
    if parent is not None:
        told, link = {"licence": digest, "child": row.peer}, (digest, parent)
        evidence.record(tx, "licence.sublicensed", part=digest, link=link, fields=told, now=now)
    return kept


def concluded(tx: Tx, row: NegotiationRow) -> NegotiationRow:
    """Return a negotiation whose agreement was kept, without what is read there and in its offers from now on.

    Of one that is not under signatures of ours all stays: its provider may say it again (`signing.says_again`).
    """
    if row.provider_signature is None:
        return row
    offer = None if offers_made.last(tx, replace(row, offer=None)) == row.offer else row.offer
    return replace(row, agreement=None, terms=None, offer=offer)
