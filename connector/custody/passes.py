"""Passes to a holder's sealed bytes: a ticket that the provider signs and any holder checks alone (spec 1.10).

    base64url( edition(32) || holder(32) || nonce(16) || u64 expires || signature of the provider(65) )

Law: a pass says which edition, at which holder and until when; who carries it is in no byte of it. Two passes of one
buyer have nothing in common, so a holder learns neither a name nor that two pulls are one's.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connector.runtime.errors import Unproven
from contracts import signature
from contracts.labels import H
from ledger.stamp import at_second

if TYPE_CHECKING:
    from collections.abc import Callable

PASS_SECONDS = 900  # asked for again with the list of sources; short, because it cannot be called back
NONCE_BYTES = 16
BODY_BYTES = 32 + 32 + NONCE_BYTES + 8
PASS_BYTES = BODY_BYTES + signature.SIGNATURE_BYTES
SCHEME = "Pass "
HELD_PATH = "/held"  # of a holder, under which it serves
AGAIN = "ask the provider for its sources again"


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass opens: sealed pieces of one edition at one holder until a moment; `nonce` is all that tells it apart.

    `provider` (20 bytes) is the address whose key signed it.
    """

    edition: bytes
    holder: bytes
    nonce: bytes
    expires: datetime
    provider: bytes


def holder_digest(did: str) -> bytes:
    """Return what stands in a pass for the holder `did`."""
    return H("pass-holder", did.encode())


def issue(sign: Callable[[bytes], bytes], edition: bytes, holder: str, now: datetime) -> str:
    """Return a pass for `edition` at `holder`, valid for PASS_SECONDS; `sign` is the provider's agreement key."""
    expires = int((now + timedelta(seconds=PASS_SECONDS)).timestamp())
    body = edition + holder_digest(holder) + os.urandom(NONCE_BYTES) + expires.to_bytes(8, "big")
    assert len(body) == BODY_BYTES
    return base64.urlsafe_b64encode(body + sign(_digest(body))).decode()


def read(header: str, holder: str, now: datetime) -> Pass:
    """Read the `Authorization` header `Pass …` at `holder`; raises Unproven for one that is not for it, or is over.

    Whoever serves compares `provider` with the edition's.
    """
    try:
        raw = base64.urlsafe_b64decode(header.removeprefix(SCHEME).encode())
    except (binascii.Error, ValueError):
        raw = b""
    if not header.startswith(SCHEME) or len(raw) != PASS_BYTES:
        raise Unproven("this is no pass to sealed bytes", AGAIN)
    body = raw[:BODY_BYTES]
    try:
        provider = signature.recover(_digest(body), raw[BODY_BYTES:])
        expires = at_second(int.from_bytes(body[80:], "big"))
    except ValueError as error:
        raise Unproven("this is no pass to sealed bytes", AGAIN) from error
    found = Pass(body[:32], body[32:64], body[64:80], expires, provider)
    if found.holder != holder_digest(holder):
        raise Unproven("this pass is for another holder", AGAIN)
    if not now < found.expires <= now + timedelta(seconds=2 * PASS_SECONDS):
        raise Unproven("this pass is over", AGAIN)
    return found


def _digest(body: bytes) -> bytes:
    return H("pass", body)
