"""Proposals of a contract in the audit: signed by whom they name, and the same wherever they must be."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from contracts import signature
from contracts.ndi.proof import Signer, sign
from contracts.ndi.rounds import Round
from ledger.audit import contracts
from ledger.audit.report import Report
from tests.ledger.audit.shelf import book, event, found, shelf

EXCHANGE, PROVIDER, CONSUMER = (f"did:web:{name}" for name in ("exchange", "provider", "consumer"))
KEYS = {did: bytes([number]) * 32 for number, did in enumerate((EXCHANGE, PROVIDER, CONSUMER), 1)}
MEMBERS = {did: SimpleNamespace(signer=Signer(signature.address(key))) for did, key in KEYS.items()}
SPACE = SimpleNamespace(members=MEMBERS, exchange=EXCHANGE)
FIRST = Round("8", 1, CONSUMER, "aa" * 32, "00" * 32)
SECOND = Round("8", 2, PROVIDER, "bb" * 32, FIRST.history)


def proposed(made, *, by=None, through=EXCHANGE):
    """Make the event of a round; `by` signs it, None for nobody."""
    told = {"number": made.number, "by": made.by, "strategy": made.strategy, "previous": made.previous}
    told["to"] = CONSUMER if made.by == PROVIDER else PROVIDER
    told |= {"proof": sign(made.part, KEYS[by], None).hex()} if by else {}
    return event("contract.proposed", made.code, made.code, **(told | ({"through": through} if through else {})))


def checked(*books):
    report = Report()
    contracts.check(SPACE, shelf(*books), report)
    return [(code, who) for code, who, _ in found(report)]


def both(*, less=()):
    """Make three logs with both rounds; `less` are (log, round) that one lacks."""
    rounds = {FIRST: proposed, SECOND: proposed}
    return [
        book(did, *(make(one, by=one.by) for one, make in rounds.items() if (did, one) not in less))
        for did in (EXCHANGE, PROVIDER, CONSUMER)
    ]


def test_what_all_three_logs_have_is_nobodys_fault():
    assert checked(*both()) == []
    # of what was not disclosed nobody says that it is wrong, and who keeps no log here lacks nothing
    assert checked(book(EXCHANGE, event("contract.proposed", "8")), book(PROVIDER, proposed(FIRST))) == []


@pytest.mark.parametrize(
    ("less", "who"),
    [
        # the platform says that it passed on what did not come
        ([(PROVIDER, FIRST)], [PROVIDER]),
        # it passed on what it does not tell of
        ([(EXCHANGE, FIRST)], [EXCHANGE]),
        # it made up what nobody proposed
        ([(CONSUMER, FIRST)], [CONSUMER]),
    ],
)
def test_what_one_log_lacks_is_found(less, who):
    assert checked(*both(less=less)) == [("contract-round-missing", one) for one in who]


def test_what_was_kept_back_without_the_platform_knowing_is_the_proposers_alone():
    """It was sent, and not taken: no version of the contract, and nobody's fault."""
    assert checked(*both(less=[(PROVIDER, SECOND), (EXCHANGE, SECOND), (CONSUMER, SECOND)])) == []
    assert checked(*both(less=[(EXCHANGE, SECOND), (CONSUMER, SECOND)])) == []


def test_a_platform_that_tells_each_something_else_is_found():
    other = Round("8", 1, CONSUMER, "cc" * 32, "00" * 32)
    found = checked(book(EXCHANGE, proposed(FIRST)), book(PROVIDER, proposed(other)), book(CONSUMER, proposed(FIRST)))
    assert set(found) == {("contract-round-missing", one) for one in (EXCHANGE, PROVIDER, CONSUMER)}


def test_a_signature_of_another_is_found_by_the_log_that_has_it():
    assert checked(book(PROVIDER, proposed(FIRST, by=EXCHANGE))) == [("contract-round-forged", PROVIDER)]
    assert checked(book(PROVIDER, proposed(FIRST, by=CONSUMER))) == []


def test_between_two_the_proposer_has_what_the_other_took():
    taken = book(PROVIDER, proposed(FIRST, through=""))
    assert checked(taken, book(CONSUMER, proposed(FIRST, through=""))) == []
    assert checked(taken, book(CONSUMER)) == [("contract-round-missing", CONSUMER)]
