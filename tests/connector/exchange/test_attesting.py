"""What a witness answers is a signature, or it is named as one that did not answer with one."""

from __future__ import annotations

import asyncio
import contextlib
from types import SimpleNamespace

import pytest

from connector.exchange import attesting as module
from connector.exchange.attesting import Attesting
from connector.runtime.errors import Conflict, PeerMisbehaved, PeerRefused
from tests.core import core
from tests.every import every

US, WITNESS = "did:web:exchange.example", "did:web:witness.example"
SHARE = b"\xb5" * 96


def attesting(answer):
    """An exchange whose own witness signs, beside another one that answers so."""

    async def post(url, body, headers):
        assert (url, body, headers) == ("https://witness.example/witness/attest", {"heads": []}, {"for": WITNESS})
        return SimpleNamespace(json=lambda: answer)

    async def attest(_heads):
        return {"signature": SHARE.hex()}

    peers = SimpleNamespace(authorization=lambda did: {"for": did})
    ground = core(did=US, outbound=SimpleNamespace(post=post))
    return Attesting(ground, None, None, peers, None, SimpleNamespace(attest=attest))


async def test_our_own_signature_and_one_that_is_answered_are_taken():
    made = attesting({"signature": SHARE.hex()})
    for did in (US, WITNESS):
        assert await made._share(SimpleNamespace(did=did, url="https://witness.example"), []) == SHARE


NO_SIGNATURES = (None, "b5", "zz" * 96, SHARE.hex().upper())


@every("answer", [None, [], "b5", {}, *({"signature": one} for one in NO_SIGNATURES)])
async def test_an_answer_without_a_signature_names_the_witness(answer):
    witness = SimpleNamespace(did=WITNESS, url="https://witness.example")
    with pytest.raises(PeerMisbehaved, match=f"the witness `{WITNESS}` did not answer"):
        await attesting(answer)._share(witness, [])


async def moving(monkeypatch, *refusals):
    """Attest heads that move while they are attested, so often and so; returns the heads that were signed at last."""
    left, read = list(refusals), iter(range(9))
    monkeypatch.setattr(module, "MOVING_SECONDS", (0, 0))
    made = attesting({})
    made._space = SimpleNamespace(current=lambda: asyncio.sleep(0))
    made._exclusive = SimpleNamespace(alone=contextlib.asynccontextmanager(alone))
    monkeypatch.setattr(made, "_heads", lambda _space: asyncio.sleep(0, next(read)), raising=False)

    async def attested(_space, heads):
        if left:
            raise left.pop(0)
        return heads

    monkeypatch.setattr(made, "_attested", attested)
    return await made.attest()


async def alone(_name):
    yield


async def test_heads_that_move_are_read_again_and_not_for_ever(monkeypatch):
    unseen, theirs = Conflict("this witness has not seen size 1"), PeerRefused("not seen", 409, b"")
    assert await moving(monkeypatch, unseen, theirs) == 2
    with pytest.raises(Conflict, match="not seen"):
        await moving(monkeypatch, unseen, theirs, unseen)
    with pytest.raises(PeerRefused, match="who are you"):
        await moving(monkeypatch, PeerRefused("who are you", 401, b""))
