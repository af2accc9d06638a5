"""Another account of a member: taken over by the exchange where the former one has named it, with that one's end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.exchange import account_keys
from connector.exchange.membership import refuse_double
from connector.runtime.errors import Conflict, InvalidInput
from ledger.space.accounts import FORMER_ACCOUNTS_MAX, FormerAccount, followed
from ledger.space.document import Member

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ACCOUNTS = [bytes([number + 1]) * 20 for number in range(FORMER_ACCOUNTS_MAX + 2)]
MEMBER = Member(
    did="did:web:m", name="M", role="buyer", region="CN", url="http://m", address=ACCOUNTS[0], log_key=b"\1" * 32,
    delivery=bytes(32), aggregate=bytes(48), possession=bytes(96),
)  # fmt: skip


def taken(known, account, cause=None, unvouched=(), now=NOW):
    found = replace(known, address=account, address_former=())
    cause = followed(known.did, account) if cause is None else cause
    return account_keys.followed(found, known, SimpleNamespace(unvouched=frozenset(unvouched)), cause, now)


def test_the_one_before_is_kept_with_its_end():
    second = taken(MEMBER, ACCOUNTS[1])
    assert (second.address, second.address_former) == (ACCOUNTS[1], (FormerAccount(ACCOUNTS[0], NOW),))
    third = taken(second, ACCOUNTS[2], now=NOW + timedelta(days=1))
    assert third.accounts == (ACCOUNTS[2], ACCOUNTS[1], ACCOUNTS[0])
    assert taken(third, ACCOUNTS[2], b"") == third, "nothing new is asked for where nothing changed"


@pytest.mark.parametrize(
    ("cause", "unvouched"),
    [
        (b"", ()),
        (followed("did:web:m", ACCOUNTS[2]), ()),
        (followed("did:web:another", ACCOUNTS[1]), ()),
        (None, ("did:web:m#agreement",)),
    ],
    ids=["it left for another cause", "for another account", "for another member", "the log's key says nothing"],
)
def test_one_that_the_former_has_not_named_is_not_taken(cause, unvouched):
    with pytest.raises(Conflict, match="nothing shows"):
        taken(MEMBER, ACCOUNTS[1], cause, unvouched)


def test_one_that_was_comes_back_for_nobody_and_there_are_no_more_than_so_many():
    known = taken(MEMBER, ACCOUNTS[1])
    with pytest.raises(Conflict, match="has had that account"):
        taken(known, ACCOUNTS[0])
    other = replace(MEMBER, did="did:web:n", url="http://n", log_key=b"\2" * 32, aggregate=b"\2" * 48)
    with pytest.raises(InvalidInput, match="has the address of the member"):
        refuse_double(other, [known])
    for account in ACCOUNTS[2 : FORMER_ACCOUNTS_MAX + 1]:
        known = taken(known, account)
    with pytest.raises(Conflict, match="8 former accounts"):
        taken(known, ACCOUNTS[-1])


async def test_who_left_by_itself_has_said_why_and_whom_another_expelled_has_not():
    told = []

    async def events(*about, **filters):
        assert about == ("spaces", "MemberRevoked")
        assert filters["member"] == ACCOUNTS[0]
        return told

    programs = SimpleNamespace(events=events)
    assert await account_keys.named(programs, "did:web:x", ACCOUNTS[0]) is None
    told.append(SimpleNamespace(fields={"by": ACCOUNTS[1], "cause": b"\2" * 32}))
    assert await account_keys.named(programs, "did:web:x", ACCOUNTS[0]) is None
    told.append(SimpleNamespace(fields={"by": ACCOUNTS[0], "cause": b"\3" * 32}))
    assert await account_keys.named(programs, "did:web:x", ACCOUNTS[0]) == b"\3" * 32
