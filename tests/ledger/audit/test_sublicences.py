"""A sub-licence stays within its parent: edition, key holder, term and rules, each at its edge."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from ledger.audit import sublicences
from ledger.audit.report import Report
from tests.every import every
from tests.ledger.audit.shelf import AT, book, event, shelf

SELLER = "did:web:seller"
TOP, LOW = b"\xb0" * 32, b"\xa1" * 32
ONWARD = {"permission": [{"action": "use"}, {"action": "grantUse"}]}

LIMIT = {"leftOperand": "count", "operator": "lteq", "rightOperand": "1"}
ONCE = {"permission": [{"action": "use", "constraint": [LIMIT]}]}


def deal(digest=LOW, parent=TOP, edition=b"e", provider=SELLER, not_after=AT, policy=ONWARD):
    terms = SimpleNamespace(parent=parent, edition_id=edition, not_after=not_after, policy=policy)
    return SimpleNamespace(digest=digest, terms=terms, provider=provider, buyer="did:web:buyer")


def checked(*deals, logs=()):
    report = Report()
    sublicences.check(shelf(*logs), {one.digest.hex(): one for one in deals}, report)
    return [(one.code, one.facts.get("field")) for one in report.findings], report


def test_those_above_are_told_the_nearest_first():
    chain = [deal(bytes([at]), bytes([at + 1])) for at in range(30)]
    known = {one.digest.hex(): one for one in chain}
    assert list(sublicences.above(chain[28], known)) == [chain[29]]
    assert list(sublicences.above(chain[0], known)) == chain[1:17], "a chain has its limit"
    assert list(sublicences.above(deal(parent=None), known)) == []


@every(
    ("changed", "beyond"),
    [
        ({"not_after": AT - timedelta(seconds=1)}, []),
        ({"not_after": AT + timedelta(seconds=1)}, ["notAfter"]),
        ({"edition": b"f"}, ["editionId"]),
        ({"provider": "did:web:other"}, ["provider"]),
        ({"policy": {"permission": [{"action": 5}]}}, ["policy"]),
        ({"policy": {"permission": [{"action": "use"}]}}, ["policy"]),
        ({"policy": ONCE, "edition": b"f"}, ["editionId"]),
    ],
)
def test_each_thing_that_goes_beyond_is_named(changed, beyond):
    found, _ = checked(deal(TOP, None, policy=ONCE), deal(**{"policy": ONCE, **changed}))
    assert found == [("sublicence-exceeds", field) for field in beyond]


def test_a_parent_is_in_the_key_holder_s_log_that_has_the_child():
    signed = event("agreement.signed", LOW.hex(), LOW.hex())
    assert checked(deal())[0] == [("sublicence-orphaned", None)]
    assert checked(deal(), logs=[book(SELLER, signed)])[0] == [("sublicence-orphaned", None)]
    found, report = checked(deal(), logs=[book(SELLER)])
    assert (found, report.stale) == ([], {SELLER: 1})
    assert checked(deal(parent=None))[0] == []
