"""Questions that several providers answered together: each opened its part with a set that all of the set signed.

Law: who signs two sets of one question lets one total be taken from another, and is found by its own signatures, in
whosever log they are. Whoever opens its part with too few, with strangers, or unsigned by one, is found by its
own log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts import joint, signature
from contracts.decimals import read_hex
from ledger.audit.books import reading
from ledger.space.accounts import signed_by_one

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.audit.books import Books
    from ledger.audit.deal import Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.space.document import Space

ENDED: Final = "computation.ended"
QUESTION_BYTES: Final = 32


def check(space: Space, books: Books, deals: Deals, report: Report) -> None:
    """Check every part that a log says was opened."""
    accounts = {did: member.accounts for did, member in space.members.items()}
    signed: dict[tuple[str, bytes], tuple[str, ...]] = {}
    for book in books.values():
        for event in book.of(ENDED):
            if "question" in event.fields and (told := reading(event, report, _opened, event, accounts)) is not None:
                _check_opened(event, told, deals, report)
                _check_one_set(event, told, signed, report)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A part as its log says it was opened; of `signers` the signature is their own, of `strangers` nobody can tell."""

    question: bytes
    members: tuple[str, ...]
    signers: frozenset[str]
    strangers: frozenset[str]


def _opened(event: Event, accounts: Mapping[str, tuple[bytes, ...]]) -> _Opened:
    """Return a part, each signature looked at once; raises ValueError."""
    members, signatures = event.fields["members"], event.fields["signatures"]
    if not isinstance(members, list) or not isinstance(signatures, dict) or not all(map(_is_text, members)):
        raise ValueError("whom it is opened with is a list of DIDs, and what they signed an object")
    question = read_hex(event.fields["question"], "question", QUESTION_BYTES)
    read = {did: read_hex(one, "signature", signature.SIGNATURE_BYTES) for did, one in signatures.items()}
    about = joint.opened(question, members)
    own = {did for did, one in read.items() if signed_by_one(accounts.get(did, ()), about, one)}
    return _Opened(question, tuple(members), frozenset(own), frozenset(set(read) - set(accounts)))


def _check_opened(event: Event, told: _Opened, deals: Deals, report: Report) -> None:
    """Check that a part is opened with enough of those whom its terms name, who signed each."""
    deal = deals.get(event.part)
    said = None if deal is None or deal.terms.gate is None else deal.terms.gate.joint
    if deal is None or said is None:
        return
    members, allowed = set(told.members), {deal.provider, *said.members}
    enough = len(members) >= said.quorum and deal.provider in members and members <= allowed
    if not enough or members - told.signers - told.strangers:
        report.find("joint-unsigned", event.did, event, mine=str(len(told.members)), theirs=str(said.quorum))


def _check_one_set(
    event: Event, told: _Opened, signed: dict[tuple[str, bytes], tuple[str, ...]], report: Report
) -> None:
    """Check that nobody has signed another set of the same question."""
    for did in sorted(told.signers):
        if signed.setdefault((did, told.question), told.members) != told.members:
            report.find("joint-split", did, event)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
