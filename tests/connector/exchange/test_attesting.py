"""What a witness answers is a signature, or it is named as one that did not answer with one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.exchange.attesting import Attesting
from connector.runtime.errors import PeerMisbehaved
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
