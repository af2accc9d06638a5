"""Another key of SM2 of a member: taken over by the exchange, with the one before and until when that counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.exchange import rereading
from connector.exchange.membership import refuse_double
from connector.runtime.errors import Conflict, InvalidInput
from connector.runtime.limits import FORMER_SM2_DAYS
from contracts.ndi.proof import FormerKey
from contracts.sm2.secret import public_of
from ledger.space.document import FORMER_SM2_MAX, Member

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LATEST, DAY = NOW + timedelta(days=FORMER_SM2_DAYS), timedelta(days=1)
KEYS = [public_of(bytes([n + 1]) * 32) for n in range(FORMER_SM2_MAX + 2)]
MEMBER = Member(
    did="did:web:m", name="M", role="buyer", region="CN", url="http://m", address=bytes(20), log_key=bytes(32),
    delivery=bytes(32), aggregate=bytes(48), possession=bytes(96), sm2=KEYS[0],
)  # fmt: skip


def taken(known, sm2, told=None, *, vouched=True):
    """Return what the exchange keeps of a member that lists this key, and former ones with their times."""
    document = SimpleNamespace(sm2_former=told or {}, sm2_vouched=vouched)
    change = rereading.Change(replace(known, sm2=sm2, sm2_former=()), document, None, known.did, "why")
    return rereading._national(change, known, NOW.replace(microsecond=5))


def test_the_one_before_counts_as_long_as_its_owner_says_and_no_longer_than_a_month():
    for told, until in ((DAY, NOW + DAY), (400 * DAY, LATEST), (-DAY, NOW - DAY)):
        after = taken(MEMBER, KEYS[1], {KEYS[0]: NOW + told})
        assert (after.sm2, after.sm2_former) == (KEYS[1], (FormerKey(KEYS[0], until),))
    # another make lists it and says no time
    assert taken(MEMBER, KEYS[1], {KEYS[0]: None}).sm2_former == (FormerKey(KEYS[0], LATEST),)


def test_one_that_is_listed_no_more_counts_no_more():
    assert taken(MEMBER, KEYS[1]).sm2_former == (FormerKey(KEYS[0], NOW),)
    known = replace(MEMBER, sm2=KEYS[1], sm2_former=(FormerKey(KEYS[0], LATEST),))
    assert taken(known, KEYS[1]).sm2_former == (FormerKey(KEYS[0], NOW),)
    # and nobody gives it its time back
    again = taken(taken(known, KEYS[1]), KEYS[1], {KEYS[0]: LATEST})
    assert again.sm2_former == (FormerKey(KEYS[0], NOW),)


def test_read_again_nothing_changes():
    known = taken(MEMBER, KEYS[1], {KEYS[0]: NOW + DAY})
    assert taken(known, KEYS[1], {KEYS[0]: NOW + DAY}) == known
    assert taken(known, None, {KEYS[0]: NOW + DAY}) == known, "who lost it keeps it in the space"
    none = replace(MEMBER, sm2=None)
    assert taken(none, KEYS[0], vouched=False) == MEMBER, "the first one needs no other's word"


def test_what_the_log_s_key_has_not_signed_takes_no_place():
    with pytest.raises(Conflict, match="nothing shows"):
        taken(MEMBER, KEYS[1], {KEYS[0]: None}, vouched=False)


def test_a_former_one_never_comes_back():
    """Whoever serves an old document again, with a proof that was true, brings no stolen key back."""
    known = replace(MEMBER, sm2=KEYS[1], sm2_former=(FormerKey(KEYS[0], NOW - DAY),))
    with pytest.raises(Conflict, match="has had that key"):
        taken(known, KEYS[0])


def test_there_are_at_most_so_many():
    former = tuple(FormerKey(key, NOW) for key in KEYS[1:FORMER_SM2_MAX])
    full = taken(replace(MEMBER, sm2_former=former), KEYS[-1])
    assert len(full.sm2_former) == FORMER_SM2_MAX
    assert Member.from_json(full.json()) == full
    with pytest.raises(Conflict, match="8 keys of SM2"):
        taken(full, KEYS[-2])


def test_nobody_enters_with_a_key_that_was_anothers():
    known = replace(MEMBER, sm2=KEYS[1], sm2_former=(FormerKey(KEYS[0], NOW),))
    other = {"url": "http://n", "address": b"\x01" * 20, "log_key": b"\x01" * 32, "aggregate": b"\x01" * 48}
    with pytest.raises(InvalidInput, match="sm2"):
        refuse_double(replace(MEMBER, did="did:web:n", **other), [known])
    refuse_double(replace(MEMBER, did="did:web:n", sm2=KEYS[2], **other), [known])
