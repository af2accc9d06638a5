"""What the logs say of editions put on chain, held against the chain: blind ids are opened with the logs' own salts.

Law: an edition has one id on chain, its own or the one that the salt of its `edition.registered` opens (spec 1.5); the
terms of every agreement on it give the same salt. A second blind id would be a second certificate of the same rights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts import blind
from contracts.decimals import read_hex
from ledger.audit.books import reading
from ledger.audit.facts import name_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.audit.books import Books
    from ledger.audit.event import Event
    from ledger.audit.facts import ChainFacts
    from ledger.audit.report import Report
    from ledger.audit.sums import Edition

REGISTERED = "edition.registered"


def check(books: Books, facts: ChainFacts, editions: Iterable[Edition], report: Report) -> None:
    """Look up every registration that a log tells of, under the id that its salt gives."""
    opened: dict[tuple[str, bytes], set[bytes]] = {}
    for did, book in books.items():
        for event in book.ever(REGISTERED):
            salt = reading(event, report, _salt, event)
            if salt is None:
                continue
            edition = name_id(event.part)
            known = blind.registered_id(edition, salt)
            if known not in facts.editions:
                report.find("registration-unfounded", did, event, edition=event.part, known=known.hex())
            elif salt:
                opened.setdefault((did, edition), set()).add(known)
    for one in editions:
        if one.known != one.id and one.known in facts.editions:
            opened.setdefault((one.provider, one.id), set()).add(one.known)
    for (did, edition), ids in opened.items():
        if len(ids) > 1:
            report.find("edition-registered-twice", did, edition=edition.hex(), count=len(ids))


def _salt(event: Event) -> bytes:
    told = event.fields.get("blindSalt")
    return b"" if told is None else read_hex(told, "blindSalt", blind.SALT_BYTES)
