"""What each member paid and earned by the chain alone."""

from __future__ import annotations

from types import SimpleNamespace

from ledger.audit import purses
from ledger.audit.facts import ChainFacts, ChannelFacts, Claim

PAYER, PAYEE, IDLE, STRANGER = (bytes([at]) * 20 for at in (1, 2, 3, 4))
NAMES = {"did:web:c": PAYER, "did:web:b": PAYEE, "did:web:a": IDLE}
SPACE = SimpleNamespace(members={did: SimpleNamespace(did=did, accounts=(one,)) for did, one in NAMES.items()})


def channel(deposit, claimed, credits_of=(), **more):
    claims = [Claim(claimed, bytes(32), 1)] if claimed else []
    return ChannelFacts({"payer": PAYER}, claims, dict(credits_of), deposit=deposit, **more)


def row(did, *amounts):
    return {"party": did, **{name: str(amount) for name, amount in zip(purses.NAMES, amounts, strict=True)}}


def test_a_deposit_is_paid_refunded_or_held():
    closed = channel(100, 70, {PAYEE: 60, STRANGER: 10, PAYER: 30}, closed=True)
    facts = ChainFacts(channels={b"1": closed, b"2": channel(50, 20, {PAYEE: 20}), b"3": channel(5, 0)})
    assert purses.gather(SPACE, facts) == {
        "purses": [row("did:web:b", 0, 0, 0, 0, 0, 80), row("did:web:c", 3, 155, 90, 30, 35, 0)]
    }


def test_where_no_money_is_there_is_no_row():
    assert purses.gather(SPACE, ChainFacts()) == {"purses": []}
