"""An audit of some logs only: what can be said without the others, and what cannot.

Law: silence accuses nobody. A finding about a member whose log was not read, or about the chain alone, is dropped if it
rests on a log; one that says that no log has something is dropped whoever it is about. All else stands by itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ledger.audit.how_to_check import RESTS_ON

if TYPE_CHECKING:
    from collections.abc import Collection

    from ledger.audit.report import Finding, Report

CHAIN = "chain"
LOG, HOLDERS = "log", "holders"
# codes that say of a log that was read: nowhere in the others is what should be there
NOWHERE = frozenset({
    "amendment-orphaned", "amendment-unfounded",
    "dispute-not-ruled", "opening-unlogged", "opening-without-release", "ruling-without-dispute", "sublicence-orphaned",
    "trade-unknown",
})  # fmt: skip


def limited(report: Report, unread: Collection[str]) -> Report:
    """Return the report without what rests on logs that were not read; `unread` are the DIDs of their members."""
    if not unread:
        return report
    kept = [one for one in report.findings if stands(one, unread)]
    return replace(report, findings=kept, unread=tuple(unread))


def stands(finding: Finding, unread: Collection[str]) -> bool:
    """Whether a finding stands without the logs of these members."""
    if finding.code in NOWHERE:
        return False
    if finding.subject in unread:
        return not {LOG, HOLDERS} & set(RESTS_ON[finding.code])
    return finding.subject != CHAIN or LOG not in RESTS_ON[finding.code]
