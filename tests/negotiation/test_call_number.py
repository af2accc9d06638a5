"""A call by its number (NDI-TR-2025-05): made once, also where what came of it could not be counted or told."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from connector.api import delivery
from connector.operation.ndi.deliveries import CALL, Deliveries
from connector.operation.ndi.ways import Ways
from connector.runtime.errors import Conflict, PeerUnreachable
from connector.store.rows.delivery import DeliveryRow

PEER, NUMBER = "did:web:buyer", "7"


def ways(party):
    """Return the ways of a provider that agrees to any call, and keeps it."""
    deliveries = Deliveries(party)

    async def called(*_):
        named = dict.fromkeys(("product", "named", "instruction", "transfer", "caller", "callee"), "")
        row = DeliveryRow(peer=PEER, sequence=NUMBER, kind=CALL, created=party.clock.now(), **named)
        await party.store.write(lambda tx: deliveries.begin(tx, row))

    return SimpleNamespace(transports=SimpleNamespace(called=called), deliveries=deliveries)


def call(party):
    async def hold(*_):
        return None

    others = SimpleNamespace(hold=hold, over=lambda _: None, carrying=lambda *_: nullcontext())
    made = ways(party)
    request = SimpleNamespace(transport=None)
    return SimpleNamespace(request=request, of=lambda kind: made if kind is Ways else others, peer=PEER, use_up=None)


@pytest.mark.parametrize("answered", [True, False])
async def test_a_number_is_free_again_only_where_nobody_answered(pair, monkeypatch, answered):
    provider, _ = pair
    made = []

    async def whole(_call, sending, *_):
        made.append(1)
        if answered:
            sending.begin()
        raise PeerUnreachable("the disk is full" if answered else "the provider's server did not answer")

    async def said(*_):
        return {"sequenceNum": NUMBER}

    async def read(*_):
        return SimpleNamespace(asked=None)

    monkeypatch.setattr(delivery.calls, "whole", whole)
    monkeypatch.setattr(delivery.calls, "read", read)
    monkeypatch.setattr(delivery, "_said", said)
    with pytest.raises(PeerUnreachable):
        await delivery._made(call(provider))
    kept = await provider.store.read(lambda tx: [row.code for row in tx.find(DeliveryRow)])
    assert kept == (["13000"] if answered else [])
    with pytest.raises(Conflict if answered else PeerUnreachable):
        await delivery._made(call(provider))
    assert len(made) == (1 if answered else 2)
