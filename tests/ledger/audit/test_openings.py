"""Every release permitted by the very decisions that it names; every opening within its number, decided and logged."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from contracts.canonical import sha
from ledger.audit import openings
from ledger.audit.report import Report
from tests.every import every
from tests.ledger.audit.shelf import AT, book, event, found, shelf

PROVIDER, BUYER = "did:web:provider", "did:web:buyer"
A1, A2, TOP = ("a1" * 32, "a2" * 32, "b0" * 32)
OPEN, KEEP = 1, 0
REQUEST = "r1"


def counted(*limits):
    rules = [{"leftOperand": "count", "operator": "lteq", "rightOperand": str(one)} for one in limits]
    return {"permission": [{"action": "use", "constraint": rules}]}


def deal(name=A1, policy=None, tier="leased", parent=None, amends=""):
    terms = SimpleNamespace(policy=policy or counted(), tier=tier, parent=parent and bytes.fromhex(parent))
    terms.amends = bytes.fromhex(amends)
    return SimpleNamespace(digest=bytes.fromhex(name), terms=terms, provider=PROVIDER, buyer=BUYER)


def decision(part=A1, request=REQUEST, outcome="allow", digest="d1", **more):
    return event("decision.made", part, request, outcome=outcome, decisionDigest=digest, **more)


def row(agreement=A1, use=KEEP, reader="k1"):
    return {"agreement": agreement, "edition": "", "transfer": "t", "use": use, "ranges": [], "amount": 0} | {
        "readerKey": reader
    }


def release(*rows, named=("d1",), link=(REQUEST, "7")):
    return event("keys.released", "c1", *link, rows=list(rows), decisionDigest=sha(list(named)).hex())


def started(reader="k1", part=A1, **more):
    return event("opening.started", part, "t", "1", transfer="t", readerKey=reader, **more)


def exported(part=A1):
    return event("keys.exported", part, "e", part)


def checked(provider=(), buyer=(), deals=(), report=None, **read):
    report = report or Report()
    logs = book(PROVIDER, *provider), book(BUYER, *buyer, **read)
    openings.check(shelf(*logs), {one.digest.hex(): one for one in deals}, report)
    return found(report)


# --- the decisions that a release names


@pytest.mark.parametrize(
    ("decisions", "one"),
    [
        ([decision()], release(row())),
        ([decision(place="release")], release(row())),
        ([decision(outcome="deny"), decision(digest="d2")], release(row(), named=["d2"])),
        ([decision(), decision(A2, digest="d2")], release(row(), row(A2), named=["d1", "d2"])),
    ],
)
def test_a_release_by_its_newest_decisions_is_permitted(decisions, one):
    assert checked([*decisions, one]) == []


@every(
    ("decisions", "one"),
    [
        ([], release(row())),
        ([], release(named=[])),
        ([decision()], release()),
        ([decision()], release(row(), row(), named=["d1", "d1"])),
        ([decision(outcome="deny")], release(row())),
        ([decision(), decision(outcome="conditional")], release(row())),
        ([decision(A2, outcome="deny"), decision(digest="d2")], release(row(A2), row(), named=["d1", "d2"])),
        ([decision(place="opening")], release(row())),
        ([decision(A2)], release(row())),
        ([decision(A2), decision(digest="d2")], release(row(), row(A2), named=["d1", "d2"])),
        ([decision(request="r2")], release(row())),
        ([decision(digest="d2")], release(row())),
        ([decision()], release(row(), link=())),
    ],
)
def test_a_release_by_no_decision_of_its_own_is_named(decisions, one):
    assert checked([*decisions, one]) == [("release-not-permitted", PROVIDER, len(decisions))]


def test_a_decision_after_the_release_permits_nothing():
    assert checked([release(row()), decision()]) == [("release-not-permitted", PROVIDER, 0)]


def test_an_opening_that_was_not_permitted_is_named_with_its_agreement():
    report = Report()
    lines = row(), row(A2, OPEN)
    assert checked([release(*lines)], [started(part=A2)], report=report) == [("opening-not-permitted", PROVIDER, 0)]
    [finding] = report.findings
    assert (finding.facts["agreement"], finding.facts["seq"]) == (A2, "7")
    report = Report()
    checked([release(row(), link=())], report=report)
    assert (report.findings[0].facts["agreement"], report.findings[0].facts["seq"]) == ("", "?")


def test_orders_that_cannot_be_read_are_no_permitted_ones():
    codes = [code for code, *_ in checked([decision(), release({"agreement": A1})])]
    assert set(codes) == {"field-malformed", "release-not-permitted"}


# --- the number of openings


def opened(*readers, use=OPEN, part=A1):
    """One allowed release for each reader key."""
    return [one for key in readers for one in (decision(part), release(row(part, use, key)))]


@pytest.mark.parametrize(("limits", "over"), [((), False), ((3,), False), ((2,), True), ((9, 2, 9), True)])
def test_a_lease_is_opened_as_often_as_its_policy_permits(limits, over):
    keys = ("k1", "k2", "k3")
    report = Report()
    names = checked(opened(*keys), [started(key) for key in keys], [deal(policy=counted(*limits))], report)
    assert names == ([("openings-over-limit", PROVIDER, 5)] if over else [])
    assert report.openings == 3
    for one in report.findings:
        assert one.code == "openings-over-limit"
        assert one.facts.items() >= {"agreement": A1, "mine": "3", "theirs": "2", "seq": "7"}.items()


def test_an_opening_counts_once_and_keys_to_keep_are_none():
    limit = deal(policy=counted(1))
    report = Report()
    assert checked(opened("k1", "k1"), [started()], [limit], report) == []
    assert report.openings == 1
    report = Report()
    assert checked(opened("k1", "k2", use=KEEP), [], [limit], report) == []
    assert report.openings == 0
    assert checked([*opened("k9", use=KEEP), *opened("k1")], [started()], [limit]) == []


def test_an_opening_over_the_number_is_named_where_it_begins():
    log = opened("k1", "k2", "k2")
    assert checked(log, [started(), started("k2")], [deal(policy=counted(1))]) == [("openings-over-limit", PROVIDER, 3)]
    assert checked(opened("k1", "k1"), [], [deal()]) == [("opening-unlogged", PROVIDER, 1)]


def test_what_else_a_policy_demands_is_no_number_of_openings():
    until = {"leftOperand": "dateTime", "operator": "lteq", "rightOperand": "2027-01-01T00:00:00Z"}
    policy = counted(1)
    policy["permission"][0]["constraint"].append(until)
    assert checked(opened("k1"), [started()], [deal(policy=policy)]) == []


def test_an_opening_draws_on_all_that_stand_above_it():
    below = [deal(A1, counted(2), parent=TOP), deal(A2, counted(2), parent=TOP), deal(TOP, counted(1))]
    both = [*opened("k1"), *opened("k2", part=A2)]
    starts = [started("k1"), started("k2", A2)]
    assert checked(both, starts, below) == [("openings-over-limit", PROVIDER, 3)]
    assert checked(both, starts, [*below[:2], deal(TOP, counted(2))]) == []


def test_a_policy_that_cannot_be_read_has_no_number():
    report = Report()
    broken = deal(policy={"permission": [{"action": 5}]})
    assert checked(opened("k1"), [started()], [broken], report) == [("agreement-invalid", PROVIDER, None)]
    assert report.findings[0].facts["agreement"] == A1


# --- what was released was opened, what was opened was released


def test_a_released_opening_is_in_a_log():
    assert checked(opened("k1"), [], [deal()]) == [("opening-unlogged", PROVIDER, 1)]
    assert checked(opened("k1"), [], []) == [("opening-unlogged", PROVIDER, 1)]
    assert checked([*opened("k1"), started()], [], [deal()]) == []


@pytest.mark.parametrize("who", ["buyer", "provider"])
def test_what_is_newer_than_the_other_log_may_be_in_it_yet(who):
    report, short = Report(), AT + timedelta(seconds=1)
    if who == "buyer":
        assert checked(opened("k1"), [], [deal()], report, newest=short) == []
        assert report.stale == {BUYER: 1}
        assert checked(opened("k1"), [], [], newest=short) == [("opening-unlogged", PROVIDER, 1)], (
            "whose log, nobody knows"
        )
        return
    logs = book(PROVIDER, newest=short), book(BUYER, started())
    openings.check(shelf(*logs), {A1: deal()}, report)
    assert (found(report), report.stale) == ([], {PROVIDER: 1})


def test_a_lease_is_opened_by_a_release_only():
    assert checked([], [started()], [deal()]) == [("opening-without-release", BUYER, 0)]
    assert checked(opened("k1"), [started(), started("k2")], [deal()]) == [("opening-without-release", BUYER, 1)]
    assert checked([], [started()], []) == [], "of an agreement that is none, another check speaks"


# --- a kept replica


KEPT = deal(tier="kept", policy=counted(2))


def test_a_kept_replica_is_opened_by_a_decision_each():
    two = [decision(), decision(place="opening"), started(), started()]
    assert checked([], two, [KEPT]) == []
    assert checked([], [*two, decision(), started()], [KEPT]) == [("openings-over-limit", BUYER, 5)]
    assert checked([], [decision(), started(), started()], [KEPT]) == [("opening-undecided", BUYER, 2)]
    assert checked([], [started(), decision()], [KEPT]) == [("opening-undecided", BUYER, 0)]


@pytest.mark.parametrize("other", [decision(outcome="deny"), decision(place="export"), decision(A2)])
def test_only_an_allowing_decision_on_this_opening_counts(other):
    assert checked([], [other, started()], [KEPT]) == [("opening-undecided", BUYER, 1)]


def test_a_joined_opening_is_decided_as_a_reading_and_as_a_joining():
    joined, joining = started(joined="ab" * 32), decision(place="joining")
    assert checked([], [joining, decision(), joined, decision(), started()], [KEPT]) == []
    assert checked([], [decision(), joined], [KEPT]) == [("opening-undecided", BUYER, 1)]
    assert checked([], [joining, joined], [KEPT]) == [("opening-undecided", BUYER, 1)]
    assert checked([], [joining, decision(), joined, decision(), joined], [KEPT]) == [("opening-undecided", BUYER, 4)]
    for other in (decision(outcome="deny", place="joining"), decision(A2, place="joining")):
        assert checked([], [other, decision(), joined], [KEPT]) == [("opening-undecided", BUYER, 2)]


def test_openings_of_each_agreement_are_counted_by_themselves():
    second = deal(A2, counted(1), "kept")
    log = [decision(), started(), decision(A2), started(part=A2), decision(), started()]
    assert checked([], log, [KEPT, second]) == []


def test_keys_are_handed_out_by_a_decision_each():
    allowed = decision(place="export")
    assert checked([], [allowed, exported()]) == []
    assert checked([], [allowed, exported(), exported()]) == [("opening-undecided", BUYER, 2)]
    assert checked([], [allowed, exported(), exported(A2)]) == [("opening-undecided", BUYER, 2)]
    both = [allowed, decision(A2, place="export")]
    assert checked([], [*both, exported(), exported(A2)]) == []
    assert checked([], [decision(), exported()]) == [("opening-undecided", BUYER, 1)]


def test_an_opening_that_cannot_be_read_is_named():
    assert checked([], [event("opening.started", A1, "t", "1", transfer="t")], [deal()]) == [
        ("field-malformed", BUYER, 0)
    ]


OTHER_PLACE = {"permission": [{"action": "display"}, *counted(2)["permission"]]}


@every(("policy", "over"), [(counted(2), True), (counted(3), False), (OTHER_PLACE, False)])
@every("tier", ["leased", "kept"])
def test_openings_are_counted_on_under_an_amendment(policy, over, tier):
    deals = [deal(A1, counted(9), tier), deal(A2, policy, tier, amends=A1)]
    if tier == "leased":
        rows = [row(A1, OPEN, "k1"), row(A1, OPEN, "k2"), row(A2, OPEN, "k3")]
        found = checked([*(decision(one["agreement"]) for one in rows), release(*rows, named=("d1",) * 3)], deals=deals)
    else:
        each = [(decision(part), started(reader, part)) for part, reader in ((A1, "1"), (A1, "2"), (A2, "3"))]
        found = checked([one for pair in each for one in pair], deals=deals)
    assert ("openings-over-limit" in {code for code, *_ in found}) is over
