"""Answers that terms want attested: each with evidence of its reader, verified from the buyer's log (decision 0288).

Law: a provider's log names the evidence of each answer that was told, by its digest; a buyer's log has it whole, with
the number it asked with and the digest of what was told. An auditor verifies it without hardware, and holds the two
against each other. What was answered it does not see: that the digest is of the answer, its buyer has seen, and shows
where that is doubted.
"""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from contracts import platforms
from contracts.canonical import sha
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.noise import hundredths
from contracts.reader_report import NONCE_BYTES, ReaderReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.attested import Attested
    from contracts.gate import Gate
    from ledger.audit.books import Book, Books
    from ledger.audit.deal import Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report

ENDED, RECEIVED, RELEASED = "computation.ended", "answer.received", "released"
MEMBER: Final = "attested"
UNATTESTED: Final = "answer-unattested"
NONE: Final = "it names no evidence"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MEMBERS: Final = frozenset({"platform", "nonce", "told", "evidence"})


def check(book: Book, books: Books, deals: Deals, report: Report) -> None:
    """Check the answers that a log tells of as given, and as received."""
    for event in book.of(ENDED):
        if _gate(event, deals) is not None and event.fields.get("outcome") == RELEASED:
            told = event.fields.get(MEMBER)
            if not isinstance(told, str) or not _DIGEST.fullmatch(told):
                report.find(UNATTESTED, event.did, event, reason=NONE)
    for event in book.of(RECEIVED):
        gate, deal = _gate(event, deals), deals.get(event.part)
        if gate is None or deal is None or not event.told:
            continue
        try:
            evidence = _verified(event, gate)
        except (ContractError, LookupError, TypeError, ValueError) as fault:
            # who has it should not have taken it
            report.find(UNATTESTED, event.did, event, reason=str(fault) if isinstance(fault, ContractError) else NONE)
            continue
        provider = books.get(deal.provider)
        named = set() if provider is None else _named(provider, event)
        if named and sha256(evidence).hexdigest() not in named:
            report.find("answer-differs", deal.provider, event)


def _gate(event: Event, deals: Deals) -> Gate | None:
    """Return the gate of what is answered, None where it is not attested."""
    deal = deals.get(event.part)
    gate = None if deal is None else deal.terms.gate
    return None if gate is None or gate.attested is None else gate


def _verified(event: Event, gate: Gate) -> bytes:
    """Return the evidence of an answer; raises ContractError where it is of another one, or none."""
    said, receipt = event.fields[MEMBER], event.fields["receipt"]
    agreed = gate.attested
    assert agreed is not None, "others are not looked at"
    if not isinstance(said, dict) or set(said) != _MEMBERS:
        raise ContractError("evidence", NONE)
    chosen = hundredths(str(receipt["epsilon"])) if "epsilon" in receipt else None
    passed = sha(gate.at(chosen).json()).hex()
    nonce, digest = (read_hex(said[name], name, NONCE_BYTES).hex() for name in ("nonce", "told"))
    report = ReaderReport(event.part, str(receipt["call"]), str(event.fields["statement"]), passed, nonce, digest)
    return _of(agreed, said, report)


def _of(agreed: Attested, said: Mapping[str, Any], report: ReaderReport) -> bytes:
    if said["platform"] != agreed.platform:
        raise ContractError("evidence", f"it is of the platform `{str(said['platform'])[:40]}`")
    evidence = base64.b64decode(str(said["evidence"]), validate=True)
    platforms.verify(agreed.platform, evidence, report.digest(), agreed.measurement, agreed.root)
    return evidence


def _named(provider: Book, event: Event) -> set[str]:
    """Return by which digests a provider's log names the evidence of what was answered, nothing where it tells none."""
    call = event.link[-1] if event.link else ""
    ended = [one for one in provider.of(ENDED, event.part) if one.link and one.link[-1] == call]
    return {str(one.fields.get(MEMBER, "")) for one in ended if one.fields.get("outcome") == RELEASED}
