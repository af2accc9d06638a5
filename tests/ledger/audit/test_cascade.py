"""What hangs together with what: a channel with the agreements that are paid in it, and whose silence is a fault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from ledger.audit.cascade import RECEIVED, RELEASED, _groups, settle
from ledger.audit.disclosed import NOTICE, Since, _at_fault, _restored
from ledger.audit.report import Finding, Report

AT = datetime(2026, 3, 1, tzinfo=UTC)
ROW = {"edition": "0e" * 32, "transfer": "t", "use": "0", "ranges": [], "amount": "1", "readerKey": ""}


def event(part, *agreements, told=True):
    fields = {"rows": [{**ROW, "agreement": one} for one in agreements]} if told else {}
    return SimpleNamespace(part=part, fields=fields, told=told)


def book(**kinds):
    return SimpleNamespace(of=lambda kind: kinds.get(kind.replace(".", "_"), ()))


def grouped(*events, kind=RELEASED):
    return _groups({"did:web:provider.example": book(**{kind.replace(".", "_"): events})})


@pytest.mark.parametrize("kind", [RELEASED, RECEIVED])
def test_a_window_ties_its_channel_to_all_agreements_that_it_pays(kind):
    found = grouped(event("c1", "a", "b"), event("c2", "d"), kind=kind)
    assert found["c1"] == found["a"] == found["b"]
    assert found["c2"] == found["d"] != found["c1"]


def test_a_window_that_was_not_disclosed_ties_nothing():
    assert grouped(event("c1", told=False)) == {}


@pytest.mark.parametrize(
    ("later", "guilty"), [(timedelta(0), False), (NOTICE, False), (NOTICE + timedelta(seconds=1), True)]
)
def test_an_event_is_its_authors_fault_after_the_whole_notice(later, guilty):
    log = SimpleNamespace(entries=SimpleNamespace(first_told=lambda _log: None), log=None)
    finding = SimpleNamespace(index=7, at=AT + later)
    assert _at_fault(log, finding, None, Since(1, AT)) is guilty
    assert _at_fault(log, finding, 8, None) is False
    assert _at_fault(log, finding, 7, None) is True


BUYER, PROVIDER = "did:web:buyer.example", "did:web:provider.example"
UNREADABLE = Finding("log-unreadable", BUYER, {})
SHRANK = Finding("log-shrank-below-anchor", BUYER, {})
FORKED = Finding("log-forked-from-anchor", BUYER, {})
SAW = Finding("peer-saw-other-log", BUYER, {})
SILENT = Finding("disclosure-missing", PROVIDER, {}, part="c1")
FALSE = Finding("disclosure-false", PROVIDER, {}, part="c1")
SUM = Finding("over-price-cap", BUYER, {"agreement": "a"})
APART = Finding("over-price-cap", BUYER, {"agreement": "d"})
WINDOWS = {"p": book(keys_released=[event("c1", "a"), event("c2", "d")])}
SPLIT = Finding("time-went-back", PROVIDER, {})


def settled(*findings, hidden=None, books=WINDOWS):
    """Return finding → code of its root, None for what stands by itself, and who left what out."""
    report = Report(findings=list(findings))
    left = settle(report, books, hidden or {})
    return [(one.code, one.root and one.root.code) for one in report.findings], dict(left)


def test_what_rests_on_no_other_finding_stands_by_itself():
    found = (UNREADABLE, SHRANK, SPLIT, APART)
    assert settled(SHRANK, SPLIT, APART) == ([(one.code, None) for one in found[1:]], {})


@pytest.mark.parametrize("findings", [(SHRANK, FORKED, SAW), (FORKED, SHRANK, SAW), (SAW, FORKED, SHRANK)])
def test_a_rewritten_history_is_one_finding_with_all_that_shows_it(findings):
    root = SHRANK.code
    assert dict(settled(*findings)[0]) == {root: None, FORKED.code: root, SAW.code: root}


def test_a_history_is_rewritten_in_one_log_alone_and_by_the_first_that_was_found():
    again = Finding(FORKED.code, BUYER, {"anchored": "3"})
    other = Finding(SAW.code, PROVIDER, {})
    assert settled(FORKED, again, other, SAW)[0] == [
        (FORKED.code, None),
        (FORKED.code, FORKED.code),
        (SAW.code, None),
        (SAW.code, FORKED.code),
    ]
    report = Report(findings=[FORKED, again])
    settle(report, {}, {})
    assert report.findings[1].root is FORKED
    assert settled(FORKED, Finding("time-went-back", BUYER, {}))[0][1] == ("time-went-back", None)


def test_what_shows_a_history_may_rest_on_a_log_that_cannot_be_read():
    assert settled(SAW, UNREADABLE)[0][0] == (SAW.code, UNREADABLE.code)


def test_any_part_that_a_finding_is_about_may_have_been_silent():
    others = {"agreement": "a9", "edition": "e9"}
    for at in range(30):  # whichever of its parts is looked at first
        silent = Finding("disclosure-missing", PROVIDER, {}, part=f"c{at}")
        about = Finding("counterparty-differs", BUYER, {**others, "channel": f"c{at}"})
        assert settled(about, silent)[0][0] == (about.code, silent.code)


def test_what_rests_on_a_log_that_cannot_be_read_follows_from_that():
    sees = Finding("time-went-back", BUYER, {})
    assert settled(sees, UNREADABLE, SPLIT)[0] == [
        ("time-went-back", UNREADABLE.code),
        (UNREADABLE.code, None),
        ("time-went-back", None),
    ]


def test_what_an_event_did_not_say_takes_the_sums_of_its_channel_with_it():
    assert settled(SUM, APART, SILENT)[0] == [
        (SUM.code, SILENT.code),
        (APART.code, None),
        (SILENT.code, None),
    ]
    assert settled(Finding(SUM.code, BUYER, {"agreement": "a"}), SILENT, books={})[0][0] == (SUM.code, None)
    misdated = Finding("time-went-back", PROVIDER, {}, part="c1")
    assert settled(misdated, SILENT)[0][0] == (misdated.code, None), "it speaks of no sum"


def test_the_silence_of_an_event_comes_before_its_falsehood_and_follows_from_neither():
    assert settled(FALSE, SILENT, SUM)[0] == [(FALSE.code, None), (SILENT.code, None), (SUM.code, SILENT.code)]
    malformed = Finding("field-malformed", PROVIDER, {}, part="c1")
    assert settled(malformed, SUM)[0] == [(malformed.code, None), (SUM.code, malformed.code)]
    assert settled(malformed, SILENT)[0][0] == (malformed.code, SILENT.code)


def test_what_would_rest_on_what_was_not_disclosed_to_us_is_left_out_and_counted():
    twice = Finding("rows-paid-twice", BUYER, {"channel": "c1"})
    misdated = Finding("time-went-back", PROVIDER, {}, part="c1")
    found = settled(SUM, twice, APART, misdated, hidden={PROVIDER: ["c1"]})
    assert found == ([(APART.code, None), (misdated.code, None)], {PROVIDER: 2})
    assert settled(SUM, SILENT, hidden={PROVIDER: ["c1"]})[0][0] == (SUM.code, SILENT.code), "a fault comes first"
    assert settled(SUM, hidden={PROVIDER: ["c2"]}) == ([(SUM.code, None)], {})


def test_a_channel_hangs_together_with_the_agreement_that_it_was_opened_for():
    opened = SimpleNamespace(part="c1", fields={"agreementDigest": "a"}, told=True)
    bare = SimpleNamespace(part="c2", fields={}, told=True)
    untold = SimpleNamespace(part="c3", fields={"agreementDigest": "a"}, told=False)
    found = grouped(opened, bare, untold, kind="channel.opened")
    assert found["c1"] == found["a"] == "a"
    assert found["c2"] == "c2"
    assert "c3" not in found


def test_a_window_that_cannot_be_read_ties_nothing():
    assert grouped(SimpleNamespace(part="c1", fields={"rows": 7}, told=True), event("c2", "a")) == {"c2": "a", "a": "a"}


@pytest.mark.parametrize(("link", "spans"), [((), []), (("00",), []), (("02", "05"), [range(2, 5)])])
def test_what_came_back_from_a_mirror_is_told_by_the_old_head(link, spans):
    head = SimpleNamespace(tree=SimpleNamespace(root=lambda size: bytes([size + 1 if size < 1 else size])))
    restored = [SimpleNamespace(index=5, link=link)]
    assert list(_restored(SimpleNamespace(head=head, ever=lambda _: restored))) == spans
    assert list(_restored(SimpleNamespace(head=None, of=lambda _: restored))) == []
