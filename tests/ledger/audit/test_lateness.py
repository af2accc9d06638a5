"""When a release was written: by its receipt, by the payer's entry, each bound to the second."""

from __future__ import annotations

from datetime import timedelta

from ledger.audit import lateness
from ledger.audit.keys import Ends, Window
from ledger.audit.report import Report
from tests.every import every
from tests.ledger.audit.shelf import AT, book, event

HOLDER = "did:web:holder"
NOON = int(AT.timestamp())


def late(written=0, receipt=None, other=None):
    """Return (code, seconds, bound) of a release written so many seconds after noon."""
    told = {} if receipt is None else {"releasedAt": str(NOON + receipt) if isinstance(receipt, int) else receipt}
    one = event("keys.released", "c1", time=AT + timedelta(seconds=written), **told)
    book(HOLDER, one)
    received = {}
    if other is not None:
        received[3] = Window(event("keys.received", "c1", time=AT + timedelta(seconds=other)), 3, "", 0, 0)
    report = Report()
    lateness.check(Ends("c1", None, None, {3: Window(one, 3, "", 0, 0)}, received, frozenset()), report)
    assert all(one.subject == HOLDER and one.facts.get("seq", "3") == "3" for one in report.findings)
    return [(one.code, one.facts.get("seconds"), one.facts.get("bound")) for one in report.findings]


@every(
    ("told", "found"),
    [
        ({}, []),
        ({"written": 10**6}, []),
        ({"written": 60, "receipt": 0}, []),
        ({"written": 61, "receipt": 0}, [("entry-late", "61", "its receipt")]),
        ({"written": 120, "other": 0}, []),
        ({"written": 121, "other": 0}, [("entry-late", "61", "the payer's entry")]),
        ({"written": 0, "receipt": 180, "other": 0}, []),
        ({"written": 0, "receipt": 181, "other": 0}, [("receipt-postdated", "181", None)]),
        ({"written": 0, "receipt": 10**6}, []),
        ({"written": 0, "receipt": "soon", "other": 0}, [("field-malformed", None, None)]),
    ],
)
def test_a_release_is_written_when_it_happened(told, found):
    assert late(**told) == found


def test_each_bound_is_named():
    found = late(written=500, receipt=200, other=0)
    assert [code for code, *_ in found] == ["receipt-postdated", "entry-late", "entry-late"]
    assert found[1:] == [("entry-late", "300", "its receipt"), ("entry-late", "440", "the payer's entry")]
