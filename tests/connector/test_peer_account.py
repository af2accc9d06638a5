"""The account that signs for a peer: as the space has it, whatever a document says that was read some minutes ago."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.api.dsp import peer_of

PEER, NOW, BEFORE = "did:web:buyer.example", b"\2" * 20, b"\1" * 20


@pytest.mark.parametrize(
    ("listed", "said", "found"),
    [
        ({PEER: SimpleNamespace(address=NOW)}, BEFORE, NOW),
        ({PEER: SimpleNamespace(address=NOW)}, NOW, NOW),
        ({PEER: SimpleNamespace(address=NOW)}, None, None),
        ({}, BEFORE, BEFORE),
    ],
    ids=["another one follows", "the same", "its connector signs nothing of ours", "it is no member"],
)
async def test_an_account_that_another_follows_signs_nothing_new(listed, said, found):
    async def document(did):
        assert did == PEER
        return SimpleNamespace(agreement=said)

    peer = await peer_of(SimpleNamespace(document=document), SimpleNamespace(listed=listed.get), PEER)
    assert (peer.did, peer.address) == (PEER, found)
