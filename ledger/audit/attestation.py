"""The aggregate signature of the space's witnesses over the final heads: read before the logs, held against them after.

Pairing takes a second of arithmetic, so it is done in a thread while the logs are on their way.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ledger.audit.heads import agrees, book_of
from ledger.audit.sources import Unavailable

if TYPE_CHECKING:
    from ledger.audit.books import Books
    from ledger.audit.report import Report
    from ledger.audit.sources import Sources
    from ledger.log.aggregate import Attestation
    from ledger.space.document import Space


async def read(sources: Sources, space: Space, report: Report) -> Attestation | None:
    """Return the newest attestation if its signature verifies and all who should have signed it did."""
    from ledger.log import aggregate  # noqa: PLC0415  # pairing arithmetic is heavy; an audit without one need not load it

    try:
        document = await sources.attestation()
        if document is None:
            report.find("attestation-missing", space.exchange)
            return None
        attestation = aggregate.parse(document)
        keys = {one.witness_name: (one.aggregate, one.possession) for one in space.members.values()}
        await asyncio.to_thread(aggregate.verify, attestation, keys)
    except (Unavailable, ValueError) as error:
        report.find("attestation-invalid", space.exchange, reason=error)
        return None
    report.signatures_verified += len(attestation.signers)
    for member in space.attesters():
        if member.witness_name not in attestation.signers:
            report.find("attestation-unsigned", member.did)
    return attestation


async def check(attestation: Attestation | None, space: Space, books: Books, report: Report) -> None:
    """Check that each attested head is in its log."""
    for head in () if attestation is None else attestation.heads:
        book = book_of(space, books, head.origin)
        if book is not None and not await agrees(book, head.size, head.root, report):
            report.find("attested-head-differs", book.party.did, size=head.size)
