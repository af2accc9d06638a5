"""Who reads what members show members alone: a member that proves itself by the key of its log.

    Authorization: Log base64url( u64 expires || Ed25519 signature(64) || DID )

Law: the key is the one that the space's document names, so nobody has to be asked who this is: a participant that is
down, that was restored and does not serve yet, or whose supervisor audits from elsewhere can read all the same. A proof
is for one reader, one member and two minutes, and permits reading only, so it may be shown again.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from connector.runtime.errors import Unproven
from connector.runtime.limits import CLOCK_LEEWAY_SECONDS, DID_CHARACTERS_MAX, TOKEN_SECONDS
from contracts.labels import H
from ledger.stamp import at_second

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SCHEME = "Log "
TIME_BYTES, SIGNATURE_BYTES = 8, 64
HEAD_BYTES = TIME_BYTES + SIGNATURE_BYTES
HINT = "members show this to members: prove yourself by the key of your log"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a header says, read and not yet believed: `check` it against the key that the space names."""

    reader: str
    expires: datetime
    signed: bytes
    signature: bytes

    def check(self, log_key: bytes, now: datetime) -> None:
        """Raise Unproven unless `log_key` (32 raw bytes) signed it, and it is not over."""
        leeway = timedelta(seconds=CLOCK_LEEWAY_SECONDS)
        if not now - leeway < self.expires <= now + timedelta(seconds=TOKEN_SECONDS) + leeway:
            raise Unproven("this proof of a reader is over, or from a clock that differs", "make a fresh one")
        try:
            Ed25519PublicKey.from_public_bytes(log_key).verify(self.signature, self.signed)
        except (InvalidSignature, ValueError) as error:
            raise Unproven(f"the key of the log of `{self.reader}` did not sign this", HINT) from error


def header(key: Ed25519PrivateKey, reader: str, holder: str, now: datetime) -> dict[str, str]:
    """Return the header with which the member `reader` reads at the member `holder`; `key` is that of its log."""
    expires = int((now + timedelta(seconds=TOKEN_SECONDS)).timestamp()).to_bytes(TIME_BYTES, "big")
    body = expires + key.sign(_signed(expires, reader, holder)) + reader.encode()
    return {"Authorization": SCHEME + base64.urlsafe_b64encode(body).decode()}


def read(value: str, holder: str) -> Proof:
    """Read the header's value at `holder`; raises Unproven for what is none."""
    try:
        raw = base64.urlsafe_b64decode(value.removeprefix(SCHEME).encode())
        reader = raw[HEAD_BYTES:].decode()
        expires = at_second(int.from_bytes(raw[:TIME_BYTES], "big"))
    except (binascii.Error, ValueError):
        raw, reader, expires = b"", "", at_second(0)
    if not value.startswith(SCHEME) or not 0 < len(reader) <= DID_CHARACTERS_MAX:
        raise Unproven("this is no proof of a reader", HINT)
    return Proof(reader, expires, _signed(raw[:TIME_BYTES], reader, holder), raw[TIME_BYTES:HEAD_BYTES])


def _signed(expires: bytes, reader: str, holder: str) -> bytes:
    return H("log-reader", expires, H("did", reader.encode()), H("did", holder.encode()))
