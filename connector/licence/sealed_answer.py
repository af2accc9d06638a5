"""The answer of one call, sealed to its caller: whoever carries it, or ends its TLS, learns how long it is and no more.

    sealed = HPKE(base, X25519, HKDF-SHA256, AES-256-GCM) of u32(length of head) || head || body
    info   = "penstock/call-answer/v1" || 0x00 || sha256 of the request as its receipt has it (32)
    head   = JSON {"status": "200", "headers": {name: text}, "receipt": {…}, "signature": "hex"}

Law: a key in a request is anybody's, so sealing says nothing of who sealed: a sealed answer has the provider's receipt
inside, and is believed by it alone. The receipt travels inside because its digests would tell a short answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from connector.channel.box import OVERHEAD_BYTES, SUITE
from contracts.errors import ContractError
from ledger.fields import closed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.call_receipt import Made

INFO: Final = b"penstock/call-answer/v1\x00"
LENGTH_BYTES: Final = 4
KEY_BYTES: Final = 32
# five headers of a server's answer, and a receipt
HEAD_BYTES_MAX: Final = 64 * 1024
AROUND_BYTES_MAX: Final = OVERHEAD_BYTES + LENGTH_BYTES + HEAD_BYTES_MAX
MEMBERS: Final = frozenset({"status", "headers", "receipt", "signature"})


class Opened(NamedTuple):
    """What was in a sealed answer; nothing of it is proven before its receipt is."""

    status: int
    headers: dict[str, str]
    receipt: Any
    signature: str
    body: bytes


def reader_key(text: str) -> X25519PublicKey:
    """Return the key (64 hex digits) that an answer is wanted sealed to; raises ContractError."""
    try:
        key = X25519PublicKey.from_public_bytes(bytes.fromhex(text))
        X25519PrivateKey.generate().exchange(key)  # a point of small order agrees with nobody
    except ValueError as error:
        raise ContractError("reader", f"an answer is sealed to an X25519 key of {KEY_BYTES} bytes, in hex") from error
    return key


def seal(
    made: Made, headers: Mapping[str, str], receipt: Mapping[str, Any], signature: bytes, reader: X25519PublicKey
) -> bytes:
    """Return a sealed answer."""
    told = {"status": str(made.status), "headers": dict(headers), "receipt": receipt, "signature": signature.hex()}
    head = orjson.dumps(told)
    return SUITE.encrypt(len(head).to_bytes(LENGTH_BYTES, "big") + head + made.answer, reader, info=_info(made))


def unseal(sealed: bytes, made: Made, reader: X25519PrivateKey) -> Opened:
    """Return what is in an answer to the request of `made`; raises ContractError."""
    try:
        content = SUITE.decrypt(sealed, reader, info=_info(made))
    except (InvalidTag, ValueError) as error:
        raise ContractError("call-answer", "the answer was not sealed for this request and key") from error
    begins = LENGTH_BYTES + int.from_bytes(content[:LENGTH_BYTES], "big")
    try:
        head = closed(orjson.loads(content[LENGTH_BYTES:begins]), MEMBERS, "call-answer")
        headers = {str(name): str(text) for name, text in head["headers"].items()}
        return Opened(int(head["status"]), headers, head["receipt"], str(head["signature"]), content[begins:])
    except (ValueError, TypeError, AttributeError) as error:
        raise ContractError("call-answer", "the sealed answer has no head that can be read") from error


def _info(made: Made) -> bytes:
    return INFO + bytes.fromhex(made.said()["request"])
