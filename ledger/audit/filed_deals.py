"""Filed deals (备案交易): each word that the exchange has of one was signed by the party, in that party's own log.

Law: (1) a party's log has its word before the exchange has it; what does not verify counts as nothing. (2) That a deal
was taken back is no word: the exchange's event says it alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contracts import signature
from contracts.decimals import read_hex
from contracts.filed_deal import WORDS, digest_of, signed_part
from ledger.audit.books import reading
from ledger.audit.horizon import behind
from ledger.space.accounts import signed_by_one

if TYPE_CHECKING:
    from ledger.audit.books import Books
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.space.document import Space

MOVED: Final = "deal.moved"
SIGNED: Final = "deal.signed"


def check(space: Space, books: Books, report: Report) -> None:
    """Check every word of a filed deal that the exchange's log tells of."""
    register = books.get(space.exchange)
    for event in () if register is None else register.of(MOVED):
        by, word = event.fields.get("by"), event.fields.get("to")
        if word not in WORDS or by not in books:
            continue  # not disclosed, no word, or of who shows no log: that is found by itself
        said = [reading(one, report, _word, one, space, str(by)) for one in books[str(by)].of(SIGNED, event.part)]
        if word not in said and not behind(report, event.part, event.time, books[str(by)]):
            report.find("deal-unsigned", event.did, event, deal=event.part, by=str(by))


def _word(event: Event, space: Space, did: str) -> str:
    """Return the word that a party signed; raises ValueError for what it did not."""
    digest, word = digest_of(event.fields["document"]), str(event.fields["word"])
    if digest.hex() != event.part:
        raise ValueError("it is filed under another digest")
    proof = read_hex(event.fields["signature"], "signature", signature.SIGNATURE_BYTES)
    if not signed_by_one(space.members[did].accounts, signed_part(digest, word), proof):
        raise ValueError("the word is not signed with its key")
    return word
