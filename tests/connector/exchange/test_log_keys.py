"""Another key of a member's log: taken over by the exchange, with the one before and up to which size that counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.exchange import log_keys, rereading
from connector.exchange.membership import refuse_double
from connector.runtime.errors import Conflict, InvalidInput
from connector.runtime.limits import FORMER_LOG_SECONDS
from ledger.log import checkpoint as checkpoints
from ledger.log.checkpoint import Checkpoint
from ledger.space.document import Member
from ledger.space.log_keys import FORMER_LOG_MAX, FormerLog

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LATEST = NOW + timedelta(seconds=FORMER_LOG_SECONDS)
SECRETS = [Ed25519PrivateKey.from_private_bytes(bytes([n + 1]) * 32) for n in range(FORMER_LOG_MAX + 3)]
KEYS = [one.public_key().public_bytes_raw() for one in SECRETS]
MEMBER = Member(
    did="did:web:m", name="M", role="buyer", region="CN", url="http://m", address=bytes(20), log_key=KEYS[0],
    delivery=bytes(32), aggregate=bytes(48), possession=bytes(96),
)  # fmt: skip


class Tables:
    """What the exchange has cosigned of a log: so many entries, the head signed by these."""

    def __init__(self, size=0, signers=()):
        self.row = None
        if size:
            note = checkpoints.sign(Checkpoint(MEMBER.origin, size, bytes(32)), *signers).encode()
            self.row = SimpleNamespace(size=size, note=note)

    def get(self, *_table, **_key):
        return self.row


def taken(known, key, told=(), tables=None):
    document = SimpleNamespace(log_former=tuple(told))
    return log_keys.followed(tables or Tables(), replace(known, log_key=key, log_former=()), known, document, NOW)


def was(number=0, size=5, until=LATEST):
    return FormerLog(KEYS[number], size, until)


def test_the_one_before_is_kept_with_its_size_and_no_longer_than_an_hour():
    for until, kept in ((NOW, NOW), (NOW - timedelta(days=1), NOW - timedelta(days=1)), (LATEST, LATEST)):
        after = taken(MEMBER, KEYS[1], [was(until=until)])
        assert (after.log_key, after.log_former) == (KEYS[1], (was(until=kept),))
    assert taken(MEMBER, KEYS[1], [was(until=LATEST + timedelta(days=9))]).log_former == (was(),)


def test_a_size_is_said_once():
    known = taken(MEMBER, KEYS[1], [was()])
    assert taken(known, KEYS[1], [was(size=1)]) == known
    assert taken(known, KEYS[1]) == known, "nor is it forgotten"
    third = taken(known, KEYS[2], [was(1, 9), was(0, 1)])
    assert third.log_former == (was(1, 9), was())


@pytest.mark.parametrize("told", [[], [was(2)], [FormerLog(bytes(32), 5, LATEST)]])
def test_a_key_that_the_one_before_has_not_signed_is_not_taken(told):
    with pytest.raises(Conflict, match="nothing shows"):
        taken(MEMBER, KEYS[1], told)


def test_a_key_that_was_comes_back_for_nobody():
    known = taken(MEMBER, KEYS[1], [was()])
    with pytest.raises(Conflict, match="has had that log key"):
        taken(known, KEYS[0], [was(1)])
    with pytest.raises(InvalidInput, match="log_key"):
        refuse_double(replace(MEMBER, did="did:web:o", url="http://o", address=b"o" * 20, aggregate=b"o" * 48), [known])


def test_there_is_an_end_of_them():
    known = MEMBER
    for number in range(FORMER_LOG_MAX):
        known = taken(known, KEYS[number + 1], [was(number)])
    with pytest.raises(Conflict, match="former log keys"):
        taken(known, KEYS[FORMER_LOG_MAX + 1], [was(FORMER_LOG_MAX)])


@pytest.mark.parametrize(
    ("size", "signers", "holds"), [(5, (0,), True), (6, (0,), False), (6, (1, 0), True), (6, (1,), True), (0, (), True)]
)
def test_what_was_cosigned_by_the_former_key_alone_is_not_disowned(size, signers, holds):
    tables = Tables(size, [SECRETS[one] for one in signers])
    if holds:
        assert taken(MEMBER, KEYS[1], [was()], tables).log_former == (was(),)
    else:
        with pytest.raises(Conflict, match="signed 6 entries by its former key"):
            taken(MEMBER, KEYS[1], [was()], tables)


def test_the_registry_has_the_next_one_first():
    after = taken(MEMBER, KEYS[1], [was()])
    change = rereading.Change(after, SimpleNamespace(), None, after.did, "why")
    with pytest.raises(Conflict, match="the registry on chain knows other keys"):
        rereading._check(change, MEMBER, SimpleNamespace())
