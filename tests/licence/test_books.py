"""What the window protocol looks up: a margin counts as it is kept, whatever else is wrong with the agreement."""

from __future__ import annotations

from types import SimpleNamespace

from connector.licence.books import Books
from contracts.terms import MAX_DURATION_SECONDS
from tests.every import every

# what is kept of an agreement's terms → seconds before a lapse from which on is claimed
MARGINS = [
    ({"claimMargin": 3600, "tier": "kept"}, 3600),
    ({"claimMargin": 0}, 0),
    ({"claimMargin": "3600"}, MAX_DURATION_SECONDS),
    ({"claimMargin": True}, MAX_DURATION_SECONDS),
    ({"claimMargin": -1}, MAX_DURATION_SECONDS),
    ({"claimMargin": MAX_DURATION_SECONDS + 1}, MAX_DURATION_SECONDS),
    ({}, MAX_DURATION_SECONDS),
    (None, MAX_DURATION_SECONDS),
]


def margin(row):
    tx = SimpleNamespace(get=lambda _table, digest: row if digest == "ab" * 32 else None)
    return Books(None, None, None, None, None).claim_margin(tx, bytes.fromhex("ab" * 32))


@every("case", MARGINS)
def test_a_margin_is_what_is_kept_or_the_longest(case):
    terms, seconds = case
    assert margin(SimpleNamespace(terms=terms)) == seconds


def test_nothing_kept_is_claimed_at_once():
    assert margin(None) == MAX_DURATION_SECONDS
