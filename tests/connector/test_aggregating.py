"""What a log asks of its witnesses: their keys are brought together once for each set of them."""

from __future__ import annotations

from types import SimpleNamespace

from connector.chain.aggregating import Aggregating
from connector.runtime.errors import ChainReverted
from ledger.chain import acts
from ledger.log import head_aggregate

ORIGIN = b"o" * 32


class Chain:
    """Programs and transactions: which accounts have proven their keys, and what was asked and sent."""

    deployment = None

    def __init__(self):
        self.proven, self.asked, self.sent, self.refuses = set(), 0, [], False

    async def key_digest(self, account):
        self.asked += 1
        return b"digest " + account if account in self.proven else bytes(32)

    async def submit(self, key, points):
        self.sent.append(points)
        if self.refuses:
            raise ChainReverted("refused")


def witness(name):
    return SimpleNamespace(did=f"did:web:{name}", address=name.encode(), aggregate=name.encode())


async def test_keys_are_brought_together_once_for_each_set(monkeypatch):
    monkeypatch.setattr(head_aggregate, "key_digest", lambda public: b"digest " + public)
    monkeypatch.setattr(head_aggregate, "key_point", lambda public: public)
    monkeypatch.setattr(acts, "bring_keys", lambda _deployment, _origin, points: points)
    chain = Chain()
    aggregating = Aggregating(2, chain, lambda: chain)
    one, other, third = witness("a"), witness("b"), witness("c")
    assert not await aggregating._brought(ORIGIN, [one, other])
    chain.proven, chain.refuses = {b"a", b"b", b"c"}, True
    assert not await aggregating._brought(ORIGIN, [one, other])
    chain.refuses, chain.asked = False, 0
    for witnesses in ([one, other], [other, one], [one, other]):
        assert await aggregating._brought(ORIGIN, witnesses)
    assert (chain.asked, chain.sent[1:]) == (2, [[b"a", b"b"]])
    assert await aggregating._brought(ORIGIN, [one, third])
    assert chain.sent[2:] == [[b"a", b"c"]]
