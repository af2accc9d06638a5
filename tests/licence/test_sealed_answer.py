"""A sealed answer: opened by the key of its call, for that call, and by nothing else; what is odd inside is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.channel.box import SUITE
from connector.licence import sealed_answer
from contracts.call_receipt import Made
from contracts.errors import ContractError


def test_a_sealed_answer_is_opened_by_its_key_for_its_request_alone():
    key, made = X25519PrivateKey.generate(), Made("ab" * 32, "GET", "/rain", b"", 200, b"five")
    sealed = sealed_answer.seal(made, {"Content-Type": "text/plain"}, {"v": 1}, b"s", key.public_key())
    opened = sealed_answer.unseal(sealed, replace(made, status=0, answer=b""), key)
    assert opened == (200, {"Content-Type": "text/plain"}, {"v": 1}, b"s".hex(), b"five")
    flipped = bytes([*sealed[:-1], sealed[-1] ^ 1])
    for lie, what, with_key in (
        (sealed, made, X25519PrivateKey.generate()),
        (sealed, replace(made, target="/snow"), key),
        (flipped, made, key),
        (b"", made, key),
    ):
        with pytest.raises(ContractError, match="not sealed for"):
            sealed_answer.unseal(lie, what, with_key)
    for head in (b"[]", b"{", b'{"status":"x","headers":{},"receipt":{},"signature":""}', b"9" * 3):
        info = sealed_answer.INFO + bytes.fromhex(made.said()["request"])
        odd = SUITE.encrypt(len(head).to_bytes(4, "big") + head, key.public_key(), info=info)
        with pytest.raises(ContractError):
            sealed_answer.unseal(odd, made, key)
    for text in ("", "00", "zz" * 32, "00" * 32):
        with pytest.raises(ContractError, match="X25519"):
            sealed_answer.reader_key(text)
