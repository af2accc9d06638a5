"""What follows from a finding stands under it: one forged byte is one finding, and accuses nobody else.

Law: (1) of a log that cannot be read nothing that rests on it stands by itself; (2) a history that was rewritten shows
in many ways, which are one; (3) an event whose fields are withheld or false takes with it what was to be worked out
from them: everything about the same channel, agreement or edition that speaks of something missing or of a sum. What
follows is still said, below.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from ledger.audit.billing import read_orders
from ledger.audit.keys import RECEIVED, RELEASED
from ledger.audit.limited import stands

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.audit.books import Books
    from ledger.audit.event import Event
    from ledger.audit.report import Finding, Report

UNREADABLE = "log-unreadable"
# the first that was found of a log is the root of the others
HISTORY = ("log-shrank-below-anchor", "log-forked-from-anchor")
IN_HISTORY = frozenset({*HISTORY, "head-not-witnessed", "peer-saw-other-log", "mark-contradicts-log",
                        "attested-head-differs"})  # fmt: skip
# an event that says nothing, or nothing true
SILENT = ("disclosure-missing", "disclosure-false", "field-undisclosed", "field-malformed")
# codes that speak of something missing, or of a sum: what an event did not say may be the whole of it
RESTING = frozenset({
    "amendment-both-stand", "amendment-orphaned", "amendment-unfounded", "amendment-unsaid",
    "account-hash-differs", "agreement-invalid", "agreement-missing", "agreement-unsigned", "answer-differs",
    "answer-unattested", "answer-unlogged", "computation-undecided", "computations-miscounted",
    "privacy-overspent", "epsilon-unagreed", "lookups-overdrawn", "joint-split", "joint-unsigned", "program-unassented",
    "deal-unsigned", "filing-differs", "filing-unfounded", "hosted-undelegated", "project-split-differs",
    "project-unsigned",
    "amount-differs-from-tariff", "channel-unknown", "claim-unknown", "copy-differs-from-tariff",
    "contract-consent-missing", "contract-paid-otherwise", "contract-round-missing", "contract-unpaid",
    "counterparty-differs", "cumulative-broken",
    "disposal-overdue", "dispute-not-ruled", "dispute-suppressed",
    "division-without-ruling", "edition-unregistered", "field-malformed", "keys-from-chain", "licence-missing",
    "licence-without-agreement", "message-unsent", "opening-not-permitted", "opening-undecided", "opening-unlogged",
    "opening-without-release", "openings-over-limit",
    "order-not-on-chain", "order-over-paid", "order-unpaid", "outcome-differs", "over-price-cap", "receipt-mismatch",
    "receipt-without-release", "refund-not-on-chain", "registration-unfounded", "release-not-permitted",
    "release-not-settled",
    "release-repeated", "release-without-voucher", "released-over-deposit", "rows-paid-twice",
    "ruling-not-executed", "ruling-unfounded", "ruling-without-dispute", "settlement-differs",
    "settlement-log-differs", "split-differs", "stop-unconfirmed", "sublicence-orphaned", "sublicence-unrecorded",
    "trade-differs", "trade-unknown", "voucher-mismatch",
})  # fmt: skip

Groups = dict[str, str]


def settle(report: Report, books: Books, hidden: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Put what follows under what it follows from; `hidden` DID → partitions with events that were not disclosed to us.

    What follows from those alone is no finding: it is left out, and counted by the DID of who did not disclose.
    """
    roots = _Roots(report.findings, hidden, books)
    kept, left = [], defaultdict[str, int](int)
    for finding in report.findings:
        root = roots.of(finding)
        silent = None if root is not None else roots.hidden_from(finding)
        if silent is not None:
            left[silent] += 1
        else:
            kept.append(finding if root is None else replace(finding, root=root))
    report.findings[:] = kept
    return left


class _Roots:
    """The findings from which others follow, by what they are about."""

    def __init__(self, findings: Iterable[Finding], hidden: Mapping[str, Iterable[str]], books: Books) -> None:
        self._unreadable: dict[str, Finding] = {}
        self._rewritten: dict[str, Finding] = {}
        self._silent: dict[str, Finding] = {}
        self._hidden: dict[str, str] = {}
        silent = [one for one in findings if one.code in SILENT]
        self._groups = _groups(books) if silent or hidden else {}
        for one in findings:
            if one.code == UNREADABLE:
                self._unreadable.setdefault(one.subject, one)
            elif one.code in HISTORY:
                known = self._rewritten.setdefault(one.subject, one)
                if HISTORY.index(one.code) < HISTORY.index(known.code):
                    self._rewritten[one.subject] = one
        for one in sorted(silent, key=lambda one: SILENT.index(one.code)):
            for part in one.parts:
                self._silent.setdefault(self._group(part), one)
        for did, parts in hidden.items():
            for part in parts:
                self._hidden.setdefault(self._group(part), did)

    def _group(self, part: str) -> str:
        return self._groups.get(part, part)

    def of(self, finding: Finding) -> Finding | None:
        """Return from what a finding follows, None if it stands by itself."""
        if finding.code in IN_HISTORY:
            root = self._rewritten.get(finding.subject)
            if root is not None and root is not finding:
                return root
        if finding.code != UNREADABLE:
            for did, root in self._unreadable.items():
                if not stands(finding, {did}):
                    return root
        if finding.code in RESTING:
            roots = (self._silent.get(self._group(part)) for part in finding.parts)
            return next((root for root in roots if root is not None and root is not finding), None)
        return None

    def hidden_from(self, finding: Finding) -> str | None:
        """Return who did not disclose what a finding would rest on, None if all of it was disclosed."""
        if finding.code not in RESTING:
            return None
        return next((self._hidden[one] for one in map(self._group, finding.parts) if one in self._hidden), None)


def _groups(books: Books) -> Groups:
    """Return partition → name of all that hangs together: channels with the agreements that are paid in them."""
    parent: dict[str, str] = {}

    def top(part: str) -> str:
        while parent.setdefault(part, part) != part:
            part = parent[part]
        return part

    for book in books.values():
        for event in book.of("channel.opened"):
            if event.told:
                parent[top(event.part)] = top(str(event.fields.get("agreementDigest", event.part)))
        for kind in (RELEASED, RECEIVED):
            for event in book.of(kind):
                for agreement in _agreements(event):
                    parent[top(event.part)] = top(agreement)
    return {part: top(part) for part in parent}


def _agreements(event: Event) -> Iterable[str]:
    try:
        return {line.agreement for line in read_orders(event)} if event.told else ()
    except (KeyError, TypeError, ValueError, AttributeError):
        return ()
