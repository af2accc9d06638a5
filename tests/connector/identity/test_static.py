"""The static identity of development: one header, one peer, and nothing that it could sign."""

import pytest

from connector.identity.peers import Peers, Static
from connector.runtime.errors import TokenError
from tests.connector.identity.test_tokens import BUYER, NOW, PROVIDER, SetClock, signer


async def test_a_static_header_stands_for_one_peer_and_opens_nothing_else():
    static = Static("Key of the bench", "SOMEBODY")
    peers = Peers(
        PROVIDER,
        lambda: signer(PROVIDER),
        None,
        SetClock(NOW),
        development=True,
        static=static,
    )
    first, second = [await peers.prove("Key of the bench") for _ in range(2)]
    assert (first.issuer, first.audience) == ("SOMEBODY", PROVIDER)
    assert first.jti != second.jti
    assert (await peers.document("SOMEBODY")).agreement is None
    assert peers.authorization("SOMEBODY") == {"Authorization": "Key of the bench"}
    assert peers.authorization(BUYER)["Authorization"].startswith("Bearer ey")
    for header in ("", "Key of the benc", "Key of the bench ", "key of the bench", "Bearer Key of the bench", "\u00e9"):
        with pytest.raises(TokenError):
            await peers.prove(header)


def test_a_static_header_is_for_development_only():
    with pytest.raises(AssertionError):
        Peers(
            PROVIDER,
            lambda: signer(PROVIDER),
            None,
            SetClock(NOW),
            development=False,
            static=Static("a", "b"),
        )
